"""Whatever contours look like, a target keeps to what they can mean (field report E).

The checker (`benchmarks/accuracy/bounds.py`) knows shapely and the sections as drawn, nothing of
rtvol; the stacks (`benchmarks/accuracy/ragged.py`) were drawn at random, not to suit a rule.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from bounds import Bounds, section_of
from ragged import Stack, discs, ragged
from rtvol.margins import Clip, Margin, TargetRecipe
from rtvol.margins.clip import Cutter
from rtvol.margins.fields import grow_lesion
from rtvol.margins.setting import WrittenPlanes, make_setting
from rtvol.solids.pieces import Body
from rtvol.solids.reading import solid_of
from rtvol.solids.stack import stack_planes
from rtvol.solids.trace import trace_rings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shapely.geometry.base import BaseGeometry

    from rtvol.margins.fields import LesionFields
    from rtvol.margins.levels import LevelSet
    from rtvol.solids.planes import PlaneStack

#: Beyond the outer bound and its sagitta, and short of the inner one, mm.
WITHIN_MM = 0.2
#: Thickness of a stack of one plane, mm.
LONE_MM = 2.5
SEEDS = range(48)
#: The field report's own shapes, and some of their kind.
DRAWN = {
    "last disc twice as wide": discs(6, 6, 6, 6, 6, 6, 12),
    "last two wider": discs(6, 6, 6, 6, 6, 8, 12),
    "last disc shifted": discs(6, 6, 6, 6, 6, 6, 6, shifts_mm={6: 5.0}),
    "first disc wide": discs(14, 5, 5, 5, 5),
    "hourglass": discs(12, 7, 3, 7, 12),
    "two planes that differ": discs(4, 13, spacing_mm=5.0),
    "steps both ways": discs(5, 5, 11, 11, 6, 6, 13, spacing_mm=3.0),
}
STACKS = {**DRAWN, **{f"seed {seed}": ragged(seed) for seed in SEEDS}}
SHRINK_MM = 0.8
UNEVEN = (5.0, 3.0, 4.0, 2.0, 5.0, 3.0)


def planes_of(stack: Stack) -> np.ndarray | None:
    lone = stack.z_mm.size == 1
    return stack.z_mm[0] + LONE_MM * np.arange(-4.0, 5.0) if lone else None


def contours(stack: Stack) -> PlaneStack:
    return stack_planes(stack.roi(), images_mm=planes_of(stack))[0]


def bounds(stack: Stack, drawn: PlaneStack) -> Bounds:
    return Bounds.of(
        stack.z_mm.tolist(),
        stack.sections,
        parted=(np.diff(drawn.lobe) > 0).tolist(),
        end_mm=LONE_MM if stack.z_mm.size == 1 else None,
    )


def fields(stack: Stack, recipe: TargetRecipe) -> LesionFields:
    drawn = contours(stack)
    lattice = make_setting([drawn], WrittenPlanes(planes_of(stack))).lattice(drawn, recipe.reach_mm)
    return grow_lesion(Body.of(drawn), {}, recipe, lattice)


def sections(level: LevelSet, every: int = 3) -> Iterator[tuple[float, BaseGeometry]]:
    """Sections of a target at heights on contours, between them and beyond."""
    x, y = level.lattice.x_mm, level.lattice.y_mm
    for z, plane in zip(level.lattice.z_mm[::every], level.values[::every], strict=True):
        yield float(z), section_of(trace_rings(plane, x_mm=x, y_mm=y) if plane.min() < 0 else [])


@pytest.mark.parametrize("name", STACKS)
def test_growing_keeps_both_bounds(name: str) -> None:
    stack = STACKS[name]
    limits = bounds(stack, contours(stack))
    grown = fields(stack, TargetRecipe(Margin.uniform(2), Margin.uniform(4)))
    for level, margin in ((grown.gtv, 0.0), (grown.ctv, 2.0), (grown.ptv, 6.0)):
        for z, section in sections(level):
            assert limits.beyond_mm(z, section, margin) <= WITHIN_MM
            assert limits.short_mm(z, section, margin) <= WITHIN_MM


@pytest.mark.parametrize("name", list(STACKS)[::3])
def test_shrinking_keeps_both_bounds(name: str) -> None:
    stack = STACKS[name]
    limits = bounds(stack, contours(stack))
    shrunk = fields(stack, TargetRecipe(Margin.uniform(-SHRINK_MM), Margin.uniform(0))).ctv
    for z, section in sections(shrunk):
        assert limits.too_deep_mm(z, section, SHRINK_MM) <= WITHIN_MM
        assert limits.lost_mm(z, section, SHRINK_MM) <= WITHIN_MM


@pytest.mark.parametrize("name", list(STACKS)[::3])
def test_six_directions_keep_the_outer_bound(name: str) -> None:
    stack = STACKS[name]
    limits = bounds(stack, contours(stack))
    grown = fields(stack, TargetRecipe(Margin(*UNEVEN), Margin.uniform(0))).ctv
    for z, section in sections(grown, every=5):
        assert limits.beyond_six_mm(z, section, UNEVEN) <= WITHIN_MM


@pytest.mark.parametrize("name", list(STACKS)[::3])
def test_an_avoided_organ_keeps_both_bounds(name: str) -> None:
    """What a ragged organ takes lies within its gap of what its contours can mean."""
    stack, gap = STACKS[name], 2.0
    limits = bounds(stack, contours(stack))
    wide = ragged_box(stack)
    drawn = stack_planes(wide.roi("GTV"), images_mm=planes_of(stack))[0]
    lattice = make_setting([drawn], WrittenPlanes(planes_of(stack))).lattice(drawn, 0.0)
    whole = grow_lesion(Body.of(drawn), {}, TargetRecipe(*[Margin.uniform(0)] * 2), lattice).gtv
    cutter = Cutter({"Organ": Body.of(contours(stack))}, whole)
    taken = cutter.forbidden(Clip("avoid", "Organ", gap))
    x, y = lattice.x_mm, lattice.y_mm
    for z, plane in zip(lattice.z_mm[::3], taken[::3], strict=True):
        section = section_of(trace_rings(plane, x_mm=x, y_mm=y) if plane.min() < 0 else [])
        # where two faces meet, the lattice of the target tells them apart to a part of its step
        assert limits.beyond_mm(float(z), section, gap) <= WITHIN_MM + lattice.step_mm / 4


def ragged_box(stack: Stack) -> Stack:
    """A box that holds a stack and some more, on the same planes."""
    boxes = np.array([section.bounds for section in stack.sections])
    low, high = boxes[:, :2].min() - 8.0, boxes[:, 2:].max() + 8.0
    ring = section_of([np.array([[low, low], [high, low], [high, high], [low, high]])])
    return Stack("box", stack.z_mm, (ring,) * stack.z_mm.size)


@pytest.mark.parametrize("name", list(STACKS)[::4])
def test_the_loft_of_a_histogram_keeps_the_outer_bound(name: str) -> None:
    stack = STACKS[name]
    drawn = contours(stack)
    limits = bounds(stack, drawn)
    loft = solid_of(drawn, "loft")
    for plane, z in enumerate(loft.z_mm.tolist()):
        rings = range(*loft.plane_rings[plane : plane + 2].tolist())
        starts = loft.ring_starts
        section = section_of([loft.xy_mm[starts[ring] : starts[ring + 1]] for ring in rings])
        assert limits.beyond_mm(z, section, 0.0) <= WITHIN_MM


@pytest.mark.parametrize("name", list(STACKS)[::3])
def test_what_follows_changes_nothing(name: str) -> None:
    """A CTV is one number, whatever PTV margin is grown from it."""
    volumes = [
        fields(STACKS[name], TargetRecipe(Margin.uniform(2), Margin.uniform(ptv))).ctv.volume_cc
        for ptv in (0, 1, 4, 10)
    ]
    assert np.ptp(volumes) <= 2e-4 * volumes[0]
