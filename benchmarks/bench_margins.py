"""A 5 mm margin: rtvol below the voxel against the distance maps peers threshold.

    python benchmarks/bench_margins.py [--json] [--smoke]

The peers get a ready binary mask on the CT's voxels, cropped to structure and margin, and return
the binary mask of the voxels within 5 mm: edt (one thread), scipy's EDT, SimpleITK's signed
Maurer map. Ours gets the checked contours, and returns the same (`rtvol`), or, as its own commands
do, the field on its own finer lattice (`rtvol_field`). Volumes are of a ball, so the truth is
closed form.
"""

from __future__ import annotations

import argparse
import json
from typing import TYPE_CHECKING

import edt
import numpy as np
import SimpleITK as sitk
from scipy import ndimage

from rtvol.margins import Margin
from rtvol.margins.grow import grow
from rtvol.margins.setting import WrittenPlanes, make_setting
from rtvol.phantoms import Sphere, contour
from rtvol.solids import Lattice, level_volume_cc, stack_planes
from rtvol.solids.loft import loft
from rtvol.solids.pieces import Body
from turns import take_turns

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from rtvol.solids import PlaneStack

MARGIN_MM = 5.0
PIXEL_MM, SLICE_MM = 0.977, 2.5
#: Radius, mm, of a ball with the volume of each structure.
STRUCTURES = {"gtv_11cc": 13.8, "liver_1600cc": 72.6}
#: Structures below this radius take part in the smoke run, mm.
SMOKE_MM = 20.0
CENTRE = (0.3, -0.2, 0.7)
#: Room around a structure, and in-plane distances beyond the margin that shape the loft, mm.
REACH_MM, BAND_MM = MARGIN_MM + 2, 12.0
#: How far a volume may be off the grown ball, %, before a side did another job.
OFF = {"rtvol": 1.0, "rtvol_field": 0.5}
PEERS_OFF = 12.0


def ball_cc(radius_mm: float) -> float:
    """Volume of a ball, cc."""
    return 4 / 3 * np.pi * radius_mm**3 / 1000


def grow_voxels(stack: PlaneStack, planes_mm: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Grow to the voxels of the CT within the margin."""
    dense = make_setting([stack], WrittenPlanes(planes_mm)).lattice(stack, MARGIN_MM).z_mm
    x, y, z = ((low - REACH_MM, high + REACH_MM) for low, high in stack.bounds_mm)
    kept = planes_mm[(planes_mm > z[0]) & (planes_mm < z[1])]
    points = Lattice.around(x, y, dense, PIXEL_MM)
    runs = loft(Body.of(stack), points, band_mm=MARGIN_MM + BAND_MM, reach_mm=0.0)
    return grow(runs, Lattice.around(x, y, kept, PIXEL_MM), Margin.uniform(MARGIN_MM)) < 0


def grow_field(
    stack: PlaneStack, planes_mm: NDArray[np.float64]
) -> tuple[NDArray[np.float32], Lattice]:
    """Grow to the field on the lattice rtvol chooses."""
    lattice = make_setting([stack], WrittenPlanes(planes_mm)).lattice(stack, MARGIN_MM)
    runs = loft(Body.of(stack), lattice, band_mm=MARGIN_MM + BAND_MM, reach_mm=0.0)
    return grow(runs, lattice, Margin.uniform(MARGIN_MM)), lattice


def mask_of_ball(radius_mm: float) -> NDArray[np.bool_]:
    """Voxels of the cropped CT whose centres lie in the ball."""
    reach = radius_mm + REACH_MM
    z = np.arange(-np.ceil(reach / SLICE_MM), np.ceil(reach / SLICE_MM) + 1) * SLICE_MM
    x = np.arange(-np.ceil(reach / PIXEL_MM), np.ceil(reach / PIXEL_MM) + 1) * PIXEL_MM
    zz, yy, xx = np.meshgrid(z - CENTRE[2], x - CENTRE[1], x - CENTRE[0], indexing="ij")
    return xx**2 + yy**2 + zz**2 <= radius_mm**2


def peers_of(mask: NDArray[np.bool_]) -> dict[str, Callable[[], NDArray[np.bool_]]]:
    """Build the peers' jobs, each from the same mask to the grown mask."""
    spacing = (SLICE_MM, PIXEL_MM, PIXEL_MM)
    outside = np.asfortranarray(~mask) if mask.flags.f_contiguous else ~mask
    image = sitk.GetImageFromArray(mask.astype(np.uint8))
    image.SetSpacing(spacing[::-1])

    def maurer() -> NDArray[np.bool_]:
        distance = sitk.SignedMaurerDistanceMap(
            image, insideIsPositive=False, squaredDistance=False, useImageSpacing=True
        )
        return np.asarray(sitk.GetArrayViewFromImage(distance)) <= MARGIN_MM

    return {
        "edt": lambda: edt.edt(outside, anisotropy=spacing, parallel=1) <= MARGIN_MM,
        "scipy": lambda: ndimage.distance_transform_edt(outside, sampling=spacing) <= MARGIN_MM,
        "itk_maurer": maurer,
    }


def measure(name: str, radius_mm: float, turns: int) -> dict[str, float]:
    """Print a line per side; return the peers' times over ours."""
    planes = np.arange(-60, 61) * SLICE_MM
    stack, _ = stack_planes(contour(Sphere(CENTRE, radius_mm), planes, "GTV", 1))
    jobs: dict[str, Callable[[], NDArray[np.bool_]]] = {
        "rtvol": lambda: grow_voxels(stack, planes),
        **peers_of(mask_of_ball(radius_mm)),
    }
    seconds = take_turns({**jobs, "rtvol_field": lambda: grow_field(stack, planes)}, turns)
    voxel_cc = SLICE_MM * PIXEL_MM**2 / 1000
    found = {side: (job().sum() * voxel_cc, job().size) for side, job in jobs.items()}
    field, lattice = grow_field(stack, planes)
    found["rtvol_field"] = level_volume_cc(field, lattice), field.size
    for side, (volume, count) in found.items():
        error = 100 * (volume / ball_cc(radius_mm + MARGIN_MM) - 1)
        if abs(error) > OFF.get(side, PEERS_OFF):
            raise SystemExit(f"{name}: {side} is {error:.2f} % off the grown ball")
        times = seconds[side] / seconds["rtvol"]
        print(f"{name:14} {side:11} {seconds[side] * 1e3:9.2f} {times:8.2f} {error:15.2f} {count}")
    return {
        f"margin_5mm_{name}_vs_{side}": seconds[side] / seconds["rtvol"]
        for side in jobs
        if side not in OFF
    }


def main() -> None:
    """Measure, print a table and, with --json, the document of the protocol."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--smoke", action="store_true")
    chosen = parser.parse_args()
    ratios: dict[str, float] = {}
    print(f"{'structure':14} {'side':11} {'ms':>9} {'x rtvol':>8} {'volume error %':>15} points")
    for name, radius in STRUCTURES.items():
        if not chosen.smoke or radius < SMOKE_MM:
            ratios |= measure(name, radius, 3 if chosen.smoke else 9)
    if chosen.json:
        print(json.dumps({"bench": "margins", "ratios": ratios}))


if __name__ == "__main__":
    main()
