"""The RTSTRUCT we write: what it says, that it conforms, and that others read the same volumes."""

from __future__ import annotations

import dataclasses
import subprocess
from datetime import datetime
from typing import TYPE_CHECKING, Any

import numpy as np
import pydicom
import pytest
import SimpleITK as sitk
from pydicom.uid import UID, ExplicitVRLittleEndian, ImplicitVRLittleEndian

from naive.small_ct import ROOT, SmallCt, make_case, write_series
from rtvol.errors import CaseRejected, GeometryError, OutputRefused
from rtvol.io import write
from rtvol.io.rtstruct import read_structures
from rtvol.io.write import WrittenSet, write_rtstruct
from rtvol.structures import Contour, Roi

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import NDArray

    from rtvol.case import Case
    from rtvol.errors import Finding

NOW = datetime(2026, 1, 2, 3, 4, 5)
CT = SmallCt()
TEXTS = {"label": "rtvol CTV2 PTV4", "name": "rtvol expand 0.1.0", "description": "CTV 2 mm"}


def warnings_of(done: WrittenSet) -> list[Finding]:
    """What is said of a written set, but which names are written otherwise."""
    return [one for one in done.findings if one.severity != "note"]


def rectangle(x_mm: float, y_mm: float, half_x_mm: float, half_y_mm: float) -> NDArray[np.float64]:
    corners = np.array([[-1.0, -1.0], [1.0, -1.0], [1.0, 1.0], [-1.0, 1.0]])
    return corners * [half_x_mm, half_y_mm] + [x_mm, y_mm]


def circle(radius_mm: float, count: int = 720) -> NDArray[np.float64]:
    angle = np.arange(count) * 2 * np.pi / count
    return np.column_stack([np.cos(angle), np.sin(angle)]) * radius_mm


def prism(name: str, kind: str, *rings: NDArray[np.float64], planes: slice = slice(2, 7)) -> Roi:
    contours = tuple(Contour(ring, z) for z in CT.z_mm[planes] for ring in rings)
    return Roi(name, 7, kind, contours, description=f"{name} drawn by a test")


def save(path: Path, case: Case, *rois: Roi, **options: Any) -> WrittenSet:
    return write_rtstruct(path, case, rois, **(TEXTS | {"now": NOW} | options))


BOX = prism("GTV 1", "GTV", rectangle(5, -4, 20, 15))
RING = prism("Liver", "ORGAN", circle(40), circle(20))


@pytest.fixture
def written(tmp_path: Path) -> pydicom.Dataset:
    save(tmp_path / "RS.dcm", make_case(CT), BOX, RING)
    return pydicom.dcmread(tmp_path / "RS.dcm")


def test_what_it_says_of_itself(written: pydicom.Dataset) -> None:
    assert written.file_meta.TransferSyntaxUID == ExplicitVRLittleEndian
    assert written.preamble == b"\0" * 128
    assert (written.Modality, written.SeriesNumber) == ("RTSTRUCT", 901)
    assert (written.Manufacturer, written.ManufacturerModelName) == ("rtvol", "rtvol")
    assert written.SoftwareVersions
    assert written.StructureSetLabel == "rtvol CTV2 PTV4"
    assert written.StructureSetName == written.SeriesDescription == "rtvol expand 0.1.0"
    assert written.StructureSetDescription == "CTV 2 mm"
    assert (written.StructureSetDate, written.StructureSetTime) == ("20260102", "030405")
    assert written.ApprovalStatus == "UNAPPROVED"
    assert "ReviewerName" not in written


def test_whose_it_is(written: pydicom.Dataset) -> None:
    assert (written.PatientID, written.PatientName) == ("00123", "Phantom^One")
    assert (written.PatientBirthDate, written.PatientSex) == ("19500101", "O")
    assert written.StudyInstanceUID == f"{ROOT}.2"
    assert written.StudyDate == written.StudyTime == written.StudyID == ""
    assert UID(written.SeriesInstanceUID).is_valid
    assert written.SeriesInstanceUID not in (f"{ROOT}.3", written.SOPInstanceUID)


