"""rtvol and the peers on a case of the DVH table, each with its own reading of its own curve."""

from __future__ import annotations

import inspect
import json
import os
import pickle
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import SimpleITK as sitk

from dvh_cases import DOSE_SHARES, PERCENTS, SMALL_CC
from peers import PIXEL_MM
from rtvol.dvh import dose_volume, evaluate, parse_metric
from rtvol.dvh.curve import volume_at_dose_cc
from rtvol.solids import slab_volume_cc, stack_planes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dvh_cases import DvhCase
    from dvh_truth import Array
    from rtvol.dvh import DVH
    from rtvol.structures import Roi
    from rtvol.volumes import Dose

#: Names the Python that has dicompyler-core, which needs an older pydicom than rtvol.
DICOMPYLER = "RTVOL_DICOMPYLER_PYTHON"
#: Bins of plastimatch's histogram, Gy.
BIN_GY = 0.01
Values = dict[str, float]


def has_cubic() -> bool:
    """Whether rtvol can take the dose as a cubic between its samples."""
    return "interpolation" in inspect.signature(dose_volume).parameters


def rtvol_values(case: DvhCase, interpolation: str = "linear") -> Values:
    """Metrics of rtvol, read as its users read them."""
    stack, _ = stack_planes(case.roi, spacing_mm=case.drawn.spacing_mm)
    way = {} if interpolation == "linear" else {"interpolation": interpolation}
    return {"volume": slab_volume_cc(stack), **read_off(dose_volume(stack, case.dose, **way), case)}


def read_off(dvh: DVH, case: DvhCase) -> Values:
    """Doses and volumes of the table from rtvol's own curve."""
    names = [f"D{p}%" for p in PERCENTS] + ["D0.03cc", "Dmean", "Dmin", "Dmax"]
    found = {name: evaluate(dvh, parse_metric(name)).value for name in names}
    values = {name: value for name, value in found.items() if value is not None}
    for share, dose in zip(DOSE_SHARES, case.asked_gy, strict=True):
        values[f"V at {share:g}"] = 100 * volume_at_dose_cc(dvh, float(dose)) / dvh.volume_cc
    return values


def plastimatch_version() -> str:
    """Name and version of plastimatch; empty where it is not installed or does not start."""
    program = Path(sys.executable).with_name("plastimatch")
    if not program.exists():
        return ""
    said = subprocess.run([str(program), "--version"], check=False, capture_output=True, text=True)
    return said.stdout.strip().replace(" version", "") + "." if said.returncode == 0 else ""


class Plastimatch:
    """`plastimatch convert` and `plastimatch dvh`, on CT pixels or on finer ones."""

    def __init__(self, finer: int) -> None:
        self.finer = finer

    def values(self, case: DvhCase) -> Values:
        """Metrics from its cumulative histogram, in voxels."""
        with tempfile.TemporaryDirectory() as name:
            voxel_cc = self._rasterise(case, Path(name))
            dose = sitk.GetImageFromArray(case.dose.values_gy)
            dose.SetOrigin(case.dose.grid.origin_mm)
            dose.SetSpacing((case.grid_mm,) * 3)
            sitk.WriteImage(dose, f"{name}/dose.mha")
            bins = str(int(case.dose.max_gy / BIN_GY) + 100)
            _plastimatch(
                *("dvh", "--input-dose", f"{name}/dose.mha", "--input-ss-img", f"{name}/ss.mha"),
                *("--input-ss-list", f"{name}/ss.txt", "--output-csv", f"{name}/dvh.csv"),
                *("--bin-width", str(BIN_GY), "--num-bins", bins, "--normalization", "vox"),
            )
            dose_gy, voxels = np.loadtxt(f"{name}/dvh.csv", delimiter=",", skiprows=1).T
        return _from_curve(dose_gy, voxels * voxel_cc, case)

    def _rasterise(self, case: DvhCase, folder: Path) -> float:
        step, spacing = PIXEL_MM / self.finer, case.drawn.spacing_mm
        z = sorted({contour.z_mm for contour in case.roi.contours})
        count = 2 * int(max(case.shape.half_mm) / step + 4) + 1
        first = -(count - 1) / 2 * step
        place = [f"{first:g} {first:g} {z[0] - spacing:g}", f"{step:g} {step:g} {spacing:g}"]
        dim = f"{count} {count} {len(z) + 2}"
        lines = [f"OFFSET {place[0]}", f"DIMENSION {dim}", f"SPACING {place[1]}"]
        lines += ["ROI_NAMES", "1|255\\0\\0|GTV", "END_OF_ROI_NAMES"]
        for c in case.roi.contours:
            points = "\\".join(f"{x:.6f}\\{y:.6f}\\{c.z_mm:.6f}" for x, y in c.xy_mm)
            lines.append(f"1||{len(c.xy_mm)}|{z.index(c.z_mm) + 1}||{points}")
        (folder / "s.cxt").write_text("\n".join(lines) + "\n", encoding="ascii")
        _plastimatch(
            *("convert", "--input-cxt", f"{folder}/s.cxt", "--origin", place[0]),
            *("--spacing", place[1], "--dim", dim),
            *("--output-ss-img", f"{folder}/ss.mha", "--output-ss-list", f"{folder}/ss.txt"),
        )
        return step * step * spacing / 1000


