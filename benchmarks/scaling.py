"""How time and memory grow: with contour points, voxels, dose samples, regions and cases.

    python benchmarks/scaling.py [--plot docs/scaling.svg] [--smoke]

Each job is done at 1, 2, 4 and 8 times its size. Seconds are CPU seconds, the least of several
turns; memory is the most that was held at once beyond what was there before (of the batch: the
peak of a worker). An exponent is the slope of the logarithms: 1 is proportional to the size.
"""

from __future__ import annotations

import argparse
import math
import shutil
import tempfile
import time
import tracemalloc
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from bench_batch import facts_of, run_rtvol, write_patients
from rtvol import _kernels, cover, stack_planes
from rtvol.dvh import dose_volume
from rtvol.geometry import Grid
from rtvol.io.rtdose import read_dose, read_dose_source
from rtvol.io.rtstruct import read_structures
from rtvol.phantoms import (
    Ellipsoid,
    Gaussian,
    Organ,
    PhantomCase,
    VoxelLattice,
    contour,
    write_case,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

TIMES = (1, 2, 4, 8)
TURNS = 5
CENTRE = (0.0, 0.0, 0.0)
PLANES_MM = np.arange(-40, 41) * 2.5
LIVER = Ellipsoid((3.0, -2.0, 0.4), (92.0, 70.0, 60.0))


@dataclass(frozen=True)
class Series:
    """CPU seconds and megabytes of one job at several sizes."""

    what: str
    unit: str
    sizes: tuple[float, ...]
    seconds: tuple[float, ...]
    megabytes: tuple[float, ...]

    @property
    def exponent(self) -> float:
        """Slope of log seconds over log size."""
        slope, _ = np.polyfit(np.log(self.sizes), np.log(self.seconds), 1)
        return float(slope)

    @property
    def last_exponent(self) -> float:
        """The slope of the last doubling alone: what larger ones will be like."""
        (size, more), (spent, longer) = self.sizes[-2:], self.seconds[-2:]
        return math.log(longer / spent) / math.log(more / size)


def cost(job: Callable[[], object], turns: int) -> tuple[float, float]:
    """Least CPU seconds of several turns, and megabytes held at most."""
    job()
    seconds = []
    for _ in range(turns):
        began = time.process_time()
        job()
        seconds.append(time.process_time() - began)
    tracemalloc.start()
    job()
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return min(seconds), most / 2**20


def grown(
    what: str, unit: str, jobs: list[tuple[float, Callable[[], object]]], turns: int
) -> Series:
    """Measure a job at each of its sizes."""
    costs = [cost(job, turns) for _, job in jobs]
    sizes = tuple(size for size, _ in jobs)
    return Series(what, unit, sizes, tuple(c[0] for c in costs), tuple(c[1] for c in costs))


def written(folder: Path, organs: int, points: int, dose_mm: float = 20.0) -> Path:
    """Write a case of organs on 81 planes."""
    rng = np.random.default_rng(25)
    drawn = tuple(
        Organ(
            f"Organ{number}",
            Ellipsoid(tuple(rng.uniform(-10, 10, 3)), (80.0, 60.0, 60.0)),  # type: ignore[arg-type]  # three floats
            30,
            points=points,
        )
        for number in range(organs)
    )
    lattice = VoxelLattice.around(CENTRE, (240.0, 240.0, 200.0), (20.0, 20.0, 2.5))
    dose = VoxelLattice.around(CENTRE, (240.0, 240.0, 200.0), (dose_mm,) * 3)
    field = Gaussian(CENTRE, 50.0, (60.0, 60.0, 60.0))
    write_case(folder, PhantomCase("SYNTHETIC^SCALE", "SCALE", drawn, lattice, field, dose))
    return folder


def of_contours(folder: Path, turns: int) -> Iterator[Series]:
    """Reading contours: more points in each, then more regions."""
    jobs = []
    for times in TIMES:
        path = next(written(folder / f"points{times}", 5, 100 * times).glob("RS*"))
        read = read_structures(path).structures
        points = sum(len(c.xy_mm) for roi in read.rois for c in roi.contours)
        jobs.append((float(points), partial(read_structures, path)))
    yield grown("reading contours", "contour points", jobs, turns)
    jobs = []
    for times in TIMES:
        path = next(written(folder / f"organs{times}", 5 * times, 100).glob("RS*"))
        jobs.append((float(5 * times), partial(read_structures, path)))
    yield grown("reading regions", "regions of 100-point contours", jobs, turns)


def of_voxels(turns: int) -> Series:
    """Coverage of a liver on finer and finer voxels."""
    stack = stack_planes(contour(LIVER, PLANES_MM, "Liver", 1, points=220))[0]
    jobs = []
    for times in TIMES:
        step = 2.0 / math.sqrt(times)
        count = round(250 / step)
        offsets = PLANES_MM - PLANES_MM[0]
        origin = (-125.0, -125.0, float(PLANES_MM[0]))
        grid = Grid(origin, (1, 0, 0), (0, 1, 0), (step, step), offsets, (count, count))
        jobs.append((float(count * count * offsets.size), partial(cover, stack, grid)))
    return grown("coverage of a liver", "voxels", jobs, turns)


def of_samples(folder: Path, turns: int) -> Iterator[Series]:
    """Reading a dose, and the DVH of a liver in it, on finer and finer samples."""
    stack = stack_planes(contour(LIVER, PLANES_MM, "Liver", 1, points=220))[0]
    reads, curves = [], []
    for times in TIMES:
        step = 4.0 / times ** (1 / 3)
        path = next(written(folder / f"dose{times}", 1, 10, dose_mm=step).glob("RD*"))
        source = read_dose_source(path)[0]
        dose = read_dose(source)
        reads.append((float(dose.values_gy.size), partial(read_dose, source)))
        curves.append((float(dose.values_gy.size), partial(dose_volume, stack, dose)))
    yield grown("reading a dose", "dose samples", reads, turns)
    yield grown("DVH of a liver", "dose samples", curves, turns)


def of_cases(folder: Path, first: int) -> Series:
    """Whole batches, one worker: CPU seconds of all processes, start included."""
    seconds, megabytes = [], []
    for times in TIMES:
        place = folder / f"cases{times}"
        place.mkdir()
        write_patients(place, first * times, 96, 46)
        seconds.append(run_rtvol(place, 1))
        megabytes.append(facts_of(place / "out")[1])
        shutil.rmtree(place)
    sizes = tuple(float(first * times) for times in TIMES)
    return Series("a batch", "cases of 25 regions", sizes, tuple(seconds), tuple(megabytes))


def plot(series: list[Series], path: Path) -> None:
    """Draw seconds and memory over size, both relative to the smallest."""
    import matplotlib as mpl
    from matplotlib.figure import Figure

    style = {"svg.fonttype": "none", "svg.hashsalt": "scaling", "font.size": 9}
    with mpl.rc_context(style):
        figure = Figure(figsize=(9, 4.2), layout="constrained")
        left, right = figure.subplots(1, 2)
        for axis, what in ((left, "CPU seconds"), (right, "memory")):
            axis.plot(TIMES, TIMES, color="0.6", linestyle=":", label="proportional")
            axis.set(xscale="log", yscale="log", xlabel="size, times the smallest")
            axis.set(ylabel=f"{what}, times that of the smallest")
            axis.set_xticks(TIMES, [f"{times}" for times in TIMES], minor=False)
            axis.set_yticks(TIMES, [f"{times}" for times in TIMES], minor=False)
            axis.minorticks_off()
        for one, mark in zip(series, "os^vD*", strict=True):
            sizes = np.array(one.sizes) / one.sizes[0]
            name = f"{one.what} ({one.unit}): {one.exponent:.2f}"
            left.plot(sizes, np.array(one.seconds) / one.seconds[0], marker=mark, label=name)
            right.plot(sizes, np.array(one.megabytes) / one.megabytes[0], marker=mark)
        left.legend(fontsize=7, title="exponent of the time", title_fontsize=7)
        figure.savefig(path, metadata={"Date": None})


def main() -> None:
    """Measure, print the table, draw the plot."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--plot", type=Path)
    parser.add_argument("--smoke", action="store_true")
    asked = parser.parse_args()
    turns, first = (1, 1) if asked.smoke else (TURNS, 2)
    _kernels.load()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        series = [*of_contours(folder, turns), of_voxels(turns)]
        series += [*of_samples(folder, turns), of_cases(folder, first)]
    print("| job | over | sizes | CPU s | MB | exponent | of the last doubling |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    for one in series:
        sizes = f"{one.sizes[0]:.6g} to {one.sizes[-1]:.6g}"
        spent = ", ".join(f"{value:.3g}" for value in one.seconds)
        held = ", ".join(f"{value:.0f}" for value in one.megabytes)
        slopes = f"{one.exponent:.2f} | {one.last_exponent:.2f}"
        print(f"| {one.what} | {one.unit} | {sizes} | {spent} | {held} | {slopes} |")
    if asked.plot:
        plot(series, asked.plot)


if __name__ == "__main__":
    main()
