"""Factors: the groups that tables compare, by lesion and by patient."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from rtvol.dvh import bed_gy
from rtvol.errors import UsageError
from rtvol.outcomes.config import MONTH_DAYS, Cut
from rtvol.outcomes.printing import plain
from rtvol.outcomes.results import Remark

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from rtvol.outcomes.cohort import Cohort
    from rtvol.outcomes.config import Analysis, Covariate
    from rtvol.outcomes.endpoints import Endpoint, Unit
    from rtvol.outcomes.records import Lesion, Patient


@dataclass(frozen=True)
class Factor:
    """Groups of lesions or patients.

    Attributes
    ----------
    name, label
        Id, and words for tables.
    levels
        Names of the groups; the first is the reference.
    group
        Index into `levels` for each lesion or patient of the cohort; -1 where it is unknown.
    is_ordered
        Whether the levels rise, so that a trend has a meaning.
    continuous, per
        The same quantity uncut, scaled so that one step is `per` in words; None for a category.
    values
        The quantity in the unit of the label; None for a category.
    note
        How the cut was chosen, and what was assumed; a `Remark` where it tells counts.
    """

    name: str
    label: str
    levels: tuple[str, ...]
    group: NDArray[np.int64]
    is_ordered: bool = False
    continuous: NDArray[np.float64] | None = None
    per: str = ""
    note: str = ""
    values: NDArray[np.float64] | None = None


def bed_of(lesion: Lesion, alpha_beta_gy: float) -> float:
    """BED of a lesion's prescription in Gy."""
    return bed_gy(lesion.dose_total_gy, lesion.n_fractions, alpha_beta_gy)


def patient_bed(lesions: Sequence[Lesion], analysis: Analysis) -> float:
    """BED of a patient with several lesions, by the rule of the settings, in Gy."""
    doses = [bed_of(lesion, analysis.alpha_beta_gy) for lesion in lesions]
    if analysis.patient_bed == "ptv_weighted":
        return float(np.average(doses, weights=[lesion.ptv_ml for lesion in lesions]))
    rules: dict[str, Callable[[list[float]], float]] = {
        "min": min,
        "max": max,
        "mean": lambda values: float(np.mean(values)),
    }
    return rules[analysis.patient_bed](doses)


def cumulative_ptv(cohort: Cohort, patient: Patient, analysis: Analysis) -> float:
    """Cumulative PTV of a patient in mL: the plain sum, or the union where rtvol measured it.

    Raises
    ------
    UsageError
        `union-unknown` when the union is asked for and not in the data.
    """
    if analysis.cumulative_ptv == "sum":
        return math.fsum(lesion.ptv_ml for lesion in cohort.by_patient[patient.patient_id])
    union = patient.cptv_union_ml
    if union is None:
        raise UsageError(
            "union-unknown",
            where=f"patient {patient.patient_id}",
            seen='cumulative_ptv = "union", and no cptv_union_ml',
            mend='fill cptv_union_ml (rtvol collect writes it), or take "sum"',
        )
    return union


def interval_months(patient: Patient) -> float:
    """Months from diagnosis of the liver recurrence to SBRT."""
    return -patient.dx_day / MONTH_DAYS


def factor_of(cohort: Cohort, name: str, unit: Unit, analysis: Analysis) -> Factor:
    """Build one factor for lesions or patients.

    Parameters
    ----------
    cohort
        The data.
    name
        Factor id of the settings.
    unit
        Whose groups: "lesion" or "patient".
    analysis
        Cuts and rules.

    Raises
    ------
    UsageError
        `unknown-factor` when a patient has no such quantity (PTV of one of several lesions).
    """
    if name in _BY_PATIENT:
        factor = _BY_PATIENT[name](cohort, analysis)
        return _spread(cohort, factor) if unit == "lesion" else factor
    if name in {"bed", "eqd2"}:
        return _dose(cohort, name, unit, analysis)
    for own in analysis.covariates:
        if own.name == name and (own.table == "patients" or unit == "lesion"):
            made = _own(cohort, own, analysis)
            return _spread(cohort, made) if (own.table, unit) == ("patients", "lesion") else made
    if unit == "patient" or name not in _BY_LESION:
        mend = f"by patient: bed, eqd2, {', '.join(_BY_PATIENT)}"
        raise UsageError("unknown-factor", where=f"by {unit}", seen=name, mend=mend)
    return _BY_LESION[name](cohort, analysis)


