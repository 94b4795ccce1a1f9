"""Expressions and parts at their edges."""

from __future__ import annotations

import pytest

from naive.shapes import circle, planes, sphere
from rtvol.margins import TargetRecipe, build_targets, parse_margin
from rtvol.margins.parts import split_parts
from rtvol.structures import Contour, Roi

Z = planes(2.0, 0.3)


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
