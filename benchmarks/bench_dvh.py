"""A dose-volume histogram: rtvol against interpolating the dose at as many points by hand.

    python benchmarks/bench_dvh.py [--json] [--smoke]

Ours goes from contours and a stored dose to the whole distribution, every piece of a row spread
over its range of dose. The peers get their points ready, 27 in a dose voxel: scipy's
map_coordinates (linear) there, then np.bincount into 1 cGy bins; and np.bincount alone, over
doses that are known already. Ours takes fewer pieces than they have points (one to a row, layer and
dose voxel), each spread over its range of dose; the ratio is for the whole job. Checked
first: the median of a ball in a linear dose is the dose at its centre.

Where RTVOL_DICOMPYLER_PYTHON names an interpreter with dicompyler-core (accuracy/dvh.py), its
`get_dvh` is timed in turns too, as it times itself: without making its data sets.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from scipy import ndimage

from rtvol.dvh import dose_volume, evaluate, parse_metric
from rtvol.geometry import Grid
from rtvol.phantoms import Sphere, contour
from rtvol.solids import stack_planes
from rtvol.volumes import Dose
from turns import take_turns

# the peer behind a pipe is the one of the accuracy tables
sys.path.insert(0, str(Path(__file__).with_name("accuracy")))
import dvh_peers

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from rtvol.structures import Roi

DOSE_MM, SLICE_MM, BIN_GY = 2.5, 2.5, 0.01
#: Dose samples along z, y, x.
GRID = (120, 140, 180)
#: Radius, mm, of a ball with the volume of each structure.
STRUCTURES = {"gtv_11cc": 13.8, "liver_1600cc": 72.6}
CENTRE = (0.3, -0.2, 0.7)
GRADIENT = (0.08, 0.06, -0.07)
CENTRE_GY = 40.0


def linear_dose() -> Dose:
    """Dose that rises evenly, known at every point, on a grid of clinical size."""
    axes = [
        DOSE_MM * (np.arange(count) - count / 2) + 0.4 + middle
        for count, middle in zip(GRID, reversed(CENTRE), strict=True)
    ]
    z, y, x = np.meshgrid(*axes, indexing="ij")
    values = CENTRE_GY + sum(
        slope * (place - middle)
        for slope, place, middle in zip(GRADIENT, (x, y, z), CENTRE, strict=True)
    )
    start = (float(axes[2][0]), float(axes[1][0]), float(axes[0][0]))
    offsets = DOSE_MM * np.arange(GRID[0])
    grid = Grid(start, (1, 0, 0), (0, 1, 0), (DOSE_MM, DOSE_MM), offsets, GRID[1:])
    return Dose(np.asarray(values, dtype=np.float32), grid)


def points_in_ball(radius_mm: float, step_mm: float, dose: Dose) -> NDArray[np.float64]:
    """Voxel coordinates (3, n) of the points of a lattice inside the ball."""
    at = np.arange(-radius_mm, radius_mm, step_mm) + step_mm / 2
    z, y, x = np.meshgrid(at, at, at, indexing="ij")
    inside = x**2 + y**2 + z**2 <= radius_mm**2
    points = np.stack([z[inside] + CENTRE[2], y[inside] + CENTRE[1], x[inside] + CENTRE[0]])
    return (points - np.array(dose.grid.origin_mm[::-1])[:, None]) / DOSE_MM


def by_hand(dose: Dose, points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Histogram of interpolated doses."""
    doses = ndimage.map_coordinates(dose.values_gy, points, order=1)
    return np.bincount((doses / BIN_GY).astype(np.int64))


def against_dicompyler(peer: dvh_peers.Dicompyler, roi: Roi, dose: Dose, turns: int) -> float:
    """How many times longer dicompyler-core takes; both sides must know the median."""
    stack, _ = stack_planes(roi)
    median = float(str(peer.ask(roi, dose, [50], [CENTRE_GY])["D50%"]))
    if abs(median - CENTRE_GY) > 0.2:
        raise SystemExit(f"dicompyler-core: median {median} Gy is not {CENTRE_GY} Gy")
    ours, theirs = [], []
    for _ in range(turns):
        began = time.perf_counter()
        dose_volume(stack, dose)
        ours.append(time.perf_counter() - began)
        theirs.append(float(str(peer.ask(roi, dose, [50], [CENTRE_GY])["seconds"])))
    return statistics.median(theirs) / statistics.median(ours)


def measure(name: str, radius_mm: float, turns: int) -> dict[str, float]:
    """Print the times of all sides on one structure; return how many times longer peers take."""
    dose, planes = linear_dose(), np.arange(-60, 61) * SLICE_MM
    roi = contour(Sphere(CENTRE, radius_mm), planes, "GTV", 1)
    stack, _ = stack_planes(roi)
    # 27 points in every dose voxel
    points = points_in_ball(radius_mm, DOSE_MM / 3, dose)
    ready = (ndimage.map_coordinates(dose.values_gy, points, order=1) / BIN_GY).astype(int)
    by_points = float(np.median(ready)) * BIN_GY
    median = evaluate(dose_volume(stack, dose), parse_metric("D50%")).value
    if median is None or max(abs(m - CENTRE_GY) for m in (median, by_points)) > 0.05:
        raise SystemExit(f"{name}: medians {median}, {by_points} are not {CENTRE_GY} Gy")
    jobs: dict[str, Callable[[], object]] = {
        "rtvol": lambda: dose_volume(stack, dose),
        "map_coordinates": lambda: by_hand(dose, points),
        "bincount": lambda: np.bincount(ready),
    }
    seconds = take_turns(jobs, turns)
    times = {side: took / seconds["rtvol"] for side, took in seconds.items()}
    for side, took in seconds.items():
        print(f"{name:14} {side:18} {took * 1e3:9.2f} {times[side]:8.2f} {points.shape[1]:9d}")
    del times["rtvol"]
    if (python := dvh_peers.dicompyler_python()) is not None:
        peer = dvh_peers.Dicompyler(python)
        times["dicompyler_core"] = against_dicompyler(peer, roi, dose, max(turns, 5))
        print(f"{name:14} {'dicompyler-core':18} {'':9} {times['dicompyler_core']:8.2f}")
    return {f"dvh_{name}_vs_{side}": ratio for side, ratio in times.items()}


def main() -> None:
    """Measure, print a table and, with --json, the document of the protocol."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--smoke", action="store_true")
    chosen = parser.parse_args()
    ratios: dict[str, float] = {}
    print(f"{'structure':14} {'side':18} {'ms':>9} {'x rtvol':>8} {'points':>9}")
    for name, radius_mm in STRUCTURES.items():
        if not chosen.smoke or radius_mm < 20:
            ratios |= measure(name, radius_mm, 3 if chosen.smoke else 9)
    if chosen.json:
        print(json.dumps({"bench": "dvh", "ratios": ratios}))


if __name__ == "__main__":
    main()
