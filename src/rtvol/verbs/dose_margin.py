"""How far an isodose lies beyond the surface of a target: the margin the dose gives."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from rtvol._kernels import locked
from rtvol.dvh.isodose import measure_isodose, regions_in
from rtvol.dvh.nodes import doses_at
from rtvol.errors import CaseRejected
from rtvol.margins.achieved import DIRECTIONS
from rtvol.margins.targets import Spread
from rtvol.solids.boundary import Boundary, cut_cells

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from rtvol.dvh.isodose import Isodose
    from rtvol.solids.planes import PlaneStack
    from rtvol.solids.reading import SolidName
    from rtvol.volumes import Dose

#: The trilinear dose is looked at in points no farther apart than this, mm ...
FINE_MM = 0.7
#: ... or as fine as so many of them allow.
MOST_POINTS = 6_000_000
#: Pieces of the isodose that a point is measured to.
NEAREST = 6
#: Unit vectors of the six directions, patient LPS.
AXES = np.array([[1, 0, 0], [-1, 0, 0], [0, -1, 0], [0, 1, 0], [0, 0, 1], [0, 0, -1]], float)


@dataclass(frozen=True)
class DoseMargin:
    """Distances from the surface of a target to an isodose, mm; negative where it lies inside.

    Attributes
    ----------
    level_gy
        The isodose.
    whole
        Over the surface.
    toward
        Per patient direction: over what of the surface faces mostly that way.
    least_at_mm, least_toward
        Where on the surface the least is, patient LPS, and which way that faces.
    uncovered_percent
        Part of the surface with less than the isodose.
    is_open
        Whether the isodose goes on beyond the dose grid: distances are then to what is known.
    """

    level_gy: float
    whole: Spread
    toward: Mapping[str, Spread]
    least_at_mm: tuple[float, float, float]
    least_toward: str
    uncovered_percent: float
    is_open: bool


def dose_margin(
    stack: PlaneStack, dose: Dose, level_gy: float, *, solid: SolidName = "loft"
) -> DoseMargin:
    """Measure how far a target's surface lies within an isodose.

    At each point of the surface: the distance to the nearest point where the dose falls below the
    level, or, negative, where it reaches it. The least is how far the target may move in any
    direction, the dose held fixed, before a point of its surface gets less.

    Parameters
    ----------
    stack
        The target.
    dose
        Dose in Gy, trilinear between its samples.
    level_gy
        The isodose in Gy.
    solid
        What the contours are read as.

    Raises
    ------
    CaseRejected
        `isodose-not-reached` where no part of the target gets the dose; `outside-dose-grid` where
        a part of its surface lies outside the grid; `no-volume`.
    """
    surface = Boundary.of(stack, solid)
    points = stack.frame.to_patient(np.concatenate([surface.point_mm, surface.corner_mm]))
    found = measure_isodose(dose, level_gy)
    doses = doses_at(points, found.nodes)
    if not np.isfinite(doses).all():
        part = 100 * float(np.mean(~np.isfinite(doses)))
        raise CaseRejected(
            "outside-dose-grid",
            seen=f"{part:.1f} % of its surface lies outside the dose grid",
            mend="export a dose grid that holds the target",
        )
    regions = regions_in(found, stack)
    if not regions:
        raise CaseRejected(
            "isodose-not-reached",
            seen=f"no part of it gets {level_gy:g} Gy; on its surface {doses.min():.2f} to "
            f"{doses.max():.2f} Gy",
            mend="ask for a lower isodose",
        )
    apart = _to_isodose(points, found, regions)
    margin = np.where(doses >= level_gy, apart, -apart)
    return _summed_up(margin, points, surface, stack, (found, regions))


def _summed_up(
    margin: NDArray[np.float64],
    points: NDArray[np.float64],
    surface: Boundary,
    stack: PlaneStack,
    isodose: tuple[Isodose, frozenset[int]],
) -> DoseMargin:
    from scipy.spatial import cKDTree

    found, regions = isodose
    count = surface.area_mm2.size
    pieces = margin[:count]
    facing = np.argmax(stack.frame.to_patient(surface.normal) @ AXES.T, axis=1)
    # a corner between pieces faces what the piece nearest to it faces
    nearest: NDArray[np.int64] = cKDTree(points[:count]).query(points[count:])[1]
    facing = np.append(facing, facing[nearest])
    toward = {
        name: Spread.of(margin[facing == number])
        for number, name in enumerate(DIRECTIONS)
        if (facing == number).any()
    }
    least = int(np.argmin(margin))
    x, y, z = points[least].tolist()
    cold = surface.area_mm2[pieces < 0].sum() / surface.area_mm2.sum()
    return DoseMargin(
        level_gy=found.level_gy,
        whole=Spread.of(margin),
        toward=toward,
        least_at_mm=(x, y, z),
        least_toward=DIRECTIONS[int(facing[least])],
        uncovered_percent=100 * float(cold),
        is_open=bool(found.is_open[list(regions)].any()),
    )


def _to_isodose(
    points: NDArray[np.float64], found: Isodose, regions: frozenset[int]
) -> NDArray[np.float64]:
    """Distance (N,), mm, from points to the surface of some regions of an isodose."""
    from scipy.spatial import cKDTree

    pieces = _surface_of(found, regions)
    if not len(pieces):
        raise CaseRejected(
            "isodose-not-reached",
            seen=f"the isodose of {found.level_gy:g} Gy lies nowhere within the dose grid",
            mend="ask for another isodose, or export a larger dose grid",
        )
    local = points @ found.nodes.turn.T
    middle, normal, reach = pieces[:, 5:], pieces[:, 2:5], np.sqrt(pieces[:, 0])
    tree: Any = cKDTree(middle)
    _, nearest = tree.query(local, k=min(NEAREST, len(pieces)))
    nearest = nearest.reshape(len(local), -1)
    way = local[:, None] - middle[nearest]
    off = np.einsum("nki,nki->nk", way, normal[nearest])
    aside = np.sqrt(np.maximum((way**2).sum(axis=2) - off**2, 0))
    # a piece is flat as far as half its width from its middle
    rest = np.maximum(aside - reach[nearest] / 2, 0)
    return np.asarray(np.hypot(off, rest).min(axis=1), np.float64)


def _surface_of(found: Isodose, regions: frozenset[int]) -> NDArray[np.float64]:
    """Pieces (N, 8) of the surface of regions, in the dose's own frame."""
    from rtvol._kernels.boundary import surface_pieces

    nodes = found.nodes
    held = np.isin(found.labels, list(regions))
    where = [np.flatnonzero(held.any(axis=tuple({0, 1, 2} - {axis}))) for axis in range(3)]
    box = tuple(
        slice(max(int(at[0]) - 1, 0), min(int(at[-1]) + 2, size))
        for at, size in zip(where, held.shape, strict=True)
    )
    values = nodes.values_gy[box].astype(np.float64)
    others = (found.labels[box] > 0) & ~held[box]
    values[others] = np.minimum(values[others], 2 * found.level_gy - values[others])
    axes = [axis[part] for axis, part in zip(reversed(nodes.axes_mm), box, strict=True)]
    spacing = [float(np.diff(axis).max(initial=FINE_MM)) for axis in axes]
    parts = [max(int(np.ceil(mm / FINE_MM)), 1) for mm in spacing]
    while np.prod([n * size for n, size in zip(parts, values.shape, strict=True)]) > MOST_POINTS:
        if max(parts) == 1:
            break
        parts = [max(n - 1, 1) for n in parts]
    for axis, n in enumerate(parts):
        values, axes[axis] = _finer(values, axes[axis], axis, n)
    field = np.ascontiguousarray(found.level_gy - np.nan_to_num(values, nan=-1e6), np.float32)
    cells = cut_cells(field)
    z, y, x = axes
    pieces: NDArray[np.float64] = surface_pieces(*locked(field, cells, x, y, z))
    return pieces


def _finer(
    values: NDArray[np.float64], nodes: NDArray[np.float64], axis: int, parts: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Insert points between nodes along one axis, linearly."""
    if parts == 1 or nodes.size < 2:
        return values, nodes
    at = np.arange((nodes.size - 1) * parts + 1) / parts
    low = np.minimum(at.astype(int), nodes.size - 2)
    share = at - low
    shape = [1, 1, 1]
    shape[axis] = -1
    lower, upper = np.take(values, low, axis), np.take(values, low + 1, axis)
    found = lower + share.reshape(shape) * (upper - lower)
    return found, nodes[low] + share * (nodes[low + 1] - nodes[low])
