"""Six unequal margins: volumes of Minkowski sums with the body of eight ellipsoid octants.

Convex solids: the sum's boundary holds x_A(n) + x_M(n) for every direction n; its hull is the sum.
Others of revolution: level sections of the sum, from support functions in the plane.
Boxes: closed form, and their gauge distance for unions of boxes.
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import numpy as np
from scipy.spatial import ConvexHull

from rtvol.phantoms import Box, Cone, Cylinder, Ellipsoid, Sphere
from truth import Truth

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from bodies import Distance, Points
    from rtvol.margins import Margin
    from rtvol.phantoms import Solid

#: Directions of the hull; the error goes with 1 / N, so N and N / 4 give the limit.
DIRECTIONS = 60000
#: Directions in a section's plane, and sections between two kinks along z.
AROUND, NODES = 720, 32


def sides_mm(margin: Margin) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Reach of a margin towards +x, +y, +z and towards -x, -y, -z (L, P, S and R, A, I)."""
    return (
        np.array([margin.left_mm, margin.posterior_mm, margin.superior_mm]),
        np.array([margin.right_mm, margin.anterior_mm, margin.inferior_mm]),
    )


def spread(count: int) -> Points:
    """Directions (count, 3) spread evenly over the sphere (a golden spiral)."""
    index = np.arange(count) + 0.5
    height = 1 - 2 * index / count
    angle = np.pi * (1 + 5**0.5) * index
    flat = np.sqrt(1 - height**2)
    return np.column_stack([flat * np.cos(angle), flat * np.sin(angle), height])


def margin_points(n: Points, margin: Margin) -> Points:
    """Boundary point of the margin's body where the outward normal is n."""
    high, low = sides_mm(margin)
    square = np.where(n > 0, high, low) ** 2
    return square * n / np.sqrt((square * n**2).sum(axis=1))[:, None]


def solid_points(n: Points, solid: Solid) -> Points:
    """Boundary point of a convex solid about the origin where the outward normal is n."""
    match solid:
        case Sphere(radius_mm=r):
            return r * n
        case Ellipsoid(semi_axes_mm=axes):
            square = np.array(axes) ** 2
            return square * n / np.sqrt((square * n**2).sum(axis=1))[:, None]
        case Box(edges_mm=edges):
            return np.sign(n) * np.array(edges) / 2
        case Cylinder(radius_mm=r, length_mm=length, axis=axis):
            rim, up = _rim(n, axis)
            return r * rim + np.sign(n @ up)[:, None] * up * length / 2
        case Cone(radius_mm=r, height_mm=h, axis=axis):
            rim, up = _rim(n, axis)
            base = r * rim - up * h / 2
            is_apex = n @ up * h / 2 > (n * base).sum(axis=1)
            return np.where(is_apex[:, None], up * h / 2, base)
    raise NotImplementedError(type(solid).__name__)


def _rim(n: Points, axis: str) -> tuple[Points, NDArray[np.float64]]:
    up = np.eye(3)["xyz".index(axis)]
    across = n - (n @ up)[:, None] * up
    return across / np.linalg.norm(across, axis=1)[:, None], up


