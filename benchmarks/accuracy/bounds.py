"""How far a target lies outside what its contours can mean, and how far it is short of it.

Only shapely and the sections as drawn. Outer: between two planes the union of both sections,
beyond an end the last section, one spacing far; a round body may stand out by its sagitta,
dz^2 / 8R, with R the radius of the largest circle a section holds. Inner: each section on its
plane, and between two planes what both share.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import shapely
from shapely.geometry import Polygon

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray
    from shapely.geometry.base import BaseGeometry

#: Segments to a quarter of a circle when a section is grown.
QUARTER = 32
#: Distance of the points of an outline for six margins, mm.
DENSE_MM = 0.25


@dataclass(frozen=True)
class Prism:
    """A section that reaches from one height to another, mm, and what it may stand out by."""

    low_mm: float
    high_mm: float
    section: BaseGeometry
    spare_mm: float = 0.0

    def away_mm(self, z: float) -> float:
        """How far a height lies above or below it."""
        return max(self.low_mm - z, z - self.high_mm, 0.0)


@dataclass(frozen=True)
class Bounds:
    """What contours can mean at most and at least."""

    outer: tuple[Prism, ...]
    inner: tuple[Prism, ...]

    @classmethod
    def of(
        cls,
        z_mm: Sequence[float],
        sections: Sequence[BaseGeometry],
        *,
        parted: Sequence[bool] = (),
        end_mm: float | None = None,
    ) -> Bounds:
        """Take both from drawn sections.

        Parameters
        ----------
        z_mm, sections
            Planes (P,), ascending, and what is drawn on them.
        parted
            (P - 1,) whether planes are missing in a gap; the solid ends on both sides of it.
        end_mm
            The spacing beyond an end; that of its last gap unless given.
        """
        apart = list(parted) or [False] * (len(z_mm) - 1)
        gaps = np.diff(z_mm)
        joined = [gap for gap, is_apart in zip(gaps, apart, strict=True) if not is_apart]
        usual = end_mm or float(min(joined or list(gaps), default=1.0))
        outer, inner = [], [Prism(z, z, s) for z, s in zip(z_mm, sections, strict=True)]
        for k, ((low, a), (high, b)) in enumerate(pairwise(zip(z_mm, sections, strict=True))):
            if apart[k]:
                continue
            round_mm = max(map(inradius_mm, (a, b)))
            spare = (high - low) ** 2 / (8 * max(round_mm, 1e-3))
            outer.append(Prism(low, high, a.union(b), spare))
            inner.append(Prism(low, high, a.intersection(b)))
        for k in range(len(z_mm)):
            below = gaps[k - 1] if k > 0 and not apart[k - 1] else None
            above = gaps[k] if k < len(gaps) and not apart[k] else None
            if below is None:
                outer.append(Prism(z_mm[k] - (end_mm or above or usual), z_mm[k], sections[k]))
            if above is None:
                outer.append(Prism(z_mm[k], z_mm[k] + (end_mm or below or usual), sections[k]))
        return cls(tuple(outer), tuple(p for p in inner if not p.section.is_empty))

    def beyond_mm(self, z: float, section: BaseGeometry, margin_mm: float) -> float:
        """How far a target's section reaches farther than the margin from the outer body."""
        points = shapely.points(shapely.get_coordinates(section))
        if not points.size:
            return -np.inf
        least = np.full(points.size, np.inf)
        for prism in self.outer:
            if prism.away_mm(z) > margin_mm + 60:
                continue
            flat = shapely.distance(prism.section, points)
            least = np.minimum(least, np.hypot(flat, prism.away_mm(z)) - prism.spare_mm)
        return float(least.max() - margin_mm)

    def short_mm(self, z: float, section: BaseGeometry, margin_mm: float) -> float:
        """How far within the margin of the inner body points lie that the target leaves out."""
        near = [p for p in self.inner if p.away_mm(z) <= margin_mm]
        if not near:
            return -np.inf
        asked = shapely.union_all([_grown(p.section, margin_mm, p.away_mm(z)) for p in near])
        left = asked.difference(section)
        points = shapely.points(shapely.get_coordinates(left))
        if not points.size:
            return -np.inf
        least = np.full(points.size, np.inf)
        for prism in near:
            flat = shapely.distance(prism.section, points)
            least = np.minimum(least, np.hypot(flat, prism.away_mm(z)))
        return float(margin_mm - least.min())

    def too_deep_mm(self, z: float, section: BaseGeometry, margin_mm: float) -> float:
        """How far a shrunk target's section reaches nearer to the outside than the margin allows.

        A point stays when no point outside the outer body lies within the margin.
        """
        points = shapely.points(shapely.get_coordinates(section))
        if not points.size:
            return -np.inf
        return float(margin_mm - self._depths(self.outer, z, points).min())

    def lost_mm(self, z: float, section: BaseGeometry, margin_mm: float) -> float:
        """How much deeper than the margin points of the inner body lie that shrinking lost."""
        solid = [p for p in self.inner if p.low_mm <= z <= p.high_mm]
        if not solid:
            return -np.inf
        inner = shapely.union_all([p.section for p in solid if p.high_mm > p.low_mm])
        points = shapely.points(shapely.get_coordinates(inner.buffer(-margin_mm) - section))
        if not points.size:
            return -np.inf
        thick = [p for p in self.inner if p.high_mm > p.low_mm]
        return float(self._depths(thick, z, points).max() - margin_mm)

    @staticmethod
    def _depths(
        body: Sequence[Prism], z: float, points: NDArray[np.object_]
    ) -> NDArray[np.float64]:
        """Distance (N,), mm, of points at a height from the outside of stacked prisms."""
        faces = sorted({p.low_mm for p in body} | {p.high_mm for p in body})
        low, high = z - faces[0], faces[-1] - z
        depths = np.full(points.size, min(low, high))
        for bottom, top in pairwise(faces):
            middle = (bottom + top) / 2
            held = [p for p in body if p.low_mm <= middle <= p.high_mm]
            section = shapely.union_all([p.section for p in held])
            spare = max((p.spare_mm for p in held), default=0.0)
            inside = shapely.contains(section, points)
            flat = np.where(inside, shapely.distance(section.boundary, points), 0.0) + spare
            away = max(bottom - z, z - top, 0.0)
            depths = np.minimum(depths, np.hypot(flat, away))
        return depths

    def beyond_six_mm(self, z: float, section: BaseGeometry, six_mm: Sequence[float]) -> float:
        """How far a target grown by six margins reaches out of the outer body grown by them.

        Along the way to the nearest point of the body, by the gauge of the margins' octants; the
        body is taken as dense points of its outline.

        Parameters
        ----------
        six_mm
            Left (+x), right, anterior (-y), posterior, superior (+z), inferior.
        """
        left, right, anterior, posterior, superior, inferior = six_mm
        points = shapely.get_coordinates(section)
        worst = np.full(len(points), np.inf)
        for prism in self.outer:
            dz = max(z - prism.high_mm, 0.0) - max(prism.low_mm - z, 0.0)
            along = dz / (superior if dz > 0 else inferior)
            if abs(along) > 3 or prism.section.is_empty:
                continue
            outline = shapely.get_coordinates(shapely.segmentize(prism.section, DENSE_MM))
            dx = points[:, None, 0] - outline[None, :, 0]
            dy = points[:, None, 1] - outline[None, :, 1]
            gx = dx / np.where(dx > 0, left, right)
            gy = dy / np.where(dy > 0, posterior, anterior)
            gauge = np.sqrt(gx**2 + gy**2 + along**2)
            length = np.sqrt(dx**2 + dy**2 + dz**2)
            over = (length * (1 - 1 / np.maximum(gauge, 1e-9))).min(axis=1) - prism.spare_mm
            inside = shapely.contains(prism.section, shapely.points(points))
            over[inside & (abs(along) <= 1)] = 0.0
            worst = np.minimum(worst, over)
        return float(worst.max(initial=-np.inf))


def inradius_mm(section: BaseGeometry) -> float:
    """Radius of the largest circle a section holds, mm."""
    if section.is_empty:
        return 0.0
    parts = getattr(section, "geoms", [section])
    return max(float(shapely.maximum_inscribed_circle(p, tolerance=0.01).length) for p in parts)


def section_of(rings: Sequence[NDArray[np.float64]]) -> BaseGeometry:
    """Combine rings by even-odd parity."""
    whole: BaseGeometry = Polygon()
    for ring in rings:
        whole = whole.symmetric_difference(shapely.make_valid(Polygon(ring)))
    return whole


def _grown(section: BaseGeometry, margin_mm: float, away_mm: float) -> BaseGeometry:
    reach = float(np.sqrt(max(margin_mm**2 - away_mm**2, 0.0)))
    return section.buffer(reach, quad_segs=QUARTER)
