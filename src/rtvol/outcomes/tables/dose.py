"""Dose-response: control at a stated time against BED or EQD2, D50 and gamma50 with limits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from rtvol.outcomes import stats
from rtvol.outcomes.factors import bed_of
from rtvol.outcomes.printing import fixed, interval, p_value, plain
from rtvol.outcomes.results import Cell, Remark, Row, Sheet
from rtvol.outcomes.tables.comparison import attempt
from rtvol.outcomes.tables.curves import NOBODY, curve_of, least

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from rtvol.outcomes.cohort import Cohort
    from rtvol.outcomes.config import Analysis, DoseResponse
    from rtvol.outcomes.endpoints import Endpoint
    from rtvol.outcomes.stats import DoseResponseFit, Estimate

NAME = "dose_response"
#: Dose groups whose Kaplan-Meier control stands beside the curve.
GROUPS = 4
_WORDS = {
    "censored": "all lesions, censored likelihood",
    "known": "lesions of known state only",
}


@dataclass(frozen=True, eq=False)
class DoseGroup:
    """Lesions of similar dose: mean dose, how many, and their control at the time meant."""

    dose: float
    n: int
    control: Estimate


@dataclass(frozen=True, eq=False)
class DoseFits:
    """Everything about control and dose.

    Attributes
    ----------
    asked, endpoint
        Settings, and local control.
    unit
        Unit of the dose, with alpha/beta.
    dose
        Dose (n,) of each lesion.
    fits
        By (link, how, adjusted for volume); without those not estimable.
    groups
        What was seen, by dose.
    """

    asked: DoseResponse
    endpoint: Endpoint
    unit: str
    dose: NDArray[np.float64]
    fits: dict[tuple[str, str, bool], DoseResponseFit]
    groups: tuple[DoseGroup, ...]


def fit_dose(cohort: Cohort, analysis: Analysis) -> DoseFits | None:
    """Fit every curve of the settings; None when none is asked for."""
    asked = analysis.dose_response
    if asked is None:
        return None
    ratio = analysis.alpha_beta_gy
    endpoint = cohort.endpoint("lc", analysis)
    beds = np.array([bed_of(lesion, ratio) for lesion in cohort.lesions])[endpoint.index]
    volume = np.log2([lesion.ptv_ml for lesion in cohort.lesions])[endpoint.index]
    is_bed = asked.dose == "bed"
    dose = beds if is_bed else beds / (1 + 2 / ratio)
    unit = f"Gy{plain(ratio)}" if is_bed else f"Gy (EQD2, alpha/beta {plain(ratio)})"
    fits: dict[tuple[str, str, bool], DoseResponseFit] = {}
    for link in asked.links:
        for how in ("censored", "known"):
            for wide in (False, True) if asked.adjust_volume else (False,):
                fit = attempt(
                    lambda link=link, how=how, wide=wide: stats.dose_response(  # type: ignore[misc]
                        endpoint.months, endpoint.event, dose, horizon=asked.months, link=link,
                        how=how, volume=volume if wide else None, cluster=endpoint.cluster,
                    )
                )  # fmt: skip
                if fit is not None:
                    fits[link, how, wide] = fit
    return DoseFits(asked, endpoint, unit, dose, fits, _groups(endpoint, dose, asked.months))


def _groups(endpoint: Endpoint, dose: NDArray[np.float64], months: float) -> tuple[DoseGroup, ...]:
    if not dose.size:
        return ()
    edges = np.unique(np.quantile(dose, np.linspace(0, 1, GROUPS + 1)[1:-1]))
    place = np.searchsorted(edges, dose, side="left")
    found = []
    for number in np.unique(place):
        own = place == number
        curve = curve_of(endpoint.take(own))
        control = NOBODY if curve is None else stats.survival_at(curve, months)
        found.append(DoseGroup(float(dose[own].mean()), int(own.sum()), control))
    return tuple(found)


def dose_sheet(found: DoseFits) -> Sheet:
    """Lay the curves out: D50, gamma50 and slope of each, with what they rest on."""
    name = "BED" if found.asked.dose == "bed" else "EQD2"
    lines: list[tuple[str | Cell, ...]] = []
    rows: list[Row] = []
    for link in found.asked.links:
        for how in ("censored", "known"):
            for wide in (False, True) if found.asked.adjust_volume else (False,):
                line, made = _line(found, (link, how, wide))
                lines.append(line)
                rows += made
    rows += [
        Row(NAME, f"lesions around {fixed(g.dose, 1)} {found.unit}", "", "lesion",
            f"control at {plain(found.asked.months)} months", g.control.value, g.control.lower,
            g.control.upper, g.n, g.control.n_events, g.control.n_risk, "Kaplan-Meier, by patient")
        for g in found.groups
    ]  # fmt: skip
    header = (
        "Curve", "Rests on", "PTV", f"D50, {found.unit} (95 % CI by patient)",
        "gamma50, % per % (95 % CI by patient)", "p of dose (by patient)",
        "Lesions as if independent: CI of D50; of gamma50; p",
    )  # fmt: skip
    title = f"Local control at {plain(found.asked.months)} months against {name}"
    return Sheet(NAME, title, header, tuple(lines), _notes(found), tuple(rows))


def _line(found: DoseFits, key: tuple[str, str, bool]) -> tuple[tuple[str | Cell, ...], list[Row]]:
    link, how, wide = key
    fit = found.fits.get(key)
    volume = "at its median" if wide else "not in it"
    if fit is None:
        return (link, _WORDS[how], volume, "NE", "NE", "NE", "NE"), []
    few = least([fit.n_failed, fit.n_controlled])
    naive = "; ".join(
        (_limits(fit.d50_naive, 0), _limits(fit.gamma50_naive, 2), p_value(fit.p_naive))
    )
    texts = (_text(fit.d50, 0), _text(fit.gamma50, 2), p_value(fit.p), naive)
    cells = (Cell(text, few) for text in texts)
    return (link, _WORDS[how], volume, *cells), _rows_of(found, key, fit)


def _rows_of(found: DoseFits, key: tuple[str, str, bool], fit: DoseResponseFit) -> list[Row]:
    """Return the numbers of a fit, those by patient first."""
    link, how, wide = key
    level = "adjusted for log2 PTV" if wide else ""
    by = f"by patient ({fit.errors})" if fit.errors else "by patient (sandwich)"
    rows = []
    for p, d50, gamma50, who, end in (
        (fit.p, fit.d50, fit.gamma50, by, ""),
        (fit.p_naive, fit.d50_naive, fit.gamma50_naive, "lesions as if independent", ", naive"),
    ):
        method = f"{link}, {_WORDS[how]}, profile likelihood {who}"
        row = f"{link}, {how}{end}"
        rows += [
            Row(NAME, row, level, "lesion", words, one.value, one.lower, one.upper,
                fit.n, fit.n_failed, method=f"{method}; {one.note}" if one.note else method)
            for words, one in ((f"D50, {found.unit}", d50), ("gamma50", gamma50))
        ]  # fmt: skip
        rows.append(
            Row(NAME, row, level, "lesion", "p, dose", p, n=fit.n,
                events=fit.n_failed, method=f"likelihood ratio, {method}")
        )  # fmt: skip
    return rows


def _text(one: Estimate, digits: int) -> str:
    if one.value is None:
        return f"NE: {one.note}"
    return f"{fixed(one.value, digits)} ({_limits(one, digits)})"


def _limits(one: Estimate, digits: int) -> str:
    if one.value is None:
        return "NE"
    return interval(one.lower, one.upper, digits) or "no limit exists"


def _notes(found: DoseFits) -> tuple[str, ...]:
    months = plain(found.asked.months)
    notes: list[str] = [
        (
            f"Control at {months} months after the lesion's first fraction. D50: dose of 50 % "
            "control; gamma50: percent points of control per percent of dose there."
        ),
        (
            "All lesions: one censored earlier counts by the chance that it would still have "
            "failed (Farewell 1982); it is neither controlled nor failed. Known state: the "
            "ordinary binary regression, which leaves such lesions out and is biased where "
            "censoring goes with failure."
        ),
        (
            "Limits by profile likelihood; by patient: the likelihood ratio is divided by the "
            "variance with lesions of one patient taken together (sandwich) over that of "
            "independent lesions (Rotnitzky and Jewell 1990)."
        ),
    ]
    fit = next((fit for (_, how, _), fit in found.fits.items() if how == "censored"), None)
    if fit is not None and fit.errors:
        text = f"Lesions of few patients: variance by {fit.errors} (Lipsitz and Parzen 1996)."
        notes.append(Remark(text, fit.n_clusters))
    if fit is not None:
        text = (
            f"{fit.n_failed} lesions failed by {months} months, {fit.n_controlled} were seen "
            f"without failure then, {fit.n_censored} were censored before."
        )
        notes.append(Remark(text, least([fit.n_failed, fit.n_controlled, fit.n_censored])))
    if not found.fits:
        notes.append("No curve could be fitted: all known lesions failed, or none, or one dose.")
    notes.append(
        "NE: not estimable. NE for one limit: the profile stays above it however far one goes."
    )
    return tuple(notes)
