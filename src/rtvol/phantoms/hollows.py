"""Solids with holes: the torus, the tube, and any solid with others cut out of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from rtvol.phantoms.outlines import Axis, Outline, ellipse, gauss_legendre, lying
from rtvol.phantoms.solids import (
    CC_PER_MM3,
    Solid,
    along_and_across,
    chord_mm,
    no_closed_form,
    require_positive,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

_POINTS = 72


@dataclass(frozen=True)
class Torus(Solid):
    """A ring torus: a circle of `tube_mm` led round a circle of `ring_mm` about `axis`."""

    ring_mm: float
    tube_mm: float
    axis: Axis = "z"

    def __post_init__(self) -> None:
        require_positive(self, self.tube_mm, self.ring_mm - self.tube_mm)

    @property
    def volume_cc(self) -> float:
        """2 pi2 R r2, in cc."""
        return 2 * np.pi**2 * self.ring_mm * self.tube_mm**2 * CC_PER_MM3

    @property
    def extent_mm(self) -> tuple[float, float]:
        """Lowest and highest z, in mm."""
        reach = self.tube_mm + (0.0 if self.axis == "z" else self.ring_mm)
        return (self.centre_mm[2] - reach, self.centre_mm[2] + reach)

    def outlines(self, z_mm: float, points: int = _POINTS) -> tuple[Outline, ...]:
        """Give a circle with a hole; of a lying torus the one or two ovals of a spiric section."""
        dz = z_mm - self.centre_mm[2]
        if self.axis != "z":
            return self._spiric(abs(dz), points)
        half = chord_mm(self.tube_mm, dz)
        if half == 0:
            return ()
        wide, narrow = self.ring_mm + half, self.ring_mm - half
        return (
            Outline(ellipse(self.centre_mm, wide, wide, points), np.pi * wide**2),
            Outline(
                ellipse(self.centre_mm, narrow, narrow, points), np.pi * narrow**2, is_hole=True
            ),
        )

    def _spiric(self, offset_mm: float, points: int) -> tuple[Outline, ...]:
        """Section parallel to the axis, `offset_mm` beside it (spiric section of Perseus).

        With the tube's angle t the curve is x = sqrt((R + r cos t)2 - d2), y = r sin t, and its
        mirror image; it is one oval where the plane passes the hole, two where it cuts it. Here y
        is along the torus axis. Area = 4 x integral of x r cos t dt up to the last t with a point,
        for which the substitution t = last (1 - u2) makes the integrand smooth.
        """
        big, r, d = self.ring_mm, self.tube_mm, offset_mm
        if d >= big + r:
            return ()
        last = float(np.arccos(max((d - big) / r, -1.0)))

        def x_at(t: NDArray[np.float64]) -> NDArray[np.float64]:
            return np.sqrt(np.maximum((big + r * np.cos(t)) ** 2 - d**2, 0.0))

        nodes, weights = gauss_legendre(200)
        u = (nodes + 1) / 2
        bent = last * (1 - u**2)
        area = float(4 * (weights * x_at(bent) * r * np.cos(bent) * last * u).sum())
        if d < big - r:
            t = np.arange(points, dtype=np.float64) * (2 * np.pi / points)
            right = np.column_stack([x_at(t), r * np.sin(t)])
            ovals = [(right, area / 2), (-right, area / 2)]
        else:
            t = last * np.sin(np.linspace(-np.pi / 2, np.pi / 2, max(points // 2, 2) + 1))
            right = np.column_stack([x_at(t), r * np.sin(t)])
            right[[0, -1], 0] = 0.0
            ovals = [(np.concatenate([right, -right[1:-1]]), area)]
        across: Axis = "y" if self.axis == "x" else "x"
        return tuple(Outline(lying(ring, self.centre_mm, across), part) for ring, part in ovals)

    def inside(self, points_mm: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Points (..., 3) at most the tube's radius from the ring."""
        along, across = along_and_across(self, points_mm, self.axis)
        found: NDArray[np.bool_] = along**2 + (across - self.ring_mm) ** 2 <= self.tube_mm**2
        return found

    def grown_volume_cc(self, margin_mm: float) -> float:
        """Volume of a thicker torus, while its hole stays open."""
        thick = self.tube_mm + margin_mm
        if margin_mm < 0 or thick > self.ring_mm:
            raise no_closed_form(self, margin_mm)
        return 2 * np.pi**2 * self.ring_mm * thick**2 * CC_PER_MM3


