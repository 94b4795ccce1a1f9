"""RTSTRUCT: every contour used or accounted for, in every transfer syntax, cut or whole."""

from __future__ import annotations

import io
import warnings
from typing import TYPE_CHECKING

import numpy as np
import pydicom
import pytest
from pydicom.dataelem import DataElement
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
)

from naive import export
from rtvol.errors import CaseRejected
from rtvol.io import elements, read_structures, tags

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pydicom.dataset import Dataset

    from rtvol.structures import StructureSet

SYNTAXES = pytest.mark.parametrize(
    "syntax",
    [
        ExplicitVRLittleEndian,
        ImplicitVRLittleEndian,
        ExplicitVRBigEndian,
        DeflatedExplicitVRLittleEndian,
    ],
    ids=["explicit", "implicit", "big", "deflated"],
)


def read(dataset: Dataset, folder: Path, syntax: str = ExplicitVRLittleEndian) -> StructureSet:
    return read_structures(export.save(dataset, folder / "rs.dcm", syntax)).structures


def codes(dataset: Dataset, folder: Path) -> dict[str, str]:
    found = read_structures(export.save(dataset, folder / "rs.dcm"))
    return {finding.code: finding.where for finding in found.findings}


def refused(dataset: Dataset, folder: Path) -> tuple[str, str]:
    with pytest.raises(CaseRejected) as error:
        read_structures(export.save(dataset, folder / "rs.dcm"))
    return error.value.finding.code, error.value.finding.where


def why(dataset: Dataset, folder: Path, at: int = 0) -> tuple[str, str]:
    """Code and place of the refusal of one region."""
    refusal = read(dataset, folder).rois[at].refusal
    assert refusal is not None
    return refusal.code, refusal.where


def everything(rs: StructureSet) -> list[object]:
    return [
        (
            roi.name,
            roi.number,
            roi.kind,
            roi.colour,
            roi.stored_volume_cc,
            [(c.z_mm, c.image_uid, c.xy_mm.tolist()) for c in roi.contours],
        )
        for roi in rs.rois
    ]


def test_fields_and_contours_are_those_written(tmp_path: Path) -> None:
    dataset = export.structure_set()
    dataset.StructureSetROISequence[0].ROIVolume = "12.5"
    dataset.StructureSetROISequence[0].ROIDescription = "by hand"
    rs = read(dataset, tmp_path)
    assert (rs.label, rs.sop_uid) == ("PLAN", f"{export.ROOT}.5")
    assert (rs.frame_uid, rs.series_uids) == (export.FRAME, (export.SERIES,))
    gtv, liver = rs.rois
    assert (gtv.name, gtv.number, gtv.kind, gtv.colour) == ("GTV", 1, "GTV", (255, 1, 0))
    assert (gtv.stored_volume_cc, gtv.description) == (12.5, "by hand")
    assert (liver.kind, liver.stored_volume_cc) == ("ORGAN", None)
    assert gtv.planes_mm.tolist() == [7.5, 10.0, 12.5, 15.0]
    assert gtv.contours[0].xy_mm.tolist() == [[-5, -5], [5, -5], [5, 5], [-5, 5]]
    assert gtv.contours[0].image_uid == f"{export.ROOT}.4.0.2"
    assert [c.area_mm2 for c in liver.contours] == [256.0] * 6


@SYNTAXES
@pytest.mark.parametrize("endless", [False, True], ids=["lengths", "delimiters"])
def test_every_encoding_reads_the_same(tmp_path: Path, syntax: str, endless: bool) -> None:
    dataset = export.structure_set()
    expected = everything(read(export.structure_set(), tmp_path))
    if endless:
        dataset = export.undefined_lengths(dataset)
    assert everything(read(dataset, tmp_path, syntax)) == expected


@pytest.mark.parametrize("endless", [False, True])
@pytest.mark.parametrize("implicit", [False, True])
def test_a_bare_data_set_reads_the_same(tmp_path: Path, endless: bool, implicit: bool) -> None:
    expected = everything(read(export.structure_set(), tmp_path))
    dataset = export.structure_set()
    if endless:
        export.undefined_lengths(dataset)
    bare = tmp_path / "bare"
    dataset.save_as(bare, implicit_vr=implicit, little_endian=True)
    assert everything(read_structures(bare).structures) == expected
    bare.write_bytes(bare.read_bytes() + bytes(37))  # zeros behind the data set
    assert everything(read_structures(bare).structures) == expected


