"""Truth of a DVH: what a perfect system finds in the slab solid of the contours it is given.

Linear doses are exact. The region of a prism colder than d lies on one side of a plane. By
Green's theorem its area at height z is a sum over the edges of the polygons, and its volume the
sum's integral over z; both integrals are differences of powers of max(d - dose at a corner, 0).

Other doses are summed up over a dense lattice of points whose weights add up to the exact volume;
that holds to 5e-5 (tests/test_accuracy_dvh_truth.py).
Nothing here comes from rtvol but the contours.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from functools import cached_property
from math import factorial
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from collections.abc import Callable

    from rtvol.phantoms import Linear
    from rtvol.structures import Roi

Array = NDArray[np.float64]

#: Doses at the two ends of a stretch nearer than this share of the whole range are one.
SAME = 1e-5


@dataclass(frozen=True, eq=False)
class Slab:
    """A prism: rings with the region on their left (holes run the other way) between two faces."""

    low_mm: float
    high_mm: float
    rings: tuple[Array, ...]

    @cached_property
    def edges(self) -> Array:
        """Begin and end of each edge, (N, 4): x, y, x, y in mm."""
        return np.concatenate([np.hstack([ring, np.roll(ring, -1, axis=0)]) for ring in self.rings])

    @property
    def area_mm2(self) -> float:
        """Area of the base."""
        x0, y0, x1, y1 = self.edges.T
        return float((x0 * y1 - x1 * y0).sum() / 2)

    def inside(self, xy: Array) -> NDArray[np.bool_]:
        """Whether points (N, 2) lie in the base."""
        odd = np.zeros(len(xy), bool)
        for x0, y0, x1, y1 in self.edges:
            if y0 != y1:
                across = (y0 > xy[:, 1]) != (y1 > xy[:, 1])
                odd ^= across & (x0 + (xy[:, 1] - y0) / (y1 - y0) * (x1 - x0) > xy[:, 0])
        return odd


def slabs_of(roi: Roi, spacing_mm: float) -> tuple[Slab, ...]:
    """Prisms of a contoured structure: midway to the neighbours, half a spacing at the ends."""
    planes: dict[float, list[Array]] = defaultdict(list)
    for contour in roi.contours:
        planes[contour.z_mm].append(np.array(contour.xy_mm))
    z = np.array(sorted(planes))
    middles = (z[1:] + z[:-1]) / 2
    faces = np.concatenate([[z[0] - spacing_mm / 2], middles, [z[-1] + spacing_mm / 2]])
    return tuple(
        Slab(float(low), float(high), tuple(_turned(planes[height])))
        for low, high, height in zip(faces[:-1], faces[1:], z, strict=True)
    )


def _turned(rings: list[Array]) -> list[Array]:
    """Rings that do not cross, wound so that their region is on the left."""
    alone = [Slab(0.0, 1.0, (ring,)) for ring in rings]
    turned = []
    for number, ring in enumerate(rings):
        others = [slab for other, slab in enumerate(alone) if other != number]
        depth = sum(bool(slab.inside(ring[:1])[0]) for slab in others)
        wanted = -1 if depth % 2 else 1
        turned.append(ring if np.sign(alone[number].area_mm2) == wanted else ring[::-1])
    return turned


def volume_cc(slabs: tuple[Slab, ...]) -> float:
    """Volume of the prisms."""
    return sum(slab.area_mm2 * (slab.high_mm - slab.low_mm) for slab in slabs) / 1000


class Truth(Protocol):
    """What is asked of either truth."""

    volume_cc: float
    min_gy: float
    max_gy: float
    mean_gy: float

    def at_least_cc(self, dose_gy: float) -> float:
        """Volume that receives at least a dose."""

    def hottest_gy(self, part_cc: float) -> float:
        """Least dose in the hottest so many cc."""


class LinearTruth:
    """A linear dose in prisms, exactly."""

    def __init__(self, slabs: tuple[Slab, ...], dose: Linear) -> None:
        self.volume_cc = volume_cc(slabs)
        gradient = np.array(dose.gradient_gy_per_mm)
        zero = dose.dose_gy - gradient @ np.array(dose.origin_mm)
        flat, steep = gradient[:2], float(gradient[2])
        self.slope = float(np.hypot(*flat))
        parts, moments, ends = [], [], []
        for slab in slabs:
            a, b = slab.edges[:, :2], slab.edges[:, 2:]
            high = slab.high_mm - slab.low_mm
            low_gy, rise = zero + steep * slab.low_mm, steep * high
            dose_a, dose_b = a @ flat, b @ flat
            across = np.array([-flat[1], flat[0]]) / self.slope if self.slope else np.zeros(2)
            parts.append(
                np.column_stack(
                    [
                        low_gy + dose_a,
                        dose_b - dose_a,
                        np.full(len(a), rise),
                        (b - a) @ across * high,
                    ]
                )
            )
            whole = slab.area_mm2 * high
            cross = a[:, 0] * b[:, 1] - b[:, 0] * a[:, 1]
            moments.append(cross @ (dose_a + dose_b) / 6 * high + whole * (low_gy + rise / 2))
            ends += [low_gy + dose_a.min(), low_gy + dose_a.max()]
            ends += [ends[-2] + rise, ends[-1] + rise]
        self.parts = np.concatenate(parts)
        self.layers = [(zero + steep * s.low_mm, zero + steep * s.high_mm, s) for s in slabs]
        self.min_gy, self.max_gy = float(min(ends)), float(max(ends))
        self.mean_gy = float(sum(moments)) / 1000 / self.volume_cc

    def at_least_cc(self, dose_gy: float) -> float:
        """Volume that receives at least a dose."""
        if dose_gy <= self.min_gy:
            return self.volume_cc
        if dose_gy >= self.max_gy:
            return 0.0
        return self.volume_cc - self._below_mm3(dose_gy) / 1000

    def _below_mm3(self, dose_gy: float) -> float:
        if self.slope == 0:
            return sum(
                slab.area_mm2 * (slab.high_mm - slab.low_mm) * _share(dose_gy, low, high)
                for low, high, slab in self.layers
            )
        room = dose_gy - self.parts[:, 0]
        along, rise, weight = self.parts[:, 1], self.parts[:, 2], self.parts[:, 3]
        tiny = SAME * (self.max_gy - self.min_gy)
        return float(-(weight * _mean_room(room, along, rise, tiny)).sum() / self.slope)

    def hottest_gy(self, part_cc: float) -> float:
        """Least dose in the hottest so many cc, by bisection."""
        return halved(self, part_cc)


def halved(truth: LinearTruth, part_cc: float) -> float:
    """Find the dose that so many cc receive at least."""
    low, high = truth.min_gy, truth.max_gy
    for _ in range(45):
        middle = (low + high) / 2
        if truth.at_least_cc(middle) > part_cc:
            low = middle
        else:
            high = middle
    return (low + high) / 2


def _share(dose: float, low: float, high: float) -> float:
    """Share of a stretch whose dose goes evenly from low to high that lies below a dose."""
    if low == high:
        return float(dose > low)
    first, last = sorted((low, high))
    return float(np.clip((dose - first) / (last - first), 0, 1))


def _mean_room(room: Array, along: Array, rise: Array, tiny: float) -> Array:
    """Mean of max(room - s along - t rise, 0) over s and t from 0 to 1."""

    def power(x: Array, n: int) -> Array:
        return np.maximum(x, 0) ** n / factorial(n)

    def over_along(x: Array, n: int) -> Array:
        level = np.abs(along) < tiny
        safe = np.where(level, 1.0, along)
        slanted = (power(x, n + 1) - power(x - along, n + 1)) / safe
        return np.where(level, power(x - along / 2, n), slanted)

    flat = np.abs(rise) < tiny
    safe = np.where(flat, 1.0, rise)
    slanted = (over_along(room, 2) - over_along(room - rise, 2)) / safe
    return np.where(flat, over_along(room - rise / 2, 1), slanted)


class DenseTruth:
    """Any dose in prisms, over a lattice of points and over the surface.

    Parameters
    ----------
    slabs
        The structure.
    dose_at
        Dose in Gy at points (N, 3).
    step_mm
        Distance between points along x, y and z.
    places
        Points (N, 3) where the dose may have a kink (dose nodes): extremes are looked for there
        too.
    """

    def __init__(
        self,
        slabs: tuple[Slab, ...],
        dose_at: Callable[[Array], Array],
        step_mm: float,
        places: Array,
    ) -> None:
        doses, weights, extremes = [], [], []
        for slab in slabs:
            points, areas = _lattice(slab, step_mm)
            count = max(int(np.ceil((slab.high_mm - slab.low_mm) / step_mm)), 2)
            high = (slab.high_mm - slab.low_mm) / count
            for layer in range(count):
                z = slab.low_mm + (layer + 0.5) * high
                doses.append(dose_at(np.column_stack([points, np.full(len(points), z)])))
                weights.append(areas * high)
            surface = _surface(slab, points, step_mm)
            within = places[(places[:, 2] >= slab.low_mm) & (places[:, 2] <= slab.high_mm)]
            surface = np.concatenate([surface, within[slab.inside(within[:, :2])]])
            at_surface = dose_at(surface)
            extremes += [at_surface.min(), at_surface.max()]
        dose, weight = np.concatenate(doses), np.concatenate(weights)
        order = np.argsort(dose)
        self.dose = dose[order]
        self.below = (np.cumsum(weight[order]) - weight[order] / 2) / 1000
        self.volume_cc = volume_cc(slabs)
        self.mean_gy = float(dose @ weight / weight.sum())
        self.min_gy = float(min(*extremes, self.dose[0]))
        self.max_gy = float(max(*extremes, self.dose[-1]))

    def at_least_cc(self, dose_gy: float) -> float:
        """Volume that receives at least a dose."""
        return self.volume_cc - float(np.interp(dose_gy, self.dose, self.below))

    def hottest_gy(self, part_cc: float) -> float:
        """Least dose in the hottest so many cc."""
        return float(np.interp(self.volume_cc - part_cc, self.below, self.dose))


def _lattice(slab: Slab, step_mm: float) -> tuple[Array, Array]:
    """Points (N, 2) in the base and the area each stands for; areas add up exactly."""
    edges = slab.edges
    low, high = edges[:, 1].min(), edges[:, 1].max()
    count = max(int(np.ceil((high - low) / step_mm)), 8)
    height = (high - low) / count
    points, areas = [], []
    for y in low + (np.arange(count) + 0.5) * height:
        met = edges[(edges[:, 1] > y) != (edges[:, 3] > y)]
        x = np.sort(met[:, 0] + (y - met[:, 1]) / (met[:, 3] - met[:, 1]) * (met[:, 2] - met[:, 0]))
        for a, b in x.reshape(-1, 2):
            parts = max(int(np.ceil((b - a) / step_mm)), 1)
            along = a + (np.arange(parts) + 0.5) * (b - a) / parts
            points.append(np.column_stack([along, np.full(parts, y)]))
            areas.append(np.full(parts, (b - a) / parts))
    area = np.concatenate(areas)
    return np.concatenate(points), area * slab.area_mm2 / area.sum()


def _surface(slab: Slab, points: Array, step_mm: float) -> Array:
    """Points on the two faces and along the side of a prism."""
    sides = []
    for x0, y0, x1, y1 in slab.edges:
        parts = max(int(np.ceil(np.hypot(x1 - x0, y1 - y0) / step_mm)), 1)
        share = np.arange(parts)[:, None] / parts
        sides.append(np.array([x0, y0]) + share * np.array([x1 - x0, y1 - y0]))
    rim = np.concatenate(sides)
    count = max(int(np.ceil((slab.high_mm - slab.low_mm) / step_mm)), 1) + 1
    levels = np.linspace(slab.low_mm, slab.high_mm, count)
    side = np.column_stack([np.tile(rim, (count, 1)), np.repeat(levels, len(rim))])
    faces = [
        np.column_stack([points, np.full(len(points), z)]) for z in (slab.low_mm, slab.high_mm)
    ]
    return np.concatenate([side, *faces])
