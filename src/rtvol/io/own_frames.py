"""Regions of a second frame of reference, written there: with the images they were drawn on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from rtvol import codes
from rtvol.io.plane_fit import in_frame, moved_roi
from rtvol.io.registration import FrameStep, Registrations
from rtvol.io.roi_findings import roi_place

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rtvol.case import Case, ImageSeries
    from rtvol.errors import Finding
    from rtvol.structures import Roi


@dataclass(frozen=True, eq=False)
class Homes:
    """Regions as they are written, and the frame of reference of each that is not the case's.

    Attributes
    ----------
    rois
        All regions, those on carried images back in the frame of these.
    series
        Images of the second frames, by their frame of reference.
    registered
        What leads from the second frames to the case's.
    """

    rois: tuple[Roi, ...]
    series: Mapping[str, tuple[ImageSeries, ...]]
    registered: Registrations
    _frames: Mapping[int, str]
    _given: Mapping[int, Roi]

    @classmethod
    def of(cls, case: Case, rois: Sequence[Roi]) -> Homes:
        """Carry each region on carried images back to where these lie (PS3.3 C.8.8.5, C.8.8.6)."""
        placed: list[Roi] = []
        series: dict[str, tuple[ImageSeries, ...]] = {}
        frames: dict[int, str] = {}
        given: dict[int, Roi] = {}
        steps: dict[str, FrameStep] = {}
        for roi in rois:
            images = case.images_of(roi) if roi.contours else None
            origin = None if images is None else images.origin
            if origin is None:
                placed.append(roi)
                continue
            own = origin.series
            back = moved_roi(roi, origin.motion.inverse)
            placed.append(in_frame(back, own.frame) or back)
            frames[id(placed[-1])], given[id(placed[-1])] = own.frame_uid, roi
            to = case.structures.frame_uid
            steps[own.frame_uid] = FrameStep(own.frame_uid, to, origin.motion, "as read")
            series[own.frame_uid] = tuple(dict.fromkeys((*series.get(own.frame_uid, ()), own)))
        return cls(tuple(placed), series, Registrations(tuple(steps.values())), frames, given)

    def given(self, roi: Roi) -> Roi:
        """Return the region as it was given, in the frame of reference of the case."""
        return self._given.get(id(roi), roi)

    def frame_of(self, roi: Roi, usual: str) -> str:
        """Frame of reference a region is written in; `usual` that of the case."""
        return self._frames.get(id(roi), usual)

    def findings(self) -> list[Finding]:
        """Say which regions are written in a second frame."""
        seen = "written in the frame of reference of the images it lies on, and refers to them"
        return [
            codes.ROI_IN_OWN_FRAME.note(where=roi_place(roi.name), seen=seen)
            for roi in self.rois
            if id(roi) in self._frames
        ]
