"""`rtvol.export`: the files of the command, from a case, from targets, with errors that say why."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

import numpy as np
import pytest
import SimpleITK as sitk
from pydicom import dcmread

import rtvol
from rtvol.cli import main

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def patient(project_root: Path) -> Path:
    return project_root / "sample_dicom" / "patient1"


def voxels_cc(path: Path) -> float:
    image = sitk.ReadImage(str(path))
    return float(sitk.GetArrayFromImage(image).sum() * np.prod(image.GetSpacing()) / 1000)


@pytest.mark.parametrize("form", ["nifti", "stl", "rtdose"])
def test_the_call_writes_what_the_command_does(
    patient: Path, tmp_path: Path, form: str, capsys: pytest.CaptureFixture[str]
) -> None:
    files = rtvol.export(patient, tmp_path / "call", form, rois=["GTV", "Liver-GTV"])  # type: ignore[arg-type]  # a form by name
    words = ["export", str(patient), "-o", str(tmp_path / "command"), "--format", form, "--json"]
    assert main([*words, "--roi", "GTV", "--roi", "Liver-GTV"]) == 0
    (case,) = json.loads(capsys.readouterr().out)["cases"]
    assert [row["volume_cc"] for row in case["structures"]] == [
        row.volume.cc for row in files.result.structures
    ]
    (folder,) = (tmp_path / "command" / "patient1",)
    assert {path.name for path in files} == {path.name for path in folder.iterdir()}
    for path in files:
        if form != "rtdose":  # which has UIDs of its own
            assert path.read_bytes() == (folder / path.name).read_bytes()


def test_targets_and_derived_structures_are_written_by_their_names(
    patient: Path, tmp_path: Path
) -> None:
    case = rtvol.read(patient)
    targets = rtvol.expand(case, ctv=2, ptv=4)
    files = rtvol.export(targets, tmp_path / "t", "nifti", fractional=True, dose=True)
    assert list(files.by_name) == list(targets.names)
    for name in targets.names:
        assert voxels_cc(files[name]) == pytest.approx(targets[name].written_volume_cc, rel=2e-3)
    assert files.dose_file is not None
    known = sitk.GetArrayFromImage(sitk.ReadImage(str(files.dose_file)))
    stored = dcmread(patient / "RD.dcm")
    highest = float(stored.DoseGridScaling) * stored.pixel_array.max()
    assert float(np.nanmax(known)) == pytest.approx(highest, rel=0.02)
    ring = rtvol.derive(case, "Ring = (GTV + 6) - (GTV + 2)")
    assert [path.name for path in rtvol.export(ring, tmp_path / "r", "obj")] == ["Ring.obj"]


def test_a_call_that_cannot_be_meant_says_why(patient: Path, tmp_path: Path) -> None:
    with pytest.raises(rtvol.UsageError) as idle:
        rtvol.export(patient, tmp_path, "stl", fractional=True)
    assert idle.value.finding.where == "--fractional"
    with pytest.raises(rtvol.UsageError) as idle:
        rtvol.export(patient, tmp_path, "nifti", sum="physical")
    assert idle.value.finding.where == "--sum"
    with pytest.raises(rtvol.CaseRejected, match="roi-not-found"):
        rtvol.export(patient, tmp_path / "no", "stl", rois="GVT")
    assert not (tmp_path / "no").exists()
    rtvol.export(patient, tmp_path / "twice", "stl", rois="GTV")
    with pytest.raises(rtvol.OutputRefused, match="output-exists"):
        rtvol.export(patient, tmp_path / "twice", "stl", rois="GTV")


def test_without_highdicom_the_install_line_is_given(
    patient: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "highdicom", None)
    with pytest.raises(rtvol.ExtraMissing) as caught:
        rtvol.export(patient, tmp_path / "seg", "seg", rois="GTV")
    assert 'pip install "rtvol[seg]"' in caught.value.finding.mend
    assert caught.value.exit_code == 5
    assert not list((tmp_path / "seg").glob("*"))
