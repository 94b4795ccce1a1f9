"""From planes of one orientation to those of another: fields read anew, solids cut anew."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from rtvol.frames import box_in
from rtvol.solids.distance import FAR_MM
from rtvol.solids.lattice import Lattice
from rtvol.solids.planes import PlaneStack
from rtvol.solids.sections import section_distances
from rtvol.solids.trace import trace_rings

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from rtvol.frames import Box, PlaneFrame

#: A solid cut anew: points in plane, and planes, are this part of its size apart, within these
#: bounds in mm.
STEP_PER_SIZE, STEP_MM = 0.01, (0.25, 1.0)
#: Slabs nearer than this touch, mm.
TOUCHING_MM = 1e-6
#: Distance of planes in lattice steps.
PITCH_PER_STEP = 1.25


def lattice_over(box: Box, step_mm: float, frame: PlaneFrame) -> Lattice:
    """Return a lattice of a frame that holds a box in it, with evenly spaced planes."""
    x, y, (low, high) = box
    pitch = PITCH_PER_STEP * step_mm
    planes = np.arange(np.floor(low / pitch) - 1, np.ceil(high / pitch) + 2) * pitch
    return Lattice.around(x, y, planes, step_mm, frame)


def box_of(lattice: Lattice) -> Box:
    """Return the box that holds all points of a lattice, in its frame, mm."""
    x, y, z = (
        (float(along[0]), float(along[-1])) for along in (lattice.x_mm, lattice.y_mm, lattice.z_mm)
    )
    return x, y, z


def read_across(
    values: NDArray[np.float32], own: Lattice, lattice: Lattice, *, beyond: float = FAR_MM
) -> NDArray[np.float32]:
    """Read a field (K, J, I) on the points of a lattice in another frame, linearly.

    `beyond` is what stands where the field is not known.
    """
    from scipy.ndimage import map_coordinates

    found = np.empty(lattice.shape, np.float32)
    numbers = np.arange(own.z_mm.size, dtype=np.float64)
    for k in range(lattice.z_mm.size):
        x, y, z = _places(lattice, k, own.frame)
        plane = np.interp(z, own.z_mm, numbers, left=-1, right=numbers[-1] + 1)
        places = (plane, y / own.step_mm - own.first[0], x / own.step_mm - own.first[1])
        found[k] = map_coordinates(values, places, order=1, mode="constant", cval=beyond)
    return found


def cut_across(stack: PlaneStack, frame: PlaneFrame) -> PlaneStack:
    """Cut the slab solid of a stack along planes of another frame; the stack itself in its own.

    The solid stays what it is, prisms over the polygons of its own planes; it is cut every 0.3 to
    1.25 mm, by its size, and outlines are traced below the step of the points in plane.
    """
    if stack.frame == frame or not stack.z_mm.size:
        return stack
    box = box_in(stack.bounds_mm, stack.frame, frame)
    extent = max(high - low for low, high in box)
    step = float(np.clip(extent * STEP_PER_SIZE, *STEP_MM))
    # equal layers from end to end: faces that lie along them are met exactly
    low, high = box[2]
    count = max(int(np.ceil((high - low) / (PITCH_PER_STEP * step))), 1)
    half_mm = (high - low) / count / 2
    middles = np.asarray(low + half_mm * (2 * np.arange(count) + 1), np.float64)
    lattice = Lattice.around(box[0], box[1], middles, step, frame)
    x, y, _ = stack.bounds_mm
    pad = 3 * step
    sides = (x[0] - pad, x[1] + pad), (y[0] - pad, y[1] + pad)
    own = Lattice.around(*sides, stack.z_mm, step, stack.frame)
    distances = section_distances(stack, slice(0, stack.z_mm.size), own, 3 * step)
    planes, rings = [], []
    for k, z in enumerate(lattice.z_mm.tolist()):
        field = _prisms(stack, distances, own, _places(lattice, k, stack.frame))
        if field.min() < 0:
            found = trace_rings(field, x_mm=lattice.x_mm, y_mm=lattice.y_mm)
            if found:
                planes.append(z)
                rings.append(found)
    half = np.full(len(planes), half_mm)
    return PlaneStack.of(
        rings, z_mm=np.array(planes), below_mm=half, above_mm=half.copy(), frame=frame
    )


def _places(lattice: Lattice, k: int, frame: PlaneFrame) -> NDArray[np.float64]:
    """Return x, y and z (3, J, I), in another frame, of the points of one plane."""
    y, x = np.meshgrid(lattice.y_mm, lattice.x_mm, indexing="ij")
    points = np.stack([x, y, np.full_like(x, lattice.z_mm[k])], axis=-1)
    return np.moveaxis(frame.from_patient(lattice.frame.to_patient(points)), -1, 0)


def _prisms(
    stack: PlaneStack,
    distances: NDArray[np.float32],
    own: Lattice,
    places: NDArray[np.float64],
) -> NDArray[np.float32]:
    """Field (J, I), mm, negative within the prisms of a stack: that of the nearest slabs.

    What two slabs that touch share in plane is one prism over both: no face parts it.
    """
    from scipy.ndimage import map_coordinates

    x, y, z = places
    low, high = stack.z_mm - stack.below_mm, stack.z_mm + stack.above_mm
    at = np.searchsorted(high, z)
    rows, columns = y / own.step_mm - own.first[0], x / own.step_mm - own.first[1]
    field, before = np.full(z.shape, FAR_MM), None
    for near in (-1, 0, 1):
        slab = np.clip(at + near, 0, stack.z_mm.size - 1)
        across = map_coordinates(distances, (slab, rows, columns), order=1, mode="nearest")
        np.minimum(field, np.maximum.reduce([across, low[slab] - z, z - high[slab]]), out=field)
        if before is not None:
            under, shared = before
            both = np.maximum.reduce([shared, across, low[under] - z, z - high[slab]])
            touch = low[slab] - high[under] < TOUCHING_MM
            np.minimum(field, np.where(touch, both, FAR_MM), out=field)
        before = slab, across
    return field.astype(np.float32)
