"""RTDOSE: Gy where the header puts them, in both forms of offsets, or a named refusal."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pydicom
import pytest
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    RLELossless,
)

from naive import export
from rtvol.errors import CaseRejected
from rtvol.io import read_dose, read_dose_source

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pydicom.dataset import Dataset

    from rtvol.case import DoseSource
    from rtvol.volumes import Dose

GY = (export.dose_integers() * 0.001).astype(np.float32)


def read(dataset: Dataset, folder: Path, syntax: str = ExplicitVRLittleEndian) -> Dose:
    return read_dose(source_of(dataset, folder, syntax)[0])


def source_of(
    dataset: Dataset, folder: Path, syntax: str = ExplicitVRLittleEndian
) -> tuple[DoseSource, list[str]]:
    source, findings = read_dose_source(export.save(dataset, folder / "rd.dcm", syntax))
    return source, [finding.code for finding in findings]


def at(dose: Dose, x: float, y: float, z: float) -> float:
    """Stored sample at a patient point (LPS mm), found through the grid."""
    (i, j, offset), *_ = dose.grid.to_plane_frame(np.array([[x, y, z]]))
    k = np.flatnonzero(np.abs(dose.grid.offsets_mm - offset) < 1e-6)
    assert k.size == 1
    assert abs(i - round(i)) < 1e-9
    assert abs(j - round(j)) < 1e-9
    return float(dose.values_gy[int(k[0]), round(j), round(i)])


def expected(k: int, j: int, i: int) -> float:
    return float(np.float32((1000 * k + 6 * j + i) * 0.001))


def test_fields_and_samples_are_those_written(tmp_path: Path) -> None:
    source, findings = source_of(export.dose(), tmp_path)
    assert findings == []
    assert (source.summation, source.units, source.kind) == ("PLAN", "GY", "PHYSICAL")
    assert (source.plan_uid, source.frame_uid) == (f"{export.ROOT}.7", export.FRAME)
    dose = read_dose(source)
    assert dose.values_gy.dtype == np.float32
    assert np.array_equal(dose.values_gy, GY)
    assert at(dose, -10 + 2 * 4, -8 + 2.5 * 3, 4 + 3 * 2) == expected(2, 3, 4)


@pytest.mark.parametrize(
    ("syntax", "bits"),
    [
        (ExplicitVRLittleEndian, 16),
        (ImplicitVRLittleEndian, 16),
        (ImplicitVRLittleEndian, 32),
        (ExplicitVRBigEndian, 16),
        (ExplicitVRBigEndian, 32),
        (DeflatedExplicitVRLittleEndian, 32),
        (RLELossless, 16),
    ],
)
def test_every_encoding_reads_the_same(tmp_path: Path, syntax: str, bits: int) -> None:
    dataset = export.dose()
    dataset.BitsAllocated = dataset.BitsStored = bits
    dataset.HighBit = bits - 1
    order = ">" if syntax == ExplicitVRBigEndian else "<"
    pixels = export.dose_integers().astype(f"{order}u{bits // 8}")
    dataset.PixelData = pixels.tobytes()
    dataset["PixelData"].VR = "OW"
    if syntax == RLELossless:
        dataset.file_meta = pydicom.dataset.FileMetaDataset()
        dataset.compress(RLELossless, pixels, generate_instance_uid=False)
    assert np.array_equal(read(dataset, tmp_path, syntax).values_gy, GY)


def test_32_bit_integers_keep_their_digits(tmp_path: Path) -> None:
    dataset = export.dose(count=1)
    dataset.GridFrameOffsetVector = [0]
    dataset.DoseGridScaling = "1.6e-8"
    values = (np.arange(24, dtype=np.uint32) + np.uint32(4_000_000_001)).reshape(1, 4, 6)
    dataset.PixelData = values.astype("<u4").tobytes()
    exact = (values.astype(np.float64) * 1.6e-8).astype(np.float32)
    assert np.array_equal(read(dataset, tmp_path).values_gy, exact)


@pytest.mark.parametrize(
    "offsets",
    [
        *([0, 3, 6, 9, 12], [4, 7, 10, 13, 16], [0, -3, -6, -9, -12], [4, 1, -2, -5, -8]),
        *([0, 2, 6, 7, 11], [4, 6, 10, 11, 15]),
    ],
    ids=["a", "b", "a-down", "b-down", "a-irregular", "b-irregular"],
)
def test_both_forms_of_offsets_up_and_down(tmp_path: Path, offsets: list[float]) -> None:
    dataset = export.dose()
    dataset.GridFrameOffsetVector = offsets
    dose = read(dataset, tmp_path)
    assert (np.diff(dose.grid.offsets_mm) > 0).all()
    for k, offset in enumerate(offsets):
        z = 4.0 + offset - offsets[0]
        assert at(dose, -10 + 2 * 5, -8 + 2.5 * 1, z) == expected(k, 1, 5)


@pytest.mark.parametrize(
    "orientation",
    [
        [1, 0, 0, 0, 1, 0],
        [-1, 0, 0, 0, -1, 0],
        [-1, 0, 0, 0, 1, 0],
        [1, 0, 0, 0, -1, 0],
        [0, 1, 0, -1, 0, 0],
        [0, -1, 0, 1, 0, 0],
        [np.cos(0.2), np.sin(0.2), 0, -np.sin(0.2), np.cos(0.2), 0],
        [0, 1, 0, 0, 0, -1],
    ],
)
@pytest.mark.parametrize("sign", [1, -1])
def test_form_a_counts_along_row_cross_column(
    tmp_path: Path, orientation: list[float], sign: int
) -> None:
    """PS3.3 C.8.8.3.2: positive offsets go the way of the cross product."""
    dataset = export.dose()
    dataset.ImageOrientationPatient = [round(float(value), 10) for value in orientation]
    dataset.GridFrameOffsetVector = [sign * 3.0 * k for k in range(5)]
    dose = read(dataset, tmp_path)
    row, column = np.array(orientation, float).reshape(2, 3)
    normal = np.cross(row, column)
    for k, j, i in ((0, 0, 0), (4, 3, 5), (2, 1, 4)):
        corner = np.array([-10.0, -8.0, 4.0])
        place = corner + row * 2.0 * i + column * 2.5 * j + normal * sign * 3.0 * k
        assert at(dose, *place.tolist()) == expected(k, j, i)


def test_form_b_is_patient_z_also_when_the_normal_points_down(tmp_path: Path) -> None:
    dataset = export.dose()
    dataset.ImageOrientationPatient = [-1, 0, 0, 0, 1, 0]
    dataset.GridFrameOffsetVector = [4, 7, 10, 13, 16]
    assert at(read(dataset, tmp_path), -10 - 2 * 3, -8 + 2.5, 10) == expected(2, 1, 3)


def without(name: str) -> Callable[[Dataset], object]:
    return lambda dataset: delattr(dataset, name)


def with_value(name: str, value: object) -> Callable[[Dataset], object]:
    return lambda dataset: setattr(dataset, name, value)


def oblique_form_b(dataset: Dataset) -> None:
    dataset.ImageOrientationPatient = [0, 1, 0, 0, 0, -1]
    dataset.GridFrameOffsetVector = [4, 7, 10, 13, 16]


def negative(dataset: Dataset) -> None:
    dataset.BitsAllocated = dataset.BitsStored = 16
    dataset.HighBit, dataset.PixelRepresentation = 15, 1
    dataset.PixelData = (export.dose_integers() + 30000).astype("<u2").tobytes()


REFUSED = [
    ("dose-no-position", without("ImagePositionPatient")),
    ("dose-no-orientation", without("ImageOrientationPatient")),
    ("dose-no-orientation", with_value("ImageOrientationPatient", [1, 0, 0, 1, 0, 0])),
    ("dose-no-spacing", without("PixelSpacing")),
    ("dose-no-spacing", with_value("PixelSpacing", [0, 2])),
    ("dose-no-offsets", without("GridFrameOffsetVector")),
    ("dose-offsets-count", with_value("GridFrameOffsetVector", [0, 3, 6])),
    ("dose-offsets-order", with_value("GridFrameOffsetVector", [0, 3, 9, 6, 12])),
    ("dose-offsets-order", with_value("GridFrameOffsetVector", [0, 3, 3, 6, 9])),
    ("dose-offsets-order", with_value("GridFrameOffsetVector", [1, 4, 7, 10, 13])),
    ("dose-offsets-order", oblique_form_b),
    ("dose-no-scaling", without("DoseGridScaling")),
    ("dose-bad-scaling", with_value("DoseGridScaling", 0)),
    ("dose-bad-scaling", with_value("DoseGridScaling", -1)),
    ("dose-bad-scaling", with_value("DoseGridScaling", "1e38")),
    ("dose-relative", with_value("DoseUnits", "RELATIVE")),
    ("dose-no-units", without("DoseUnits")),
    ("dose-type-error", with_value("DoseType", "ERROR")),
    ("dose-negative", negative),
    ("pixel-length-mismatch", without("NumberOfFrames")),
    ("pixel-length-mismatch", with_value("NumberOfFrames", 0)),
    ("pixel-length-mismatch", with_value("Rows", 0)),
    ("pixel-length-mismatch", with_value("PixelData", bytes(400))),
    ("image-bit-depth", with_value("BitsAllocated", 8)),
]


@pytest.mark.parametrize(("code", "spoil"), REFUSED)
def test_a_dose_that_cannot_be_believed_is_refused(
    tmp_path: Path, code: str, spoil: Callable[[Dataset], object]
) -> None:
    dataset = export.dose()
    spoil(dataset)
    with pytest.raises(CaseRejected) as error:
        source_of(dataset, tmp_path)
    assert error.value.finding.code == code
    assert error.value.finding.seen


def test_absurd_sizes_cost_nothing(tmp_path: Path) -> None:
    dataset = export.dose()
    dataset.Rows = dataset.Columns = 65535
    dataset.NumberOfFrames = 30000
    with pytest.raises(CaseRejected, match="pixel-length-mismatch"):
        source_of(dataset, tmp_path)


@pytest.mark.parametrize("syntax", [ExplicitVRLittleEndian, ImplicitVRLittleEndian])
def test_a_dose_cut_anywhere_is_refused(tmp_path: Path, syntax: str) -> None:
    path = export.save(export.dose(), tmp_path / "rd.dcm", syntax)
    whole = path.read_bytes()
    for stop in range(0, len(whole), 5):
        path.write_bytes(whole[:stop])
        with pytest.raises(CaseRejected):
            read_dose_source(path)


def test_odd_but_usable_doses_are_named(tmp_path: Path) -> None:
    dataset = export.dose()
    dataset.PixelRepresentation = 1
    assert source_of(dataset, tmp_path)[1] == ["dose-signed"]
    assert np.array_equal(read(dataset, tmp_path).values_gy, GY)
    dataset = export.dose()
    dataset.DoseGridScaling = 1
    assert source_of(dataset, tmp_path)[1] == ["dose-implausible"]
    for kind, code in (("EFFECTIVE", "dose-type-effective"), ("", "dose-type-missing")):
        dataset = export.dose()
        dataset.DoseType = kind
        assert source_of(dataset, tmp_path)[1] == [code]


def test_a_single_frame_needs_no_offsets(tmp_path: Path) -> None:
    dataset = export.dose(count=1)
    del dataset.GridFrameOffsetVector, dataset.NumberOfFrames
    assert np.array_equal(read(dataset, tmp_path).values_gy, GY[:1])


@pytest.mark.parametrize(
    ("keyword", "value"),
    [("ImagePositionPatient", [0, 0, 0]), ("DoseGridScaling", 0.5), ("DoseGridScaling", 0.0625)],
)
def test_a_dose_file_that_changed_is_refused(tmp_path: Path, keyword: str, value: object) -> None:
    source, _ = source_of(export.dose(), tmp_path)
    dataset = export.dose()
    assert getattr(dataset, keyword) != value
    setattr(dataset, keyword, value)
    export.save(dataset, tmp_path / "rd.dcm")
    with pytest.raises(CaseRejected, match="input-changed"):
        read_dose(source)


@pytest.mark.parametrize(
    "name",
    ["dicompyler-example/rtdose.dcm", "eclipse-prostate/RD.rewrapped.dcm"]
    + [f"nelms2015/dose/Linear_{way}_2mm_Aligned.dcm" for way in ("AntPost", "SupInf")],
)
def test_real_doses_are_those_pydicom_reads(shared_data: Path, name: str) -> None:
    source, findings = read_dose_source(shared_data / name)
    assert findings == ()
    dataset = pydicom.dcmread(shared_data / name)
    scaled = dataset.pixel_array * float(dataset.DoseGridScaling)
    dose = read_dose(source)
    assert np.array_equal(dose.values_gy, scaled.astype(np.float32))
    assert dose.grid.origin_mm == tuple(map(float, dataset.ImagePositionPatient))
    assert np.allclose(dose.grid.offsets_mm, np.array(dataset.GridFrameOffsetVector, float))
