"""What is written joins the study of its source, and says how names were changed."""

from __future__ import annotations

import contextlib
import csv
import dataclasses
import io
import json
from pathlib import Path
from typing import TYPE_CHECKING

from pydicom import dcmread

import field.kinds  # noqa: F401 - the kinds are registered there
from field.patient import roi_item
from field.register import member, members
from rtvol.cli import main
from rtvol.io import write_rtstruct
from rtvol.names.tg263 import check_names

if TYPE_CHECKING:
    from collections.abc import Callable

    import pytest
    from pydicom.dataset import Dataset

    from field.patient import Patient1
    from rtvol.case import Case
    from rtvol.io.write import WrittenSet

STUDY = {
    "StudyDate": "20250314",
    "StudyTime": "101112",
    "StudyID": "77",
    "AccessionNumber": "A-4711",
    "ReferringPhysicianName": "Who^Dr",
}
LESS = {"StudyDate": "20250314", "AccessionNumber": "A-4711"}

#: A structure set, and what it holds by reading it back.
SET = {"RS.rtvol.dcm", "RS.rtvol.certificate.json"}


def written(case: Case, path: Path) -> tuple[WrittenSet, Dataset]:
    rois = case.structures.rois
    done = write_rtstruct(path, case, rois, label="T", name="T", description="")
    return done, dcmread(path)


def in_the_set(p1: Patient1, values: dict[str, str]) -> None:
    rs = p1.read("RS.dcm")
    for name, value in values.items():
        setattr(rs, name, value)
    p1.write("RS.dcm", rs)


def in_the_images(p1: Patient1, values: dict[str, str]) -> None:
    in_the_set(p1, dict.fromkeys(values, ""))
    for name in p1.images:
        one = p1.read(name)
        for keyword, value in values.items():
            setattr(one, keyword, value)
        p1.write(name, one)


@members(
    "D1",
    {
        "all of it in the structure set": (in_the_set, STUDY),
        "a part of it in the structure set": (in_the_set, LESS),
        "in the images alone": (in_the_images, STUDY),
    },
)
def test_the_study_is_copied(p1: Patient1, tmp_path: Path, member: tuple) -> None:
    put, values = member
    put(p1, values)
    case = p1.case()
    _, out = written(case, tmp_path / "RS.dcm")
    source = p1.read("RS.dcm")
    assert out.StudyInstanceUID == source.StudyInstanceUID
    for name, value in values.items():
        assert str(out[name].value) == value


@member("D1", "a study of the images that is not that of the structure set")
def test_another_study_is_not_copied(p1: Patient1, tmp_path: Path) -> None:
    in_the_images(p1, STUDY)
    in_the_set(p1, {"StudyInstanceUID": "1.2.3.4"})
    _, out = written(p1.case(), tmp_path / "RS.dcm")
    assert out.StudyInstanceUID == "1.2.3.4"
    assert out.StudyDate == out.AccessionNumber == ""


@member("D1", "references without the images")
def test_references_of_the_source_are_kept(p1: Patient1, tmp_path: Path) -> None:
    for name in p1.images:
        (p1.folder / name).unlink()
    case = p1.case()
    assert case.ct is None
    done, out = written(case, tmp_path / "RS.dcm")
    source = p1.read("RS.dcm")
    assert [one.severity for one in done.findings if one.severity != "note"] == []
    frame, theirs = (d.ReferencedFrameOfReferenceSequence[0] for d in (out, source))
    series, wanted = (
        f.RTReferencedStudySequence[0].RTReferencedSeriesSequence[0] for f in (frame, theirs)
    )
    assert series.SeriesInstanceUID == wanted.SeriesInstanceUID
    assert len(series.ContourImageSequence) == len(wanted.ContourImageSequence) == 47

    def images(data: Dataset) -> list[tuple[float, str]]:
        return sorted(
            (
                round(float(contour.ContourData[2]), 2),
                str(contour.ContourImageSequence[0].ReferencedSOPInstanceUID),
            )
            for roi in data.ROIContourSequence
            for contour in roi.ContourSequence
        )

    assert set(images(out)) == set(images(source))


@members(
    "D2",
    {
        "words too long": ("GTV liver segment VII", "GTV_live_seg_VII"),
        "a number that must stay": ("PTV_liver_segment_VIII^clip", "PTV_VIII^clip"),
        "letters of another script": ("Кишечник тонкий левый", "Кишечник_тон_лев"),
        "a blank": ("GTV 1", "GTV_1"),
    },
)
def test_a_changed_name_is_said(p1: Patient1, tmp_path: Path, member: tuple[str, str]) -> None:
    name, short = member
    case = p1.case()
    roi = dataclasses.replace(case.structures.rois[0], name=name)
    done = write_rtstruct(
        tmp_path / "RS.dcm", case, [roi], label="T", name="T", description="", now=None
    )
    (finding,) = done.findings
    assert (finding.code, finding.severity) == ("roi-renamed", "note")
    assert f'"{name}" as {short}' in finding.seen
    assert dcmread(tmp_path / "RS.dcm").StructureSetROISequence[0].ROIName == short


