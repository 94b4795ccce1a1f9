"""GTVs of phases joined: the union, its motion, and what cannot be joined."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING, Any

import numpy as np
import pydicom
import pytest

from rtvol.cli import main
from rtvol.cli.warmup import write_tiny_patient

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def moved(folder: Path, name: str, label: str, shift_mm: tuple[float, float, float]) -> None:
    """Write the structure set of a folder once more, its GTV moved: another phase."""
    data = pydicom.dcmread(folder / "RS.dcm")
    number = next(one.ROINumber for one in data.StructureSetROISequence if one.ROIName == "GTV")
    (item,) = (one for one in data.ROIContourSequence if one.ReferencedROINumber == number)
    for contour in item.ContourSequence:
        points = np.array(contour.ContourData, float).reshape(-1, 3) + shift_mm
        contour.ContourData = [f"{value:.4f}" for value in points.ravel()]
        del contour.ContourImageSequence
    data.StructureSetLabel = label
    data.SOPInstanceUID = pydicom.uid.generate_uid(entropy_srcs=[label])
    data.file_meta.MediaStorageSOPInstanceUID = data.SOPInstanceUID
    data.save_as(folder / name)


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("phases") / "patient"
    folder.mkdir()
    write_tiny_patient(folder)
    return folder


@pytest.fixture
def patient(tiny: Path, tmp_path: Path) -> Path:
    return shutil.copytree(tiny, tmp_path / "patient")


@pytest.fixture
def told(capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, dict[str, Any]]]:
    def run(*words: object) -> tuple[int, dict[str, Any]]:
        code = main([*map(str, words), "--dry-run", "--json"])
        cases = json.loads(capsys.readouterr().out)["cases"]
        return code, {case["case"]: case for case in cases}

    return run


GROW = ("--itv", "GTV*", "--ctv", "0", "--ptv", "3")


def made_of(cases: dict[str, Any]) -> dict[str, Any]:
    (case,) = (one for one in cases.values() if one["structures"])
    return case


def test_phases_of_several_sets_are_joined(
    patient: Path, told: Callable[..., tuple[int, dict[str, Any]]]
) -> None:
    _, alone = told("expand", patient, "--ctv", "0", "--ptv", "3")
    moved(patient, "RS2.dcm", "phase 30", (0.0, 0.0, 0.0))
    moved(patient, "RS3.dcm", "phase 50", (2.0, -1.0, 0.0))
    code, cases = told("expand", patient, *GROW)
    case = made_of(cases)
    assert (code, len(cases)) == (0, 3)
    others = [one for one in cases.values() if one is not case]
    assert [one["notes"][-1]["code"] for one in others] == ["itv-joined"] * 2
    gtv = next(row for row in case["structures"] if row["role"] == "gtv")
    motion = gtv["motion_mm"]
    assert gtv["name"] == "IGTV"
    assert motion["centroid_left"] == pytest.approx(2.0, abs=0.01)
    assert motion["centroid_anterior"] == pytest.approx(1.0, abs=0.01)
    assert motion["extent_left"] == pytest.approx(2.0, abs=0.01)
    assert motion["centroid_right"] == motion["extent_right"] == pytest.approx(0.0, abs=1e-6)
    assert "phase 50" in gtv["notes"]["motion"]
    one_cc = made_of(alone)["structures"][0]["volume_cc"]
    assert one_cc < gtv["volume_cc"] < 2 * one_cc
    ptv = next(row for row in case["structures"] if row["role"] == "ptv")
    assert ptv["volume_cc"] > gtv["volume_cc"]


def test_phases_of_one_set_are_joined(
    patient: Path, told: Callable[..., tuple[int, dict[str, Any]]], tmp_path: Path
) -> None:
    code, cases = told("expand", patient, *GROW)
    assert code == 1
    assert next(iter(cases.values()))["findings"][-1]["code"] == "itv-one-phase"
    moved(patient, "moved.dcm", "x", (3.0, 0.0, 0.0))
    data, other = (pydicom.dcmread(patient / name) for name in ("RS.dcm", "moved.dcm"))
    number = next(i.ROINumber for i in other.StructureSetROISequence if i.ROIName == "GTV")
    (patient / "moved.dcm").unlink()
    for sequence in ("StructureSetROISequence", "ROIContourSequence", "RTROIObservationsSequence"):
        key = "ROINumber" if sequence == "StructureSetROISequence" else "ReferencedROINumber"
        (item,) = (i for i in other[sequence].value if i[key].value == number)
        item[key].value = 77
        if sequence == "StructureSetROISequence":
            item.ROIName = "GTV_50"
        if sequence == "RTROIObservationsSequence":
            item.ObservationNumber = 77
        data[sequence].value.append(item)
    data.save_as(patient / "RS.dcm")
    code, cases = told("expand", patient, *GROW)
    gtv = made_of(cases)["structures"][0]
    assert gtv["motion_mm"]["centroid_left"] == pytest.approx(3.0, abs=0.01)
    recipe = tmp_path / "r.toml"
    recipe.write_text(
        'schema = "rtvol/recipe@1"\n[targets.CTV]\nitv = "GTV*"\nmargin_mm = 0\n'
        "[targets.PTV]\nmargin_mm = 3\n"
    )
    assert main(["run", str(recipe), str(patient), "-o", str(tmp_path / "out"), "--quiet"]) == 0
    (record,) = (tmp_path / "out").rglob("record.json")
    (row, *_) = json.loads(record.read_text())["result"]["structures"]
    assert row["motion_mm"] == gtv["motion_mm"]
    assert row["volume_cc"] == pytest.approx(gtv["volume_cc"])


RECIPE = """schema = "rtvol/recipe@1"
[targets.CTV]
itv = "GTV*"
margin_mm = 0
[targets.PTV]
margin_mm = 3
"""


def test_a_run_joins_the_sets_of_a_patient(
    patient: Path, told: Callable[..., tuple[int, dict[str, Any]]], tmp_path: Path
) -> None:
    """As `expand --itv` does: one result of all phases, done anew when one of them changes."""
    moved(patient, "RS2.dcm", "phase 30", (0.0, 0.0, 1.5))
    moved(patient, "RS3.dcm", "phase 50", (2.0, -1.0, 0.0))
    gtv = made_of(told("expand", patient, *GROW)[1])["structures"][0]
    recipe, out = tmp_path / "r.toml", tmp_path / "out"
    recipe.write_text(RECIPE)

    def run() -> dict[str, Any]:
        assert main(["run", str(recipe), str(patient), "-o", str(out), "--quiet"]) == 0
        (record,) = (out / "cases").rglob("record.json")
        row: dict[str, Any] = json.loads(record.read_text())["result"]["structures"][0]
        return row

    row = run()
    assert row["name"] == "IGTV"
    assert row["motion_mm"] == gtv["motion_mm"]
    assert row["motion_mm"]["centroid_superior"] == pytest.approx(1.5, abs=0.01)
    assert row["volume_cc"] == pytest.approx(gtv["volume_cc"])
    (patient / "RS3.dcm").unlink()
    moved(patient, "RS3.dcm", "phase 50", (5.0, -1.0, 0.0))
    assert run()["motion_mm"]["centroid_left"] == pytest.approx(5.0, abs=0.01)


@pytest.mark.parametrize("verb", ["expand", "run"])
def test_a_phase_on_tilted_planes_is_not_joined(
    verb: str, patient: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    moved(patient, "RS2.dcm", "tilted", (0.0, 0.0, 0.0))
    data = pydicom.dcmread(patient / "RS2.dcm")
    turn = np.radians(12.0)
    for item in data.ROIContourSequence:
        for contour in item.ContourSequence:
            x, y, z = np.array(contour.ContourData, float).reshape(-1, 3).T
            tilted = x, y * np.cos(turn) - z * np.sin(turn), y * np.sin(turn) + z * np.cos(turn)
            contour.ContourData = [f"{mm:.5f}" for mm in np.stack(tilted, axis=1).ravel()]
            if "ContourImageSequence" in contour:
                del contour.ContourImageSequence
    data.save_as(patient / "RS2.dcm")
    out = tmp_path / "out"
    if verb == "expand":
        code = main(["expand", str(patient), *GROW, "-o", str(out)])
    else:
        recipe = tmp_path / "r.toml"
        recipe.write_text(RECIPE)
        code = main(["run", str(recipe), str(patient), "-o", str(out)])
    assert code == 1
    assert "[itv-tilts-differ]" in capsys.readouterr().err
    assert not list(out.rglob("*.dcm"))


def test_sets_of_other_frames_are_not_joined(
    patient: Path, told: Callable[..., tuple[int, dict[str, Any]]]
) -> None:
    other = shutil.copytree(patient, patient.parent / "other")
    for path in other.glob("*.dcm"):
        data = pydicom.dcmread(path)
        for element in data.iterall():
            if element.VR == "UI" and element.value and "Class" not in element.keyword:
                element.value = pydicom.uid.generate_uid(entropy_srcs=[str(element.value), "b"])
        data.file_meta.MediaStorageSOPInstanceUID = data.SOPInstanceUID
        data.save_as(path)
    code, cases = told("expand", patient, other, *GROW)
    codes = {one["findings"][-1]["code"] for one in cases.values() if one["status"] == "reject"}
    assert (code, codes) == (1, {"itv-frames-differ"})


def test_expressions_are_grown_and_cut(
    patient: Path, told: Callable[..., tuple[int, dict[str, Any]]]
) -> None:
    """An organ that is an expression cuts what its structure, drawn, would cut."""
    words = ("expand", patient, "--ctv", "2", "--ptv", "6")
    _, plain = told(*words, "--avoid", "Duodenum:2")
    _, grown = told(*words, "--avoid", "Duodenum + 2")
    (one_cc, other_cc) = (
        next(row["volume_cc"] for row in made_of(cases)["structures"] if row["role"] == "ptv_clip")
        for cases in (plain, grown)
    )
    assert other_cc == pytest.approx(one_cc, rel=0.01)
    _, bigger = told("expand", patient, "--gtv", "GTV + 2", "--ctv", "0", "--ptv", "6")
    ptv = [made_of(one)["structures"][2]["volume_cc"] for one in (plain, bigger)]
    assert ptv[1] == pytest.approx(ptv[0], rel=0.02)
    code, cases = told(*words, "--avoid", "GTV - Liver")
    assert (code, next(iter(cases.values()))["findings"][-1]["code"]) == (1, "nothing-left")
