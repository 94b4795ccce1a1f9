"""One case from files to written targets: GTV -> CTV -> PTV -> RTSTRUCT, masks and rows."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from rtvol import _kernels, codes, io, margins, solids
from rtvol.errors import Finding, GeometryError, keep_noticed
from rtvol.files import slugs, unwritable
from rtvol.names.find import choose_gtvs
from rtvol.names.tg263 import check_names
from rtvol.tables.rows import CaseResult, StructureRow, TargetPart, VolumePart
from rtvol.verbs.organs_meant import organs_meant
from rtvol.verbs.output import MASKS_NAME, RTSTRUCT_NAME, case_output, discard
from rtvol.verbs.target_doses import Dosed, dose_targets
from rtvol.verbs.target_planes import target_planes

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime
    from pathlib import Path

    from rtvol.case import Case
    from rtvol.io import CaseFiles
    from rtvol.margins import Achieved, Derived, PatientTargets, TargetRecipe
    from rtvol.structures import Roi
    from rtvol.verbs.dose_volume import DvhJob

Written = Literal["rtstruct", "nifti"]

MASK_ENDING = ".nii.gz"


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
    folders: Mapping[str, Path] | None = None
    write: tuple[Written, ...] = ("rtstruct",)
    label: str = ""
    into: Literal["new", "same"] = "new"
    threads: int = 1
    skip_missing: bool = False
    dvh: DvhJob | None = None
    needs_dose: bool = False
    page: PageMaker | None = None


@dataclass(frozen=True)
class Stamp:
    """What makes a written structure set the same, byte for byte, each time it is written.

    Attributes
    ----------
    now
        Date and time in it.
    uid_seed
        Texts its UIDs are computed from.
    """

    now: datetime
    uid_seed: tuple[str, ...]


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
    case = io.read_case(files)
    with keep_noticed(case.findings):
        return expand_read(case, job)[0]


def expand_read(case: Case, job: ExpandJob) -> tuple[CaseResult, PatientTargets]:
    """Do the same for a case that is read already, and return the targets themselves too."""
    targets, findings = case_targets(case, job)
    dosed = Dosed(tuple(target_rows(targets, job, kept_names(case, job))), (), ())
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
        written = list(write_targets(draft, case, targets, job))
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
    gtvs = choose_gtvs(case.structures, job.gtvs)
    recipe, organs, missing = organs_meant(
        case.structures, job.recipe, skip_missing=job.skip_missing
    )
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
    return targets, (*missing, *case.findings, *findings, *targets.findings, *named)


def _names_said(names: Sequence[str], recipe: TargetRecipe, job: ExpandJob) -> Iterator[Finding]:
    """Say which names break TG-263, and how: those asked for, else, as notes, those written."""
    written = names if recipe.names else io.dicom_names(names)
    say = codes.NAME_NOT_TG263.warn if recipe.names else codes.NAME_NOT_TG263.note
    for checked in check_names(written) if recipe.names or "rtstruct" in job.write else ():
        if checked.faults:
            yield say(where=f'"{checked.name}"', seen="; ".join(checked.faults))


def write_targets(
    draft: Path, case: Case, targets: PatientTargets, job: ExpandJob, stamp: Stamp | None = None
) -> Iterator[Finding]:
    """Write the files a job asks for into a folder; yields what was noticed.

    Raises
    ------
    CaseRejected, OutputRefused
        As `rtvol.io.write_rtstruct`.
    """
    structures = targets.structures
    recipe = job.recipe
    if "rtstruct" in job.write:
        written = io.write_rtstruct(
            draft / RTSTRUCT_NAME,
            case,
            [one.roi for one in structures if one.name not in kept_names(case, job)],
            label=job.label or f"rtvol CTV{recipe.ctv.largest_mm:g} PTV{recipe.ptv.largest_mm:g}",
            name=f"rtvol {recipe}",
            description=f"{recipe}; source {case.structures.sop_uid}",
            now=stamp.now if stamp else None,
            uid_seed=stamp.uid_seed if stamp else None,
            beside=case.source if job.into == "same" else None,
        )
        yield from written.findings
    if "nifti" in job.write:
        try:
            _write_masks(draft / MASKS_NAME, [derived.roi for derived in structures], case)
        except GeometryError as error:
            shutil.rmtree(draft / MASKS_NAME)
            seen = error.finding.seen
            yield codes.MASKS_NOT_WRITTEN.warn(where="masks on the CT grid", seen=seen)


def _write_masks(folder: Path, rois: Sequence[Roi], case: Case) -> None:
    """Write one NIfTI mask per region on the CT grid; GeometryError where it cannot hold them."""
    try:
        folder.mkdir()
    except OSError as error:
        raise unwritable(folder, error) from error
    if case.ct is None:
        raise GeometryError("no-ct", seen="the case has no CT")
    grid = case.ct.grid
    for roi, name in zip(rois, slugs([roi.name for roi in rois]), strict=True):
        stack, _ = solids.stack_planes(roi, images_mm=case.planes_of(roi))
        io.write_nifti(folder / f"{name}{MASK_ENDING}", solids.fill(stack, grid))


def kept_names(case: Case, job: ExpandJob) -> tuple[str, ...]:
    """Names of the ROIs of the source that stay in the structure set written."""
    return case.structures.names if job.into == "same" else ()


def target_rows(
    targets: PatientTargets, job: ExpandJob, kept: Sequence[str] = ()
) -> list[StructureRow]:
    """Return the rows of all targets, each with what it is called in what a job writes.

    `kept` are the names of the source's ROIs, where these are in what is written.
    """
    every = [derived.name for derived in targets.structures]
    own = [derived for derived in targets.structures if derived.name not in kept]
    drawn = [derived.name for derived in own if derived.roi.contours]
    written = (
        dict(zip(drawn, io.dicom_names(drawn, kept), strict=True))
        | {name: name for name in every if name in kept}
        if "rtstruct" in job.write
        else {}
    )
    masks_of = dict(zip(every, slugs(every), strict=True)) if "nifti" in job.write else {}
    return [
        replace(
            target_row(derived),
            written_name=written.get(derived.name, ""),
            mask_name=f"{masks_of[derived.name]}{MASK_ENDING}" if derived.name in masks_of else "",
        )
        for derived in targets.structures
    ]


def target_row(derived: Derived) -> StructureRow:
    """Return the row of a target: volumes, margins achieved, what organs took."""
    reached = derived.achieved
    return StructureRow(
        name=derived.name,
        role=derived.role,
        lesion=derived.lesion,
        volume=VolumePart(
            derived.volume_cc,
            derived.solid,
            derived.planes,
            derived.written_volume_cc,
            derived.range_cc,
        ),
        target=TargetPart(_statistics(reached) if reached else {}, derived.clips),
        notes=dict(derived.notes),
    )


def _statistics(reached: Achieved) -> dict[str, float]:
    """Return min, mean, p95 and max of the margin, then the same towards each direction, mm."""
    spreads = {"": reached.whole, **{f"{way}_": at for way, at in reached.toward.items()}}
    return {
        f"{prefix}{name}": getattr(spread, f"{name}_mm")
        for prefix, spread in spreads.items()
        for name in ("min", "mean", "p95", "max")
    }
