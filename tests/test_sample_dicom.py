"""The synthetic patients that come with the project are what make.py makes and truth.json says."""

from __future__ import annotations

import hashlib
import json
import math
import runpy
import subprocess
from typing import TYPE_CHECKING, Any

import numpy as np
import pydicom
import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

LIMIT_MB = 6.0
PATIENTS = ["patient1", "patient2", "patient3"]
ORGANS = ["BODY", "Liver", "Kidney_L", "Kidney_R", "SpinalCord", "Stomach", "Duodenum", "Bowel"]
#: Radii in mm, as sample_dicom/README.md gives them.
RADII_MM = {
    "patient1": {"GTV": 15.0},
    "patient2": {"GTV1": 6.2, "GTV2": 12.4},
    "patient3": {"GTV": 14.0},
}


@pytest.fixture(scope="module")
def truth(sample_dicom: Path) -> dict[str, Any]:
    document = json.loads((sample_dicom / "truth.json").read_text(encoding="utf-8"))
    assert document["schema"] == "rtvol/sample-truth@1"
    patients: dict[str, Any] = document["patients"]
    return patients


def ball_cc(radius_mm: float) -> float:
    return 4 / 3 * math.pi * radius_mm**3 / 1000


def test_every_file_is_listed_and_has_its_hash(sample_dicom: Path) -> None:
    lines = (sample_dicom / "SHA256SUMS").read_text(encoding="utf-8").splitlines()
    listed = {name: digest for digest, name in (line.split("  ") for line in lines)}
    there = [*sample_dicom.glob("patient*/*"), sample_dicom / "truth.json"]
    found = {
        path.relative_to(sample_dicom).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in there
    }
    assert found == listed
    assert len(found) == 3 * (47 + 3) + 1


def test_all_patients_together_are_small(sample_dicom: Path) -> None:
    size = sum(path.stat().st_size for path in sample_dicom.rglob("*") if path.is_file())
    assert size <= LIMIT_MB * 1e6


def test_making_them_again_gives_the_same_bytes(sample_dicom: Path, tmp_path: Path) -> None:
    runpy.run_path(str(sample_dicom / "make.py"))["make"](tmp_path)
    sums = [(folder / "SHA256SUMS").read_text() for folder in (sample_dicom, tmp_path)]
    assert sums[0] == sums[1]


@pytest.mark.parametrize("name", PATIENTS)
def test_targets_are_the_spheres_the_readme_names(name: str, truth: dict[str, Any]) -> None:
    structures = truth[name]["structures"]
    targets = {roi: entry for roi, entry in structures.items() if entry["kind"] == "GTV"}
    assert list(targets) == list(RADII_MM[name])
    for roi, radius_mm in RADII_MM[name].items():
        entry = targets[roi]
        assert entry["volume_cc"] == pytest.approx(ball_cc(radius_mm), abs=1e-6)
        assert entry["stack_cc"] == pytest.approx(entry["volume_cc"], rel=0.03)
        assert entry["grown_cc"]["2"] == pytest.approx(ball_cc(radius_mm + 2), abs=1e-6)
        assert entry["grown_cc"]["6"] == pytest.approx(ball_cc(radius_mm + 6), abs=1e-6)


def test_union_of_the_grown_lesions_by_counting(truth: dict[str, Any]) -> None:
    patient = truth["patient2"]
    step, low, high = 0.35, np.array([-85.0, -45.0, -8.0]), np.array([-25.0, 12.0, 43.0])
    axes = [np.arange(a + step / 2, b, step) for a, b in zip(low, high, strict=True)]
    inside = np.zeros([axis.size for axis in axes], dtype=bool)
    for roi, radius_mm in RADII_MM["patient2"].items():
        x, y, z = patient["structures"][roi]["centre_mm"]
        far = [(axis - c) ** 2 for axis, c in zip(axes, (x, y, z), strict=True)]
        squared = far[0][:, None, None] + far[1][None, :, None] + far[2][None, None, :]
        inside |= squared <= (radius_mm + 6) ** 2
    counted = inside.sum() * step**3 / 1000
    assert patient["union_of_grown_cc"]["6"] == pytest.approx(counted, rel=2e-3)


