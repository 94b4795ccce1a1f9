"""How far a target lies outside what its contours can mean, and how far it is short of it.

Only shapely and the sections as drawn. Outer: between two planes the union of both sections, beyond
an end the last section, one spacing far; a round body may stand out by its sagitta, dz^2 / 8R, R the
largest circle a section holds. Inner: each section on its plane, and between two planes what both share.
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
        usual = end_mm or float(min((g for g, p in zip(gaps, apart) if not p), default=min(gaps, default=1.0)))
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
