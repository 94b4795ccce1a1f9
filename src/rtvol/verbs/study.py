"""One case as a recipe has it: names, targets, doses of targets and organs, goals, files."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from rtvol import dvh, io
from rtvol.errors import CaseRejected, Finding, UsageError
from rtvol.names.aliases import Alias, rename
from rtvol.names.expressions import goal_regions, region_of
from rtvol.names.find import match_rois
from rtvol.verbs.bench import Prescribed, bench_of
from rtvol.verbs.dose_volume import DvhJob, region_rows
from rtvol.verbs.doses import case_dose
from rtvol.verbs.expand import ExpandJob, Stamp, case_targets, target_row, write_targets
from rtvol.verbs.judge import goal_rows
from rtvol.verbs.verdict import case_result

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from rtvol.case import Case
    from rtvol.dvh.goals import GoalSet
    from rtvol.io import CaseFiles
    from rtvol.margins import Derived, TargetRecipe
    from rtvol.names.expressions import Region
    from rtvol.tables.rows import CaseResult, GoalRow, StructureRow
    from rtvol.verbs.bench import Bench

#: Doses of GTV and PTV that the outcome tables hand over; measured whatever else is asked for.
HANDED_OVER = ("D95%", "D98%", "D2%", "Mean")
#: Types of the planner's targets that rtvol's own stand in for.
REPLACED_KINDS = ("CTV", "PTV", "ITV")
GLOB_SIGNS = "*?["


@dataclass(frozen=True)
class StudyJob:
    """What a recipe asks of every case.

    Attributes
    ----------
    aliases
        Canonical names and their local spellings.
    expand
        Margins and organs; None when no targets are to be made.
    gtvs
        Names or patterns of the GTVs; empty for the regions of type GTV.
    dvh
        Structures, metrics, doses; None when no dose is asked about.
    goals
        Sets of goals.
    skip_missing
        Whether a case without an organ that is asked for goes on without it.
    with_curves
        Whether histograms are written.
    """

    aliases: tuple[Alias, ...] = ()
    expand: ExpandJob | None = None
    gtvs: tuple[str, ...] = ()
    dvh: DvhJob | None = None
    goals: tuple[GoalSet, ...] = ()
    skip_missing: bool = False
    with_curves: bool = False


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
    except UsageError as error:  # words of the recipe that this case gives no meaning to
        finding = error.finding
        raise CaseRejected(
            finding.code, where=finding.where, seen=finding.seen, mend=finding.mend
        ) from error


def _study(files: CaseFiles, job: StudyJob, draft: Path, stamp: Stamp) -> Studied:
    case = io.read_case(files)
    case = replace(case, structures=rename(case.structures, job.aliases))
    findings: list[Finding] = []
    targets, expand = None, job.expand
    if expand is not None:
        expand = _expand_for(case, expand, job, findings)
        targets, noticed = case_targets(case, expand)
        findings += noticed
        findings += write_targets(draft, case, targets, expand, stamp)
    else:
        findings += case.findings
    derived = targets.structures if targets else ()
    rows = [target_row(one) for one in derived]
    goals: tuple[GoalRow, ...] = ()
    prescribed = Prescribed(None, None)
    if job.dvh is not None:
        measured = _with_targets(case, derived, expand.recipe if expand else None, job.dvh.rois)
        bench = _bench(measured, job.dvh, findings, needed=targets is None)
        prescribed = _prescribed(case, job.dvh) if bench is None else bench.prescribed
        rows = _dosed(bench, measured, derived, rows, job)
        goals = _goals(bench, job.goals)
        findings += bench.findings if bench else ()
        findings += _other_prescription(case, prescribed)
    result = case_result(
        case.name,
        findings,
        structures=rows,
        cumulative_ptv_cc=targets.cumulative_ptv_cc if targets else None,
        sum_ptv_cc=targets.sum_ptv_cc if targets else None,
    )
    return Studied(replace(result, goals=goals), case.patient.patient_id, prescribed)


def _expand_for(case: Case, expand: ExpandJob, job: StudyJob, findings: list[Finding]) -> ExpandJob:
    """Return the job of this case: its GTVs by name, without organs it may do without."""
    structures = case.structures
    if job.gtvs:
        gtvs = match_rois(structures, job.gtvs)
    else:
        gtvs = tuple(roi for roi in structures.rois if roi.kind == "GTV" and not roi.is_empty)
        if not gtvs:
            raise CaseRejected(
                "roi-not-found",
                where="GTV",
                seen="no region of type GTV, and a recipe never guesses a target",
                mend='name it in the recipe: [targets.CTV] from = "..."',
            )
    recipe = _without_missing(case, expand.recipe, findings) if job.skip_missing else expand.recipe
    return replace(expand, gtvs=tuple(roi.name for roi in gtvs), recipe=recipe)


def _without_missing(case: Case, recipe: TargetRecipe, findings: list[Finding]) -> TargetRecipe:
    drawn = {roi.name.casefold() for roi in case.structures.rois if not roi.is_empty}
    missing = [name for name in recipe.organs if name.casefold() not in drawn]
    for name in missing:
        seen = f"the case has no {name}: nothing was cut or grown there"
        findings.append(Finding("roi-not-found", "warning", f'"{name}" of the recipe', seen))
    if not missing:
        return recipe
    return replace(
        recipe,
        avoid=tuple(clip for clip in recipe.avoid if clip.roi not in missing),
        barrier=tuple(clip for clip in recipe.barrier if clip.roi not in missing),
        inside=tuple(clip for clip in recipe.inside if clip.roi not in missing),
        prvs=tuple(prv for prv in recipe.prvs if prv.roi not in missing),
    )


def _with_targets(
    case: Case, derived: Sequence[Derived], recipe: TargetRecipe | None, named: Sequence[str]
) -> Case:
    """Put the targets made beside the structures drawn.

    CTV, PTV and ITV then mean the targets made; the planner's own are kept when they are named.
    What the policy does not call PTV keeps its name and loses its type.
    """
    if recipe is None:
        return case
    called = "ptv_clip" if recipe.policy == "modified_ptv" else "ptv"
    others = {"ptv", "ptv_clip"} - {called}
    own = [
        replace(one.roi, kind="") if one.role in others else one.roi
        for one in derived
        if one.role != "gtv"
    ]
    drawn = [
        roi for roi in case.structures.rois if roi.kind not in REPLACED_KINDS or roi.name in named
    ]
    return replace(case, structures=replace(case.structures, rois=(*drawn, *own)))


def _bench(case: Case, job: DvhJob, findings: list[Finding], *, needed: bool) -> Bench | None:
    """Return the case in its dose; None, with a warning, when it can do without one."""
    try:
        given = case_dose(case, job.doses, add=job.add, alpha_beta=job.alpha_beta)
    except CaseRejected as fault:
        if needed:
            raise
        findings.append(replace(fault.finding, severity="warning"))
        return None
    findings += given.findings
    return bench_of(case, given, job.sampling, job.terms)


def _dosed(
    bench: Bench | None,
    case: Case,
    derived: Sequence[Derived],
    rows: Sequence[StructureRow],
    job: StudyJob,
) -> list[StructureRow]:
    """Rows of the targets with their doses, then those of the other structures asked for."""
    words = job.dvh.metrics if job.dvh else ()
    metrics = dvh.parse_metrics((*words, *(HANDED_OVER if derived else ())))
    if bench is None:
        keys = [metric.text for metric in metrics]
        return [_undosed(row, dict.fromkeys(keys), "there is no dose to read") for row in rows]
    rois = {roi.name: roi for roi in case.structures.rois}
    found = []
    for one, row in zip(derived, rows, strict=True):
        region = region_of(case, rois[one.name])
        dosed = region_rows(bench, [region], metrics)[0]
        found.append(
            replace(
                row,
                metrics=dosed.metrics,
                notes={**dosed.notes, **row.notes},
                caps=dosed.caps,
                dose_interpolation=dosed.dose_interpolation,
                dose=dosed.dose,
                range=dosed.range,
                curve=dosed.curve,
            )
        )
    names = {one.name for one in derived}
    regions = _regions(case, job, names)
    others = region_rows(bench, regions, dvh.parse_metrics(words)) if regions else ()
    return [*found, *others]


def _undosed(row: StructureRow, metrics: Mapping[str, None], why: str) -> StructureRow:
    return replace(row, metrics=dict(metrics), notes={**row.notes, **dict.fromkeys(metrics, why)})


def _regions(case: Case, job: StudyJob, measured: set[str]) -> list[Region | tuple[str, Finding]]:
    """Regions the words of the recipe mean, without those that have a row already."""
    found: dict[str, Region | tuple[str, Finding]] = {}
    for word in job.dvh.rois if job.dvh else ():
        try:
            for region in _meant(case, word):
                if region.name not in measured:
                    found.setdefault(region.name, region)
        except CaseRejected as fault:
            if not job.skip_missing or fault.finding.code not in {"roi-not-found", "roi-empty"}:
                raise
            found[word] = (word, replace(fault.finding, severity="warning"))
    return list(found.values())


def _meant(case: Case, word: str) -> Sequence[Region]:
    if word in case.structures.names or not any(sign in word for sign in GLOB_SIGNS):
        return goal_regions(case, word, {})
    return [region_of(case, roi) for roi in match_rois(case.structures, [word])]


def _goals(bench: Bench | None, sets: Sequence[GoalSet]) -> tuple[GoalRow, ...]:
    if bench is None:
        return ()
    rows: dict[tuple[str, str, str], GoalRow] = {}
    for wanted in sets:
        terms = replace(bench.terms, goals=wanted)
        for row in goal_rows(replace(bench, terms=terms)):
            rows.setdefault((row.structure, row.goal, row.source), row)
    return tuple(rows.values())


def _prescribed(case: Case, job: DvhJob) -> Prescribed:
    """Return what is prescribed to a case without a dose: as the recipe says, else the plan."""
    terms, plan = job.terms, case.plan
    dose_gy, fractions = terms.prescription_gy, terms.fractions
    return Prescribed(
        plan.prescription_gy if dose_gy is None and plan else dose_gy,
        plan.fractions if fractions is None and plan else fractions,
        "RTPLAN" if dose_gy is None else "given",
        "RTPLAN" if fractions is None else "given",
    )


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
    return [Finding("prescription-differs", "warning", "RTPLAN", "; ".join(differs), mend)]
