"""One case from files to written targets: GTV -> CTV -> PTV -> RTSTRUCT, masks and rows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from rtvol import _kernels, codes, io, margins
from rtvol.errors import Finding, keep_noticed
from rtvol.names.find import choose_gtvs
from rtvol.names.tg263 import check_names
from rtvol.tables.rows import CaseResult
from rtvol.verbs.motion import Phases, internal_gtv, joined_note
from rtvol.verbs.organs_meant import organs_meant, rois_meant
from rtvol.verbs.output import case_output, discard
from rtvol.verbs.target_doses import Dosed, dose_targets
from rtvol.verbs.target_planes import target_planes
from rtvol.verbs.written import Writing, write_structure_files, written_rows

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from rtvol.case import Case
    from rtvol.io import CaseFiles
    from rtvol.margins import PatientTargets, TargetRecipe
    from rtvol.structures import Roi
    from rtvol.verbs.dose_volume import DvhJob
    from rtvol.verbs.motion import Internal
    from rtvol.verbs.written import Written


NO_PHASES = Phases({}, {})
#: Draws a page of a case into a folder: the case, its result, its targets if any were made, and
#: which dose.
PageMaker = Callable[
    ["Path", "Case", CaseResult, "PatientTargets | None", "DvhJob | None"], "tuple[Finding, ...]"
]


@dataclass(frozen=True)
class ExpandJob:
    """What to do with every case of a run.

    Attributes
    ----------
    recipe
        Margins and organs.
    gtvs
        Names of the gross tumour volumes; empty for those the file itself calls GTV.
    itv
        Names or patterns of the GTVs of several phases, which are joined into one lesion.
    phases
        Which structure sets hold such GTVs of one patient.
    folders
        Output folder of each case by the case's name; None when nothing is to be written.
    write
        Which files to write.
    label
        StructureSetLabel; empty for one that names the margins.
    into
        Whether the structure set holds GTVs and targets alone, or all ROIs of its source too.
    threads
        Organs of a case grown at a time.
    skip_missing
        Whether a case without an organ that is asked for goes on without it.
    dvh
        Doses of the targets and of the organs of the recipe; None for none.
    needs_dose
        Whether doses were asked for in so many words: a case without any then says so.
    page
        What draws the page of a case beside its files; None for no page.
    """

    recipe: TargetRecipe
    gtvs: tuple[str, ...] = ()
    itv: tuple[str, ...] = ()
    phases: Phases = NO_PHASES
    folders: Mapping[str, Path] | None = None
    write: tuple[Written, ...] = ("rtstruct",)
    label: str = ""
    into: Literal["new", "same"] = "new"
    threads: int = 1
    skip_missing: bool = False
    dvh: DvhJob | None = None
    needs_dose: bool = False
    page: PageMaker | None = None


def expand_case(files: CaseFiles, job: ExpandJob) -> CaseResult:
    """Read a case, build its targets, write them, and return one row per structure.

    Raises
    ------
    CaseRejected
        The case gets no number, and nothing of it is left in its output folder.
    OutputRefused
        The output cannot be written.
    """
    if job.folders is not None:
        discard(job.folders[files.name])
    _kernels.load()
    main = job.phases.joined.get(files.name)
    case = io.read_case(files)
    if main is not None:
        return CaseResult.of(case.name, (*case.findings, joined_note(main)), structures=())
    with keep_noticed(case.findings):
        return expand_read(case, job)[0]


def expand_read(case: Case, job: ExpandJob) -> tuple[CaseResult, PatientTargets]:
    """Do the same for a case that is read already, and return the targets themselves too."""
    targets, findings = case_targets(case, job)
    how = writing_of(job)
    dosed = Dosed(tuple(written_rows(targets.structures, case, how)), (), ())
    if job.dvh is not None and (case.doses or job.needs_dose):
        asked = replace(job.dvh, rois=job.recipe.organs)
        dosed = dose_targets(case, targets, dosed.rows, asked, job.recipe.policy)

    def result(written: Sequence[Finding] = ()) -> CaseResult:
        return CaseResult.of(
            case.name,
            (*findings, *written, *dosed.findings),
            structures=dosed.rows,
            goals=dosed.goals,
            cumulative_ptv_cc=targets.cumulative_ptv_cc,
            sum_ptv_cc=targets.sum_ptv_cc,
            unused=case.unused,
        )

    if job.folders is None or not (job.write or job.page):
        return result(), targets
    with case_output(job.folders[case.name]) as draft:
        written = list(write_structure_files(draft, case, targets.structures, how))
        if job.page is not None:
            written += job.page(draft, case, result(written), targets, job.dvh)
    return result(written), targets


def case_targets(case: Case, job: ExpandJob) -> tuple[PatientTargets, tuple[Finding, ...]]:
    """Build the targets of a case on the planes of its CT; with all findings so far.

    Raises
    ------
    CaseRejected
        `roi-not-found`, `roi-ambiguous` or `roi-empty` for a GTV or an organ.
    """
    gtvs, internal, seen = _gtvs(case, job)
    recipe, organs, missing = organs_meant(case, job.recipe, skip_missing=job.skip_missing)
    planes, findings = target_planes(case, gtvs, organs.values())
    targets = margins.build_targets(
        gtvs,
        organs,
        recipe,
        planes_mm=planes,
        taken_names=case.structures.names,
        threads=job.threads,
        keep_levels=job.page is not None,
    )
    named = _names_said([one.name for one in targets.structures if one.role != "gtv"], recipe, job)
    if internal is not None:
        targets = _moving(targets, internal)
    return targets, (*missing, *case.findings, *seen, *findings, *targets.findings, *named)


def _gtvs(
    case: Case, job: ExpandJob
) -> tuple[tuple[Roi, ...], Internal | None, tuple[Finding, ...]]:
    """Return what is grown: regions as drawn, an expression made one, or the GTV of all phases."""
    if job.itv:
        partners = [io.read_case(files) for files in job.phases.partners.get(case.name, ())]
        internal = internal_gtv(case, job.itv, partners)
        return (internal.roi,), internal, internal.findings
    if not job.gtvs:
        return choose_gtvs(case.structures, ()), None, ()
    gtvs, findings = rois_meant(case, job.gtvs, name="GTV")
    return gtvs, None, findings


def _moving(targets: PatientTargets, internal: Internal) -> PatientTargets:
    """Say at the GTV of all phases how far it moves."""
    lesions = tuple(
        replace(
            one,
            gtv=replace(
                one.gtv,
                motion_mm=internal.motion_mm,
                notes={**one.gtv.notes, "motion": internal.note},
            ),
        )
        for one in targets.lesions
    )
    return replace(targets, lesions=lesions)


def _names_said(names: Sequence[str], recipe: TargetRecipe, job: ExpandJob) -> Iterator[Finding]:
    """Say which names break TG-263, and how: those asked for, else, as notes, those written."""
    written = names if recipe.names else io.dicom_names(names)
    say = codes.NAME_NOT_TG263.warn if recipe.names else codes.NAME_NOT_TG263.note
    for checked in check_names(written) if recipe.names or "rtstruct" in job.write else ():
        if checked.faults:
            yield say(where=f'"{checked.name}"', seen="; ".join(checked.faults))


def writing_of(job: ExpandJob) -> Writing:
    """Return what is written of the targets of a job, and what the set is called."""
    recipe = job.recipe
    return Writing(
        job.write,
        job.label or f"rtvol CTV{recipe.ctv.largest_mm:g} PTV{recipe.ptv.largest_mm:g}",
        f"rtvol {recipe}",
        str(recipe),
        job.into,
    )