@pytest.mark.parametrize(
    ("charset", "name"),
    [
        (None, "GTV"),
        ("ISO_IR 100", "Tumör"),
        ("ISO_IR 192", "肝臓 Ł"),
        ("ISO_IR 144", "Печень"),
        (["", "ISO 2022 IR 87"], "肝臓"),
    ],
)
def test_names_are_exact_in_their_character_set(tmp_path: Path, charset: object, name: str) -> None:
    dataset = export.structure_set({name: export.ball()})
    if charset is not None:
        dataset.SpecificCharacterSet = charset
    assert read(dataset, tmp_path).names == (name,)


@SYNTAXES
@pytest.mark.parametrize("endless", [False, True], ids=["lengths", "delimiters"])
def test_a_file_cut_anywhere_is_refused(tmp_path: Path, syntax: str, endless: bool) -> None:
    dataset = export.structure_set()
    if endless:
        export.undefined_lengths(dataset)
    whole = export.save(dataset, tmp_path / "whole", syntax).read_bytes()
    observed = everything(read_structures(tmp_path / "whole").structures)
    path = tmp_path / "cut"
    accepted, refusals = [], set()
    for stop in range(0, len(whole) - 1, 11):  # the last byte may be padding
        path.write_bytes(whole[:stop])
        try:
            found = read_structures(path)
        except CaseRejected as error:
            refusals.add(error.finding.code)
            continue
        accepted.append(stop)
        without_kinds = [roi[:2] + roi[3:] for roi in everything(found.structures)]
        assert without_kinds == [roi[:2] + roi[3:] for roi in observed]
        assert "no-observations" in {finding.code for finding in found.findings}
    assert refusals <= {"truncated-file", "no-rois"}
    assert len(accepted) <= 1  # between two elements of the data set itself


def test_cut_between_two_contours_of_a_file_with_delimiters(tmp_path: Path) -> None:
    dataset = export.undefined_lengths(export.structure_set())
    whole = export.save(dataset, tmp_path / "whole").read_bytes()
    at = whole.rindex(b"\xfe\xff\x00\xe0", 0, whole.rindex(b"CLOSED_PLANAR"))
    (tmp_path / "cut").write_bytes(whole[:at])
    with pytest.raises(CaseRejected, match="truncated-file"):
        read_structures(tmp_path / "cut")


def test_a_flipped_byte_never_reads_as_something_else_without_a_word(tmp_path: Path) -> None:
    dataset = export.structure_set({"GTV": export.ball(range(2))})
    path = export.save(dataset, tmp_path / "rs.dcm", ImplicitVRLittleEndian)
    whole = bytearray(path.read_bytes())
    volume = [[c.area_mm2 for c in roi.contours] for roi in read_structures(path).structures.rois]
    starts = [whole.index(b"\x06\x30\x39\x00"), whole.index(b"\x06\x30\x80\x00")]
    for at in range(starts[0], starts[1]):
        if chr(whole[at]) in "0123456789.-+eE\\ " or whole[at : at + 1].isalpha():
            continue  # a changed digit or letter of a value cannot be noticed
        broken = bytearray(whole)
        broken[at] ^= 0x04
        path.write_bytes(broken)
        try:
            found = read_structures(path)
        except CaseRejected:
            continue
        areas = [[c.area_mm2 for c in roi.contours] for roi in found.structures.rois]
        assert areas == volume or found.findings, at


def test_a_ring_closed_by_its_first_point_is_the_same_ring(tmp_path: Path) -> None:
    points = export.square(10.0)
    rois = {"A": [export.contour(points)], "B": [export.contour([*points, *points[:3]])]}
    a, b = read(export.structure_set(rois), tmp_path).rois
    assert a.contours[0].xy_mm.tolist() == b.contours[0].xy_mm.tolist()


@pytest.mark.filterwarnings("ignore:The value length")  # one spelling met is a letter too long
@pytest.mark.parametrize("kind", ["CLOSED_PLANAR", "CLOSEDPLANAR_XOR", "CLOSED_PLANAR_XOR"])
def test_closed_kinds_are_used(tmp_path: Path, kind: str) -> None:
    rois = {"GTV": [export.contour(export.square(10.0), kind=kind)]}
    assert len(read(export.structure_set(rois), tmp_path).rois[0].contours) == 1


