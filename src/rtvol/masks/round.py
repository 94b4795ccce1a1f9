"""Round bodies between and beyond contour planes: what interpolated distances alone leave flat.

The square of a section's greatest depth, w^2, is a parabola of z on balls, ellipsoids, tori, lying
cylinders and cones. Interpolating w^2 instead of w gives the bulge between planes, and the point
where the body ends.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import numpy as np

from rtvol._kernels.distance import plane_distances
from rtvol._kernels.loft import extend_end, interpolate_planes

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from rtvol.masks.lattice import Lattice
    from rtvol.masks.stack import PlaneStack

#: How many contour planes shape an end, or a gap from each side.
NEIGHBOURS = 3
#: Heights of the planes of a taper, as shares of its own.
TAPER_LEVELS = (0.3, 0.55, 0.75, 0.88, 0.96)
#: The deepest point of a section is sought on squares of SEARCH points a side, ROUNDS times finer.
SEARCH, ROUNDS = 9, 3
#: Depths that differ by less do not tell how fast a section changes, mm.
SAME_DEPTH_MM = 1e-3


def section_depths(
    stack: PlaneStack, planes: slice, knots: NDArray[np.float32], lattice: Lattice
) -> NDArray[np.float64]:
    """Greatest depth (P,) of each section, mm: 0 where no lattice point lies inside.

    The deepest lattice point is where the search starts; finer and finer points around it find
    the depth to a hundredth of the lattice step, so that nothing depends on where the lattice lies.

    Parameters
    ----------
    stack, planes
        The contours, and which of their planes.
    knots
        (P, J, I) signed distances of the lattice points on these planes.
    lattice
        The points.
    """
    rings = stack.plane_rings[planes.start : planes.stop + 1]
    found = np.empty((1, SEARCH, SEARCH), np.float32)
    depths = np.zeros(len(knots))
    for plane, distances in enumerate(knots):
        j, i = np.unravel_index(int(distances.argmin()), distances.shape)
        x, y, step = float(lattice.x_mm[i]), float(lattice.y_mm[j]), lattice.step_mm
        band, least = -2 * float(distances.min()) + step, float(distances.min())
        for _ in range(ROUNDS if least < 0 else 0):
            step *= 2 / (SEARCH - 1)
            low_x, low_y = x - step * (SEARCH // 2), y - step * (SEARCH // 2)
            of_plane = rings[plane : plane + 2]
            plane_distances(
                stack.xy_mm, stack.ring_starts, of_plane, low_x, low_y, step, band, found
            )
            row, column = np.unravel_index(int(found.argmin()), found.shape[1:])
            x, y = low_x + column * step, low_y + row * step
            least = min(least, float(found.min()))
        depths[plane] = max(-least, 0.0)
    return depths


def bulge(
    knots: NDArray[np.float32],
    z: NDArray[np.float64],
    depths: NDArray[np.float64],
    *,
    gap: int,
    z_out: NDArray[np.float64],
    out: NDArray[np.float32],
) -> None:
    """Add to an interpolated gap what the interpolated square of the depth asks for.

    Where the outline does not move with the depth (the flat ends of a lying cylinder) nothing is
    added, elsewhere a share: how far it moves from plane to plane, over how far the depth does.

    Parameters
    ----------
    knots, z
        (P, N) distances on the planes (P,).
    depths
        (P,) `section_depths`.
    gap
        Between planes `gap` and `gap + 1`.
    z_out, out
        Planes (K,) within the gap, and the field (K, N) to add to.
    """
    change = depths[gap] - depths[gap + 1]
    if abs(change) < SAME_DEPTH_MM or not z_out.size:
        return
    largest = 2 * depths.max()
    both = np.stack([depths, depths**2 / largest], axis=1).astype(np.float32)
    found = np.empty((z_out.size, 2), np.float32)
    interpolate_planes(both, z, gap, z_out, found)
    more = found[:, 0] - np.sqrt(np.maximum(found[:, 1] * largest, 0))
    share = np.clip((knots[gap + 1] - knots[gap]) / np.float32(change), 0, 1)
    out += more[:, None].astype(np.float32) * share


@dataclass(frozen=True)
class End:
    """One end of a lobe: how far the solid goes on beyond its last plane, and how.

    Where the parabola of w^2 through the last three planes comes to 0 before the next plane would
    have been, the end tapers to that point: the next plane carries no contour. Any other end
    follows the parabola of the distances and is cut at half a spacing, where the slab ends.
    """

    planes: NDArray[np.float32]
    z_mm: NDArray[np.float64]
    height_mm: float
    taper: tuple[float, float, float] | None
    moved_mm: float = 0.0

    @classmethod
    def of(
        cls,
        planes: NDArray[np.float32],
        z_mm: NDArray[np.float64],
        depths: NDArray[np.float64] | None,
        half_mm: float,
    ) -> Self:
        """Judge an end by its last planes, the last one first."""
        planes = np.ascontiguousarray(planes[:NEIGHBOURS])
        flat = cls(planes, z_mm[:NEIGHBOURS], half_mm, None)
        if depths is None or z_mm.size < NEIGHBOURS or depths[:NEIGHBOURS].min() <= 0:
            return flat
        if not _is_round(depths, z_mm):
            return flat
        step = abs(float(z_mm[0] - z_mm[1]))
        near, curve = _parabola(depths[:NEIGHBOURS] ** 2, z_mm[:NEIGHBOURS])
        slope, square = near + curve * step, float(depths[0] ** 2)
        roots = np.roots([curve, slope, square])
        ahead = [float(r.real) for r in roots if abs(r.imag) < SAME_DEPTH_MM and r.real > 0]
        reach = min(ahead, default=np.inf)
        if reach > step or near >= 0 or half_mm < step / 2 - SAME_DEPTH_MM:
            return flat
        moved = float(depths[1] - depths[0])
        return cls(planes, z_mm[:NEIGHBOURS], reach, (square, slope, curve), moved)

    @property
    def levels_mm(self) -> NDArray[np.float64]:
        """Planes (L,) that a taper needs, closer together towards its point."""
        if self.taper is None:
            return np.empty(0)
        way = np.sign(self.z_mm[0] - self.z_mm[1]) * self.height_mm
        levels: NDArray[np.float64] = self.z_mm[0] + way * np.array(TAPER_LEVELS)
        return levels

    def extend(self, z_mm: NDArray[np.float64], field: NDArray[np.float32]) -> None:
        """Fill the field (K, N) on planes (K,) beyond the last one."""
        if self.taper is None or not z_mm.size:
            extend_end(self.planes, self.z_mm.copy(), z_mm, field)
            return
        square, slope, curve = self.taper
        t = abs(z_mm - self.z_mm[0])
        depth = np.sqrt(np.maximum(square + t * (slope + t * curve), 0))[:, None]
        depth = depth.astype(np.float32)
        share = np.clip((self.planes[0] - self.planes[1]) / np.float32(self.moved_mm), 0, 1)
        tapered = self.planes[0] + share * (np.float32(np.sqrt(square)) - depth)
        field[:] = np.maximum(tapered, -depth)


def _parabola(values: NDArray[np.float64], z_mm: NDArray[np.float64]) -> tuple[float, float]:
    """Slope before the first of three values, and curvature, seen from the first outwards.

    At a distance t beyond z_mm[0] the parabola is values[0] + t (slope + (t + step) curvature),
    where step is the distance of the first two.
    """
    step, before = abs(z_mm[0] - z_mm[1]), abs(z_mm[1] - z_mm[2])
    near, far = (values[0] - values[1]) / step, (values[1] - values[2]) / before
    return float(near), float((near - far) / (step + before))


def _is_round(depths: NDArray[np.float64], z_mm: NDArray[np.float64]) -> bool:
    """Whether the squares of the depths foretell the last depth better than the depths do.

    On a body whose depth falls evenly (a wedge, the ridge of a lying cone) they do not. Three
    planes cannot tell: they count as round.
    """
    if z_mm.size <= NEIGHBOURS or depths[NEIGHBOURS] <= 0:
        return True
    t = abs(float(z_mm[0] - z_mm[1]))
    step = abs(float(z_mm[1] - z_mm[2]))
    rest = slice(1, NEIGHBOURS + 1)
    errors = []
    for power in (2.0, 1.0):
        near, curve = _parabola(depths[rest] ** power, z_mm[rest])
        foretold = depths[1] ** power + t * (near + (t + step) * curve)
        errors.append(abs(max(foretold, 0.0) ** (1 / power) - depths[0]))
    return bool(errors[0] <= errors[1])
