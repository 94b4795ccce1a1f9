"""A batch of patients with 25 structures each: `rtvol run` against the same job as a script.

    python benchmarks/bench_batch.py [--json] [--smoke] [--patients N] [--peer N]

The job: contours to volumes, GTV to CTV to PTV (2 and 4 mm), D95% and mean dose of all 25
structures and the targets, a structure set for each patient. The script does what its users do:
masks of every structure by rt-utils, margins by SimpleITK's signed Maurer map, contours back by
rt-utils, DVHs by dicompyler-core in an interpreter of its own (RTVOL_DICOMPYLER_PYTHON; without
it, by SimpleITK's resampling and a histogram, which is quicker and a millimetre coarse).

Seconds are CPU seconds of each program and its workers, over patients: what else runs on the
machine does not count, and neither does how many cores either uses. Starting up counts for both.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import re
import resource
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

from rtvol.phantoms import Ellipsoid, Gaussian, Organ, PhantomCase, Sphere, VoxelLattice, write_case
from variants import UID

RECIPE = """\
schema = "rtvol/recipe@1"
[targets.CTV]
margin_mm = 2
[targets.PTV]
margin_mm = 4
[dvh]
rois = ["*"]
metrics = ["D95%", "Mean"]
"""
PEER = Path(__file__).with_name("peer_batch.py")
PEER_DVH = Path(__file__).with_name("peer_batch_dvh.py")
DICOMPYLER = "RTVOL_DICOMPYLER_PYTHON"
#: Side of the image in mm.
FIELD_MM = 320.0


def write_patient(folder: Path, pixels: int, slices: int) -> None:
    """Write a patient of 25 structures on a CT of `pixels` x `pixels` x `slices`."""
    centre = (0.0, 0.0, 0.0)
    rng = np.random.default_rng(25)
    organs = [Organ("Liver", Ellipsoid((-40.0, 0.0, 0.0), (60.0, 50.0, 40.0)), 60, points=200)]
    for number in range(23):
        place = rng.uniform((-90.0, -90.0, -45.0), (90.0, 90.0, 45.0))
        axes = rng.uniform(8.0, 30.0, 3)
        axes[2] = min(axes[2], 50.0 - abs(place[2]) * 0.5)
        solid = Ellipsoid(tuple(place), tuple(axes))  # type: ignore[arg-type]
        organs.append(Organ(f"Organ{number + 1}", solid, 30, points=120))
    organs.append(Organ("GTV", Sphere((-40.0, 5.0, 3.0), 14.0), 40, "GTV", points=120))
    step = FIELD_MM / pixels
    case = PhantomCase(
        "SYNTHETIC^BENCH",
        "SYNTHETIC-1",
        tuple(organs),
        VoxelLattice.around(centre, (FIELD_MM, FIELD_MM, 2.5 * (slices - 1)), (step, step, 2.5)),
        Gaussian((-40.0, 5.0, 3.0), 60.0, (35.0, 35.0, 30.0)),
        VoxelLattice.around(centre, (300.0, 300.0, 200.0), (3.0, 3.0, 3.0)),
        prescription_gy=45.0,
        fractions=3,
    )
    folder.mkdir(parents=True)
    write_case(folder, case)


def write_patients(folder: Path, count: int, pixels: int, slices: int) -> None:
    """Write patients who differ in their identity alone."""
    write_patient(folder / "first", pixels, slices)
    files = sorted((folder / "first").iterdir())
    for number in range(count):
        (folder / "exports" / f"p{number:04d}").mkdir(parents=True)
        for path in files:
            data = UID.sub(b"%04d" % (1000 + number), path.read_bytes())
            data = re.sub(rb"SYNTHETIC-\d", b"SYNTH-B%04d" % number, data)
            (folder / "exports" / f"p{number:04d}" / path.name).write_bytes(data)
    shutil.rmtree(folder / "first")


def cpu_seconds(words: list[str], environment: dict[str, str]) -> float:
    """Run a program and return the CPU seconds it and its children took."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(
        words, env={**os.environ, **environment}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def run_rtvol(folder: Path, jobs: int) -> float:
    """Run the batch; returns CPU seconds."""
    (folder / "recipe.toml").write_text(RECIPE)
    words = [str(Path(sys.executable).with_name("rtvol")), "run", str(folder / "recipe.toml")]
    words += [str(folder / "exports"), "-o", str(folder / "out"), "-j", str(jobs), "--quiet"]
    return cpu_seconds(words, {"RTVOL_SALT": "benchmark"})


