"""Holes become keyholes: same points by parity, exact area, in any winding and order."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from rtvol.io.keyholes import join_holes

Ring = NDArray[np.float64]


def square(x_mm: float, y_mm: float, half_mm: float) -> Ring:
    corners = np.array([[-1.0, -1.0], [1.0, -1.0], [1.0, 1.0], [-1.0, 1.0]])
    return corners * half_mm + [x_mm, y_mm]


def star(centre: tuple[float, float], radii_mm: list[float]) -> Ring:
    angle = np.arange(len(radii_mm)) * 2 * np.pi / len(radii_mm)
    return np.column_stack([np.cos(angle), np.sin(angle)]) * np.array(radii_mm)[:, None] + centre


def area(ring: Ring) -> float:
    x, y = ring.T
    return float(abs((x * np.roll(y, -1) - np.roll(x, -1) * y).sum()) / 2)


def inside(rings: list[Ring], x_mm: float, y_mm: float) -> bool:
    """Even-odd rule, edge by edge."""
    odd = False
    for ring in rings:
        for (x0, y0), (x1, y1) in zip(ring, np.roll(ring, -1, axis=0), strict=True):
            if (y0 <= y_mm) != (y1 <= y_mm) and x0 + (y_mm - y0) / (y1 - y0) * (x1 - x0) > x_mm:
                odd = not odd
    return odd


def crosses(a: Ring, b: Ring, c: Ring, d: Ring) -> bool:
    """Whether segments ab and cd cross at a point inside both."""

    def side(p: Ring, q: Ring, r: Ring) -> float:
        return float(np.sign(np.round(np.linalg.det(np.array([q - p, r - p])), 9)))

    return side(a, b, c) * side(a, b, d) < 0 and side(c, d, a) * side(c, d, b) < 0


def self_crossings(ring: Ring) -> int:
    edges = list(zip(ring, np.roll(ring, -1, axis=0), strict=True))
    return sum(crosses(*edges[i], *edges[j]) for i in range(len(edges)) for j in range(i))


def test_one_ring_is_returned_as_it_came() -> None:
    ring = square(0, 0, 5)[::-1]
    (joined,) = join_holes([ring])
    np.testing.assert_array_equal(joined, ring)
    assert join_holes([]) == []


def test_rings_apart_stay_apart() -> None:
    rings = [square(0, 0, 5), square(20, 0, 5)]
    joined = join_holes(rings)
    assert [area(ring) for ring in joined] == [100, 100]


@pytest.mark.parametrize("outer_turn", [1, -1])
@pytest.mark.parametrize("hole_turn", [1, -1])
@pytest.mark.parametrize("hole_first", [False, True])
def test_a_hole_in_any_winding_and_order(outer_turn: int, hole_turn: int, hole_first: bool) -> None:
    rings = [square(0, 0, 10)[::outer_turn], square(1, 2, 3)[::hole_turn]]
    (joined,) = join_holes(rings[::-1] if hole_first else rings)
    assert area(joined) == pytest.approx(400 - 36, abs=1e-9)
    assert self_crossings(joined) == 0
    assert len(joined) == 4 + 4 + 2  # the bridge adds two corners, and no new place
    assert {tuple(p) for p in joined} == {tuple(p) for ring in rings for p in ring}


def test_island_in_a_hole_is_a_ring_of_its_own() -> None:
    joined = join_holes([square(0, 0, 2), square(0, 0, 20), square(0, 0, 10)])
    assert [area(ring) for ring in joined] == [1600 - 400, 16]


def test_hole_in_an_island_belongs_to_the_island() -> None:
    joined = join_holes([square(0, 0, half) for half in (20, 10, 5, 2)])
    assert [area(ring) for ring in joined] == [1600 - 400, 100 - 16]


def test_bridges_do_not_cross_other_holes() -> None:
    holes = [square(x, y, 1.5) for x in (-12, -6, 0, 6, 12) for y in (-9, -3, 3, 9)]
    (joined,) = join_holes([square(0, 0, 18), *holes])
    assert area(joined) == pytest.approx(36**2 - 20 * 9, abs=1e-9)
    assert self_crossings(joined) == 0


def test_bridge_goes_round_a_spike_between_hole_and_edge() -> None:
    outer = np.array([[0, 0], [30, 0], [30, 30], [15, 30], [16, 11.5], [14, 30], [0, 30.0]])
    (joined,) = join_holes([outer, square(8, 12, 2)])
    assert area(joined) == pytest.approx(area(outer) - 16, abs=1e-9)
    assert self_crossings(joined) == 0


def test_hole_that_touches_its_outer_ring_at_a_corner() -> None:
    hole = np.array([[10, 0], [5, 3], [5, -3.0]])
    outer = np.array([[-10, -10], [10, -10], [10, 0], [10, 10], [-10, 10.0]])
    (joined,) = join_holes([outer, hole])
    assert area(joined) == pytest.approx(400 - 15, abs=1e-9)


def test_rings_that_cross_keep_their_parity() -> None:
    rings = [square(0, 0, 10), square(8, 0, 5)]
    joined = join_holes(rings)
    for x_mm, y_mm in [(0.1, 0.2), (6.1, 1.3), (12.2, 2.1), (9.9, 8.7), (20.3, 0.4)]:
        assert inside(joined, x_mm, y_mm) == inside(rings, x_mm, y_mm)


radii = st.lists(st.integers(30, 90), min_size=3, max_size=12)


@given(
    outer=st.lists(st.integers(50, 120), min_size=8, max_size=16),
    holes=st.lists(radii, min_size=1, max_size=7),
    turns=st.lists(st.booleans(), min_size=8, max_size=8),
    seed=st.integers(0, 2**16),
    data=st.data(),
)
def test_area_and_parity_are_kept(
    outer: list[int], holes: list[list[int]], turns: list[bool], seed: int, data: st.DataObject
) -> None:
    # seven places 26 mm apart, each hole within 10 mm of its own: nested, never touching
    places = [(0.0, 0.0)] + [
        (26 * np.cos(a), 26 * np.sin(a)) for a in np.arange(6) * np.pi / 3 + 0.1
    ]
    rings = [star((0.0, 0.0), [float(r) for r in outer])]
    rings += [star(places[n], [r / 10 for r in hole]) for n, hole in enumerate(holes)]
    rings = [ring[::-1] if turn else ring for ring, turn in zip(rings, turns, strict=False)]
    order = data.draw(st.permutations(range(len(rings))))
    joined = join_holes([rings[n] for n in order])
    assert len(joined) == 1
    expected = area(rings[0]) - sum(area(ring) for ring in rings[1:])
    assert area(joined[0]) == pytest.approx(expected, rel=1e-12)
    assert self_crossings(joined[0]) == 0
    for x_mm, y_mm in np.random.default_rng(seed).uniform(-60, 60, (10, 2)):
        assert inside(joined, x_mm, y_mm) == inside(rings, x_mm, y_mm)


def test_a_hole_that_is_a_line_takes_nothing_away() -> None:
    outer = square(0, 0, 5)
    joined = join_holes([outer, np.array([[1.0, 2.0], [3.0, 2.0], [2.0, 2.0]])])
    assert sum(map(area, joined)) == pytest.approx(100.0)
    assert inside(joined, 0.0, 0.0)
    assert not inside(joined, 6.0, 0.0)


def test_a_hole_that_looks_out_of_its_ring_keeps_the_parity() -> None:
    """Its rightmost corner lies beyond the hypotenuse: no bridge can be clear of the ring."""
    triangle = np.array([[0.0, 0.0], [10.0, 0.0], [0.0, 10.0]])
    hole = np.array([[1.0, 1.0], [1.0, 8.0], [9.0, 5.0]])
    joined = join_holes([triangle, hole])
    for x in np.arange(0.25, 10, 0.5):
        for y in np.arange(0.3, 10, 0.5):
            assert inside(joined, x, y) == inside([triangle, hole], x, y), (x, y)
