"""Doses of targets that were just made, and of organs beside them: one way for every verb."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from rtvol import dvh
from rtvol.errors import CaseRejected, Finding
from rtvol.names.regions import region_of
from rtvol.verbs.bench import bench_of
from rtvol.verbs.dose_volume import DvhJob, region_rows, with_dose
from rtvol.verbs.given_dose import case_dose
from rtvol.verbs.judge import goal_rows
from rtvol.verbs.region_rows import Chosen, chosen_regions, no_doses

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rtvol.case import Case
    from rtvol.margins import PatientTargets
    from rtvol.margins.recipe import Policy
    from rtvol.names.regions import Region
    from rtvol.tables.rows import GoalRow, StructureRow
    from rtvol.verbs.bench import Bench

#: Types of the planner's targets that rtvol's own stand in for.
REPLACED_KINDS = ("CTV", "PTV", "ITV")
#: What is said of targets (ICRU 83 and 91) and of the organs named with them, where nobody asks
#: for anything else.
TARGET_METRICS = ("D98%", "D95%", "D50%", "D2%", "Mean")
ORGAN_METRICS = ("Mean", "Max")


@dataclass(frozen=True)
class Dosed:
    """Rows of targets and organs with their doses, verdicts on goals, and what was noticed."""

    rows: tuple[StructureRow, ...]
    goals: tuple[GoalRow, ...]
    findings: tuple[Finding, ...]


def dose_targets(
    case: Case,
    targets: PatientTargets,
    rows: Sequence[StructureRow],
    asked: DvhJob,
    policy: Policy,
) -> Dosed:
    """Measure targets, and the organs `asked.rois`, in the dose of their case.

    Parameters
    ----------
    case
        The case as read.
    targets, policy
        What was made of it, and which of it is called PTV.
    rows
        One row per target, without doses.
    asked
        Metrics (by default `TARGET_METRICS`, of organs `ORGAN_METRICS`), dose and goals.
    """
    measured = with_targets(case, targets, policy, kept=asked.rois)
    of_targets = dvh.parse_metrics(asked.metrics or TARGET_METRICS, asked.dose_unit)
    bench, findings = dosed_bench(measured, asked)
    if bench is None:
        keys = [metric.text for metric in of_targets]
        return Dosed(tuple(undosed(row, asked, keys) for row in rows), (), findings)
    own = list(zip(rows, target_regions(targets, measured), strict=True))
    of_own, noticed = target_dose_rows(bench, own, asked, of_targets)
    dosed = tuple(of_own)
    findings += noticed
    if asked.rois:
        chosen = chosen_regions(case.structures, asked.rois, skip_missing=True)
        of_organs = dvh.parse_metrics(asked.metrics or ORGAN_METRICS, asked.dose_unit)
        organs, noticed = region_rows(bench, chosen, of_organs)
        dosed, findings = (*dosed, *organs), (*findings, *noticed)
    goals, noticed = goal_rows(bench)
    return Dosed(dosed, goals, (*findings, *noticed))


def with_targets(
    case: Case, targets: PatientTargets, policy: Policy, kept: Sequence[str] = ()
) -> Case:
    """Put the targets made beside the structures drawn.

    CTV, PTV and ITV then mean the targets made; the planner's own stay where they are `kept` by
    name. What the policy does not call PTV keeps its name and loses its type.
    """
    called = "ptv_clip" if policy == "modified_ptv" else "ptv"
    others = {"ptv", "ptv_clip"} - {called}
    own = [
        replace(one.roi, kind="") if one.role in others else one.roi
        for one in targets.structures
        if one.role != "gtv"
    ]
    drawn = [
        roi for roi in case.structures.rois if roi.kind not in REPLACED_KINDS or roi.name in kept
    ]
    return replace(case, structures=replace(case.structures, rois=(*drawn, *own)))


def dosed_bench(
    case: Case, job: DvhJob, *, needed: bool = False
) -> tuple[Bench | None, tuple[Finding, ...]]:
    """Return the case in its dose; None, with a warning, when it can do without one."""
    try:
        given = case_dose(case, job.doses, add=job.add, alpha_beta=job.alpha_beta)
    except CaseRejected as fault:
        if needed:
            raise
        return None, (fault.finding.as_warning(),)
    return bench_of(case, given, job.sampling, job.terms), given.findings


def target_regions(targets: PatientTargets, measured: Case) -> list[Region]:
    """Return each target as the case has it; GTVs by themselves, for names may repeat."""
    named = {roi.name: roi for roi in measured.structures.rois}
    return [
        region_of(one.roi if one.role == "gtv" else named[one.name]) for one in targets.structures
    ]


def target_dose_rows(
    bench: Bench,
    targets: Sequence[tuple[StructureRow, Region]],
    asked: DvhJob,
    metrics: Sequence[dvh.Metric],
) -> tuple[list[StructureRow], tuple[Finding, ...]]:
    """Return the rows of targets with their doses, or with the reason why one has none."""
    rows: list[StructureRow] = []
    findings: tuple[Finding, ...] = ()
    for row, region in targets:
        try:
            (dosed,), noticed = region_rows(bench, Chosen((region,)), metrics)
        except CaseRejected as fault:
            keys = [metric.text for metric in metrics]
            rows.append(undosed(row, asked, keys, fault.finding.seen))
            findings += (fault.finding.as_warning(),)
            continue
        rows.append(with_dose(row, _known(dosed)))
        findings += noticed
    return rows, findings


def _known(row: StructureRow) -> StructureRow:
    """Return a row without its doubt whether it is a target: it was made as one."""
    return replace(row, notes={key: note for key, note in row.notes.items() if key != "target"})


def undosed(
    row: StructureRow, job: DvhJob, keys: Sequence[str], why: str = "there is no dose to read"
) -> StructureRow:
    """Return a row that says of each metric why it has none."""
    notes = {**row.notes, **dict.fromkeys(keys, why)}
    return replace(row, dose=no_doses(job.sampling, keys), notes=notes)
