"""The published data of Nelms 2015 (real DICOM files) against their analytical values."""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np

from dvh_cases import NELMS
from dvh_report import Errors, table
from rtvol.dvh import dose_volume, evaluate, parse_metric
from rtvol.io import read_dose
from rtvol.io.rtdose import read_dose_source
from rtvol.io.rtstruct import read_structures
from rtvol.solids import stack_planes

#: Slices in the files' names.
SLICES = {"_02_": "0.2 mm", "_10_": "1 mm", "_20_": "2 mm", "_30_": "3 mm"}


def shared_data() -> Path | None:
    """Folder of the real exports: RTVOL_SHARED_DATA, or shared/data beside the project."""
    beside = Path(__file__).resolve().parents[3] / "shared" / "data"
    folder = Path(os.environ.get("RTVOL_SHARED_DATA", beside))
    return folder if (folder / "nelms2015").is_dir() else None


def nelms_tables(folder: Path) -> str:
    """Errors against the ideal solids, by slice spacing: contours and end caps included."""
    rows = json.loads((folder / "expected.json").read_text(encoding="utf-8"))["nelms2015"]["rows"]
    by_slices = {name: Errors() for name in SLICES.values()}
    for row in rows:
        spacing = next(name for part, name in SLICES.items() if part in row["structure"])
        truth = {("volume" if k == "volume_cc" else k): v for k, v in row["analytical"].items()}
        case = f"{row['structure']} {row['dose_grid']}"
        values = _values(folder / "nelms2015", row["structure"], row["dose_grid"])
        by_slices[spacing].note(values, truth, case, nelms=True)
    lines = [[name, *(errors.cell(name) for errors in by_slices.values())] for name in NELMS]
    for limit in (3, 1):
        shares = [errors.share_above(limit) for errors in by_slices.values()]
        lines.append([f"off by > {limit} %", *shares])
    count = f"n = {len(rows)} rows"
    return table([f"metric ({count})", *(f"{name} slices" for name in by_slices)], lines)


def _values(folder: Path, structure: str, dose_grid: str) -> dict[str, float]:
    read = read_structures(folder / "structures" / f"{structure}.dcm")
    roi = next(roi for roi in read.structures.rois if not roi.is_empty)
    source, _ = read_dose_source(folder / "dose" / f"{dose_grid}.dcm")
    dvh = dose_volume(stack_planes(roi)[0], read_dose(source))
    found = {name: evaluate(dvh, parse_metric(name)).value for name in NELMS[1:]}
    values = {name: value for name, value in found.items() if value is not None}
    if len(values) < len(found):
        raise RuntimeError(f"no value for {sorted(set(found) - set(values))} of {structure}")
    return {"volume": dvh.volume_cc, **{k: float(np.float64(v)) for k, v in values.items()}}
