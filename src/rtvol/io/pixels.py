"""Stored pixels -> numbers: any bit depth and sign, compressed or not, then the rescale."""

from __future__ import annotations

import math
import struct
import warnings
from typing import TYPE_CHECKING, Any

import numpy as np

from rtvol.errors import CaseRejected
from rtvol.io import tags
from rtvol.io.elements import INFLATE_LIMIT
from rtvol.io.headers import read_header
from rtvol.volumes import Image

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from rtvol.case import ImageSeries
    from rtvol.io.headers import Header

#: What pydicom's decoders raise: no decoder, a stream that is none, fewer frames than declared.
_UNDECODED = (
    *(EOFError, IndexError, NotImplementedError, RuntimeError, StopIteration, ValueError),
    struct.error,
)


def _dtype(header: Header) -> np.dtype[np.generic]:
    bits = header.short(tags.BITS_ALLOCATED)
    if bits not in (8, 16, 32):
        raise CaseRejected(
            "image-bit-depth",
            seen=f"{bits} bits allocated; 8, 16 and 32 are read",
            mend="export the object in another pixel format",
        )
    kind = "i" if header.short(tags.PIXEL_REPRESENTATION) else "u"
    order = ">" if header.source.coding.big else "<"
    return np.dtype(f"{order}{kind}{bits // 8}")


def stored_values(path: Path, header: Header, shape: tuple[int, ...]) -> NDArray[np.generic]:
    """Pixels of one file as integers of `shape`, unused high bits cleared or sign-extended.

    Raises
    ------
    CaseRejected
        `pixel-length-mismatch` when there are more or fewer pixels than `shape` asks for,
        `image-bit-depth`, `pixel-codec` when nothing here can decompress them, `inflate-limit`.
    """
    dtype = _dtype(header)
    if not header.source.is_native:
        values = _decompressed(path, header, shape)
        if values.size != math.prod(shape):
            raise _mismatch(values.size, math.prod(shape), "pixels")
        return _whole(values.reshape(shape), header)
    start, stop = header.span(tags.PIXEL_DATA)
    needed = math.prod(shape) * dtype.itemsize
    if not needed <= stop - start <= needed + 1:  # values are padded to an even length
        raise _mismatch(stop - start, needed, "bytes of pixels")
    data = header.source.data
    if len(data) < start + needed:
        with path.open("rb") as file:
            file.seek(start)
            data, start = file.read(needed), 0
        if len(data) < needed:
            raise _mismatch(len(data), needed, "bytes of pixels")
    values = np.frombuffer(data, dtype, math.prod(shape), start)
    return _whole(values.reshape(shape), header)


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


def _decompressed(path: Path, header: Header, shape: tuple[int, ...]) -> NDArray[np.generic]:
    """Pixels of a compressed file by pydicom's decoders, or by GDCM within SimpleITK."""
    from pydicom.pixels.decoders.base import get_decoder

    if math.prod(shape) * _dtype(header).itemsize > INFLATE_LIMIT:
        raise CaseRejected(
            "inflate-limit",
            seen=f"the compressed pixels hold more than {INFLATE_LIMIT >> 20} MiB",
            mend="export the object uncompressed",
        )
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # lengths are checked here, and in words users know
            decoder = get_decoder(header.source.transfer_syntax)
            values, _ = decoder.as_array(header.raw(tags.PIXEL_DATA), **_described(header, shape))
    except _UNDECODED:
        return _decompressed_by_gdcm(path, header)
    return values


def _described(header: Header, shape: tuple[int, ...]) -> dict[str, Any]:
    """Say what pydicom's decoders want to know (PS3.3 C.7.6.3): grey values of one sample."""
    bits = header.short(tags.BITS_ALLOCATED)
    return {
        "rows": shape[-2],
        "columns": shape[-1],
        "number_of_frames": math.prod(shape[:-2]),
        "samples_per_pixel": 1,
        "photometric_interpretation": "MONOCHROME2",
        "bits_allocated": bits,
        "bits_stored": header.short(tags.BITS_STORED, bits),
        "pixel_representation": min(1, header.short(tags.PIXEL_REPRESENTATION)),
        "pixel_keyword": "PixelData",
    }


def _decompressed_by_gdcm(path: Path, header: Header) -> NDArray[np.generic]:
    """Get stored values by SimpleITK, which hands out rescaled ones."""
    import SimpleITK as sitk

    slope, intercept = _rescale(header)
    limits = np.iinfo(_dtype(header).name)
    try:
        rescaled = sitk.GetArrayFromImage(sitk.ReadImage(str(path)))
    except RuntimeError as error:
        raise _no_codec(header) from error
    with np.errstate(over="ignore"):
        stored: NDArray[np.float64] = np.rint((rescaled.astype(np.float64) - intercept) / slope)
    if not ((stored >= limits.min) & (stored <= limits.max)).all():
        raise _no_codec(header)
    return stored.astype(_dtype(header))


def _no_codec(header: Header) -> CaseRejected:
    return CaseRejected(
        "pixel-codec",
        seen=f"no decoder reads the compressed pixels ({header.source.transfer_syntax[:64]!r})",
        mend="install pylibjpeg with its plugins, or export the object uncompressed",
    )


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
