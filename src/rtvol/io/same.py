"""Whether two objects are one: the same bytes, regions or elements, however they are stored."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING

import numpy as np

from rtvol.errors import CaseRejected

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from rtvol.io.index import Entry
    from rtvol.structures import Contour, Roi, StructureSet


def same_object(one: Entry, other: Entry) -> bool:
    """Whether two files with one SOP Instance UID hold one object, in whatever transfer syntax."""
    return same_bytes(one.path, other.path) or same_regions(one, other)


def same_bytes(one: Path, other: Path) -> bool:
    """Whether two files hold the same bytes."""
    return one.stat().st_size == other.stat().st_size and one.read_bytes() == other.read_bytes()


def same_elements(one: bytes, other: bytes) -> bool:
    """Whether two files hold the same elements, in whatever transfer syntax and file meta."""
    from pydicom import dcmread
    from pydicom.errors import InvalidDicomError

    try:
        first, second = (dcmread(BytesIO(data)) for data in (one, other))
        return bool(first == second)
    except (InvalidDicomError, ValueError, EOFError, KeyError, TypeError):
        return False


def same_regions(one: Entry, other: Entry) -> bool:
    """Whether two structure sets of one patient and frame have the same ROIs, point by point."""
    if one.fault is not None or other.fault is not None:
        return False
    whose = [(e.patient_id, e.patient_name, e.frame_uid, e.series_refs) for e in (one, other)]
    if whose[0] != whose[1]:
        return False
    from rtvol.io.sets import read_structures

    try:
        first, second = (read_structures(entry.path) for entry in (one, other))
    except CaseRejected:
        return False
    return first.findings == second.findings and _equal(first.structures, second.structures)


def _equal(one: StructureSet, other: StructureSet) -> bool:
    if len(one.rois) != len(other.rois) or one.label != other.label:
        return False
    return all(_equal_rois(a, b) for a, b in zip(one.rois, other.rois, strict=True))


def _equal_rois(one: Roi, other: Roi) -> bool:
    said = [(roi.name, roi.number, roi.kind, len(roi.contours)) for roi in (one, other)]
    return said[0] == said[1] and _equal_contours(one.contours, other.contours)


def _equal_contours(one: Sequence[Contour], other: Sequence[Contour]) -> bool:
    return all(
        a.z_mm == b.z_mm and a.image_uid == b.image_uid and np.array_equal(a.xy_mm, b.xy_mm)
        for a, b in zip(one, other, strict=True)
    )
