"""What the speed gate measures: jobs of one tree, called by name over a pipe.

    PYTHONPATH=TREE/src python benchmarks/gate_jobs.py < names

One JSON line per name: CPU seconds of the job in this process, and the number that came out, by
which a change of results is seen. RTVOL_GATE_PLANT=1.5 makes each job half as long again: a planted
slowdown, to see that the gate finds it.
"""

from __future__ import annotations

import atexit
import contextlib
import io
import json
import os
import shutil
import sys
import tempfile
import time
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from rtvol import build_targets, cover, parse_margin, read_case, stack_planes
from rtvol.cli import main as command
from rtvol.dvh import dose_volume
from rtvol.geometry import Grid
from rtvol.margins import Prv, TargetRecipe
from rtvol.phantoms import Ellipsoid, Organ, PhantomCase, Sphere, VoxelLattice, contour, write_case
from rtvol.volumes import Dose

if TYPE_CHECKING:
    from collections.abc import Callable

    from rtvol.solids import PlaneStack
    from rtvol.structures import Roi

SAMPLE = Path(__file__).resolve().parent.parent / "sample_dicom" / "patient1"
PLANES_MM = np.arange(-60, 61) * 2.5
GTV = Sphere((0.3, -0.2, 0.7), 13.8)
SMALL = Sphere((12.7, 5.1, 0.4), 4.2)
LIVER = Ellipsoid((3.0, -2.0, 0.4), (92.0, 70.0, 60.0))
PLACE = Path(tempfile.mkdtemp(prefix="rtvol-gate-"))
atexit.register(shutil.rmtree, PLACE)


@cache
def roi(name: str) -> Roi:
    """Contours of one of the solids above."""
    solid = {"GTV": GTV, "small": SMALL, "liver": LIVER}[name]
    return contour(solid, PLANES_MM, name, 1, points=220 if name == "liver" else 90)


@cache
def stack(name: str) -> PlaneStack:
    """Contours of one of the solids above, by plane."""
    return stack_planes(roi(name))[0]


@cache
def voxels() -> Grid:
    """Voxels of a CT of 512 x 512 x 121."""
    origin = (-255.5 * 0.977, -255.5 * 0.977, float(PLANES_MM[0]))
    offsets = PLANES_MM - PLANES_MM[0]
    return Grid(origin, (1, 0, 0), (0, 1, 0), (0.977, 0.977), offsets, (512, 512))


@cache
def dose() -> Dose:
    """A dose that is linear in place, on 100 x 100 x 100 samples of 2.5 mm."""
    at = (np.arange(100) - 49.6) * 2.5
    z, y, x = np.meshgrid(at, at, at, indexing="ij")
    origin = (float(at[0]),) * 3
    grid = Grid(origin, (1, 0, 0), (0, 1, 0), (2.5, 2.5), at - at[0], (100, 100))
    return Dose((60 + 0.05 * x + 0.04 * y + 0.03 * z).astype(np.float32), grid)


@cache
def many_contours() -> Path:
    """A folder with a structure set of 25 organs, a quarter of a million numbers."""
    rng = np.random.default_rng(25)
    organs = []
    for number in range(25):
        solid = Ellipsoid(tuple(rng.uniform(-30, 30, 3)), tuple(rng.uniform(30, 60, 3)))
        organs.append(Organ(f"Organ{number}", solid, 30, points=100))
    lattice = VoxelLattice.around((0.0, 0.0, 0.0), (200.0, 200.0, 200.0), (10.0, 10.0, 2.5))
    write_case(PLACE / "many", PhantomCase("SYNTHETIC^GATE", "GATE", tuple(organs), lattice))
    return PLACE / "many"


def grow(gtv: str, ctv: str, ptv: str, **organs: str) -> float:
    """Volume of the PTV and all PRVs, cc."""
    prvs = tuple(Prv(name, parse_margin(margin)) for name, margin in organs.items())
    recipe = TargetRecipe(parse_margin(ctv), parse_margin(ptv), prvs=prvs)
    found = build_targets(
        [roi(gtv)], {name: roi(name) for name in organs}, recipe, planes_mm=PLANES_MM
    )
    return found.cumulative_ptv_cc + sum(prv.volume_cc for prv in found.prvs)


def call(*words: str) -> float:
    """Run a command in this process; the length of what it prints."""
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        assert command([*words, "--quiet"]) == 0
    return float(len(said.getvalue()))


def expand_sample() -> float:
    """The whole job on a sample patient, files written; length of what is printed."""
    out = str(PLACE / "out")
    return call("expand", str(SAMPLE), "--ctv", "2", "--ptv", "4", "-o", out, "--overwrite")


#: Each takes some 50 to 300 ms.
JOBS: dict[str, Callable[[], float]] = {
    "coverage liver": lambda: sum(
        float(cover(stack("liver"), voxels()).values.sum(dtype=np.float64)) for _ in range(8)
    ),
    "coverage small": lambda: sum(
        float(cover(stack("small"), voxels()).values.sum(dtype=np.float64)) for _ in range(300)
    ),
    "margins GTV": lambda: grow("GTV", "2", "4"),
    "margins six ways": lambda: grow("small", "L2,R1,A2,P1,S3,I0", "4"),
    "margin liver": lambda: grow("small", "1", "1", liver="5"),
    "DVH liver": lambda: sum(dose_volume(stack("liver"), dose()).mean_gy for _ in range(4)),
    "DVH GTV": lambda: sum(dose_volume(stack("GTV"), dose()).mean_gy for _ in range(40)),
    "read contours": lambda: float(
        sum(len(c.xy_mm) for r in read_case(many_contours()).structures.rois for c in r.contours)
    ),
    "expand sample": expand_sample,
    "dvh sample": lambda: call("dvh", str(SAMPLE), "--json"),
}
#: Whole commands, as processes of their own: what starting, reading and remembering cost.
COMMANDS = {
    "start --help": ("--help",),
    "start scan": ("scan", "sample_dicom/patient1"),
    "start inspect": ("inspect", "sample_dicom/patient1"),
    "start expand": ("expand", "sample_dicom/patient1", "--ctv", "2", "--ptv", "4", "--dry-run"),
}


def answer(name: str) -> dict[str, float]:
    """Do a job; CPU seconds and the number that came out."""
    began = time.process_time()
    value = JOBS[name]()
    seconds = time.process_time() - began
    until = began + seconds * float(os.environ.get("RTVOL_GATE_PLANT", "1"))
    while time.process_time() < until:
        pass
    return {"seconds": time.process_time() - began, "value": value}


def main() -> None:
    """Say which jobs and commands there are, then do those asked for."""
    print(json.dumps({"jobs": list(JOBS), "commands": COMMANDS}), flush=True)
    for line in sys.stdin:
        try:
            said: dict[str, object] = dict(answer(line.strip()))
        except Exception as error:  # noqa: BLE001  the gate judges a job that cannot be done
            said = {"error": f"{type(error).__name__}: {error}"}
        print(json.dumps(said), flush=True)


if __name__ == "__main__":
    main()
