"""Stored pixels -> numbers: any bit depth and sign, compressed or not, then the rescale."""

from __future__ import annotations

import math
import struct
import tempfile
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from rtvol.errors import CaseRejected
from rtvol.io import tags
from rtvol.io.elements import INFLATE_LIMIT
from rtvol.io.headers import read_header
from rtvol.io.slice_header import group_item
from rtvol.volumes import Image

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from numpy.typing import NDArray
    from pydicom.pixels.decoders.base import Decoder

    from rtvol.case import ImageSeries
    from rtvol.io.headers import Header

#: A compressed frame may hold this many bytes: 4096 x 4096 of 16 bits.
FRAME_LIMIT = 1 << 25
#: Bytes behind the last pixel that are padding when they are 0: readers are to step over them
#: (PS3.5 8.1.1).
PADDING = 16
#: What pydicom's decoders raise: no decoder, a stream that is none, fewer frames than declared.
_UNDECODED = (
    *(EOFError, IndexError, RuntimeError, StopIteration, UserWarning, ValueError),
    struct.error,
)
_SEQUENCE_END = b"\xfe\xff\xdd\xe0\0\0\0\0"


def _bits(seen: str) -> CaseRejected:
    mend = "export the object in another pixel format"
    return CaseRejected("image-bit-depth", seen=seen, mend=mend)


def _dtype(header: Header) -> np.dtype[np.generic]:
    bits = header.short(tags.BITS_ALLOCATED)
    if bits not in (8, 16, 32):
        raise _bits(f"{bits} bits allocated; 8, 16 and 32 are read")
    stored = header.short(tags.BITS_STORED) or bits
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
        `image-bit-depth`, `pixel-codec` when nothing here can decompress them, `inflate-limit`.
    """
    dtype = _dtype(header)
    values = _in_file_order(path, header, shape, dtype).reshape(shape)
    whole = _whole(values, header)
    if spare_bits == "refuse" and whole is not values and not np.array_equal(whole, values):
        raise _bits(f"values need more than the {header.short(tags.BITS_STORED)} bits stored")
    return whole


def _in_file_order(
    path: Path, header: Header, shape: tuple[int, ...], dtype: np.dtype[np.generic]
) -> NDArray[np.generic]:
    """All pixels of one file, as many as `shape` asks for."""
    if not header.source.is_native:
        values = _decompressed(header, shape)
        if values.size != math.prod(shape):
            raise _mismatch(values.size, math.prod(shape), "pixels")
        return values
    start, stop = header.span(tags.PIXEL_DATA)
    needed = math.prod(shape) * dtype.itemsize
    spare = stop - start - needed
    if not 0 <= spare <= PADDING:
        raise _mismatch(stop - start, needed, "bytes of pixels")
    data = header.source.data
    if len(data) < start + needed:
        with path.open("rb") as file:
            file.seek(start)
            data, start = file.read(needed + spare), 0
        if len(data) < needed:
            raise _mismatch(len(data), needed, "bytes of pixels")
    if spare > 1 and any(data[start + needed : start + needed + spare]):
        raise _mismatch(needed + spare, needed, "bytes of pixels")
    return np.frombuffer(data, dtype, math.prod(shape), start)


def packed_bits(
    path: Path, header: Header, shape: tuple[int, int, int]
) -> Iterator[NDArray[np.generic]]:
    """Frames (J, I) of single bits, packed without gaps, the lowest bit first (PS3.5 8.1.1).

    Raises
    ------
    CaseRejected
        `pixel-length-mismatch`; `pixel-codec` for encodings that pack bits otherwise.
    """
    if not header.source.is_native or header.source.coding.big:
        raise _no_codec(header)
    size = shape[1] * shape[2]
    needed = -(-shape[0] * size // 8)
    packed = _in_file_order(path, header, (needed,), np.dtype(np.uint8)).astype(np.uint8)

    def frame(at: int) -> NDArray[np.generic]:
        first, last = at * size, (at + 1) * size
        bits = np.unpackbits(packed[first // 8 : -(-last // 8)], bitorder="little")
        found: NDArray[np.generic] = bits[first % 8 : first % 8 + size].reshape(shape[1:])
        return found

    return map(frame, range(shape[0]))


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


def _decompressed(header: Header, shape: tuple[int, ...]) -> NDArray[np.generic]:
    """Pixels of a compressed file by pydicom's decoders, or by GDCM within SimpleITK."""
    size = math.prod(shape) * _dtype(header).itemsize
    if size > INFLATE_LIMIT or size > FRAME_LIMIT * math.prod(shape[:-2]):
        raise CaseRejected(
            "inflate-limit",
            seen=f"compressed pixels that hold {size >> 20} MiB; {INFLATE_LIMIT >> 20} MiB, "
            f"and {FRAME_LIMIT >> 20} MiB a frame, are read",
            mend="export the object uncompressed",
        )
    from pydicom.pixels.decoders.base import get_decoder

    try:
        decoder = get_decoder(header.source.transfer_syntax)
        if not decoder.is_available:  # its plug-ins are not installed
            return _decoded_by_gdcm(header, shape)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # lengths are checked here, and in words users know
            # what it takes for padding is the rest of rows longer than those declared
            warnings.filterwarnings("error", ".*non-conformant padding", UserWarning)
            return _decoded(decoder, header, shape)
    except _UNDECODED as error:
        raise _no_codec(header) from error


