"""A dose-volume histogram: rtvol against interpolating the dose at as many points by hand.

    python benchmarks/bench_dvh.py [--json] [--smoke]

Ours goes from contours and a stored dose to the whole distribution, every piece of a row spread
over its range of dose. The peers get their points ready, 27 in a dose voxel: scipy's
map_coordinates (linear) there, then np.bincount into 1 cGy bins; and np.bincount alone, over
doses that are known already. Ours takes fewer pieces than they have points (one to a row, layer and
dose voxel), each spread over its range of dose; the ratio is for the whole job. Checked
first: the median of a ball in a linear dose is the dose at its centre.
"""

from __future__ import annotations

import argparse
import json
from typing import TYPE_CHECKING

import numpy as np
from scipy import ndimage

from rtvol.dvh import dose_volume, evaluate, parse_metric
from rtvol.geometry import Grid
from rtvol.masks import stack_planes
from rtvol.phantoms import Sphere, contour
from rtvol.volumes import Dose
from turns import take_turns

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

DOSE_MM, SLICE_MM, BIN_GY = 2.5, 2.5, 0.01
#: Radius, mm, of a ball with the volume of each structure.
STRUCTURES = {"gtv_11cc": 13.8, "liver_1600cc": 72.6}
CENTRE = (0.3, -0.2, 0.7)
GRADIENT = (0.2, 0.15, -0.18)
CENTRE_GY = 40.0


def linear_dose(reach_mm: float) -> Dose:
    """Dose that rises evenly, known at every point."""
    count = int(2 * reach_mm / DOSE_MM) + 2
    start = -reach_mm + 0.4
    at = start + DOSE_MM * np.arange(count)
    z, y, x = np.meshgrid(at, at, at, indexing="ij")
    values = CENTRE_GY + sum(
        slope * (place - middle)
        for slope, place, middle in zip(GRADIENT, (x, y, z), CENTRE, strict=True)
    )
    grid = Grid(
        (start, start, start), (1, 0, 0), (0, 1, 0), (DOSE_MM, DOSE_MM), at - at[0], (count, count)
    )
    return Dose(np.asarray(values, dtype=np.float32), grid)


def points_in_ball(radius_mm: float, step_mm: float, dose: Dose) -> NDArray[np.float64]:
    """Voxel coordinates (3, n) of the points of a lattice inside the ball."""
    at = np.arange(-radius_mm, radius_mm, step_mm) + step_mm / 2
    z, y, x = np.meshgrid(at, at, at, indexing="ij")
    inside = x**2 + y**2 + z**2 <= radius_mm**2
    points = np.stack([z[inside] + CENTRE[2], y[inside] + CENTRE[1], x[inside] + CENTRE[0]])
    return (points - dose.grid.origin_mm[0]) / DOSE_MM


def by_hand(dose: Dose, points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Histogram of interpolated doses."""
    doses = ndimage.map_coordinates(dose.values_gy, points, order=1)
    return np.bincount((doses / BIN_GY).astype(np.int64))


def main() -> None:
    """Measure, print a table and, with --json, the document of the protocol."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--smoke", action="store_true")
    chosen = parser.parse_args()
    ratios: dict[str, float] = {}
    print(f"{'structure':14} {'side':18} {'ms':>9} {'x rtvol':>8} {'D50%, Gy':>9} points")
    for name, radius in STRUCTURES.items():
        if chosen.smoke and radius > 20:
            continue
        dose = linear_dose(radius + 12)
        planes = np.arange(-60, 61) * SLICE_MM
        stack, _ = stack_planes(contour(Sphere(CENTRE, radius), planes, "GTV", 1))
        dvh = dose_volume(stack, dose)
        median = evaluate(dvh, parse_metric("D50%")).value
        # 27 points in every dose voxel
        points = points_in_ball(radius, DOSE_MM / 3, dose)
        ready = (ndimage.map_coordinates(dose.values_gy, points, order=1) / BIN_GY).astype(int)
        jobs: dict[str, Callable[[], object]] = {
            "rtvol": lambda s=stack, d=dose: dose_volume(s, d),
            "map_coordinates": lambda d=dose, p=points: by_hand(d, p),
            "bincount": lambda r=ready: np.bincount(r),
        }
        medians = {
            "rtvol": median,
            "map_coordinates": float(np.median(ready)) * BIN_GY,
            "bincount": float(np.median(ready)) * BIN_GY,
        }
        if median is None or max(abs(m - CENTRE_GY) for m in medians.values()) > 0.05:
            raise SystemExit(f"{name}: medians {medians} are not {CENTRE_GY} Gy")
        seconds = take_turns(jobs, 3 if chosen.smoke else 9)
        for side, took in seconds.items():
            times = took / seconds["rtvol"]
            print(
                f"{name:14} {side:18} {took * 1e3:9.2f} {times:8.2f} {medians[side]:9.3f} "
                f"{points.shape[1]}"
            )
            if side != "rtvol":
                ratios[f"dvh_{name}_vs_{side}"] = times
    if chosen.json:
        print(json.dumps({"bench": "dvh", "ratios": ratios}))


if __name__ == "__main__":
    main()