def convex_sum(solid: Solid, margin: Margin, *, directions: int = DIRECTIONS) -> Truth:
    """Volume and area of a convex solid grown by six margins."""
    found = []
    for count in (directions // 4, directions):
        n = spread(count)
        hull = ConvexHull(solid_points(n, solid) + margin_points(n, margin))
        found.append(np.array([hull.volume, hull.area]))
    volume, area = (4 * found[1] - found[0]) / 3
    return Truth(volume / 1000, area)


def box_sum_cc(edges_mm: NDArray[np.float64], margin: Margin) -> float:
    """Closed form: the box, slabs on its faces, quarter ellipses on its edges, octants."""
    high, low = sides_mm(margin)
    both = high + low
    slabs = sum(edges_mm.prod() / edges_mm[i] * both[i] for i in range(3))
    rims = sum(edges_mm[i] * both[i - 1] * both[i - 2] for i in range(3)) * np.pi / 4
    return float(edges_mm.prod() + slabs + rims + both.prod() * np.pi / 6) / 1000


def box_gauge(solid: Box, margin: Margin) -> Distance:
    """Gauge of the way from a box, less 1, times the least margin: 0 on the grown surface."""
    centre, half = np.array(solid.centre_mm), np.array(solid.edges_mm) / 2
    high, low = sides_mm(margin)

    def field(points: Points) -> NDArray[np.float64]:
        offset = points - centre
        way = offset - np.clip(offset, -half, half)
        gauge = np.sqrt(((way / np.where(way > 0, high, low)) ** 2).sum(axis=1))
        return (gauge - 1) * margin.least_mm

    return field


Support = "Callable[[NDArray[np.float64]], NDArray[np.float64]]"


def _disc_mm2(support: NDArray[np.float64], angle: NDArray[np.float64]) -> NDArray[np.float64]:
    """Radius (N,) of the convex region {p . n <= support(n)} seen from the origin."""
    cosine = np.cos(angle[:, None] - angle)
    with np.errstate(divide="ignore"):
        reach = np.where(cosine > 1e-9, support / np.maximum(cosine, 1e-9), np.inf)
    radius: NDArray[np.float64] = reach.min(axis=1)
    return radius


def flat_support(angle: NDArray[np.float64], margin: Margin) -> NDArray[np.float64]:
    """Support function of the margin's level section through its middle, mm."""
    high, low = sides_mm(margin)
    n = np.column_stack([np.cos(angle), np.sin(angle)])
    found: NDArray[np.float64] = np.sqrt(
        ((np.where(n > 0, high[:2], low[:2]) * n) ** 2).sum(axis=1)
    )
    return found


def sections_cc(area_mm2: Callable[[float], float], kinks_mm: list[float]) -> float:
    """Integral of a section's area over z, cc; Gauss-Legendre after z = sin, kink by kink."""
    nodes, weights = np.polynomial.legendre.leggauss(NODES)
    angle = nodes * np.pi / 2
    whole = 0.0
    for low, high in itertools.pairwise(kinks_mm):
        z = (low + high) / 2 + (high - low) / 2 * np.sin(angle)
        part = weights * np.cos(angle) * np.pi / 2 * (high - low) / 2
        whole += sum(w * area_mm2(float(height)) for w, height in zip(part, z, strict=True))
    return whole / 1000


def angles() -> NDArray[np.float64]:
    """Directions in the plane, none along an axis."""
    return (np.arange(AROUND) + 0.5) * 2 * np.pi / AROUND


def area_of(radius: NDArray[np.float64]) -> float:
    """Area, mm2, of a region by its radius in each of the directions."""
    return float((radius**2).sum()) * np.pi / AROUND


def share_left(z: float, low: float, high: float, margin: Margin) -> float:
    """How much of the margin is left in plane at a height beside a prism from low to high."""
    beyond = max(low - z, z - high, 0.0)
    reach = margin.superior_mm if z > high else margin.inferior_mm
    return float(np.sqrt(max(1 - (beyond / reach) ** 2, 0.0)))


def step_sum_cc(radii: tuple[float, float], lengths: tuple[float, float], margin: Margin) -> float:
    """Two coaxial cylinders, the lower first, their step at z = 0; no closed form."""
    angle = angles()
    flat = flat_support(angle, margin)
    spans = ((-lengths[0], 0.0), (0.0, lengths[1]))

    def area(z: float) -> float:
        reach = [
            _disc_mm2(radius + share_left(z, *span, margin) * flat, angle)
            for radius, span in zip(radii, spans, strict=True)
            if span[0] - margin.inferior_mm < z < span[1] + margin.superior_mm
        ]
        return area_of(np.max(reach, axis=0))

    kinks = {end + d for span in spans for end in span for d in (0.0,)}
    kinks |= {span[0] - margin.inferior_mm for span in spans}
    kinks |= {span[1] + margin.superior_mm for span in spans}
    return sections_cc(area, sorted(kinks))


def tube_sum_cc(outer_mm: float, inner_mm: float, length_mm: float, margin: Margin) -> float:
    """A hollow cylinder whose hole stays open."""
    angle = angles()
    flat = flat_support(angle, margin)
    back = np.roll(flat, AROUND // 2)
    half = length_mm / 2

    def area(z: float) -> float:
        share = share_left(z, -half, half, margin)
        outer = _disc_mm2(outer_mm + share * flat, angle)
        return area_of(outer) - area_of(_disc_mm2(inner_mm - share * back, angle))

    return sections_cc(area, [-half - margin.inferior_mm, -half, half, half + margin.superior_mm])


def torus_sum_cc(ring_mm: float, tube_mm: float, margin: Margin) -> float:
    """An upright torus whose hole stays open: a circle plus (ball + margin), section by section.

    The support in plane of a section at z is the least of h(n, s) - s z over slopes s, found
    where the support point's height is z: r s / sqrt(1 + s^2) + c^2 s / sqrt(h^2 + c^2 s^2) = z.
    """
    angle = angles()
    flat = flat_support(angle, margin)

    def area(z: float) -> float:
        c = margin.superior_mm if z > 0 else margin.inferior_mm
        low, high = np.zeros_like(flat), np.full_like(flat, np.pi / 2)
        for _ in range(50):
            tilt = (low + high) / 2
            s = np.tan(tilt)
            height = tube_mm * np.sin(tilt) + c**2 * s / np.sqrt(flat**2 + c**2 * s**2)
            low, high = np.where(height < abs(z), tilt, low), np.where(height < abs(z), high, tilt)
        s = np.tan(low)
        part = tube_mm * np.sqrt(1 + s**2) + np.sqrt(flat**2 + c**2 * s**2) - s * abs(z)
        outer = _disc_mm2(ring_mm + part, angle)
        return area_of(outer) - area_of(_disc_mm2(ring_mm - np.roll(part, AROUND // 2), angle))

    return sections_cc(area, [-tube_mm - margin.inferior_mm, 0.0, tube_mm + margin.superior_mm])
