"""Where a solid is cut into layers: finely where its outline moves.

A layer is taken as flat from one face to the next. The chord of a length L under a surface of
radius R lies L^2 / 8R off it, so that what counts is how far the outline moves from face to face,
not height alone: near the pole of a ball it moves many times as far as the planes lie apart.
"""

from __future__ import annotations

import math
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from rtvol.solids.areas import plane_areas_mm2
from rtvol.solids.ends import closing_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from rtvol.solids.pieces import Body
    from rtvol.solids.planes import PlaneStack

#: Points in plane are this part of the structure's extent apart, within these bounds in mm ...
STEP_PER_SIZE, STEP_MM = 0.01, (0.3, 1.0)
#: ... but farther where a structure would need more points: these, around it as far as that, mm.
MOST_POINTS, AROUND_MM = 500_000, 8.0
#: From one face to the next an outline moves about so many steps, heights included; there are so
#: many layers to a gap between two contour planes, and to an end.
PITCH_STEPS, GAP_PARTS, END_PARTS = 1.4, 12, (4, 14)
#: Heights nearer to each other are one, mm.
SAME_FACE_MM = 1e-3


def step_of(
    stack: PlaneStack, *, per_size: float = STEP_PER_SIZE, around_mm: float = AROUND_MM
) -> float:
    """Distance of points in plane, mm, that suits a structure: `per_size` of its extent."""
    sides = [side[1] - side[0] for side in stack.bounds_mm]
    step = float(np.clip(max(sides[:2]) * per_size, *STEP_MM))
    wide = [side + 2 * around_mm for side in sides[:2]]
    while True:
        layers = sum(parts_of(gap, step) for gap in np.diff(stack.z_mm)) + 2 * END_PARTS[0]
        if layers * math.prod(side / step for side in wide) <= MOST_POINTS:
            return step
        step *= 1.1


def parts_of(way_mm: float, step_mm: float) -> int:
    """Into how many layers a gap is parted, along which an outline goes so far: always even.

    An outline that jumps does so in the middle of its gap, which is a face then.
    """
    pairs = math.ceil(way_mm / (2 * PITCH_STEPS * step_mm) - 0.25)
    return 2 * min(max(pairs, 1), GAP_PARTS // 2)


def faces_of(body: Body, step_mm: float) -> NDArray[np.float64]:
    """Heights, ascending, mm, that part a loft as finely as its points in plane lie."""
    stack = body.stack
    areas = plane_areas_mm2(stack.xy_mm, stack.ring_starts, stack.plane_rings)
    radii = np.sqrt(areas / np.pi)
    gaps = [
        np.linspace(z, above, parts_of(math.hypot(above - z, moved), step_mm) + 1)
        for lobe in np.unique(stack.lobe)
        for (z, above), moved in _steps(stack.z_mm, radii, stack.lobe == lobe)
    ]
    return merged_faces([stack.z_mm, *gaps, *(_end_faces(body, step_mm))])


def merged_faces(every: Sequence[NDArray[np.float64]]) -> NDArray[np.float64]:
    """Return all heights of several solids, ascending; of those that coincide the lowest."""
    faces = np.unique(np.concatenate(every))
    return np.asarray(faces[np.diff(faces, prepend=-np.inf) > SAME_FACE_MM], np.float64)


def _steps(
    z_mm: NDArray[np.float64], radii: NDArray[np.float64], chosen: NDArray[np.bool_]
) -> Iterator[tuple[tuple[float, float], float]]:
    """From plane to plane of those chosen: both heights, and how far the outline moves, mm."""
    return zip(pairwise(z_mm[chosen].tolist()), np.abs(np.diff(radii[chosen])), strict=True)


def _end_faces(body: Body, step_mm: float) -> Iterator[NDArray[np.float64]]:
    """Faces beyond the planes at which pieces end: even in the depth of a round tip."""
    for piece in body.pieces:
        planes, depths = piece.planes, piece.depths_mm
        z = body.stack.z_mm[planes]
        if piece.first == planes[0]:
            half = float(body.stack.below_mm[planes[0]])
            yield z[0] - _beyond(z, depths, half, step_mm)
        if piece.last == planes[-1]:
            half = float(body.stack.above_mm[planes[-1]])
            yield z[-1] + _beyond(z[::-1], depths[::-1], half, step_mm)


def _beyond(
    z_mm: NDArray[np.float64], depths: NDArray[np.float64], half_mm: float, step_mm: float
) -> NDArray[np.float64]:
    """How far beyond the last plane, which comes first, an end has faces, mm."""
    height, is_open, _ = closing_of(z_mm, depths, half_mm)
    if is_open == 1:
        return np.linspace(0, height, parts_of(height, step_mm) + 1)
    way = math.hypot(float(depths[0]), height)
    parts = int(np.clip(round(way / (PITCH_STEPS * step_mm)), *END_PARTS))
    shares = np.arange(parts + 1) / parts
    return height * (1 - shares**2)