@pytest.mark.parametrize("kind", ["POINT", "OPEN_PLANAR", "OPEN_NONPLANAR"])
def test_open_kinds_are_named_and_not_used(tmp_path: Path, kind: str) -> None:
    odd = export.contour(export.square(10.0), kind=kind)
    rois = {"GTV": [export.contour(export.square(7.5)), odd]}
    dataset = export.structure_set(rois)
    assert codes(dataset, tmp_path) == {"roi-not-closed": 'ROI "GTV", contour 2'}
    assert len(read(dataset, tmp_path).rois[0].contours) == 1


@pytest.mark.parametrize(
    "points",
    [[0.0, 0, 10], [0.0, 0, 10, 5, 5, 10], [0.0, 0, 10, 1, 1, 10, 3, 3, 10], [1.0, 2, 3] * 5],
    ids=["point", "two", "line", "same"],
)
def test_contours_without_area_are_named_and_not_used(tmp_path: Path, points: list[float]) -> None:
    dataset = export.structure_set({"GTV": [*export.ball(), export.contour(points)]})
    assert codes(dataset, tmp_path) == {"contour-degenerate": 'ROI "GTV", contour 5'}
    assert len(read(dataset, tmp_path).rois[0].contours) == 4


def raw_contour_data(dataset: Dataset, text: bytes) -> Dataset:
    """Replace the first contour's numbers by any text, as no honest writer would."""
    first = dataset.ROIContourSequence[0].ContourSequence[0]
    buffer = io.BytesIO()
    dataset.file_meta = pydicom.dataset.FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    del first.ContourData
    first.add_new(0x30060050, "OB", text + b" " * (len(text) % 2))
    dataset.save_as(buffer, enforce_file_format=True)
    buffer.seek(0)
    return pydicom.dcmread(buffer)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (b"1\\2\\3\\nan\\2\\3\\1\\5\\3", "bad-number"),
        (b"1\\2\\3\\9e999\\2\\3\\1\\5\\3", "bad-number"),
        (b"1\\2\\3\\ \\2\\3\\1\\5\\3", "bad-number"),
        (b"1\\2\\3\\4\\2\\3\\1\\5", "contour-not-triples"),
        (b"", "contour-not-triples"),
        (b"1\\2\\3\\4\\2\\3\\1\\5\\3", "contour-points-mismatch"),  # 3 points, 4 declared
    ],
)
def test_numbers_that_are_none_are_refused(tmp_path: Path, text: bytes, code: str) -> None:
    dataset = raw_contour_data(export.structure_set(), text)
    gtv, liver = read(dataset, tmp_path).rois
    assert (gtv.is_empty, liver.refusal, len(liver.contours)) == (True, None, 6)
    assert why(dataset, tmp_path) == (code, 'ROI "GTV", contour 1')


def test_a_contour_across_planes_is_refused(tmp_path: Path) -> None:
    points = export.square(10.0)
    points[2] += 3.0
    dataset = export.structure_set({"GTV": [export.contour(points)]})
    assert why(dataset, tmp_path) == ("contour-not-planar", 'ROI "GTV", contour 1')
    points[2] = 10.02  # noise of a printed rotation
    dataset = export.structure_set({"GTV": [export.contour(points)]})
    assert read(dataset, tmp_path).rois[0].contours[0].z_mm == 10.0


def test_numbers_of_rois(tmp_path: Path) -> None:
    twice = export.structure_set()
    twice.StructureSetROISequence[1].ROINumber = 1
    assert why(twice, tmp_path) == ("roi-number-duplicate", 'ROI "GTV"')
    assert all(roi.is_empty for roi in read(twice, tmp_path).rois)
    lost = export.structure_set()
    lost.ROIContourSequence[0].ReferencedROINumber = 99
    found = codes(lost, tmp_path)
    assert found == {"roi-number-mismatch": "ROI number 99", "roi-empty": "RTSTRUCT"}
    assert read(lost, tmp_path).rois[0].is_empty
    nothing = export.structure_set({})
    assert refused(nothing, tmp_path)[0] == "no-rois"


