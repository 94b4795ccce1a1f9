"""One case as a recipe has it: names, targets, doses of targets and organs, goals, files."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from rtvol import _kernels, codes, dvh, io
from rtvol.errors import CaseRejected, Finding, UsageError
from rtvol.names.aliases import Alias, rename
from rtvol.names.find import match_rois, typed_targets
from rtvol.tables.rows import CaseResult
from rtvol.verbs.dose_volume import DvhJob, region_rows
from rtvol.verbs.expand import (
    ExpandJob,
    PageMaker,
    Stamp,
    case_targets,
    kept_names,
    target_rows,
    write_targets,
)
from rtvol.verbs.judge import goal_rows
from rtvol.verbs.region_rows import chosen_regions
from rtvol.verbs.target_doses import (
    dosed_bench,
    target_dose_rows,
    target_regions,
    undosed,
    with_targets,
)
from rtvol.verbs.terms import Prescribed, prescribed_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from rtvol.case import Case
    from rtvol.io import CaseFiles
    from rtvol.margins import PatientTargets
    from rtvol.names.regions import Region
    from rtvol.tables.rows import GoalRow, StructureRow
    from rtvol.verbs.bench import Bench

#: Doses of GTV and PTV that the outcome tables hand over; measured whatever else is asked for.
HANDED_OVER = ("D95%", "D98%", "D2%", "Mean")


@dataclass(frozen=True)
class StudyJob:
    """What a recipe asks of every case.

    Attributes
    ----------
    aliases
        Canonical names and their local spellings.
    expand
        Margins, GTVs and organs; None when no targets are to be made. Without a GTV named, only
        regions of type GTV are taken: a recipe never guesses a target.
    dvh
        Structures, metrics, doses, goals; None when no dose is asked about.
    with_curves
        Whether histograms are written.
    page
        What draws the page of a case; None for no page.
    """

    aliases: tuple[Alias, ...] = ()
    expand: ExpandJob | None = None
    dvh: DvhJob | None = None
    with_curves: bool = False
    page: PageMaker | None = None


@dataclass(frozen=True)
class Studied:
    """What came of a case: its rows, and what is prescribed."""

    result: CaseResult
    patient_id: str
    prescribed: Prescribed


def study_case(files: CaseFiles, job: StudyJob, draft: Path, stamp: Stamp) -> Studied:
    """Read a case, make its targets and its rows, and write its files into a folder.

    Raises
    ------
    CaseRejected
        The case gets no number.
    OutputRefused
        A file cannot be written.
    """
    try:
        return _study(files, job, draft, stamp)
    except UsageError as error:  # what the recipe asks can be wrong for one case alone
        finding = error.finding
        raise CaseRejected(
            finding.code, where=finding.where, seen=finding.seen, mend=finding.mend
        ) from error


def _study(files: CaseFiles, job: StudyJob, draft: Path, stamp: Stamp) -> Studied:
    _kernels.load()
    case = io.read_case(files)
    case = replace(case, structures=rename(case.structures, job.aliases))
    targets, findings = _targets(case, job, draft, stamp)
    rows = (
        target_rows(targets, job.expand, kept_names(case, job.expand))
        if targets and job.expand
        else []
    )
    goals: tuple[GoalRow, ...] = ()
    prescribed = Prescribed(None, None)
    if job.dvh is not None:
        measured = _measured(case, targets, job)
        bench, noticed = dosed_bench(measured, job.dvh, needed=targets is None)
        findings += noticed
        prescribed = bench.prescribed if bench else prescribed_of(case, job.dvh.terms, None)
        if bench is None:
            keys = [metric.text for metric in _target_metrics(job.dvh, rows)]
            rows = [undosed(row, job.dvh, keys) for row in rows]
        else:
            own = target_regions(targets, measured) if targets else []
            rows, noticed = _dosed(bench, list(zip(rows, own, strict=True)), job.dvh)
            findings += noticed
            goals, noticed = goal_rows(bench)
            findings += noticed
        findings = (*findings, *_other_prescription(case, prescribed))
    result = CaseResult.of(
        case.name,
        findings,
        structures=rows,
        cumulative_ptv_cc=targets.cumulative_ptv_cc if targets else None,
        sum_ptv_cc=targets.sum_ptv_cc if targets else None,
        goals=goals,
        unused=case.unused,
    )
    if job.page is not None:
        result = result.noticing(job.page(draft, case, result, targets, job.dvh))
    return Studied(result, case.patient.patient_id, prescribed)


def _measured(case: Case, targets: PatientTargets | None, job: StudyJob) -> Case:
    """Return the case whose regions get doses: its own, and the targets made."""
    if targets is None or job.expand is None or job.dvh is None:
        return case
    return with_targets(case, targets, job.expand.recipe.policy, kept=job.dvh.rois)


def _targets(
    case: Case, job: StudyJob, draft: Path, stamp: Stamp
) -> tuple[PatientTargets | None, tuple[Finding, ...]]:
    """Make and write the targets of a case, if any are asked for; with all findings so far."""
    if job.expand is None:
        return None, case.findings
    expand = _expand_for(case, job.expand)
    expand = replace(expand, page=job.page)
    targets, noticed = case_targets(case, expand)
    return targets, (*noticed, *write_targets(draft, case, targets, expand, stamp))


def _expand_for(case: Case, expand: ExpandJob) -> ExpandJob:
    """Return the job with the GTVs of this case."""
    structures = case.structures
    gtvs = match_rois(structures, expand.gtvs) if expand.gtvs else typed_targets(structures, "GTV")
    if not gtvs:
        raise CaseRejected(
            "roi-not-found",
            where="GTV",
            seen="no region of type GTV, and a recipe never guesses a target",
            mend='name it in the recipe: [targets.CTV] from = "..."',
        )
    return replace(expand, gtvs=tuple(f"#{roi.number}" for roi in gtvs))


def _dosed(
    bench: Bench, targets: Sequence[tuple[StructureRow, Region]], job: DvhJob
) -> tuple[list[StructureRow], tuple[Finding, ...]]:
    """Rows of the targets with their doses, then those of the other structures asked for.

    Where there are targets, what is asked for beside them may be missing as a whole.
    """
    metrics = _target_metrics(job, [row for row, _ in targets])
    rows, findings = target_dose_rows(bench, targets, job, metrics)
    if not job.rois:
        return rows, findings
    structures, needed = bench.case.structures, not targets
    chosen = chosen_regions(
        structures, job.rois, skip_missing=job.skip_missing, needed=needed or not job.skip_missing
    )
    for finding in () if job.skip_missing else chosen.absent.values():
        raise CaseRejected(finding.code, where=finding.where, seen=finding.seen, mend=finding.mend)
    given = {row.name for row in rows}
    rest = tuple(one for one in chosen.regions if one.name not in given)
    asked = dvh.parse_metrics(job.metrics, job.dose_unit)
    others, noticed = region_rows(bench, replace(chosen, regions=rest), asked, needed=needed)
    return [*rows, *others], (*findings, *noticed)


def _target_metrics(job: DvhJob, targets: Sequence[StructureRow]) -> tuple[dvh.Metric, ...]:
    asked = dvh.parse_metrics(job.metrics, job.dose_unit)
    # the tables of the outcome analysis are in Gy
    handed_over = dvh.parse_metrics(HANDED_OVER if targets else ())
    return tuple(dict.fromkeys((*asked, *handed_over)))


def _other_prescription(case: Case, prescribed: Prescribed) -> list[Finding]:
    """Say that the plan prescribes something else than the recipe."""
    plan = case.plan
    if plan is None:
        return []
    pairs = [
        (prescribed.dose_gy, prescribed.dose_from, plan.prescription_gy, "Gy"),
        (prescribed.fractions, prescribed.fractions_from, plan.fractions, "fractions"),
    ]
    differs = [
        f"{own:g} {unit} in the recipe, {theirs:g} in the plan"
        for own, by, theirs, unit in pairs
        if by == "given" and own is not None and theirs is not None and abs(own - theirs) > 1e-3
    ]
    if not differs:
        return []
    mend = "leave [prescription] out of the recipe to take the plan's, or split the cases"
    return [codes.PRESCRIPTION_DIFFERS.warn(where="RTPLAN", seen="; ".join(differs), mend=mend)]
