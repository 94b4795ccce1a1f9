"""Solids whose volume, axial sections and grown volume are known in closed form.

Lengths are mm, areas mm2, volumes cc; positions are patient LPS (x, y, z). A solid knows its
`volume_cc`, its z-range `extent_mm`, the true `outlines` a plane cuts out of it, whether points lie
`inside`, and, where there is a closed form, its volume after growing by a ball.

Growing a convex body by m adds S m + M m2 + 4/3 pi m3 to its volume, with its surface S and its
integral of mean curvature M = 2 pi x mean width (Steiner's formula; R. Schneider, Convex Bodies,
section 4.2). Bodies of revolution that are not convex follow from Pappus's theorem.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from rtvol.errors import GeometryError, UsageError
from rtvol.phantoms.outlines import (
    Axis,
    Outline,
    area_true,
    ellipse,
    gauss_legendre,
    keyhole,
    lying,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

Point = tuple[float, float, float]
CC_PER_MM3 = 1e-3
_POINTS = 72


@dataclass(frozen=True)
class Solid(ABC):
    """A body in patient space.

    Attributes
    ----------
    centre_mm
        Its centre, patient LPS (x, y, z) in mm.
    """

    centre_mm: Point

    @property
    @abstractmethod
    def volume_cc(self) -> float:
        """Volume in cc, in closed form."""

    @property
    @abstractmethod
    def extent_mm(self) -> tuple[float, float]:
        """Lowest and highest z of the body, in mm."""

    @abstractmethod
    def outlines(self, z_mm: float, points: int = _POINTS) -> tuple[Outline, ...]:
        """Give the true curves of the section at `z_mm`, about `points` points on each."""

    @abstractmethod
    def inside(self, points_mm: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Tell which of the points (..., 3) in mm lie in the body."""

    def section_area_mm2(self, z_mm: float) -> float:
        """Sum up the true area of the axial section at `z_mm`, in mm2."""
        return sum(-o.area_mm2 if o.is_hole else o.area_mm2 for o in self.outlines(z_mm, 3))

    def grown_volume_cc(self, margin_mm: float) -> float:
        """Volume in cc of all points within `margin_mm` of the body.

        Raises
        ------
        UsageError
            `no-closed-form` when the body, or this margin of it, has none.
        """
        raise no_closed_form(self, margin_mm)


def no_closed_form(solid: Solid, margin_mm: float) -> UsageError:
    """Make the error of a body whose grown volume has no closed form."""
    return UsageError(
        "no-closed-form",
        where=type(solid).__name__,
        seen=f"no closed form for {type(solid).__name__} grown by {margin_mm} mm",
        mend="take a convex body, or a margin that closes no hole",
    )


def require_positive(solid: Solid, *lengths_mm: float) -> None:
    """Refuse a body with a length that is not positive (`bad-solid`)."""
    if not all(np.isfinite(length) and length > 0 for length in lengths_mm):
        raise GeometryError(
            "bad-solid",
            where=type(solid).__name__,
            seen=f"lengths {lengths_mm} mm",
            mend="give lengths above 0, the outer ones larger than the inner",
        )


def steiner_cc(
    volume_cc: float, surface_mm2: float, mean_curvature_mm: float, margin_mm: float
) -> float:
    """Volume in cc of a convex body grown by `margin_mm` (Steiner's formula)."""
    if margin_mm < 0:
        raise UsageError("no-closed-form", seen=f"margin {margin_mm} mm", mend="take 0 or more")
    return volume_cc + CC_PER_MM3 * margin_mm * (
        surface_mm2 + margin_mm * (mean_curvature_mm + margin_mm * 4 * np.pi / 3)
    )


