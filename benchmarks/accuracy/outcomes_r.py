"""Survival statistics beside R: each reference value, ours, and how far apart they are.

Firth is judged by firthmodels, since no Debian package has R's coxphf.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from rtvol.outcomes import stats

FOLDER = Path(__file__).resolve().parents[2] / "tests" / "agreement"

#: What is promised, by family: probabilities as they are, all else relative.
LIMITS = {
    "S(t)": 1e-10,
    "S(t) errors and limits": 1e-10,
    "S(t) by cluster": 1e-10,
    "median, RMST, follow-up": 1e-10,
    "log-rank": 1e-8,
    "Cox": 1e-6,
    "Cox by cluster": 1e-6,
    "PH test": 1e-6,
    "CIF": 1e-10,
    "CIF errors": 1e-10,
    "CIF errors by cluster": 1e-10,
    "Gray": 1e-6,
    "Firth": 1e-6,
    "Firth limits": 1e-3,
    "optimal cut": 1e-8,
    "counts": 1e-8,
}
#: Values below this are compared as they are, not relatively.
SMALL = 1e-3


@dataclass(frozen=True)
class Row:
    """One quantity of one case, and the largest difference from the reference."""

    family: str
    case: str
    quantity: str
    error: float


def firth_rows(reference: dict[str, Any]) -> list[Row]:
    """Compare Firth fits with those of firthmodels."""
    rows = []
    for case, r in reference["cases"].items():
        names = [f"x{j}" for j in range(len(r["coef"]))]
        fit = stats.firth_cox(r["time"], r["event"], r["x"], names=names)
        lower, upper = ([np.log(getattr(t, side)) for t in fit] for side in ("lower", "upper"))
        rows += [
            Row("Firth", case, "coef", apart(fit.coef, r["coef"])),
            Row("Firth", case, "se", apart([t.se for t in fit], r["se"])),
            Row("Firth", case, "likelihood", apart(fit.log_likelihood, r["log_likelihood"])),
            Row("Firth limits", case, "profile", apart([lower, upper], [r["lower"], r["upper"]])),
            Row("Firth", case, "p", apart([t.p for t in fit], r["p"])),
        ]
    return rows


def load_reference(name: str = "outcomes_reference.json") -> dict[str, Any]:
    """Read the stored reference values."""
    loaded: dict[str, Any] = json.loads((FOLDER / name).read_text(encoding="utf-8"))
    return loaded


def numbers(values: Any) -> np.ndarray:
    """Array of reference values; null is NaN."""
    return np.atleast_1d(np.array(values, dtype=float))


def apart(ours: Any, theirs: Any, *, relative: bool = True) -> float:
    """Largest difference; infinite where one side has a value and the other has none."""
    a, b = numbers(ours), numbers(theirs)
    if a.shape != b.shape or not np.array_equal(np.isnan(a), np.isnan(b)):
        return float("inf")
    known = ~np.isnan(a)
    if not known.any():
        return 0.0
    a, b = a[known], b[known]
    scale = np.maximum(np.abs(b), SMALL) if relative else 1.0
    return float(np.max(np.abs(a - b) / scale))


def arguments(data: dict[str, Any]) -> dict[str, Any]:
    """Time, event and entry of a case."""
    entry = {"entry": numbers(data["entry"])} if "entry" in data else {}
    return {"time": numbers(data["time"]), "event": numbers(data["event"]), **entry}


def three(estimate: Any) -> list[float | None]:
    """Value and limits."""
    return [estimate.value, estimate.lower, estimate.upper]


def curve_rows(case: str, data: dict[str, Any], r: dict[str, Any]) -> list[Row]:
    """Compare Kaplan-Meier and what is read off it."""
    given = arguments(data)
    curve = stats.kaplan_meier(**given)
    # where S is 1 or 0, R gives a standard error of 0 or none, and we give none
    inside = (curve.survival > 0) & (curve.survival < 1)
    rows = [
        Row("S(t)", case, "times", apart(curve.time, r["time"])),
        Row("S(t)", case, "at risk", apart(curve.n_risk, r["n_risk"])),
        Row("S(t)", case, "S", apart(curve.survival, r["survival"], relative=False)),
    ]
    rows += [
        Row(
            "S(t) errors and limits",
            case,
            name,
            apart(getattr(curve, name)[inside], numbers(r[name])[inside], relative=False),
        )
        for name in ("se", "lower", "upper")
    ]
    if "cluster" in data:
        byc = stats.kaplan_meier(**given, cluster=data["cluster"])
        rows += [
            Row(
                "S(t) by cluster",
                case,
                name,
                apart(getattr(byc, name)[inside], numbers(r[f"cluster_{name}"])[inside]),
            )
            for name in ("se", "lower", "upper")
        ]
    read = "median, RMST, follow-up"
    rows.append(Row(read, case, "median", apart(three(stats.median_time(curve)), r["median"])))
    if "rmst" in r:
        mean = stats.rmst(curve, r["horizon"])
        se = (mean.upper - mean.lower) / 2 / 1.959963984540054
        back = stats.reverse_km(given["time"], given["event"])
        rows.append(Row(read, case, "RMST", apart([mean.value, se], r["rmst"])))
        follow = apart(three(stats.median_time(back)), r["follow_up"])
        rows.append(Row(read, case, "reverse KM", follow))
    return rows


def rank_rows(case: str, data: dict[str, Any], r: dict[str, Any]) -> list[Row]:
    """Compare log-rank tests."""
    given, group = arguments(data), data["group"]
    plain = stats.logrank(**given, group=group)
    rows = [
        Row("log-rank", case, "plain", apart([plain.statistic, plain.df], r["logrank"])),
    ]
    if "stratified" in r:
        strat = stats.logrank(**given, group=group, strata=data["stratum"])
        trend = stats.logrank(**given, group=group, trend=True)
        rows += [
            Row("log-rank", case, "strata", apart([strat.statistic, strat.df], r["stratified"])),
            Row("log-rank", case, "trend", apart(trend.statistic, r["trend"])),
        ]
    return rows


def cox_rows(case: str, data: dict[str, Any], r: dict[str, Any]) -> list[Row]:
    """Compare Cox fits and PH tests, with and without strata and clusters."""
    x = np.array(data["x"], dtype=float)
    rows = []
    for kind, theirs in r.items():
        extra = {"strata": data["stratum"]} if "strata" in kind else {}
        if "cluster" in kind:
            extra["cluster"] = data["cluster"]
        design = x[:, :1] if kind == "one" else x
        names = [f"x{j}" for j in range(design.shape[1])]
        fit = stats.cox(**arguments(data), covariates=design, names=names, **extra)
        ph = stats.ph_test(fit)
        changes = [*(ph.terms[name].statistic for name in names), ph.overall.statistic]
        rows += fit_rows(case, kind, fit, theirs)
        rows.append(Row("PH test", case, kind, apart(changes, theirs["ph"])))
    return rows


def fit_rows(case: str, kind: str, fit: Any, theirs: dict[str, Any]) -> list[Row]:
    """Compare one Cox fit."""
    tests = [fit.likelihood_ratio.statistic, fit.score.statistic]
    rows = [
        Row("Cox", case, f"{kind}: coef", apart(fit.coef, theirs["coef"])),
        Row("Cox", case, f"{kind}: se", apart([t.se for t in fit], theirs["se"])),
        Row("Cox", case, f"{kind}: tests", apart(tests, theirs["tests"])),
        Row(
            "Cox",
            case,
            f"{kind}: log likelihood",
            apart([fit.log_likelihood_null, fit.log_likelihood], theirs["loglik"]),
        ),
    ]
    if fit.robust_wald is None:
        return [*rows, Row("Cox", case, f"{kind}: Wald", apart(fit.wald.statistic, theirs["wald"]))]
    robust = [fit.robust_wald.statistic, fit.robust_score.statistic]
    by_cluster = "Cox by cluster"
    return [
        *rows,
        Row(
            by_cluster, case, f"{kind}: se", apart([t.robust_se for t in fit], theirs["robust_se"])
        ),
        Row(by_cluster, case, f"{kind}: tests", apart(robust, theirs["robust_tests"])),
    ]


def competing_rows(case: str, r: dict[str, Any]) -> list[Row]:
    """Compare cumulative incidence and Gray's test for both causes."""
    data = r["data"]
    time, status = numbers(data["time"]), numbers(data["status"]).astype(int)
    rows = []
    for cause in (1, 2):
        curve = stats.cumulative_incidence(time, status, cause=cause)
        byc = stats.cumulative_incidence(time, status, cause=cause, cluster=data["cluster"])
        known = curve.incidence > 0
        at = np.searchsorted(curve.time, numbers(r["event_times"]))
        test = stats.gray(time, status, data["group"], cause=cause)
        ours = [test.statistic, test.p, test.df]
        rows += [
            Row(
                "CIF",
                case,
                f"cause {cause}, survfit",
                apart(curve.incidence, r[f"incidence{cause}"], relative=False),
            ),
            Row(
                "CIF",
                case,
                f"cause {cause}, cuminc",
                apart(curve.incidence[at], r[f"cuminc{cause}"], relative=False),
            ),
            Row("CIF", case, "no event", apart(curve.event_free, r["free"], relative=False)),
            Row(
                "CIF errors",
                case,
                f"cause {cause}",
                apart(curve.se[known], numbers(r[f"se{cause}"])[known]),
            ),
            Row(
                "CIF errors by cluster",
                case,
                f"cause {cause}",
                apart(byc.se[known], numbers(r[f"cluster_se{cause}"])[known]),
            ),
            Row("Gray", case, f"cause {cause}", apart(ours, r[f"gray{cause}"])),
        ]
    return rows


