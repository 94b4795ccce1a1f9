"""Image series: where the planes lie in any position and order, what is refused, and HU."""

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
from rtvol.io import pixels, read_image, read_series

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pydicom.dataset import Dataset

    from rtvol.case import ImageSeries
    from rtvol.errors import Finding

#: Row and column directions of each patient position when the table is level (PS3.3 C.7.6.1.1.1).
POSITIONS = {
    "HFS": [1, 0, 0, 0, 1, 0],
    "HFP": [-1, 0, 0, 0, -1, 0],
    "FFS": [-1, 0, 0, 0, 1, 0],
    "FFP": [1, 0, 0, 0, -1, 0],
    "HFDR": [0, 1, 0, -1, 0, 0],
    "HFDL": [0, -1, 0, 1, 0, 0],
    "FFDL": [0, 1, 0, 1, 0, 0],
}


def write(slices: list[Dataset], folder: Path, syntax: str = ExplicitVRLittleEndian) -> list[Path]:
    return [export.save(one, folder / f"{n}.dcm", syntax) for n, one in enumerate(slices)]


def series_of(slices: list[Dataset], folder: Path) -> tuple[ImageSeries, tuple[Finding, ...]]:
    return read_series(write(slices, folder))


def warned(slices: list[Dataset], folder: Path) -> list[str]:
    return [finding.code for finding in series_of(slices, folder)[1]]


def refused(slices: list[Dataset], folder: Path) -> str:
    with pytest.raises(CaseRejected) as error:
        series_of(slices, folder)
    assert error.value.finding.seen
    assert error.value.finding.mend
    return error.value.finding.code


def hu(k: int) -> np.ndarray:
    return (export.stored(k) * 2.0 - 1000 - k).astype(np.float32)


def test_geometry_is_that_of_the_headers(tmp_path: Path) -> None:
    series, findings = series_of(export.ct(), tmp_path)
    grid = series.grid
    assert findings == ()
    assert (series.modality, series.patient_position) == ("CT", "HFS")
    assert (series.series_uid, series.study_uid) == (export.SERIES, export.STUDY)
    assert (grid.origin_mm, grid.spacing_mm) == (export.FIRST, export.SPACING)
    assert grid.shape == (6, *export.SHAPE)
    assert grid.offsets_mm.tolist() == [0, 2.5, 5, 7.5, 10, 12.5]
    assert grid.frame_uid == series.frame_uid == export.FRAME
    assert [one.sop_uid[-1] for one in series.slices] == list("123456")
    assert {one.sop_class_uid for one in series.slices} == {export.CT}


def test_file_order_does_not_matter(tmp_path: Path) -> None:
    paths = write(export.ct(), tmp_path)
    expected = read_image(read_series(paths)[0])
    for order in ([5, 4, 3, 2, 1, 0], [2, 0, 5, 1, 4, 3]):
        image = read_image(read_series([paths[at] for at in order])[0])
        assert image.grid.same_as(expected.grid)
        assert np.array_equal(image.values, expected.values)


@pytest.mark.parametrize("position", POSITIONS)
def test_each_voxel_is_where_its_header_puts_it(tmp_path: Path, position: str) -> None:
    """PS3.3 C.7.6.2.1.1, equation C.7.6.2.1-1, pixel by pixel against the grid's affine."""
    slices = export.ct()
    row, column = np.array(POSITIONS[position]).reshape(2, 3)
    for one in slices:
        one.PatientPosition = position
        one.ImageOrientationPatient = POSITIONS[position]
    series, findings = series_of(slices, tmp_path)
    assert findings == ()
    image = read_image(series)
    for k, one in enumerate(slices):
        corner = np.array(one.ImagePositionPatient, float)
        for j, i in ((0, 0), (3, 7), (11, 9)):
            place = corner + row * i * export.SPACING[1] + column * j * export.SPACING[0]
            at = np.linalg.solve(image.grid.affine, [*place, 1.0])
            index = tuple(np.rint(at[[2, 1, 0]]).astype(int))
            assert np.allclose(at[[2, 1, 0]], index, atol=1e-9)
            assert image.values[index] == hu(k)[j, i]


