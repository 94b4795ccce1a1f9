"""Solids with flat faces: cylinders, cones, boxes, the L, the step and the tube."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from rtvol.phantoms.outlines import Axis, Outline, ellipse, lying, polygon, rectangle
from rtvol.phantoms.solids import (
    CC_PER_MM3,
    Solid,
    along_and_across,
    chord_mm,
    no_closed_form,
    require_positive,
    steiner_cc,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

_POINTS = 72


def _upright_extent(solid: Solid, length_mm: float) -> tuple[float, float]:
    return (solid.centre_mm[2] - length_mm / 2, solid.centre_mm[2] + length_mm / 2)


@dataclass(frozen=True)
class Cylinder(Solid):
    """A circular cylinder: upright (axis "z") or lying (axis "x" or "y")."""

    radius_mm: float
    length_mm: float
    axis: Axis = "z"

    def __post_init__(self) -> None:
        require_positive(self, self.radius_mm, self.length_mm)

    @property
    def volume_cc(self) -> float:
        """Pi r2 L, in cc."""
        return np.pi * self.radius_mm**2 * self.length_mm * CC_PER_MM3

    @property
    def extent_mm(self) -> tuple[float, float]:
        """Lowest and highest z, in mm."""
        return _upright_extent(self, self.length_mm if self.axis == "z" else 2 * self.radius_mm)

    def outlines(self, z_mm: float, points: int = _POINTS) -> tuple[Outline, ...]:
        """One circle, or one rectangle for a lying cylinder."""
        low, high = self.extent_mm
        half = chord_mm(self.radius_mm, 0.0 if self.axis == "z" else z_mm - self.centre_mm[2])
        if not low <= z_mm <= high or half == 0:
            return ()
        if self.axis == "z":
            return (Outline(ellipse(self.centre_mm, half, half, points), np.pi * half**2),)
        ring = rectangle((0.0, 0.0), self.length_mm, 2 * half, points)
        return (Outline(lying(ring, self.centre_mm, self.axis), 2 * half * self.length_mm),)

    def inside(self, points_mm: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Points (..., 3) between the end faces and within the radius."""
        along, across = along_and_across(self, points_mm, self.axis)
        return (np.abs(along) <= self.length_mm / 2) & (across <= self.radius_mm)

    def grown_volume_cc(self, margin_mm: float) -> float:
        """Steiner's formula, M = pi L + pi2 r."""
        r, length = self.radius_mm, self.length_mm
        surface = 2 * np.pi * r * (r + length)
        return steiner_cc(self.volume_cc, surface, np.pi * length + np.pi**2 * r, margin_mm)


