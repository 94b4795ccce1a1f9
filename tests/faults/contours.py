"""Contours that are damaged, off their slices, doubled, crossed or missing."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

import numpy as np

from faults.export import (
    CENTRE,
    CT,
    FIELD,
    GTV,
    GTV_CC,
    RADIUS_MM,
    Export,
    points_of,
    raw,
    ring,
    set_points,
    stack_cc,
    values_text,
)
from faults.register import NO_NUMBER, fault, sound
from rtvol.phantoms import Shell, Sphere, contoured_planes

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

NUMBERS, PLANES, RINGS = "contour numbers", "contour planes", "contour rings"


def spoil_number(one: Dataset, text: str) -> None:
    values = values_text(one)
    values[30] = text
    raw(one, "ContourData", "\\".join(values))


for _name, _text in {
    "nan": "NaN",
    "infinite": "9e999",
    "blank": "",
    "spaces": "   ",
    "decimal-comma": "3,25",
    "underscore": "1_0",
    "hexadecimal": "0x1F",
    "two-signs": "--3",
    "two-points": "1.2.3",
    "letters": "12a",
    "infinity-spelt": "inf",
    "exponent-without-digits": "3e",
}.items():

    @fault(
        NUMBERS,
        "reject warn",
        "bad-number",
        volumes_cc=NO_NUMBER,
        mean_gy=None,
        name=f"coordinate-{_name}",
    )
    def _spoilt(export: Export, _text: str = _text) -> None:
        spoil_number(export.at_equator(), _text)


@fault(NUMBERS, "reject warn", "contour-not-triples", volumes_cc=NO_NUMBER, mean_gy=None)
def contour_lacks_its_first_value(export: Export) -> None:
    one = export.at_equator()
    raw(one, "ContourData", "\\".join(values_text(one)[1:]))


@fault(NUMBERS, "reject warn", "contour-points-mismatch", volumes_cc=NO_NUMBER, mean_gy=None)
def contour_lacks_its_last_point(export: Export) -> None:
    one = export.at_equator()
    raw(one, "ContourData", "\\".join(values_text(one)[:-3]))


@fault(
    NUMBERS,
    "reject warn",
    "contour-points-mismatch",
    "bad-number",
    volumes_cc=NO_NUMBER,
    mean_gy=None,
)
def number_of_points_negative(export: Export) -> None:
    raw(export.at_equator(), "NumberOfContourPoints", "-72")


@fault(
    NUMBERS,
    "reject warn",
    "contour-points-mismatch",
    "bad-number",
    volumes_cc=NO_NUMBER,
    mean_gy=None,
)
def number_of_points_zero(export: Export) -> None:
    export.at_equator().NumberOfContourPoints = 0


@fault(NUMBERS, "reject warn", "bad-number", volumes_cc=NO_NUMBER, mean_gy=None)
def coordinate_a_kilometre_away(export: Export) -> None:
    """One point lost its decimal point: 12.345 became 1234500."""
    spoil_number(export.at_equator(), "1234500")


def with_spike_cc() -> float:
    """The GTV, and the triangle (as drawn, by shoelace) to a point far out on one slice."""
    points = ring(CENTRE[:2], RADIUS_MM, CENTRE[2])[:, :2]
    spoilt = points.copy()
    spoilt[10] = [400.0, 10.0]
    return GTV_CC + (shoelace(spoilt) - shoelace(points)) * 3.0 / 1000


def shoelace(points: Any) -> float:
    x, y = points.T
    return float(np.abs(x @ np.roll(y, -1) - np.roll(x, -1) @ y) / 2)


@fault(NUMBERS, "reject warn", "contour-spike", volumes_cc=(with_spike_cc(),), mean_gy=None)
def one_point_far_outside(export: Export) -> None:
    one = export.at_equator()
    points = points_of(one)
    points[10] = [400.0, 10.0, points[10, 2]]
    set_points(one, points)


@fault(PLANES, "reject warn", "contour-not-planar", volumes_cc=NO_NUMBER, mean_gy=None)
def half_of_a_contour_3_mm_higher(export: Export) -> None:
    one = export.at_equator()
    points = points_of(one)
    points[:36, 2] += 3.0
    set_points(one, points)


@fault(PLANES, "warn reject", "roi-without-images", grows_true=False)
def contours_on_tilted_planes(export: Export) -> None:
    """Drawn on a gantry-tilted series: z changes with y. A shear keeps volumes and centres."""
    for one in export.contours():
        points = points_of(one)
        points[:, 2] += np.tan(np.radians(10)) * (points[:, 1] - CENTRE[1])
        set_points(one, points)


@fault(PLANES, "reject warn", "contour-off-plane", mean_gy=43.3 + 0.17)
def contours_1_mm_above_their_slices(export: Export) -> None:
    for one in export.contours():
        points = points_of(one)
        points[:, 2] += 1.0
        set_points(one, points)


SECOND_SLICES = contoured_planes(GTV, CT.planes_mm)[::2]
EVERY_SECOND = stack_cc(GTV, SECOND_SLICES)


@fault(
    PLANES, "warn reject", "contour-gap", volumes_cc=(EVERY_SECOND,), mean_gy=43.3, tolerance=2e-3
)
def drawn_on_every_second_slice(export: Export) -> None:
    export.set_contours(export.contours()[::2])


def without_the_equator() -> float:
    """What the slab makes of a stack whose middle plane is missing: two lobes, each capped."""
    planes = contoured_planes(GTV, CT.planes_mm)
    areas = np.array([GTV.section_area_mm2(float(z)) for z in planes])
    return float(areas[np.abs(planes - CENTRE[2]) > 0.1].sum() * 3.0 / 1000)


@fault(
    PLANES, "warn reject", "contour-gap", volumes_cc=(without_the_equator(), GTV_CC), tolerance=2e-3
)
def contour_of_the_equator_missing(export: Export) -> None:
    export.set_contours([c for c in export.contours() if c is not export.at_equator()])


@fault(PLANES, "reject warn", "roi-outside-ct", mean_gy=None)
def gtv_500_mm_beside_the_ct(export: Export) -> None:
    for one in export.contours():
        set_points(one, points_of(one) + np.array([500.0, 0.0, 0.0]))


@fault(PLANES, "warn accept", "roi-single-slice", volumes_cc=(np.pi * 0.4 * 3.0,), mean_gy=43.3)
def gtv_on_one_slice(export: Export) -> None:
    export.set_contours([export.at_equator()])


@fault(
    PLANES, "warn reject accept", "contour-off-plane", "contour-split-plane", "contour-near-planes"
)
def contours_of_a_slice_on_two_nearly_equal_planes(export: Export) -> None:
    """A hole-free ring whose twin piece lies 0.04 mm above: one plane, not two."""
    for one in export.contours()[::2]:
        points = points_of(one)
        points[:, 2] += 0.04
        set_points(one, points)


def part_of(export: Export, radius: float, z: float, centre: tuple[float, float]) -> Dataset:
    return set_points(copy.deepcopy(export.at_equator()), ring(centre, radius, z))


@fault(PLANES, "warn reject", "contour-near-planes", volumes_cc=NO_NUMBER, mean_gy=None)
def two_halves_of_each_slice_on_planes_0_2_mm_apart(export: Export) -> None:
    """Left and right half drawn apart, the right one 0.2 mm higher: one slice each, not two."""
    halves = []
    for one in export.contours():
        points = points_of(one)
        left = points[points[:, 0] <= CENTRE[0] + 1e-6]
        right = points[points[:, 0] >= CENTRE[0] - 1e-6]
        order = np.argsort(np.arctan2(right[:, 1] - CENTRE[1], right[:, 0] - CENTRE[0]))
        halves.append(set_points(copy.deepcopy(one), left))
        halves.append(set_points(copy.deepcopy(one), right[order] + [0.0, 0.0, 0.2]))
    export.set_contours(halves)


@sound(RINGS, "warn accept", "contour-degenerate")
def contours_of_one_and_two_points(export: Export) -> None:
    one, two, line = (copy.deepcopy(export.at_equator()) for _ in range(3))
    set_points(one, points_of(one)[:1])
    set_points(two, points_of(two)[:2])
    z = CENTRE[2]
    set_points(line, [[0.0, 0.0, z], [5.0, 5.0, z], [10.0, 10.0, z], [2.0, 2.0, z]])
    export.set_contours([*export.contours(), one, two, line])


@fault(RINGS, "reject warn", "contour-self-crossing", volumes_cc=NO_NUMBER, mean_gy=None)
def contours_run_round_twice(export: Export) -> None:
    for one in export.contours():
        points = points_of(one)
        set_points(one, np.vstack([points, points]))


@fault(RINGS, "reject warn", "contour-self-crossing", volumes_cc=NO_NUMBER, mean_gy=None)
def contours_are_figures_of_eight(export: Export) -> None:
    """Half of the area runs round the other way: a signed area would be near nothing."""
    for one in export.contours():
        points = points_of(one)
        set_points(one, np.vstack([points[:36], points[36:][::-1]]))


@fault(RINGS, "reject warn", "contour-self-crossing", volumes_cc=(GTV_CC,), tolerance=2e-3)
def two_neighbouring_points_exchanged(export: Export) -> None:
    one = export.at_equator()
    points = points_of(one)
    points[[20, 21]] = points[[21, 20]]
    set_points(one, points)


@fault(RINGS, "warn accept", "contour-spike", grows_true=False)
def contour_with_a_spike_of_no_width(export: Export) -> None:
    """The pen went out 15 mm and came back on its own line: no area, but a margin grows it."""
    one = export.at_equator()
    points = points_of(one)
    out = points[10] + (points[10] - [*CENTRE[:2], points[10, 2]]) * 0.75
    set_points(one, np.vstack([points[:11], [out], points[10:]]))


HOLLOW, ISLAND = Shell(CENTRE, 20.0, 14.0), Sphere(CENTRE, 7.0)


def nest(export: Export, *radii: float, turned: bool = False, inner_first: bool = False) -> None:
    """Add rings of spheres about the same centre inside the contours of the GTV."""
    stack = []
    for one in export.contours():
        z = points_of(one)[0, 2]
        rings = [one]
        for radius in radii:
            height = z - CENTRE[2]
            if abs(height) < radius:
                points = ring(CENTRE[:2], float(np.sqrt(radius**2 - height**2)), z)
                rings.append(set_points(copy.deepcopy(one), points[::-1] if turned else points))
        stack += rings[::-1] if inner_first else rings
    export.set_contours(stack)


for _turned, _first in ((False, False), (False, True), (True, False), (True, True)):
    _label = f"hole-{'turned' if _turned else 'alike'}-{'inner' if _first else 'outer'}-first"

    @fault(
        RINGS,
        "warn accept reject",
        "contour-nested",
        volumes_cc=(stack_cc(GTV) - stack_cc(Sphere(CENTRE, 14.0)),),
        name=_label,
    )
    def _hole(export: Export, turned: bool = _turned, first: bool = _first) -> None:
        nest(export, 14.0, turned=turned, inner_first=first)


@fault(
    RINGS,
    "warn accept reject",
    "contour-nested",
    volumes_cc=(stack_cc(GTV) - stack_cc(Sphere(CENTRE, 14.0)) + stack_cc(ISLAND),),
)
def hole_with_an_island(export: Export) -> None:
    nest(export, 14.0, 7.0)


@sound(RINGS, "warn reject", "contour-duplicate")
def every_contour_twice(export: Export) -> None:
    export.set_contours([c for one in export.contours() for c in (one, copy.deepcopy(one))])


@sound(RINGS, "warn reject", "contour-duplicate")
def every_contour_twice_turned_and_moved_on(export: Export) -> None:
    """The copy starts elsewhere and runs the other way round."""
    stack = []
    for one in export.contours():
        twin = set_points(copy.deepcopy(one), np.roll(points_of(one)[::-1], 5, axis=0))
        stack += [one, twin]
    export.set_contours(stack)


@fault(RINGS, "warn reject", "contour-duplicate", "contour-overlap", "contour-nested")
def every_contour_twice_nearly_equal(export: Export) -> None:
    """The copy is shifted by 0.02 mm: parity would leave next to nothing."""
    stack = []
    for one in export.contours():
        twin = set_points(copy.deepcopy(one), points_of(one) + np.array([0.02, 0.0, 0.0]))
        stack += [one, twin]
    export.set_contours(stack)


@fault(RINGS, "warn reject", "contour-duplicate", "contour-overlap", "contour-nested")
def every_contour_twice_slightly_larger(export: Export) -> None:
    """The copy lies 0.02 mm outside: as a hole it would leave a skin."""
    stack = []
    for one in export.contours():
        points = points_of(one)
        out = points + (points - [*CENTRE[:2], points[0, 2]]) * 1e-3
        stack += [one, set_points(copy.deepcopy(one), out)]
    export.set_contours(stack)


#: Union and exclusive-or are both symmetrical about (15, 15) on the twelve lowest slices.
SQUARES_GY = float(
    FIELD.at(np.array([15.0, 15.0, contoured_planes(GTV, CT.planes_mm)[:12].mean()]))
)


@fault(
    RINGS,
    "warn reject",
    "contour-overlap",
    volumes_cc=(12 * 3 * 0.9, 12 * 3 * 0.6),
    mean_gy=SQUARES_GY,
)
def two_squares_that_overlap_by_half(export: Export) -> None:
    """Union 0.9 cm2 x 12 slices, exclusive-or 0.6: both named, neither silent."""
    stack = []
    for one in export.contours()[:12]:
        z = points_of(one)[0, 2]
        for shift in (0.0, 10.0):
            square = [[0, 0, z], [20, 0, z], [20, 30, z], [0, 30, z]]
            points = np.array(square, float) * [1, 1, 1] + [shift, 0, 0]
            stack.append(set_points(copy.deepcopy(one), points))
    export.set_contours(stack)
