"""`rtvol compare` as a user types it: two sets, two names, maps, batches, and what is refused."""

from __future__ import annotations

import csv
import json
import shutil
from typing import TYPE_CHECKING, Any

import pydicom
import pytest

import rtvol as api

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Run = Callable[..., Any]


def moved(source: Path, target: Path, by_mm: float, *, only: str = "", frame: str = "") -> Path:
    """The same set with contours shifted towards the left; one that is `only` named, or all."""
    ds = pydicom.dcmread(source)
    names = {int(item.ROINumber): str(item.ROIName) for item in ds.StructureSetROISequence}
    for item in ds.ROIContourSequence:
        if only and names[int(item.ReferencedROINumber)] != only:
            continue
        for contour in item.ContourSequence:
            points = [float(value) for value in contour.ContourData]
            points[::3] = [x + by_mm for x in points[::3]]
            contour.ContourData = [round(value, 3) for value in points]
    ds.SOPInstanceUID = pydicom.uid.generate_uid()
    ds.file_meta.MediaStorageSOPInstanceUID = ds.SOPInstanceUID
    ds.StructureSetLabel = target.stem[:16]
    if frame:
        ds.FrameOfReferenceUID = frame
        for item in ds.StructureSetROISequence:
            item.ReferencedFrameOfReferenceUID = frame
        for item in ds.ReferencedFrameOfReferenceSequence:
            item.FrameOfReferenceUID = frame
    ds.save_as(target)
    return target


@pytest.fixture
def sets(tiny_patient: Path, tmp_path: Path) -> tuple[Path, Path]:
    """Two structure sets of one scan in one folder: the second has its GTV 2 mm to the left."""
    folder = tmp_path / "case"
    shutil.copytree(tiny_patient, folder)
    (source,) = folder.glob("RS*.dcm")
    return source, moved(source, folder / "RS.second.dcm", 2.0, only="GTV")


def test_two_files_of_one_folder(rtvol: Run, sets: tuple[Path, Path]) -> None:
    done = rtvol("compare", *sets, "--json", "--tolerance", 1, "--tolerance", 3)
    assert done.code == 0, done.err
    document = json.loads(done.out)
    assert document["schema"] == "rtvol/compare@1"
    (case,) = document["cases"]
    by_name = {row["a"]: row for row in case["pairs"]}
    assert set(by_name) == {"Liver", "GTV", "Duodenum"}
    same = by_name["Liver"]
    assert (same["dice"], same["hausdorff_mm"], same["added_path_mm"]) == (1.0, 0.0, 0.0)
    gtv = by_name["GTV"]
    assert gtv["shift_left_mm"] == pytest.approx(2.0, abs=0.01)
    assert gtv["hausdorff_mm"] == pytest.approx(2.0, abs=0.05)
    assert gtv["surface_dice_3mm"] == 1.0
    assert 0.4 < gtv["surface_dice_1mm"] < 0.6  # |cos| < 1/2 of a sphere is half of it
    assert sum(plane["added_mm"] for plane in gtv["planes"]) == pytest.approx(gtv["added_path_mm"])
    # the images of the folder say that no slice is missing, and nothing else is noticed
    assert case["findings"] == []


def test_table_csv_and_python_say_the_same(
    rtvol: Run,
    sets: tuple[Path, Path],
    tmp_path: Path,
) -> None:
    file = tmp_path / "agreement.csv"
    done = rtvol("compare", *sets, "--roi", "GTV", "-o", file)
    assert done.code == 0, done.err
    assert "L 2.00" in done.out
    with file.open() as stream:
        (row,) = csv.DictReader(stream)
    found = api.compare(sets[0], sets[1], rois="GTV")["GTV"]
    assert found.shift_mm[0] == pytest.approx(float(row["shift_left_mm"]), abs=1e-6)
    assert found.dice == pytest.approx(float(row["dice"]), abs=1e-6)
    assert (row["a"], row["b"], row["solid"]) == ("GTV", "GTV", "loft")
    assert float(row["shift_left_mm"]) == pytest.approx(2.0, abs=0.01)
    again = rtvol("compare", *sets, "--roi", "GTV", "-o", file)
    assert again.code == 4