@dataclass(frozen=True)
class Tube(Solid):
    """An upright hollow cylinder."""

    outer_mm: float
    inner_mm: float
    length_mm: float

    def __post_init__(self) -> None:
        require_positive(self, self.inner_mm, self.outer_mm - self.inner_mm, self.length_mm)

    @property
    def volume_cc(self) -> float:
        """Pi (R2 - r2) L, in cc."""
        return np.pi * (self.outer_mm**2 - self.inner_mm**2) * self.length_mm * CC_PER_MM3

    @property
    def extent_mm(self) -> tuple[float, float]:
        """Lowest and highest z, in mm."""
        z = self.centre_mm[2]
        return (z - self.length_mm / 2, z + self.length_mm / 2)

    def outlines(self, z_mm: float, points: int = _POINTS) -> tuple[Outline, ...]:
        """Give a circle with a circular hole."""
        low, high = self.extent_mm
        if not low <= z_mm <= high:
            return ()
        outer, inner = self.outer_mm, self.inner_mm
        return (
            Outline(ellipse(self.centre_mm, outer, outer, points), np.pi * outer**2),
            Outline(ellipse(self.centre_mm, inner, inner, points), np.pi * inner**2, is_hole=True),
        )

    def inside(self, points_mm: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Points (..., 3) in the wall."""
        along, across = along_and_across(self, points_mm, "z")
        wall = (across <= self.outer_mm) & (across >= self.inner_mm)
        return wall & (np.abs(along) <= self.length_mm / 2)

    def grown_volume_cc(self, margin_mm: float) -> float:
        """Pappus: the wall's rounded rectangle led round its middle, while the hole stays open."""
        m, wall, length = margin_mm, self.outer_mm - self.inner_mm, self.length_mm
        if not 0 <= m <= self.inner_mm:
            raise no_closed_form(self, margin_mm)
        area = wall * length + 2 * (wall + length) * m + np.pi * m**2
        return np.pi * (self.outer_mm + self.inner_mm) * area * CC_PER_MM3


@dataclass(frozen=True)
class Carved(Solid):
    """A solid with others cut out that lie wholly inside it and apart from each other.

    The centre is that of the whole solid; `Carved.out_of(liver, vessel)` takes it from there.
    """

    whole: Solid
    holes: tuple[Solid, ...]

    @classmethod
    def out_of(cls, whole: Solid, *holes: Solid) -> Carved:
        """Cut `holes` out of `whole`."""
        return cls(whole.centre_mm, whole, holes)

    @property
    def volume_cc(self) -> float:
        """The whole less the holes, in cc."""
        return self.whole.volume_cc - sum(hole.volume_cc for hole in self.holes)

    @property
    def extent_mm(self) -> tuple[float, float]:
        """Lowest and highest z, in mm."""
        return self.whole.extent_mm

    def outlines(self, z_mm: float, points: int = _POINTS) -> tuple[Outline, ...]:
        """Give the outline of the whole, then those of the holes."""
        inner = [o for hole in self.holes for o in hole.outlines(z_mm, points)]
        return self.whole.outlines(z_mm, points) + tuple(
            Outline(o.xy_mm, o.area_mm2, is_hole=not o.is_hole) for o in inner
        )

    def inside(self, points_mm: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Points (..., 3) in the whole and in no hole."""
        found = self.whole.inside(points_mm)
        for hole in self.holes:
            found = found & ~hole.inside(points_mm)
        return found
