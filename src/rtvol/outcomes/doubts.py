"""Doubts that need the settings: margins that cannot have been, horizons that few reach."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from rtvol.outcomes.endpoints import endpoint_of
from rtvol.outcomes.problems import Place, Problem, Problems

if TYPE_CHECKING:
    from rtvol.outcomes.cohort_data import CohortData
    from rtvol.outcomes.config import Analysis
    from rtvol.outcomes.records import Lesion

FEW_AT_RISK = 10
#: Volumes are given with a few digits; half a per mille of a radius is no doubt.
RELATIVE_SLACK = 5e-3


def floor_ptv_ml(gtv_ml: float, margin_mm: float) -> float:
    """Smallest PTV in mL that a GTV grown by a margin can have.

    Of all bodies of one volume the ball grows least (Brunn and Minkowski):
    PTV^(1/3) >= GTV^(1/3) + (4 pi / 3)^(1/3) m, with m in cm.

    Parameters
    ----------
    gtv_ml
        Volume of the GTV.
    margin_mm
        Total margin from GTV to PTV.
    """
    return float(math.cbrt(gtv_ml) + math.cbrt(4 * math.pi / 3) * margin_mm / 10) ** 3


def below_floor(lesion: Lesion, margin_mm: float) -> bool:
    """Tell whether a PTV is too small for its GTV with the least margin of the protocol."""
    if lesion.gtv_ml is None:
        return False
    return lesion.ptv_ml < floor_ptv_ml(lesion.gtv_ml, margin_mm) * (1 - RELATIVE_SLACK)


def refuse_settings(cohort: CohortData, analysis: Analysis, problems: Problems) -> None:
    """Note what the settings ask for and the data does not have: `run` could not do it."""
    if analysis.origin == "last_fraction":
        without = sum(lesion.sbrt_end_day is None for lesion in cohort.lesions)
        if without:
            rule = 'origin = "last_fraction" counts from sbrt_end_day of every lesion'
            mend = "fill sbrt_end_day, or count from the first fraction"
            place = Place("lesions", 0, "sbrt_end_day")
            problems.error("origin-unknown", place, f"{without} empty", rule, mend)
    if analysis.cumulative_ptv == "union":
        without = sum(patient.cptv_union_ml is None for patient in cohort.patients)
        if without:
            rule = 'cumulative_ptv = "union" takes cptv_union_ml of every patient'
            mend = 'fill cptv_union_ml (rtvol collect writes it), or take "sum"'
            place = Place("patients", 0, "cptv_union_ml")
            problems.error("union-unknown", place, f"{without} empty", rule, mend)


def doubts_of(cohort: CohortData, analysis: Analysis) -> tuple[Problem, ...]:
    """Warnings about a cohort that passed its checks."""
    problems = Problems()
    margin = analysis.margins.gtv_to_ptv_mm
    for lesion in cohort.lesions:
        if below_floor(lesion, margin):
            least = floor_ptv_ml(lesion.gtv_ml or 0.0, margin)
            rule = (
                f"a GTV of {lesion.gtv_ml:g} mL grown by {margin:g} mm has a PTV of at least "
                f"{least:.3g} mL"
            )
            ids = problems.cell(lesion.patient_id, lesion.lesion_id)
            place = Place(f"lesion {ids}", 0, "ptv_ml")
            mend = "check the volumes, or the margin was cut back"
            problems.warn("margin-floor", place, f"{lesion.ptv_ml:g}", rule, mend)
    horizons = analysis.horizons_months
    for name, months in (("lc", horizons.lc), ("ttp", horizons.ttp), ("os", horizons.os)):
        endpoint = endpoint_of(cohort, name, analysis)
        for horizon in months:
            left = int((endpoint.months >= horizon).sum())
            if left < FEW_AT_RISK:
                rule = f"rates with fewer than {FEW_AT_RISK} at risk say little"
                place = Place(f"{name} at {horizon:g} months")
                mend = "take an earlier horizon, or wait for follow-up"
                problems.warn("few-at-risk", place, f"{left} at risk", rule, mend)
    return problems.warnings