def test_what_it_refers_to(written: pydicom.Dataset) -> None:
    (frame,) = written.ReferencedFrameOfReferenceSequence
    assert written.FrameOfReferenceUID == frame.FrameOfReferenceUID == f"{ROOT}.1"
    assert "PositionReferenceIndicator" in written
    (study,) = frame.RTReferencedStudySequence
    assert study.ReferencedSOPInstanceUID == f"{ROOT}.2"
    (series,) = study.RTReferencedSeriesSequence
    assert series.SeriesInstanceUID == f"{ROOT}.3"
    images = [image.ReferencedSOPInstanceUID for image in series.ContourImageSequence]
    assert images == [f"{ROOT}.4.{k + 1}" for k in range(10)]
    (source,) = written.PredecessorStructureSetSequence
    assert source.ReferencedSOPInstanceUID == f"{ROOT}.5"


def test_regions(written: pydicom.Dataset) -> None:
    items = written.StructureSetROISequence
    assert [item.ROINumber for item in items] == [1, 2]
    assert [item.ROIName for item in items] == ["GTV_1", "Liver"]
    assert {item.ROIGenerationAlgorithm for item in items} == {"SEMIAUTOMATIC"}
    assert items[0].ROIGenerationDescription == "GTV 1 drawn by a test"
    assert {item.ReferencedFrameOfReferenceUID for item in items} == {f"{ROOT}.1"}
    kinds = [item.RTROIInterpretedType for item in written.RTROIObservationsSequence]
    assert kinds == ["GTV", "ORGAN"]
    assert [item.ReferencedROINumber for item in written.RTROIObservationsSequence] == [1, 2]
    assert {str(item.ROIInterpreter) for item in written.RTROIObservationsSequence} == {""}
    colours = [list(item.ROIDisplayColor) for item in written.ROIContourSequence]
    assert colours == [[255, 0, 0], [128, 128, 128]]


def test_contours(written: pydicom.Dataset) -> None:
    box, ring = written.ROIContourSequence
    assert [c.ContourNumber for c in box.ContourSequence] == [1, 2, 3, 4, 5]
    assert len(ring.ContourSequence) == 5  # each hole is part of its outer ring
    for k, contour in enumerate(box.ContourSequence, start=2):
        (image,) = contour.ContourImageSequence
        assert image.ReferencedSOPInstanceUID == f"{ROOT}.4.{k + 1}"
        assert contour.ContourGeometricType == "CLOSED_PLANAR"
        points = np.array(contour.ContourData, dtype=float).reshape(-1, 3)
        assert contour.NumberOfContourPoints == len(points) == 4
        np.testing.assert_array_equal(points[:, :2], rectangle(5, -4, 20, 15))
        assert set(points[:, 2]) == {CT.z_mm[k]}


def test_source_colour_and_type_are_kept_when_they_are_valid(tmp_path: Path) -> None:
    roi = dataclasses.replace(BOX, colour=(1, 2, 3), kind="not a type")
    save(tmp_path / "RS.dcm", make_case(CT), roi)
    dataset = pydicom.dcmread(tmp_path / "RS.dcm")
    assert list(dataset.ROIContourSequence[0].ROIDisplayColor) == [1, 2, 3]
    assert dataset.RTROIObservationsSequence[0].RTROIInterpretedType == ""


def test_long_texts_are_cut_and_changed_names_told(tmp_path: Path) -> None:
    roi = dataclasses.replace(BOX, description="d" * 100)
    done = save(
        tmp_path / "RS.dcm",
        make_case(CT),
        roi,
        RING,
        label="a label of more than sixteen",
        name="n" * 100,
        description="one\\two\n" + "x" * 2000,
    )
    dataset = pydicom.dcmread(tmp_path / "RS.dcm")
    assert dataset.StructureSetLabel == "a label of more"
    assert len(dataset.StructureSetName) == len(dataset.SeriesDescription) == 64
    assert len(dataset.StructureSetDescription) == 1024
    assert dataset.StructureSetDescription.startswith("one\\two\n")
    assert len(dataset.StructureSetROISequence[0].ROIGenerationDescription) == 64
    assert done.renamed == {"GTV 1": "GTV_1"}
    assert done.sop_uid == dataset.SOPInstanceUID


