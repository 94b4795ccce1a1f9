"""Surfaces of solids as triangles, for a look in 3-D."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from rtvol.report.cuts import SolidSections

#: A surface is taken from at most about so many sections, rows and columns.
MOST_SAMPLES = 44


@dataclass(frozen=True, eq=False)
class TriangleSurface:
    """Corners (n, 3) in patient LPS mm, and triangles (m, 3), anticlockwise from outside."""

    corners_mm: NDArray[np.float64]
    triangles: NDArray[np.int64]


def surface_of(solid: SolidSections) -> TriangleSurface | None:
    """Return the surface of a solid; None where it is thinner than the samples.

    Where the solid goes on beyond what is known of it, the surface is closed there.
    """
    from skimage.measure import marching_cubes

    corners, triangles, count = [], [], 0
    for run in solid.runs:
        stride = tuple(-(-size // MOST_SAMPLES) for size in run.field.shape)
        field = run.field[:: stride[0], :: stride[1], :: stride[2]]
        if min(field.shape) < 2 or not (field < 0).any():
            continue
        axes = [run.z_mm, solid.lattice.y_mm, solid.lattice.x_mm]
        axes = [axis[::step] for axis, step in zip(axes, stride, strict=True)]
        rim = np.float32(solid.lattice.step_mm / 10)
        padded = np.pad(np.clip(field, -20, 20), 1, constant_values=rim)
        found, faces, _, _ = marching_cubes(padded, 0.0, gradient_direction="ascent")  # type: ignore[no-untyped-call]
        places = [
            np.interp(found[:, n] - 1, np.arange(axis.size), axis) for n, axis in enumerate(axes)
        ]
        corners.append(np.column_stack(places[::-1]))
        triangles.append(faces.astype(np.int64) + count)
        count += len(found)
    return TriangleSurface(np.concatenate(corners), np.concatenate(triangles)) if corners else None
