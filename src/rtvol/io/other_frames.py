"""Regions drawn in another frame of reference: carried by a registration, else refused."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rtvol import codes
from rtvol.errors import CaseRejected
from rtvol.io import tags
from rtvol.io.plane_fit import moved_roi
from rtvol.io.roi_findings import roi_place

if TYPE_CHECKING:
    from rtvol.errors import Finding
    from rtvol.io.headers import Header
    from rtvol.io.registration import Registrations
    from rtvol.structures import Roi


def _own(item: Header, frame: str) -> str:
    """Frame of reference of an ROI item (PS3.3 C.8.8.5); the set's where it names none."""
    return item.uid(tags.REFERENCED_FRAME_OF_REFERENCE_UID) or frame


def refused_frame(item: Header, frame: str, registered: Registrations) -> Finding | None:
    """Refuse a region of another frame of reference that no rigid registration leads from."""
    own, place = _own(item, frame), roi_place(item.text(tags.ROI_NAME))
    try:
        if own == frame or registered.way(own, frame) is not None:
            return None
    except CaseRejected as fault:
        return fault.at(place).finding
    seen = "it is defined in another frame of reference"
    if {own, frame} <= registered.deformed:
        seen += ", which only a deformable registration relates to this one"
    mend = "register the frames rigidly, or export this ROI in the frame of the others"
    return codes.FRAME_MISMATCH.error(where=place, seen=seen, mend=mend)


def carried(
    roi: Roi, item: Header, frame: str, registered: Registrations, findings: list[Finding]
) -> Roi:
    """Carry contours of another frame of reference into that of the set, and say so."""
    own = _own(item, frame)
    way = registered.way(own, frame) if own != frame and roi.contours else None
    if way is None:
        return roi
    seen = f"drawn in another frame of reference; {way}"
    findings.append(codes.FRAME_REGISTERED.note(where=roi_place(roi.name), seen=seen))
    return moved_roi(roi, way.motion)
