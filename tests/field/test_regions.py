"""One bad region costs itself only."""

from __future__ import annotations

import copy
import json
from typing import TYPE_CHECKING

import pytest
from pydicom import config, dcmread
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset
from pydicom.tag import Tag

import field.kinds  # noqa: F401 - the kinds are registered there
from field.patient import SOURCE, Patient1, codes_of, contours_of, observation_of, roi_item
from field.register import member, members
from rtvol.errors import CaseRejected, status_of
from rtvol.names.find import find_roi

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Spoil = Callable[[Dataset], None]


def kidney(rs: Dataset) -> Dataset:
    return contours_of(rs, "Kidney_L").ContourSequence[0]


def no_points(rs: Dataset) -> None:
    one = Dataset()
    one.ContourGeometricType, one.NumberOfContourPoints = "CLOSED_PLANAR", 0
    one.ContourData = []
    contours_of(rs, "Kidney_L").ContourSequence.append(one)


def no_data(rs: Dataset) -> None:
    del kidney(rs).ContourData


def not_a_number(rs: Dataset) -> None:
    one = kidney(rs)
    words = [str(value) for value in one.ContourData]
    words[4] = "NaN"
    tag = Tag("ContourData")
    one[tag] = DataElement(tag, "DS", words, validation_mode=config.IGNORE, already_converted=True)


def sagittal(rs: Dataset) -> None:
    one = kidney(rs)
    points = [float(value) for value in one.ContourData]
    one.ContourData = [v for x, y, z in zip(*[iter(points)] * 3, strict=True) for v in (z, x, y)]


def off_plane(rs: Dataset) -> None:
    one = kidney(rs)
    points = [float(value) for value in one.ContourData]
    one.ContourData = [v + 3 * (k % 3 == 2 and k % 4 < 2) for k, v in enumerate(points)]


def one_value_short(rs: Dataset) -> None:
    one = kidney(rs)
    one.ContourData = list(one.ContourData)[:-1]


def points_declared(rs: Dataset) -> None:
    kidney(rs).NumberOfContourPoints = 7


def number_shared(rs: Dataset) -> None:
    other = copy.deepcopy(roi_item(rs, "Kidney_L"))
    other.ROIName = "Spleen"
    rs.StructureSetROISequence.append(other)


def number_missing(rs: Dataset) -> None:
    del roi_item(rs, "Kidney_L").ROINumber


def another_frame(rs: Dataset) -> None:
    roi_item(rs, "Kidney_L").ReferencedFrameOfReferenceUID = "1.2.3"


@members(
    "B2",
    {
        "an item of no points": (no_points, "contour-not-triples"),
        "an item without ContourData": (no_data, "contour-not-triples"),
        "NaN as a coordinate": (not_a_number, "bad-number"),
        "a sagittal contour among axial ones": (sagittal, "contour-planes-mixed"),
        "points that lie off their plane": (off_plane, "contour-not-planar"),
        "a contour that lacks a value": (one_value_short, "contour-not-triples"),
        "a wrong number of points": (points_declared, "contour-points-mismatch"),
        "an ROI number used twice": (number_shared, "roi-number-duplicate"),
        "an ROI without a number": (number_missing, "roi-number-duplicate"),
        "an ROI of another frame of reference": (another_frame, "frame-mismatch"),
    },
)
def test_one_bad_region_is_refused_by_name(p1: Patient1, member: tuple[Spoil, str]) -> None:
    spoil, code = member
    sound = p1.case().structures
    rs = p1.read("RS.dcm")
    spoil(rs)
    p1.write("RS.dcm", rs)
    case = p1.case()
    assert status_of(case.findings) == "warn"
    places = {one.where.split(",")[0] for one in case.findings if one.code == code}
    assert places in ({'ROI "Kidney_L"'}, {'ROI "Kidney_L"', 'ROI "Spleen"'})
    with pytest.raises(CaseRejected) as error:
        find_roi(case.structures, "Kidney_L")
    assert error.value.finding.code == code
    for before in sound.rois:
        if before.name != "Kidney_L":
            after = find_roi(case.structures, before.name)
            assert [c.area_mm2 for c in after.contours] == [c.area_mm2 for c in before.contours]


def test_many_bad_regions_are_named_in_one_finding(p1: Patient1) -> None:
    rs = p1.read("RS.dcm")
    for name in ("Spleen", "Lung_L", "Lung_R"):
        as_point(rs, name, "ORGAN")
    without_contours(rs)
    for drawn in rs.ROIContourSequence:
        if "ContourSequence" not in drawn:
            continue
        drawn.ContourSequence[0].NumberOfContourPoints = 7
    p1.write("RS.dcm", rs)
    (finding,) = [one for one in p1.case().findings if one.code == "contour-points-mismatch"]
    assert finding.seen.startswith("11 of 12 ROIs are not used: GTV")
    assert "and 3 more; the first, at ROI" in finding.seen


def as_point(rs: Dataset, name: str, kind: str) -> None:
    """Add an ROI that is one point."""
    number = 90 + len(rs.StructureSetROISequence)
    named = copy.deepcopy(roi_item(rs, "Kidney_L"))
    named.ROINumber, named.ROIName = number, name
    drawn = copy.deepcopy(contours_of(rs, "Kidney_L"))
    drawn.ReferencedROINumber = number
    one = drawn.ContourSequence[0]
    one.ContourGeometricType, one.NumberOfContourPoints = "POINT", 1
    one.ContourData = list(one.ContourData)[:3]
    drawn.ContourSequence = [one]
    observed = copy.deepcopy(observation_of(rs, "Kidney_L"))
    observed.ReferencedROINumber, observed.RTROIInterpretedType = number, kind
    rs.StructureSetROISequence.append(named)
    rs.ROIContourSequence.append(drawn)
    rs.RTROIObservationsSequence.append(observed)