@pytest.mark.parametrize(
    ("name", "charset"),
    [("Müller^Änne", "ISO_IR 100"), ("山田^太郎", "ISO_IR 192")],
)
def test_identity_is_kept_in_any_script(tmp_path: Path, name: str, charset: str) -> None:
    case = make_case(CT, name=name, patient_id="x" * 80, birth_date="unknown", sex="?")
    save(tmp_path / "RS.dcm", case, dataclasses.replace(BOX, name="Tumör"))
    dataset = pydicom.dcmread(tmp_path / "RS.dcm")
    assert dataset.SpecificCharacterSet == charset
    assert dataset.PatientName == name
    assert dataset.StructureSetROISequence[0].ROIName == "Tumör"
    with pytest.warns(UserWarning, match="for VR"):  # what is not valid is kept, not mended
        kept = [dataset[tag].value for tag in ("PatientID", "PatientBirthDate", "PatientSex")]
    assert kept == ["x" * 80, "unknown", "?"]


def test_coordinates_are_short_clean_and_rounded_once(tmp_path: Path) -> None:
    ring = np.array([[-0.0001, 10], [0, 10], [0, 10.0004], [-123.45678, -1e-9], [7 / 3, -50]])
    roi = Roi("PTV", 1, "PTV", (Contour(ring, CT.z_mm[0]),))
    save(tmp_path / "RS.dcm", make_case(CT), roi)
    (contour,) = pydicom.dcmread(tmp_path / "RS.dcm").ROIContourSequence[0].ContourSequence
    raw = contour.get_item("ContourData").value
    assert raw == rb"0.000\10.000\-13.500\-123.457\0.000\-13.500\2.333\-50.000\-13.500 "
    assert len(raw) % 2 == 0
    assert contour.NumberOfContourPoints == 3


def test_rings_without_area_or_written_twice_are_told(tmp_path: Path) -> None:
    ring = rectangle(0, 0, 10, 10)
    turned = np.roll(ring[::-1], 1, axis=0)
    line = np.array([[0.0, 0.0], [5.0, 5.0], [9.0, 9.0]])
    dot = rectangle(0, 0, 1e-4, 1e-4)
    contours = tuple(Contour(xy, CT.z_mm[3]) for xy in (ring, line, turned, dot))
    done = save(tmp_path / "RS.dcm", make_case(CT), Roi("A\nB", 1, "", contours))
    assert [(f.code, f.where) for f in warnings_of(done)] == [
        ("contour-degenerate", 'ROI "A_B"'),
        ("contour-duplicate", 'ROI "A_B"'),
    ]
    assert warnings_of(done)[0].seen.startswith("2 contours")
    (item,) = pydicom.dcmread(tmp_path / "RS.dcm").ROIContourSequence
    assert len(item.ContourSequence) == 1


def test_empty_region_is_left_out_and_told(tmp_path: Path) -> None:
    done = save(tmp_path / "RS.dcm", make_case(CT), Roi("PTV^clip", 1, "PTV", ()), BOX)
    assert [finding.code for finding in warnings_of(done)] == ["roi-empty"]
    (item,) = pydicom.dcmread(tmp_path / "RS.dcm").StructureSetROISequence
    assert (item.ROIName, item.ROINumber) == ("GTV_1", 1)
    with pytest.raises(CaseRejected, match="roi-empty"):
        save(tmp_path / "RS2.dcm", make_case(CT), Roi("PTV^clip", 1, "PTV", ()))
    assert not (tmp_path / "RS2.dcm").exists()


def test_contour_between_slices_refers_to_none(tmp_path: Path) -> None:
    contours = (Contour(circle(9), CT.z_mm[1] + 0.05), Contour(circle(9), CT.z_mm[1] + 1.0))
    done = save(tmp_path / "RS.dcm", make_case(CT), Roi("GTV", 1, "GTV", contours))
    (finding,) = warnings_of(done)
    assert finding.code == "contour-off-plane"
    assert finding.seen.startswith("1 of 2 planes")
    near, off = pydicom.dcmread(tmp_path / "RS.dcm").ROIContourSequence[0].ContourSequence
    assert near.ContourImageSequence[0].ReferencedSOPInstanceUID == f"{ROOT}.4.2"
    assert "ContourImageSequence" not in off


