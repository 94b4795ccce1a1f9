"""STROBE and REMARK items, filled with what the data says; the rest is for the author."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rtvol.outcomes.printing import plain
from rtvol.outcomes.results import Cell, Sheet
from rtvol.outcomes.tables.curves import least
from rtvol.outcomes.tables.models import model_words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rtvol.outcomes.cohort import Cohort
    from rtvol.outcomes.config import Analysis
    from rtvol.outcomes.endpoints import Endpoint
    from rtvol.outcomes.tables.models import Fitted

NAME = "reporting"
#: An item, what it asks, what is known here.
Line = tuple[str, str, "str | Cell"]
AUTHOR = "author to complete"


def reporting(
    cohort: Cohort,
    analysis: Analysis,
    endpoints: tuple[Endpoint, ...],
    mode: str,
    models: Sequence[Fitted] = (),
) -> Sheet:
    """List the items of STROBE (cohort studies, 2007) and REMARK (2005) with what is known here.

    Parameters
    ----------
    cohort, analysis
        The data and its settings.
    endpoints
        Those that were analysed.
    mode
        "paper" or "default".
    models
        Multivariable models that were fitted.
    """
    items = (
        *_design(cohort),
        *_methods(cohort, analysis, endpoints, mode),
        *_results(cohort, analysis, models),
    )
    notes = ("Item numbers: S STROBE (von Elm 2007), R REMARK (McShane 2005).",)
    return Sheet(NAME, "Reporting list (STROBE, REMARK)", ("Item", "What", "Here"), items, notes)


def _design(cohort: Cohort) -> tuple[Line, ...]:
    screened = cohort.screening or ()
    out = sum(one.status == "excluded" for one in screened)
    flow = f"{len(screened)} screened, {out} excluded" if screened else "no screening table"
    criteria = Cell(f"{flow}; criteria: {AUTHOR}", least([len(screened), out]))
    return (
        ("S1", "design in title or abstract", AUTHOR),
        ("S2-3, R1", "background, objectives, hypotheses, markers", AUTHOR),
        ("S4-5", "design, setting, dates of recruitment", AUTHOR),
        ("S6a, R2", "eligibility, sources, selection", criteria),
        (
            "R3",
            "treatment",
            f"dose and fractions of {len(cohort.lesions)} lesions given; technique: {AUTHOR}",
        ),
        ("R4-5", "material and assay", "volumes from contours where volume_method says so"),
    )


def _methods(
    cohort: Cohort, analysis: Analysis, endpoints: tuple[Endpoint, ...], mode: str
) -> tuple[Line, ...]:
    words = "; ".join(f"{one.label} (per {one.unit}, from {one.origin})" for one in endpoints)
    cuts = {
        name: getattr(analysis.cut_points, name) for name in type(analysis.cut_points).model_fields
    }
    chosen = [name for name, cut in cuts.items() if cut.pre_specified]
    rule = analysis.dose_selection_rule or AUTHOR
    several = sum(len(own) > 1 for own in cohort.by_patient.values())
    dependence = f"{several} patients with several lesions: clustered by patient"
    return (
        ("S7, R7", "endpoints defined", f"{mode} definitions: {words}"),
        ("S7", "how the dose was chosen", rule),
        ("S8", "sources and measurement", f"imaging schedule, who assessed response: {AUTHOR}"),
        ("S9", "bias", "see the checks: immortal time, competing death, exclusions"),
        (
            "S10, R9",
            "study size",
            f"{len(cohort.patients)} patients, {len(cohort.lesions)} lesions; reason: {AUTHOR}",
        ),
        (
            "S11, R11",
            "cut-points",
            f"pre-specified: {', '.join(chosen) or 'none'}; the others data-driven",
        ),
        (
            "S12a, R10",
            "statistical methods",
            "named beside every number; Efron ties, log-log limits",
        ),
        ("S12a", "dependence", Cell(dependence, several or None)),
        ("S12c", "missing data", "complete cases per analysis, n beside every number"),
        ("S12d", "loss to follow-up", "censored; reverse Kaplan-Meier in the rates"),
        ("S12e", "sensitivity", "present-day definitions beside the study's (qa_changes)"),
    )


def _results(cohort: Cohort, analysis: Analysis, models: Sequence[Fitted]) -> tuple[Line, ...]:
    death, moved = (
        sum(getattr(p, name) for p in cohort.patients) for name in ("death", "progression")
    )
    failed = sum(lesion.local_failure for lesion in cohort.lesions)
    lc = ", ".join(plain(months) for months in analysis.horizons_months.lc)
    funding = f"{AUTHOR}; funding: {AUTHOR}"
    events = f"{failed} lesions failed locally, {moved} patients progressed, {death} died"
    return (
        ("S13, R12", "flow", "flow diagram and table"),
        ("S14, R13", "characteristics", "table 1, missing counted"),
        ("S14c", "follow-up", "reverse Kaplan-Meier and naive, named, in the rates"),
        ("S15", "events", Cell(events, least([failed, moved, death]))),
        ("S16, R15-16", "estimates with limits", f"tables 2 and 3, local control at {lc} months"),
        ("R17-18", "multivariable model", model_words(models)),
        (
            "S17",
            "other analyses",
            "patterns of failure, competing risks, toxicity with exact limits",
        ),
        ("S18-21, R19-20", "discussion", AUTHOR),
        ("S22", "generalisability, funding", funding),
    )
