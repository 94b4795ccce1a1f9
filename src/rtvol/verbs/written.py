"""Structures that were made -> the files of a case, and their rows."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from rtvol import codes, io, solids
from rtvol.errors import Finding, GeometryError
from rtvol.files import slugs, unwritable
from rtvol.tables.rows import StructureRow, TargetPart, VolumePart
from rtvol.verbs.certificate import certify
from rtvol.verbs.output import MASKS_NAME, RTSTRUCT_NAME

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import datetime
    from pathlib import Path

    from rtvol.case import Case
    from rtvol.margins import Achieved, Derived
    from rtvol.structures import Roi

Written = Literal["rtstruct", "nifti"]

MASK_ENDING = ".nii.gz"


@dataclass(frozen=True)
class Writing:
    """What is written of the structures of a case, and what the set is called.

    Attributes
    ----------
    write
        Which files to write.
    label, name, description
        StructureSetLabel, StructureSetName and StructureSetDescription.
    into
        Whether the structure set holds what was made alone, or all ROIs of its source too.
    """

    write: tuple[Written, ...] = ("rtstruct",)
    label: str = ""
    name: str = ""
    description: str = ""
    into: Literal["new", "same"] = "new"

    def kept(self, case: Case) -> tuple[str, ...]:
        """Names of the ROIs of the source that stay in the structure set written."""
        return case.structures.names if self.into == "same" else ()


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


def with_rois(case: Case, rois: Iterable[Roi]) -> Case:
    """Put structures that were made beside those of a case."""
    return replace(case, structures=replace(case.structures, rois=(*case.structures.rois, *rois)))


def write_structure_files(
    draft: Path,
    case: Case,
    structures: Sequence[Derived],
    how: Writing,
    stamp: Stamp | None = None,
) -> Iterator[Finding]:
    """Write the files asked for into a folder; yields what was noticed.

    Raises
    ------
    CaseRejected, OutputRefused
        As `rtvol.io.write_rtstruct`.
    """
    kept = how.kept(case)
    if "rtstruct" in how.write:
        made = [one.roi for one in structures if one.name not in kept]
        is_stored = how.into == "same" and case.structures.form == "RTSTRUCT"
        # what stays of a segmentation is no item to take over: its outlines are written
        segments = [] if is_stored or how.into == "new" else case.structures.rois
        written = io.write_rtstruct(
            draft / RTSTRUCT_NAME,
            case,
            [*(roi for roi in segments if roi.contours), *made],
            label=how.label,
            name=how.name,
            description=f"{how.description}; source {case.structures.sop_uid}",
            now=stamp.now if stamp else None,
            uid_seed=stamp.uid_seed if stamp else None,
            beside=case.source if is_stored else None,
        )
        yield from written.findings
        stored = case.source if is_stored else None
        yield from certify(draft / RTSTRUCT_NAME, case, structures, written, stored=stored)
    if "nifti" in how.write:
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


def written_rows(structures: Sequence[Derived], case: Case, how: Writing) -> list[StructureRow]:
    """Return the rows of structures, each with what it is called in what is written."""
    every = [derived.name for derived in structures]
    written = _written_names(structures, case, how) if "rtstruct" in how.write else {}
    masks_of = dict(zip(every, slugs(every), strict=True)) if "nifti" in how.write else {}
    return [
        replace(
            structure_row(derived),
            written_name=written.get(derived.name, ""),
            mask_name=f"{masks_of[derived.name]}{MASK_ENDING}" if derived.name in masks_of else "",
        )
        for derived in structures
    ]


def _written_names(structures: Sequence[Derived], case: Case, how: Writing) -> dict[str, str]:
    """Return what structures are called in the set: ROIs that stay as stored keep their names."""
    kept = how.kept(case)
    drawn = [one.name for one in structures if one.roi.contours and one.name not in kept]
    if kept and case.structures.form != "RTSTRUCT":
        names = [*(roi.name for roi in case.structures.rois if roi.contours), *drawn]
        return dict(zip(names, io.dicom_names(names), strict=True))
    return {name: name for name in kept} | dict(
        zip(drawn, io.dicom_names(drawn, kept), strict=True)
    )


def structure_row(derived: Derived) -> StructureRow:
    """Return the row of a structure that was made: volumes, margins achieved, what organs took."""
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
        target=TargetPart(
            _statistics(reached) if reached else {}, derived.clips, derived.motion_mm
        ),
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
