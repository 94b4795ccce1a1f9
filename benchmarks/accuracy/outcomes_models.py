"""Models beside R: Breslow and exact ties, few clusters, Fine and Gray, dose-response."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from outcomes_r import Row, apart
from rtvol.outcomes import stats

if TYPE_CHECKING:
    from collections.abc import Iterator

#: What is promised, by family.
MODEL_LIMITS = {
    "Cox, Breslow": 1e-6,
    "Cox, Breslow, by cluster": 1e-6,
    "Cox, exact ties": 1e-6,
    "Cox, few clusters": 1e-6,
    "concordance": 1e-8,
    "RMST difference": 1e-8,
    "Fine-Gray": 1e-6,
    "dose-response": 1e-6,
    "dose-response limits": 1e-6,
    "dose-response by patient": 1e-6,
    "dose-response, censored": 1e-6,
    "dose-response limits, censored": 1e-6,
    "dose-response by patient, censored": 1e-6,
}
NAMES = ["a", "b"]


def compare_models(reference: dict[str, Any]) -> list[Row]:
    """Compare every value of `outcomes_models.R` with ours."""
    rows: list[Row] = []
    for case, r in reference["ties"].items():
        rows += _ties(case, r)
    for case, r in reference["few"].items():
        rows += _few(case, r)
    for case, r in reference["fine_gray"].items():
        rows += _fine_gray(case, r)
    for case, r in reference["dose"].items():
        rows += _dose(case, r)
    return rows


def _fit(d: dict[str, Any], **options: Any) -> stats.CoxFit:
    return stats.cox(
        np.array(d["time"]), d["event"], np.array(d["x"]), names=NAMES, entry=d.get("entry"),
        **options,
    )  # fmt: skip


def _cox_rows(family: str, case: str, fit: stats.CoxFit, r: dict[str, Any]) -> Iterator[Row]:
    yield Row(family, case, "coef", apart(fit.coef, r["coef"]))
    yield Row(family, case, "se", apart([t.se for t in fit], r["se"]))
    likelihood = [fit.log_likelihood_null, fit.log_likelihood]
    yield Row(family, case, "likelihood", apart(likelihood, r["loglik"]))
    score = fit.score.statistic if fit.score else None
    found = [fit.likelihood_ratio.statistic, score]
    yield Row(family, case, "tests", apart(found, r["tests"]))
    if r.get("robust_se"):
        robust = apart([t.robust_se for t in fit], r["robust_se"])
        yield Row(f"{family}, by cluster", case, "robust se", robust)


def _ties(case: str, r: dict[str, Any]) -> Iterator[Row]:
    d = r["data"]
    yield from _cox_rows("Cox, Breslow", case, _fit(d, ties="breslow"), r["breslow"])
    clustered = _fit(d, ties="breslow", cluster=d["cluster"])
    yield from _cox_rows("Cox, Breslow", f"{case}, cluster", clustered, r["breslow_cluster"])
    for ties, family in (("breslow", "Cox, Breslow"), ("exact", "Cox, exact ties")):
        if f"{ties}_strata" in r:
            fit = _fit(d, ties=ties, strata=d["stratum"])
            yield from _cox_rows(family, f"{case}, strata", fit, r[f"{ties}_strata"])
    if "exact" in r:
        yield from _cox_rows("Cox, exact ties", case, _fit(d, ties="exact"), r["exact"])
    if "concordance" in r:
        yield from _pairs(case, d, r)


def _pairs(case: str, d: dict[str, Any], r: dict[str, Any]) -> Iterator[Row]:
    time, event, x = np.array(d["time"]), np.array(d["event"]), np.array(d["x"])
    score = x @ np.array([0.5, -0.3])
    plain = stats.concordance(time, event, score)
    byc = stats.concordance(time, event, score, cluster=d["cluster"])
    found = [plain.value, *(_error(one) for one in (plain, byc))]
    yield Row("concordance", case, "C, errors", apart(found, r["concordance"]))
    tau = r["rmst"][0]
    two = stats.rmst_difference(time, event, x[:, 0] == 1, tau)
    by = stats.rmst_difference(time, event, x[:, 0] == 1, tau, cluster=d["cluster"])
    found = [two.first.value, two.second.value, _error(two.difference), _error(by.difference)]
    yield Row("RMST difference", case, "means, errors", apart(found, r["rmst"][1:]))


def _error(one: stats.Estimate) -> float:
    """Standard error behind the upper limit."""
    return (float(one.upper or 0) - float(one.value or 0)) / 1.959963984540054


def _few(case: str, r: dict[str, Any]) -> Iterator[Row]:
    d, family = r["data"], "Cox, few clusters"
    fit = stats.corrected_for_few(_fit(d, cluster=d["cluster"]))
    for quantity in ("coef", "se", "p", "upper"):
        ours = [getattr(t, "robust_se" if quantity == "se" else quantity) for t in fit]
        yield Row(family, case, quantity, apart(ours, r[quantity]))


def _fine_gray(case: str, r: dict[str, Any]) -> Iterator[Row]:
    d = r["data"]
    for cause in (1, 2):
        own = r[f"cause{cause}"]
        fit = stats.fine_gray(d["time"], d["status"], np.array(d["x"]), names=NAMES, cause=cause)
        name = f"{case}, cause {cause}"
        yield Row("Fine-Gray", name, "coef", apart(fit.coef, own["coef"]))
        yield Row(
            "Fine-Gray", name, "variance", apart(fit.covariance.ravel(), np.ravel(own["var"]))
        )
        likelihood = [fit.log_likelihood_null, fit.log_likelihood]
        yield Row("Fine-Gray", name, "likelihood", apart(likelihood, own["loglik"]))
        yield Row("Fine-Gray", name, "p", apart([t.p for t in fit], own["p"]))


def _dose(case: str, r: dict[str, Any]) -> Iterator[Row]:
    d = r["data"]
    for how in ("known", "censored"):
        for link in ("logistic", "probit"):
            own = r.get(f"{how}_{link}")
            if own is None:
                continue
            more = "" if how == "known" else ", censored"
            name = f"{case}, {link}"
            fit = stats.dose_response(
                d["time"], d["event"], d["dose"], horizon=24, link=link, how=how
            )
            family = f"dose-response{more}"
            yield Row(family, name, "coef", apart(fit.coef, own["coef"]))
            yield Row(family, name, "likelihood", apart(fit.log_likelihood, own["loglik"]))
            yield Row(family, name, "ratio", apart(fit.statistic, own["ratio"]))
            for one, key in ((fit.d50, "d50"), (fit.gamma50, "gamma50")):
                yield Row(family, name, key, apart(one.value, own[key][0]))
                limits = apart([one.lower, one.upper], own[key][1:])
                yield Row(f"dose-response limits{more}", name, key, limits)
            yield from _by_patient(name, d, own["by_cluster"], (link, how))
            if how == "known":
                yield from _wide(name, d, own, fit, link)
            else:
                yield Row(family, name, "latency", apart(fit.latency, own["latency"]))


def _by_patient(
    name: str, d: dict[str, Any], own: dict[str, Any], kind: tuple[Any, Any]
) -> Iterator[Row]:
    family = "dose-response by patient" + ("" if kind[1] == "known" else ", censored")
    fit = stats.dose_response(
        d["time"], d["event"], d["dose"], horizon=24, link=kind[0], how=kind[1],
        cluster=d["cluster"],
    )  # fmt: skip
    assert fit.robust_covariance is not None
    errors = np.sqrt(np.diag(fit.robust_covariance))
    yield Row(family, name, "robust se", apart(errors, own["robust_se"]))
    for one, key in ((fit.d50, "d50"), (fit.gamma50, "gamma50")):
        yield Row(family, name, key, apart([one.lower, one.upper], own[key]))
    yield Row(family, name, "p", apart(fit.p, own["p"]))


def _wide(
    name: str, d: dict[str, Any], own: dict[str, Any], fit: stats.DoseResponseFit, link: Any
) -> Iterator[Row]:
    se = np.sqrt(np.diag(fit.covariance))
    yield Row("dose-response", name, "se", apart(se, own["se"]))
    wide = stats.dose_response(
        d["time"], d["event"], d["dose"], horizon=24, link=link, how="known", volume=d["volume"]
    )
    median = wide.coef.copy()
    # R takes the median of the rows that are known as its zero, too
    yield Row("dose-response", name, "coef with volume", apart(median, own["wide"]))
    errors = np.sqrt(np.diag(wide.covariance))
    yield Row("dose-response", name, "se with volume", apart(errors, own["wide_se"]))
