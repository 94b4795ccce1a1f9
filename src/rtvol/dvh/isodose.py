"""Volumes of isodoses over the whole dose grid, region by region; which of them a target meets."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from rtvol.dvh.curve import SAME_DOSE
from rtvol.dvh.nodes import Nodes, dose_nodes, doses_at
from rtvol.frames import AXIAL
from rtvol.geometry import Grid, lock

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from rtvol.solids.planes import PlaneStack
    from rtvol.volumes import Dose

#: Points in a target are at most this part of its size (cube root of its box) apart ...
_STEP_PER_SIZE = 0.02
#: ... within these bounds, in mm.
_STEP_MM = (0.1, 1.0)
#: Beyond any dose grid, in mm.
FAR_MM = 1e6
#: Layers of points in each slab.
_LAYERS = (-2 / 3, 0.0, 2 / 3)


@dataclass(frozen=True, eq=False)
class Isodose:
    """The connected regions where the trilinear dose reaches a level.

    Attributes
    ----------
    level_gy
        The level in Gy.
    volumes_cc
        Volume (n + 1,) in cc of each region; region 0 is all the rest, and has none.
    is_open
        Whether (n + 1,) a region goes on beyond the dose grid, or into doses not known.
    labels
        Region (nz, ny, nx) of each node, 0 below the level.
    nodes
        The nodes.
    """

    level_gy: float
    volumes_cc: NDArray[np.float64]
    is_open: NDArray[np.bool_]
    labels: NDArray[np.int32]
    nodes: Nodes

    def __post_init__(self) -> None:
        for array in (self.volumes_cc, self.is_open, self.labels):
            lock(array)


def measure_isodose(dose: Dose, level_gy: float) -> Isodose:
    """Measure {dose >= level} on the whole dose grid.

    The dose is trilinear between the nodes. Cells that the isodose cuts are parted in 64, in each
    of which the dose is taken as linear and the cut is exact. Parts that meet in a cell are one
    region.

    Parameters
    ----------
    dose
        Dose in Gy.
    level_gy
        Level in Gy, above 0.
    """
    from skimage.measure import label

    from rtvol._kernels.isodose import region_volumes

    nodes = dose_nodes(dose, ((-FAR_MM, FAR_MM),) * 3)
    level = level_gy * (1 - SAME_DOSE)
    found, count = label(  # type: ignore[no-untyped-call]
        nodes.values_gy >= level, connectivity=3, return_num=True
    )
    labels = np.ascontiguousarray(found, dtype=np.int32)
    lock(labels)
    volumes, is_open = region_volumes(nodes.values_gy, nodes.axes_mm, labels, level, count)
    return Isodose(level_gy, volumes / 1000, is_open, labels, nodes)


def regions_in(found: Isodose, stack: PlaneStack) -> frozenset[int]:
    """Regions of an isodose that lie in a structure, in whole or in part."""
    nodes = found.nodes
    if min(axis.size for axis in nodes.axes_mm) < 2:
        return frozenset()
    points = stack.frame.to_patient(_points_in(stack))
    hot = points[doses_at(points, nodes) >= found.level_gy * (1 - SAME_DOSE)] @ nodes.turn.T
    x, y, z = (
        np.clip(np.searchsorted(axis, hot[:, n], side="right") - 1, 0, axis.size - 2)
        for n, axis in enumerate(nodes.axes_mm)
    )
    corners = [found.labels[z + c, y + b, x + a] for c in (0, 1) for b in (0, 1) for a in (0, 1)]
    return frozenset(np.max(corners, axis=0).tolist()) - {0}


def regions_within(inner: Isodose, outer: Isodose, regions: frozenset[int]) -> frozenset[int]:
    """Regions of a higher isodose that lie in the given regions of a lower one."""
    labels, first = np.unique(inner.labels, return_index=True)
    around = outer.labels.reshape(-1)[first]
    return frozenset(
        int(own) for own, other in zip(labels, around, strict=True) if own and other in regions
    )


def _points_in(stack: PlaneStack) -> NDArray[np.float64]:
    """Points (n, 3) of its own frame, mm, that fill a structure."""
    from rtvol.solids import cover

    (x, y, z) = stack.bounds_mm
    size_mm = float(np.cbrt((x[1] - x[0]) * (y[1] - y[0]) * (z[1] - z[0])))
    step = float(np.clip(size_mm * _STEP_PER_SIZE, *_STEP_MM))
    reach = [np.where(np.sign(part) < 0, stack.below_mm, stack.above_mm) for part in _LAYERS]
    layers = [stack.z_mm + part * mm for part, mm in zip(_LAYERS, reach, strict=True)]
    heights = np.unique(np.concatenate(layers))
    shape = (int((y[1] - y[0]) / step) + 2, int((x[1] - x[0]) / step) + 2)
    start = (x[0], y[0], float(heights[0]))
    grid = Grid(start, (1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (step, step), heights - heights[0], shape)
    inside = cover(replace(stack, frame=AXIAL), grid)
    # a structure thinner than a step still has points
    k, j, i = np.nonzero(inside.values >= min(0.5, float(inside.values.max())))
    origin = np.array(inside.grid.origin_mm)
    local = np.column_stack([i * step, j * step, inside.grid.offsets_mm[k]])
    points: NDArray[np.float64] = origin + local
    return points