@dataclass(frozen=True)
class EllipticCylinder(Solid):
    """An upright cylinder over an ellipse with semi-axes along x and y: a simple body outline."""

    semi_axes_mm: tuple[float, float]
    length_mm: float

    def __post_init__(self) -> None:
        require_positive(self, *self.semi_axes_mm, self.length_mm)

    @property
    def volume_cc(self) -> float:
        """Pi a b L, in cc."""
        a, b = self.semi_axes_mm
        return np.pi * a * b * self.length_mm * CC_PER_MM3

    @property
    def extent_mm(self) -> tuple[float, float]:
        """Lowest and highest z, in mm."""
        return _upright_extent(self, self.length_mm)

    def outlines(self, z_mm: float, points: int = _POINTS) -> tuple[Outline, ...]:
        """One ellipse, the same in each plane."""
        low, high = self.extent_mm
        if not low <= z_mm <= high:
            return ()
        a, b = self.semi_axes_mm
        return (Outline(ellipse(self.centre_mm, a, b, points), np.pi * a * b),)

    def inside(self, points_mm: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Points (..., 3) between the end faces and within the ellipse."""
        offset = np.asarray(points_mm) - np.array(self.centre_mm)
        scaled = offset[..., :2] / np.array(self.semi_axes_mm)
        level = np.abs(offset[..., 2]) <= self.length_mm / 2
        found: NDArray[np.bool_] = level & ((scaled**2).sum(axis=-1) <= 1)
        return found


@dataclass(frozen=True)
class Cone(Solid):
    """A circular cone, its apex towards plus `axis`; the centre is midway from base to apex."""

    radius_mm: float
    height_mm: float
    axis: Axis = "z"

    def __post_init__(self) -> None:
        require_positive(self, self.radius_mm, self.height_mm)

    @property
    def volume_cc(self) -> float:
        """Pi r2 h / 3, in cc."""
        return np.pi * self.radius_mm**2 * self.height_mm / 3 * CC_PER_MM3

    @property
    def extent_mm(self) -> tuple[float, float]:
        """Lowest and highest z, in mm."""
        return _upright_extent(self, self.height_mm if self.axis == "z" else 2 * self.radius_mm)

    def outlines(self, z_mm: float, points: int = _POINTS) -> tuple[Outline, ...]:
        """One circle; of a lying cone the base line and one branch of a hyperbola."""
        r, h, dz = self.radius_mm, self.height_mm, z_mm - self.centre_mm[2]
        if self.axis != "z":
            return self._lying_outline(abs(dz), points)
        here = r * (0.5 - dz / h)
        if not 0 < here <= r:
            return ()
        return (Outline(ellipse(self.centre_mm, here, here, points), np.pi * here**2),)

    def _lying_outline(self, offset_mm: float, points: int) -> tuple[Outline, ...]:
        """Give the section beside the axis: |across| = w where the radius is sqrt(w2 + d2)."""
        r, h, d = self.radius_mm, self.height_mm, offset_mm
        reach = chord_mm(r, d)
        if reach == 0:
            return ()
        across = np.linspace(-reach, reach, 2 * (points * 3 // 8) + 1)
        along = h * (0.5 - np.hypot(across, d) / r)
        base = np.linspace(reach, -reach, points // 4 + 2)[1:-1]
        ring = np.concatenate(
            [np.column_stack([along, across]), np.column_stack([np.full(base.size, -h / 2), base])]
        )
        beside = d**2 * np.arccosh(r / d) if d > 0 else 0.0
        area = h / r * (r * reach - beside)
        return (Outline(lying(ring, self.centre_mm, self.axis), float(area)),)

    def inside(self, points_mm: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Points (..., 3) above the base and within the radius at their height."""
        along, across = along_and_across(self, points_mm, self.axis)
        here = self.radius_mm * (0.5 - along / self.height_mm)
        return (along >= -self.height_mm / 2) & (across <= here)

    def grown_volume_cc(self, margin_mm: float) -> float:
        """Steiner's formula, M = pi h + pi r (pi - atan(h / r)): flank and rim."""
        r, h = self.radius_mm, self.height_mm
        surface = np.pi * r * (r + np.hypot(r, h))
        curvature = np.pi * h + np.pi * r * (np.pi - np.arctan2(h, r))
        return steiner_cc(self.volume_cc, float(surface), float(curvature), margin_mm)


@dataclass(frozen=True)
class Box(Solid):
    """A box with edges along x, y, z in mm."""

    edges_mm: tuple[float, float, float]

    def __post_init__(self) -> None:
        require_positive(self, *self.edges_mm)

    @property
    def volume_cc(self) -> float:
        """The product of the edges, in cc."""
        a, b, c = self.edges_mm
        return a * b * c * CC_PER_MM3

    @property
    def extent_mm(self) -> tuple[float, float]:
        """Lowest and highest z, in mm."""
        return _upright_extent(self, self.edges_mm[2])

    def outlines(self, z_mm: float, points: int = _POINTS) -> tuple[Outline, ...]:
        """One rectangle."""
        low, high = self.extent_mm
        if not low <= z_mm <= high:
            return ()
        a, b, _ = self.edges_mm
        return (Outline(rectangle(self.centre_mm, a, b, points), a * b),)

    def inside(self, points_mm: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Points (..., 3) between all faces."""
        offset = np.abs(np.asarray(points_mm) - np.array(self.centre_mm))
        found: NDArray[np.bool_] = (offset <= np.array(self.edges_mm) / 2).all(axis=-1)
        return found

    def grown_volume_cc(self, margin_mm: float) -> float:
        """Steiner's formula, M = pi (a + b + c)."""
        a, b, c = self.edges_mm
        surface = 2 * (a * b + b * c + c * a)
        return steiner_cc(self.volume_cc, surface, np.pi * (a + b + c), margin_mm)


@dataclass(frozen=True)
class LShape(Solid):
    """An upright prism over an L: a square of side `arm_mm` without its (+x, +y) corner square.

    Both legs are `leg_mm` thick; the centre is the middle of the whole square.
    """

    arm_mm: float
    leg_mm: float
    length_mm: float

    def __post_init__(self) -> None:
        require_positive(self, self.leg_mm, self.arm_mm - self.leg_mm, self.length_mm)

    @property
    def _base_mm2(self) -> float:
        return self.arm_mm**2 - (self.arm_mm - self.leg_mm) ** 2

    @property
    def volume_cc(self) -> float:
        """Area of the L times the length, in cc."""
        return self._base_mm2 * self.length_mm * CC_PER_MM3

    @property
    def extent_mm(self) -> tuple[float, float]:
        """Lowest and highest z, in mm."""
        return _upright_extent(self, self.length_mm)

    def outlines(self, z_mm: float, points: int = _POINTS) -> tuple[Outline, ...]:
        """One L."""
        low, high = self.extent_mm
        if not low <= z_mm <= high:
            return ()
        x, y = self.centre_mm[0] - self.arm_mm / 2, self.centre_mm[1] - self.arm_mm / 2
        a, b = self.arm_mm, self.leg_mm
        corners = [(0.0, 0.0), (a, 0.0), (a, b), (b, b), (b, a), (0.0, a)]
        return (Outline(polygon([(x + u, y + v) for u, v in corners], points), self._base_mm2),)

    def inside(self, points_mm: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Points (..., 3) in one of the two legs."""
        offset = np.asarray(points_mm) - np.array(self.centre_mm)
        flat = offset[..., :2] + self.arm_mm / 2
        in_square = ((flat >= 0) & (flat <= self.arm_mm)).all(axis=-1)
        in_leg = (flat <= self.leg_mm).any(axis=-1)
        found: NDArray[np.bool_] = (
            in_square & in_leg & (np.abs(offset[..., 2]) <= self.length_mm / 2)
        )
        return found

    def grown_volume_cc(self, margin_mm: float) -> float:
        """Five convex edges gain a quarter circle each, the inner edge counts a square twice.

        The L grown by s in its plane has A + P s + (5/4 pi - 1) s2; above and below its faces s is
        sqrt(m2 - t2) at height t. Holds while the margin fills no more than the corner.
        """
        m = margin_mm
        if not 0 <= m <= self.arm_mm - self.leg_mm:
            raise no_closed_form(self, margin_mm)
        rim, corners = 4 * self.arm_mm, 1.25 * np.pi - 1
        flank = (self._base_mm2 + rim * m + corners * m**2) * self.length_mm
        ends = 2 * (self._base_mm2 * m + rim * np.pi * m**2 / 4 + corners * 2 * m**3 / 3)
        return (flank + ends) * CC_PER_MM3


@dataclass(frozen=True)
class Step(Solid):
    """Two coaxial upright cylinders, one on the other; the centre is on the step between them.

    A plane exactly on the step belongs to the lower one.
    """

    lower_radius_mm: float
    lower_length_mm: float
    upper_radius_mm: float
    upper_length_mm: float

    def __post_init__(self) -> None:
        require_positive(self, self.lower_radius_mm, self.lower_length_mm)
        require_positive(self, self.upper_radius_mm, self.upper_length_mm)

    @property
    def _parts(self) -> tuple[Cylinder, Cylinder]:
        x, y, z = self.centre_mm
        low, high = self.lower_length_mm, self.upper_length_mm
        return (
            Cylinder((x, y, z - low / 2), self.lower_radius_mm, low),
            Cylinder((x, y, z + high / 2), self.upper_radius_mm, high),
        )

    @property
    def volume_cc(self) -> float:
        """The sum of both cylinders, in cc."""
        lower, upper = self._parts
        return lower.volume_cc + upper.volume_cc

    @property
    def extent_mm(self) -> tuple[float, float]:
        """Lowest and highest z, in mm."""
        z = self.centre_mm[2]
        return (z - self.lower_length_mm, z + self.upper_length_mm)

    def outlines(self, z_mm: float, points: int = _POINTS) -> tuple[Outline, ...]:
        """One circle."""
        lower, upper = self._parts
        return (lower if z_mm <= self.centre_mm[2] else upper).outlines(z_mm, points)

    def inside(self, points_mm: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Points (..., 3) in one of the cylinders."""
        lower, upper = self._parts
        return lower.inside(points_mm) | upper.inside(points_mm)
