"""Images of messy exports: which series, which phase, and what one bad image costs."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING

import pytest
from pydicom.uid import generate_uid

import field.kinds  # noqa: F401 - the kinds are registered there
from field.patient import Patient1, codes_of, contours_of, roi_item
from field.register import member, members
from rtvol.errors import CaseRejected, status_of
from rtvol.io import read_case

if TYPE_CHECKING:
    from collections.abc import Callable

    from pydicom.dataset import Dataset

    Spoil = Callable[[Patient1], None]


def new_uid(*words: object) -> str:
    return str(generate_uid(entropy_srcs=[str(word) for word in words]))


def copies(p1: Patient1, what: str, change: Callable[[Dataset], None]) -> list[str]:
    """Add a changed copy of every image; returns their SOP Instance UIDs."""
    uids = []
    for name in [name for name in p1.images if name.count(".") == 2]:
        one = copy.deepcopy(p1.read(name))
        one.SOPInstanceUID = new_uid(what, one.SOPInstanceUID)
        one.file_meta.MediaStorageSOPInstanceUID = one.SOPInstanceUID
        change(one)
        p1.write(name.replace(".dcm", f".{what}.dcm"), one)
        uids.append(str(one.SOPInstanceUID))
    return uids


def second_series(p1: Patient1, what: str = "second", modality: str = "CT") -> str:
    """Add a series at the same places, listed by the structure set before the first one."""
    series = new_uid(what, "series")

    def change(one: Dataset) -> None:
        one.SeriesInstanceUID, one.Modality = series, modality
        if modality == "MR":
            one.SOPClassUID = "1.2.840.10008.5.1.4.1.1.4"

    copies(p1, what, change)
    rs = p1.read("RS.dcm")
    frame = rs.ReferencedFrameOfReferenceSequence[0]
    listed = frame.RTReferencedStudySequence[0].RTReferencedSeriesSequence
    other = copy.deepcopy(listed[-1])
    other.SeriesInstanceUID = series
    del other.ContourImageSequence
    listed.insert(0, other)
    p1.write("RS.dcm", rs)
    return series


def contrast_phase(p1: Patient1) -> None:
    second_series(p1)


def two_more(p1: Patient1) -> None:
    second_series(p1)
    second_series(p1, "third")


def registered_mr(p1: Patient1) -> None:
    second_series(p1, "mr", "MR")


@members(
    "B4",
    {
        "a second CT at the same places": contrast_phase,
        "two more of them": two_more,
        "an MR of the frame": registered_mr,
    },
)
def test_the_series_contours_refer_to_is_used(p1: Patient1, member: Spoil) -> None:
    before = p1.case()
    assert before.ct is not None
    member(p1)
    case = p1.case()
    assert case.ct is not None
    assert case.ct.series_uid == before.ct.series_uid
    assert len(case.images) > 1
    assert status_of(case.findings) == "accept"


def phases(tag: str, *, referred: bool = True) -> Spoil:
    """Make three phases of the one series; contours refer to the first."""

    def spoil(p1: Patient1) -> None:
        for number in (2, 3):
            copies(p1, f"phase{number}", lambda one, n=number: setattr(one, tag, n))
        for name in [name for name in p1.images if name.count(".") == 2]:
            one = p1.read(name)
            setattr(one, tag, 1)
            p1.write(name, one)
        if not referred:
            rs = p1.read("RS.dcm")
            for drawn in rs.ROIContourSequence:
                for contour in drawn.ContourSequence:
                    del contour.ContourImageSequence
            p1.write("RS.dcm", rs)

    return spoil


def unmarked(p1: Patient1) -> None:
    """Two phases that nothing but the references tells apart."""
    copies(p1, "other", lambda one: setattr(one, "InstanceNumber", 999))


@members(
    "B5",
    {
        "three, told apart by AcquisitionNumber": phases("AcquisitionNumber"),
        "three, told apart by TemporalPositionIdentifier": phases("TemporalPositionIdentifier"),
        "two, told apart by the references alone": unmarked,
    },
)
def test_the_phase_contours_refer_to_is_used(p1: Patient1, member: Spoil) -> None:
    before = p1.case()
    member(p1)
    case = p1.case()
    assert case.ct is not None
    assert before.ct is not None
    assert {one.sop_uid for one in case.ct.slices} == {one.sop_uid for one in before.ct.slices}
    assert codes_of(case) == ["ct-duplicate-position"]
    assert len(case.unused) == len(p1.images) - 47


@member("B5", "three, without references")
def test_phases_without_references_are_refused_in_true_words(p1: Patient1) -> None:
    phases("AcquisitionNumber", referred=False)(p1)
    with pytest.raises(CaseRejected) as error:
        p1.case()
    finding = error.value.finding
    assert finding.code == "ct-duplicate-position"
    assert finding.seen.startswith("141 of 141 slices lie where others lie too; no contour says")
    assert "series of their own" in finding.mend


def no_frame_in_rs(p1: Patient1) -> None:
    rs = p1.read("RS.dcm")
    del rs.ReferencedFrameOfReferenceSequence
    if "FrameOfReferenceUID" in rs:
        del rs.FrameOfReferenceUID
    for item in rs.StructureSetROISequence:
        del item.ReferencedFrameOfReferenceUID
    p1.write("RS.dcm", rs)


def no_frame_in_rois(p1: Patient1) -> None:
    rs = p1.read("RS.dcm")
    for item in rs.StructureSetROISequence:
        item.ReferencedFrameOfReferenceUID = ""
    rs.FrameOfReferenceUID = ""
    rs.ReferencedFrameOfReferenceSequence[0].FrameOfReferenceUID = ""
    p1.write("RS.dcm", rs)


def no_frame_in_ct(p1: Patient1) -> None:
    for name in p1.images:
        one = p1.read(name)
        del one.FrameOfReferenceUID
        p1.write(name, one)


@members(
    "B6",
    {
        "in the structure set, at all levels": (no_frame_in_rs, 1),
        "empty in the structure set": (no_frame_in_rois, 1),
        "in the images": (no_frame_in_ct, 1),
    },
)
def test_a_missing_frame_is_taken_to_be_that_of_the_images(
    p1: Patient1, member: tuple[Spoil, int]
) -> None:
    spoil, doses = member
    spoil(p1)
    case = p1.case()
    assert codes_of(case) == ["frame-missing"]
    assert case.ct is not None
    assert case.ct.grid.shape[0] == 47
    assert len(case.doses) == doses


@member("B6", "no frame and no reference at all")
def test_without_any_reference_the_sentence_is_true(p1: Patient1) -> None:
    no_frame_in_rs(p1)
    rs = p1.read("RS.dcm")
    for drawn in rs.ROIContourSequence:
        for contour in drawn.ContourSequence:
            del contour.ContourImageSequence
    p1.write("RS.dcm", rs)
    files = p1.files()
    assert files.rejection is not None
    assert files.rejection.code == "frame-missing"
    assert "names no frame of reference and none of the images" in files.rejection.seen


def without_id(pattern: str, name: str = "") -> Spoil:
    def spoil(p1: Patient1) -> None:
        for path in sorted(p1.folder.glob(pattern)):
            one = p1.read(path.name)
            one.PatientID = ""
            if name:
                one.PatientName, one.PatientBirthDate = name, "19000101"
            p1.write(path.name, one)

    return spoil


@members(
    "B7",
    {
        "in the images": without_id("CT.*.dcm"),
        "in the dose": without_id("RD.dcm"),
        "in the plan": without_id("RP.dcm"),
    },
)
def test_a_missing_patient_id_is_said(p1: Patient1, member: Spoil) -> None:
    member(p1)
    case = p1.case()
    assert codes_of(case) == ["patient-id-missing"]
    assert case.ct is not None
    assert len(case.doses) == 1
    assert case.plan is not None


@members(
    "B7",
    {
        "in the images, which name another patient": (without_id("CT.*.dcm", "Else^Some"), "CT"),
        "in the dose, which names another patient": (without_id("RD.dcm", "Else^Some"), "RTDOSE"),
    },
)
def test_another_patient_without_id_is_another_patient(
    p1: Patient1, member: tuple[Spoil, str]
) -> None:
    spoil, where = member
    spoil(p1)
    try:
        finding = next(one for one in p1.case().findings if one.code == "patient-mismatch")
    except CaseRejected as error:
        finding = error.finding
    assert finding.code == "patient-mismatch"
    assert finding.where.startswith(where)


def derived(p1: Patient1) -> None:
    one = p1.read("CT.001.dcm")
    one.SOPInstanceUID = new_uid("derived")
    one.ImageType = ["DERIVED", "SECONDARY"]
    del one.ImagePositionPatient, one.ImageOrientationPatient
    p1.write("MIP.dcm", one)


def screenshot(p1: Patient1) -> None:
    one = p1.read("CT.001.dcm")
    one.SOPInstanceUID = new_uid("screenshot")
    one.Rows, one.Columns = 4, 6
    one.PixelData = bytes(4 * 6 * 2)
    p1.write("SHOT.dcm", one)


def cut_header(p1: Patient1) -> None:
    data = (p1.folder / "CT.001.dcm").read_bytes()
    (p1.folder / "CUT.dcm").write_bytes(data[: data.index(b"\x20\x00\x32\x00DS") + 4])


def cut_pixels(p1: Patient1) -> None:
    data = (p1.folder / "CT.024.dcm").read_bytes()
    (p1.folder / "CT.024.dcm").unlink()
    (p1.folder / "CT.024.dcm").write_bytes(data[:-100])


def another_frame(p1: Patient1) -> None:
    one = p1.read("CT.001.dcm")
    one.SOPInstanceUID, one.FrameOfReferenceUID = new_uid("frame"), "1.2.3"
    one.ImagePositionPatient[2] = float(one.ImagePositionPatient[2]) - 500.0
    p1.write("MOVED.dcm", one)


@members(
    "B13",
    {
        "a derived image without position": (derived, "ct-no-position", "MIP.dcm"),
        "a screenshot of another size": (screenshot, "ct-inconsistent", "SHOT.dcm"),
        "an image of another frame": (another_frame, "frame-mismatch", "MOVED.dcm"),
        "an image cut in its header": (cut_header, "truncated-file", "CUT.dcm"),
        "an image cut in its pixels": (cut_pixels, "truncated-pixels", "CT.024.dcm"),
    },
)
def test_one_bad_image_costs_itself_only(p1: Patient1, member: tuple[Spoil, str, str]) -> None:
    spoil, code, name = member
    spoil(p1)
    case = p1.case()
    assert codes_of(case) == [code]
    (finding,) = case.findings
    assert name in finding.where + finding.seen
    assert case.ct is not None
    assert case.ct.grid.shape[0] == 47


def beyond_the_scan(p1: Patient1) -> str:
    for name in p1.images[-8:]:
        (p1.folder / name).unlink()
    return "beyond the images"


def shifted(p1: Patient1) -> str:
    for name in p1.images[10:20]:
        one = p1.read(name)
        one.ImagePositionPatient[0] = float(one.ImagePositionPatient[0]) + 0.6
        p1.write(name, one)
    return "upright slices lie up to 0.6 mm beside one another"


def one_shifted(p1: Patient1) -> str:
    one = p1.read(p1.images[20])
    one.ImagePositionPatient[0] = float(one.ImagePositionPatient[0]) + 0.6
    p1.write(p1.images[20], one)
    return (
        "1 of 47 images: they lie 0.6 mm beside the others, across the stack; not used (CT.021.dcm)"
    )


def ultrasound(p1: Patient1) -> str:
    for name in p1.images:
        one = p1.read(name)
        one.SOPClassUID, one.Modality = "1.2.840.10008.5.1.4.1.1.3.1", "US"
        p1.write(name, one)
    return "here, but of a kind that is not read: 47 US files"


@members(
    "C13a",
    {
        "contours beyond the last slice": beyond_the_scan,
        "a part of the slices shifted by 0.6 mm": shifted,
        "one slice shifted by 0.6 mm": one_shifted,
        "images of ultrasound": ultrasound,
    },
)
def test_what_is_odd_about_images_is_called_what_it_is(
    p1: Patient1, member: Callable[[Patient1], str]
) -> None:
    said = member(p1)
    try:
        findings = read_case(p1.files()).findings
    except CaseRejected as error:
        findings = (error.finding,)
    words = " ".join(f"{one.seen} {one.mend}" for one in findings)
    assert said in words
    for untrue in ("tilt", "no image series", "refers to images that are not here"):
        assert untrue not in words
    assert member is one_shifted or "between the slices" not in words


@member("C13a", "contours that lie between slices, still")
def test_contours_between_slices_are_still_said(p1: Patient1) -> None:
    rs = p1.read("RS.dcm")
    assert roi_item(rs, "Kidney_L")
    for contour in contours_of(rs, "Kidney_L").ContourSequence:
        points = [float(v) for v in contour.ContourData]
        points[2::3] = [z + 1.2 for z in points[2::3]]
        contour.ContourData = points
        del contour.ContourImageSequence
    p1.write("RS.dcm", rs)
    assert "contour-off-plane" in codes_of(p1.case())
