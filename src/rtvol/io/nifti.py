"""Masks, images, coverage, doses and distance maps as NIfTI or NRRD, through SimpleITK."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rtvol.errors import OutputRefused, UsageError
from rtvol.files import new_file

if TYPE_CHECKING:
    from pathlib import Path

    from rtvol.volumes import Coverage, Dose, Image, Mask

    Volume = Mask | Image | Coverage | Dose


def write_nifti(
    path: Path, volume: Volume, *, overwrite: bool = False, thickness_mm: float | None = None
) -> None:
    """Write a volume as NIfTI, all or nothing; masks and images of one grid share their affine.

    Parameters
    ----------
    path
        The file to make, ending in .nii or .nii.gz, in a folder that exists.
    volume, thickness_mm
        See `rtvol.volumes.itk_image`.
    overwrite
        Whether a file that is there already may be replaced.

    Raises
    ------
    UsageError
        `bad-file-name` when the ending is another.
    GeometryError
        `irregular-planes`; see `rtvol.volumes.itk_image`.
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
    write_itk(path, volume, overwrite=overwrite, thickness_mm=thickness_mm)


def write_itk(
    path: Path, volume: Volume, *, overwrite: bool = False, thickness_mm: float | None = None
) -> None:
    """Write a volume in the format its name ends in: .nii, .nii.gz, .nrrd (compressed), .mha.

    NRRD and MetaImage say LPS; NIfTI has RAS, as the format asks. Parameters and errors are those
    of `write_nifti`.
    """
    image = volume.to_simpleitk(thickness_mm=thickness_mm)
    import SimpleITK as sitk

    with new_file(path, overwrite=overwrite) as temporary:
        try:
            sitk.WriteImage(image, str(temporary), useCompression=path.suffix != ".nii")
        except RuntimeError as error:  # all that ITK says of a disk that is full
            raise OutputRefused(
                "output-unwritable",
                where=path.name,
                seen=f"{path.name} cannot be written",
                mend="check that the output folder exists, is yours to write, and has space",
            ) from error
