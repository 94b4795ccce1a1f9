"""`rtvol run` on a patient whose images lie obliquely: the numbers of the one who lies straight."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pydicom
import pytest

from naive.exports import RECIPE
from naive.turns import quaternion_turn
from rtvol.frames import Rigid
from rtvol.phantoms import (
    Gaussian,
    Organ,
    PhantomCase,
    Shell,
    Sphere,
    VoxelLattice,
    WriteOptions,
    write_case,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from cli.conftest import Ran

TURN = quaternion_turn((0.9, 0.2, -0.4, 0.3))
SHIFT = (12.0, -34.0, 56.0)
CENTRE = (0.0, 0.0, 0.0)
CASE = PhantomCase(
    "SYNTHETIC^TURNED",
    "RTVOL-TURNED",
    (
        Organ("Liver", Shell(CENTRE, 18.0, 3.0), 60, points=24),
        Organ("GTV", Sphere((8.0, 0.0, 0.0), 6.0), 40, "GTV", points=24),
        Organ("Duodenum", Sphere((8.0, 11.0, 0.0), 4.0), 20, points=16),
    ),
    VoxelLattice.around(CENTRE, (48.0, 48.0, 42.0), (3.0, 3.0, 3.0)),
    Gaussian(CENTRE, 50.0, (20.0, 20.0, 20.0)),
    VoxelLattice.around(CENTRE, (48.0, 48.0, 48.0), (6.0, 6.0, 6.0)),
)


def test_a_run_over_a_turned_patient_gives_the_numbers_of_the_straight_one(
    rtvol: Callable[..., Ran], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RTVOL_SALT", "salt")
    exports, out = tmp_path / "exports", tmp_path / "out"
    motions = {"straight": None, "turned": Rigid.of(TURN, SHIFT)}
    for name, motion in motions.items():
        case = replace(CASE, patient_id=f"RTVOL-{name.upper()}")
        write_case(exports / name, case, options=WriteOptions(motion=motion, decimals=6))
    (tmp_path / "liver.toml").write_text(RECIPE)
    ran = rtvol("run", tmp_path / "liver.toml", exports, "-o", out, "--json")
    assert ran.code == 0, ran.err
    straight, turned = (
        numbers_of(json.loads((out / "cases" / name / "record.json").read_text())["result"])
        for name in motions
    )
    assert len(straight) > 20
    assert straight.keys() == turned.keys()
    for key, value in straight.items():
        assert turned[key] == pytest.approx(value, rel=2e-3, abs=2e-3), key
    written = out / "cases" / "turned" / "RS.rtvol.dcm"
    own = {pydicom.dcmread(path).SOPInstanceUID for path in (exports / "turned").glob("CT*")}
    data = pydicom.dcmread(written)
    names = {int(roi.ROINumber): roi.ROIName for roi in data.StructureSetROISequence}
    for roi in data.ROIContourSequence:
        rings = roi.ContourSequence
        points = np.concatenate([np.array(r.ContourData, float).reshape(-1, 3) for r in rings])
        if names[int(roi.ReferencedROINumber)].startswith("GTV"):
            assert np.abs(points.mean(axis=0) - (TURN @ (8.0, 0.0, 0.0) + SHIFT)).max() < 0.5
        assert {r.ContourImageSequence[0].ReferencedSOPInstanceUID for r in rings} <= own


def numbers_of(result: dict[str, Any]) -> dict[tuple[str, str], float]:
    """Volumes, margins and dose metrics of all rows, by structure and field."""
    found: dict[tuple[str, str], float] = {}

    def gather(row: str, name: str, value: object) -> None:
        if isinstance(value, dict):
            for key, inner in value.items():
                gather(row, f"{name}.{key}", inner)
        elif isinstance(value, float):
            found[row, name] = value

    for row in result["structures"]:
        for name, value in row.items():
            if name == "metrics" or name.endswith("_cc"):
                gather(row["name"], name, value)
    return found