@pytest.mark.parametrize(
    "syntax",
    [
        ExplicitVRLittleEndian,
        ImplicitVRLittleEndian,
        ExplicitVRBigEndian,
        DeflatedExplicitVRLittleEndian,
        RLELossless,
    ],
)
def test_hu_in_every_transfer_syntax(tmp_path: Path, syntax: str) -> None:
    slices = export.ct(3)
    for k, one in enumerate(slices):
        if syntax == ExplicitVRBigEndian:
            one.PixelData = export.stored(k).astype(">i2").tobytes()
        if syntax == RLELossless:
            one.file_meta = pydicom.dataset.FileMetaDataset()
            one.compress(RLELossless, export.stored(k), generate_instance_uid=False)
    image = read_image(read_series(write(slices, tmp_path, syntax))[0])
    assert image.values.dtype == np.float32
    for k in range(3):
        assert np.array_equal(image.values[k], hu(k))


def test_gdcm_decodes_where_pydicom_has_no_decoder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    slices = export.ct(2)
    for k, one in enumerate(slices):
        one.file_meta = pydicom.dataset.FileMetaDataset()
        one.compress(RLELossless, export.stored(k), generate_instance_uid=False)
    series, _ = read_series(write(slices, tmp_path, RLELossless))

    decoder = pydicom.pixels.decoders.base.Decoder
    monkeypatch.setattr(decoder, "is_available", property(lambda _: False))
    assert np.array_equal(read_image(series).values, [hu(0), hu(1)])


@pytest.mark.parametrize(("bits", "stored_bits", "signed"), [(16, 12, 0), (16, 12, 1), (8, 8, 0)])
def test_bits_beyond_those_stored_say_nothing(
    tmp_path: Path, bits: int, stored_bits: int, signed: int
) -> None:
    one = export.ct_slice(0)
    low, high = (-(1 << 11), (1 << 11) - 1) if signed else (0, (1 << stored_bits) - 1)
    values = np.linspace(low, high, one.Rows * one.Columns).astype(np.int64).reshape(export.SHAPE)
    spoilt = values & ((1 << stored_bits) - 1) | ((5 << stored_bits) & ((1 << bits) - 1))
    one.BitsAllocated, one.BitsStored, one.HighBit = bits, stored_bits, stored_bits - 1
    one.PixelRepresentation = signed
    one.PixelData = spoilt.astype(f"<u{bits // 8}").tobytes()
    del one.RescaleSlope, one.RescaleIntercept
    image = read_image(series_of([one], tmp_path)[0])
    assert np.array_equal(image.values[0], values)


def test_an_mr_series_is_an_image_without_rescale(tmp_path: Path) -> None:
    slices = export.ct(3)
    for one in slices:
        one.Modality = "MR"
        del one.RescaleSlope, one.RescaleIntercept
    image = read_image(series_of(slices, tmp_path)[0])
    assert image.modality == "MR"
    assert np.array_equal(image.values[2], export.stored(2))


def without(name: str) -> Callable[[list[Dataset]], object]:
    return lambda slices: delattr(slices[2], name)


def with_value(name: str, value: object) -> Callable[[list[Dataset]], object]:
    return lambda slices: setattr(slices[2], name, value)


def tilt(slices: list[Dataset]) -> None:
    for one in slices:
        cosine, sine = np.cos(np.radians(10)), np.sin(np.radians(10))
        one.ImageOrientationPatient = [1, 0, 0, 0, round(cosine, 9), round(sine, 9)]


def slide_unevenly(slices: list[Dataset]) -> None:
    tilt(slices)
    slices[2].ImagePositionPatient[0] += 3.0


REFUSED = {
    "ct-no-position": without("ImagePositionPatient"),
    "ct-no-orientation": without("ImageOrientationPatient"),
    "ct-no-spacing": without("PixelSpacing"),
    "ct-bad-spacing": with_value("PixelSpacing", [0, 0]),
    "ct-inconsistent": with_value("PixelSpacing", [1.5, 3]),
    "ct-duplicate-position": with_value("ImagePositionPatient", [-15, -12, 7.5]),
    "frame-mismatch": with_value("FrameOfReferenceUID", "1.2.3"),
    "duplicate-sop-conflict": with_value("SOPInstanceUID", f"{export.ROOT}.4.0.1"),
    "truncated-pixels": with_value("PixelData", export.stored(2).tobytes()[:120]),
    "image-multi-frame": with_value("NumberOfFrames", 3),
    "bad-grid": with_value("ImageOrientationPatient", [1, 0, 0, 1, 0, 0]),
    "bad-number": with_value("ImagePositionPatient", None),
    "ct-gantry-tilt": slide_unevenly,
}


