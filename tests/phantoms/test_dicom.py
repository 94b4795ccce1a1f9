"""Written cases, read back by plain pydicom: where things are, what refers to what, how stored."""

from __future__ import annotations

import subprocess
from itertools import pairwise
from typing import TYPE_CHECKING, Any, get_args

import numpy as np
import pydicom
import pytest

from rtvol.errors import UsageError
from rtvol.phantoms import (
    Ellipsoid,
    EllipticCylinder,
    Gaussian,
    Linear,
    LShape,
    Organ,
    PhantomCase,
    Shell,
    Sphere,
    VoxelLattice,
    WriteOptions,
    truth_of,
    write_case,
)
from rtvol.phantoms.patient import Position

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pydicom.dataset import Dataset

TARGET = Sphere((14.0, -6.0, 4.0), 9.0)
CASE = PhantomCase(
    "SYNTHETIC^TEST",
    "SYNTHETIC-T",
    (
        Organ("BODY", EllipticCylinder((0.0, 0.0, 0.0), (48.0, 38.0), 62.5), 0, "EXTERNAL"),
        Organ("Liver", Shell((0.0, 0.0, 0.0), 28.0, 12.0), 100),
        Organ("Ring", Shell((0.0, 0.0, 0.0), 20.0, 8.0), 100, holes="keyhole"),
        Organ("Other ring", Shell((0.0, 0.0, 0.0), 18.0, 8.0), 100, holes="xor"),
        Organ("GTV", TARGET, 40, "GTV"),
        Organ("bone", Sphere((-20.0, 12.0, -8.0), 6.0), 700, ""),
    ),
    VoxelLattice.around((0.0, 0.0, 0.0), (104.0, 90.0, 60.0), (2.0, 2.5, 2.5)),
    Gaussian((14.0, -6.0, 4.0), 50.0, (20.0, 15.0, 25.0)),
    VoxelLattice.around((0.0, 0.0, 0.0), (90.0, 81.0, 72.0), (3.0, 3.0, 4.0)),
)


def read(folder: Path) -> dict[str, list[Dataset]]:
    """Data sets of a folder by modality, CT slices by height."""
    found: dict[str, list[Dataset]] = {"CT": [], "RTSTRUCT": [], "RTPLAN": [], "RTDOSE": []}
    for path in sorted(folder.iterdir()):
        data = pydicom.dcmread(path)
        found[data.Modality].append(data)
    found["CT"].sort(key=lambda data: float(data.ImagePositionPatient[2]))
    return found


def value_at(data: Dataset, offset: float, point: tuple[float, float, float]) -> float:
    """Stored value of the pixel nearest to a patient point, frame by its offset in mm."""
    corner, row, column = (
        np.array(values, dtype=float)
        for values in np.split(
            np.concatenate([data.ImagePositionPatient, data.ImageOrientationPatient]), 3
        )
    )
    away = np.array(point) - corner
    j, i = away @ column / data.PixelSpacing[0], away @ row / data.PixelSpacing[1]
    frames = data.pixel_array.reshape(-1, data.Rows, data.Columns)
    offsets = np.array(data.get("GridFrameOffsetVector", [0.0]), dtype=float)
    k = int(np.abs(offsets - offset).argmin())
    return float(frames[k, round(j), round(i)])


def hu_at(slices: list[Dataset], point: tuple[float, float, float]) -> float:
    image = min(slices, key=lambda data: abs(float(data.ImagePositionPatient[2]) - point[2]))
    return value_at(image, 0.0, point) * float(image.RescaleSlope) + float(image.RescaleIntercept)


def shoelace_mm2(points: np.ndarray[Any, np.dtype[np.float64]]) -> float:
    closed = [*points.tolist(), points[0].tolist()]
    return sum(a[0] * b[1] - b[0] * a[1] for a, b in pairwise(closed)) / 2


def rings(structures: Dataset, name: str) -> list[np.ndarray[Any, np.dtype[np.float64]]]:
    (number,) = [
        int(roi.ROINumber) for roi in structures.StructureSetROISequence if roi.ROIName == name
    ]
    (entry,) = [e for e in structures.ROIContourSequence if e.ReferencedROINumber == number]
    return [
        np.array(item.ContourData, dtype=float).reshape(-1, 3) for item in entry.ContourSequence
    ]


