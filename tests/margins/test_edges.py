"""Expressions and parts at their edges."""

from __future__ import annotations

import pytest

from naive.shapes import box_ring, circle, planes, prism, sphere
from rtvol.errors import UsageError
from rtvol.margins import TargetRecipe, build_targets, parse_margin
from rtvol.margins.algebra import Shrunk, bounds_mm, drawn, intersect, resize, shrink, union
from rtvol.margins.parts import split_parts
from rtvol.solids.stack import stack_planes
from rtvol.structures import Contour, Roi

Z = planes(2.0, 0.3)


def box(x: tuple[float, float]) -> object:
    return drawn(stack_planes(prism(box_ring(x, (-5, 5)), Z[50:60]))[0])


def test_shrinking_by_nothing_is_nothing_and_shrinkings_add_up() -> None:
    solid = box((0, 10))
    assert shrink(solid, 0.0) is solid  # type: ignore[arg-type]
    twice = shrink(shrink(solid, 1.0), 2.0)  # type: ignore[arg-type]
    assert isinstance(twice, Shrunk)
    assert twice.margin_mm == 3.0
    assert twice.solid is solid
    assert bounds_mm(twice) == bounds_mm(solid)  # type: ignore[arg-type]
    assert resize(solid, -3.0) == twice  # type: ignore[arg-type]
    with pytest.raises(UsageError):
        shrink(solid, -1.0)  # type: ignore[arg-type]


def test_bounds_of_booleans() -> None:
    one, other = box((0, 10)), box((4, 20))
    assert bounds_mm(union(one, other))[0] == (0, 20)  # type: ignore[arg-type]
    assert bounds_mm(intersect(one, other))[0] == (4, 10)  # type: ignore[arg-type]
    with pytest.raises(UsageError) as error:
        bounds_mm(intersect(one, box((10, 20))))  # type: ignore[arg-type]
    assert error.value.finding.code == "nothing-left"


def test_a_ring_finer_than_the_lattice_is_a_part_of_its_own() -> None:
    """Nothing of the structure may be lost when it is split, whatever its size."""
    dot = [Contour(circle(0.05, 30.23, 0.29, points=8), z) for z in Z[70:72]]
    whole = Roi("GTV", 1, "GTV", (*sphere(6, Z).contours, *dot))
    parts = split_parts(whole)
    assert sum(len(part.contours) for part in parts) == len(whole.contours)
    assert len(parts[0].contours) == len(sphere(6, Z).contours)


def test_images_of_one_slice_say_no_spacing_and_the_structure_does() -> None:
    recipe = TargetRecipe(parse_margin("2"), parse_margin("0"))
    one = build_targets([sphere(8, Z)], {}, recipe, planes_mm=Z[60:61])
    many = build_targets([sphere(8, Z)], {}, recipe, planes_mm=None)
    assert one.lesions[0].ctv.volume_cc == pytest.approx(many.lesions[0].ctv.volume_cc, rel=0.01)
    names = [target.name for lesion in one.lesions for target in lesion.targets]
    assert [structure.name for structure in one.structures] == names
