"""Round bodies between and beyond contour planes: what interpolated distances alone leave flat.

The square of a section's greatest depth, w^2, is a parabola of z on balls, ellipsoids, tori, lying
cylinders and cones. Interpolating w^2 instead of w gives the bulge between planes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from rtvol.solids.ends import FASTEST

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: Depths that differ by less do not tell how fast a section changes, mm.
SAME_DEPTH_MM = 1e-3


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
        (P,) `rtvol.solids.pieces.Piece.depths_mm`.
    gap
        Between planes `gap` and `gap + 1`.
    z_out, out
        Planes (K,) within the gap, and the field (K, N) to add to.
    """
    from rtvol._kernels.loft import add_shares, interpolate_planes, plane_slopes

    change = depths[gap] - depths[gap + 1]
    if abs(change) < SAME_DEPTH_MM or not z_out.size:
        return
    largest = 2 * depths.max()
    both = np.stack([depths, depths**2 / largest], axis=1).astype(np.float32)
    slopes = np.empty_like(both)
    plane_slopes(both, z, slopes)
    if len(z) > 2:
        slopes[:, 1] = np.gradient(both[:, 1], z, edge_order=2)
    found = np.empty((z_out.size, 2), np.float32)
    interpolate_planes(both, slopes, z, gap, z_out, found)
    more = found[:, 0] - np.sqrt(np.maximum(found[:, 1] * largest, 0))
    add_shares(
        knots[gap], knots[gap + 1], np.float32(change), np.float32(FASTEST),
        more.astype(np.float32), out,
    )  # fmt: skip


def sagitta_mm(depths: NDArray[np.float64], z: NDArray[np.float64], gap: int) -> float:
    """How far, mm, a round body through the sections beside a gap stands out between them.

    The sagitta dz^2 / 8R of the ball whose section half a gap from its middle has the greater of
    both depths: more than that no contour vouches for. At most a quarter of the depth: what is
    thin beside the gap between planes is not known to be round.
    """
    width, depth = float(z[gap + 1] - z[gap]), float(depths[gap : gap + 2].max())
    return min(width**2 / (8 * float(np.hypot(depth, width / 2))), depth / 4)
