"""Where a page opens, and where its buttons lead: cuts, the least margin, the hot spot."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from rtvol._kernels import locked
from rtvol.margins.clip import BEYOND_MM
from rtvol.solids.distance import signed_distance
from rtvol.solids.lattice import Lattice
from rtvol.solids.loft import loft
from rtvol.solids.sections import section_distances
from rtvol.solids.stack import stack_planes

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from rtvol.margins.levels import LevelSet
    from rtvol.solids.pieces import Body
    from rtvol.solids.planes import PlaneStack
    from rtvol.structures import Roi
    from rtvol.volumes import Dose

    Point = tuple[float, float, float]

#: Pitch at which cut areas are looked at, and least area of a cut worth a button, mm and mm2.
PITCH_MM, LEAST_MM2 = 0.5, 2.0
#: Distances from a CTV are followed so far, mm.
FARTHEST_MM = 30.0


@dataclass(frozen=True)
class Spot:
    """A point of the patient worth a look.

    Attributes
    ----------
    kind
        "cut", "margin", "isodose", "hot", "target", "structure" or "apart".
    label
        What is there, in words.
    at_mm
        Patient LPS, mm.
    weight
        How much: area cut in mm2, for the order of the cuts.
    target
        What is cut; empty elsewhere.
    """

    kind: str
    label: str
    at_mm: Point
    weight: float = 0.0
    target: str = ""


def cut_places(
    ptv: Roi, clip: Roi, gaps: Mapping[str, LevelSet], images_mm: NDArray[np.float64] | None
) -> list[Spot]:
    """Find where organs cut a PTV: the plane with the largest area taken, of each run of planes.

    Parameters
    ----------
    ptv, clip
        The whole PTV and what organs left, as written.
    gaps
        Each organ grown by its gap, by what to call it.
    images_mm
        Image planes, mm.
    """
    whole, left = (stack_planes(roi, images_mm=images_mm)[0] for roi in (ptv, clip))
    x, y, _ = whole.bounds_mm
    lattice = Lattice.around(x, y, whole.z_mm, PITCH_MM)
    taken = _inside(whole, lattice)
    kept = _inside(left, lattice.on(left.z_mm))
    at = np.searchsorted(whole.z_mm, left.z_mm - 1e-3)
    for k, plane in zip(at, kept, strict=True):
        if k < whole.z_mm.size:
            taken[k] &= ~plane
    areas = taken.reshape(whole.z_mm.size, -1).sum(axis=1) * PITCH_MM**2
    places = []
    for run in _runs(areas >= LEAST_MM2):
        k = run.start + int(areas[run].argmax())
        j, i = (float(np.median(index)) for index in np.nonzero(taken[k]))
        rows, columns = np.nonzero(taken[k])
        nearest = int(np.hypot(rows - j, columns - i).argmin())
        point = (
            float(lattice.x_mm[columns[nearest]]),
            float(lattice.y_mm[rows[nearest]]),
            float(whole.z_mm[k]),
        )
        organ = _organ_at(point, gaps)
        label = f"{organ} takes {areas[k] / 100:.2f} cm2 of {ptv.name}"
        places.append(Spot("cut", label, point, float(areas[k]), ptv.name))
    return sorted(places, key=lambda place: -place.weight)


def least_margin(ctv: Body, target: Roi) -> Spot | None:
    """Find the contour point of a target that is nearest to its CTV's surface."""
    if not target.contours:
        return None
    points = np.concatenate(
        [np.column_stack([c.xy_mm, np.full(len(c.xy_mm), c.z_mm)]) for c in target.contours]
    )
    low, high = points.min(axis=0), points.max(axis=0)
    planes = np.unique(points[:, 2])
    if planes.size < 2:
        return None
    lattice = Lattice.around((low[0], high[0]), (low[1], high[1]), planes, PITCH_MM)
    runs = loft(ctv, lattice, band_mm=FARTHEST_MM + BEYOND_MM, reach_mm=FARTHEST_MM)
    field = signed_distance(runs, lattice, outside_mm=FARTHEST_MM, inside_mm=FARTHEST_MM)
    away = _read(field, lattice, points)
    nearest = int(away.argmin())
    x, y, z = (float(value) for value in points[nearest])
    label = f"{target.name}: {away[nearest]:.1f} mm from its CTV"
    return Spot("margin", label, (x, y, z), float(away[nearest]))


def hot_spot(dose: Dose, box: tuple[tuple[float, float], ...]) -> Spot | None:
    """Find the highest stored dose within a box; None where the dose grid does not reach it."""
    grid = dose.grid
    k, j, i = (np.arange(count) for count in grid.shape)
    plane = np.array(grid.origin_mm) + (
        (j * grid.spacing_mm[0])[:, None, None] * np.array(grid.column)
        + (i * grid.spacing_mm[1])[None, :, None] * np.array(grid.row)
    )
    best: tuple[float, Point] | None = None
    for number in k:
        points = plane + grid.offsets_mm[number] * np.array(grid.normal)
        inside = np.ones(points.shape[:2], bool)
        for axis, (low, high) in enumerate(box):
            inside &= (points[..., axis] >= low) & (points[..., axis] <= high)
        if not inside.any():
            continue
        values = np.where(inside, dose.values_gy[number], -np.inf)
        top = np.unravel_index(int(values.argmax()), values.shape)
        if best is None or values[top] > best[0]:
            x, y, z = (float(value) for value in points[top])
            best = (float(values[top]), (x, y, z))
    if best is None:
        return None
    label = f"{best[0]:.2f} Gy, the highest in view"
    if dose.max_gy > best[0] + 0.005:
        label += f"; {dose.max_gy:.2f} Gy elsewhere in the dose grid"
    return Spot("hot", label, best[1], best[0])


def middle_of(rois: Sequence[Roi]) -> Point:
    """Return the middle of the contour points' box, on a contour plane."""
    xy = np.concatenate([contour.xy_mm for roi in rois for contour in roi.contours])
    z = np.sort([contour.z_mm for roi in rois for contour in roi.contours])
    x_mm, y_mm = (xy.min(axis=0) + xy.max(axis=0)) / 2
    return float(x_mm), float(y_mm), float(z[z.size // 2])


def _inside(stack: PlaneStack, lattice: Lattice) -> NDArray[np.bool_]:
    distances = section_distances(stack, slice(0, stack.z_mm.size), lattice, 2 * PITCH_MM)
    return np.asarray(distances < 0)


def _runs(chosen: NDArray[np.bool_]) -> Iterator[slice]:
    edges = np.flatnonzero(np.diff(np.concatenate([[False], chosen, [False]]).astype(np.int8)))
    for first, last in edges.reshape(-1, 2).tolist():
        yield slice(first, last)


def _organ_at(point: Point, gaps: Mapping[str, LevelSet]) -> str:
    """Name the organ whose gap holds a point the deepest."""
    depths = {
        name: float(_read(level.values, level.lattice, np.array([point]))[0])
        for name, level in gaps.items()
    }
    return min(depths, key=lambda name: depths[name], default="an organ")


def _read(
    field: NDArray[np.float32], lattice: Lattice, points: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Read a field (K, J, I) trilinearly at points (n, 3) of x, y, z; far outside its lattice."""
    from rtvol._kernels.trilinear import dose_at

    at, values, turn, *axes = locked(
        points, field, np.eye(3), lattice.x_mm, lattice.y_mm, lattice.z_mm
    )
    found = dose_at(at, values, tuple(axes), turn)
    return np.where(np.isnan(found), np.inf, found)
