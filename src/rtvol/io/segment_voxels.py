"""Pixels of a segmentation -> which voxels of each frame belong to which segment."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from rtvol.errors import CaseRejected
from rtvol.io import tags
from rtvol.io.headers import printable
from rtvol.io.pixels import packed_bits, stored_values

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray

    from rtvol.io.headers import Header

Form = Literal["BINARY", "FRACTIONAL", "LABELMAP"]


@dataclass(frozen=True, eq=False)
class FrameVoxels:
    """The voxels of one segment on one frame.

    Attributes
    ----------
    number
        Segment number.
    rows, columns
        Indices (N,) of the voxels that belong to it.
    share
        Sum of the fractions of all voxels of the frame, in voxels; their number where there are no
        fractions.
    """

    number: int
    rows: NDArray[np.intp]
    columns: NDArray[np.intp]
    share: float


def unclear(seen: str) -> CaseRejected:
    """Make the error of a segmentation that does not say what its voxels mean."""
    return CaseRejected(
        "segmentation-unclear", where="SEG", seen=seen, mend="export the segmentation again"
    )


def form_of(header: Header) -> Form:
    """Return what the voxels of a segmentation are (PS3.3 C.8.20.2, Segmentation Type).

    Raises
    ------
    CaseRejected
        `segmentation-unclear`.
    """
    said = header.text(tags.SEGMENTATION_TYPE).upper()
    bits = header.short(tags.BITS_ALLOCATED)
    if said == "BINARY" and bits in (1, 8):  # eight by some writers, that compress
        return "BINARY"
    if said == "FRACTIONAL" and bits == 8:
        if not 0 < header.short(tags.MAXIMUM_FRACTIONAL_VALUE) < 256:
            raise unclear("a fractional segmentation without a Maximum Fractional Value")
        return "FRACTIONAL"
    if said == "LABELMAP" and bits in (8, 16):
        return "LABELMAP"
    raise unclear(f"Segmentation Type {printable(said[:16])!r} of {bits} bits is not read")


def segment_numbers(header: Header) -> list[int]:
    """Segment each frame is of (PS3.3 C.8.20.3.1); none of a label map.

    Raises
    ------
    CaseRejected
        `segmentation-unclear` where a frame does not say.
    """
    shared = header.items(tags.SHARED_FUNCTIONAL_GROUPS_SEQUENCE)
    numbers = []
    for at, group in enumerate(header.items(tags.PER_FRAME_FUNCTIONAL_GROUPS_SEQUENCE), start=1):
        told = [
            item.short(tags.REFERENCED_SEGMENT_NUMBER)
            for holder in (group, *shared)
            for item in holder.items(tags.SEGMENT_IDENTIFICATION_SEQUENCE)
        ]
        if len(told) != 1 or not told[0]:
            raise unclear(f"frame {at} names {len(told) if all(told) else 0} segments, not one")
        numbers += told
    return numbers


def frame_voxels(path: Path, header: Header, form: Form, count: int) -> list[list[FrameVoxels]]:
    """Read which voxels of each of `count` frames belong to which segment.

    Raises
    ------
    CaseRejected
        `segmentation-unclear`, and those of `stored_values` and `packed_bits`.
    """
    shape = (count, header.short(tags.ROWS), header.short(tags.COLUMNS))
    if min(shape) < 1:
        raise unclear(f"frames of {shape[1]} x {shape[2]} voxels")
    if form == "LABELMAP":
        values = stored_values(path, header, shape)
        background = header.short(tags.PIXEL_PADDING_VALUE)
        return [list(_labels(frame, background)) for frame in values]
    numbers = segment_numbers(header)
    if header.short(tags.BITS_ALLOCATED) == 1:
        frames = packed_bits(path, header, shape)
        whole = 1
    else:
        stored = stored_values(path, header, shape)
        whole = header.short(tags.MAXIMUM_FRACTIONAL_VALUE) if form == "FRACTIONAL" else 1
        _refuse_beyond(stored, whole)
        frames = iter(stored)
    return [[_half(frame, number, whole)] for number, frame in zip(numbers, frames, strict=True)]


def _refuse_beyond(stored: NDArray[np.generic], whole: int) -> None:
    highest = int(stored.max())
    if highest > whole:
        raise unclear(f"a voxel holds {highest}, more than the whole, {whole}")


def _half(frame: NDArray[np.generic], number: int, whole: int) -> FrameVoxels:
    """Voxels of half of the whole or more."""
    rows, columns = np.nonzero(2 * frame.astype(np.int64) >= whole)
    share = float(frame.sum(dtype=np.int64)) / whole
    return FrameVoxels(number, rows, columns, share)


def _labels(frame: NDArray[np.generic], background: int) -> Iterator[FrameVoxels]:
    """Voxels of each label on a frame of a label map, ascending."""
    rows, columns = np.nonzero(frame)
    labels = frame[rows, columns].astype(np.int64)
    order = np.argsort(labels, kind="stable")
    numbers, first = np.unique(labels[order], return_index=True)
    parts = zip(numbers.tolist(), np.split(order, first[1:]), strict=True)
    for number, own in parts if labels.size else ():
        if number != background:
            yield FrameVoxels(number, rows[own], columns[own], float(own.size))
