"""References of a source structure set, for a set written without its images at hand."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydicom import dcmread
from pydicom.uid import CTImageStorage

from rtvol.io.roi_items import Slices

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

    from rtvol.case import Case

_FRAMES = "ReferencedFrameOfReferenceSequence"


def source_references(case: Case, frame_uid: str) -> Dataset | None:
    """Return the source's item about a frame: its study, series and images; or None."""
    for item in _items(case, _FRAMES):
        if str(item.get("FrameOfReferenceUID", "")) == frame_uid:
            return item
    return None


def source_slices(case: Case) -> Slices:
    """Return the images that the contours of the source refer to, by their planes."""
    images = [
        image
        for frame in _items(case, _FRAMES)
        for study in frame.get("RTReferencedStudySequence", ())
        for series in study.get("RTReferencedSeriesSequence", ())
        for image in series.get("ContourImageSequence", ())
    ]
    images += [  # of a segmentation (PS3.3 C.12.2, common instance references)
        image
        for series in _items(case, "ReferencedSeriesSequence")
        for image in series.get("ReferencedInstanceSequence", ())
    ]
    classes = {
        str(image.ReferencedSOPInstanceUID): str(image.ReferencedSOPClassUID) for image in images
    }
    planes = {
        contour.image_uid: (contour.z_mm, roi.frame)
        for roi in case.structures.rois
        for contour in roi.contours
        if contour.image_uid
    }
    ordered = sorted(planes, key=lambda uid: planes[uid][0])
    uids = [key.partition(":")[0] for key in ordered]
    return Slices(
        z_mm=tuple(planes[uid][0] for uid in ordered),
        sop_uids=tuple(uids),
        sop_class_uids=tuple(classes.get(uid, str(CTImageStorage)) for uid in uids),
        is_whole=False,
        frames=tuple(planes[uid][1] for uid in ordered),
        numbers=tuple(int(key.partition(":")[2] or 0) for key in ordered),
    )


def _items(case: Case, sequence: str) -> list[Dataset]:
    if not case.source.is_file():
        return []
    source = dcmread(case.source, specific_tags=[sequence], force=True)
    return list(source.get(sequence, ()))
