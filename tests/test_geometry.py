"""Grids: where voxels are, which grids are one, and what is no grid at all."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from rtvol.errors import GeometryError
from rtvol.geometry import EVEN_MM, ON_PLANE_MM, SAME_COSINE, SAME_MM, Grid, grid_box_mm, planes_at
from rtvol.structures import Contour, Roi, StructureSet
from rtvol.volumes import Coverage, Dose, Image, Mask

TURN = math.radians(30)
OBLIQUE = (
    (math.cos(TURN), math.sin(TURN), 0.0),
    (-math.sin(TURN) * 0.6, math.cos(TURN) * 0.6, 0.8),
)


def grid(**values: object) -> Grid:
    plain = Grid((1.0, 2.0, 3.0), (1, 0, 0), (0, 1, 0), (2.0, 0.5), np.array([0, 3.0, 6.0]), (4, 5))
    return replace(plain, **values)  # type: ignore[arg-type]


def leaning(angle: float) -> tuple[float, float]:
    return math.cos(angle), math.sin(angle)


@pytest.mark.parametrize(
    "values",
    [
        {"origin_mm": (0.0, math.nan, 0.0)},
        {"row": (math.inf, 0.0, 0.0)},
        {"column": (0.0, math.nan, 0.0)},
        {"spacing_mm": (1.0, math.inf)},
        {"offsets_mm": np.array([0.0, math.nan])},
        {"spacing_mm": (0.0, 1.0)},
        {"spacing_mm": (1.0, -1.0)},
        {"shape_ji": (0, 5)},
        {"shape_ji": (4, 0)},
        {"offsets_mm": np.empty(0)},
        {"row": (1.001, 0.0, 0.0)},
        {"column": (0.0, 0.999, 0.0)},
        {"column": (0.002, 1.0, 0.0)},
        {"offsets_mm": np.array([0.0, 3.0, 3.0])},
        {"offsets_mm": np.array([0.0, -3.0])},
    ],
)
def test_what_is_no_grid_is_never_born(values: dict[str, object]) -> None:
    with pytest.raises(GeometryError) as error:
        grid(**values)
    assert error.value.finding.code == "bad-grid"
    assert error.value.finding.seen


def test_the_smallest_grid_is_one() -> None:
    one = grid(offsets_mm=np.array([4.0]), shape_ji=(1, 1))
    assert one.shape == (1, 1, 1)
    assert one.plane_spacing_mm == 0.0
    assert one.is_uniform
    assert np.array_equal(one.affine[:3, 2], [0, 0, 1])  # one plane has no spacing: 1 mm stands in


def test_directions_rounded_by_their_writer_pass() -> None:
    """Cosines printed with four decimals: half a unit of the last one off."""
    a, b = round(math.cos(0.3), 4), round(math.sin(0.3), 4)
    assert grid(row=(a, b, 0.0), column=(-b, a, 0.0)).normal[2] == pytest.approx(1, abs=1e-3)


def test_arrays_are_locked_and_apart_from_those_given() -> None:
    offsets = np.array([0.0, 3.0])
    one = grid(offsets_mm=offsets)
    offsets[1] = 9.0
    assert one.offsets_mm.tolist() == [0.0, 3.0]
    with pytest.raises(ValueError, match="read-only"):
        one.offsets_mm[0] = 1.0


@pytest.mark.parametrize(
    ("row", "column", "normal", "axial"),
    [
        ((1, 0, 0), (0, 1, 0), (0, 0, 1), True),
        ((-1, 0, 0), (0, 1, 0), (0, 0, -1), True),
        ((0, 1, 0), (0, 0, 1), (1, 0, 0), False),
        ((0, 0, 1), (1, 0, 0), (0, 1, 0), False),
        (
            (1, 0, 0),
            (0, math.cos(0.02), math.sin(0.02)),
            (0, -math.sin(0.02), math.cos(0.02)),
            False,
        ),
        (
            (1, 0, 0),
            (0, math.cos(0.01), math.sin(0.01)),
            (0, -math.sin(0.01), math.cos(0.01)),
            True,
        ),
    ],
)
def test_the_normal_is_row_cross_column(
    row: tuple[float, ...], column: tuple[float, ...], normal: tuple[float, ...], axial: bool
) -> None:
    one = grid(row=row, column=column)
    assert one.normal == pytest.approx(normal, abs=1e-15)
    assert one.is_axial is axial


def test_points_go_to_indices_and_back() -> None:
    """PS3.3 equation C.7.6.2.1-1, against the affine and against steps along the axes."""
    one = grid(row=OBLIQUE[0], column=OBLIQUE[1])
    row, column = np.array(OBLIQUE)
    normal = np.cross(row, column)
    place = np.array(one.origin_mm) + 3 * 0.5 * row + 2 * 2.0 * column + 4.5 * normal
    assert one.to_plane_frame(place[None])[0] == pytest.approx([3, 2, 4.5], abs=1e-12)
    assert one.affine @ [3, 2, 1.5, 1] == pytest.approx([*place, 1], abs=1e-12)
    assert one.planes_mm[2] == pytest.approx(np.array(one.origin_mm) + 6 * normal, abs=1e-12)
    assert one.planes_mm.shape == (3, 3)


def test_plane_spacing_is_the_mean_of_even_planes_and_the_usual_one_of_others() -> None:
    rounded = np.round(np.arange(100) * 1.2504, 2)
    assert grid(offsets_mm=rounded).plane_spacing_mm == pytest.approx(rounded[-1] / 99, abs=1e-12)
    uneven = grid(offsets_mm=np.array([0.0, 2.0, 4.0, 10.0]))
    assert not uneven.is_uniform
    assert uneven.plane_spacing_mm == 2.0
    assert grid(offsets_mm=np.array([0.0, 7.0])).plane_spacing_mm == 7.0
    assert grid(offsets_mm=np.array([0.0, 1.0, 2.0 + 0.9 * EVEN_MM])).is_uniform
    assert not grid(offsets_mm=np.array([0.0, 1.0, 2.0 + 1.1 * EVEN_MM])).is_uniform


@pytest.mark.parametrize(
    ("values", "same"),
    [
        ({}, True),
        ({"origin_mm": (1.0, 2.0, 3.0 + 0.9 * SAME_MM)}, True),
        ({"origin_mm": (1.0, 2.0, 3.0 + 1.1 * SAME_MM)}, False),
        ({"row": (1.0, 0.9 * SAME_COSINE, 0.0)}, True),
        ({"row": (1.0, 1.1 * SAME_COSINE, 0.0)}, False),
        ({"column": (0.0, 1.0, 1.1 * SAME_COSINE)}, False),
        ({"spacing_mm": (2.0 * (1 + 9e-7), 0.5)}, True),
        ({"spacing_mm": (2.0, 0.5 * (1 + 2e-6))}, False),
        ({"offsets_mm": np.array([0, 3.0, 6.0 + 0.9 * SAME_MM])}, True),
        ({"offsets_mm": np.array([0, 3.0, 6.0 + 1.1 * SAME_MM])}, False),
        ({"offsets_mm": np.array([0, 3.0])}, False),
        ({"shape_ji": (5, 4)}, False),
        ({"frame_uid": "1.2"}, False),
    ],
)
def test_same_grid(values: dict[str, object], same: bool) -> None:
    assert grid(**values).same_as(grid()) is same
    assert grid().same_as(grid(**values)) is same


@pytest.mark.parametrize("noun", [Image, Dose, Mask, Coverage])
def test_an_array_of_another_shape_is_refused_and_one_that_fits_is_locked(noun: type) -> None:
    values = np.zeros((3, 4, 5), np.float32)
    noun(values, grid())
    assert not values.flags.writeable
    for shape in ((4, 3, 5), (3, 5, 4), (3, 4)):
        with pytest.raises(GeometryError) as error:
            noun(np.zeros(shape, np.float32), grid())
        assert error.value.finding.code == "grid-mismatch"


def test_volumes_say_what_they_hold() -> None:
    values = np.arange(60, dtype=np.float32).reshape(3, 4, 5)
    assert Dose(values, grid()).max_gy == 59.0
    assert Image(values, grid()).modality == "CT"
    assert Coverage(values, grid()).start_kji == (0, 0, 0)


@pytest.mark.parametrize(
    "points",
    [
        [(0, 0), (1, 0)],
        [(0, 0, 0), (1, 0, 0), (1, 1, 0)],
        [(0, 0), (1, 0), (math.nan, 1)],
        [(0, 0), (1, 0), (1, math.inf)],
        [0, 1, 2],
        np.empty((0, 2)),
    ],
)
def test_what_is_no_contour_is_never_born(points: object) -> None:
    with pytest.raises(ValueError, match="a contour needs"):
        Contour(np.array(points, float), 0.0)


def test_area_is_the_shoelace_whatever_the_winding_and_the_place() -> None:
    l_shape = np.array([(0, 0), (4, 0), (4, 1), (1, 1), (1, 3), (0, 3)], float)
    for ring in (
        l_shape,
        l_shape[::-1],
        l_shape + np.array([5e5, -3e5]),
        np.roll(l_shape, 2, axis=0),
    ):
        assert Contour(ring, 1.0).area_mm2 == pytest.approx(6.0, rel=1e-9)
    given = l_shape.copy()
    contour = Contour(given, 1.0)
    given[0] = 9
    assert contour.xy_mm[0].tolist() == [0, 0]
    with pytest.raises(ValueError, match="read-only"):
        contour.xy_mm[0] = 1.0
    assert contour.image_uid == ""


def test_regions_know_their_planes_and_sets_their_names() -> None:
    ring = np.array([(0, 0), (1, 0), (0, 1)], float)
    roi = Roi("GTV", 1, "GTV", tuple(Contour(ring, z) for z in (5.0, -2.5, 5.0, 0.0)))
    assert roi.planes_mm.tolist() == [-2.5, 0.0, 5.0]
    assert not roi.is_empty
    nothing = Roi("Liver", 2, "", ())
    assert nothing.is_empty
    assert nothing.planes_mm.size == 0
    assert (nothing.colour, nothing.stored_volume_cc, nothing.description) == (None, None, "")
    assert StructureSet((roi, nothing)).names == ("GTV", "Liver")


def test_offsets_are_numbers_that_nobody_moves() -> None:
    listed = grid(offsets_mm=[0, 3, 6])
    assert listed.offsets_mm.dtype == np.float64
    with pytest.raises(ValueError, match="read-only"):
        listed.offsets_mm[1] = 4.0


def test_a_coverage_starts_at_the_first_voxel_of_its_grid() -> None:
    assert Coverage(np.ones((3, 4, 5), np.float32), grid()).start_kji == (0, 0, 0)


@pytest.mark.parametrize("kind", [Coverage, Dose, Image, Mask])
def test_values_of_another_shape_than_their_grid_are_refused(kind: type) -> None:
    for shape in ((3, 4, 6), (4, 4, 5), (3, 5, 4)):
        with pytest.raises(GeometryError):
            kind(np.zeros(shape, np.float32), grid())


def test_how_far_directions_may_be_off_together_is_pinned() -> None:
    """No truth stands behind it: ten times what one cosine may be off by, and no more unnoticed."""
    for off, is_fine in ((9.9, True), (10.4, False)):
        row = (math.sqrt(1 + off * SAME_COSINE), 0.0, 0.0)
        if is_fine:
            grid(row=row)
        else:
            with pytest.raises(GeometryError, match="directions"):
                grid(row=row)


@pytest.mark.parametrize("beyond", [0.0, 0.5])
def test_the_box_of_a_grid_holds_its_voxels_and_no_more(beyond: float) -> None:
    turned = Grid((10, 20, 30), (0, 1, 0), (-1, 0, 0), (2.0, 3.0), np.array([0.0, 5, 11]), (4, 6))
    j, i = np.array([-beyond, 3 + beyond]), np.array([-beyond, 5 + beyond])
    x, y, z = 10 - 2 * j, 20 + 3 * i, np.array([30.0, 41.0])
    assert grid_box_mm(turned, beyond=beyond) == (
        *((min(x), max(x)), (min(y), max(y)), (min(z), max(z))),
    )


def test_a_position_lies_on_the_nearest_plane_within_a_tenth_of_a_millimetre() -> None:
    planes = [3.0, 0.0, 5.0]  # in any order
    assert ON_PLANE_MM == 0.1
    assert planes_at([0.09, -0.09, 0.11, 2.95, 99.0], planes).tolist() == [1, 1, -1, 0, -1]
    assert planes_at([[4.8], [4.6]], planes, within_mm=0.3).tolist() == [[2], [-1]]
    assert planes_at(5.05, planes) == 2  # one position, one plane