@pytest.mark.parametrize("name", PATIENTS)
def test_structures_are_complete_and_closed(
    name: str, sample_dicom: Path, truth: dict[str, Any]
) -> None:
    data = pydicom.dcmread(sample_dicom / name / "RS.dcm")
    names = [roi.ROIName for roi in data.StructureSetROISequence]
    assert names == [*ORGANS, *RADII_MM[name]]
    assert names == list(truth[name]["structures"])
    kinds = [item.RTROIInterpretedType for item in data.RTROIObservationsSequence]
    assert kinds == ["EXTERNAL", *["ORGAN"] * 7, *["GTV"] * len(RADII_MM[name])]
    for roi, item in zip(names, data.ROIContourSequence, strict=True):
        heights = {float(ring.ContourData[2]) for ring in item.ContourSequence}
        assert len(heights) == truth[name]["structures"][roi]["planes"]


def test_patient3_is_prone_with_holes_in_the_liver(sample_dicom: Path) -> None:
    image = pydicom.dcmread(sample_dicom / "patient3" / "CT.001.dcm")
    assert image.PatientPosition == "HFP"
    assert list(image.ImageOrientationPatient) == [-1, 0, 0, 0, -1, 0]
    data = pydicom.dcmread(sample_dicom / "patient3" / "RS.dcm")
    heights = [float(ring.ContourData[2]) for ring in data.ROIContourSequence[1].ContourSequence]
    assert len(heights) - len(set(heights)) >= 8


@pytest.mark.parametrize("name", PATIENTS)
def test_dose_and_prescription(name: str, sample_dicom: Path, truth: dict[str, Any]) -> None:
    dose = pydicom.dcmread(sample_dicom / name / "RD.dcm")
    plan = pydicom.dcmread(sample_dicom / name / "RP.dcm")
    assert truth[name]["prescription_gy"] == 45.0
    assert float(plan.DoseReferenceSequence[0].TargetPrescriptionDose) == 45.0
    assert plan.FractionGroupSequence[0].NumberOfFractionsPlanned == truth[name]["fractions"] == 3
    assert dose.BitsAllocated == 16
    centres = [e["dose_at_centre_gy"] for e in truth[name]["structures"].values() if
               "dose_at_centre_gy" in e]  # fmt: skip
    highest = float(dose.pixel_array.max()) * float(dose.DoseGridScaling)
    assert 50 < highest <= max(centres) + 1e-3
    assert highest == pytest.approx(max(centres), abs=0.1)


@pytest.mark.parametrize("name", PATIENTS)
def test_everything_says_synthetic(name: str, sample_dicom: Path) -> None:
    for path in (sample_dicom / name).iterdir():
        data = pydicom.dcmread(path, stop_before_pixels=True)
        assert str(data.PatientName).startswith("SYNTHETIC^")
        assert data.PatientID == f"SYNTHETIC-{name[-1]}"
        assert "SYNTHETIC" in data.StudyDescription
        assert "SYNTHETIC" in data.SeriesDescription


@pytest.mark.parametrize("name", PATIENTS)
def test_dciodvfy_finds_nothing(
    name: str, sample_dicom: Path, require_tool: Callable[[str], Path]
) -> None:
    tool = require_tool("dciodvfy")
    for file in ("CT.001.dcm", "CT.047.dcm", "RS.dcm", "RP.dcm", "RD.dcm"):
        path = sample_dicom / name / file
        done = subprocess.run([tool, path], capture_output=True, text=True, check=False)
        said = [line for line in done.stderr.splitlines() if line.startswith(("Error", "Warning"))]
        assert said == []
