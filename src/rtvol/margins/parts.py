"""Separate parts of one structure: each becomes a lesion of its own."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from rtvol.margins.derived_names import part_names
from rtvol.solids.lattice import Lattice
from rtvol.solids.sections import section_distances
from rtvol.solids.stack import stack_planes
from rtvol.structures import Contour

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from rtvol.solids.planes import PlaneStack
    from rtvol.structures import Roi

#: Lattice step on which parts are told apart, mm; two parts nearer than this on one plane, or one
#: above the other on neighbouring planes, are one.
STEP_MM = 0.5


def split_parts(
    roi: Roi, *, images_mm: NDArray[np.float64] | None = None, taken_names: Sequence[str] = ()
) -> tuple[Roi, ...]:
    """Split a structure into its separate parts, the largest first.

    Contours belong together when their areas overlap on neighbouring planes; a hole belongs to
    the part it lies in. Gaps that lack planes separate.

    Parameters
    ----------
    roi
        The structure.
    images_mm
        Planes (S,) of the images it was drawn on, patient z in mm; None without.
    taken_names
        ROI names in use.

    Returns
    -------
    The structure itself when it is one piece; else one region per part, `GTV1`, `GTV2`, ...
    """
    stack, _ = stack_planes(roi, images_mm=images_mm)
    owner = _part_of_each_ring(stack)
    parts = np.unique(owner)
    if parts.size < 2:
        return (roi,)
    rings = np.split(stack.xy_mm, stack.ring_starts[1:-1])
    z = np.repeat(stack.z_mm, np.diff(stack.plane_rings))
    slabs = {round(contour.z_mm, 6): contour.slab_mm for contour in roi.contours}
    grouped = [
        tuple(
            Contour(rings[n], float(z[n]), slab_mm=slabs.get(round(float(z[n]), 6)))
            for n in np.flatnonzero(owner == part)
        )
        for part in parts
    ]
    grouped.sort(key=lambda group: -sum(contour.area_mm2 for contour in group))
    names = part_names(roi.name, len(grouped), taken_names)
    return tuple(
        replace(
            roi,
            name=name,
            contours=contours,
            stored_volume_cc=None,
            description=f"part of {roi.name}",
        )
        for name, contours in zip(names, grouped, strict=True)
    )


def _part_of_each_ring(stack: PlaneStack) -> NDArray[np.int64]:
    from skimage.measure import label

    x, y, _ = stack.bounds_mm
    lattice = Lattice.around(x, y, stack.z_mm, STEP_MM, stack.frame)
    inside = section_distances(stack, slice(0, stack.z_mm.size), lattice, 2 * STEP_MM) < 0
    labels = np.zeros(inside.shape, np.int64)
    for lobe in np.unique(stack.lobe):
        planes = stack.lobe == lobe
        found: NDArray[np.int64] = label(inside[planes], connectivity=1)  # type: ignore[no-untyped-call]
        labels[planes] = np.where(found > 0, found + labels.max(), 0)
    owner = np.empty(stack.ring_starts.size - 1, np.int64)
    for plane in range(stack.z_mm.size):
        for ring in range(stack.plane_rings[plane], stack.plane_rings[plane + 1]):
            points = stack.xy_mm[stack.ring_starts[ring] : stack.ring_starts[ring + 1]]
            owner[ring] = _nearest_label(points, labels[plane], lattice, lost=-1 - ring)
    return owner


def _nearest_label(
    points: NDArray[np.float64], labels: NDArray[np.int64], lattice: Lattice, *, lost: int
) -> int:
    """Label that most points of a ring are nearest to; `lost` where the plane has none."""
    marked = np.argwhere(labels > 0)
    if not marked.size:
        return lost
    places = (marked + np.array(lattice.first)) * lattice.step_mm
    some = points[:: max(len(points) // 16, 1), ::-1]
    nearest = np.argmin(((some[:, None] - places[None]) ** 2).sum(axis=2), axis=1)
    return int(np.bincount(labels[tuple(marked[nearest].T)]).argmax())