def test_names_twice_and_no_contours(tmp_path: Path) -> None:
    dataset = export.structure_set({"GTV": export.ball(), "Boost": [], "Couch": export.ball()})
    dataset.StructureSetROISequence[2].ROIName = "GTV"
    assert codes(dataset, tmp_path) == {"roi-name-duplicate": 'ROI "GTV"', "roi-empty": "RTSTRUCT"}
    assert [len(roi.contours) for roi in read(dataset, tmp_path).rois] == [4, 0, 4]


def test_an_roi_of_another_frame_is_not_used(tmp_path: Path) -> None:
    dataset = export.structure_set({"A": export.ball(), "B": export.ball(), "C": export.ball()})
    dataset.StructureSetROISequence[1].ReferencedFrameOfReferenceUID = f"{export.ROOT}.77"
    assert codes(dataset, tmp_path) == {"frame-mismatch": 'ROI "B"'}
    assert [len(roi.contours) for roi in read(dataset, tmp_path).rois] == [4, 0, 4]


def test_control_characters_of_a_name_stay_out_of_messages(tmp_path: Path) -> None:
    dataset = export.structure_set({"x\n2030-01-01 all well\x1b[2J": []})
    found = read_structures(export.save(dataset, tmp_path / "rs.dcm"))
    assert all(finding.seen.isprintable() for finding in found.findings)


def test_deflation_has_a_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    dataset = export.structure_set()
    dataset.add_new(0x30070010, "LO", "PRIVATE")
    dataset.add_new(0x30071001, "OB", bytes(1 << 20))
    path = export.deflate(dataset, tmp_path / "rs.dcm")
    assert read_structures(path).structures.names == ("GTV", "Liver")
    monkeypatch.setattr(elements, "INFLATE_LIMIT", 1 << 19)
    with pytest.raises(CaseRejected, match="inflate-limit"):
        read_structures(path)


def test_nesting_has_a_limit(tmp_path: Path) -> None:
    sequence = b"\x40\x00\x75\xa3SQ\0\0\xff\xff\xff\xff" + b"\xfe\xff\x00\xe0\xff\xff\xff\xff"
    start = b"\x08\x00\x60\x00CS\x08\x00RTSTRUCT"
    source = elements.parse(start + sequence * 5000, into=tags.STRUCTURES)
    assert source.fault is not None
    assert source.fault.finding.code == "bad-encoding"


REAL: list[Callable[[Path], Path]] = [
    lambda data: data / "dicompyler-example" / "rtss.dcm",
    lambda data: next((data / "eclipse-prostate").glob("RS*.dcm")),
    lambda data: data / "4dlung" / "ct" / "100.dcm",
    lambda data: data / "nelms2015" / "structures" / "Sphere_10_0.dcm",
]


@pytest.mark.parametrize("place", REAL, ids=["dicompyler", "eclipse", "4dlung", "nelms"])
def test_real_contours_are_those_pydicom_reads(
    shared_data: Path, place: Callable[[Path], Path]
) -> None:
    path = place(shared_data)
    rois = {roi.number: roi for roi in read_structures(path).structures.rois}
    dataset = pydicom.dcmread(path)
    assert list(rois) == [int(roi.ROINumber) for roi in dataset.StructureSetROISequence]
    for one in dataset.ROIContourSequence:
        closed = [
            np.array(c.ContourData, float).reshape(-1, 3)
            for c in one.get("ContourSequence") or []
            if c.ContourGeometricType == "CLOSED_PLANAR"
        ]
        contours = rois[int(one.ReferencedROINumber)].contours
        assert len(contours) == len(closed)
        for contour, points in zip(contours, closed, strict=True):
            assert np.array_equal(contour.xy_mm, points[:, :2])
            assert contour.z_mm == points[0, 2]


@pytest.mark.parametrize("colour", ["255\\1\\256", "1\\2", "1\\2\\-3", "1\\2\\" + "9" * 5000, ""])
def test_a_colour_that_is_none_is_left_out(tmp_path: Path, colour: str) -> None:
    dataset = export.structure_set()
    with warnings.catch_warnings(action="ignore"):  # pydicom's, of what it is given to write
        element = DataElement(tags.ROI_DISPLAY_COLOR, "LO", colour)
        dataset.ROIContourSequence[0]["ROIDisplayColor"] = element
        path = export.save(dataset, tmp_path / "rs.dcm")
    gtv, _ = read_structures(path).structures.rois
    assert gtv.colour is None
