"""A name means one thing in `--roi`, goals, recipes, `--gtv` and `--avoid`; so does "target"."""

from __future__ import annotations

import csv
import json
import shutil
from typing import TYPE_CHECKING, Any

import pydicom
import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Run = Callable[..., Any]


@pytest.fixture(autouse=True)
def _salt(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("RTVOL_SALT", "salt")
    monkeypatch.setenv("RTVOL_CONFIG", str(tmp_path / "none.toml"))


def structures_of(run: Any) -> dict[str, dict[str, Any]]:
    (case,) = json.loads(run.out)["cases"]
    return {row["name"]: row for row in case["structures"]}


def test_liver_without_gtv_is_one_number_on_two_lesions(
    rtvol: Run, sample_dicom: Path, tmp_path: Path
) -> None:
    patient = sample_dicom / "patient2"
    goals = tmp_path / "goals.toml"
    goals.write_text(
        'schema = "rtvol/goals@1"\ntitle = "t"\n[[goal]]\ngoal = "Liver-GTV Mean[Gy] <= 99 Gy"\n'
    )
    words = ("dvh", patient, "--roi", "Liver-GTV", "--metric", "Mean", "--goals", goals, "--json")
    run = rtvol(*words)
    row = structures_of(run)["Liver-GTV"]
    (goal,) = json.loads(run.out)["cases"][0]["goals"]
    assert goal["value"] == row["metrics"]["Mean[Gy]"]
    assert row["notes"]["structure"] == goal["note"] == "GTV is GTV1 + GTV2"
    named = structures_of(rtvol("dvh", patient, "--roi", "Liver-GTV1-GTV2", "--json"))
    assert row["volume_cc"] == pytest.approx(named["Liver-GTV1-GTV2"]["volume_cc"], rel=1e-9)
    recipe = tmp_path / "r.toml"
    recipe.write_text(
        'schema = "rtvol/recipe@1"\n[dvh]\nrois = ["Liver-GTV"]\nmetrics = ["Mean"]\n'
    )
    assert rtvol("run", recipe, patient, "-o", tmp_path / "o").code == 0
    table = tmp_path / "t.csv"
    assert rtvol("collect", tmp_path / "o", "-o", table).code == 0
    with table.open(newline="") as stream:
        values = {one["metric"]: float(one["value"]) for one in csv.DictReader(stream)}
    assert values["Mean[Gy]"] == pytest.approx(row["metrics"]["Mean[Gy]"], rel=1e-12)


def test_gtvs_and_organs_are_named_by_pattern_and_number(
    rtvol: Run, sample_dicom: Path, tmp_path: Path
) -> None:
    patient = sample_dicom / "patient2"
    grow = ("expand", patient, "--ctv", "0", "--ptv", "3", "--dry-run", "--json")
    plain, pattern = rtvol(*grow), rtvol(*grow, "--gtv", "GTV*")
    assert json.loads(plain.out)["cases"] == json.loads(pattern.out)["cases"]
    data = pydicom.dcmread(next(patient.glob("RS*.dcm")))
    number = {roi.ROIName: roi.ROINumber for roi in data.StructureSetROISequence}["GTV2"]
    one = structures_of(rtvol(*grow, "--gtv", f"#{number}", "--avoid", "Duod*:3"))
    assert {row["lesion"] for row in one.values()} == {"GTV2", ""}  # organs have none
    both = structures_of(rtvol(*grow, "--avoid", "*o*n*m*:1", "--avoid", "St*:2"))
    assert {"Duodenum", "Stomach"} == {
        organ for row in both.values() if row["role"] == "ptv_clip" for organ in row["lost_cc"]
    }


@pytest.mark.parametrize("name", ["IGTV", "ICTV", "zPTV_opt", "iGTV_2"])
@pytest.mark.parametrize("kind", ["", "ORGAN"])
def test_a_target_by_its_name_is_one_everywhere_and_said(
    name: str, kind: str, rtvol: Run, sample_dicom: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "patient1"
    shutil.copytree(sample_dicom / "patient1", folder)
    path = next(folder.glob("RS*.dcm"))
    data = pydicom.dcmread(path)
    (item,) = [roi for roi in data.StructureSetROISequence if roi.ROIName == "GTV"]
    item.ROIName = name
    for seen in data.RTROIObservationsSequence:
        if seen.ReferencedROINumber == item.ROINumber:
            seen.RTROIInterpretedType = kind
    data.save_as(path)
    words = ("dvh", folder, "--metric", "Mean", "--metric", "CI", "--as", "eqd2", "--json")
    rows = structures_of(rtvol(*words))
    assert "a/b 10 Gy" in rows[name]["dose"]["axis"]
    assert "a/b 3 Gy" in rows["Liver"]["dose"]["axis"]
    assert "by its name" in rows[name]["notes"]["target"]
    assert "prescription" in rows[name]["notes"]
    assert rows[name]["metrics"]["CI"] is not None
    assert rows["Liver"]["metrics"]["CI"] is None
    given = rtvol(*words, "--alpha-beta", "target=8", "--alpha-beta", "2")
    assert "a/b 8 Gy" in structures_of(given)[name]["dose"]["axis"]
    assert "a/b 2 Gy" in structures_of(given)["Liver"]["dose"]["axis"]


def test_homogeneity_is_of_targets(rtvol: Run, sample_dicom: Path) -> None:
    rows = structures_of(rtvol("dvh", sample_dicom / "patient1", "--metric", "HI", "--json"))
    assert rows["GTV"]["metrics"]["HI"] > 0
    assert rows["Liver"]["metrics"]["HI"] is None
    assert rows["Liver"]["notes"]["HI"] == "an ROI of type ORGAN is no target"
