"""Stored pixels at their edges: files longer than their head, compressed ones, odd bit depths."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from pydicom.uid import RLELossless

from naive import export
from rtvol.errors import CaseRejected
from rtvol.io import elements, pixels, read_dose, read_dose_source, read_image, read_series, tags
from rtvol.io.headers import read_header

if TYPE_CHECKING:
    from pathlib import Path

    from pydicom.dataset import Dataset


def refused(path: Path, shape: tuple[int, ...]) -> tuple[str, str]:
    with pytest.raises(CaseRejected) as error:
        pixels.stored_values(path, read_header(path), shape)
    return error.value.finding.code, error.value.finding.seen


def packed(one: Dataset, folder: Path, syntax: str = RLELossless) -> Path:
    """RLE of 16-bit values, its transfer syntax overwritten by another of the same length."""
    export.save(one, folder / "plain.dcm")
    one.compress(RLELossless, encoding_plugin="pydicom", generate_instance_uid=False)
    path = export.save(one, folder / "packed.dcm", RLELossless)
    named = syntax.encode().ljust(len(RLELossless), b"\0")
    path.write_bytes(path.read_bytes().replace(RLELossless.encode(), named))
    return path


def short_dose() -> Dataset:
    one = export.dose(count=2)
    one.BitsAllocated, one.BitsStored, one.HighBit = 16, 16, 15
    one.PixelData = export.dose_integers(2).astype("<u2").tobytes()
    return one


def test_a_compressed_dose_is_the_plain_one(tmp_path: Path) -> None:
    source, findings = read_dose_source(packed(short_dose(), tmp_path))
    assert findings == ()
    gy = (export.dose_integers(2) * 0.001).astype(np.float32)
    assert np.array_equal(read_dose(source).values_gy, gy)


def test_compressed_pixels_that_are_fewer_or_more(tmp_path: Path) -> None:
    path = packed(short_dose(), tmp_path)
    assert refused(path, (3, 4, 6)) == (
        "pixel-length-mismatch",
        "2 compressed frames where 3 are needed",
    )
    for shape in ((2, 4, 7), (2, 5, 6), (2, 4, 5), (2, 3, 6), (1, 4, 6)):  # longer, shorter, fewer
        assert refused(path, shape)[0] == "pixel-codec"


def test_a_transfer_syntax_nobody_knows_is_refused_by_its_name(tmp_path: Path) -> None:
    path = packed(short_dose(), tmp_path, "1.2.3.4.5.6")
    assert refused(path, (2, 4, 6)) == (
        "pixel-codec",
        "no decoder reads the compressed pixels ('1.2.3.4.5.6')",
    )


def test_declared_sizes_of_compressed_pixels_have_a_limit(tmp_path: Path) -> None:
    one = short_dose()
    path = packed(one, tmp_path)
    for shape in ((elements.INFLATE_LIMIT // 2, 1, 2), (1, 1 << 24, 2), (2, 1 << 24, 1)):
        assert refused(path, shape)[0] in {"inflate-limit", "pixel-codec"}
    assert refused(path, (1, (1 << 23) + 1, 2))[0] == "inflate-limit"
    one.Rows, one.Columns, one.NumberOfFrames = 65535, 65535, 30000
    with pytest.raises(CaseRejected) as error:
        read_dose_source(export.save(one, tmp_path / "huge.dcm", RLELossless))
    assert error.value.finding.code == "inflate-limit"


def test_gdcm_gives_the_same_integers(tmp_path: Path) -> None:
    path = packed(short_dose(), tmp_path)
    values = pixels._decoded_by_gdcm(read_header(path), (2, 4, 6))
    assert values.dtype == np.uint16
    assert np.array_equal(values, export.dose_integers(2))


def test_as_many_values_of_gdcm_as_declared(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import SimpleITK as sitk
    from pydicom.pixels.decoders.base import Decoder

    path = packed(short_dose(), tmp_path)
    small = sitk.GetImageFromArray(np.full((2, 4, 5), 7, np.uint16))
    monkeypatch.setattr(sitk, "ReadImage", lambda *_, **__: small)
    monkeypatch.setattr(Decoder, "is_available", property(lambda _: False))
    assert refused(path, (2, 4, 6)) == (
        "pixel-length-mismatch",
        "40 pixels where 48 are needed",
    )


@pytest.mark.parametrize("kind", [np.float32, np.int64])
def test_values_of_gdcm_that_are_no_stored_integers_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: type
) -> None:
    import SimpleITK as sitk

    header = read_header(packed(short_dose(), tmp_path))
    wide = sitk.GetImageFromArray(np.full((2, 4, 6), 7, kind))
    monkeypatch.setattr(sitk, "ReadImage", lambda *_, **__: wide)
    with pytest.raises(CaseRejected) as error:
        pixels._decoded_by_gdcm(header, (2, 4, 6))
    assert error.value.finding.code == "pixel-codec"


@pytest.mark.parametrize("bits", [0, 1, 12, 24, 64])
def test_bit_depths_nobody_writes_are_refused(tmp_path: Path, bits: int) -> None:
    one = export.ct_slice(0)
    one.BitsAllocated = bits
    assert refused(export.save(one, tmp_path / "ct.dcm"), export.SHAPE) == (
        "image-bit-depth",
        f"{bits} bits allocated; 8, 16 and 32 are read",
    )


def test_pixels_of_a_file_longer_than_its_head(tmp_path: Path) -> None:
    shape = (128, 130)
    one = export.ct_slice(0)
    one.Rows, one.Columns = shape
    one.PixelData = export.stored(0, shape).tobytes()
    path = export.save(one, tmp_path / "ct.dcm")
    header = read_header(path)
    assert len(header.source.data) == elements.HEAD_BYTES  # the pixels were stepped over
    assert np.array_equal(pixels.stored_values(path, header, shape), export.stored(0, shape))
    path.write_bytes(path.read_bytes()[:-2])  # the file shrinks after its header was read
    with pytest.raises(CaseRejected) as error:
        pixels.stored_values(path, header, shape)
    assert error.value.finding.code == "pixel-length-mismatch"


def test_a_rescale_slope_of_zero_is_refused(tmp_path: Path) -> None:
    slices = export.ct(2)
    for one in slices:
        one.RescaleSlope = 0
    paths = [export.save(one, tmp_path / f"{n}.dcm") for n, one in enumerate(slices)]
    with pytest.raises(CaseRejected) as error:
        read_image(read_series(paths)[0])
    assert error.value.finding.code == "image-not-linear"
    assert error.value.finding.where == "image slice 1"


@pytest.mark.parametrize("samples", [1, 3])
def test_colours_and_tables_are_no_hu(tmp_path: Path, samples: int) -> None:
    one = export.ct_slice(0)
    one.SamplesPerPixel = samples
    one.ModalityLUTSequence = [export.item(ModalityLUTType="HU")]
    one.PixelData = one.PixelData * samples
    series, _ = read_series([export.save(one, tmp_path / "ct.dcm")])
    with pytest.raises(CaseRejected) as error:
        read_image(series)
    assert error.value.finding.seen == (
        "the image has a look-up table" if samples == 1 else "the image has 3 samples per pixel"
    )


def test_all_bits_stored_or_none_said_leave_the_values(tmp_path: Path) -> None:
    for bits in (16, 0):
        one = export.ct_slice(0)
        one.BitsStored = bits
        path = export.save(one, tmp_path / f"{bits}.dcm")
        values = pixels.stored_values(path, read_header(path), export.SHAPE)
        assert np.array_equal(values, export.stored(0))
    assert read_header(path).short(tags.BITS_STORED) == 0
