"""The cases of the table: solids, slice spacings, phases, organs that cut, and their truths."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING

import numpy as np

import sums
from bodies import distance_to
from rtvol.margins import Margin
from rtvol.phantoms import (
    Box,
    Cone,
    Cylinder,
    Ellipsoid,
    LShape,
    Sphere,
    Step,
    Torus,
    Tube,
    contour,
)
from rtvol.structures import Roi
from truth import Truth, measure

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from bodies import Points
    from rtvol.phantoms import Solid
    from truth import Box as Extent

#: Nowhere near a whole multiple of any lattice step, pixel or slice.
CENTRE = (0.37, -0.23, 0.11)
SPACINGS_MM = (1.0, 2.5, 3.0)
PHASES = 6
SIX = Margin(left_mm=5, right_mm=3, anterior_mm=4, posterior_mm=2, superior_mm=5, inferior_mm=3)
GAPS_MM = (0.0, 2.0)
#: The organs' surfaces lie this far from the GTV: after 2 then 4 mm they take 3, with the gap 5 mm.
BESIDE_MM = 3.0
#: Distance between contour points along a ring, mm.
POINT_MM = 0.75
#: Planes contours and organs are drawn on reach this far from the centre, mm.
REACH_MM = 45.0


@dataclass(frozen=True)
class Shape:
    """One GTV of the table.

    Attributes
    ----------
    name
        What the table calls it.
    solids
        One, or several that lie apart.
    kind
        "tapered", or "flat" for ends at right angles to z.
    half_mm
        Half the box about the centre that holds it, mm.
    """

    name: str
    solids: tuple[Solid, ...]
    kind: str
    half_mm: tuple[float, float, float]

    def extent(self, reach_mm: float) -> Extent:
        """Box that holds the shape grown by a reach."""
        x, y, z = (
            (c - h - reach_mm - 1, c + h + reach_mm + 1)
            for c, h in zip(CENTRE, self.half_mm, strict=True)
        )
        return (x, y, z)


def _flat(length_mm: float = 24.0, name: str = "") -> tuple[Shape, ...]:
    up, half = length_mm, length_mm / 2
    parts = {
        "upright cylinder": (Cylinder(CENTRE, 12, up), 12.0),
        "upright cone": (Cone(CENTRE, 12, up), 12.0),
        "tube": (Tube(CENTRE, 15, 8, up), 15.0),
        "L": (LShape(CENTRE, 26, 10, up), 13.0),
        "step": (Step(CENTRE, 13, half, 8, half), 13.0),
    }
    return tuple(
        Shape(title + name, (solid,), "flat", (wide, wide, half))
        for title, (solid, wide) in parts.items()
    )


def shapes() -> tuple[Shape, ...]:
    """Return every shape whose planes may lie anywhere."""
    x, y, z = CENTRE
    small = (3 * 300 / (4 * math.pi)) ** (1 / 3)
    # 9 mm apart: one lesion each after 4 mm, one common target after 6 mm
    pair = (Sphere((x - 11.5, y, z - 3), 8), Sphere((x + 11.5, y, z + 3), 6.766))
    return (
        Shape("sphere 24 mm", (Sphere(CENTRE, 12),), "tapered", (12, 12, 12)),
        Shape("ellipsoid", (Ellipsoid(CENTRE, (15, 10, 12)),), "tapered", (15, 10, 12)),
        Shape("lying cylinder", (Cylinder(CENTRE, 12, 24, "x"),), "tapered", (12, 12, 12)),
        Shape("lying cone", (Cone(CENTRE, 12, 24, "x"),), "tapered", (12, 12, 12)),
        Shape("torus", (Torus(CENTRE, 16, 6),), "tapered", (22, 22, 6)),
        Shape("two lesions", pair, "tapered", (20, 8, 11)),
        Shape("sphere 0.3 cc", (Sphere(CENTRE, small),), "tapered", (small,) * 3),
        Shape("sphere 5 mm", (Sphere(CENTRE, 2.5),), "tapered", (2.5, 2.5, 2.5)),
        *_flat(),
    )


@dataclass(frozen=True)
class Case:
    """A shape contoured on planes."""

    shape: Shape
    spacing_mm: float
    phase: float
    group: str

    @property
    def planes_mm(self) -> NDArray[np.float64]:
        """Image planes; one of them lies `phase` spacings above the centre."""
        count = math.ceil(REACH_MM / self.spacing_mm)
        steps: NDArray[np.float64] = np.arange(-count, count + 1) + self.phase
        return CENTRE[2] + steps * self.spacing_mm

    def roi(self, *, shift_mm: tuple[float, float, float] = (0.0, 0.0, 0.0)) -> Roi:
        """Contours of the GTV, all of it moved by a shift."""
        rings = []
        for solid in self.shape.solids:
            moved = replace(solid, centre_mm=_moved(solid.centre_mm, shift_mm))
            rings += _drawn(moved, self.planes_mm + shift_mm[2], self.shape.half_mm).contours
        return Roi("GTV", 1, "GTV", tuple(rings))

    def organ(self, name: str) -> Roi:
        """Contours of an organ that cuts."""
        solid = organ_of(self.shape, name)
        return _drawn(solid, self.planes_mm, (30.0, 30.0, 60.0), name)


def _moved(
    centre: tuple[float, float, float], shift: tuple[float, float, float]
) -> tuple[float, float, float]:
    x, y, z = (c + s for c, s in zip(centre, shift, strict=True))
    return (x, y, z)


def _drawn(
    solid: Solid, planes_mm: NDArray[np.float64], half_mm: tuple[float, ...], name: str = "GTV"
) -> Roi:
    points = max(24, math.ceil(2 * math.pi * max(half_mm[:2]) / POINT_MM))
    return contour(solid, planes_mm, name, 1, "GTV", points=points)


def organ_of(shape: Shape, name: str) -> Solid:
    """A long box to the left of the GTV, or a cord behind it; both pass all planes."""
    x, y, z = CENTRE
    if name == "cord":
        return Cylinder((x, y + shape.half_mm[1] + BESIDE_MM + 5, z), 5, 2 * REACH_MM + 40)
    return Box((x + shape.half_mm[0] + BESIDE_MM + 10, y + 11, z), (20, 28, 2 * REACH_MM + 40))


def cases(*, smoke: bool = False) -> list[Case]:
    """Return all cases, or a few of them."""
    phases = [(p + 0.5) / PHASES for p in (range(0, PHASES, 2) if smoke else range(PHASES))]
    chosen = [s for s in shapes() if not smoke or s.name in SMOKE]
    found = [
        Case(shape, spacing, phase, shape.kind)
        for shape in chosen
        for spacing in (SPACINGS_MM if not smoke else (2.5,))
        for phase in phases
    ]
    for spacing in SPACINGS_MM if not smoke else (2.5,):
        # an even number of slabs: the ends, and the step in the middle, lie on their faces
        length = 2 * spacing * round(12 / spacing)
        found += [
            Case(shape, spacing, 0.5, "aligned")
            for shape in _flat(length, f" of {length:g} mm")
            if not smoke or "step" in shape.name
        ]
    return found


SMOKE = ("sphere 24 mm", "sphere 0.3 cc", "upright cylinder")


@cache
def truth_of(shape: Shape, operation: str) -> Truth:
    """Truth of an operation on the ideal solid."""
    distance = distance_to(*shape.solids)
    if operation == "gtv":
        volume_cc = sum(solid.volume_cc for solid in shape.solids)
        return Truth(volume_cc, measure(distance, shape.extent(0)).area_mm2)
    if operation == "shrink 2":
        return measure(lambda p: distance(p) + 2, shape.extent(0))
    if operation == "six":
        return _six(shape)
    if not operation.startswith("clip"):
        grown = {"grow 2": 2.0, "grow 4": 4.0, "2 then 4": 6.0}[operation]
        return measure(lambda p: distance(p) - grown, shape.extent(grown))
    _, organ, gap = operation.split()
    from_organ = distance_to(organ_of(shape, organ))

    def cut(points: Points) -> NDArray[np.float64]:
        return np.maximum(distance(points) - 6, float(gap) - from_organ(points))

    return measure(cut, shape.extent(6))


def _six(shape: Shape) -> Truth:
    """Grown by six margins; the area of shapes without a hull is that of their mean margin."""
    match shape.solids:
        case (Sphere() | Ellipsoid() | Cylinder() | Cone() as solid,):
            return sums.convex_sum(solid, SIX)
        case (Step(lower_radius_mm=R, upper_radius_mm=r, lower_length_mm=a, upper_length_mm=b),):
            volume = sums.step_sum_cc((R, r), (a, b), SIX)
        case (Tube(outer_mm=R, inner_mm=r, length_mm=h),):
            volume = sums.tube_sum_cc(R, r, h, SIX)
        case (Torus(ring_mm=R, tube_mm=r),):
            volume = sums.torus_sum_cc(R, r, SIX)
        case (LShape() as solid,):
            legs = [sums.box_gauge(leg, SIX) for leg in _legs(solid)]
            volume = measure(
                lambda p: np.min([leg(p) for leg in legs], axis=0), shape.extent(5)
            ).volume_cc
        case several:
            found = [sums.convex_sum(solid, SIX) for solid in several]
            return Truth(sum(t.volume_cc for t in found), sum(t.area_mm2 for t in found))
    distance = distance_to(*shape.solids)
    mean = measure(lambda p: distance(p) - 22 / 6, shape.extent(5))
    return Truth(volume, mean.area_mm2)


def _legs(solid: LShape) -> tuple[Box, Box]:
    (x, y, z), a, b = solid.centre_mm, solid.arm_mm, solid.leg_mm
    off = (a - b) / 2
    return (
        Box((x, y - off, z), (a, b, solid.length_mm)),
        Box((x - off, y, z), (b, a, solid.length_mm)),
    )
