"""Laws of structure algebra on random ragged contours; no number is expected."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from rtvol.dvh.isodose_solid import IsodoseSolid
from rtvol.errors import UsageError
from rtvol.geometry import Grid
from rtvol.margins.setting import Setting
from rtvol.names.expressions import regions_meant
from rtvol.names.language import parse_expression
from rtvol.names.regions import Ground, shape_of
from rtvol.solids import slab_volume_cc, stack_planes
from rtvol.solids.reading import Reading
from rtvol.structures import Contour, Roi, StructureSet
from rtvol.volumes import Dose

SPACING_MM = 3.0
PLANES = np.arange(-40, 41) * SPACING_MM
#: A shape of random numbers has no simpler one.
NO_SHRINKING = (Phase.explicit, Phase.reuse, Phase.generate)
EXAMPLES = settings(max_examples=4, deadline=None, phases=NO_SHRINKING)
#: Two routes to one solid differ by how finely each was worked out.
SAME = 0.012
#: What tracing may leave of one solid outside another that holds it, of the volume: 0.32 % was
#: seen, where `A & B`, traced and measured again, was grown by 6 mm.
TRACED = 0.01
#: What there and back may lose or add where outlines jump from plane to plane, of the volume: 1.3 %
#: was seen, at sharp edges between planes 3 mm apart (docs/derive.md).
CLOSED = 0.025


@cache
def heap() -> Dose:
    """50 Gy in the middle, falling off with two humps."""
    z, y, x = (np.arange(-24, 25) * 2.5 for _ in range(3))
    square = (x - 5) ** 2 + (y[:, None] + 4) ** 2 / 2 + (z[:, None, None] + 6) ** 2
    values = 50 * np.exp(-square / 900) * (1 + 0.2 * np.cos(x / 6) * np.cos(y[:, None] / 5))
    grid = Grid((-60.0, -60.0, -60.0), (1, 0, 0), (0, 1, 0), (2.5, 2.5), z - z[0], (49, 49))
    return Dose(values.astype(np.float32), grid)


GROUND = Ground(
    lambda roi, limit: stack_planes(roi, images_mm=PLANES, cap_limit_mm=limit),
    lambda _: Setting(PLANES),
    lambda word: IsodoseSolid.of(heap(), word.amount),
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
@given(ragged("A"), ragged("B"))
def test_two_volumes_are_union_and_overlap(a: Roi, b: Roi) -> None:
    one, other, both, shared = (volume_cc(text, a, b) for text in ("A", "B", "A + B", "A & B"))
    assert one + other == pytest.approx(both + shared, rel=1e-6)
    grown = [volume_cc(t, a, b) for t in ("A + 3", "B + 3", "(A + B) + 3", "(A + 3) & (B + 3)")]
    assert grown[0] + grown[1] == pytest.approx(grown[2] + grown[3], rel=TRACED)


@EXAMPLES
@given(ragged("A"), ragged("B"), st.floats(1, 8))
def test_what_lies_inside_stays_inside(a: Roi, b: Roi, mm: float) -> None:
    """`A & B` in A and A in `A + B`, also where neither can be taken apart by set algebra."""
    margin = f"{mm:.2f}"
    least = TRACED * volume_cc(f"A + {margin}", a, b)
    assert volume_cc(f"((A & B) + {margin}) - (A + {margin})", a, b) <= least
    assert volume_cc(f"(A + {margin}) - ((A + B) + {margin})", a, b) <= least
    assert volume_cc(f"((A & B) - {margin}) - (A - {margin})", a, b) <= least
    assert volume_cc(f"A - (A + {margin})", a, b) <= least


@EXAMPLES
@given(ragged("A"), st.floats(1, 8))
def test_closing_loses_nothing_and_opening_adds_nothing(a: Roi, mm: float) -> None:
    margin, whole = f"{mm:.2f}", volume_cc("A", a)
    assert volume_cc(f"A - ((A + {margin}) - {margin})", a) <= CLOSED * whole
    assert volume_cc(f"((A - {margin}) + {margin}) - (A + 0)", a) <= CLOSED * whole


@EXAMPLES
@given(ragged("A"), st.floats(0.5, 9), st.booleans())
def test_six_equal_margins_are_one(a: Roi, mm: float, inwards: bool) -> None:
    sign, number = "-" if inwards else "+", f"{mm:.2f}"
    six = f"A {sign} ({','.join(letter + number for letter in 'LRAPSI')})"
    assert volume_cc(six, a) == volume_cc(f"A {sign} {number}", a)


@EXAMPLES
@given(ragged("A"), st.floats(5, 30), st.floats(0.5, 20))
def test_isodoses_lie_in_each_other(a: Roi, low: float, more: float) -> None:
    wide, narrow = f"[{low:.2f} Gy]", f"[{low + more:.2f} Gy]"
    assert volume_cc(f"{narrow} - {wide}", a) == 0
    assert volume_cc(narrow, a) < volume_cc(wide, a)
    assert volume_cc(f"{narrow} & A", a) <= volume_cc(f"{wide} & A", a) * (1 + TRACED)
    inner, outer = volume_cc(f"A & {wide}", a), volume_cc(f"A - {wide}", a)
    assert inner + outer == pytest.approx(volume_cc("A + 0.001", a), rel=SAME)


@EXAMPLES
@given(ragged("A"), ragged("B"), st.floats(1, 4))
def test_de_morgan_within_a_body(a: Roi, b: Roi, mm: float) -> None:
    square = np.array([(-25, -25), (25, -25), (25, 25), (-25, 25)], float)
    body = Roi("Body", 3, "", tuple(Contour(square, z) for z in PLANES[32:50]))
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