def _plastimatch(*arguments: str) -> None:
    program = Path(sys.executable).with_name("plastimatch")
    subprocess.run([str(program), *arguments], check=True, capture_output=True)


def _from_curve(dose_gy: Array, above_cc: Array, case: DvhCase) -> Values:
    """Read a falling cumulative curve: volume at or above each dose."""
    whole = above_cc[0]
    found = {"volume": float(whole)}
    wanted = {f"D{p}%": p / 100 * whole for p in PERCENTS} | {"D0.03cc": SMALL_CC}
    for name, part in wanted.items():
        if part <= whole:
            found[name] = float(np.interp(-part, -above_cc, dose_gy))
    width = dose_gy[1] - dose_gy[0]
    found["Dmean"] = float((above_cc[1:].sum() + whole / 2) * width / whole)
    found["Dmin"] = float(dose_gy[np.flatnonzero(above_cc >= whole * (1 - 1e-9))[-1]])
    found["Dmax"] = float(dose_gy[np.flatnonzero(above_cc > 0)[-1]])
    for share, dose in zip(DOSE_SHARES, case.asked_gy, strict=True):
        found[f"V at {share:g}"] = 100 * float(np.interp(dose, dose_gy, above_cc)) / whole
    return found


class Dicompyler:
    """dicompyler-core in an interpreter of its own, one process for all cases."""

    def __init__(self, python: str, *, finer: int = 0) -> None:
        script = Path(__file__).with_name("dvh_dicompyler.py")
        self.finer = finer
        self.child = subprocess.Popen(
            [python, str(script)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        self.about = self._answer()

    def _answer(self) -> dict[str, object]:
        if self.child.stdout is None or not (line := self.child.stdout.readline()):
            raise RuntimeError(f"{DICOMPYLER}: dicompyler-core did not answer")
        found: dict[str, object] = json.loads(line)
        return found

    def ask(
        self, roi: Roi, dose: Dose, percents: Sequence[int], doses_gy: list[float]
    ) -> dict[str, object]:
        """All it says of a structure, and the `seconds` its own `get_dvh` took; a cubic grid."""
        asked = {
            "rings": [(c.z_mm, c.xy_mm) for c in roi.contours],
            "origin": dose.grid.origin_mm,
            "spacing": dose.grid.spacing_mm[0],
            "values": dose.values_gy,
            "percents": percents,
            "doses": doses_gy,
            "finer": self.finer,
        }
        if self.child.stdin is None:
            raise RuntimeError("dicompyler-core is gone")
        pickle.dump(asked, self.child.stdin)
        self.child.stdin.flush()
        return self._answer()

    def values(self, case: DvhCase) -> Values:
        """Metrics of its DVH object."""
        found = self.ask(case.roi, case.dose, PERCENTS, list(map(float, case.asked_gy)))
        found.pop("seconds")
        volumes = found.pop("volumes_cc")
        values = {name: float(str(value)) for name, value in found.items()}
        for share, cc in zip(DOSE_SHARES, np.atleast_1d(volumes), strict=True):
            values[f"V at {share:g}"] = 100 * float(cc) / values["volume"]
        return values


def dicompyler_python() -> str | None:
    """Interpreter that has dicompyler-core, if the environment names one."""
    return os.environ.get(DICOMPYLER) or None
