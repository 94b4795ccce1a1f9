"""Stored pixels -> numbers: any bit depth and sign, compressed or not, then the rescale."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Literal

import numpy as np

from rtvol.errors import CaseRejected
from rtvol.io import tags
from rtvol.io.headers import read_header
from rtvol.volumes import Image

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from rtvol.case import ImageSeries
    from rtvol.io.headers import Header


def _bits(seen: str) -> CaseRejected:
    mend = "export the object in another pixel format"
    return CaseRejected("image-bit-depth", seen=seen, mend=mend)


def _dtype(header: Header) -> np.dtype[np.generic]:
    bits = header.short(tags.BITS_ALLOCATED)
    if bits not in (8, 16, 32):
        raise _bits(f"{bits} bits allocated; 8, 16 and 32 are read")
    stored = header.short(tags.BITS_STORED, bits)
    if header.short(tags.HIGH_BIT, stored - 1) != stored - 1:
        raise _bits(f"High Bit is {header.short(tags.HIGH_BIT)} where {stored} bits are stored")
    kind = "i" if header.short(tags.PIXEL_REPRESENTATION) else "u"
    order = ">" if header.source.coding.big else "<"
    return np.dtype(f"{order}{kind}{bits // 8}")


def stored_values(
    path: Path,
    header: Header,
    shape: tuple[int, ...],
    *,
    spare_bits: Literal["drop", "refuse"] = "drop",
) -> NDArray[np.generic]:
    """Pixels of one file as integers of `shape`, unused high bits cleared or sign-extended.

    Where `spare_bits` are refused, values that use them are: nothing but the value is meant.

    Raises
    ------
    CaseRejected
        `pixel-length-mismatch` when there are more or fewer pixels than `shape` asks for,
        `image-bit-depth`, `pixel-codec` when nothing here can decompress them.
    """
    dtype = _dtype(header)
    values = _in_file_order(path, header, shape, dtype).reshape(shape)
    whole = _whole(values, header)
    if spare_bits == "refuse" and not np.array_equal(whole, values):
        raise _bits(f"values need more than the {header.short(tags.BITS_STORED)} bits stored")
    return whole


def _in_file_order(
    path: Path, header: Header, shape: tuple[int, ...], dtype: np.dtype[np.generic]
) -> NDArray[np.generic]:
    """All pixels of one file, as many as `shape` asks for."""
    if not header.source.is_native:
        values = _decompressed(path, header)
        if values.size != int(np.prod(shape)):
            raise _mismatch(values.size, int(np.prod(shape)), "pixels")
        return values
    start, stop = header.span(tags.PIXEL_DATA)
    needed = int(np.prod(shape)) * dtype.itemsize
    if not needed <= stop - start <= needed + 1:  # values are padded to an even length
        raise _mismatch(stop - start, needed, "bytes of pixels")
    data = header.source.data
    if len(data) < start + needed:
        with path.open("rb") as file:
            file.seek(start)
            data, start = file.read(needed), 0
        if len(data) < needed:
            raise _mismatch(len(data), needed, "bytes of pixels")
    return np.frombuffer(data, dtype, int(np.prod(shape)), start)


def _mismatch(seen: int, needed: int, what: str) -> CaseRejected:
    return CaseRejected(
        "pixel-length-mismatch",
        seen=f"{seen} {what} where {needed} are needed",
        mend="export or copy the file again",
    )


def _whole(values: NDArray[np.generic], header: Header) -> NDArray[np.generic]:
    """Bits beyond Bits Stored hold nothing (PS3.5 8.1.1): drop them, keeping the sign."""
    spare = values.dtype.itemsize * 8 - header.short(tags.BITS_STORED)
    if not 0 < spare < values.dtype.itemsize * 8 or values.dtype.kind not in "iu":
        return values
    shift = values.dtype.type(spare)
    shifted: NDArray[np.generic] = np.right_shift(np.left_shift(values, shift), shift)
    return shifted


def _decompressed(path: Path, header: Header) -> NDArray[np.generic]:
    """Pixels of a compressed file by pydicom's decoders, or by GDCM within SimpleITK."""
    from pydicom import dcmread

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # lengths are checked here, and in words users know
            values: NDArray[np.generic] = dcmread(path).pixel_array
    except (AttributeError, NotImplementedError, RuntimeError, ValueError):
        return _decompressed_by_gdcm(path, header)
    return values


def _decompressed_by_gdcm(path: Path, header: Header) -> NDArray[np.generic]:
    """Get stored values by SimpleITK, which hands out rescaled ones."""
    import SimpleITK as sitk

    slope, intercept = _rescale(header)
    try:
        rescaled = sitk.GetArrayFromImage(sitk.ReadImage(str(path)))
    except RuntimeError as error:
        raise CaseRejected(
            "pixel-codec",
            seen=f"no decoder reads the compressed pixels ({header.source.transfer_syntax})",
            mend="install pylibjpeg with its plugins, or export the object uncompressed",
        ) from error
    stored: NDArray[np.generic] = np.rint((rescaled - intercept) / slope).astype(_dtype(header))
    return stored


def _rescale(header: Header) -> tuple[float, float]:
    """Rescale slope and intercept of one file; 1 and 0 where it has none."""
    slope = header.number(tags.RESCALE_SLOPE)
    if slope == 0:
        mend = "export the images as stored by the scanner"
        raise CaseRejected("image-not-linear", seen="the rescale slope is 0", mend=mend)
    return (1.0 if slope is None else slope), header.number(tags.RESCALE_INTERCEPT) or 0.0


def _rescaled(path: Path, shape: tuple[int, int]) -> NDArray[np.float32]:
    """One slice in the units of its own rescale slope and intercept (PS3.3 C.11.1.1.2)."""
    header = read_header(path)
    samples = header.short(tags.SAMPLES_PER_PIXEL, 1)
    if samples != 1 or header.has(tags.MODALITY_LUT_SEQUENCE):
        seen = "a look-up table" if samples == 1 else f"{samples} samples per pixel"
        mend = "export the images as stored by the scanner"
        raise CaseRejected("image-not-linear", seen=f"the image has {seen}", mend=mend)
    slope, intercept = _rescale(header)
    values = stored_values(path, header, shape)
    scaled: NDArray[np.float32] = (values.astype(np.float64) * slope + intercept).astype(np.float32)
    return scaled


def read_image(series: ImageSeries) -> Image:
    """Read the pixels of a series: HU for CT, rescaled stored units for MR and PET.

    Parameters
    ----------
    series
        The series by its headers.

    Returns
    -------
    Image
        `values` (K, J, I) float32 on `series.grid`; each slice has its own rescale.

    Raises
    ------
    CaseRejected
        `pixel-length-mismatch`, `pixel-codec`, `image-bit-depth`, `image-not-linear`, and
        those of a file that cannot be read.
    """
    values = np.empty(series.grid.shape, np.float32)
    for k, one in enumerate(series.slices):
        try:
            values[k] = _rescaled(one.path, series.grid.shape_ji)
        except CaseRejected as fault:
            raise fault.at(f"image slice {k + 1}") from None
    return Image(values, series.grid, series.modality)
