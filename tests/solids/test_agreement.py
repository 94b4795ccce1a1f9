"""Two drawings: closed forms, a plain twin on ragged stacks, and the laws of every comparison."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from drawings import ball, balls_dice, balls_mean, box
from naive.combine import combined_cc
from naive.surfaces import compared
from ragged import ragged
from rtvol.solids.agreement import agree
from rtvol.solids.stack import stack_planes
from rtvol.structures import Contour, Roi

if TYPE_CHECKING:
    from rtvol.solids.planes import PlaneStack


@pytest.mark.parametrize("spacing", [1.0, 2.0, 3.0])
@pytest.mark.parametrize(
    ("one", "other", "shift"),
    [
        (20.0, 17.0, (0.0, 0.0, 0.0)),
        (20.0, 20.0, (5.0, 0.0, 0.0)),
        (20.0, 20.0, (0.0, 0.0, 4.3)),
        (10.0, 8.0, (0.0, 0.0, 0.0)),
        (8.0, 8.0, (1.0, -1.0, 1.0)),
    ],
)
def test_balls(one: float, other: float, shift: tuple[float, float, float], spacing: float) -> None:
    start = np.array([0.3, 0.2, 0.1])
    pair = ball(start, one, spacing), ball(start + shift, other, spacing)
    found = agree(*pair, tolerances_mm=(1.0, 30.0))
    apart = float(np.linalg.norm(shift))
    assert found.dice == pytest.approx(balls_dice(one, other, apart), abs=1e-4)
    assert found.mean_mm == pytest.approx(balls_mean(one, other, apart), abs=5e-3)
    assert found.largest_mm == pytest.approx(apart + abs(one - other), abs=0.02)
    assert found.shift_mm == pytest.approx(shift, abs=2e-3)
    assert found.surface_dice[30.0] == 1.0
    assert found.a_cc == pytest.approx(4 / 3 * np.pi * one**3 / 1000, rel=5e-4)


def test_a_ball_in_an_ellipsoid_meets_it_at_the_waist() -> None:
    """Semi-axes 20, 20, 26 on planes of their own round a ball of 20: 6 mm at the poles."""
    squeezed = ball((0.0, 0.0, 0.0), 20.0, 1.0)
    tall = replace(
        squeezed, z_mm=squeezed.z_mm * 1.3, below_mm=squeezed.below_mm * 1.3,
        above_mm=squeezed.above_mm * 1.3,
    )  # fmt: skip
    found = agree(ball((0.0, 0.0, 0.0), 20.0, 1.0, phase=0.4), tall)
    assert found.dice == pytest.approx(2 / 2.3, abs=2e-4)
    assert found.largest_mm == pytest.approx(6.0, abs=0.03)
    assert abs(found.largest_at_mm[2]) == pytest.approx(26, abs=0.1)


@pytest.mark.parametrize("solid", ["slab", "loft"])
@pytest.mark.parametrize("spacing", [1.0, 2.5])
def test_boxes(solid: str, spacing: float) -> None:
    one, size = box((0.0, 0.0, 0.0), (40.0, 30.0, 20.0), spacing), (40.0, 30.0, 20.0)
    moved = agree(one, box((5.0, 0.0, 0.0), size, spacing), solid=solid)  # type: ignore[arg-type]
    assert moved.dice == pytest.approx(35 / 40, abs=1e-4)
    assert moved.largest_mm == pytest.approx(5.0, abs=0.02)
    assert moved.mean_mm == pytest.approx(1.1859, abs=0.01)  # sampled to 0.1 mm
    assert moved.surface_dice[2.0] == pytest.approx(0.7471, abs=3e-3)
    # the outline on each of the planes: both short sides, and what the long ones lack beyond 1 mm
    assert moved.added_path_mm == pytest.approx(20 / spacing * (2 * 30 + 2 * 4 - 2), rel=0.01)
    assert moved.path_mm == pytest.approx(20 / spacing * 140)
    wide = agree(one, box((0.0, 0.0, 0.0), (46.0, 36.0, 25.0), spacing), solid=solid)  # type: ignore[arg-type]
    assert wide.dice == pytest.approx(2 * 24 / (24 + 41.4), abs=1e-4)
    assert wide.largest_mm == pytest.approx(np.sqrt(9 + 9 + 2.5**2), abs=0.02)
    assert wide.from_a.largest_mm == pytest.approx(3.0, abs=0.02)
    # both sampled on 700 x 700 points of each face
    assert wide.from_b.p95_mm == pytest.approx(3.7181, abs=0.02)
    assert wide.pooled_p95_mm == pytest.approx(3.5189, abs=0.02)
    assert wide.from_b.area_cm2 == pytest.approx(74.12, rel=3e-3)
    far = agree(one, box((100.0, 0.0, 0.0), size, spacing), solid=solid)  # type: ignore[arg-type]
    assert (far.dice, far.surface_dice[2.0]) == (0.0, 0.0)
    assert far.largest_mm == pytest.approx(100.0, abs=0.02)
    assert far.mean_mm == pytest.approx(80.0, abs=0.02)


STEP = np.array([1.1, -0.7, 0.9])


def drawn(roi: Roi, move: np.ndarray, scale: float = 1.0) -> PlaneStack:
    rings = []
    for contour in roi.contours:
        middle = contour.xy_mm.mean(axis=0)
        xy = (contour.xy_mm - middle) * scale + middle + move[:2]
        rings.append(Contour(xy, contour.z_mm + move[2]))
    return stack_planes(Roi("drawn", 1, "", tuple(rings)))[0]


@pytest.mark.parametrize("seed", [2, 3, 8])
def test_ragged_slabs_against_the_twin(seed: int) -> None:
    rng = np.random.default_rng(seed)
    roi = ragged(seed).roi()
    one, other = drawn(roi, np.zeros(3)), drawn(roi, rng.normal(0, 1.5, 3), 1 + rng.normal(0, 0.1))
    found = agree(one, other, solid="slab")
    mean, p95, most, areas = compared(one, other, 0.2 if seed == 3 else 0.4)
    assert found.shared_cc == pytest.approx(combined_cc(one, other, "intersect"), abs=1e-9)
    assert found.mean_mm == pytest.approx(mean, abs=0.01)
    assert found.p95_mm == pytest.approx(p95, abs=0.05)
    # the twin's samples stand off the corners, by half a step at most
    assert most - 0.01 < found.largest_mm < most + 0.12
    assert [found.from_a.area_cm2 * 100, found.from_b.area_cm2 * 100] == pytest.approx(
        areas, rel=0.007
    )


@pytest.mark.parametrize("seed", range(8))
def test_nothing_lies_farther_than_it_was_moved(seed: int) -> None:
    """In plane alone, so that each section has its partner: 0.2 mm for what jumps."""
    roi, move = ragged(seed).roi(), np.array([1.1, -0.7, 0.0])
    found = agree(drawn(roi, np.zeros(3)), drawn(roi, move))
    assert found.largest_mm < np.linalg.norm(move) + 0.2


@pytest.mark.parametrize("solid", ["slab", "loft"])
@pytest.mark.parametrize("seed", [0, 4, 6, 13])
def test_laws(solid: str, seed: int) -> None:
    """Symmetric, nothing between a drawing and itself, the same wherever both are moved to."""
    roi = ragged(seed).roi()
    one, other = drawn(roi, np.zeros(3)), drawn(roi, STEP)
    there, back = (agree(*pair, solid=solid) for pair in ((one, other), (other, one)))  # type: ignore[arg-type]
    for name in ("dice", "mean_mm", "p95_mm", "pooled_p95_mm", "largest_mm"):
        assert getattr(there, name) == pytest.approx(getattr(back, name), abs=1e-9)
    assert there.shift_mm == pytest.approx([-mm for mm in back.shift_mm], abs=1e-9)
    assert there.shift_mm == pytest.approx(STEP, abs=0.01 if solid == "loft" else 1e-6)
    own = agree(one, one, solid=solid)  # type: ignore[arg-type]
    assert (own.dice, own.mean_mm, own.largest_mm, own.added_path_mm) == (1.0, 0.0, 0.0, 0.0)
    assert own.surface_dice == {2.0: 1.0}
    reordered = Roi("again", 1, "", tuple(
        Contour(np.roll(c.xy_mm, 3, axis=0)[::-1], c.z_mm) for c in reversed(roi.contours)
    ))  # fmt: skip
    again = agree(one, drawn(reordered, np.zeros(3)), solid=solid)  # type: ignore[arg-type]
    assert again.dice == pytest.approx(1.0, abs=1e-6)
    assert again.largest_mm < 0.01
    away = np.array([31.7, -12.3, 8.4])
    moved = agree(drawn(roi, away), drawn(roi, away + STEP), solid=solid)  # type: ignore[arg-type]
    assert moved.dice == pytest.approx(there.dice, abs=5e-4)
    assert moved.mean_mm == pytest.approx(there.mean_mm, abs=0.02)
    off_mm = 0.3 if solid == "loft" else 0.1
    assert moved.largest_mm == pytest.approx(there.largest_mm, abs=off_mm)
    # where an outline jumps, the lattice tells to a part of its step
    assert there.largest_mm < np.linalg.norm(STEP) + 0.2


def test_other_planes_of_one_body_agree() -> None:
    """Drawn at 1 mm and at 3 mm: what differs is what the loft does not know of the poles."""
    one, other = ball((0.0, 0.0, 0.0), 20.0, 1.0), ball((0.0, 0.0, 0.0), 20.0, 3.0, phase=0.3)
    found = agree(one, other)
    assert found.dice > 0.995
    assert found.mean_mm < 0.03
    assert found.added_path_mm == 0.0
    assert len(found.paths) == other.z_mm.size