@member("D2", "names that differ in their case alone")
def test_names_are_unique_whatever_their_case(p1: Patient1, tmp_path: Path) -> None:
    case = p1.case()
    rois = [dataclasses.replace(case.structures.rois[0], name=n) for n in ("GTV", "gtv", "Gtv")]
    done = write_rtstruct(
        tmp_path / "RS.dcm", case, rois, label="T", name="T", description="", now=None
    )
    names = [one.ROIName for one in dcmread(tmp_path / "RS.dcm").StructureSetROISequence]
    assert names == ["GTV", "gtv_2", "Gtv_3"]
    assert '"gtv" as gtv_2, "Gtv" as Gtv_3' in done.findings[0].seen


def expand_of(p1: Patient1, out: Path, *words: str) -> tuple[dict, str]:
    command = ["expand", str(p1.folder), "--ctv", "2", "--ptv", "4", "-o", str(out), *words]
    said = io.StringIO()
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(io.StringIO()):
        assert main(command) == 0
    (case,) = json.loads((out / "result.json").read_text())["cases"]
    return case, said.getvalue()


@member("D2", "both names in the tables of `rtvol expand`")
def test_the_tables_say_which_is_which(p1: Patient1, tmp_path: Path) -> None:
    rs = p1.read("RS.dcm")
    roi_item(rs, "GTV").ROIName = "GTV liver segment VII"
    p1.write("RS.dcm", rs)
    out = tmp_path / "out"
    case, _ = expand_of(p1, out, "--write", "rtstruct,nifti,csv")
    written = [one.ROIName for one in dcmread(out / "p1" / "RS.rtvol.dcm").StructureSetROISequence]
    assert [row["written_name"] for row in case["structures"]] == written
    assert case["structures"][0]["name"] == "GTV liver segment VII"
    assert written[0] == "GTV_live_seg_VII"
    files = {path.name for path in (out / "p1" / "masks").iterdir()}
    assert {row["mask_name"] for row in case["structures"]} == files
    with (out / "structures.csv").open(encoding="utf-8", newline="") as table:
        assert [row["written_name"] for row in csv.DictReader(table)] == written


def without_images(p1: Patient1) -> None:
    for name in p1.images:
        (p1.folder / name).unlink()


def with_a_gap(p1: Patient1) -> None:
    (p1.folder / p1.images[2]).unlink()


def whole(p1: Patient1) -> None:
    """Leave it as it is."""


@members(
    "D3",
    {
        "without images": (without_images, False),
        "a series with a gap": (with_a_gap, False),
        "a whole series": (whole, True),
    },
)
def test_only_what_is_there_is_called_written(
    p1: Patient1, tmp_path: Path, member: tuple[Callable[[Patient1], None], bool]
) -> None:
    spoil, has_masks = member
    spoil(p1)
    case, said = expand_of(p1, tmp_path / "out", "--write", "nifti,csv")
    paths = [line.removeprefix("wrote ") for line in said.splitlines() if line[:6] == "wrote "]
    assert paths
    assert all(Path(path).exists() for path in paths)
    assert any(path.endswith("masks") for path in paths) == has_masks
    codes = {one["code"] for one in case["findings"]}
    assert ("masks-not-written" in codes) != has_masks


def call(p1: Patient1, out: Path, *words: str) -> int:
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        return main(["expand", str(p1.folder), "--ctv", "2", "--ptv", "4", "-o", str(out), *words])


def left(out: Path) -> set[str]:
    return {path.name for path in out.rglob("*") if path.is_file()}


@members(
    "C6",
    {"a GTV that is not there": ("--gtv", "Nowhere"), "an organ that is not": ("--avoid", "No:3")},
)
def test_nothing_of_an_all_rejected_call_stays(
    p1: Patient1, tmp_path: Path, member: tuple[str, str]
) -> None:
    out = tmp_path / "out"
    assert call(p1, out, *member) == 1
    assert not out.exists()
    assert call(p1, out) == 0
    assert left(out) == {*SET, "structures.csv", "result.json", "curves.json.gz"}
    assert call(p1, out) == 4
    assert call(p1, out, *member, "--overwrite") == 1
    assert left(out) == set()


@member("C6", "a call that is stopped before its tables are written")
def test_a_stopped_call_does_not_block_the_next(
    p1: Patient1, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from rtvol.verbs import output

    def stop(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    out = tmp_path / "out"
    with monkeypatch.context() as patched:
        patched.setattr(output, "write_summaries", stop)
        assert call(p1, out) == 130
    assert left(out) == {*SET, ".rtvol-unfinished"}
    assert call(p1, out) == 0
    assert left(out) == {*SET, "structures.csv", "result.json", "curves.json.gz"}


@members(
    "D4",
    {
        "`PTV_mod`": ("--policy", "modified_ptv", "--avoid", "Duodenum:3"),
        "`PTV^clip`": ("--avoid", "Duodenum:3"),
        "a PRV": ("--prv", "BileDuct_Common:2"),
    },
)
def test_names_made_from_sound_names_pass_the_check(
    p1: Patient1, tmp_path: Path, member: tuple[str, ...]
) -> None:
    rs = p1.read("RS.dcm")
    roi_item(rs, "GTV").ROIName = "GTV_Adrenal_Left"
    roi_item(rs, "Kidney_L").ROIName = "BileDuct_Common"
    p1.write("RS.dcm", rs)
    case, _ = expand_of(p1, tmp_path / "out", *member)
    for row in case["structures"]:
        for name in {row["name"], row.get("written_name", row["name"])}:
            assert check_names([name])[0].faults == (), name
