"""Segmentations as files, built from their attributes alone (PS3.3 A.51, C.8.20), for tests."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.sequence import Sequence as Items
from pydicom.uid import UID, ExplicitVRLittleEndian

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from numpy.typing import NDArray

CLASSES = {"LABELMAP": "1.2.840.10008.5.1.4.1.1.66.7"}
SEG_CLASS = "1.2.840.10008.5.1.4.1.1.66.4"
FRAME_UID = "1.2.3.4.5"


@dataclass(frozen=True)
class Place:
    """Where voxels lie: first centre, directions of rows and columns, spacings, planes in mm."""

    planes_mm: tuple[float, ...]
    origin_mm: tuple[float, float, float] = (-31.5, 12.25, -40.0)
    row: tuple[float, float, float] = (1.0, 0.0, 0.0)
    column: tuple[float, float, float] = (0.0, 1.0, 0.0)
    spacing_mm: tuple[float, float] = (1.5, 0.75)
    stated: Mapping[str, float] = field(default_factory=dict)

    @property
    def normal(self) -> NDArray[np.float64]:
        """Across the planes."""
        return np.cross(self.row, self.column)


def _decimals(values: Any) -> list[str]:
    return [f"{value:.10g}"[:16] for value in values]


def write_segments(
    path: Path,
    masks: Mapping[int, NDArray[Any]],
    place: Place,
    *,
    form: str = "BINARY",
    whole: int = 255,
    names: Mapping[int, str] | None = None,
    syntax: str = ExplicitVRLittleEndian,
    change: Callable[[Dataset], None] | None = None,
) -> Path:
    """Write masks (K, J, I) as segments; frames without anything are left out."""
    data = Dataset()
    data.SOPClassUID = CLASSES.get(form, SEG_CLASS)
    data.SOPInstanceUID = "1.2.3.4.9." + "".join(str(ord(c)) for c in path.stem)[:40]
    data.Modality, data.PatientID, data.PatientName = "SEG", "SEG1", "Nobody^At^All"
    data.StudyInstanceUID, data.SeriesInstanceUID = "1.2.3.4.6", "1.2.3.4.7"
    data.FrameOfReferenceUID = FRAME_UID
    data.SegmentationType = form
    data.ContentLabel = "TEST"
    if form == "FRACTIONAL":
        data.MaximumFractionalValue, data.SegmentationFractionalType = whole, "OCCUPANCY"
    data.SegmentSequence = Items([_segment(n, (names or {}).get(n, f"S{n}")) for n in masks])
    frames = _frames(masks, form)
    shape = next(iter(masks.values())).shape[1:]
    data.Rows, data.Columns, data.NumberOfFrames = *shape, len(frames)
    data.SamplesPerPixel, data.PhotometricInterpretation = 1, "MONOCHROME2"
    data.PixelRepresentation = 0
    data.SharedFunctionalGroupsSequence = Items([_shared(place)])
    data.PerFrameFunctionalGroupsSequence = Items(
        [_group(number, k, place) for number, k, _ in frames]
    )
    _put_pixels(data, np.array([frame for *_, frame in frames]), form)
    if change:
        change(data)
    data.file_meta = FileMetaDataset()
    data.file_meta.TransferSyntaxUID = UID(syntax)
    data.file_meta.MediaStorageSOPClassUID = data.SOPClassUID
    data.file_meta.MediaStorageSOPInstanceUID = data.SOPInstanceUID
    if UID(syntax).is_encapsulated:
        data.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
        data.compress(UID(syntax), generate_instance_uid=False)
    data.save_as(path, enforce_file_format=True)
    return path


def _shared(place: Place) -> Dataset:
    item = Dataset()
    item.PlaneOrientationSequence = Items([Dataset()])
    item.PlaneOrientationSequence[0].ImageOrientationPatient = _decimals(
        (*place.row, *place.column)
    )
    item.PixelMeasuresSequence = Items([Dataset()])
    item.PixelMeasuresSequence[0].PixelSpacing = _decimals(place.spacing_mm)
    for keyword, value in place.stated.items():
        setattr(item.PixelMeasuresSequence[0], keyword, value)
    return item


def _frames(masks: Mapping[int, NDArray[Any]], form: str) -> list[tuple[int, int, NDArray[Any]]]:
    """Segment, plane and pixels of each frame that holds something."""
    if form == "LABELMAP":
        labels = np.zeros(next(iter(masks.values())).shape, np.uint16)
        for number, mask in masks.items():
            labels[mask > 0] = number
        return [(0, k, plane) for k, plane in enumerate(labels) if plane.any()]
    return [
        (number, k, plane)
        for number, mask in masks.items()
        for k, plane in enumerate(mask)
        if plane.any()
    ]


def _segment(number: int, name: str) -> Dataset:
    item = Dataset()
    item.SegmentNumber, item.SegmentLabel = number, name
    item.SegmentAlgorithmType = "MANUAL"
    item.RecommendedDisplayCIELabValue = [
        35579,
        53665,
        50858,
    ]  # red in sRGB (L* 54.29, a* 80.81, b* 69.89)
    return item


def _group(number: int, k: int, place: Place) -> Dataset:
    item = Dataset()
    at = np.array(place.origin_mm) + place.planes_mm[k] * place.normal
    item.PlanePositionSequence = Items([Dataset()])
    item.PlanePositionSequence[0].ImagePositionPatient = _decimals(at)
    if number:
        item.SegmentIdentificationSequence = Items([Dataset()])
        item.SegmentIdentificationSequence[0].ReferencedSegmentNumber = number
    return item


def _put_pixels(data: Dataset, frames: NDArray[Any], form: str) -> None:
    if form == "BINARY":
        packed = np.packbits(frames.astype(bool).ravel(), bitorder="little").tobytes()
        data.BitsAllocated = data.BitsStored = 1
    else:
        kind = np.uint16 if form == "LABELMAP" else np.uint8
        packed = frames.astype(kind).tobytes()
        data.BitsAllocated = data.BitsStored = 8 * np.dtype(kind).itemsize
    data.HighBit = data.BitsStored - 1
    data.PixelData = packed + b"\0" * (len(packed) % 2)
    data["PixelData"].VR = "OB" if data.BitsAllocated <= 8 else "OW"