def test_two_names_of_one_case(rtvol: Run, tiny_patient: Path, tmp_path: Path) -> None:
    names = tmp_path / "names.toml"
    names.write_text('"GTV" = "Duodenum"\n"Liver-GTV" = "Liver"\n', encoding="utf-8")
    done = rtvol("compare", tiny_patient, "--map", names, "--json")
    assert done.code == 0, done.err
    rows = {row["a"]: row for row in json.loads(done.out)["cases"][0]["pairs"]}
    # a GTV of 7 mm at (14, 0, 0) and a duodenum of 4 mm at (14, 13, 0): 2 mm apart
    assert rows["GTV"]["dice"] == 0.0
    assert rows["GTV"]["shift_posterior_mm"] == pytest.approx(13, abs=0.05)
    assert rows["GTV"]["hausdorff_mm"] == pytest.approx(16.0, abs=0.2)
    assert 0.9 < rows["Liver-GTV"]["dice"] < 1.0
    found = api.compare(tiny_patient, pairs={"GTV": "Duodenum"})
    assert found["GTV"].shift_mm[1] == pytest.approx(rows["GTV"]["shift_posterior_mm"])
    assert repr(found) == "Comparison(Dice: GTV 0.000)"


def test_a_cohort_by_name_and_by_frame(rtvol: Run, sets: tuple[Path, Path], tmp_path: Path) -> None:
    for side, by in (("a", 0.0), ("b", 1.0)):
        for case in ("one", "two"):
            folder = tmp_path / side / case
            folder.mkdir(parents=True)
            frame = pydicom.uid.generate_uid(entropy_srcs=[case])
            moved(sets[0], folder / "RS.dcm", by, frame=frame)
    (tmp_path / "b" / "two").rename(tmp_path / "b" / "renamed")
    done = rtvol("compare", tmp_path / "a", tmp_path / "b", "--roi", "GTV", "--json")
    assert done.code == 0, done.err
    document = json.loads(done.out)
    assert {(one["case"], one["other"]) for one in document["cases"]} == {
        ("one", "one"),
        ("two", "renamed"),
    }
    shift = next(one for one in document["summary"] if one["figure"] == "shift_left_mm")
    assert (shift["cases"], shift["a"]) == (2, "GTV")
    assert shift["median"] == pytest.approx(1.0, abs=0.01)
    shutil.rmtree(tmp_path / "b" / "renamed")
    lonely = rtvol("compare", tmp_path / "a", tmp_path / "b", "--roi", "GTV")
    # one case is left on either side, yet one and two are not one case
    assert lonely.code == 1
    assert "compare-no-partner" in lonely.out


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        ((), 2, "one path, and no pair"),
        (("--pair", "GTV"), 2, "bad-pair"),
        (("--pair", "GTV:"), 2, "bad-pair"),
        (("--pair", "GVT:Liver"), 1, 'did you mean "GTV"'),
        (("--pair", "*:Liver"), 1, "roi-ambiguous"),
        (("--pair", "GTV:Liver", "--tolerance", -1), 2, "a length from 0 mm"),
        (("--pair", "GTV:Liver", "--roi", "GTV"), 2, "leave out --roi"),
        (("--pair", "GTV:Liver", "--caps", "some"), 2, "bad-caps"),
        (("--map", "nowhere.csv"), 3, "unreadable-file"),
    ],
)
def test_what_cannot_be_meant(
    rtvol: Run,
    tiny_patient: Path,
    words: tuple[object, ...],
    code: int,
    says: str,
) -> None:
    done = rtvol("compare", tiny_patient, *words)
    assert done.code == code
    assert says in done.err + done.out


def test_another_frame_is_refused_and_nothing_is_written(
    rtvol: Run,
    sets: tuple[Path, Path],
    tmp_path: Path,
) -> None:
    apart = tmp_path / "apart"
    apart.mkdir()
    other = moved(sets[0], apart / "RS.dcm", 0.0, frame=pydicom.uid.generate_uid())
    done = rtvol("compare", sets[0], other, "--json")
    assert done.code == 1
    (case,) = json.loads(done.out)["cases"]
    assert (case["status"], case["pairs"]) == ("reject", [])
    assert case["findings"][-1]["code"] == "frame-mismatch"


def test_names_without_partner_are_listed(rtvol: Run, sets: tuple[Path, Path]) -> None:
    ds = pydicom.dcmread(sets[1])
    for item in ds.StructureSetROISequence:
        item.ROIName = {"Liver": "Hepar"}.get(str(item.ROIName), str(item.ROIName))
        if item.ROIName == "Duodenum":
            number = item.ROINumber
    ds.ROIContourSequence = [
        one for one in ds.ROIContourSequence if one.ReferencedROINumber != number
    ]
    ds.save_as(sets[1])
    done = rtvol("compare", *sets, "--json")
    assert done.code == 0, done.err
    (case,) = json.loads(done.out)["cases"]
    rows = {row["a"]: row for row in case["pairs"]}
    assert set(rows) == {"GTV", "Duodenum"}
    assert "roi-empty" in rows["Duodenum"]["note"]
    assert "dice" not in rows["Duodenum"]
    unpaired = next(one for one in case["findings"] if one["code"] == "compare-unpaired")
    assert unpaired["seen"] == "only in A: Liver; only in B: Hepar"
