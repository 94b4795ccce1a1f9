"""Holes are counted by nesting, whichever way rings are wound."""

from __future__ import annotations

import numpy as np

from rtvol.structures import Contour, Roi
from rtvol.verbs.inspect import hole_count


def ring(radius_mm: float, x_mm: float = 0.0, z_mm: float = 0.0, *, turn: int = 1) -> Contour:
    angle = turn * np.linspace(0, 2 * np.pi, 33)[:-1]
    xy = radius_mm * np.column_stack([np.cos(angle), np.sin(angle)]) + np.array([x_mm, 0.0])
    return Contour(xy, z_mm)


def holes(*contours: Contour) -> int:
    return hole_count(Roi("x", 1, "", contours))


def test_rings_beside_each_other_are_no_holes() -> None:
    assert holes() == 0
    assert holes(ring(5), ring(5, 20), ring(3, z_mm=3.0)) == 0


def test_a_ring_within_a_ring_is_a_hole_and_one_within_that_an_island() -> None:
    for turn in (-1, 1):
        assert holes(ring(20), ring(10, turn=turn)) == 1
        assert holes(ring(7), ring(20), ring(14, turn=turn)) == 1
    assert holes(ring(20), ring(4, -8), ring(4, 8)) == 2


def test_rings_of_different_planes_do_not_meet() -> None:
    assert holes(ring(20), ring(10, z_mm=2.5)) == 0