def other_rows(reference: dict[str, Any]) -> list[Row]:
    """Compare the optimal cut, counts and two-sample tests."""
    cut, c = reference["cut"], reference["counts"]
    data = cut["data"]
    found = stats.optimal_cut(data["time"], data["event"], data["value"])
    ours = [found.cut, found.statistic, found.corrected.p, found.corrected_94.p]
    rows = [
        Row(
            "optimal cut",
            "80 untied",
            "cut, M, both p",
            apart(ours, [cut["cut"], cut["statistic"], cut["p_1992"], cut["p_1994"]]),
        )
    ]
    hazard = stats.piecewise_hazard([230.0] + [0.0] * 7, [0] + [1] * 7, edges=[0, 230])[0].rate
    pairs = {
        "Mann-Whitney": (stats.mann_whitney(c["a"], c["b"]).p, c["mann_whitney"]),
        "Fisher 2 x 2": (stats.fisher(c["two"]).p, c["fisher_two"]),
        "Fisher 2 x 3": (stats.fisher(c["small"]).p, c["fisher_small"]),
        "Fisher 2 x 5": (stats.fisher(c["wide"]).p, c["fisher_wide"]),
        "chi-square": (stats.chi_square_table(c["wide"]).p, c["chi_square"]),
        "Clopper-Pearson 11/55": (three(stats.exact_interval(11, 55))[1:], c["exact_11_of_55"]),
        "Clopper-Pearson 0/55": (three(stats.exact_interval(0, 55))[1:], c["exact_0_of_55"]),
        "Wilson 11/55": (three(stats.wilson_interval(11, 55))[1:], c["wilson_11_of_55"]),
        "Holm": (stats.holm(c["p"]), c["holm"]),
        "Benjamini-Hochberg": (stats.benjamini_hochberg(c["p"]), c["bh"]),
        "Poisson 7 in 230": (three(hazard)[1:], c["poisson_7_in_230"]),
    }
    return rows + [Row("counts", "", name, apart(*pair)) for name, pair in pairs.items()]


def compare(reference: dict[str, Any]) -> list[Row]:
    """Compare everything there is a value of R or firthmodels for."""
    rows = []
    for case, r in reference["survival"].items():
        rows += curve_rows(case, r["data"], r["curve"])
        rows += rank_rows(case, r["data"], r["ranks"])
        rows += cox_rows(case, r["data"], r["cox"])
    for case, r in reference["competing"].items():
        rows += competing_rows(case, r)
    rows += firth_rows(load_reference("firth_reference.json"))
    return rows + other_rows(reference)
