"""Checks of a study on its own data: what its numbers rest on, each line made from numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from rtvol.outcomes import stats
from rtvol.outcomes.config import MONTH_DAYS
from rtvol.outcomes.doubts import FEW_AT_RISK, below_floor
from rtvol.outcomes.factors import bed_of, interval_months
from rtvol.outcomes.printing import count, fixed, interval, p_value, plain
from rtvol.outcomes.privacy import shown
from rtvol.outcomes.results import Cell, Row, Sheet
from rtvol.outcomes.tables.comparison import attempt
from rtvol.outcomes.tables.curves import horizons_of, least
from rtvol.outcomes.tables.toxicity import denominators

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from rtvol.outcomes.cohort import Cohort
    from rtvol.outcomes.config import Analysis
    from rtvol.outcomes.results import Sheet as _Sheet

NAME = "qa"
#: One check: what was looked at, what was seen, what it means.
Line = tuple[str, "str | Cell", str]
#: Above this Spearman correlation two factors cannot be told apart.
NOT_SEPARABLE = 0.7
IMAGING_GAP_DAYS = 183
#: Two terms in one model on fewer events each would say nothing.
EVENTS_PER_TERM = 5


def qa(cohort: Cohort, analysis: Analysis, sheets: Sequence[_Sheet]) -> Sheet:
    """Run all checks on a cohort and on the sheets made of it.

    Parameters
    ----------
    cohort, analysis
        The data and its settings.
    sheets
        Sheets already made, for counts of tests and p-values near .05.
    """
    lines: list[Line] = []
    for check in _CHECKS:
        lines += check(cohort, analysis)
    lines += _tests(sheets)
    rows = [*_separability(cohort, analysis)[1], *_hazards(cohort, analysis)[1]]
    header = ("Check", "In this data", "What it means")
    return Sheet(NAME, "Checks of this data", header, tuple(lines), (), tuple(rows))


def _units(cohort: Cohort, analysis: Analysis) -> list[Line]:  # noqa: ARG001
    lesions, patients = len(cohort.lesions), len(cohort.patients)
    several = sum(len(own) > 1 for own in cohort.by_patient.values())
    seen = Cell(f"{lesions} lesions in {patients} patients; {several} have more than one", several)
    return [("units", seen, "lesion tables count lesions; their tests are clustered by patient")]


def _volumes(cohort: Cohort, analysis: Analysis) -> list[Line]:
    margin = analysis.margins.gtv_to_ptv_mm
    known = [lesion for lesion in cohort.lesions if lesion.gtv_ml is not None]
    low = [lesion for lesion in known if below_floor(lesion, margin)]
    names = ", ".join(f"{shown(x.patient_id)} {shown(x.lesion_id)}" for x in low[:6])
    more = f" ({names}{', ...' if len(low) > 6 else ''})" if low else ""
    seen = Cell(
        f"{count(len(low), len(known))} of {len(known)} lesions with a GTV{more}", len(low) or None
    )
    floor = (
        f"a ball of the GTV's volume grown by {plain(margin)} mm is the smallest PTV there can be"
    )
    cuts = analysis.cut_points
    exact = {
        f"PTV {plain(c.at)} mL": sum(x.ptv_ml == c.at for x in cohort.lesions)
        for c in (cuts.ptv_ml, cuts.ptv_large_ml)
    }
    text = "; ".join(f"{name}: {number}" for name, number in exact.items())
    at = Cell(text, least(list(exact.values())))
    median = fixed(float(np.median([lesion.ptv_ml for lesion in cohort.lesions])), 1)
    return [
        ("PTV below the geometric floor", seen, floor),
        (
            "lesions exactly at a cut",
            at,
            "groups are half-open: a value at the cut is in the lower one",
        ),
        (
            "median PTV beside its cut",
            f"{median} mL, cut {plain(cuts.ptv_ml.at)} mL",
            _chosen(cuts.ptv_ml),
        ),
    ]


def _chosen(cut: object) -> str:
    pre = getattr(cut, "pre_specified", False)
    return (
        "pre-specified"
        if pre
        else "not pre-specified: a cut near the sample's median is data-driven"
    )


def _doses(cohort: Cohort, analysis: Analysis) -> list[Line]:
    ratio = analysis.alpha_beta_gy
    beds = [bed_of(lesion, ratio) for lesion in cohort.lesions]
    lowest = cohort.lesions[int(np.argmin(beds))]
    fewest = min(cohort.lesions, key=lambda lesion: lesion.dose_total_gy)
    unit = f"Gy{plain(ratio)}"
    seen = (
        f"lowest BED {fixed(min(beds), 1)} {unit} is {plain(lowest.dose_total_gy)} Gy in "
        f"{lowest.n_fractions}; lowest dose {plain(fewest.dose_total_gy)} Gy in "
        f"{fewest.n_fractions} is {fixed(bed_of(fewest, ratio), 1)} {unit}"
    )
    several = [
        own for own in cohort.by_patient.values() if len({bed_of(x, ratio) for x in own}) > 1
    ]
    differ = Cell(f"{len(several)} patients have lesions of different BED", len(several) or None)
    cut = analysis.cut_points.bed_gy
    middle = f"{fixed(float(np.median(beds)), 1)} {unit}, cut {plain(cut.at)}"
    return [
        (
            "BED recomputed from dose and fractions",
            seen,
            "of the prescription, not of what was delivered",
        ),
        ("BED of a patient", differ, f"patient_bed = {analysis.patient_bed} of the lesions"),
        ("median BED beside its cut", middle, _chosen(cut)),
    ]


def _separability(cohort: Cohort, analysis: Analysis) -> tuple[list[Line], list[Row]]:
    """Dose was chosen by volume where it falls with it; one then stands for the other."""
    beds = np.array([bed_of(lesion, analysis.alpha_beta_gy) for lesion in cohort.lesions])
    volumes = np.log2([lesion.ptv_ml for lesion in cohort.lesions])
    rho = _spearman(beds, volumes)
    lc = cohort.endpoint("lc", analysis)
    design = np.column_stack([beds / 10, volumes])[lc.index]
    names = ["BED per 10 Gy", "PTV per doubling"]
    fit = None
    if lc.event.sum() >= EVENTS_PER_TERM * len(names):
        fit = attempt(
            lambda: stats.cox_or_firth(lc.months, lc.event, design, names=names, cluster=lc.cluster)
        )
    row = Row(
        NAME, "BED and PTV", "", "lesion", "Spearman rho", rho, n=len(beds), method="Spearman"
    )
    rows = [row]
    joint = f"no joint model below {EVENTS_PER_TERM} events per term"
    if fit is not None:
        joint = "joint Cox: " + ", ".join(
            f"{t.name} HR {fixed(t.hr, 2)} ({interval(t.lower, t.upper, 2)})" for t in fit
        )
        method = f"{fit.method}, both in one model, cluster-robust"
        rows += [
            Row(NAME, "BED and PTV", t.name, "lesion", "hazard ratio, local control", t.hr,
                t.lower, t.upper, fit.n, fit.n_events, method=method)
            for t in fit
        ]  # fmt: skip
    seen = f"Spearman rho {fixed(rho, 2)}; {joint}"
    means = (
        "not separable in this data"
        if abs(rho) > NOT_SEPARABLE
        else "tested one by one they share an effect"
    )
    return [("BED and PTV together", seen, means)], rows


def _spearman(first: np.ndarray, second: np.ndarray) -> float:
    ranks = _ranks(first), _ranks(second)
    if min(rank.std() for rank in ranks) == 0:
        return 0.0
    return float(np.corrcoef(*ranks)[0, 1])


def _ranks(values: np.ndarray) -> np.ndarray:
    """Ranks, the mean one for those alike."""
    _, place, alike = np.unique(values, return_inverse=True, return_counts=True)
    return np.asarray((np.cumsum(alike) - (alike - 1) / 2)[place])


def _delay(cohort: Cohort, analysis: Analysis) -> list[Line]:  # noqa: ARG001
    months = [interval_months(patient) for patient in cohort.patients]
    middle, low, high = (fixed(f(months), 1) for f in (np.median, min, max))
    seen = f"median {middle} ({low}-{high}) months"
    means = (
        "survival from diagnosis needs left truncation at SBRT; without it this time is immortal"
    )
    return [("diagnosis to SBRT", seen, means)]


def _hazards(cohort: Cohort, analysis: Analysis) -> tuple[list[Line], list[Row]]:
    """Deaths per month between the horizons: a hazard that dips is seen, not assumed away."""
    endpoint = cohort.endpoint("os_dx", analysis)
    last = float(endpoint.months.max(initial=0.0))
    edges = [
        0.0,
        *(months for months in sorted(analysis.horizons_months.os) if months < last),
        last,
    ]
    pieces = attempt(lambda: stats.piecewise_hazard(endpoint.months, endpoint.event, edges=edges))
    rows = [
        Row(NAME, "deaths from diagnosis", f"{fixed(one.start, 0)}-{fixed(one.end, 0)} months",
            "patient", "hazard per month", one.rate.value, one.rate.lower, one.rate.upper,
            len(endpoint.patients), one.events, None, "events / person-months, Poisson limits")
        for one in pieces or ()
    ]  # fmt: skip
    text = "; ".join(
        f"{row.level}: {fixed(row.value, 3)} ({row.events} deaths)"
        for row in rows
        if row.value is not None
    )
    few = least([row.events for row in rows])
    return [
        ("hazard of death per month", Cell(text, few), "a constant hazard is not assumed")
    ], rows


def _imaging(cohort: Cohort, analysis: Analysis) -> list[Line]:  # noqa: ARG001
    last = {p.patient_id: p.last_contact_day for p in cohort.patients}
    gaps = [last[x.patient_id] - x.last_imaging_day for x in cohort.lesions if not x.local_failure]
    if not gaps:
        return []
    long = sum(gap > IMAGING_GAP_DAYS for gap in gaps)
    middle = fixed(float(np.median(gaps)) / MONTH_DAYS, 1)
    seen = Cell(
        f"median {middle} months; {count(long, len(gaps))} over {IMAGING_GAP_DAYS} days",
        long or None,
    )
    means = "local control is unknown there; failures are dated by the scan that showed them"
    return [("last imaging to last contact, lesions without failure", seen, means)]


def _at_risk(cohort: Cohort, analysis: Analysis) -> list[Line]:
    parts, fewest = [], []
    for name in ("lc", "ttp", "os", "os_dx"):
        endpoint = cohort.endpoint(name, analysis)
        for months in horizons_of(endpoint, analysis.horizons_months):
            left = int((endpoint.months >= months).sum())
            if left < FEW_AT_RISK:
                parts.append(f"{name} at {plain(months)} months: {left}")
                fewest.append(left)
    text = Cell("; ".join(parts) or "none", least([*fewest]))
    return [
        (f"horizons with fewer than {FEW_AT_RISK} at risk", text, "such rates have wide limits")
    ]


def _failures(cohort: Cohort, analysis: Analysis) -> list[Line]:  # noqa: ARG001
    failed = [lesion for lesion in cohort.lesions if lesion.local_failure]
    patients = len({lesion.patient_id for lesion in failed})
    both = Cell(f"{len(failed)} lesions in {patients} patients", least([patients]))
    dead = sum(p.death for p in cohort.patients)
    moved = sum(p.progression for p in cohort.patients)
    either = sum(bool(p.progression or p.death) for p in cohort.patients)
    ends = Cell(f"{moved} progressions, {dead} deaths, {either} with either", least([moved, dead]))
    lines: list[Line] = [
        ("local failures", both, "patients and failed lesions are different numbers"),
        ("events of progression endpoints", ends, "time to progression leaves the deaths out"),
    ]
    unknown = sum(p.primary_controlled != "1" for p in cohort.patients)
    seen = Cell(f"{unknown} of {len(cohort.patients)} not recorded as controlled", unknown or None)
    lines.append(("primary controlled", seen, "an unknown primary cannot be called controlled"))
    return lines


def _screening(cohort: Cohort, analysis: Analysis) -> list[Line]:  # noqa: ARG001
    out = [one for one in cohort.screening or () if one.status == "excluded"]
    if not out:
        return [
            ("exclusions", "no screening table, or none excluded", "selection cannot be judged")
        ]
    late = sum(one.known_before_sbrt == 0 for one in out)
    seen = Cell(f"{len(out)} excluded, {late} for a reason known only after SBRT", least([late]))
    means = (
        "exclusion by later knowledge selects; censored at day 0 instead, such patients would not "
        "move a Kaplan-Meier curve but would stand in its n"
    )
    return [("exclusions", seen, means)]


def _systemic(cohort: Cohort, analysis: Analysis) -> list[Line]:  # noqa: ARG001
    given = [p for p in cohort.patients if p.systemic_after_recurrence]
    late = sum((p.systemic_start_day or 0) > 0 for p in given)
    undated = sum(p.systemic_start_day is None for p in given)
    seen = Cell(
        f"{len(given)} treated: {late} from after SBRT, {undated} without a date",
        least([late, undated]),
    )
    return [
        ("systemic therapy", seen, "only what began by SBRT is a group; the rest needs a landmark")
    ]


def _severe(cohort: Cohort, analysis: Analysis) -> list[Line]:
    if cohort.toxicity is None:
        return [("severe toxicity", "no toxicity table", "nothing can be said")]
    lines: list[Line] = []
    for period, assessed in denominators(cohort, analysis).items():
        severe = {
            one.patient_id
            for one in cohort.toxicity
            if one.grade >= 3
            and one.patient_id in assessed
            and (one.onset_day < analysis.acute_days) == (period == "acute")
        }
        if not assessed:
            continue
        rate = stats.exact_interval(len(severe), len(assessed))
        upper = fixed(100 * (rate.upper if rate.upper is not None else 1.0), 1)
        text = Cell(
            f"{len(severe)} of {len(assessed)}; upper 95 % limit {upper} %", len(severe) or None
        )
        lines.append(
            (f"{period} toxicity of grade 3 or more", text, "none seen is not a rate of zero")
        )
    return lines


def _tests(sheets: Sequence[_Sheet]) -> list[Line]:
    ps = [
        row
        for sheet in sheets
        for row in sheet.rows
        if row.quantity.startswith("p,") and row.value is not None
    ]
    near = sorted({p_value(row.value) for row in ps if 0.0495 <= (row.value or 0) < 0.0505})
    by_chance = fixed(0.05 * len(ps), 1)
    shown = f"{len(ps)} p-values printed or stored; about {by_chance} below .05 by chance alone"
    firth = sum(
        "Firth" in row.method and row.quantity.startswith("hazard")
        for sheet in sheets
        for row in sheet.rows
    )
    return [
        ("tests", shown, "no correction unless multiplicity = holm or bh; unrounded p is compared"),
        (
            "p-values that three decimals would print as .050",
            ", ".join(near) or "none",
            "four decimals are shown",
        ),
        (
            "hazard ratios by Firth's penalty",
            str(firth),
            "a level without event, few events or a runaway estimate",
        ),
    ]


_CHECKS: tuple[Callable[[Cohort, Analysis], list[Line]], ...] = (
    _units,
    _failures,
    _screening,
    _volumes,
    _doses,
    lambda cohort, analysis: _separability(cohort, analysis)[0],
    _delay,
    lambda cohort, analysis: _hazards(cohort, analysis)[0],
    _imaging,
    _at_risk,
    _systemic,
    _severe,
)