#: What one image of six shows and the others do not: it alone is left out, or its place is used.
ONE_IMAGE = {*REFUSED} - {"ct-duplicate-position", "duplicate-sop-conflict", "ct-gantry-tilt"}


@pytest.mark.parametrize("code", REFUSED)
def test_what_would_be_guessed_is_refused(tmp_path: Path, code: str) -> None:
    slices = export.ct()
    REFUSED[code](slices)
    if code == "bad-number":
        slices[2].add_new(0x00200032, "LO", ["1", "2", "x"])
    if code not in ONE_IMAGE:
        assert refused(slices, tmp_path) == code
        return
    series, findings = series_of(slices, tmp_path)
    (finding,) = [one for one in findings if one.code == code]
    assert "1 of 6 images: " in finding.seen
    assert "(2.dcm)" in finding.seen
    left = 6 if code == "truncated-pixels" else 5
    assert series.grid.shape[0] == left
    assert ("ct-missing-slice" in [one.code for one in findings]) == (left == 5)


def test_more_than_a_few_odd_images_are_no_series(tmp_path: Path) -> None:
    slices = export.ct()
    for one in slices[:2]:
        del one.ImagePositionPatient
    assert refused(slices, tmp_path) == "ct-no-position"
    slices = export.ct()
    for one in slices[:2]:
        one.Rows, one.Columns = 10, 12
    assert refused(slices, tmp_path) == "ct-inconsistent"


def test_negative_spacing_and_wrong_matrix(tmp_path: Path) -> None:
    slices = export.ct()
    slices[1].PixelSpacing = [-2, -2]
    assert warned(slices, tmp_path) == ["ct-bad-spacing", "ct-missing-slice"]
    slices = export.ct()
    slices[1].Rows = slices[1].Columns = 65535
    expected = ["pixel-length-mismatch", "ct-inconsistent", "ct-missing-slice"]
    assert warned(slices, tmp_path) == expected
    slices = export.ct()
    slices[1].Rows, slices[1].Columns = 10, 12
    assert warned(slices, tmp_path) == ["ct-inconsistent", "ct-missing-slice"]


def test_a_slice_cut_anywhere_is_named(tmp_path: Path) -> None:
    paths = write(export.ct(), tmp_path)
    whole = paths[3].read_bytes()
    known = {
        *("truncated-file", "truncated-pixels", "ct-no-position", "ct-no-orientation"),
        *("ct-no-spacing", "frame-mismatch", "pixel-length-mismatch"),
    }
    for stop in range(0, len(whole), 13):
        paths[3].write_bytes(whole[:stop])
        try:
            _, findings = read_series(paths)
            codes = {one.code for one in findings}
        except CaseRejected as error:
            codes = {error.finding.code}
        assert codes & known


def test_a_copy_is_used_once(tmp_path: Path) -> None:
    slices = export.ct()
    assert warned([*slices, slices[3]], tmp_path) == ["duplicate-file-skipped"]
    assert series_of([*slices, slices[3]], tmp_path)[0].grid.shape[0] == 6


def test_slices_of_a_tilted_gantry_are_taken_where_they_lie(tmp_path: Path) -> None:
    slices = export.ct()
    tilt(slices)
    series, findings = series_of(slices, tmp_path)
    assert [(f.code, f.severity) for f in findings] == [("ct-gantry-tilt", "note")]
    assert "10.0 degrees" in findings[0].seen
    for k, one in enumerate(slices):
        corner = np.array(one.ImagePositionPatient, float)
        assert series.grid.planes_mm[k] == pytest.approx(corner, abs=1e-6)
        # PS3.3 equation C.7.6.2.1-1: the pixel of column 2 and row 3
        row, column = np.array(one.ImageOrientationPatient, float).reshape(2, 3)
        rows_mm, columns_mm = map(float, one.PixelSpacing)
        pixel = corner + 2 * columns_mm * row + 3 * rows_mm * column
        i, j, offset = series.grid.to_plane_frame(pixel[None])[0]
        assert (i, j) == pytest.approx((2, 3), abs=1e-6)
        assert offset == pytest.approx(series.grid.offsets_mm[k], abs=1e-6)
    spacing = float(np.diff(series.planes_mm).mean())
    assert spacing == pytest.approx(export.STEP * np.cos(np.radians(10)), abs=1e-6)


