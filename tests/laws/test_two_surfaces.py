"""Laws of what is measured between two solids, on random ragged stacks; no number is expected."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import pytest

from drawings import ball
from ragged import ragged
from rtvol.dvh.grammar import parse_metric
from rtvol.dvh.space import TargetSurface, distance_value, distances_in
from rtvol.geometry import Grid
from rtvol.margins.setting import Setting
from rtvol.names.expressions import regions_meant
from rtvol.names.regions import Ground, shape_of
from rtvol.solids import slab_volume_cc, stack_planes
from rtvol.solids.agreement import agree
from rtvol.solids.reading import Reading
from rtvol.structures import Contour, Roi, StructureSet
from rtvol.verbs.dose_margin import dose_margin
from rtvol.volumes import Dose

if TYPE_CHECKING:
    from rtvol.solids.planes import PlaneStack

SEEDS = [1, 5, 7, 12]
TOLERANCES_MM = (0.0, 0.5, 1.0, 2.0, 4.0, 8.0, 100.0)
#: An overlap by the field of distances and one by a grown solid: of the organ, percent.
SAME_SHARE = 1.0


def placed(seed: int, name: str, at: tuple[float, float, float]) -> Roi:
    """Draw a ragged structure, its box about a place."""
    roi = ragged(seed).roi(name)
    points = np.concatenate([one.xy_mm for one in roi.contours])
    middle = (points.min(axis=0) + points.max(axis=0)) / 2
    z = np.mean([one.z_mm for one in roi.contours])
    return replace(roi, contours=tuple(
        Contour(one.xy_mm - middle + at[:2], one.z_mm - z + at[2]) for one in roi.contours
    ))  # fmt: skip


def stacked(roi: Roi) -> PlaneStack:
    return stack_planes(roi)[0]


@pytest.mark.parametrize("solid", ["slab", "loft"])
@pytest.mark.parametrize("seed", SEEDS)
def test_two_drawings_agree_as_the_other_way_round(seed: int, solid: str) -> None:
    one, other = stacked(placed(seed, "A", (0, 0, 0))), stacked(placed(seed + 1, "B", (4, -3, 2)))
    there = agree(one, other, solid=solid, tolerances_mm=TOLERANCES_MM)  # type: ignore[arg-type]  # a name of a solid
    back = agree(other, one, solid=solid, tolerances_mm=TOLERANCES_MM)  # type: ignore[arg-type]  # a name of a solid
    assert (there.a_cc, there.b_cc) == (back.b_cc, back.a_cc)
    assert there.shared_cc == pytest.approx(back.shared_cc, rel=1e-9)
    assert there.shared_cc <= min(there.a_cc, there.b_cc) * (1 + 1e-9)
    for mine, its in ((there.from_a, back.from_b), (there.from_b, back.from_a)):
        assert mine.mean_mm == pytest.approx(its.mean_mm, abs=1e-9)
        assert mine.p95_mm == pytest.approx(its.p95_mm, abs=1e-9)
        assert mine.largest_mm == pytest.approx(its.largest_mm, abs=1e-9)
        assert mine.mean_mm <= mine.largest_mm
        assert mine.p95_mm <= mine.largest_mm + 1e-9
    near = [there.surface_dice[mm] for mm in TOLERANCES_MM]
    assert near == pytest.approx([back.surface_dice[mm] for mm in TOLERANCES_MM])
    assert all(0 <= a <= b <= 1 for a, b in pairwise(near))
    assert near[-1] == 1


@pytest.mark.parametrize("solid", ["slab", "loft"])
@pytest.mark.parametrize("seed", SEEDS)
def test_a_drawing_is_its_own(seed: int, solid: str) -> None:
    one, same = (stacked(placed(seed, name, (3, 1, 0))) for name in "AB")
    own = agree(one, same, solid=solid, tolerances_mm=TOLERANCES_MM)  # type: ignore[arg-type]  # a name of a solid
    assert (own.dice, own.mean_mm, own.p95_mm, own.largest_mm) == (1.0, 0.0, 0.0, 0.0)
    assert set(own.surface_dice.values()) == {1.0}
    assert own.added_path_mm == 0
    assert own.shift_mm == (0.0, 0.0, 0.0)


@pytest.mark.parametrize("seed", SEEDS)
def test_an_overlap_is_what_lies_in_the_grown_target(seed: int) -> None:
    """`OVHdmm` by distances, `Organ & (Target + d)` by a traced solid: two routes."""
    organ, target = placed(seed, "Organ", (0, 0, 0)), placed(seed + 2, "Target", (14, 6, 3))
    gap = np.diff(np.unique([one.z_mm for one in organ.contours])).min()
    planes = organ.contours[0].z_mm + np.arange(-80, 81) * gap
    ground = Ground(
        lambda roi, limit: stack_planes(roi, cap_limit_mm=limit),
        lambda _: Setting(planes),
        lambda word: pytest.fail(f"no dose for {word}"),
    )

    def volume_cc(text: str) -> float:
        (region,) = regions_meant(StructureSet((organ, target)), text)
        shape = shape_of(region, Reading(), ground)
        return 0.0 if shape.is_empty else slab_volume_cc(shape.stack)

    # the same organ both times: its loft, worked out as a field
    whole = volume_cc("Organ + 0.001")
    (region,) = regions_meant(StructureSet((organ, target)), "Organ + 0.001")
    curve = distances_in(
        shape_of(region, Reading(), ground).stack, [TargetSurface.of(stacked(target))]
    )
    shares = []
    for mm in (2.0, 6.0, 15.0):
        share = distance_value(parse_metric(f"OVH{mm:g}mm"), curve).value
        assert share is not None
        grown = 100 * volume_cc(f"(Organ + 0.001) & (Target + {mm:g})") / whole
        assert share == pytest.approx(grown, abs=SAME_SHARE), mm
        shares.append(share)
    far = distance_value(parse_metric("OVH200mm"), curve).value
    assert shares == sorted(shares)
    assert far == pytest.approx(100)


@pytest.mark.parametrize("seed", SEEDS[:2])
def test_a_dosimetric_margin_is_negative_where_the_isodose_lies_inside(seed: int) -> None:
    target = stacked(placed(seed, "GTV", (1, -2, 3)))
    z = y = x = np.arange(-20, 21) * 5.0
    away = np.sqrt((x - 1) ** 2 + (y[:, None] + 2) ** 2 + (z[:, None, None] - 3) ** 2)
    grid = Grid((-100.0, -100.0, -100.0), (1, 0, 0), (0, 1, 0), (5.0, 5.0), z - z[0], (41, 41))
    dose = Dose((200 - away).astype(np.float32), grid)
    reach = max(
        np.linalg.norm([abs(px) + 1, abs(py) + 2, abs(pz) + 3])
        for px in target.bounds_mm[0] for py in target.bounds_mm[1] for pz in target.bounds_mm[2]
    )  # fmt: skip
    outside, within = (dose_margin(target, dose, 200 - r) for r in (reach + 5, 10.0))
    assert outside.whole.min_mm > 0
    assert outside.uncovered_percent == 0
    assert within.whole.min_mm < 0
    assert within.uncovered_percent > 0
    # a ball about the middle of the target, so many mm smaller: each margin falls by as much
    smaller = dose_margin(target, dose, 200 - reach)
    assert outside.whole.min_mm - smaller.whole.min_mm == pytest.approx(5, abs=0.3)
    levels = [dose_margin(target, dose, 200 - r).whole.min_mm for r in (10.0, 16.0)]
    assert levels == sorted(levels)


def test_a_dosimetric_margin_of_an_isodose_all_inside() -> None:
    z = y = x = np.arange(-30, 31) * 2.0
    away = np.sqrt(x**2 + y[:, None] ** 2 + z[:, None, None] ** 2)
    grid = Grid((-60.0, -60.0, -60.0), (1, 0, 0), (0, 1, 0), (2.0, 2.0), z - z[0], (61, 61))
    found = dose_margin(ball((0.0, 0.0, 0.0), 20.0, 2.5), Dose((99 - away).astype("f4"), grid), 87)
    assert found.whole.max_mm < 0
    assert {spread.max_mm < 0 for spread in found.toward.values()} == {True}
    assert found.uncovered_percent == 100
