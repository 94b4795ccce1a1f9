"""PlaneStack + Dose -> DVH: the slabs of a stack in the dose's own field, trilinear or cubic."""

from __future__ import annotations

import math
from dataclasses import replace
from statistics import median
from typing import TYPE_CHECKING

import numpy as np

from rtvol.dvh.cubic import BEYOND, parts_of, refined
from rtvol.dvh.curve import DVH, SAME_VOLUME, Interpolation
from rtvol.dvh.nodes import Nodes, dose_nodes
from rtvol.errors import UsageError
from rtvol.geometry import lock
from rtvol.solids import slab_volume_cc

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from rtvol.solids.planes import PlaneStack
    from rtvol.volumes import Dose

    #: Cumulative curve, totals and point masses, as `spread_stack` gives them.
    Sums = tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]
    Field = tuple[NDArray[np.float32], tuple[NDArray[np.float64], ...], NDArray[np.float64]]

#: Rows and layers are at most this part of the structure's size (cube root of its volume) ...
STEP_PER_SIZE = 0.025
#: ... within these bounds, in mm.
STEP_MM = (0.2, 2.5)
#: Layers each slab is cut into, unless the step asks for fewer.
LAYERS = 3
#: Across a dose grid turned to the patient, rows and layers cannot end at its planes, where the
#: dose bends: there they are at most this part of its spacing.
STEP_PER_SPACING = 0.25
#: A solid that is moved many times is sampled so many times more coarsely.
COARSER = 4.0
#: Doses of the distribution between the lowest and the highest, at least this many ...
LEAST_STEPS = 4096
#: ... and at most this far apart, in Gy, unless doses reach past 100 Gy.
STEP_GY = 0.01
#: A cubic dose is refined to at most this, in mm, by the size of the structure.
FINE_MM = (0.4, 1.25)
#: How far, in parts of the range of its samples, a cubic dose may pass them: 1.25 / 8 of a second
#: difference (at most twice the range) along each of three axes.
CUBIC_ROOM = 3 * 2 * 1.25 / 8
#: Samples of a refined dose held at a time: some 30 MB with what it takes to make them.
SAMPLES_HELD = 1_500_000


def dose_volume(
    stack: PlaneStack,
    dose: Dose,
    *,
    step_mm: float | None = None,
    interpolation: Interpolation = "linear",
) -> DVH:
    """Dose-volume distribution of the slab solid of a contour stack.

    Each plane's polygons (even-odd) are extruded over the plane's slab. The dose is trilinear
    between the centres of the dose voxels, in the dose grid's own frame, whatever its orientation
    and plane positions; beyond the outermost centres it is unknown, and that volume is counted
    as outside; so is what lies beside a sample that is NaN. Extremes are over the closed solid,
    its surface included.

    Parameters
    ----------
    stack
        The contours by plane, of any orientation, in the dose's frame of reference.
    dose
        Dose in Gy.
    step_mm
        Greatest height of rows and layers in mm; by default 1/40 of the structure's size (cube
        root of its volume), from 0.2 to 2.5 mm.
    interpolation
        "linear": trilinear; "cubic": splines through the samples, bounded by the samples around
        but for smooth extrema, trilinear between points 0.4 to 1.25 mm apart. Where a sample
        around the structure is not known there is no spline: the DVH then says "linear".

    Returns
    -------
    DVH

    Raises
    ------
    UsageError
        `bad-step` when `step_mm` is not above 0.
    """
    from rtvol._kernels.dose import MARGIN, spread_stack

    dose = dose.seen_from(stack.frame)
    volume_cc = slab_volume_cc(stack)
    nodes = dose_nodes(dose, stack.bounds_mm)
    steps_mm = _steps(volume_cc, median(stack.thickness_mm.tolist()), step_mm)
    if not nodes.is_straight:
        limit_mm = STEP_PER_SPACING * nodes.spacing_mm
        steps_mm = (min(steps_mm[0], limit_mm), min(steps_mm[1], limit_mm))
    if not np.isfinite(nodes.values_gy).any():
        return DVH(np.empty(0), np.empty(0), volume_cc, volume_cc)
    thin = min(axis.size for axis in nodes.axes_mm) < 2
    if thin or not np.isfinite(nodes.values_gy).all():
        # a spline would carry a dose that is not known into all others
        interpolation = "linear"
    low, high = _bounds_gy(dose, stack, nodes, interpolation)
    # a uniform dose still needs a width; neighbouring float32 doses differ by more than this
    pitch = max(min((high - low) / LEAST_STEPS, STEP_GY), 1e-8 * max(abs(high), 1.0))
    size = int((high - low) / pitch) + 2 * MARGIN + 2
    zero = low - MARGIN * pitch
    found = None
    for part, field in _fields(stack, dose, nodes, interpolation, volume_cc):
        slabs = np.column_stack([part.z_mm - part.below_mm, part.z_mm + part.above_mm])
        lock(slabs)
        rings = (part.xy_mm, part.ring_starts, part.plane_rings)
        more = spread_stack(*rings, slabs, steps_mm, *field, (zero, 1 / pitch, size))
        found = more if found is None else _together(found, more)
    if found is None:
        raise ValueError("a stack has planes")
    doses: NDArray[np.float64] = np.asarray(zero + pitch * np.arange(size), dtype=np.float64)
    whole = _distribution(doses, found, volume_cc, interpolation)
    return replace(whole, edge_gy=_edge_gy(dose, stack)) if whole.outside_fraction else whole


