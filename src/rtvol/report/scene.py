"""What the views of a page show: the box round some structures, its images, and their frame."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from rtvol import codes
from rtvol.errors import CaseRejected
from rtvol.report.framing import frame_entry
from rtvol.report.view import View, make_view

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from rtvol.case import Case
    from rtvol.errors import Finding
    from rtvol.frames import Box, PlaneFrame
    from rtvol.report.places import Spot
    from rtvol.structures import Roi

#: What is shown around the targets, mm.
AROUND_MM = 30.0


def view_of(case: Case, rois: Sequence[Roi], box: Box) -> tuple[View, tuple[Finding, ...]]:
    """Return the images in a box; where they cannot be read, none, and a warning.

    There is a plane wherever a structure of the case, or one of `rois`, has contours.
    """
    planes_mm = _planes((*case.structures.rois, *rois), box)
    try:
        return make_view(case, box, planes_mm), ()
    except CaseRejected as fault:
        found = fault.finding
        seen = f"{found.where}: {found.seen}" if found.where else found.seen
        without = replace(case, ct=None)
        finding = codes.PAGE_WITHOUT_IMAGES.warn(where="images", seen=seen, mend=found.mend)
        return make_view(without, box, planes_mm), (finding,)


def box_round(rois: Sequence[Roi]) -> Box:
    """Return the box, mm, around structures and a rim.

    Raises
    ------
    CaseRejected
        `roi-empty` when nothing is drawn.
    """
    rois = [roi for roi in rois if roi.contours]
    if not rois:
        raise CaseRejected("roi-empty", where="RTSTRUCT", seen="no region has a contour to show")
    xy = np.concatenate([contour.xy_mm for roi in rois for contour in roi.contours])
    z = np.concatenate([roi.planes_mm for roi in rois])
    low, high = xy.min(axis=0) - AROUND_MM, xy.max(axis=0) + AROUND_MM
    return (
        (float(low[0]), float(high[0])),
        (float(low[1]), float(high[1])),
        (float(z.min()) - AROUND_MM, float(z.max()) + AROUND_MM),
    )


def _planes(rois: Sequence[Roi], box: Box) -> NDArray[np.float64]:
    """Return the planes of contours within a box."""
    every = [roi.planes_mm for roi in rois]
    planes: NDArray[np.float64] = np.unique(np.round(np.concatenate(every), 2))
    return planes[(planes >= box[2][0]) & (planes <= box[2][1])]


def view_entry(view: View, frame: PlaneFrame) -> dict[str, Any]:
    """Return a view as a page's script takes it."""
    pixels = view.pixels
    entry: dict[str, Any] = {
        "x": axis_entry(view.x_mm),
        "y": axis_entry(view.y_mm),
        "z": [round(float(z), 4) for z in view.planes_mm],
        "levels": [] if pixels is None else [round(float(level), 2) for level in pixels.levels],
        "unit": "HU",
        "window": list(view.window),
        "frame": frame_entry(frame),
    }
    if pixels is not None and pixels.modality != "CT":
        entry["unit"] = f"({pixels.modality})"
    return entry


def axis_entry(axis: NDArray[np.float64]) -> list[float]:
    """Return first value, step and count of equally spaced values."""
    step = float(axis[-1] - axis[0]) / (axis.size - 1) if axis.size > 1 else 1.0
    return [float(axis[0]), step, int(axis.size)]


def place_entry(place: Spot) -> dict[str, Any]:
    """Return a place as a page's script takes it."""
    return {"kind": place.kind, "label": place.label, "at_mm": list(place.at_mm)}