def at(factor: Factor, endpoint: Endpoint) -> NDArray[np.int64]:
    """Group of each row of an endpoint."""
    return factor.group[endpoint.index]


def _spread(cohort: Cohort, factor: Factor) -> Factor:
    place = {patient.patient_id: index for index, patient in enumerate(cohort.patients)}
    rows = np.array([place[lesion.patient_id] for lesion in cohort.lesions])
    scaled, values = (None if x is None else x[rows] for x in (factor.continuous, factor.values))
    return replace(factor, group=factor.group[rows], continuous=scaled, values=values)


def _label(name: str, default: str, analysis: Analysis) -> str:
    return analysis.labels.get(name, default)


def _how(cut: Cut) -> str:
    return "pre-specified cut" if cut.pre_specified else "cut not pre-specified: data-driven"


def _cut(
    name: str,
    label: str,
    values: Sequence[float],
    cut: Cut,
    scale: tuple[str, Callable[[NDArray[np.float64]], NDArray[np.float64]]],
) -> Factor:
    array = np.array(values, dtype=np.float64)
    levels = (f"<= {plain(cut.at)}", f"> {plain(cut.at)}")
    group = (array > cut.at).astype(np.int64)
    per, scaled = scale
    return Factor(
        name, label, levels, group, is_ordered=True, continuous=scaled(array), per=per,
        note=_how(cut), values=array,
    )  # fmt: skip


def _two(
    name: str,
    label: str,
    levels: tuple[str, str],
    flags: Sequence[bool | None],
    note: str = "",
) -> Factor:
    group = np.array([-1 if flag is None else int(flag) for flag in flags], dtype=np.int64)
    return Factor(name, label, levels, group, note=note)


def _coded(
    name: str,
    label: str,
    codes: Sequence[str | None],
    order: Sequence[str],
    *,
    rising: bool = False,
) -> Factor:
    """Group by codes, in the order given; those that nobody has are no levels."""
    there = [code for code in order if code in set(codes)]
    place = {code: index for index, code in enumerate(there)}
    group = np.array([place.get(code or "", -1) for code in codes], dtype=np.int64)
    return Factor(name, label, tuple(map(word, there)), group, is_ordered=rising)


def word(code: str) -> str:
    """Return a code of the data dictionary in words."""
    return _WORDS.get(code, code.replace("_", " "))


_WORDS = {
    "M": "male", "F": "female", "oligo_recurrence": "oligo-recurrence",
    "oligo_progression": "oligo-progression", "para_aortic_ln": "para-aortic lymph node",
    "scc": "squamous cell carcinoma", "lymph_node": "lymph node",
}  # fmt: skip


def _age(cohort: Cohort, analysis: Analysis) -> Factor:
    values = [float(patient.age_at_sbrt_years) for patient in cohort.patients]
    label = _label("age", "Age at SBRT, years", analysis)
    return _cut("age", label, values, analysis.cut_points.age_years, ("10 years", lambda x: x / 10))


def _sex(cohort: Cohort, analysis: Analysis) -> Factor:
    codes: dict[str, bool] = {"M": False, "F": True}
    flags = [codes.get(patient.sex) for patient in cohort.patients]
    away = Counter(patient.sex for patient in cohort.patients if patient.sex not in codes)
    said = ", ".join(f"{number} of sex {code}" for code, number in sorted(away.items()))
    note = Remark(f"{said}: in neither group", min(away.values())) if away else ""
    return _two("sex", _label("sex", "Sex", analysis), ("male", "female"), flags, note)