def moved_volumes(
    stack: PlaneStack, dose: Dose, moves_mm: Sequence[NDArray[np.float64]]
) -> list[DVH]:
    """Distributions of a solid moved by each of some vectors (patient LPS, mm), the dose held.

    The solid and the samples around it are looked up once; rows, layers and steps of dose are
    COARSER times as wide as those of `dose_volume`. Trilinear. Where a part leaves the dose grid,
    `outside_cc` counts it and `edge_gy` is infinite.
    """
    from rtvol._kernels.dose import MARGIN, spread_stack

    seen = dose.seen_from(stack.frame)
    moves = [stack.frame.from_patient(move) for move in moves_mm]
    reach = np.abs(np.array(moves)).max(axis=0)
    box = tuple(
        (low - mm, high + mm) for (low, high), mm in zip(stack.bounds_mm, reach, strict=True)
    )
    nodes, volume_cc = dose_nodes(seen, box), slab_volume_cc(stack)
    if not np.isfinite(nodes.values_gy).any():
        return [DVH(np.empty(0), np.empty(0), volume_cc, volume_cc) for _ in moves]
    step_mm = COARSER * usual_step_mm(volume_cc)
    if not nodes.is_straight:
        step_mm = min(step_mm, STEP_PER_SPACING * nodes.spacing_mm)
    steps = step_mm, max(step_mm, float(np.median(stack.thickness_mm)) / 2)
    low, high = float(np.nanmin(nodes.values_gy)), float(np.nanmax(nodes.values_gy))
    pitch = max(COARSER * min((high - low) / LEAST_STEPS, STEP_GY), 1e-8 * max(abs(high), 1.0))
    size = int((high - low) / pitch) + 2 * MARGIN + 2
    zero = low - MARGIN * pitch
    doses = np.asarray(zero + pitch * np.arange(size), dtype=np.float64)
    slabs = np.column_stack([stack.z_mm - stack.below_mm, stack.z_mm + stack.above_mm])
    lock(slabs)
    rings, window = (stack.xy_mm, stack.ring_starts, stack.plane_rings), (zero, 1 / pitch, size)
    found = []
    for move in moves:
        off = nodes.turn @ move
        axes = tuple(axis - mm for axis, mm in zip(nodes.axes_mm, off, strict=True))
        for axis in axes:
            lock(axis)
        field = (nodes.values_gy, axes, nodes.turn)
        sums = spread_stack(*rings, slabs, steps, *field, window)
        found.append(_distribution(doses, sums, volume_cc))
    return found


def _together(one: Sums, other: Sums) -> Sums:
    """Distributions of two parts of a solid as one: see `spread_stack`."""
    (curve, totals, flats), (more, found, flat) = one, other
    inside, outside, low, high = totals
    ends = [inside + found[0], outside + found[1], min(low, found[2]), max(high, found[3])]
    masses = [flats[0] + flat[0], np.minimum(flats[1], flat[1]), np.maximum(flats[2], flat[2])]
    return curve + more, np.array(ends), np.array(masses)


