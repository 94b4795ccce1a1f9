"""Regions as volumes and files: masks, coverage, structure sets."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from rtvol import io, solids
from rtvol.calls.nouns import TargetSet
from rtvol.calls.opened import CaseSource, PathText, read
from rtvol.errors import UsageError
from rtvol.margins import Derived
from rtvol.structures import Roi

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rtvol.calls.nouns import ReadCase
    from rtvol.geometry import Grid
    from rtvol.io.write import WrittenSet
    from rtvol.solids import PlaneStack
    from rtvol.volumes import Coverage, Image, Mask


def mask(
    region: str | Roi | Derived | PlaneStack,
    grid: Grid | None = None,
    *,
    case: CaseSource | None = None,
) -> Mask:
    """Return the voxels that a region covers by half or more; for export, not for volumes.

    Parameters
    ----------
    region
        A region, a target, or (with `case`) a name or a pattern.
    grid
        Voxels of the mask; by default those of the case's CT.
    case
        Where a name is looked up. It also tells which slices were not contoured: without it a gap
        in the contours is told from their own spacing.

    Returns
    -------
    Mask
        `.values` (k, j, i) bool, `.grid`, `.to_simpleitk()`.

    Raises
    ------
    UsageError
        `bad-call` for a name without a case, or no grid.
    CaseRejected
        `roi-not-found`, `roi-empty`.

    Examples
    --------
    >>> import rtvol
    >>> case = rtvol.read("sample_dicom/patient1")
    >>> rtvol.mask(case["GTV"], case.ct.grid)
    Mask(1403 of 47 x 96 x 128 voxels of 2.5 x 2 x 2 mm)
    """
    whole = None if case is None else read(case)
    if grid is None and whole is not None and whole.ct is not None:
        grid = whole.ct.grid
    if grid is None:
        raise UsageError(
            "bad-call", where="mask", seen="no grid", mend="give case.ct.grid, or case="
        )
    return solids.fill(_stack(region, whole), grid)


def slab_volume_cc(
    region: str | Roi | Derived | PlaneStack, *, case: CaseSource | None = None
) -> float:
    """Return the volume of a region's slabs in cc: exact polygon area times thickness.

    Parameters as of `mask`.

    Examples
    --------
    >>> import rtvol
    >>> round(rtvol.slab_volume_cc("GTV", case="sample_dicom/patient1"), 2)
    14.16
    """
    return solids.slab_volume_cc(_stack(region, None if case is None else read(case)))


def cover(
    region: str | Roi | Derived | PlaneStack, grid: Grid, *, case: CaseSource | None = None
) -> Coverage:
    """Return the fraction of each voxel's area that lies in a region; parameters as of `mask`."""
    return solids.cover(_stack(region, None if case is None else read(case)), grid)


def write_rtstruct(
    path: PathText,
    case: CaseSource,
    regions: TargetSet | Iterable[Roi | Derived],
    *,
    label: str = "rtvol",
    name: str = "",
    description: str = "",
    overwrite: bool = False,
    beside: PathText | None = None,
) -> WrittenSet:
    """Write regions as a new, unapproved structure set of the case's images.

    Parameters
    ----------
    path
        The file to make, in a folder that exists.
    case
        Whose patient and images it is of.
    regions
        Targets, or regions in the order to be written.
    label, name, description
        Of the structure set: 16, 64 and 1024 characters at most.
    overwrite
        Whether a file that is there already may be replaced.
    beside
        A structure set whose regions stay before the new ones, as stored: `case.source`. A region
        of its own name among `regions` is then left out.

    Raises
    ------
    CaseRejected
        As `rtvol.io.write_rtstruct`.
    OutputRefused
        `output-exists` or `output-unwritable`.
    """
    rois = [one.roi if isinstance(one, Derived) else one for one in regions]
    whole = read(case)
    if beside is not None:
        rois = [roi for roi in rois if roi.name not in whole.structures.names]
    said = str(regions.recipe) if isinstance(regions, TargetSet) else "regions written by rtvol"
    return io.write_rtstruct(
        Path(path),
        whole,
        rois,
        label=label,
        name=name or label,
        description=description or said,
        overwrite=overwrite,
        beside=None if beside is None else Path(beside),
    )


def write_nifti(
    path: PathText, volume: Mask | Image | Coverage, *, overwrite: bool = False
) -> None:
    """Write a mask, an image or a coverage as FILE.nii or FILE.nii.gz, in its place in the patient.

    Raises
    ------
    UsageError
        `bad-file-name`.
    GeometryError
        `irregular-planes`.
    OutputRefused
        `output-exists` or `output-unwritable`.
    """
    io.write_nifti(Path(path), volume, overwrite=overwrite)


def _stack(region: str | Roi | Derived | PlaneStack, case: ReadCase | None) -> PlaneStack:
    if isinstance(region, solids.PlaneStack):
        return region
    if isinstance(region, str):
        if case is None:
            mend = "give the region, case[NAME], or the case too: case=..."
            raise UsageError("bad-call", where=region, seen="a name without a case", mend=mend)
        region = case[region]
    roi = region.roi if isinstance(region, Derived) else region
    if not isinstance(roi, Roi):
        raise no_region(region)
    stack, _ = solids.stack_planes(roi, images_mm=None if case is None else case.planes_of(roi))
    return stack


def no_region(region: object) -> UsageError:
    """Return the error for what is no region."""
    return UsageError(
        "bad-call",
        where="region",
        seen=f"{type(region).__name__} where a region is meant",
        mend='give a name, case["Liver"], or targets["PTV"]',
    )


#: The name that `mask` has in the room of solids.
fill = mask