def _primary(cohort: Cohort, analysis: Analysis) -> Factor:
    first = analysis.primary_reference
    flags = [patient.primary_site != first for patient in cohort.patients]
    unknown = sum(patient.primary_site == "unknown" for patient in cohort.patients)
    note = Remark(f"{unknown} of unknown primary counted as other", unknown) if unknown else ""
    label = _label("primary", "Primary tumour", analysis)
    return _two("primary", label, (word(first), "other"), flags, note)


def _primary_site(cohort: Cohort, analysis: Analysis) -> Factor:
    first = analysis.primary_reference
    order = (first, *(site for site in analysis.primaries if site != first))
    codes = [patient.primary_site for patient in cohort.patients]
    return _coded("primary_site", _label("primary_site", "Primary tumour", analysis), codes, order)


def _histology(cohort: Cohort, analysis: Analysis) -> Factor:
    codes = [patient.histology for patient in cohort.patients]
    label = _label("histology", "Histology", analysis)
    return _coded("histology", label, codes, analysis.histologies)


def _own(cohort: Cohort, own: Covariate, analysis: Analysis) -> Factor:
    """Build a declared covariate, by patient or by lesion as its table is."""
    values = cohort.own[own.name]
    label = _label(own.name, own.label or own.name.replace("_", " "), analysis)
    missing = sum(value is None for value in values)
    text = f"{missing} without a value: in no group"
    if own.kind == "category":
        codes = [None if value is None else str(value) for value in values]
        made = _coded(own.name, label, codes, own.ordered_levels, rising=own.is_ordered)
        return replace(made, note=Remark(text, missing) if missing else "")
    numbers = np.array([np.nan if value is None else float(value) for value in values])
    known = numbers[~np.isnan(numbers)]
    cut = own.cut or Cut(at=float(np.median(known)))
    how = _how(cut) if own.cut else "cut at the median of this data: data-driven"
    group = np.where(np.isnan(numbers), -1, numbers > cut.at).astype(np.int64)
    unit = f", {own.unit}" if own.unit and own.unit not in label else ""
    note = Remark(f"{how}; {text}", missing) if missing else how
    levels = (f"<= {plain(cut.at)}", f"> {plain(cut.at)}")
    per = f"{plain(own.per)} {own.unit}".strip()
    return Factor(
        own.name, f"{label}{unit}", levels, group, is_ordered=True, continuous=numbers / own.per,
        per=per, note=note, values=numbers,
    )  # fmt: skip


def _disease_class(cohort: Cohort, analysis: Analysis) -> Factor:
    codes = [patient.disease_class for patient in cohort.patients]
    label = _label("disease_class", "Disease class", analysis)
    levels = ("oligo-recurrence", "oligo-progression")
    return _two("disease_class", label, levels, [code == "oligo_progression" for code in codes])


def _extrahepatic(cohort: Cohort, analysis: Analysis) -> Factor:
    flags = [patient.extrahepatic_disease == 1 for patient in cohort.patients]
    label = _label("extrahepatic", "Extra-hepatic disease", analysis)
    return _two("extrahepatic", label, ("no", "yes"), flags)


def _systemic(cohort: Cohort, analysis: Analysis) -> Factor:
    """Systemic therapy as known at the origin; one begun later is not yet a group there."""
    limit = analysis.landmark_months * MONTH_DAYS
    given = [bool(patient.systemic_after_recurrence) for patient in cohort.patients]
    late = [
        has and patient.systemic_start_day is not None and patient.systemic_start_day > limit
        for has, patient in zip(given, cohort.patients, strict=True)
    ]
    undated = sum(
        has and patient.systemic_start_day is None
        for has, patient in zip(given, cohort.patients, strict=True)
    )
    as_coded = analysis.systemic_rule == "as_coded"
    flags = [has and (as_coded or not after) for has, after in zip(given, late, strict=True)]
    rule = "counted as yes, which favours them" if as_coded else "counted as no"
    notes = [f"{sum(late)} began after the origin and are {rule}"] if any(late) else []
    notes += [f"start not given in {undated}: may lie after the origin"] if undated else []
    label = _label("systemic", "Systemic therapy after recurrence", analysis)
    fewest = min((number for number in (sum(late), undated) if number), default=None)
    note = Remark("; ".join(notes), fewest)
    return _two("systemic", label, ("no", "yes"), flags, note)