def test_without_ct_the_frame_of_reference_stays(tmp_path: Path) -> None:
    case = dataclasses.replace(make_case(CT), ct=None, images=())
    done = save(tmp_path / "RS.dcm", case, BOX)
    dataset = pydicom.dcmread(tmp_path / "RS.dcm")
    (frame,) = dataset.ReferencedFrameOfReferenceSequence
    assert frame.FrameOfReferenceUID == dataset.FrameOfReferenceUID == f"{ROOT}.1"
    assert "RTReferencedStudySequence" not in frame
    assert "ContourImageSequence" not in dataset.ROIContourSequence[0].ContourSequence[0]
    assert warnings_of(done) == []


def test_contour_too_long_for_explicit_vr(tmp_path: Path) -> None:
    roi = Roi("BODY", 1, "EXTERNAL", (Contour(circle(60, 4000), CT.z_mm[0]),))
    save(tmp_path / "RS.dcm", make_case(CT), roi)
    dataset = pydicom.dcmread(tmp_path / "RS.dcm")
    assert dataset.file_meta.TransferSyntaxUID == ImplicitVRLittleEndian
    (contour,) = dataset.ROIContourSequence[0].ContourSequence
    points = np.array(contour.ContourData, dtype=float).reshape(-1, 3)
    np.testing.assert_allclose(points[:, :2], circle(60, 4000), rtol=0, atol=0.00051)


def test_same_seed_gives_same_bytes_and_no_seed_new_uids(tmp_path: Path) -> None:
    names = ["a", "b", "c", "d", "e"]
    seeds = [["input", "recipe"], ["input", "recipe"], ["input", "other"], None, None]
    uids = [
        save(tmp_path / name, make_case(CT), BOX, uid_seed=seed).sop_uid
        for name, seed in zip(names, seeds, strict=True)
    ]
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
    assert len(set(uids)) == 4


def test_existing_file_stays_unless_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "RS.dcm"
    path.write_text("precious")
    with pytest.raises(OutputRefused, match="output-exists"):
        save(path, make_case(CT), BOX)
    assert path.read_text() == "precious"
    save(path, make_case(CT), BOX, overwrite=True)
    assert pydicom.dcmread(path).Modality == "RTSTRUCT"
    assert len(list(tmp_path.iterdir())) == 1


def test_a_disk_that_loses_a_contour_is_noticed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = write._save

    def lossy(path: Path, dataset: pydicom.Dataset, **options: Any) -> None:
        del dataset.ROIContourSequence[0].ContourSequence[-1]
        whole(path, dataset, **options)

    monkeypatch.setattr(write, "_save", lossy)
    with pytest.raises(OutputRefused, match="output-not-verified"):
        save(tmp_path / "RS.dcm", make_case(CT), BOX)
    assert list(tmp_path.iterdir()) == []


def _bad_cases() -> dict[str, Case]:
    case = make_case(CT)
    structures = dataclasses.replace(case.structures, frame_uid=f"{ROOT}.9")
    return {
        "bad-uid": dataclasses.replace(case, study_uid="../../etc"),
        "frame-mismatch": dataclasses.replace(case, structures=structures),
    }


@pytest.mark.parametrize("code", ["bad-uid", "frame-mismatch"])
def test_images_that_cannot_be_referred_to(tmp_path: Path, code: str) -> None:
    with pytest.raises(CaseRejected) as caught:
        save(tmp_path / "RS.dcm", _bad_cases()[code], BOX)
    assert caught.value.finding.code == code
    assert list(tmp_path.iterdir()) == []


def test_uids_with_leading_zeros_are_met_and_kept(tmp_path: Path) -> None:
    case = dataclasses.replace(make_case(CT), study_uid="1.02.0003")
    save(tmp_path / "RS.dcm", case, BOX)
    raw = pydicom.dcmread(tmp_path / "RS.dcm").get_item("StudyInstanceUID").value
    assert raw.rstrip(b"\0") == b"1.02.0003"


