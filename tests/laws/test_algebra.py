"""Laws of structure algebra on random ragged contours; no number is expected."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rtvol.errors import UsageError
from rtvol.margins.setting import Setting
from rtvol.names.expressions import regions_meant
from rtvol.names.language import parse_expression
from rtvol.names.regions import Ground, shape_of
from rtvol.solids import slab_volume_cc, stack_planes
from rtvol.solids.reading import Reading
from rtvol.structures import Contour, Roi, StructureSet

SPACING_MM = 3.0
PLANES = np.arange(-40, 41) * SPACING_MM
EXAMPLES = settings(max_examples=6, deadline=None)
#: Two routes to one solid differ by how finely each was worked out.
SAME = 0.012
GROUND = Ground(
    lambda roi, limit: stack_planes(roi, images_mm=PLANES, cap_limit_mm=limit),
    lambda _: Setting(PLANES),
    lambda word: pytest.fail(f"no dose for {word}"),
)


@st.composite
def ragged(draw: Any, name: str) -> Roi:
    """A structure whose outline, centre and size jump from plane to plane; holes in some planes."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    first, count = int(rng.integers(-6, 2)), int(rng.integers(3, 9))
    middle, angle = rng.uniform(-12, 12, 2), 2 * np.pi * np.arange(40) / 40
    contours = []
    circle = np.column_stack([np.cos(angle), np.sin(angle)])
    for z in PLANES[40 + first : 40 + first + count]:
        waves = np.cos(rng.integers(1, 5) * angle)
        size = (rng.uniform(8, 16) * (1 + 0.3 * rng.uniform(-1, 1) * waves))[:, None]
        centre = middle + rng.uniform(-4, 4, 2)
        contours.append(Contour(centre + size * circle, z))
        if rng.random() < 0.3:
            contours.append(Contour(centre + 0.3 * size * circle, z))
    return Roi(name, 1, "", tuple(contours))


def volume_cc(text: str, *rois: Roi) -> float:
    (region,) = regions_meant(StructureSet(rois), text)
    shape = shape_of(region, Reading(), GROUND)
    return 0.0 if shape.is_empty else slab_volume_cc(shape.stack)


@EXAMPLES
@given(ragged("A"), ragged("B"))
def test_polygons_part_a_structure_exactly(a: Roi, b: Roi) -> None:
    whole, without, both = (volume_cc(text, a, b) for text in ("A", "A - B", "A & B"))
    assert without + both == pytest.approx(whole, rel=1e-6, abs=1e-6)
    assert volume_cc("A + B", a, b) == pytest.approx(without + volume_cc("B", a, b), rel=1e-6)
    assert volume_cc("A - A", a, b) == volume_cc("A & (B - B)", a, b) == 0
    assert volume_cc("B + A", a, b) == pytest.approx(volume_cc("A + B", a, b), rel=1e-9)


@EXAMPLES
@given(ragged("A"), ragged("B"), st.floats(1, 6))
def test_fields_part_a_grown_structure(a: Roi, b: Roi, mm: float) -> None:
    grown = f"(A + {mm:.2f})"
    whole, without, both = (volume_cc(t, a, b) for t in (grown, f"{grown} - B", f"{grown} & B"))
    assert without + both == pytest.approx(whole, rel=3e-3)
    assert volume_cc(f"{grown} - {grown}", a, b) == 0


@EXAMPLES
@given(ragged("A"), st.floats(0.5, 5), st.floats(0.5, 5))
def test_margins_add_up_and_more_is_more(a: Roi, one: float, other: float) -> None:
    first, second = round(one, 2), round(other, 2)
    both = volume_cc(f"A + {first + second:.2f}", a)
    assert volume_cc(f"(A + {first}) + {second}", a) == pytest.approx(both, rel=1e-3)
    assert volume_cc(f"A + {first}", a) < both
    assert volume_cc(f"A - {first}", a) >= volume_cc(f"A - {first + second:.2f}", a)
    ring = f"(A + {first + second:.2f}) - (A + {first})"
    left = both - volume_cc(f"A + {first}", a)
    # the shell is worked out on a finer lattice than either of its sides
    assert volume_cc(ring, a) == pytest.approx(left, rel=0.015, abs=0.04)


@EXAMPLES
@given(ragged("A"), ragged("B"), st.floats(1, 5))
def test_the_order_of_a_ring_does_not_matter(a: Roi, b: Roi, mm: float) -> None:
    out, near = f"(A + B + {mm + 5:.2f})", f"(A + B + {mm:.2f})"
    other = f"((B + A) + {mm + 5:.2f}) - (B + A) - {near}"
    one = volume_cc(f"{out} - {near}", a, b)
    assert volume_cc(other, a, b) == pytest.approx(one, rel=SAME)
    assert volume_cc(f"({out} - A) - {near}", a, b) == pytest.approx(one, rel=SAME)


@EXAMPLES
@given(ragged("A"), ragged("B"), st.floats(1, 4))
def test_de_morgan_within_a_body(a: Roi, b: Roi, mm: float) -> None:
    square = np.array([(-60, -60), (60, -60), (60, 60), (-60, 60)], float)
    body = Roi("Body", 3, "", tuple(Contour(square, z) for z in PLANES[25:56]))
    rois = (a, b, body)
    grown = f"(A + {mm:.2f})"
    left, right = f"Body - ({grown} + B)", f"(Body - {grown}) & (Body - B)"
    assert volume_cc(left, *rois) == pytest.approx(volume_cc(right, *rois), rel=1e-4)
    left, right = f"Body - ({grown} & B)", f"(Body - {grown}) + (Body - B)"
    assert volume_cc(left, *rois) == pytest.approx(volume_cc(right, *rois), rel=1e-4)


@given(st.text(alphabet="AB+-&()[]\"' 5.,%GyLRAPSI#*", max_size=40))
@settings(max_examples=300, deadline=None)
def test_any_text_is_an_expression_or_refused_with_a_caret(text: str) -> None:
    fault = None
    try:
        parse_expression(text, ["A", "B", "A-B", "(A", "5"])
    except UsageError as error:
        fault = error.finding
    assert fault is None or (fault.code == "bad-expression" and "^" in fault.seen)
