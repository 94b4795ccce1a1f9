"""Local errors: how far each point of an achieved surface lies from the ideal grown surface, mm.

Points are where a field changes sign between neighbouring lattice points, along x, y and z. The
distance of a point outside a solid to the solid grown by m is exactly its distance to the solid
less m. Convex solids grown by six margins: the greatest n.p - h(n) over directions n, with the
support function h (Schneider, Convex Bodies, section 1.7), within 2e-3 mm.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

import sums
from bodies import distance_to
from cases import SIX, organ_of
from rtvol.phantoms import Cone, Cylinder, Ellipsoid, Sphere

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from bodies import Distance, Points
    from cases import Shape
    from rtvol.phantoms import Solid
    from rtvol.solids import Lattice

#: Distance, mm, from the solid to the surface each operation asks for.
OFFSETS_MM = {
    "gtv": 0.0,
    "grow 2": 2.0,
    "grow 4": 4.0,
    "2 then 4": 6.0,
    "retraced 2 then 4": 6.0,
    "shrink 2": -2.0,
}
#: Directions of the support function, and how many points are measured with it.
DIRECTIONS, POINTS = 20000, 1500


def surface_points(field: NDArray[np.float32], lattice: Lattice) -> Points:
    """Points (N, 3), patient mm, where the field is zero on the lattice's edges."""
    axes = (lattice.z_mm, lattice.y_mm, lattice.x_mm)
    found = []
    for axis in range(3):
        low = np.moveaxis(field, axis, 0)[:-1]
        high = np.moveaxis(field, axis, 0)[1:]
        where = np.nonzero((low < 0) != (high < 0))
        a, b = low[where].astype(float), high[where].astype(float)
        others = [n for n in range(3) if n != axis]
        places = np.empty((a.size, 3))
        start = axes[axis][where[0]]
        places[:, axis] = start + a / (a - b) * (axes[axis][where[0] + 1] - start)
        for other, index in zip(others, where[1:], strict=True):
            places[:, other] = axes[other][index]
        found.append(places[:, ::-1])
    return np.concatenate(found)


def ideal_distance(shape: Shape, operation: str) -> Distance | None:
    """Distance to the ideal surface of an operation; None where there is no exact one.

    Of a cut solid it is the greater of two distances: exact on its faces, less than exact outside
    the edge where they meet.
    """
    to_solid = distance_to(*shape.solids)
    if operation == "six":
        return _six(shape.solids)
    if operation.startswith("clip"):
        _, organ, gap = operation.split()
        to_organ = distance_to(organ_of(shape, organ))
        return lambda p: np.maximum(to_solid(p) - 6.0, float(gap) - to_organ(p))
    return lambda p: to_solid(p) - OFFSETS_MM[operation]


def local_errors_mm(
    shape: Shape, operation: str, field: NDArray[np.float32], lattice: Lattice
) -> NDArray[np.float64]:
    """Errors (N,) of the achieved surface, mm, positive where it lies too far out."""
    distance = ideal_distance(shape, operation)
    if distance is None:
        return np.empty(0)
    points = surface_points(field, lattice)
    if operation == "six":
        # the poles, where errors are greatest, are always among the points
        order = np.argsort(points[:, 2])
        ends = np.concatenate([order[:50], order[-50:]])
        points = np.concatenate([points[ends], points[:: max(len(points) // POINTS, 1)]])
    return distance(points)


def _six(solids: tuple[Solid, ...]) -> Distance | None:
    if not all(isinstance(solid, Sphere | Ellipsoid | Cylinder | Cone) for solid in solids):
        return None
    n = sums.spread(DIRECTIONS)
    faces = []
    for solid in solids:
        touched = sums.solid_points(n, solid) + sums.margin_points(n, SIX) + solid.centre_mm
        faces.append((touched * n).sum(axis=1))

    def distance(points: Points) -> NDArray[np.float64]:
        along = points @ n.T
        found: NDArray[np.float64] = np.min([(along - h).max(axis=1) for h in faces], axis=0)
        return found

    return distance