def along_and_across(
    solid: Solid, points_mm: NDArray[np.float64], axis: Axis
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Signed distance along a body's axis from its centre, and distance from that axis, in mm."""
    offset = np.asarray(points_mm, dtype=np.float64) - np.array(solid.centre_mm)
    place = "xyz".index(axis)
    rest = np.delete(offset, place, axis=-1)
    return offset[..., place], np.hypot(rest[..., 0], rest[..., 1])


def chord_mm(radius_mm: float, offset_mm: float) -> float:
    """Half the chord of a circle at `offset_mm` from its centre, in mm; 0.0 outside."""
    return float(np.sqrt(max(radius_mm**2 - offset_mm**2, 0.0)))


def sections(
    solid: Solid,
    z_mm: float,
    *,
    points: int = _POINTS,
    true_area: bool = True,
    holes: Literal["nested", "keyhole"] = "nested",
) -> tuple[NDArray[np.float64], ...]:
    """Polygons of the section of a body at `z_mm`, as a contouring hand would hold them.

    Parameters
    ----------
    points
        About how many points each ring gets.
    true_area
        By default each ring is scaled a little about its middle (0.06 % at 72 points) until the
        polygon encloses the area of the true section, so that the truth of a contour stack is
        the closed form. With False the points lie on the true section, and the polygon, inscribed
        where the body is convex, is a little small.
    holes
        "nested": a hole is a ring of its own, after its outer ring. "keyhole": it is joined to it.

    Returns
    -------
    tuple of (N, 2) arrays
        Rings in mm; empty where the plane misses the body.
    """
    found = [
        (area_true(outline) if true_area else outline.xy_mm, outline.is_hole)
        for outline in solid.outlines(z_mm, points)
    ]
    if holes == "nested" or not any(is_hole for _, is_hole in found):
        return tuple(ring for ring, _ in found)
    outer = [ring for ring, is_hole in found if not is_hole]
    # every body here that has a hole in a plane has one outer ring there
    return (keyhole(outer[0], [ring for ring, is_hole in found if is_hole]),)


def contoured_planes(solid: Solid, planes_mm: NDArray[np.float64]) -> NDArray[np.float64]:
    """Those of the planes (z in mm) that cut the body, ascending."""
    planes = np.unique(np.asarray(planes_mm, dtype=np.float64))
    return planes[[solid.section_area_mm2(float(z)) > 0 for z in planes]]


def stack_volume_cc(solid: Solid, planes_mm: NDArray[np.float64]) -> float:
    """Volume in cc of the body's contour stack by the half-slab convention, from true areas.

    Each plane that cuts the body counts from midway to its lower to midway to its upper neighbour;
    the end planes reach half the spacing there outwards. A single plane has the usual spacing
    (median) of `planes_mm`. This is what a perfect reader of the contours must find; it differs
    from `volume_cc` by the slices alone.
    """
    cut = contoured_planes(solid, planes_mm)
    areas = np.array([solid.section_area_mm2(float(z)) for z in cut])
    if cut.size == 0:
        return 0.0
    if cut.size == 1:
        return float(areas[0] * np.median(np.diff(np.unique(planes_mm)))) * CC_PER_MM3
    steps = np.diff(cut)
    thickness = (np.append(steps[:1], steps) + np.append(steps, steps[-1:])) / 2
    return float(areas @ thickness) * CC_PER_MM3


@dataclass(frozen=True)
class Ellipsoid(Solid):
    """An ellipsoid with semi-axes along x, y, z in mm."""

    semi_axes_mm: Point

    def __post_init__(self) -> None:
        require_positive(self, *self.semi_axes_mm)

    @property
    def volume_cc(self) -> float:
        """4/3 pi a b c, in cc."""
        return float(4 / 3 * np.pi * np.prod(self.semi_axes_mm)) * CC_PER_MM3

    @property
    def extent_mm(self) -> tuple[float, float]:
        """Lowest and highest z, in mm."""
        return (self.centre_mm[2] - self.semi_axes_mm[2], self.centre_mm[2] + self.semi_axes_mm[2])

    def outlines(self, z_mm: float, points: int = _POINTS) -> tuple[Outline, ...]:
        """One ellipse."""
        shrink = chord_mm(1.0, (z_mm - self.centre_mm[2]) / self.semi_axes_mm[2])
        a, b = shrink * self.semi_axes_mm[0], shrink * self.semi_axes_mm[1]
        if shrink == 0:
            return ()
        return (Outline(ellipse(self.centre_mm, a, b, points), np.pi * a * b),)

    def inside(self, points_mm: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Points (..., 3) whose scaled distance from the centre is at most 1."""
        scaled = (np.asarray(points_mm) - np.array(self.centre_mm)) / np.array(self.semi_axes_mm)
        found: NDArray[np.bool_] = (scaled**2).sum(axis=-1) <= 1
        return found

    def grown_volume_cc(self, margin_mm: float) -> float:
        """Steiner's formula; surface and mean width as integrals over all directions u.

        S = a b c x integral of |u / axes|, M = integral of |u x axes|, by Gauss-Legendre
        quadrature (exact to about 1e-12 up to axis ratios of 3).
        """
        nodes, weights = gauss_legendre(64)
        angle = np.arange(128) * (2 * np.pi / 128)
        flat = np.sqrt(1 - nodes**2)[:, None]
        u = np.stack(
            [flat * np.cos(angle), flat * np.sin(angle), np.repeat(nodes[:, None], 128, 1)]
        )
        axes = np.array(self.semi_axes_mm)[:, None, None]
        area = weights[:, None] * (2 * np.pi / 128)
        surface = float((np.sqrt(((u / axes) ** 2).sum(axis=0)) * area).sum() * axes.prod())
        curvature = float((np.sqrt(((u * axes) ** 2).sum(axis=0)) * area).sum())
        return steiner_cc(self.volume_cc, surface, curvature, margin_mm)


@dataclass(frozen=True)
class Sphere(Solid):
    """A sphere."""

    radius_mm: float

    def __post_init__(self) -> None:
        require_positive(self, self.radius_mm)

    @property
    def volume_cc(self) -> float:
        """4/3 pi r3, in cc."""
        return 4 / 3 * np.pi * self.radius_mm**3 * CC_PER_MM3

    @property
    def extent_mm(self) -> tuple[float, float]:
        """Lowest and highest z, in mm."""
        return (self.centre_mm[2] - self.radius_mm, self.centre_mm[2] + self.radius_mm)

    def outlines(self, z_mm: float, points: int = _POINTS) -> tuple[Outline, ...]:
        """One circle."""
        r = chord_mm(self.radius_mm, z_mm - self.centre_mm[2])
        if r == 0:
            return ()
        return (Outline(ellipse(self.centre_mm, r, r, points), np.pi * r**2),)

    def inside(self, points_mm: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Points (..., 3) at most a radius away."""
        offset = np.asarray(points_mm) - np.array(self.centre_mm)
        found: NDArray[np.bool_] = (offset**2).sum(axis=-1) <= self.radius_mm**2
        return found

    def grown_volume_cc(self, margin_mm: float) -> float:
        """Volume of a sphere with a larger radius."""
        r = self.radius_mm
        return steiner_cc(self.volume_cc, 4 * np.pi * r**2, 4 * np.pi * r, margin_mm)


@dataclass(frozen=True)
class Shell(Solid):
    """A sphere with a concentric spherical cavity."""

    outer_mm: float
    inner_mm: float

    def __post_init__(self) -> None:
        require_positive(self, self.inner_mm, self.outer_mm - self.inner_mm)

    @property
    def volume_cc(self) -> float:
        """4/3 pi (R3 - r3), in cc."""
        return 4 / 3 * np.pi * (self.outer_mm**3 - self.inner_mm**3) * CC_PER_MM3

    @property
    def extent_mm(self) -> tuple[float, float]:
        """Lowest and highest z, in mm."""
        return (self.centre_mm[2] - self.outer_mm, self.centre_mm[2] + self.outer_mm)

    def outlines(self, z_mm: float, points: int = _POINTS) -> tuple[Outline, ...]:
        """Give a circle, with a circular hole where the plane meets the cavity."""
        cavity = Sphere(self.centre_mm, self.inner_mm).outlines(z_mm, points)
        return Sphere(self.centre_mm, self.outer_mm).outlines(z_mm, points) + tuple(
            Outline(hole.xy_mm, hole.area_mm2, is_hole=True) for hole in cavity
        )

    def inside(self, points_mm: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Points (..., 3) between the two spheres."""
        return Sphere(self.centre_mm, self.outer_mm).inside(points_mm) & ~Sphere(
            self.centre_mm, self.inner_mm
        ).inside(points_mm)

    def grown_volume_cc(self, margin_mm: float) -> float:
        """Outwards a larger sphere, inwards a smaller cavity, which may vanish."""
        cavity = max(self.inner_mm - margin_mm, 0.0)
        grown = Sphere(self.centre_mm, self.outer_mm).grown_volume_cc(margin_mm)
        return grown - 4 / 3 * np.pi * cavity**3 * CC_PER_MM3


@dataclass(frozen=True)
class Capsule(Solid):
    """A cylinder with two half spheres: all points within a radius of a segment along an axis."""

    radius_mm: float
    length_mm: float
    axis: Axis = "z"

    def __post_init__(self) -> None:
        require_positive(self, self.radius_mm, self.length_mm)

    @property
    def volume_cc(self) -> float:
        """A cylinder of `length_mm` and a sphere, in cc."""
        r = self.radius_mm
        return (np.pi * r**2 * self.length_mm + 4 / 3 * np.pi * r**3) * CC_PER_MM3

    @property
    def extent_mm(self) -> tuple[float, float]:
        """Lowest and highest z, in mm."""
        reach = self.radius_mm + (self.length_mm / 2 if self.axis == "z" else 0.0)
        return (self.centre_mm[2] - reach, self.centre_mm[2] + reach)

    def outlines(self, z_mm: float, points: int = _POINTS) -> tuple[Outline, ...]:
        """One circle, or one stadium for a lying capsule."""
        dz, half = z_mm - self.centre_mm[2], self.length_mm / 2
        beyond = max(abs(dz) - half, 0.0) if self.axis == "z" else dz
        r = chord_mm(self.radius_mm, beyond)
        if r == 0:
            return ()
        if self.axis == "z":
            return (Outline(ellipse(self.centre_mm, r, r, points), np.pi * r**2),)
        angle = np.linspace(-np.pi / 2, np.pi / 2, max(points // 2, 3))
        right = np.column_stack([half + r * np.cos(angle), r * np.sin(angle)])
        ring = np.concatenate([right, -right])
        area = np.pi * r**2 + 2 * r * self.length_mm
        return (Outline(lying(ring, self.centre_mm, self.axis), area),)

    def inside(self, points_mm: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Points (..., 3) at most a radius from the segment."""
        along, across = along_and_across(self, points_mm, self.axis)
        beyond = np.maximum(np.abs(along) - self.length_mm / 2, 0.0)
        found: NDArray[np.bool_] = beyond**2 + across**2 <= self.radius_mm**2
        return found

    def grown_volume_cc(self, margin_mm: float) -> float:
        """Volume of a thicker capsule."""
        r, length = self.radius_mm, self.length_mm
        surface = 2 * np.pi * r * length + 4 * np.pi * r**2
        return steiner_cc(self.volume_cc, surface, np.pi * length + 4 * np.pi * r, margin_mm)