@pytest.mark.parametrize("position", get_args(Position))
def test_the_anatomy_stays_in_the_patient(position: Position, tmp_path: Path) -> None:
    write_case(tmp_path, CASE, position=position)
    files = read(tmp_path)
    assert files["CT"][0].PatientPosition == position
    assert hu_at(files["CT"], (-20.0, 12.0, -8.0)) == pytest.approx(700, abs=30)
    assert hu_at(files["CT"], (20.0, -12.0, 8.0)) < 200
    assert hu_at(files["CT"], TARGET.centre_mm) == pytest.approx(40, abs=30)
    assert hu_at(files["CT"], (51.0, 0.0, 0.0)) == -1000
    (dose,) = files["RTDOSE"]
    first = float(dose.ImagePositionPatient[2])
    peak = value_at(dose, abs(4.0 - first), (15.0, -4.5, 4.0)) * float(dose.DoseGridScaling)
    assert peak == pytest.approx(50 * np.exp(-0.5 * (0.05**2 + 0.1**2)), abs=1e-3)


def test_ct_pixels_are_as_wide_as_said(tmp_path: Path) -> None:
    write_case(tmp_path / "supine", CASE)
    write_case(tmp_path / "side", CASE, position="HFDL")
    supine, side = read(tmp_path / "supine")["CT"][0], read(tmp_path / "side")["CT"][0]
    assert [float(v) for v in supine.PixelSpacing] == [2.5, 2.0]
    assert [float(v) for v in side.PixelSpacing] == [2.0, 2.5]
    assert (supine.Rows, supine.Columns) == (37, 53)
    assert (side.Rows, side.Columns) == (53, 37)


def test_contours_hold_the_stack(tmp_path: Path) -> None:
    truth = write_case(tmp_path, CASE)
    (structures,) = read(tmp_path)["RTSTRUCT"]
    for name in ("BODY", "GTV"):
        areas = [abs(shoelace_mm2(ring)) for ring in rings(structures, name)]
        stack_cc = truth["structures"][name]["stack_cc"]
        assert sum(areas) * 2.5 / 1000 == pytest.approx(stack_cc, rel=2e-5)
        assert len(areas) == truth["structures"][name]["planes"]


@pytest.mark.parametrize(("name", "rings_at_0"), [("Liver", 2), ("Ring", 1), ("Other ring", 2)])
def test_holes_in_each_style_leave_the_same_area(
    name: str, rings_at_0: int, tmp_path: Path
) -> None:
    write_case(tmp_path, CASE)
    (structures,) = read(tmp_path)["RTSTRUCT"]
    here = [ring for ring in rings(structures, name) if ring[0, 2] == 0]
    assert len(here) == rings_at_0
    areas = sorted(abs(shoelace_mm2(ring)) for ring in here)
    solid = next(organ.solid for organ in CASE.organs if organ.name == name)
    left = areas[-1] - sum(areas[:-1])
    assert left == pytest.approx(solid.section_area_mm2(0.0), rel=1e-4)


def test_only_xor_rings_say_so(tmp_path: Path) -> None:
    write_case(tmp_path, CASE)
    (structures,) = read(tmp_path)["RTSTRUCT"]
    kinds = [
        {item.ContourGeometricType for item in entry.ContourSequence}
        for entry in structures.ROIContourSequence
    ]
    closed = {"CLOSED_PLANAR"}
    assert kinds == [closed, closed, closed, {"CLOSEDPLANAR_XOR"}, closed]


def test_everything_refers_to_everything(tmp_path: Path) -> None:
    write_case(tmp_path, CASE)
    files = read(tmp_path)
    slices, (structures,), (plan,), (dose,) = files.values()
    everything = [*slices, structures, plan, dose]
    for keyword in ("PatientID", "StudyInstanceUID", "FrameOfReferenceUID"):
        assert len({data[keyword].value for data in everything}) == 1
    assert len({data.SeriesInstanceUID for data in everything}) == 4
    assert len({data.SOPInstanceUID for data in everything}) == len(everything)
    heights = {s.SOPInstanceUID: float(s.ImagePositionPatient[2]) for s in slices}
    (frame,) = structures.ReferencedFrameOfReferenceSequence
    (study,) = frame.RTReferencedStudySequence
    (series,) = study.RTReferencedSeriesSequence
    assert frame.FrameOfReferenceUID == slices[0].FrameOfReferenceUID
    assert study.ReferencedSOPInstanceUID == slices[0].StudyInstanceUID
    assert series.SeriesInstanceUID == slices[0].SeriesInstanceUID
    assert {i.ReferencedSOPInstanceUID for i in series.ContourImageSequence} == set(heights)
    for entry in structures.ROIContourSequence:
        for ring in entry.ContourSequence:
            (image,) = ring.ContourImageSequence
            assert heights[image.ReferencedSOPInstanceUID] == float(ring.ContourData[2])
    (to_structures,) = plan.ReferencedStructureSetSequence
    (to_plan,) = dose.ReferencedRTPlanSequence
    assert to_structures.ReferencedSOPInstanceUID == structures.SOPInstanceUID
    assert to_plan.ReferencedSOPInstanceUID == plan.SOPInstanceUID


