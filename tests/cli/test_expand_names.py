"""Targets bear the names that were asked for, in every output; names that break TG-263 are said."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pydicom
import pytest

from rtvol.names.tg263 import check_names

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Run = Callable[..., Any]

GROW = ("--ctv", "2", "--ptv", "4")


def names_written(path: Path) -> list[str]:
    return [item.ROIName for item in pydicom.dcmread(path).StructureSetROISequence]


def test_targets_are_called_as_asked(rtvol: Run, exports: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    words = (
        "--avoid",
        "Duodenum:1",
        "--name",
        "ctv=CTV_1,ptv=PTV_4800",
        "--name",
        "ptv_clip=PTV^x",
    )
    run = rtvol("expand", exports, *GROW, *words, "-o", out, "--json")
    assert run.code == 0
    (case,) = json.loads(run.out)["cases"]
    assert [row["name"] for row in case["structures"]][:4] == ["GTV", "CTV_1", "PTV_4800", "PTV^x"]
    said = [one for one in case["findings"] if one["code"] == "name-not-tg263"]
    assert [one["where"] for one in said] == ['"CTV_1"']  # an index stands without underscore: CTV1
    assert names_written(out / "good" / "RS.rtvol.dcm") == ["GTV", "CTV_1", "PTV_4800", "PTV^x"]


def test_of_several_lesions_the_later_ones_are_numbered(
    rtvol: Run, sample_dicom: Path, tmp_path: Path
) -> None:
    words = (
        "expand",
        sample_dicom / "patient2",
        *GROW,
        "--name",
        "ptv=PTV_48Gy",
        "--dry-run",
        "--json",
    )
    (case,) = json.loads(rtvol(*words).out)["cases"]
    assert [row["name"] for row in case["structures"] if row["role"] == "ptv"] == [
        "PTV_48Gy",
        "PTV_48Gy_2",
    ]


@pytest.mark.parametrize("words", ["ptv", "ptv=", "gtv=G", "PTV_48Gy"])
def test_a_name_for_nothing_is_refused(words: str, rtvol: Run, exports: Path) -> None:
    run = rtvol("expand", exports, *GROW, "--dry-run", "--name", words)
    assert run.code == 2
    assert "--name ctv=CTV_1,ptv=PTV_48Gy" in run.err


def test_targets_join_the_set_they_were_made_from(
    rtvol: Run, sample_dicom: Path, tmp_path: Path
) -> None:
    patient, out = sample_dicom / "patient1", tmp_path / "out"
    run = rtvol("expand", patient, *GROW, "--into", "same", "-o", out, "--json")
    assert run.code == 0
    source = pydicom.dcmread(next(patient.glob("RS*.dcm")))
    path = out / "patient1" / "RS.rtvol.dcm"
    written = pydicom.dcmread(path)
    old = [item.ROIName for item in source.StructureSetROISequence]
    assert [item.ROIName for item in written.StructureSetROISequence] == [*old, "CTV", "PTV"]
    assert written.SOPInstanceUID != source.SOPInstanceUID
    assert written.SeriesInstanceUID != source.SeriesInstanceUID
    numbers = [item.ROINumber for item in written.StructureSetROISequence]
    assert len(set(numbers)) == len(numbers)
    for name in ("ROIContourSequence", "RTROIObservationsSequence"):
        kept = [item.to_json() for item in written[name].value[: len(old)]]
        assert kept == [item.to_json() for item in source[name].value]
    for before, after in zip(source.ROIContourSequence, written.ROIContourSequence, strict=False):
        for one, same in zip(before.ContourSequence, after.ContourSequence, strict=True):
            assert one.get_item("ContourData").value == same.get_item("ContourData").value
    rows = {row["name"]: row for row in json.loads(run.out)["cases"][0]["structures"]}
    assert {name: rows[name]["written_name"] for name in ("GTV", "CTV", "PTV")} == {
        name: name for name in ("GTV", "CTV", "PTV")
    }
    again = rtvol("dvh", patient, path, "--roi", "Liver-GTV", "--roi", "PTV", "--json")
    first = rtvol("dvh", patient, "--roi", "Liver-GTV", "--json")
    (liver,) = json.loads(first.out)["cases"][0]["structures"]
    found = {row["name"]: row for row in json.loads(again.out)["cases"][0]["structures"]}
    assert found["Liver-GTV"]["metrics"] == liver["metrics"]
    assert found["PTV"]["volume_cc"] == pytest.approx(rows["PTV"]["written_volume_cc"], rel=1e-5)


def test_a_name_written_by_default_that_breaks_tg263_is_noted(
    rtvol: Run, exports: Path, tmp_path: Path
) -> None:
    (path,) = (exports / "good").glob("RS*.dcm")
    data = pydicom.dcmread(path)
    (gtv,) = [one for one in data.StructureSetROISequence if one.ROIName == "GTV"]
    gtv.ROIName = "tumor leber links"
    data.save_as(path)
    out = tmp_path / "out"
    run = rtvol("expand", exports, *GROW, "-o", out, "--json")
    assert run.code == 0
    (case,) = json.loads(run.out)["cases"]
    written = names_written(out / "good" / "RS.rtvol.dcm")
    assert all(len(name) <= 16 and " " not in name for name in written)
    said = [one["where"] for one in case["notes"] if one["code"] == "name-not-tg263"]
    assert set(said) == {
        f'"{row["written_name"]}"'
        for row in case["structures"]
        if row["role"] != "gtv" and check_names([row["written_name"]])[0].faults
    }