def test_our_reader_gets_what_we_wrote(tmp_path: Path) -> None:
    save(tmp_path / "RS.dcm", make_case(CT), BOX, RING)
    read = read_structures(tmp_path / "RS.dcm")
    assert read.findings == ()
    assert read.structures.label == "rtvol CTV2 PTV4"
    box, ring = read.structures.rois
    assert (box.name, box.kind, box.colour) == ("GTV_1", "GTV", (255, 0, 0))
    for contour, given in zip(box.contours, BOX.contours, strict=True):
        np.testing.assert_array_equal(contour.xy_mm, given.xy_mm)
        assert contour.z_mm == given.z_mm
    wide, narrow = (720 / 2 * r**2 * np.sin(2 * np.pi / 720) for r in (40, 20))
    for contour in ring.contours:  # area of a regular polygon, rounded to a micrometre
        assert contour.area_mm2 == pytest.approx(wide - narrow, abs=0.05)


def test_no_message_names_the_patient(tmp_path: Path) -> None:
    case = make_case(CT, name="ZZPHINAME", patient_id="ZZPHINAME")
    with pytest.raises(CaseRejected) as caught:
        save(tmp_path / "RS.dcm", dataclasses.replace(case, study_uid="ZZPHINAME"), BOX)
    assert "ZZPHINAME" not in repr(caught.value.finding) + str(caught.value)


def test_coordinates_far_away_are_refused(tmp_path: Path) -> None:
    roi = Roi("PTV", 1, "PTV", (Contour(rectangle(2e6, 0, 5, 5), 0.0),))
    with pytest.raises(GeometryError, match="bad-number"):
        save(tmp_path / "RS.dcm", make_case(CT), roi)


@pytest.mark.parametrize("with_ct", [True, False])
def test_dciodvfy_finds_no_error(
    tmp_path: Path, require_tool: Callable[[str], Path], with_ct: bool
) -> None:
    case = make_case(CT) if with_ct else dataclasses.replace(make_case(CT), ct=None)
    save(tmp_path / "RS.dcm", case, BOX, RING)
    done = subprocess.run(
        [require_tool("dciodvfy"), tmp_path / "RS.dcm"], capture_output=True, text=True, check=False
    )
    report = (done.stdout + done.stderr).splitlines()
    assert "RTStructureSet" in report  # it knew what it looked at
    assert [line for line in report if line.startswith("Error")] == []


def test_plastimatch_reads_the_same_volumes(
    tmp_path: Path, require_tool: Callable[[str], Path]
) -> None:
    write_series(CT, tmp_path / "ct")
    lattice = sitk.Image(CT.size, CT.size, CT.count, sitk.sitkUInt8)
    lattice.SetOrigin((CT.corner_mm, CT.corner_mm, CT.first_mm))
    lattice.SetSpacing((CT.spacing_mm, CT.spacing_mm, CT.step_mm))
    sitk.WriteImage(lattice, str(tmp_path / "lattice.nrrd"))
    island = prism("Shells", "ORGAN", circle(40), circle(30), circle(20), circle(10))
    save(tmp_path / "RS.dcm", make_case(CT), BOX, RING, island)
    command = [require_tool("plastimatch"), "convert", "--input", tmp_path / "RS.dcm"]
    command += ["--referenced-ct", tmp_path / "ct", "--fixed", tmp_path / "lattice.nrrd"]
    command += ["--output-prefix", tmp_path / "masks", "--prefix-format", "nrrd"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    # five planes of 3 mm; the edges of the box lie midway between pixel centres
    expected_cc = {
        "GTV_1": 40 * 30 * 15 / 1000,
        "Liver": np.pi * (40**2 - 20**2) * 15 / 1000,
        "Shells": np.pi * (40**2 - 30**2 + 20**2 - 10**2) * 15 / 1000,
    }
    for name, volume_cc in expected_cc.items():
        mask = sitk.ReadImage(str(tmp_path / "masks" / f"{name}.nrrd"))
        found_cc = np.count_nonzero(sitk.GetArrayViewFromImage(mask)) * 3 / 1000
        assert found_cc == pytest.approx(volume_cc, rel=0.01), name