def _targets(cohort: Cohort, analysis: Analysis) -> Factor:
    flags = [len(cohort.by_patient[patient.patient_id]) > 1 for patient in cohort.patients]
    most = max(len(lesions) for lesions in cohort.by_patient.values())
    label = _label("targets", "Targets", analysis)
    return _two("targets", label, ("1", f"2-{most}" if most > 2 else "2"), flags)


def _interval(cohort: Cohort, analysis: Analysis) -> Factor:
    values = [interval_months(patient) for patient in cohort.patients]
    label = _label("interval", "Diagnosis to SBRT, months", analysis)
    scale = ("6 months", lambda x: x / 6)
    return _cut("interval", label, values, analysis.cut_points.interval_months, scale)


def _cptv(cohort: Cohort, analysis: Analysis) -> Factor:
    values = [cumulative_ptv(cohort, patient, analysis) for patient in cohort.patients]
    label = _label("cptv", f"Cumulative PTV ({analysis.cumulative_ptv}), mL", analysis)
    return _cut("cptv", label, values, analysis.cut_points.cptv_ml, ("doubling", np.log2))


def _dose(cohort: Cohort, name: str, unit: Unit, analysis: Analysis) -> Factor:
    """BED or EQD2 of the prescription; EQD2 is cut where its BED is."""
    ratio = analysis.alpha_beta_gy
    if unit == "lesion":
        values = [bed_of(lesion, ratio) for lesion in cohort.lesions]
        rule = ""
    else:
        values = [patient_bed(lesions, analysis) for lesions in cohort.by_patient.values()]
        rule = f", {analysis.patient_bed} of the patient's lesions"
    cut = analysis.cut_points.bed_gy
    if name == "eqd2":
        share = 1 + 2 / ratio
        label = _label(name, f"EQD2 of the prescription, Gy{rule}", analysis)
        scaled = Cut(at=cut.at / share, pre_specified=cut.pre_specified)
        return _cut(name, label, [v / share for v in values], scaled, ("10 Gy", lambda x: x / 10))
    gy = f"Gy{plain(ratio)}"
    label = _label("bed", f"BED of the prescription, {gy}{rule}", analysis)
    return _cut("bed", label, values, cut, (f"10 {gy}", lambda x: x / 10))


def _ptv(cohort: Cohort, analysis: Analysis) -> Factor:
    values = [lesion.ptv_ml for lesion in cohort.lesions]
    label = _label("ptv", "PTV, mL", analysis)
    return _cut("ptv", label, values, analysis.cut_points.ptv_ml, ("doubling", np.log2))


def _ptv_thirds(cohort: Cohort, analysis: Analysis) -> Factor:
    low, high = analysis.cut_points.ptv_ml, analysis.cut_points.ptv_large_ml
    values = np.array([lesion.ptv_ml for lesion in cohort.lesions])
    group = (values > low.at).astype(np.int64) + (values > high.at)
    levels = (
        f"<= {plain(low.at)}",
        f"> {plain(low.at)} to {plain(high.at)}",
        f"> {plain(high.at)}",
    )
    label = _label("ptv_thirds", "PTV in three, mL", analysis)
    return Factor("ptv_thirds", label, levels, group, is_ordered=True, note=_how(high))


_BY_PATIENT: dict[str, Callable[[Cohort, Analysis], Factor]] = {
    "age": _age,
    "sex": _sex,
    "primary": _primary,
    "primary_site": _primary_site,
    "histology": _histology,
    "disease_class": _disease_class,
    "extrahepatic": _extrahepatic,
    "systemic": _systemic,
    "targets": _targets,
    "interval": _interval,
    "cptv": _cptv,
}
_BY_LESION: dict[str, Callable[[Cohort, Analysis], Factor]] = {
    "ptv": _ptv,
    "ptv_thirds": _ptv_thirds,
}
