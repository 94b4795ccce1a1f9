"""Holes are counted by nesting, whichever way rings are wound."""

from __future__ import annotations

import numpy as np

from rtvol.phantoms.outlines import keyhole
from rtvol.solids import hole_count, stack_planes
from rtvol.structures import Contour, Roi


def ring(radius_mm: float, x_mm: float = 0.0, z_mm: float = 0.0, *, turn: int = 1) -> Contour:
    angle = turn * np.linspace(0, 2 * np.pi, 33)[:-1]
    xy = radius_mm * np.column_stack([np.cos(angle), np.sin(angle)]) + np.array([x_mm, 0.0])
    return Contour(xy, z_mm)


def holes(*contours: Contour) -> int:
    stack, _ = stack_planes(Roi("x", 1, "", contours), spacing_mm=2.0)
    return hole_count(stack)


def test_rings_beside_each_other_are_no_holes() -> None:
    assert holes(ring(5), ring(5, 20), ring(3, z_mm=3.0)) == 0


def test_a_ring_within_a_ring_is_a_hole_and_one_within_that_an_island() -> None:
    for turn in (-1, 1):
        assert holes(ring(20), ring(10, turn=turn)) == 1
        assert holes(ring(7), ring(20), ring(14, turn=turn)) == 1
    assert holes(ring(20), ring(4, -8), ring(4, 8)) == 2


def test_rings_of_different_planes_do_not_meet() -> None:
    assert holes(ring(20), ring(10, z_mm=2.5)) == 0


def test_holes_that_a_keyhole_joins_are_holes() -> None:
    outer, one, two = ring(20).xy_mm, ring(4, -8, turn=-1).xy_mm, ring(4, 8, turn=-1).xy_mm
    assert holes(Contour(keyhole(outer, [one]), 0.0)) == 1
    assert holes(Contour(keyhole(outer, [one, two]), 0.0)) == 2
    assert holes(Contour(keyhole(outer, [one]), 0.0), ring(4, 8)) == 2


def test_a_ring_stored_twice_is_no_hole() -> None:
    again = Contour(np.roll(ring(20).xy_mm, 5, axis=0)[::-1], 0.0)
    assert holes(ring(20), again) == 0
    assert holes(ring(20), again, ring(10)) == 1


def test_rings_of_a_slice_need_not_lie_at_one_height() -> None:
    assert holes(ring(20), ring(10, z_mm=0.06)) == 1
    assert holes(ring(20), ring(10, z_mm=0.03)) == 1


def test_loops_that_touch_are_apart() -> None:
    left = [[-2.0, 0], [-1, 1], [0, 0], [-1, -1]]
    right = [[0.0, 0], [1, 1], [2, 0], [1, -1]]
    assert holes(Contour(np.array([*left[:3], *right[1:], [0, 0], left[3]]), 0.0)) == 0
