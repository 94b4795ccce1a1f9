"""Fewer corners: nowhere farther off than the tolerance, nothing crossed, nothing lost."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from naive.apart import area, crosses, largest_distance
from rtvol.solids.apart import largest_distance_mm
from rtvol.solids.thinning import THIN_MM, thin_rings
from rtvol.solids.trace import trace_rings
from rtvol.structures import Contour

X = np.arange(-14.0, 14.1, 0.5)


def ragged(seed: int) -> list[np.ndarray]:
    """Level lines of a rough random field: several rings, holes, necks and spikes."""
    draw = np.random.default_rng(seed)
    x, y = np.meshgrid(X, X)
    field = np.hypot(x, y) - 9
    for _ in range(12):
        kx, ky, at = draw.normal(0, 1.2), draw.normal(0, 1.2), draw.uniform(0, 6.3)
        field += draw.normal(0, 1.2) * np.cos(kx * x + ky * y + at)
    return trace_rings(field, x_mm=X, y_mm=X)


@settings(max_examples=12)
@given(st.integers(0, 2**32 - 1), st.sampled_from([0.005, THIN_MM, 0.05]))
def test_laws_on_ragged_rings(seed: int, tolerance: float) -> None:
    rings = ragged(seed)
    thin = thin_rings(rings, tolerance)
    assert len(thin) == len(rings)
    assert sum(map(len, thin)) <= sum(map(len, rings))
    assert largest_distance(rings, thin, 0.1) <= tolerance + 1e-9
    assert largest_distance(thin, rings, 0.1) <= tolerance + 1e-9
    assert not crosses(thin)
    for one, other in zip(rings, thin, strict=True):
        assert area(one) * area(other) > 0, "a hole stays a hole"
        perimeter = np.hypot(*(one - np.roll(one, 1, axis=0)).T).sum()
        assert abs(area(one) - area(other)) <= tolerance * perimeter / 4


@pytest.mark.parametrize("radius_mm", [3.0, 10.0, 14.0])
def test_a_circle_keeps_its_area_and_loses_half_its_corners(radius_mm: float) -> None:
    """Chords of sagitta s would shrink it by 4 s / 3 R: 0.27 % at 10 mm."""
    x = np.arange(-16.0, 16.1, 0.25)
    (ring,) = trace_rings(np.hypot(*np.meshgrid(x, x)) - radius_mm, x_mm=x, y_mm=x)
    (thin,) = thin_rings([ring])
    assert len(thin) < 0.55 * len(ring)
    assert area(thin) == pytest.approx(area(ring), rel=2e-5)


def test_rings_nearer_than_the_tolerance_are_not_made_to_cross() -> None:
    """A shell 0.01 mm thick: thinned by itself each outline could swing through the other."""
    angle = np.linspace(0, 2 * np.pi, 400, endpoint=False)
    around = np.column_stack([np.cos(angle), np.sin(angle)])
    shifted = np.column_stack([np.cos(angle + 0.003), np.sin(angle + 0.003)])
    thin = thin_rings([10.0 * around, 9.99 * shifted[::-1]])
    assert not crosses(thin)


def test_few_corners_stay_and_nothing_is_nothing() -> None:
    square = np.array([[0.0, 0.0], [4.0, 0.0], [4.0, 4.0], [0.0, 4.0]])
    (thin,) = thin_rings([square])
    np.testing.assert_array_equal(thin, square)
    assert thin_rings([]) == []
    # edges of voxels: runs along an axis lose what stands on them, and only that
    steps = np.array(
        [
            [i, j]
            for i, j in zip(np.repeat(range(9), 2), [0, *np.repeat(range(1, 9), 2), 9], strict=True)
        ],
        float,
    )
    stairs = np.concatenate([steps, [[0.0, 9.0]]])
    (thin,) = thin_rings([stairs])
    np.testing.assert_array_equal(thin, stairs)


@settings(max_examples=8)
@given(st.integers(0, 2**32 - 1))
def test_the_largest_distance_is_exact(seed: int) -> None:
    rings, others = ragged(seed), ragged(seed + 1)
    there, back = largest_distance_mm(
        [Contour(ring, 1.0) for ring in rings], [Contour(ring, 1.0) for ring in others]
    )
    # strewn points see all but half a step
    for found, (one, other) in ((there, (rings, others)), (back, (others, rings))):
        naive = largest_distance(one, other, 0.05)
        assert naive - 1e-9 <= found <= naive + 0.026


def test_the_middle_of_an_edge_may_be_the_farthest_point() -> None:
    """Corners of both lie on one another; between them an edge leaves a roof by 3 mm."""
    flat = np.array([[0.0, 0.0], [8.0, 0.0], [8.0, -5.0], [0.0, -5.0]])
    roof = np.array([[0.0, 0.0], [4.0, 3.0], [8.0, 0.0], [8.0, -5.0], [0.0, -5.0]])
    there, back = largest_distance_mm([Contour(flat, 0.0)], [Contour(roof, 0.0)])
    # the middle of the flat edge is 4 sin(atan(3 / 4)) from either side of the roof
    assert (there, back) == (pytest.approx(2.4, abs=1e-5), pytest.approx(3.0))


def test_a_plane_that_is_missing_is_no_distance() -> None:
    square = np.array([[0.0, 0.0], [4.0, 0.0], [4.0, 4.0], [0.0, 4.0]])
    one, two = [Contour(square, 0.0)], [Contour(square, 0.0), Contour(square, 2.5)]
    assert largest_distance_mm(one, two) == (np.inf, np.inf)
    assert largest_distance_mm(one, [Contour(square, 0.0004)]) == (0.0, 0.0)


def test_a_bridge_to_a_hole_is_no_outline() -> None:
    outer = np.array([[0.0, 0.0], [9.0, 0.0], [9.0, 9.0], [0.0, 9.0]])
    hole = np.array([[3.0, 3.0], [3.0, 6.0], [6.0, 6.0], [6.0, 3.0]])
    joined = np.concatenate([outer[:1], hole, hole[:1], outer])
    drawn = [Contour(outer, 0.0), Contour(hole, 0.0)]
    assert largest_distance_mm(drawn, [Contour(joined, 0.0)]) == (0.0, 0.0)
