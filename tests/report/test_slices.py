"""Pictures: right side, right way up, right place, whatever the patient's position."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import numpy as np
import pytest

from rtvol.errors import ExtraMissing, GeometryError
from rtvol.geometry import Grid
from rtvol.report import DrawnOutline, draw_slices, planes_through
from rtvol.report.slices import sample_plane
from rtvol.structures import Contour, Roi
from rtvol.volumes import Image

if TYPE_CHECKING:
    from pathlib import Path

#: ImageOrientationPatient of each position on an unrotated couch.
POSITIONS = {
    "HFS": ((1, 0, 0), (0, 1, 0)),
    "HFP": ((-1, 0, 0), (0, -1, 0)),
    "FFS": ((-1, 0, 0), (0, 1, 0)),
    "FFP": ((1, 0, 0), (0, -1, 0)),
    "HFDR": ((0, -1, 0), (1, 0, 0)),
    "HFDL": ((0, 1, 0), (-1, 0, 0)),
}
MARK_MM = (30.0, -20.0)  # patient left and anterior


def image_of(row: tuple[float, ...], column: tuple[float, ...]) -> Image:
    """An image of 101 x 101 pixels of 2 mm with a bright blob at MARK_MM."""
    centre = np.array([0.0, 0.0, 0.0])
    origin = centre - 50 * 2.0 * np.array(row) - 50 * 2.0 * np.array(column)
    grid = Grid(tuple(origin), row, column, (2.0, 2.0), np.arange(3) * 3.0, (101, 101))
    j, i = np.mgrid[0:101, 0:101]
    x = origin[0] + 2.0 * (i * row[0] + j * column[0])
    y = origin[1] + 2.0 * (i * row[1] + j * column[1])
    blob = 1000.0 * np.exp(-((x - MARK_MM[0]) ** 2 + (y - MARK_MM[1]) ** 2) / 200.0)
    values = np.zeros(grid.shape, dtype=np.float32)
    values[:] = blob
    return Image(values, grid)


def square(name: str, centre: tuple[float, float], half_mm: float, z_mm: float = 0.0) -> Roi:
    corners = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]], dtype=float) * half_mm
    return Roi(name, 1, "GTV", (Contour(corners + np.array(centre), z_mm),))


@pytest.mark.parametrize("position", POSITIONS)
def test_patient_place_is_the_picture_place_in_every_position(position: str) -> None:
    image = image_of(*POSITIONS[position])
    x, y = np.linspace(-60, 60, 121), np.linspace(-60, 60, 121)
    values = sample_plane(image, x, y, 0.0)
    j, i = np.unravel_index(np.nanargmax(values), values.shape)
    assert (x[i], y[j]) == pytest.approx(MARK_MM, abs=1.0)


def test_sampling_is_exact_for_a_linear_image_and_nan_outside() -> None:
    grid = Grid((-10.0, 5.0, 0.0), (1, 0, 0), (0, 1, 0), (2.5, 1.5), np.array([0.0]), (20, 30))
    j, i = np.mgrid[0:20, 0:30]
    values = (3.0 * (-10 + 1.5 * i) - 2.0 * (5 + 2.5 * j) + 7.0).astype(np.float32)[None]
    x, y = np.array([-11.0, -9.3, 0.1, 33.49]), np.array([5.0, 17.7, 52.49, 53.0])
    got = sample_plane(Image(values, grid), x, y, 0.0)
    expected = 3.0 * x[None, :] - 2.0 * y[:, None] + 7.0
    expected[:, 0] = expected[3, :] = np.nan
    assert np.allclose(got, expected, rtol=0, atol=1e-3, equal_nan=True)


def pixels(path: Path) -> np.ndarray:
    from matplotlib.image import imread

    return imread(path)[..., :3]


@pytest.mark.parametrize("position", POSITIONS)
def test_png_shows_patient_left_on_the_right_and_anterior_up(position: str, tmp_path: Path) -> None:
    path = tmp_path / "slice.png"
    around = square("GTV", (0.0, 0.0), 20.0)
    lesion = square("mark", MARK_MM, 3.0)
    draw_slices(
        path,
        image_of(*POSITIONS[position]),
        [
            DrawnOutline(around, "GTV", (255, 0, 0)),
            DrawnOutline(lesion, "mark", (0, 255, 0), width=3.0),
        ],
        planes_mm=[0.0],
    )
    picture = pixels(path)
    half = picture[: int(picture.shape[0] * 0.85)]  # without the legend
    green = (half[..., 1] > 0.8) & (half[..., 0] < 0.3) & (half[..., 2] < 0.3)
    red = (half[..., 0] > 0.8) & (half[..., 1] < 0.3) & (half[..., 2] < 0.3)
    assert green.sum() > 20
    green_row, green_column = np.argwhere(green).mean(axis=0)
    red_row, red_column = np.argwhere(red).mean(axis=0)
    assert green_column > red_column
    assert green_row < red_row


def test_contours_of_other_planes_are_not_drawn(tmp_path: Path) -> None:
    path = tmp_path / "slice.png"
    here, there = square("here", (0.0, 0.0), 20.0), square("there", (0.0, 0.0), 10.0, z_mm=3.0)
    outlines = [DrawnOutline(here, "here", (255, 0, 0)), DrawnOutline(there, "there", (0, 255, 0))]
    image = image_of(*POSITIONS["HFS"])
    counts = []
    for plane_mm in (0.0, 3.0):
        draw_slices(path, image, outlines, planes_mm=[plane_mm])
        picture = pixels(path)[: int(0.85 * pixels(path).shape[0])]
        counts.append(((picture[..., 1] > 0.8) & (picture[..., 0] < 0.3)).sum())
    assert counts[0] == 0
    assert counts[1] > 50


@pytest.mark.parametrize("name", ["_hidden", "$\\frac$", "<b>", "肝臓", "a\nb\x1b[31m"])
def test_any_name_can_stand_in_the_legend(name: str, tmp_path: Path) -> None:
    path = tmp_path / "slice.png"
    draw_slices(
        path,
        image_of(*POSITIONS["HFS"]),
        [DrawnOutline(square(name, (0.0, 0.0), 10.0), name, (255, 0, 0))],
        planes_mm=[0.0],
        title=name,
    )
    assert path.stat().st_size > 5000


def test_planes_run_from_the_lower_to_the_upper_part() -> None:
    contours = tuple(square("x", (0, 0), 5.0, z).contours[0] for z in np.arange(0.0, 30.1, 3.0))
    assert planes_through(Roi("x", 1, "", contours)) == (6.0, 15.0, 24.0)
    assert planes_through(square("x", (0, 0), 5.0, 7.5)) == (7.5,)
    with pytest.raises(ValueError, match="no planes"):
        planes_through(Roi("x", 1, "", ()))


def test_an_image_on_other_planes_than_the_outline_is_refused(tmp_path: Path) -> None:
    grid = Grid((0, 0, 0), (0, 1, 0), (0, 0, -1), (1.0, 1.0), np.array([0.0]), (4, 4))
    image = Image(np.zeros((1, 4, 4), dtype=np.float32), grid)
    with pytest.raises(GeometryError) as caught:
        draw_slices(
            tmp_path / "x.png",
            image,
            [DrawnOutline(square("x", (0, 0), 1.0), "x", (0, 0, 0))],
            planes_mm=[0.0],
        )
    assert caught.value.finding.code == "grid-mismatch"
    assert not (tmp_path / "x.png").exists()


def test_without_matplotlib_the_install_line_is_given(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    outline = DrawnOutline(square("x", (0, 0), 1.0), "x", (0, 0, 0))
    with pytest.raises(ExtraMissing) as caught:
        draw_slices(tmp_path / "x.png", image_of(*POSITIONS["HFS"]), [outline], planes_mm=[0.0])
    assert caught.value.finding.mend == 'pip install "rtvol[report]"'
    assert caught.value.exit_code == 5