def _edge_gy(dose: Dose, stack: PlaneStack) -> float:
    """Highest dose on the faces of the grid through which a structure's box leaves it."""
    corners = np.stack(np.meshgrid(*stack.bounds_mm, indexing="ij"), axis=-1).reshape(-1, 3)
    local = dose.grid.to_plane_frame(corners)
    offsets = dose.grid.offsets_mm
    rows, columns = dose.grid.shape_ji
    ends = ((offsets[0], offsets[-1]), (0.0, rows - 1.0), (0.0, columns - 1.0))
    box, faces = [], []
    for axis, (column, (first, last)) in enumerate(zip((2, 1, 0), ends, strict=True)):
        low, high = float(local[:, column].min()), float(local[:, column].max())
        at = offsets if axis == 0 else np.arange(int(last) + 1, dtype=np.float64)
        start = max(int(np.searchsorted(at, low)) - 1, 0)
        stop = min(int(np.searchsorted(at, high)) + 2, at.size)
        box.append(slice(start, max(stop, start + 1)))
        faces += [(axis, 0)] if low < first else []
        faces += [(axis, at.size - 1)] if high > last else []
    if not np.isfinite(dose.values_gy[tuple(box)]).all() or not faces:
        return math.inf  # a sum of doses ends where the first of its grids does
    crossed = (_face(dose.values_gy, box, axis, at) for axis, at in faces)
    return float(max((face.max() for face in crossed if face.size), default=math.inf))


def _face(
    values_gy: NDArray[np.float32], box: list[slice], axis: int, at: int
) -> NDArray[np.float32]:
    face = list(box)
    face[axis] = slice(at, at + 1)
    return values_gy[tuple(face)]


def _bounds_gy(
    dose: Dose, stack: PlaneStack, nodes: Nodes, interpolation: Interpolation
) -> tuple[float, float]:
    """Least and greatest dose there can be in the structure."""
    if interpolation == "linear":
        low, high = float(nodes.values_gy.min()), float(nodes.values_gy.max())
        if math.isnan(low):
            low, high = float(np.nanmin(nodes.values_gy)), float(np.nanmax(nodes.values_gy))
        return low, high
    # samples one cell farther out count, and smooth extrema may pass them
    around = dose_nodes(dose, stack.bounds_mm, beyond=1).values_gy
    low, high = float(np.nanmin(around)), float(np.nanmax(around))
    room = (high - low) * CUBIC_ROOM
    return low - room, high + room


def _fields(
    stack: PlaneStack,
    dose: Dose,
    nodes: Nodes,
    interpolation: Interpolation,
    volume_cc: float,
) -> Iterator[tuple[PlaneStack, Field]]:
    """Yield parts of the stack with the dose around them; all at once where the dose is linear."""
    if interpolation == "linear":
        yield stack, (nodes.values_gy, nodes.axes_mm, nodes.turn)
        return
    size_mm = float(np.cbrt(volume_cc * 1000))
    parts = parts_of(nodes, float(np.clip(size_mm * STEP_PER_SIZE, *FINE_MM)))
    first = 0
    while first < stack.z_mm.size:
        last = first + 1
        held = _held(stack, first, last, dose, parts)
        while last < stack.z_mm.size:
            more = _held(stack, first, last + 1, dose, parts)
            if more[1] > SAMPLES_HELD:
                break
            held, last = more, last + 1
        part = held[0]
        wide = _known_around(dose, part)
        inner = dose_nodes(dose, part.bounds_mm)
        if min(axis.size for axis in inner.axes_mm) < 2:
            yield part, (inner.values_gy, inner.axes_mm, inner.turn)
        else:
            fine = refined(wide, _place_in(wide, inner), parts)
            yield part, (fine.values_gy, fine.axes_mm, fine.turn)
        first = last


def _known_around(dose: Dose, part: PlaneStack) -> Nodes:
    """Return the samples that shape the spline in a part: as many as are known on all sides."""
    beyond = BEYOND
    wide = dose_nodes(dose, part.bounds_mm, beyond=beyond)
    while not np.isfinite(wide.values_gy).all() and beyond:
        beyond //= 2
        wide = dose_nodes(dose, part.bounds_mm, beyond=beyond)
    return wide


def _held(
    stack: PlaneStack, first: int, last: int, dose: Dose, parts: tuple[int, int, int]
) -> tuple[PlaneStack, int]:
    """Planes first .. last - 1 of a stack, and how many refined samples they need."""
    part = planes_of(stack, first, last)
    nodes = dose_nodes(dose, part.bounds_mm)
    return part, int(nodes.values_gy.size * np.prod(parts))


