"""One image file -> where its plane lies, each attribute checked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from rtvol.case import image_key
from rtvol.errors import CaseRejected
from rtvol.geometry import SAME_MM
from rtvol.io import tags

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from rtvol.io.headers import Header

_NAMES = {
    tags.IMAGE_POSITION_PATIENT: "Image Position (Patient)",
    tags.IMAGE_ORIENTATION_PATIENT: "Image Orientation (Patient)",
    tags.PIXEL_SPACING: "Pixel Spacing",
}


@dataclass(frozen=True, eq=False)
class SliceHeader:
    """Geometry of one image file, or of one frame of an enhanced one (`frame`, from 1)."""

    path: Path
    header: Header
    position_mm: NDArray[np.float64]
    directions: NDArray[np.float64]
    spacing_mm: tuple[float, float]
    shape_ji: tuple[int, int]
    sop_uid: str
    frame_uid: str
    frame: int = 0

    @property
    def key(self) -> str:
        """What contours refer to it by: the object, and its frame in an enhanced one."""
        return image_key(self.sop_uid, self.frame)

    @property
    def normal(self) -> NDArray[np.float64]:
        """Row x column (PS3.3 C.7.6.2.1.1)."""
        return np.cross(self.directions[0], self.directions[1])


def reject(code: str, seen: str, mend: str = "export the series again") -> CaseRejected:
    """Make the error of a series that cannot be used."""
    return CaseRejected(code, seen=seen, mend=mend)


def _vector(header: Header, tag: int, code: str, count: int) -> tuple[float, ...]:
    values = header.lengths_mm(tag)
    if len(values) != count:
        raise reject(code, f"{_NAMES[tag]} has {len(values)} values instead of {count}")
    return values


def is_localizer(header: Header) -> bool:
    """Whether an image calls itself a localizer."""
    return "LOCALIZER" in header.text(tags.IMAGE_TYPE).upper()


def slices_of(path: Path, header: Header) -> list[SliceHeader]:
    """Geometry of the slices of one file: one, or the frames of an enhanced image.

    The plane of a frame stands in its functional groups, or in those that all share
    (PS3.3 C.7.6.16.2.1 to 2.4).
    """
    frames = header.whole(tags.NUMBER_OF_FRAMES)
    groups = header.items(tags.PER_FRAME_FUNCTIONAL_GROUPS_SEQUENCE)
    if not groups:
        if frames is not None and frames > 1:
            seen = f"the file holds {frames} frames and does not say where each lies"
            raise reject("image-multi-frame", seen, "export single slices")
        return [_slice(path, header, (header, header, header))]
    if frames not in (None, len(groups)):
        seen = f"the file says where {len(groups)} of {frames} frames lie"
        raise reject("image-multi-frame", seen)
    shared = header.items(tags.SHARED_FUNCTIONAL_GROUPS_SEQUENCE)
    sequences = (
        tags.PLANE_POSITION_SEQUENCE,
        tags.PLANE_ORIENTATION_SEQUENCE,
        tags.PIXEL_MEASURES_SEQUENCE,
    )
    return [
        _slice(
            path,
            header,
            tuple(group_item(sequence, group, shared) or group for sequence in sequences),
            number,
        )
        for number, group in enumerate(groups, start=1)
    ]


def group_item(sequence: int, group: Header, shared: Sequence[Header]) -> Header | None:
    """Return the item of a functional group of a frame, else of all frames; None without any."""
    for holder in (group, *shared):
        items = holder.items(sequence)
        if items:
            return items[0]
    return None


def _slice(path: Path, header: Header, where: Sequence[Header], frame: int = 0) -> SliceHeader:
    """Geometry of one slice, each attribute checked; `where` hold place, orientation, spacing."""
    position = _vector(where[0], tags.IMAGE_POSITION_PATIENT, "ct-no-position", 3)
    orientation = _vector(where[1], tags.IMAGE_ORIENTATION_PATIENT, "ct-no-orientation", 6)
    spacing = _vector(where[2], tags.PIXEL_SPACING, "ct-no-spacing", 2)
    if min(spacing) < SAME_MM:
        raise reject("ct-bad-spacing", f"Pixel Spacing is {spacing[0]:g} x {spacing[1]:g} mm")
    directions = np.array(orientation).reshape(2, 3)
    lengths = np.linalg.norm(directions, axis=1)
    if abs(lengths - 1).max() > 1e-2 or abs(directions[0] @ directions[1]) > 1e-3:
        raise reject("bad-grid", f"Image Orientation (Patient) is {orientation}")
    return SliceHeader(
        path,
        header,
        np.array(position),
        directions / lengths[:, None],  # printed cosines are rounded; unit length is meant
        (spacing[0], spacing[1]),
        (header.short(tags.ROWS), header.short(tags.COLUMNS)),
        header.uid(tags.SOP_INSTANCE_UID),
        header.uid(tags.FRAME_OF_REFERENCE_UID),
        frame,
    )