def test_the_plan_prescribes(tmp_path: Path) -> None:
    write_case(tmp_path, CASE)
    (plan,) = read(tmp_path)["RTPLAN"]
    assert float(plan.DoseReferenceSequence[0].TargetPrescriptionDose) == 45.0
    (group,) = plan.FractionGroupSequence
    assert group.NumberOfFractionsPlanned == 3
    assert float(group.ReferencedBeamSequence[0].BeamDose) == 15.0


CHOICES = {
    "implicit": WriteOptions(transfer="implicit"),
    "big-endian": WriteOptions(transfer="big-endian", dose_bits=32),
    "deflated": WriteOptions(transfer="deflated"),
    "rle": WriteOptions(transfer="rle", ct_signed=True),
    "undefined lengths": WriteOptions(undefined_lengths=True),
    "implicit, undefined": WriteOptions(transfer="implicit", undefined_lengths=True),
    "32 bit": WriteOptions(dose_bits=32),
    "signed": WriteOptions(ct_signed=True),
    "half steps": WriteOptions(ct_slope=0.5, shuffled_names=True),
}


@pytest.mark.parametrize("options", CHOICES.values(), ids=CHOICES)
def test_each_way_of_writing_says_the_same(options: WriteOptions, tmp_path: Path) -> None:
    truths = [write_case(tmp_path / "plain", CASE), write_case(tmp_path / "other", CASE,
                                                               options=options)]  # fmt: skip
    assert truths[0] == truths[1]
    plain, other = read(tmp_path / "plain"), read(tmp_path / "other")
    assert other["CT"][0].file_meta.TransferSyntaxUID.name.startswith(
        {"implicit": "Implicit", "big-endian": "Explicit VR Big", "deflated": "Deflated",
         "rle": "RLE", "explicit": "Explicit VR Little"}[options.transfer]
    )  # fmt: skip
    for one, two in zip(plain["CT"], other["CT"], strict=True):
        a, b = (s.pixel_array * float(s.RescaleSlope) + float(s.RescaleIntercept)
                for s in (one, two))  # fmt: skip
        assert np.array_equal(a, b)
    dose_a, dose_b = (
        data.pixel_array * float(data.DoseGridScaling)
        for data in (plain["RTDOSE"][0], other["RTDOSE"][0])
    )
    assert dose_b == pytest.approx(dose_a, abs=5e-4)
    for ring_a, ring_b in zip(*(rings(f["RTSTRUCT"][0], "GTV") for f in (plain, other)),
                              strict=True):  # fmt: skip
        assert np.array_equal(ring_a, ring_b)


def test_undefined_lengths_are_on_disk(tmp_path: Path) -> None:
    delimiter = b"\xfe\xff\xdd\xe0"
    for name, undefined in (("plain", False), ("other", True)):
        options = WriteOptions(undefined_lengths=undefined)
        write_case(tmp_path / name, CASE, options=options)
        assert (delimiter in (tmp_path / name / "RS.dcm").read_bytes()) == undefined


@pytest.mark.parametrize(("position", "sign"), [("HFS", 1), ("FFS", -1), ("HFP", 1), ("FFP", -1)])
def test_frame_offsets_in_both_forms(position: Position, sign: int, tmp_path: Path) -> None:
    for form in ("relative", "absolute"):
        write_case(tmp_path / form, CASE, position=position,
                   options=WriteOptions(dose_offsets=form))  # fmt: skip
    relative, absolute = (read(tmp_path / f)["RTDOSE"][0] for f in ("relative", "absolute"))
    offsets = np.array(relative.GridFrameOffsetVector, dtype=float)
    heights = np.array(absolute.GridFrameOffsetVector, dtype=float)
    assert offsets[0] == 0
    assert np.all(np.diff(offsets) > 0)
    assert heights == pytest.approx(float(absolute.ImagePositionPatient[2]) + sign * offsets)


def test_dose_may_lie_otherwise_than_the_ct(tmp_path: Path) -> None:
    write_case(tmp_path, CASE, position="HFP", options=WriteOptions(dose_position="HFS"))
    files = read(tmp_path)
    assert list(files["CT"][0].ImageOrientationPatient) == [-1, 0, 0, 0, -1, 0]
    assert list(files["RTDOSE"][0].ImageOrientationPatient) == [1, 0, 0, 0, 1, 0]


