"""Doses and plans of messy exports."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING

import numpy as np
import pytest
from pydicom.uid import generate_uid

import field.kinds  # noqa: F401 - the kinds are registered there
from field.patient import Patient1, codes_of
from field.register import member, members
from rtvol.errors import CaseRejected, status_of
from rtvol.io import find, pick_dose, read_case, read_dose, write_rtstruct

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from numpy.typing import NDArray
    from pydicom.dataset import Dataset

    from rtvol.case import Case


def samples(case: Case) -> NDArray[np.float32]:
    return read_dose(pick_dose(case)).values_gy


@members("B11", {"two bytes": 2, "eight bytes": 8, "sixteen bytes": 16})
def test_padding_behind_the_pixels_is_stepped_over(p1: Patient1, member: int) -> None:
    before = samples(p1.case())
    rd = p1.read("RD.dcm")
    rd.PixelData = rd.PixelData + bytes(member)
    p1.write("RD.dcm", rd)
    case = p1.case()
    assert case.findings == ()
    assert np.array_equal(samples(case), before)


@members("B11", {"bytes that are not 0": b"\1\2", "a whole row of zeros": bytes(2 * 71)})
def test_what_is_no_padding_is_refused(p1: Patient1, member: bytes) -> None:
    rd = p1.read("RD.dcm")
    rd.PixelData = rd.PixelData + member
    p1.write("RD.dcm", rd)
    case = p1.case()
    assert (codes_of(case), case.doses) == (["pixel-length-mismatch"], ())


def saturate(rd: Dataset, bits: int, signed: int = 0) -> int:
    """Cut the dose off at 60 % of its maximum, in so many bits; returns how many samples."""
    values = rd.pixel_array.astype(np.float64)
    largest = (1 << (bits - signed)) - 1
    scaled = np.minimum(np.round(values / (0.6 * values.max()) * largest), largest)
    rd.DoseGridScaling = f"{float(rd.DoseGridScaling) * 0.6 * values.max() / largest:.10g}"
    stored = 16 if bits <= 16 else 32
    rd.BitsAllocated, rd.BitsStored, rd.HighBit = stored, bits, bits - 1
    rd.PixelRepresentation = signed
    rd.PixelData = scaled.astype(f"<u{stored // 8}").tobytes()
    return int((scaled == largest).sum())


@members("C3", {"16 bits": (16, 0), "32 bits": (32, 0), "12 of 16 bits": (12, 0)})
def test_a_dose_that_was_cut_off_is_named(p1: Patient1, member: tuple[int, int]) -> None:
    rd = p1.read("RD.dcm")
    count = saturate(rd, *member)
    p1.write("RD.dcm", rd)
    case = p1.case()
    (finding,) = [one for one in case.findings if one.code == "dose-saturated"]
    assert finding.where == "RTDOSE RD.dcm"
    assert finding.seen.startswith(f"{count} samples hold the largest value the file can store")
    assert len(case.doses) == 1


@member("C3", "a maximum that just fits")
def test_one_sample_at_the_largest_value_is_the_maximum(p1: Patient1) -> None:
    rd = p1.read("RD.dcm")
    values = rd.pixel_array.copy()
    values[np.unravel_index(values.argmax(), values.shape)] = 65535
    rd.PixelData = values.tobytes()
    p1.write("RD.dcm", rd)
    assert p1.case().findings == ()


def split_planes(p1: Patient1, without: Sequence[int] = (), *, own_scaling: bool = False) -> None:
    """Write the dose as one RTDOSE for each plane, in no order."""
    rd = p1.read("RD.dcm")
    offsets = [float(v) for v in rd.GridFrameOffsetVector]
    values = rd.pixel_array
    (p1.folder / "RD.dcm").unlink()
    for k, offset in enumerate(offsets):
        if k in without:
            continue
        one = copy.deepcopy(rd)
        one.SOPInstanceUID = generate_uid(entropy_srcs=["plane", str(k)])
        one.file_meta.MediaStorageSOPInstanceUID = one.SOPInstanceUID
        one.ImagePositionPatient[2] = float(rd.ImagePositionPatient[2]) + offset
        del one.GridFrameOffsetVector, one.FrameIncrementPointer, one.NumberOfFrames
        plane = values[k]
        if own_scaling:
            factor = 1 + k % 3
            one.DoseGridScaling = f"{float(rd.DoseGridScaling) / factor:.12g}"
            plane = plane.astype(np.uint32) * factor
            one.BitsAllocated, one.BitsStored, one.HighBit = 32, 32, 31
        one.PixelData = plane.tobytes()
        p1.write(f"RD.{(k * 7) % 41:02d}.dcm", one)


def plainly(p1: Patient1) -> None:
    split_planes(p1)


def scaled(p1: Patient1) -> None:
    split_planes(p1, own_scaling=True)


def ends_cut(p1: Patient1) -> None:
    split_planes(p1, (0, 40))


@members(
    "C15",
    {
        "41 planes": (plainly, slice(0, 41)),
        "planes that each have a scaling of their own": (scaled, slice(0, 41)),
        "the planes without the first and the last": (ends_cut, slice(1, 40)),
    },
)
def test_planes_make_one_dose(
    p1: Patient1, member: tuple[Callable[[Patient1], None], slice]
) -> None:
    spoil, kept = member
    before = p1.case()
    expected, whole = samples(before), pick_dose(before)
    spoil(p1)
    case = p1.case()
    assert status_of(case.findings) == "accept"
    assert codes_of(case) == ["dose-planes-joined"]
    source = pick_dose(case)
    assert np.allclose(source.grid.planes_mm, whole.grid.planes_mm[kept], atol=1e-6)
    assert np.allclose(samples(case), expected[kept], atol=1e-5)


@member("C15", "planes of which one is missing")
def test_planes_with_a_gap_are_not_used_and_said_once(p1: Patient1) -> None:
    split_planes(p1, (20,))
    case = p1.case()
    (finding,) = case.findings
    assert (finding.code, case.doses) == ("dose-planes-apart", ())
    assert finding.seen.startswith("40 doses of one plane each, ")
    assert len(case.unused) == 40


def written(p1: Patient1, place: Path, source: Case) -> Path:
    place.mkdir(parents=True, exist_ok=True)
    path = place / "RS.rtvol.dcm"
    write_rtstruct(
        path, source, source.structures.rois, label="T", name="T", description="", overwrite=True
    )
    return path


@member("B14", "a set written by rtvol, named beside its source's folder")
def test_the_dose_of_the_source_is_that_of_the_written_set(p1: Patient1, tmp_path: Path) -> None:
    path = written(p1, tmp_path / "targets", p1.case())
    (files,) = find([p1.folder, path]).cases
    assert files.rtstruct == path
    case = read_case(files)
    assert pick_dose(case).path.name == "RD.dcm"
    assert case.plan is not None


@member("B14", "a set written from a written set")
def test_the_dose_goes_down_a_chain(p1: Patient1, tmp_path: Path) -> None:
    first = written(p1, tmp_path / "one", p1.case())
    (files,) = find([p1.folder, first]).cases
    second = written(p1, tmp_path / "two", read_case(files))
    (files,) = find([p1.folder, tmp_path / "one", second]).cases
    assert files.rtstruct == second
    assert pick_dose(read_case(files)).path.name == "RD.dcm"


@member("B14", "a set another system made from the planned one, alone with its dose")
def test_the_dose_of_the_predecessor(p1: Patient1, tmp_path: Path) -> None:
    path = written(p1, tmp_path / "other", p1.case())
    (p1.folder / "RS.dcm").unlink()
    from pydicom import dcmread

    rs = dcmread(path)
    rs.Manufacturer = "Another"
    p1.write("RS.dcm", rs)
    case = p1.case()
    assert pick_dose(case).path.name == "RD.dcm"
    assert case.plan is not None


@member("B14", "the written set alone, without the dose's folder")
def test_without_the_folder_there_is_no_dose(p1: Patient1, tmp_path: Path) -> None:
    path = written(p1, tmp_path / "targets", p1.case())
    (files,) = find([path]).cases
    with pytest.raises(CaseRejected, match="no-dose"):
        pick_dose(read_case(files))
