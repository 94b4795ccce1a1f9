"""What is written joins the study of its source, and says how names were changed."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from pydicom import dcmread

import field.kinds  # noqa: F401 - the kinds are registered there
from field.register import member, members
from rtvol.io import write_rtstruct

if TYPE_CHECKING:
    from pathlib import Path

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
