"""Reading: structure sets, image headers and doses against pydicom, from the files on.

    python benchmarks/bench_io.py [--json] [--smoke]

The structure set is read to checked contours; pydicom reads the numbers alone, as floats in numpy
arrays (`config.use_DS_numpy`), its fastest mode. Image headers are read to a checked geometry;
pydicom stops before the pixels. The dose is read to Gy; pydicom's is `pixel_array` times the scale.
CPU seconds, of one thread.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pydicom
from pydicom import config

from rtvol import _kernels
from rtvol.io.ct import read_series
from rtvol.io.rtdose import read_dose, read_dose_source
from rtvol.io.rtstruct import read_structures
from rtvol.phantoms import Ellipsoid, Gaussian, Organ, PhantomCase, VoxelLattice, write_case
from turns import cpu_of, take_costs

if TYPE_CHECKING:
    from collections.abc import Callable

#: Turns of the full and of the smoke run.
TURNS, SMOKE_TURNS = 7, 3


def write_patient(folder: Path, *, smoke: bool) -> None:
    """Write 25 organs of many points on 200 images of 64 x 64 pixels, and a dose."""
    rng = np.random.default_rng(25)
    count, half_mm = (4, 30.0) if smoke else (25, 240.0)
    organs = []
    for number in range(count):
        axes = (*rng.uniform(30, 90, 2), float(rng.uniform(half_mm / 3, half_mm / 1.5)))
        solid = Ellipsoid(tuple(rng.uniform(-20, 20, 3)), axes)  # type: ignore[arg-type]
        organs.append(Organ(f"Organ{number}", solid, 30, points=120))
    centre = (0.0, 0.0, 0.0)
    lattice = VoxelLattice.around(centre, (256.0, 256.0, 2 * half_mm + 17), (4.0, 4.0, 2.5))
    size_mm = 100.0 if smoke else 300.0
    dose = VoxelLattice.around(centre, (size_mm,) * 3, (2.0, 2.0, 2.0))
    field = Gaussian(centre, 50.0, (60.0, 60.0, 60.0))
    write_case(folder, PhantomCase("SYNTHETIC^IO", "IO", tuple(organs), lattice, field, dose))


def numbers_of_pydicom(path: Path) -> list[np.ndarray]:
    """All contours of a structure set as arrays, by pydicom's fastest mode."""
    dataset = pydicom.dcmread(path)
    return [
        np.asarray(contour.ContourData, np.float64).reshape(-1, 3)
        for region in dataset.ROIContourSequence
        for contour in region.ContourSequence
    ]


def dose_of_pydicom(path: Path) -> np.ndarray:
    """Dose in Gy by pydicom."""
    dataset = pydicom.dcmread(path)
    return (dataset.pixel_array * float(dataset.DoseGridScaling)).astype(np.float32)


def check(structures: Path, images: list[Path], dose: Path) -> None:
    """Stop unless both sides read the same."""
    ours = [c.xy_mm for roi in read_structures(structures).structures.rois for c in roi.contours]
    theirs = numbers_of_pydicom(structures)
    assert sum(map(len, ours)) == sum(map(len, theirs))
    low, high = (
        np.concatenate(theirs)[:, :2].min(axis=0),
        np.concatenate(theirs)[:, :2].max(axis=0),
    )
    assert (np.concatenate(ours).min(axis=0) == low).all()
    assert (np.concatenate(ours).max(axis=0) == high).all()
    heights = sorted(
        float(pydicom.dcmread(path, stop_before_pixels=True).ImagePositionPatient[2])
        for path in images
    )
    grid = read_series(images)[0].grid
    assert np.allclose(grid.origin_mm[2] + grid.offsets_mm, heights, atol=1e-6)
    gray = read_dose(read_dose_source(dose)[0]).values_gy
    assert np.allclose(gray, dose_of_pydicom(dose), rtol=1e-6, atol=1e-6)


def main() -> None:
    """Measure, print a table and, with --json, the document of the protocol."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--smoke", action="store_true")
    chosen = parser.parse_args()
    config.use_DS_numpy = True
    _kernels.load()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_patient(folder, smoke=chosen.smoke)
        structures, dose = next(folder.glob("RS*")), next(folder.glob("RD*"))
        images = sorted(folder.glob("CT*"))
        check(structures, images, dose)
        jobs: dict[str, Callable[[], object]] = {
            "rtstruct": lambda: read_structures(structures),
            "rtstruct_pydicom_numpy": lambda: numbers_of_pydicom(structures),
            "headers": lambda: read_series(images),
            "headers_pydicom": lambda: [
                pydicom.dcmread(path, stop_before_pixels=True) for path in images
            ],
            "rtdose": lambda: read_dose(read_dose_source(dose)[0]),
            "rtdose_pydicom": lambda: dose_of_pydicom(dose),
        }
        timed = {name: cpu_of(job) for name, job in jobs.items()}
        seconds = take_costs(timed, SMOKE_TURNS if chosen.smoke else TURNS)
        sizes = (structures.stat().st_size, len(images), dose.stat().st_size)
    print(f"structure set {sizes[0]} bytes, {sizes[1]} images, dose {sizes[2]} bytes")
    pairs = {
        "rtstruct_vs_pydicom_numpy": ("rtstruct", "rtstruct_pydicom_numpy"),
        "headers_vs_pydicom": ("headers", "headers_pydicom"),
        "rtdose_vs_pydicom": ("rtdose", "rtdose_pydicom"),
    }
    ratios = {}
    for ratio, (ours, theirs) in pairs.items():
        ratios[ratio] = seconds[theirs] / seconds[ours]
        both = f"{1e3 * seconds[ours]:8.1f} ms {1e3 * seconds[theirs]:8.1f} ms"
        print(f"{ours:10} {both} {ratios[ratio]:6.2f}")
    if chosen.json:
        print(json.dumps({"bench": "io", "ratios": ratios}))


if __name__ == "__main__":
    main()
