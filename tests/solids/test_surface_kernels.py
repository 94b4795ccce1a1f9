"""Kernels of a surface in pieces against plain twins and closed forms."""

from __future__ import annotations

import numpy as np
import pytest
import shapely

from naive import pieces as plain
from rtvol._kernels import locked
from rtvol._kernels.boundary import corner_losses, cut_cells, lower_to_pieces, strewn_points

SEEDS = [0, 3, 7]


def unit(vectors):
    return vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("level", [-1.5, -0.2, 0.5, 9.0])
def test_cells_that_are_cut(seed: int, level: float) -> None:
    rng = np.random.default_rng(seed)
    field = (rng.normal(size=(6, 9, 11)) + level).astype(np.float32)
    field[rng.random(field.shape) < 0.1] = 0.0  # on the surface is outside
    found = cut_cells(*locked(field))
    assert found.tolist() == plain.cut_cells(field).tolist()


@pytest.mark.parametrize("seed", SEEDS)
def test_strewn_points_lie_in_their_pieces(seed: int) -> None:
    """In the plane of the piece, within the square of its area, and spread evenly over it."""
    rng = np.random.default_rng(seed)
    normal, middle = unit(rng.normal(size=(600, 3))), rng.normal(0, 50, (600, 3))
    normal[:3] = np.eye(3)
    area = rng.uniform(0.1, 4, 600)
    points = strewn_points(*locked(np.column_stack([area, area, normal, middle])))
    way = points - middle
    assert np.einsum("ni,ni->n", way, normal) == pytest.approx(np.zeros(600), abs=1e-9)
    from_middle = np.linalg.norm(way, axis=1) / np.sqrt(area)
    assert from_middle.max() <= np.sqrt(0.5) + 1e-9
    # the mean square distance from the middle of a square is a sixth of its area
    assert (from_middle**2).mean() == pytest.approx(1 / 6, rel=0.02)


@pytest.mark.parametrize("seed", SEEDS)
def test_distances_are_lowered_to_the_nearest_disc(seed: int) -> None:
    rng = np.random.default_rng(seed)
    points, middle = rng.uniform(-9, 9, (40, 3)), rng.uniform(-9, 9, (30, 3))
    points[0] = middle[0]
    normal, area = unit(rng.normal(size=(30, 3))), rng.uniform(0.5, 6, 30)
    known = rng.uniform(0, 6, 40)
    out = known.copy()
    lower_to_pieces(*locked(points, area, normal, middle), 0.6, out)
    for point, before, after in zip(points, known, out, strict=True):
        discs = zip(middle, normal, 0.6 * np.sqrt(area), strict=True)
        nearest = min(plain.distance_to_disc(point, *disc) for disc in discs)
        assert after == pytest.approx(min(before, nearest), abs=1e-9)
    assert out[0] == 0


@pytest.mark.parametrize("turn", [0.1, 0.4, 0.7, 1.2])
@pytest.mark.parametrize("middle", [(15.3, 14.6), (16.0, 15.2)])
def test_what_a_lattice_takes_off_the_corners_of_a_square(
    turn: float, middle: tuple[float, float]
) -> None:
    angle = turn + np.pi / 4 + np.pi / 2 * np.arange(4)
    square = np.array(middle) + 9 * np.column_stack([np.cos(angle), np.sin(angle)])
    y, x = np.mgrid[0:31, 0:31]
    body = shapely.Polygon(square)
    apart = shapely.distance(body.exterior, shapely.points(x, y))
    field = np.where(shapely.contains_xy(body, x, y), -apart, apart).astype(np.float32)
    # a point amid each side turns by nothing, and loses nothing
    ring = np.stack([square, (square + np.roll(square, -1, axis=0)) / 2], axis=1).reshape(-1, 2)
    lost = np.full(8, np.nan)
    arrays = locked(ring, np.array([0, 8], np.int64))
    (plane,) = locked(field)
    corner_losses(*arrays, 0, 1, plane, 0.0, 0.0, 1.0, 0.1, lost)
    assert lost[1::2].tolist() == [0, 0, 0, 0]
    for at in range(0, 8, 2):
        assert lost[at] == pytest.approx(plain.corner_loss(ring, at, field), abs=1e-6)
        assert 0 <= lost[at] <= 1