def points(*pairs: tuple[str, str]) -> Spoil:
    def spoil(rs: Dataset) -> None:
        for name, kind in pairs:
            as_point(rs, name, kind)

    return spoil


def without_contours(rs: Dataset) -> None:
    del contours_of(rs, "Kidney_L").ContourSequence


@members(
    "C11",
    {
        "an isocentre and markers": (
            points(("ISO", "ISOCENTER"), ("M1", "MARKER"), ("M2", "MARKER")),
            {},
            "accept",
        ),
        "reference points of no type": (
            points(("REF1", ""), ("REF2", "ORGAN")),
            {"roi-not-closed": "2 ROIs are points, without a volume: REF1, REF2"},
            "accept",
        ),
        "an organ of a template that nobody drew": (
            without_contours,
            {"roi-empty": "1 of 9 ROIs have no contour: Kidney_L"},
            "accept",
        ),
        "a GTV that is a point": (
            points(("GTV 9", "GTV")),
            {"roi-not-closed": "its only contour is not closed: POINT; this ROI is not used"},
            "warn",
        ),
    },
)
def test_points_and_templates_do_not_make_a_warning(
    p1: Patient1, member: tuple[Spoil, dict[str, str], str]
) -> None:
    spoil, said, status = member
    assert p1.case().findings == ()
    rs = p1.read("RS.dcm")
    spoil(rs)
    p1.write("RS.dcm", rs)
    case = p1.case()
    assert {one.code: one.seen for one in case.findings} == said
    assert status_of(case.findings) == status


@member("C11", "both of them, through `rtvol expand`")
def test_an_export_with_points_is_accepted_by_expand(
    p1: Patient1, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from rtvol.cli import main

    rs = p1.read("RS.dcm")
    points(("ISO", "ISOCENTER"), ("REF1", ""))(rs)
    p1.write("RS.dcm", rs)
    words = ["expand", str(p1.folder), "--ctv", "2", "--ptv", "4", "--dry-run", "--json"]
    assert main(words) == 0
    (case,) = json.loads(capsys.readouterr().out)["cases"]
    assert (case["status"], case["findings"]) == ("accept", [])
    assert [(one["code"], one["severity"]) for one in case["notes"]] == [("roi-not-closed", "note")]
    assert codes_of(p1.case(), "warning") == []


@pytest.fixture
def p3(tmp_path: Path) -> Patient1:
    """Patient 3, whose liver has 15 holes on 33 planes."""
    return Patient1(tmp_path / "p3", SOURCE.parent / "patient3")


def holes_of(p3: Patient1) -> tuple[int, int, float | None]:
    from rtvol.verbs.inspect import inspect_case

    (liver,) = [roi for roi in inspect_case(p3.files()).rois if roi.name == "Liver"]
    return liver.planes, liver.holes, liver.volume_cc


@members("B12", {"0.03 mm": 0.03, "0.06 mm": 0.06, "0.09 mm": -0.09})
def test_rings_of_one_slice_are_on_one_plane(p3: Patient1, member: float) -> None:
    before = holes_of(p3)
    assert before[:2] == (33, 15)
    rs = p3.read("RS.dcm")
    seen = set()
    for contour in contours_of(rs, "Liver").ContourSequence:
        points = [float(v) for v in contour.ContourData]
        if points[2] in seen:
            contour.ContourData = [v + member * (k % 3 == 2) for k, v in enumerate(points)]
        seen.add(points[2])
    p3.write("RS.dcm", rs)
    after = holes_of(p3)
    assert after[:2] == (33, 15)
    assert after[2] == pytest.approx(before[2], rel=1e-3)


@member("C12", "every ring stored twice")
def test_rings_stored_twice_are_no_holes(p3: Patient1) -> None:
    rs = p3.read("RS.dcm")
    drawn = contours_of(rs, "Liver")
    drawn.ContourSequence.extend(copy.deepcopy(list(drawn.ContourSequence)))
    p3.write("RS.dcm", rs)
    assert holes_of(p3)[:2] == (33, 15)


@member("C12", "holes joined by keyholes")
def test_holes_of_keyholes_are_counted(p3: Patient1, tmp_path: Path) -> None:
    from rtvol.io import find, write_rtstruct

    case = p3.case()
    path = tmp_path / "RS.dcm"
    write_rtstruct(path, case, case.structures.rois, label="T", name="T", description="")
    assert len(contours_of(dcmread(path), "Liver").ContourSequence) == 33
    from rtvol.verbs.inspect import inspect_case

    (files,) = find([path]).cases
    (liver,) = [roi for roi in inspect_case(files).rois if roi.name == "Liver"]
    assert (liver.planes, liver.holes) == (33, 15)


@members("C12", {"an MR series": ("MR", "4"), "a PET series": ("PT", "128")})
def test_images_are_called_by_their_modality(
    p1: Patient1, member: tuple[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    from rtvol.cli import main

    for name in p1.images:
        one = p1.read(name)
        one.Modality, one.SOPClassUID = member[0], f"1.2.840.10008.5.1.4.1.1.{member[1]}"
        p1.write(name, one)
    assert main(["inspect", str(p1.folder)]) == 0
    head = capsys.readouterr().out.splitlines()[0]
    assert f"{member[0]} 96x" in head or f"  {member[0]} " in head
    assert "CT " not in head
