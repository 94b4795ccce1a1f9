"""Rings of a plane with fewer corners, their outlines and areas kept to a stated tolerance."""

from __future__ import annotations

from dataclasses import replace
from itertools import groupby
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from rtvol.structures import Contour

#: So far, mm, may an outline lie from the one traced: no farther than margins themselves are true
#: (docs/conventions.md).
THIN_MM = 0.02


def thin_rings(
    rings: Sequence[NDArray[np.float64]], tolerance_mm: float = THIN_MM
) -> list[NDArray[np.float64]]:
    """Leave out corners of the rings of one plane (Douglas and Peucker 1973), keeping their areas.

    Parameters
    ----------
    rings
        Closed rings (n >= 3, 2) in mm, first corner not repeated; they lie apart or in each other.
    tolerance_mm
        No point of an outline lies farther than this from the other one.

    Returns
    -------
    As many rings, in the same order and winding. Corners are moved across the outline, within the
    tolerance, so that what edges cut off convex parts does not shrink the region. A plane on which
    two edges would then cross is returned as it came.
    """
    from rtvol._kernels.thin import do_cross, thin

    if not rings:
        return []
    xy = np.concatenate(rings)
    starts = np.cumsum([0, *map(len, rings)], dtype=np.int64)
    thinned, ends = thin(xy, starts, tolerance_mm)
    if ends[-1] < starts[-1] and do_cross(thinned, ends) and not do_cross(xy, starts):
        return list(rings)
    return [ring.copy() for ring in np.split(thinned, ends[1:-1])]


def thinned(contours: Sequence[Contour], tolerance_mm: float = THIN_MM) -> tuple[Contour, ...]:
    """Return traced contours, those of a plane one after the other, with fewer corners."""
    return tuple(
        replace(contour, xy_mm=ring)
        for _, plane in groupby(contours, key=lambda contour: contour.z_mm)
        for own in [list(plane)]
        for contour, ring in zip(
            own, thin_rings([contour.xy_mm for contour in own], tolerance_mm), strict=True
        )
    )