def test_writing_again_gives_the_same_bytes(tmp_path: Path) -> None:
    for name, seed in (("a", 3), ("b", 3), ("c", 4)):
        write_case(tmp_path / name, CASE, seed=seed)
    a, b, c = ([p.read_bytes() for p in sorted((tmp_path / n).iterdir())] for n in "abc")
    assert a == b
    assert all(one != other for one, other in zip(a, c, strict=True))


def test_preamble_is_empty_and_nothing_tells_the_time(tmp_path: Path) -> None:
    write_case(tmp_path, CASE)
    for path in tmp_path.iterdir():
        assert path.read_bytes()[:128] == bytes(128)
        data = pydicom.dcmread(path)
        assert data.InstanceCreationDate == "20000101"
        assert "SYNTHETIC" in str(data.PatientName)


@pytest.mark.parametrize("position", ["HFS", "FFP"])
def test_dciodvfy_finds_nothing(
    position: Position, tmp_path: Path, require_tool: Callable[[str], Path]
) -> None:
    tool = require_tool("dciodvfy")
    no_xor = PhantomCase(  # the validator does not know CLOSEDPLANAR_XOR yet
        CASE.name, CASE.patient_id, tuple(o for o in CASE.organs if o.holes != "xor"),
        CASE.ct, CASE.dose, CASE.dose_lattice,
    )  # fmt: skip
    write_case(tmp_path, no_xor, position=position)
    for path in [tmp_path / "CT.001.dcm", *tmp_path.glob("R?.dcm")]:
        done = subprocess.run([tool, path], capture_output=True, text=True, check=False)
        said = [line for line in done.stderr.splitlines() if line.startswith(("Error", "Warning"))]
        assert said == []


def test_a_case_without_dose_has_no_plan(tmp_path: Path) -> None:
    bare = PhantomCase("SYNTHETIC^BARE", "SYNTHETIC-B", CASE.organs, CASE.ct)
    truth = write_case(tmp_path, bare)
    files = read(tmp_path)
    assert (files["RTPLAN"], files["RTDOSE"]) == ([], [])
    assert "prescription_gy" not in truth
    assert "dose_at_centre_gy" not in truth["structures"]["GTV"]


def test_truth_is_that_of_the_solids() -> None:
    truth = truth_of(CASE)
    gtv = truth["structures"]["GTV"]
    assert gtv["volume_cc"] == pytest.approx(4 / 3 * np.pi * 0.9**3, abs=1e-6)
    assert gtv["grown_cc"] == {
        "2": pytest.approx(4 / 3 * np.pi * 1.1**3, abs=1e-6),
        "6": pytest.approx(4 / 3 * np.pi * 1.5**3, abs=1e-6),
    }
    assert gtv["dose_at_centre_gy"] == 50.0
    assert truth["slices"] == 25
    assert [s["number"] for s in truth["structures"].values()] == [1, 2, 3, 4, 5]


def test_a_target_that_cannot_be_grown_has_no_grown_truth() -> None:
    step = Organ("GTV", LShape((0.0, 0.0, 0.0), 12.0, 8.0, 20.0), 40, "GTV")
    truth = truth_of(PhantomCase("SYNTHETIC^L", "SYNTHETIC-L", (step,), CASE.ct))
    assert list(truth["structures"]["GTV"]["grown_cc"]) == ["2"]


def refuses(case: Callable[[], object]) -> None:
    with pytest.raises(UsageError) as caught:
        case()
    assert caught.value.finding.code == "bad-phantom"


def test_what_cannot_be_written_is_refused(tmp_path: Path) -> None:
    cold = Linear((0.0, 0.0, 0.0), 1.0, (1.0, 0.0, 0.0))
    organs = (Organ("GTV", Ellipsoid((0.0, 0.0, 0.0), (9.0, 8.0, 7.0)), 40, "GTV"),)
    below = PhantomCase("S", "S", organs, CASE.ct, cold, CASE.dose_lattice)
    refuses(lambda: write_case(tmp_path, below))
    refuses(lambda: PhantomCase("S", "S", organs, CASE.ct, cold))
    refuses(lambda: WriteOptions(transfer="rle", dose_bits=32))
    on_side = WriteOptions(dose_offsets="absolute")
    refuses(lambda: write_case(tmp_path, CASE, position="HFDR", options=on_side))