def run_peers(folder: Path, count: int) -> tuple[float, dict[str, float], str]:
    """Run the scripts over the first patients; returns CPU seconds, volumes, and who made DVHs."""
    patients = sorted((folder / "exports").iterdir())[:count]
    dicompyler = os.environ.get(DICOMPYLER)
    words = [sys.executable, "-W", "ignore", str(PEER), str(folder / "peer.json")]
    words += ["masks" if dicompyler else "masks+dvh", *map(str, patients)]
    seconds = cpu_seconds(words, {"ITK_GLOBAL_DEFAULT_NUMBER_OF_THREADS": "1"})
    if dicompyler:
        words = [dicompyler, "-W", "ignore", str(PEER_DVH), *map(str, patients)]
        seconds += cpu_seconds(words, {})
    who = "dicompyler-core" if dicompyler else "SimpleITK"
    return seconds, json.loads((folder / "peer.json").read_text()), who


def facts_of(out: Path) -> tuple[dict[str, float], float, float]:
    """Volumes of the first patient, peak memory of a worker in MB, pace of last to first tenth."""
    text = (out / "cases" / "p0000" / "record.json").read_text()
    rows = json.loads(text)["result"]["structures"]
    volumes = {row["name"]: row["volume_cc"] for row in rows}
    lines = (out / "journal" / "all.jsonl").read_text().splitlines()[1:]
    entries = [json.loads(line.partition(" ")[2]) for line in lines]
    spent = [entry["seconds"] for entry in entries]
    tenth = max(len(spent) // 10, 1)
    pace = sum(spent[:tenth]) / sum(spent[-tenth:])
    return volumes, max(entry["peak_mb"] for entry in entries), pace


def main() -> None:
    """Measure, print a table and, with --json, the document of the protocol."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--smoke", action="store_true")
    parser.add_argument("--patients", type=int, default=100)
    parser.add_argument("--peer", type=int, default=10, help="patients of the script")
    parser.add_argument("--pixels", type=int, default=256)
    parser.add_argument("--slices", type=int, default=60)
    asked = parser.parse_args()
    if asked.smoke:
        asked.patients, asked.peer, asked.pixels, asked.slices = 2, 1, 96, 46
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_patients(folder, asked.patients, asked.pixels, asked.slices)
        ours = run_rtvol(folder, 2) / asked.patients
        theirs, masks, who = run_peers(folder, asked.peer)
        volumes, peak_mb, pace = facts_of(folder / "out")
    theirs /= asked.peer
    for structure in ("Liver", "GTV"):
        # rt-utils paints the pixels an outline runs through: each edge moves out by up to one
        radius_mm = (volumes[structure] * 1000 * 3 / 4 / math.pi) ** (1 / 3)
        most = (1 + FIELD_MM / asked.pixels / radius_mm) ** 2
        assert 0.98 < masks[structure] / volumes[structure] < most, (structure, masks, volumes)
    ratio = theirs / ours
    print(f"CT {asked.pixels} x {asked.pixels} x {asked.slices}, 25 structures; DVHs by {who}")
    print(f"rtvol {ours:.2f} CPU s a patient over {asked.patients}, at most {peak_mb:.0f} MB")
    print(f"script {theirs:.2f} CPU s a patient over {asked.peer}: {ratio:.1f} times as long")
    print(f"pace of the last tenth {100 * pace:.0f} % of the first (wall, load included)")
    if asked.json:
        name = "batch_vs_rt_utils_simpleitk_and_" + re.sub(r"\W", "_", who.lower())
        print(json.dumps({"bench": "batch", "ratios": {name: ratio}}))


if __name__ == "__main__":
    main()
