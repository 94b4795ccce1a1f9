"""Masks, images, coverage and distance maps as NIfTI, through SimpleITK."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from rtvol.errors import GeometryError, OutputRefused, UsageError
from rtvol.files import new_file
from rtvol.volumes import Coverage, Image, Mask

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from rtvol.geometry import Grid

    Volume = Mask | Image | Coverage


def to_simpleitk(volume: Volume, *, thickness_mm: float | None = None) -> Any:
    """Hand a volume to SimpleITK, in its place in the patient.

    Parameters
    ----------
    volume
        Voxels (K, J, I): a mask becomes 0 and 1 of 8 bits, all others stay 32-bit floats (HU,
        fractions 0..1, mm).
    thickness_mm
        Distance of planes for a grid of one plane, in mm; not used otherwise.

    Returns
    -------
    SimpleITK.Image
        Origin, spacing and direction cosines in patient LPS mm, as ITK has them.

    Raises
    ------
    GeometryError
        `irregular-planes` when the planes are not equally far apart, or when there is one plane
        and no thickness.
    """
    import SimpleITK as sitk

    spacing_mm = _plane_spacing_mm(volume.grid, thickness_mm)
    image: Any = sitk.GetImageFromArray(_values(volume))
    image.SetOrigin(volume.grid.origin_mm)
    image.SetSpacing((volume.grid.spacing_mm[1], volume.grid.spacing_mm[0], spacing_mm))
    image.SetDirection(_direction(volume.grid).ravel().tolist())
    return image


def write_nifti(
    path: Path, volume: Volume, *, overwrite: bool = False, thickness_mm: float | None = None
) -> None:
    """Write a volume as NIfTI, all or nothing; masks and images of one grid share their affine.

    Parameters
    ----------
    path
        The file to make, ending in .nii or .nii.gz, in a folder that exists.
    volume, thickness_mm
        See `to_simpleitk`.
    overwrite
        Whether a file that is there already may be replaced.

    Raises
    ------
    UsageError
        `bad-file-name` when the ending is another.
    GeometryError
        `irregular-planes`; see `to_simpleitk`.
    OutputRefused
        `output-exists` or `output-unwritable`.
    """
    if not path.name.endswith((".nii", ".nii.gz")):
        raise UsageError(
            "bad-file-name",
            where=path.name,
            seen="a NIfTI file whose name ends otherwise",
            mend="end the name in .nii or .nii.gz",
        )
    image = to_simpleitk(volume, thickness_mm=thickness_mm)
    import SimpleITK as sitk

    with new_file(path, overwrite=overwrite) as temporary:
        try:
            sitk.WriteImage(image, str(temporary))
        except RuntimeError as error:  # all that ITK says of a disk that is full
            raise OutputRefused(
                "output-unwritable",
                where=path.name,
                seen=f"{path.name} cannot be written",
                mend="check that the output folder exists, is yours to write, and has space",
            ) from error


def _values(volume: Volume) -> NDArray[np.uint8] | NDArray[np.float32]:
    if isinstance(volume, Mask):
        return volume.values.astype(np.uint8)
    return volume.values


def _plane_spacing_mm(grid: Grid, thickness_mm: float | None) -> float:
    """Distance of planes in mm, by the outermost two, so that both ends lie exactly right."""
    if not grid.is_uniform:
        steps = np.diff(grid.offsets_mm)
        raise GeometryError(
            "irregular-planes",
            seen=f"planes {steps.min():.3f} to {steps.max():.3f} mm apart",
            mend="NIfTI holds equal steps only: resample first, or use the contours",
        )
    if grid.offsets_mm.size > 1:
        return float(grid.offsets_mm[-1] - grid.offsets_mm[0]) / (grid.offsets_mm.size - 1)
    if thickness_mm is None:
        raise GeometryError(
            "irregular-planes",
            seen="a single plane, whose thickness is not known",
            mend="give its thickness (thickness_mm)",
        )
    return thickness_mm


def _direction(grid: Grid) -> NDArray[np.float64]:
    """Columns: unit vectors of i, j, k; the rotation nearest to the stored, rounded cosines.

    ITK refuses to read NIfTI whose directions are not orthonormal to about 1e-6.
    """
    left, _, right = np.linalg.svd(np.array([grid.row, grid.column, grid.normal]).T)
    rotation: NDArray[np.float64] = left @ right
    return rotation
