"""A case in the frame of its planes: what lies on turned planes is shown as it was drawn.

Within a page everything is as for axial images (x along rows, y along columns, z along the
normal); the page itself turns points back into the patient.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from rtvol.errors import RtvolError
from rtvol.frames import AXIAL
from rtvol.geometry import seen_from
from rtvol.solids.stack import stack_planes
from rtvol.solids.turned import cut_across
from rtvol.structures import Contour

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from rtvol.case import Case, ImageSeries
    from rtvol.frames import PlaneFrame
    from rtvol.report.shown import ShownCase
    from rtvol.structures import Roi

#: What the views are called, in their order, and the axes of a page.
AXIAL_WORDS = ("Axial", "Coronal", "Sagittal")
TURNED_WORDS = ("In plane", "Along rows", "Along columns")
AXES, TURNED_AXES = "xyz", "uvw"


def frame_of(case: Case, rois: Sequence[Roi]) -> PlaneFrame:
    """Return the frame a page shows: that of the images, else of what the page is about."""
    if case.ct is not None:
        return case.ct.frame
    frames = dict.fromkeys(roi.frame for roi in rois if roi.contours)
    return next(iter(frames), AXIAL) if len(frames) == 1 else AXIAL


def framed(shown: ShownCase, frame: PlaneFrame) -> ShownCase:
    """Return a case as it is seen from a frame, whose planes are then axial.

    What lies on other planes is cut along these; solids stay where they are in the patient.
    """
    case, dose = shown.case, shown.dose.dose
    rois = _cut(case.structures.rois, case, frame)
    cut = _cut([target.roi for target in shown.targets], case, frame)
    targets = tuple(
        replace(target, roi=roi, level=target.level if target.roi.frame == frame else None)
        for target, roi in zip(shown.targets, cut, strict=True)
    )
    return replace(
        shown,
        case=replace(
            case,
            structures=replace(case.structures, rois=rois),
            ct=None if case.ct is None else _turned(case.ct, frame),
            images=tuple(_turned(series, frame) for series in case.images),
        ),
        dose=replace(shown.dose, dose=None if dose is None else dose.seen_from(frame)),
        targets=targets,
        margins=tuple(_placed(entry, frame) for entry in shown.margins),
    )


def frame_entry(frame: PlaneFrame) -> dict[str, Any]:
    """Return a frame as a page's script takes it: axes in patient LPS, and what to call them."""
    ways = {
        axis: [frame.letters((sign * np.eye(3)[n]).tolist()) for sign in (-1.0, 1.0)]
        for n, axis in enumerate(AXES)
    }
    return {
        "axes": [list(frame.row), list(frame.column), list(frame.normal)],
        "is_axial": frame.is_axial,
        "names": dict(zip(AXES, AXES if frame.is_axial else TURNED_AXES, strict=True)),
        "words": list(AXIAL_WORDS if frame.is_axial else TURNED_WORDS),
        "ways": ways,
    }


def frame_words(frame: PlaneFrame) -> str:
    """Say how what is shown is turned; empty for axial planes."""
    if frame.is_axial:
        return ""
    row, column, normal = (
        f"{frame.letters(way)} ({', '.join(f'{part:.3f}' for part in axis)})"
        for way, axis in zip(np.eye(3).tolist(), frame.axes.tolist(), strict=True)
    )
    return (
        f"Shown on its own planes, which are not axial: u grows along their rows to {row}, v along "
        f"their columns to {column}, w from plane to plane to {normal}; in brackets patient LPS."
    )


def _turned(series: ImageSeries, frame: PlaneFrame) -> ImageSeries:
    return replace(series, grid=seen_from(series.grid, frame))


def _placed(entry: Mapping[str, Any], frame: PlaneFrame) -> Mapping[str, Any]:
    if "least_at_mm" not in entry:
        return entry
    place = frame.from_patient(np.array(entry["least_at_mm"])).tolist()
    return {**entry, "least_at_mm": place}


def _cut(rois: Iterable[Roi], case: Case, frame: PlaneFrame) -> tuple[Roi, ...]:
    return tuple(
        replace(roi, frame=AXIAL) if roi.frame == frame else _across(roi, case, frame)
        for roi in rois
    )


def _across(roi: Roi, case: Case, frame: PlaneFrame) -> Roi:
    """Cut the slabs of a region along planes of a frame; nothing where it makes no solid."""
    try:
        stack, _ = stack_planes(roi, images_mm=case.planes_of(roi))
    except RtvolError:  # a finding has said why
        return replace(roi, contours=(), frame=AXIAL)
    cut = cut_across(stack, frame)
    z = np.repeat(cut.z_mm, np.diff(cut.plane_rings)).tolist()
    rings = [cut.xy_mm[a:b] for a, b in pairwise(cut.ring_starts)]
    contours = tuple(Contour(ring, height) for ring, height in zip(rings, z, strict=True))
    return replace(roi, contours=contours, frame=AXIAL)
