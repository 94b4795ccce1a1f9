"""PlaneStack -> closed surface of triangles in patient space, its volume that of the solid."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from rtvol.geometry import lock
from rtvol.solids.boundary import FACE_MM, Boundary
from rtvol.solids.layers import step_of
from rtvol.solids.reading import solid_of
from rtvol.solids.volume import slab_volume_cc

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from rtvol.frames import PlaneFrame
    from rtvol.solids.lattice import Lattice
    from rtvol.solids.planes import PlaneStack
    from rtvol.solids.reading import SolidName
    from rtvol.solids.sections import Run

#: The surface encloses the volume of its solid to this part, or is sampled more finely ...
SAME_VOLUME = 0.0025
#: ... at most so many times, each with points so much nearer.
REFINEMENTS, FINER = 4, 0.6
#: Values nearer to 0 than this part of a step are moved to it: a corner on a point of the lattice
#: would belong to triangles without area.
OFF_POINT = 0.004


@dataclass(frozen=True, eq=False)
class Mesh:
    """A closed surface: corners (n, 3) in patient LPS mm, triangles (m, 3) of their numbers.

    Triangles run anticlockwise seen from outside; each edge has another triangle on its other
    side.
    """

    corners_mm: NDArray[np.float64]
    triangles: NDArray[np.int64]

    def __post_init__(self) -> None:
        lock(self.corners_mm)
        lock(self.triangles)

    def __repr__(self) -> str:
        return f"Mesh({len(self.triangles)} triangles, {self.volume_cc:.2f} cc)"

    @property
    def volume_cc(self) -> float:
        """Enclosed volume in cc (divergence theorem)."""
        about = self.corners_mm - self.corners_mm.mean(axis=0)
        a, b, c = (about[self.triangles[:, n]] for n in range(3))
        return float(np.einsum("nc,nc->", a, np.cross(b, c))) / 6000


def mesh_of(stack: PlaneStack, solid: SolidName) -> Mesh:
    """Return the surface of a solid.

    Parameters
    ----------
    stack
        The contours.
    solid
        "loft": the surface between the contours, its ends included; "slab": right prisms.

    Returns
    -------
    Mesh
        In patient space, whatever planes the contours lie on. Traced from the solid's distance
        field (marching cubes, T. Lewiner 2003), on points so near to each other that the volume
        is that of the solid to 0.25 %, as far as four refinements reach.

    Raises
    ------
    CaseRejected
        `no-volume` when the solid has no thickness.
    """
    wanted_cc = slab_volume_cc(solid_of(stack, solid))
    best: Mesh | None = None
    step = step_of(stack)
    for _ in range(REFINEMENTS + 1):
        mesh = _traced(stack, solid, step)
        if best is None or _off(mesh, wanted_cc) < _off(best, wanted_cc):
            best = mesh
        if _off(best, wanted_cc) <= SAME_VOLUME:
            break
        step *= FINER
    assert best is not None  # noqa: S101 - the loop runs at least once
    return best


def _off(mesh: Mesh, wanted_cc: float) -> float:
    return abs(mesh.volume_cc - wanted_cc) / wanted_cc


def _traced(stack: PlaneStack, solid: SolidName, step_mm: float) -> Mesh:
    boundary = Boundary.of(stack, solid, step_mm=step_mm)
    parts = [_surface(run, boundary.lattice, stack.frame) for run in boundary.runs]
    first = np.cumsum([0, *(len(corners) for corners, _ in parts)])
    triangles = [faces + start for (_, faces), start in zip(parts, first[:-1], strict=True)]
    return Mesh(np.concatenate([corners for corners, _ in parts]), np.concatenate(triangles))


def _surface(
    run: Run, lattice: Lattice, frame: PlaneFrame
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Corners and triangles of one run, level ends closed."""
    from skimage.measure import marching_cubes

    least = np.float32(OFF_POINT * lattice.step_mm)
    field = np.concatenate([np.abs(run.field[:1]), run.field, np.abs(run.field[-1:])])
    z = np.concatenate([run.z_mm[:1] - FACE_MM, run.z_mm, run.z_mm[-1:] + FACE_MM])
    field = np.where(np.abs(field) < least, np.where(field < 0, -least, least), field)
    if not (field < 0).any():
        return np.empty((0, 3)), np.empty((0, 3), np.int64)
    found, faces, _, _ = marching_cubes(field, 0.0, gradient_direction="ascent")  # type: ignore[no-untyped-call]
    axes = (z, lattice.y_mm, lattice.x_mm)
    along = [np.interp(found[:, n], np.arange(axis.size), axis) for n, axis in enumerate(axes)]
    return frame.to_patient(np.column_stack(along[::-1])), faces.astype(np.int64)