def planes_of(stack: PlaneStack, first: int, last: int) -> PlaneStack:
    """Return the planes first .. last - 1 of a stack as one of their own."""
    rings = stack.plane_rings[first : last + 1]
    starts = stack.ring_starts[rings[0] : rings[-1] + 1]
    return replace(
        stack,
        z_mm=stack.z_mm[first:last],
        below_mm=stack.below_mm[first:last],
        above_mm=stack.above_mm[first:last],
        lobe=stack.lobe[first:last],
        xy_mm=stack.xy_mm[starts[0] : starts[-1]],
        ring_starts=starts - starts[0],
        plane_rings=rings - rings[0],
    )


def _place_in(wide: Nodes, inner: Nodes) -> tuple[slice, slice, slice]:
    """Where (z, y, x) the samples of `inner` lie in those of `wide`."""
    z, y, x = (
        slice(
            int(np.searchsorted(wide.axes_mm[axis], inner.axes_mm[axis][0])),
            int(np.searchsorted(wide.axes_mm[axis], inner.axes_mm[axis][-1])) + 1,
        )
        for axis in (2, 1, 0)
    )
    return z, y, x


def usual_step_mm(volume_cc: float) -> float:
    """Greatest height in mm of rows and layers in a structure of this volume."""
    return float(np.clip(np.cbrt(volume_cc * 1000) * STEP_PER_SIZE, *STEP_MM))


def _steps(volume_cc: float, thickness_mm: float, step_mm: float | None) -> tuple[float, float]:
    """Greatest height in mm of a row and of a layer."""
    if step_mm is None:
        step_mm = usual_step_mm(volume_cc)
    if not 0 < step_mm < np.inf:
        raise UsageError("bad-step", seen=f"{step_mm:g} mm", mend="give a step above 0 mm")
    return step_mm, max(step_mm, thickness_mm / LAYERS)


def _distribution(
    doses_gy: NDArray[np.float64],
    sums: Sums,
    volume_cc: float,
    interpolation: Interpolation = "linear",
) -> DVH:
    curve_mm3, totals, flats = sums
    inside, outside, low, high = (float(total) for total in totals)
    if inside <= SAME_VOLUME * volume_cc * 1000:
        return DVH(np.empty(0), np.empty(0), volume_cc, volume_cc)
    masses, lowest, highest = flats[:, np.flatnonzero(flats[0])]
    spread = max(inside - float(masses.sum()), 0.0)
    first, last = np.searchsorted(doses_gy, low, "right"), np.searchsorted(doses_gy, high, "left")
    nodes = np.concatenate([[low], doses_gy[first:last], [high]])
    below = np.concatenate([[0.0], np.clip(curve_mm3[first:last], 0, spread), [spread]])
    np.maximum.accumulate(below, out=below)
    if masses.size:
        nodes, below = _with_masses(nodes, below, masses, np.array([lowest, highest]))
    return DVH(
        dose_gy=nodes,
        below_cc=below / 1000,
        volume_cc=volume_cc,
        outside_cc=outside / 1000,
        interpolation=interpolation,
    )


def _with_masses(
    doses_gy: NDArray[np.float64],
    below_mm3: NDArray[np.float64],
    masses_mm3: NDArray[np.float64],
    ends_gy: NDArray[np.float64],
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Put volumes of flat dose into a cumulative curve: a step each, from end (0) to end (1).

    The two ends of a mass are one dose, unless the field has several flat doses within one step
    of the curve; then its volume is spread between the lowest and the highest of them.
    """
    sums = np.concatenate([[0.0], np.cumsum(masses_mm3)])
    # a node at the dose of a mass lies before it; the last node lies behind all masses
    nodes = below_mm3 + sums[np.searchsorted(ends_gy[0], doses_gy, side="left")]
    nodes[-1] = below_mm3[-1] + sums[-1]
    steps = np.interp(ends_gy, doses_gy, below_mm3) + np.array([sums[:-1], sums[1:]])
    every = np.concatenate([doses_gy, ends_gy.T.reshape(-1)])
    volumes = np.concatenate([nodes, steps.T.reshape(-1)])
    order = np.lexsort((volumes, every))
    return every[order], np.maximum.accumulate(volumes[order])
