"""Dose-volume curves of many cases in one small file: what bands over a cohort are made of.

curves.json.gz: {"schema", "rtvol", "step_gy", "curves": [{"case", "structure", "role", "dose",
"outside_fraction", "percent": [% of the part inside the dose grid that gets 0, 0.2, 0.4 Gy ...]}]}
"""

from __future__ import annotations

import gzip
import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from rtvol.dvh.curve import BIN_GY
from rtvol.errors import InputError
from rtvol.files import new_file
from rtvol.geometry import lock
from rtvol.version import __version__

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from numpy.typing import NDArray

    from rtvol.tables.rows import CaseResult

SCHEMA = "rtvol/curves@1"
CURVES_NAME = "curves.json.gz"
#: Doses of the file: every so many bins of a histogram.
STRIDE = 20
STEP_GY = STRIDE * BIN_GY
#: % of a volume are stored to so many digits behind the point: what bands are shown with.
DIGITS = 2
LEVEL = 5


@dataclass(frozen=True, eq=False)
class ThinCurve:
    """A cumulative curve at multiples of `STEP_GY`.

    Attributes
    ----------
    case, structure, role
        Whose it is; the role is that of a `StructureRow`.
    axis
        Which kind of dose: "physical", or as of `DosePart`.
    percent
        % (n,) of the part inside the dose grid, from 0 Gy, without the zeros behind.
    outside_fraction
        Which part (0..1) of the structure lies outside the dose grid.
    """

    case: str
    structure: str
    role: str
    axis: str
    percent: NDArray[np.float32]
    outside_fraction: float

    def __post_init__(self) -> None:
        lock(self.percent)


def thin_curves(result: CaseResult) -> Iterator[ThinCurve]:
    """Yield the curves that the rows of a case carry."""
    for row in result.structures:
        if row.dose is None or row.dose.curve is None:
            continue
        curve = row.dose.curve
        percent = curve.cumulative_percent[::STRIDE].astype(np.float32)
        outside = curve.outside_cc / curve.volume_cc if curve.volume_cc else 1.0
        yield ThinCurve(result.case, row.name, row.role, row.dose.axis, percent, outside)


def without_curves(result: CaseResult) -> CaseResult:
    """Return a result whose rows carry no curves: those of many cases would fill the memory."""
    rows = tuple(
        replace(row, dose=replace(row.dose, curve=None)) if row.dose else row
        for row in result.structures
    )
    return replace(result, structures=rows)


def parted(results: Iterable[CaseResult]) -> tuple[list[CaseResult], list[ThinCurve]]:
    """Return results without their curves, and these."""
    every = list(results)
    return list(map(without_curves, every)), [one for each in every for one in thin_curves(each)]


def write_curves(path: Path, curves: Iterable[ThinCurve]) -> None:
    """Write curves; the same curves give the same bytes.

    Raises
    ------
    OutputRefused
        `output-unwritable`.
    """
    document = {
        "schema": SCHEMA,
        "rtvol": __version__,
        "step_gy": STEP_GY,
        "curves": [
            {
                "case": one.case,
                "structure": one.structure,
                "role": one.role,
                "dose": one.axis,
                "outside_fraction": one.outside_fraction,
                "percent": np.round(one.percent.astype(np.float64), DIGITS).tolist(),
            }
            for one in curves
        ],
    }
    text = json.dumps(document, separators=(",", ":"), allow_nan=False)
    with new_file(path, overwrite=True) as draft:
        draft.write_bytes(gzip.compress(text.encode(), LEVEL, mtime=0))


def read_curves(path: Path) -> list[ThinCurve]:
    """Read curves.

    Raises
    ------
    InputError
        `output-unreadable` where the file is not as `write_curves` writes it.
    """
    try:
        document = json.loads(gzip.decompress(path.read_bytes()))
        kind, step_gy = document["schema"], document["step_gy"]
        curves = [_parsed(entry) for entry in document["curves"]]
    except (OSError, EOFError, ValueError, KeyError, TypeError) as error:
        seen = f"{type(error).__name__}: no curves as rtvol writes them"
        raise InputError("output-unreadable", where=str(path), seen=seen) from error
    if (kind, step_gy) != (SCHEMA, STEP_GY):
        seen = f"schema {kind}, steps of {step_gy} Gy"
        raise InputError("output-unreadable", where=str(path), seen=seen)
    return curves


def _parsed(entry: Any) -> ThinCurve:
    percent = np.array(entry["percent"], np.float32)
    if percent.ndim != 1 or not np.isfinite(percent).all():
        raise ValueError("percent is no list of numbers")
    case, structure, role, axis = (entry[key] for key in ("case", "structure", "role", "dose"))
    if not all(isinstance(text, str) for text in (case, structure, role, axis)):
        raise ValueError("a name is no text")
    return ThinCurve(case, structure, role, axis, percent, float(entry["outside_fraction"]))
