"""How far points lie from a solid given by its sections: exact near it, cut to a limit."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from rtvol._kernels import locked

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from rtvol.solids.lattice import Lattice
    from rtvol.solids.sections import Run

#: Distances are worked out as far as this from the surface, mm; those beyond are to the middles
#: of its pieces, less than a step apart, each a disc: too long by less than step^2 / 2 NEAR_MM.
NEAR_MM = 8.0


def to_runs(
    points_mm: NDArray[np.float64], runs: tuple[Run, ...], lattice: Lattice
) -> NDArray[np.float64]:
    """Signed distance (N,) to the union of runs, exact below NEAR_MM and cut to it."""
    from rtvol._kernels.boundary import distances_to_run

    nearest = np.full(len(points_mm), NEAR_MM)
    out = np.empty_like(nearest)
    x0, y0 = float(lattice.x_mm[0]), float(lattice.y_mm[0])
    points = locked(np.ascontiguousarray(points_mm, dtype=np.float64))[0]
    for run in runs:
        arrays = locked(run.field, run.z_mm)
        distances_to_run(points, *arrays, x0, y0, lattice.step_mm, NEAR_MM, out)
        np.minimum(nearest, out, out=nearest)
    return nearest
