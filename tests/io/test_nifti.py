"""NIfTI: every voxel where the Grid says, masks and images alike."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
import SimpleITK as sitk

from rtvol.errors import GeometryError, OutputRefused, UsageError
from rtvol.geometry import Grid
from rtvol.io.nifti import write_nifti
from rtvol.volumes import Coverage, Image, Mask

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

C, S = np.cos(np.radians(10)), np.sin(np.radians(10))
ORIENTATIONS: dict[str, tuple[tuple[float, float, float], tuple[float, float, float]]] = {
    "HFS": ((1, 0, 0), (0, 1, 0)),
    "HFP": ((-1, 0, 0), (0, -1, 0)),
    "HFDR": ((0, 1, 0), (-1, 0, 0)),
    "FFS": ((-1, 0, 0), (0, 1, 0)),
    "sagittal": ((0, 1, 0), (0, 0, -1)),
    "turned": ((C, S, 0), (-S, C, 0)),
}


def make_grid(
    name: str = "HFS", offsets_mm: tuple[float, ...] = (0, 2.5, 5, 7.5), digits: int = 16
) -> Grid:
    row, column = (
        (round(v[0], digits), round(v[1], digits), round(v[2], digits)) for v in ORIENTATIONS[name]
    )
    return Grid((-12.3, 45.6, -78.9), row, column, (1.25, 0.75), np.array(offsets_mm), (5, 6))


def ball(grid: Grid) -> NDArray[np.bool_]:
    k, j, i = np.indices(grid.shape)
    return (k - 1) ** 2 + (j - 2) ** 2 + (i - 4) ** 2 <= 3


def place(grid: Grid, k: int, j: int, i: int) -> NDArray[np.float64]:
    """PS3.3 C.7.6.2.1.1, with the plane's own position."""
    row, column = np.array(grid.row), np.array(grid.column)
    return (
        np.array(grid.origin_mm)
        + i * grid.spacing_mm[1] * row
        + j * grid.spacing_mm[0] * column
        + grid.offsets_mm[k] * np.cross(row, column)
    )


@pytest.mark.parametrize("orientation", list(ORIENTATIONS))
def test_mask_reads_back_in_its_place(tmp_path: Path, orientation: str) -> None:
    grid = make_grid(orientation)
    mask = Mask(ball(grid), grid)
    write_nifti(tmp_path / "m.nii.gz", mask)
    image = sitk.ReadImage(str(tmp_path / "m.nii.gz"))
    assert image.GetPixelID() == sitk.sitkUInt8
    np.testing.assert_array_equal(sitk.GetArrayFromImage(image), ball(grid))
    for kji in [(0, 0, 0), (3, 4, 5), (1, 2, 4)]:
        found = image.TransformIndexToPhysicalPoint(kji[::-1])
        np.testing.assert_allclose(found, place(grid, *kji), rtol=0, atol=1e-4)


def test_mask_and_image_share_their_affine_and_values_stay(tmp_path: Path) -> None:
    grid = make_grid("HFP")
    values = np.random.default_rng(1).normal(0, 500, grid.shape).astype(np.float32)
    volumes = {
        "image": Image(values.copy(), grid),
        "coverage": Coverage(values.copy(), grid),
        "mask": Mask(values > 0, grid),
    }
    read = {}
    for name, volume in volumes.items():
        write_nifti(tmp_path / f"{name}.nii", volume)
        read[name] = sitk.ReadImage(str(tmp_path / f"{name}.nii"))
    for name, image in read.items():
        assert image.GetOrigin() == read["mask"].GetOrigin()
        assert image.GetSpacing() == read["mask"].GetSpacing()
        assert image.GetDirection() == read["mask"].GetDirection()
        expected = values > 0 if name == "mask" else values
        np.testing.assert_array_equal(sitk.GetArrayFromImage(image), expected)


def test_rounded_cosines_are_readable(tmp_path: Path) -> None:
    grid = make_grid("turned", digits=4)
    write_nifti(tmp_path / "m.nii", Mask(ball(grid), grid))
    image = sitk.ReadImage(str(tmp_path / "m.nii"))
    found = image.TransformIndexToPhysicalPoint((5, 4, 3))
    np.testing.assert_allclose(found, place(grid, 3, 4, 5), rtol=0, atol=2e-3)


def test_rounded_positions_do_not_add_up() -> None:
    offsets_mm = np.round(np.arange(200) * 1.0032, 3)  # steps of 1.003 and 1.004
    grid = Grid((0, 0, 0), (1, 0, 0), (0, 1, 0), (1, 1), offsets_mm, (1, 1))
    image = Mask(np.ones(grid.shape, bool), grid).to_simpleitk()
    last = image.TransformIndexToPhysicalPoint((0, 0, 199))
    assert last[2] == pytest.approx(199 * 1.0032, abs=6e-4)


def test_irregular_planes_are_refused(tmp_path: Path) -> None:
    grid = make_grid(offsets_mm=(0, 2.5, 5, 10))
    with pytest.raises(GeometryError, match="irregular-planes"):
        write_nifti(tmp_path / "m.nii", Mask(ball(grid), grid))
    assert list(tmp_path.iterdir()) == []


def test_a_single_plane_needs_its_thickness() -> None:
    grid = make_grid(offsets_mm=(0,))
    mask = Mask(ball(grid), grid)
    with pytest.raises(GeometryError, match="irregular-planes"):
        mask.to_simpleitk()
    assert mask.to_simpleitk(thickness_mm=4.0).GetSpacing() == (0.75, 1.25, 4.0)


def test_existing_files_other_endings_and_bad_folders(tmp_path: Path) -> None:
    grid = make_grid()
    mask = Mask(ball(grid), grid)
    (tmp_path / "m.nii").write_text("precious")
    with pytest.raises(OutputRefused, match="output-exists"):
        write_nifti(tmp_path / "m.nii", mask)
    assert (tmp_path / "m.nii").read_text() == "precious"
    write_nifti(tmp_path / "m.nii", mask, overwrite=True)
    assert sitk.GetArrayFromImage(sitk.ReadImage(str(tmp_path / "m.nii"))).sum() == ball(grid).sum()
    with pytest.raises(UsageError, match="bad-file-name"):
        write_nifti(tmp_path / "m.png", mask)
    with pytest.raises(OutputRefused, match="output-unwritable"):
        write_nifti(tmp_path / "none" / "m.nii", mask)
    assert [path.name for path in tmp_path.iterdir()] == ["m.nii"]
