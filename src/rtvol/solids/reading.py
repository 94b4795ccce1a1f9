"""What contours are read as: slabs, or fine sections of their loft; how far the ends reach."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Literal

import numpy as np

from rtvol.errors import CaseRejected, UsageError
from rtvol.solids.distance import FAR_MM, on_planes
from rtvol.solids.lattice import Lattice
from rtvol.solids.loft import loft
from rtvol.solids.pieces import Body
from rtvol.solids.planes import PlaneStack
from rtvol.solids.trace import trace_rings

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from rtvol.frames import PlaneFrame

SolidName = Literal["slab", "loft"]

#: Points in plane are this part of the structure's size apart, within these bounds in mm.
STEP_PER_SIZE, STEP_MM = 0.01, (0.25, 1.0)
#: Sections to a gap between two contour planes, and beyond an end, where the solid closes.
GAP_PARTS, END_PARTS = 6, 12
#: In-plane distances are followed this far, in mm: outlines may move by as much between planes.
BAND_MM = 12.0
#: Borders of sections nearer to each other are one, in mm.
SAME_MM = 1e-6
#: Points of the fields held at a time: some 50 MB.
POINTS_HELD = 4_000_000


@dataclass(frozen=True)
class Reading:
    """How contours are read as a solid.

    Attributes
    ----------
    solid
        "slab": right prisms; "loft": the surface interpolated between planes.
    cap_limit_mm
        The solid reaches at most this far beyond its end planes: infinite for half the spacing
        there, 0 for not at all.
    """

    solid: SolidName = "slab"
    cap_limit_mm: float = math.inf

    @property
    def caps(self) -> str:
        """The ends in words: "half", "none", or the limit in mm."""
        if math.isinf(self.cap_limit_mm):
            return "half"
        return "none" if self.cap_limit_mm == 0 else f"{self.cap_limit_mm:g} mm"

    def __str__(self) -> str:
        """Return the solid and its ends, as they stand in tables."""
        return f"{self.solid}, caps {self.caps}"


def parse_caps(text: str) -> float:
    """Return the limit of the end caps in mm: "half" (infinite), "none" (0) or a number.

    Raises
    ------
    UsageError
        `bad-caps`.
    """
    word = text.strip().lower().removesuffix("mm").strip()
    if word in {"half", "none"}:
        return math.inf if word == "half" else 0.0
    try:
        limit = float(word)
    except ValueError:
        limit = math.nan
    if not 0 <= limit < math.inf:
        raise UsageError("bad-caps", seen=text, mend="half, none, or a length such as 1.5")
    return limit


def solid_of(stack: PlaneStack, solid: SolidName) -> PlaneStack:
    """Return the slabs of a stack as they are, or fine sections of its loft.

    Parameters
    ----------
    stack
        The contours; its end slabs say how far the solid reaches beyond the end planes.
    solid
        "slab" or "loft".

    Returns
    -------
    A stack whose slabs are the solid: for the loft, the section in the middle of each of its
    slabs (six to a gap, twelve to an end).

    Raises
    ------
    CaseRejected
        `no-volume` when nothing is left (one plane without caps).
    """
    found = stack if solid == "slab" else _sections(stack)
    if found.z_mm.size == 0 or float(found.thickness_mm.sum()) <= 0:
        raise CaseRejected(
            "no-volume",
            seen="the solid has no thickness between its ends",
            mend="use --caps half for a structure on one plane",
        )
    return found


def _sections(stack: PlaneStack) -> PlaneStack:
    (x, y, _) = stack.bounds_mm
    extent = max(x[1] - x[0], y[1] - y[0])
    step = float(np.clip(extent * STEP_PER_SIZE, *STEP_MM))
    pad = 2 * step
    planes, rings, lobes = [], [], []
    reached = -math.inf
    for lobe in np.unique(stack.lobe):
        faces = _faces(stack, np.flatnonzero(stack.lobe == lobe))
        # a section is of all lobes: where two close beside each other it counts once
        faces = np.append(max(faces[0], reached), faces[faces > max(faces[0], reached) + SAME_MM])
        reached = float(faces[-1])
        middles = (faces[1:] + faces[:-1]) / 2
        sides = (x[0] - pad, x[1] + pad), (y[0] - pad, y[1] + pad)
        whole = Lattice.around(*sides, middles, step, stack.frame)
        count = max(POINTS_HELD // int(np.prod(whole.shape_ji)) // 2, 1)
        for first in range(0, middles.size, count):
            lattice = whole.on(middles[first : first + count].copy())
            for k, found in enumerate(_outlines(stack, lattice), start=first):
                if found:
                    planes.append((middles[k], (faces[k + 1] - faces[k]) / 2))
                    rings.append(found)
                    lobes.append(lobe)
    return _stacked(planes, rings, lobes, stack.frame)


def _faces(stack: PlaneStack, planes: NDArray[np.int64]) -> NDArray[np.float64]:
    """Borders between the sections of one lobe, mm: finer where the solid closes.

    Middles of gaps are among them: where the outline jumps, it does so there.
    """
    z = stack.z_mm[planes]
    # a loft that tapers may close beyond the end of the slab, before the next plane
    low = z[0] - 2 * stack.below_mm[planes[0]]
    high = z[-1] + 2 * stack.above_mm[planes[-1]]
    ends = [np.linspace(low, z[0], END_PARTS + 1), np.linspace(z[-1], high, END_PARTS + 1)]
    gaps = [np.linspace(a, b, GAP_PARTS + 1) for a, b in pairwise(z)]
    faces = np.unique(np.concatenate([ends[0], *gaps, ends[1]]))
    return np.asarray(faces[np.diff(faces, prepend=-np.inf) > SAME_MM], np.float64)


def _outlines(stack: PlaneStack, lattice: Lattice) -> list[list[NDArray[np.float64]]]:
    """Outlines of the loft on each plane of a lattice; an empty list where there is none."""
    field = on_planes(loft(Body.of(stack), lattice, band_mm=BAND_MM, reach_mm=0.0), lattice)
    return [
        trace_rings(plane, x_mm=lattice.x_mm, y_mm=lattice.y_mm)
        if -FAR_MM < plane.min() < 0
        else []
        for plane in field
    ]


def _stacked(
    planes: list[tuple[float, float]],
    rings: list[list[NDArray[np.float64]]],
    lobes: list[np.int64],
    frame: PlaneFrame,
) -> PlaneStack:
    half = np.array([half for _, half in planes])
    return PlaneStack.of(
        rings,
        z_mm=np.array([z for z, _ in planes]),
        below_mm=half,
        above_mm=half.copy(),
        lobe=np.array(lobes, np.int64),
        frame=frame,
    )
