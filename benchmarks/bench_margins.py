"""A 5 mm margin: rtvol below the voxel against the distance maps peers threshold.

    python benchmarks/bench_margins.py [--json] [--smoke]

Ours goes from contours to the field of the grown solid on rtvol's own lattice (finer than the CT).
The peers get a ready binary mask on the CT's voxels, cropped to structure and margin, and return
the binary mask of the voxels within 5 mm: edt (one thread), scipy's EDT, SimpleITK's signed
Maurer map. Volumes are of a ball, so the truth is closed form.
"""

from __future__ import annotations

import argparse
import json
from typing import TYPE_CHECKING

import edt
import numpy as np
import SimpleITK as sitk
from scipy import ndimage

from rtvol.margins import TargetRecipe, parse_margin
from rtvol.margins.grow import grow
from rtvol.margins.setting import make_setting
from rtvol.masks import level_volume_cc, stack_planes
from rtvol.masks.loft import loft
from rtvol.phantoms import Sphere, contour
from turns import take_turns

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from rtvol.masks import Lattice
    from rtvol.structures import Roi

MARGIN_MM = 5.0
PIXEL_MM, SLICE_MM = 0.977, 2.5
#: Radius, mm, of a ball with the volume of each structure.
STRUCTURES = {"gtv_11cc": 13.8, "liver_1600cc": 72.6}
CENTRE = (0.3, -0.2, 0.7)


def ball_cc(radius_mm: float) -> float:
    """Volume of a ball, cc."""
    return 4 / 3 * np.pi * radius_mm**3 / 1000


def grow_ours(roi: Roi, planes_mm: NDArray[np.float64]) -> tuple[NDArray[np.float32], Lattice]:
    """Grow from contours; return the field and the lattice it lies on."""
    recipe = TargetRecipe(parse_margin(f"{MARGIN_MM}"), parse_margin("0"))
    stack, _ = stack_planes(roi)
    lattice = make_setting([stack], recipe, planes_mm).lattice(stack, recipe)
    runs = loft(stack, lattice, band_mm=MARGIN_MM + 12, reach_mm=0.0)
    field = grow(runs, lattice, recipe.ctv)
    return field, lattice


def mask_of_ball(radius_mm: float) -> NDArray[np.bool_]:
    """Voxels of the cropped CT whose centres lie in the ball."""
    reach = radius_mm + MARGIN_MM + 2
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


def main() -> None:
    """Measure, print a table and, with --json, the document of the protocol."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--smoke", action="store_true")
    chosen = parser.parse_args()
    ratios: dict[str, float] = {}
    print(f"{'structure':14} {'side':11} {'ms':>9} {'x rtvol':>8} {'volume error %':>15} points")
    for name, radius in STRUCTURES.items():
        if chosen.smoke and radius > 20:
            continue
        planes = np.arange(-60, 61) * SLICE_MM
        roi = contour(Sphere(CENTRE, radius), planes, "GTV", 1)
        mask = mask_of_ball(radius)
        jobs: dict[str, Callable[[], object]] = {"rtvol": lambda r=roi, z=planes: grow_ours(r, z)}
        jobs |= peers_of(mask)
        seconds = take_turns(jobs, 3 if chosen.smoke else 9)
        field, lattice = grow_ours(roi, planes)
        voxel_cc = SLICE_MM * PIXEL_MM**2 / 1000
        for side, job in jobs.items():
            ours = side == "rtvol"
            volume = level_volume_cc(field, lattice) if ours else job().sum() * voxel_cc
            error = 100 * (volume / ball_cc(radius + MARGIN_MM) - 1)
            if abs(error) > (0.5 if ours else 12):
                raise SystemExit(f"{name}: {side} is {error:.2f} % off the grown ball")
            times = seconds[side] / seconds["rtvol"]
            count = field.size if ours else mask.size
            print(
                f"{name:14} {side:11} {seconds[side] * 1e3:9.2f} {times:8.2f} {error:15.2f} {count}"
            )
            if not ours:
                ratios[f"margin_5mm_{name}_vs_{side}"] = times
    if chosen.json:
        print(json.dumps({"bench": "margins", "ratios": ratios}))


if __name__ == "__main__":
    main()
