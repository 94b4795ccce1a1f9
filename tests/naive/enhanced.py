"""Single images packed into one enhanced object, as by a scanner of the newer kind."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from naive import export

if TYPE_CHECKING:
    from collections.abc import Sequence as Many

ENHANCED_CT, ENHANCED_MR = "1.2.840.10008.5.1.4.1.1.2.1", "1.2.840.10008.5.1.4.1.1.4.1"


def enhanced(
    slices: Many[Dataset], order: Many[int], *, shared: bool = True, sop_class: str = ENHANCED_CT
) -> Dataset:
    """Pack single images into one object (PS3.3 C.7.6.16), its frames in any order.

    `shared`: what all frames have in common stands in the shared groups, else in each frame's.
    """
    one = export.common(sop_class, slices[0].Modality, "4.9.1")
    one.SeriesInstanceUID = slices[0].SeriesInstanceUID
    one.ImageType, one.PatientPosition = ["ORIGINAL", "PRIMARY", "VOLUME", "NONE"], "HFS"
    for name in ("Rows", "Columns", "SamplesPerPixel", "PhotometricInterpretation"):
        setattr(one, name, getattr(slices[0], name))
    for name in ("BitsAllocated", "BitsStored", "HighBit", "PixelRepresentation"):
        setattr(one, name, getattr(slices[0], name))
    one.NumberOfFrames = len(order)
    one.PixelData = b"".join(slices[k].PixelData for k in order)
    common = groups(slices[0], ("ImageOrientationPatient", "PixelSpacing"))
    one.SharedFunctionalGroupsSequence = Sequence([common if shared else Dataset()])
    frames = []
    for k in order:
        frame = groups(slices[k], ("ImagePositionPatient", "RescaleSlope"))
        if not shared:
            frame.update(common)
        frames.append(frame)
    one.PerFrameFunctionalGroupsSequence = Sequence(frames)
    return one


def groups(image: Dataset, names: Many[str]) -> Dataset:
    found: dict[str, Any] = {}
    if "ImagePositionPatient" in names:
        place = export.item(ImagePositionPatient=image.ImagePositionPatient)
        found["PlanePositionSequence"] = Sequence([place])
    if "ImageOrientationPatient" in names:
        turn = export.item(ImageOrientationPatient=image.ImageOrientationPatient)
        found["PlaneOrientationSequence"] = Sequence([turn])
    if "PixelSpacing" in names:
        measures = export.item(PixelSpacing=image.PixelSpacing)
        found["PixelMeasuresSequence"] = Sequence([measures])
    if "RescaleSlope" in names:
        rescale = export.item(
            RescaleSlope=image.RescaleSlope,
            RescaleIntercept=image.RescaleIntercept,
            RescaleType="HU",
        )
        found["PixelValueTransformationSequence"] = Sequence([rescale])
    return export.item(**found)


def on_frames(rs: Dataset, one: Dataset, order: Many[int]) -> Dataset:
    """Let contours refer to the frames of an enhanced image."""
    for roi in rs.ROIContourSequence:
        for contour in roi.ContourSequence:
            (image,) = contour.ContourImageSequence
            k = int(image.ReferencedSOPInstanceUID.rpartition(".")[2]) - 1
            image.ReferencedSOPClassUID = one.SOPClassUID
            image.ReferencedSOPInstanceUID = one.SOPInstanceUID
            image.ReferencedFrameNumber = list(order).index(k) + 1
    return rs