def test_upright_slices_that_slide_are_sheared_not_tilted(tmp_path: Path) -> None:
    slices = export.ct(6)
    for number, one in enumerate(slices):
        one.ImagePositionPatient[0] += 1.0 * number
    assert refused(slices, tmp_path) == "ct-inconsistent"


def test_missing_and_irregular_slices_are_named(tmp_path: Path) -> None:
    slices = export.ct(16)
    assert warned(slices[:4] + slices[5:], tmp_path / "one") == ["ct-missing-slice"]
    assert warned(slices[:4] + slices[9:], tmp_path / "slab") == ["ct-missing-slice"]
    twice = slices[:4] + slices[5:9] + slices[10:]
    assert warned(twice, tmp_path / "two") == ["ct-missing-slice"]
    assert warned(slices[:1], tmp_path / "single") == ["ct-single-slice"]
    assert warned(slices[:6] + slices[6::2], tmp_path / "coarse") == ["ct-irregular-spacing"]
    slices[3].ImagePositionPatient[2] += 0.004  # systems print 2.999 and 3.000
    assert warned(slices, tmp_path / "printed") == []


@pytest.mark.parametrize("labelled", [False, True])
def test_a_localizer_in_the_series_is_set_aside(tmp_path: Path, labelled: bool) -> None:
    scout = export.ct_slice(9)
    scout.ImageOrientationPatient = [1, 0, 0, 0, 0, -1]
    if labelled:
        scout.ImageType = ["ORIGINAL", "PRIMARY", "LOCALIZER"]
    assert warned([*export.ct(), scout], tmp_path) == ["localizer-skipped"]
    assert series_of([*export.ct(), scout], tmp_path)[0].grid.shape[0] == 6


def test_pixels_without_a_linear_scale_are_refused(tmp_path: Path) -> None:
    for name, value in (("SamplesPerPixel", 3), ("RescaleSlope", 0)):
        one = export.ct_slice(0)
        setattr(one, name, value)
        one.PixelData = one.PixelData * 3
        with pytest.raises(CaseRejected, match="image-not-linear"):
            read_image(series_of([one], tmp_path)[0])


def test_pixels_nobody_can_decode_are_refused(tmp_path: Path) -> None:
    one = export.ct_slice(0)
    one.PixelData = pydicom.encaps.encapsulate([b"no JPEG at all!!"])
    one["PixelData"].is_undefined_length = True
    paths = write([one], tmp_path, pydicom.uid.JPEGLosslessSV1)
    with pytest.raises(CaseRejected, match="pixel-codec"):
        read_image(read_series(paths)[0])


def test_real_oblique_slices_are_read(shared_data: Path) -> None:
    paths = sorted((shared_data / "oriented").glob("*.dcm"))
    series, findings = read_series(paths)
    image = read_image(series)
    assert findings == ()
    assert not series.grid.is_axial
    for k, one in enumerate(series.slices):
        dataset = pydicom.dcmread(one.path)
        assert np.allclose(series.grid.planes_mm[k], dataset.ImagePositionPatient, atol=1e-3)
        raw = dataset.pixel_array.astype(np.float64)
        scaled = raw * float(dataset.RescaleSlope) + float(dataset.RescaleIntercept)
        assert np.array_equal(image.values[k], scaled.astype(np.float32))


def test_real_lung_ct_is_read(shared_data: Path) -> None:
    paths = [p for p in (shared_data / "4dlung" / "ct").glob("*.dcm") if p.name != "100.dcm"]
    series, findings = read_series(paths)
    assert findings == ()
    assert series.grid.shape == (99, 512, 512)
    assert 2.999 <= series.grid.plane_spacing_mm <= 3.0
    dataset = pydicom.dcmread(series.slices[40].path)
    assert pixels.stored_values(
        series.slices[40].path, pixels.read_header(series.slices[40].path), (512, 512)
    ).tolist() == (dataset.pixel_array.tolist())
