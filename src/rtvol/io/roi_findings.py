"""What is said of the regions of a structure set: each kind once, with a count, targets first."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING

from rtvol import codes
from rtvol.errors import Finding
from rtvol.io import tags
from rtvol.io.headers import printable
from rtvol.io.listing import listed, names_of
from rtvol.io.raw_contours import contour_count

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from rtvol.io.headers import Header
    from rtvol.structures import Roi

#: RTROIInterpretedTypes that are points or lines by what they are (PS3.3 C.8.8.8.1).
NO_VOLUME_KINDS = frozenset(
    {
        *("MARKER", "ISOCENTER", "REGISTRATION", "DOSE_MEASUREMENT"),
        *("BRACHY_CHANNEL", "BRACHY_ACCESSORY", "BRACHY_SRC_APP", "BRACHY_CHNL_SHLD"),
    }
)
#: Refusals of one kind are told one by one up to so many.
TOLD_APART = 3


def roi_place(name: str) -> str:
    """Return where a finding about one region points to."""
    return f'ROI "{printable(name)}"'


def refused(roi: Roi) -> bool:
    """Whether a region has contours that cannot be used, and that it should be able to have."""
    return roi.refusal is not None and not _is_point_by_nature(roi)


def _is_point_by_nature(roi: Roi) -> bool:
    open_ones = ("roi-not-closed", "contour-degenerate")
    is_open = roi.refusal is not None and roi.refusal.code in open_ones
    return is_open and roi.kind in NO_VOLUME_KINDS


def refusal_findings(rois: Sequence[Roi]) -> Iterator[Finding]:
    """Name the regions none of whose contours can be used; points that are no target as a note."""
    groups: dict[tuple[str, bool], list[Roi]] = defaultdict(list)
    for roi in rois:
        if roi.refusal is not None and refused(roi):
            is_point = roi.refusal.seen.endswith("closed: POINT") and not roi.is_target
            groups[roi.refusal.code, is_point].append(roi)
    for (code, is_point), group in groups.items():
        first = group[0].refusal
        assert first is not None  # noqa: S101 - groups hold refused regions only
        if is_point:
            seen = f"{len(group)} ROIs are points, without a volume: {names_of(group)}"
            yield Finding(code, "note", "RTSTRUCT", seen, first.mend)
        elif len(group) <= TOLD_APART:
            for roi in group:
                if roi.refusal is not None:
                    seen = f"{roi.refusal.seen}; this ROI is not used"
                    yield replace(roi.refusal, severity="warning", seen=seen)
        else:
            seen = f"{len(group)} of {len(rois)} ROIs are not used: {names_of(group)}; "
            seen += f"the first, at {first.where}: {first.seen}"
            yield Finding(code, "warning", "RTSTRUCT", seen, first.mend)


def set_findings(
    header: Header, rois: Sequence[Roi], contour_items: Mapping[int, list[Header]]
) -> Iterator[Finding]:
    """Say what is odd about the names and the completeness of the regions."""
    yield from name_findings(rois)
    drawn = {
        number
        for number, items in contour_items.items()
        if any(contour_count(item) for item in items)
    }
    yield from empty_findings(rois, drawn)
    if not header.has(tags.RT_ROI_OBSERVATIONS_SEQUENCE):
        place = tags.name_of(tags.RT_ROI_OBSERVATIONS_SEQUENCE)
        seen = f"{place} is not there; ROIs have no type"
        mend = "name the target ROIs, or export the structure set again"
        yield codes.NO_OBSERVATIONS.warn(where="RTSTRUCT", seen=seen, mend=mend)


def name_findings(rois: Sequence[Roi]) -> Iterator[Finding]:
    """Say which names several regions share, and which have none."""
    names = [roi.name for roi in rois]
    for name in sorted({name for name in names if names.count(name) > 1}):
        numbers = ", ".join(f"#{roi.number}" for roi in rois if roi.name == name)
        seen = f"{names.count(name)} ROIs have this name: {numbers}"
        mend = "ask for one by its number (#3), or rename one of them"
        yield codes.ROI_NAME_DUPLICATE.warn(where=roi_place(name), seen=seen, mend=mend)
    nameless = [str(roi.number) for roi in rois if not roi.name]
    if nameless:
        seen = f"ROIs without a name: number {listed(nameless)}"
        mend = "ask for one by its number (#3), or name them in the planning system"
        yield codes.ROI_NO_NAME.warn(where="RTSTRUCT", seen=seen, mend=mend)


def empty_findings(rois: Sequence[Roi], drawn: Collection[int]) -> Iterator[Finding]:
    """Name the regions without any contour: targets as a warning, all others as a note.

    `drawn` are the numbers of those that have some, used or not.
    """
    empty = [roi for roi in rois if roi.number not in drawn and roi.refusal is None]
    if empty:
        seen = f"{len(empty)} of {len(rois)} ROIs have no contour: {names_of(empty)}"
        mend = "contour them, or leave them out of the export"
        targets = any(roi.is_target for roi in empty)
        say = codes.ROI_EMPTY.warn if targets else codes.ROI_EMPTY.note
        yield say(where="RTSTRUCT", seen=seen, mend=mend)
