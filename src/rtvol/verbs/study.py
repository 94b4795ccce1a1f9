"""One case as a recipe has it: names, targets, doses of targets and organs, goals, files."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from rtvol import _kernels, codes, dvh, io
from rtvol.errors import CaseRejected, Finding, UsageError
from rtvol.names.aliases import Alias, rename
from rtvol.names.definitions import named_words
from rtvol.names.find import match_rois, typed_targets
from rtvol.names.plain import is_expression
from rtvol.names.regions import region_of
from rtvol.tables.rows import CaseResult
from rtvol.verbs.derive import case_structures
from rtvol.verbs.dose_volume import DvhJob, region_rows
from rtvol.verbs.expand import ExpandJob, PageMaker, case_targets, writing_of
from rtvol.verbs.judge import goal_rows
from rtvol.verbs.region_rows import NOTHING, chosen_regions
from rtvol.verbs.target_doses import (
    dosed_bench,
    target_dose_rows,
    target_regions,
    undosed,
    with_targets,
)
from rtvol.verbs.terms import Prescribed, prescribed_of
from rtvol.verbs.written import with_rois, write_structure_files, written_rows

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from rtvol.case import Case
    from rtvol.io import CaseFiles
    from rtvol.margins import Derived, PatientTargets
    from rtvol.margins.recipe import Policy
    from rtvol.names.regions import Region
    from rtvol.tables.rows import GoalRow, StructureRow
    from rtvol.verbs.bench import Bench
    from rtvol.verbs.derive import DeriveJob
    from rtvol.verbs.written import Stamp, Writing

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
    derive
        Structures defined by expressions; None for none. They may use the targets made.
    dvh
        Structures, metrics, doses, goals; None when no dose is asked about.
    with_curves
        Whether histograms are written.
    page
        What draws the page of a case; None for no page.
    """

    aliases: tuple[Alias, ...] = ()
    expand: ExpandJob | None = None
    derive: DeriveJob | None = None
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
    made, findings = _made(case, job)
    how = made.writing
    if how is not None and made.drawn:
        findings += tuple(write_structure_files(draft, case, made.drawn, how, stamp))
    rows = written_rows(made.structures, case, how) if how else []
    goals: tuple[GoalRow, ...] = ()
    prescribed = Prescribed(None, None)
    if job.dvh is not None:
        measured = made.beside(case, kept=job.dvh.rois)
        bench, noticed = dosed_bench(measured, job.dvh, needed=not made.structures)
        findings += noticed
        prescribed = bench.prescribed if bench else prescribed_of(case, job.dvh.terms, None)
        if bench is None:
            keys = [metric.text for metric in _target_metrics(job.dvh, rows)]
            rows = [undosed(row, job.dvh, keys) for row in rows]
        else:
            rows, noticed = _dosed(bench, list(zip(rows, made.regions(measured), strict=True)), job)
            findings += noticed
            goals, noticed = goal_rows(bench)
            findings += noticed
        findings = (*findings, *_other_prescription(case, prescribed))
    targets = made.targets
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
        shown = with_rois(case, [one.roi for one in made.derived if one.roi.contours])
        result = result.noticing(job.page(draft, shown, result, targets, job.dvh))
    return Studied(result, case.patient.patient_id, prescribed)


@dataclass(frozen=True)
class Made:
    """What a recipe makes of a case: targets, then structures that are defined by expressions.

    Attributes
    ----------
    targets
        None where none are asked for.
    derived
        Without contours where nothing is left.
    writing
        What is written of them; None for nothing.
    policy
        Which target is called PTV.
    """

    targets: PatientTargets | None
    derived: tuple[Derived, ...]
    writing: Writing | None
    policy: Policy = "icru"

    @property
    def structures(self) -> tuple[Derived, ...]:
        """All of them, targets first."""
        return (*(self.targets.structures if self.targets else ()), *self.derived)

    @property
    def drawn(self) -> tuple[Derived, ...]:
        """Those that can be written: nothing is left of the others."""
        return tuple(one for one in self.structures if one.roi.contours)

    def beside(self, case: Case, kept: Sequence[str] = ()) -> Case:
        """Put what was made beside what was drawn; the planner's targets stay where `kept`."""
        if self.targets is not None:
            case = with_targets(case, self.targets, self.policy, kept=kept)
        return with_rois(case, [one.roi for one in self.derived if one.roi.contours])

    def regions(self, measured: Case) -> list[Region | None]:
        """Return each structure as the case has it; None for one that is nothing."""
        own = target_regions(self.targets, measured) if self.targets else []
        return [*own, *(region_of(one.roi) if one.roi.contours else None for one in self.derived)]


def _made(case: Case, job: StudyJob) -> tuple[Made, tuple[Finding, ...]]:
    """Make the targets and the derived structures of a case; with all findings so far."""
    made, findings = Made(None, (), None), case.findings
    if job.expand is not None:
        expand = replace(_expand_for(case, job.expand), page=job.page)
        targets, findings = case_targets(case, expand)
        made = Made(targets, (), writing_of(expand), expand.recipe.policy)
    if job.derive is not None:
        whole = made.beside(case, kept=named_words(job.derive.definitions))
        derived, noticed = case_structures(whole, job.derive)
        writing = made.writing or job.derive.writing
        made, findings = replace(made, derived=derived, writing=writing), (*findings, *noticed)
    return made, findings


def _expand_for(case: Case, expand: ExpandJob) -> ExpandJob:
    """Return the job with the GTVs of this case."""
    structures = case.structures
    if expand.itv or any(is_expression(text) for text in expand.gtvs):
        return expand
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
    bench: Bench, made: Sequence[tuple[StructureRow, Region | None]], study: StudyJob
) -> tuple[list[StructureRow], tuple[Finding, ...]]:
    """Rows of what was made with their doses, then those of the other structures asked for.

    Where there are targets, what is asked for beside them may be missing as a whole.
    """
    job = study.dvh or DvhJob()
    metrics = _target_metrics(job, [row for row, _ in made])
    there = [(row, region) for row, region in made if region is not None]
    rows, findings = target_dose_rows(bench, there, job, metrics)
    keys = [metric.text for metric in metrics]
    rows += [undosed(row, job, keys, NOTHING) for row, region in made if region is None]
    if not job.rois:
        return rows, findings
    structures, needed = bench.case.structures, not made
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