def _decoded(decoder: Decoder, header: Header, shape: tuple[int, ...]) -> NDArray[np.generic]:
    """Pixels frame by frame: a frame that cannot be decoded comes before its memory is used."""
    data, options = header.raw(tags.PIXEL_DATA), _described(header, shape)
    values = np.empty((options["number_of_frames"], *shape[-2:]), _dtype(header))
    count = 0
    for frame, _ in decoder.iter_array(data, **options):
        values[count] = frame
        count += 1
    if count != len(values):
        raise _mismatch(count, len(values), "compressed frames")
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


def _decoded_by_gdcm(header: Header, shape: tuple[int, ...]) -> NDArray[np.generic]:
    """Pixels by GDCM within SimpleITK; RuntimeError where it cannot.

    It is given a file of its own that holds nothing but the pixels: what else stands in the one
    read may mislead it, and costs up to a gigabyte where it is damaged.
    """
    import SimpleITK as sitk

    with tempfile.TemporaryDirectory(prefix="rtvol-") as folder:
        path = Path(folder) / "pixels.dcm"
        _write_pixels(path, header, shape)
        values = sitk.GetArrayFromImage(sitk.ReadImage(str(path), imageIO="GDCMImageIO"))
    if values.dtype.kind not in "iu" or values.dtype.itemsize > _dtype(header).itemsize:
        raise _no_codec(header)
    stored: NDArray[np.generic] = values.astype(_dtype(header))
    return stored


def _write_pixels(path: Path, header: Header, shape: tuple[int, ...]) -> None:
    from pydicom.dataset import Dataset, FileMetaDataset
    from pydicom.uid import UID, MultiFrameGrayscaleWordSecondaryCaptureImageStorage

    described = _described(header, shape)
    one = Dataset()
    one.SOPClassUID = MultiFrameGrayscaleWordSecondaryCaptureImageStorage
    one.SOPInstanceUID = "1.2.3"
    one.Rows, one.Columns = described["rows"], described["columns"]
    one.NumberOfFrames, one.SamplesPerPixel = described["number_of_frames"], 1
    one.PhotometricInterpretation = described["photometric_interpretation"]
    one.BitsAllocated, one.BitsStored = described["bits_allocated"], described["bits_stored"]
    one.HighBit = one.BitsStored - 1
    one.PixelRepresentation = described["pixel_representation"]
    one.PixelData = header.raw(tags.PIXEL_DATA).removesuffix(_SEQUENCE_END)
    one["PixelData"].VR = "OB"
    one["PixelData"].is_undefined_length = True
    one.file_meta = FileMetaDataset()
    one.file_meta.TransferSyntaxUID = UID(header.source.transfer_syntax)
    one.save_as(path, enforce_file_format=True)


def _no_codec(header: Header) -> CaseRejected:
    return CaseRejected(
        "pixel-codec",
        seen=f"no decoder reads the compressed pixels ({header.source.transfer_syntax[:64]!r})",
        mend="install pylibjpeg with its plugins, or export the object uncompressed",
    )


def _rescale(header: Header) -> tuple[float, float]:
    """Rescale slope and intercept of one image; 1 and 0 where it has none."""
    slope = header.number(tags.RESCALE_SLOPE)
    if slope == 0:
        mend = "export the images as stored by the scanner"
        raise CaseRejected("image-not-linear", seen="the rescale slope is 0", mend=mend)
    return (1.0 if slope is None else slope), header.number(tags.RESCALE_INTERCEPT) or 0.0


def _linear_header(path: Path) -> Header:
    """Read the header of an image whose pixels are single values, but for a rescale."""
    header = read_header(path, into=tags.FRAMES)
    samples = header.short(tags.SAMPLES_PER_PIXEL, 1)
    if samples != 1 or header.has(tags.MODALITY_LUT_SEQUENCE):
        seen = "a look-up table" if samples == 1 else f"{samples} samples per pixel"
        mend = "export the images as stored by the scanner"
        raise CaseRejected("image-not-linear", seen=f"the image has {seen}", mend=mend)
    return header


def _rescaled(path: Path, shape: tuple[int, int]) -> NDArray[np.float32]:
    """One slice in the units of its own rescale slope and intercept (PS3.3 C.11.1.1.2)."""
    header = _linear_header(path)
    slope, intercept = _rescale(header)
    values = stored_values(path, header, shape)
    scaled: NDArray[np.float32] = (values.astype(np.float64) * slope + intercept).astype(np.float32)
    return scaled


def _fill_frames(values: NDArray[np.float32], path: Path, frames: Mapping[int, int]) -> None:
    """Write frames of an enhanced image, each by its own rescale (PS3.3 C.7.6.16.2.9b).

    `frames`: the plane (K) that each frame, numbered from 1, is.
    """
    header = _linear_header(path)
    groups = header.items(tags.PER_FRAME_FUNCTIONAL_GROUPS_SEQUENCE)
    shared = header.items(tags.SHARED_FUNCTIONAL_GROUPS_SEQUENCE)
    stored = stored_values(path, header, (len(groups), *values.shape[1:]))
    for frame, k in frames.items():
        sequence = tags.PIXEL_VALUE_TRANSFORMATION_SEQUENCE
        slope, intercept = _rescale(group_item(sequence, groups[frame - 1], shared) or header)
        values[k] = stored[frame - 1].astype(np.float64) * slope + intercept


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
    enhanced: dict[Path, dict[int, int]] = {}
    for k, one in enumerate(series.slices):
        if one.frame:
            enhanced.setdefault(one.path, {})[one.frame] = k
            continue
        try:
            values[k] = _rescaled(one.path, series.grid.shape_ji)
        except CaseRejected as fault:
            raise fault.at(f"image slice {k + 1}") from None
    for path, frames in enhanced.items():
        _fill_frames(values, path, frames)
    return Image(values, series.grid, series.modality)
