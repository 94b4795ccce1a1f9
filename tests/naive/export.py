"""A small plan export, written with pydicom alone: CT, RTSTRUCT, RTDOSE, RTPLAN to be spoilt."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.sequence import Sequence
from pydicom.uid import DeflatedExplicitVRLittleEndian, ExplicitVRLittleEndian

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from numpy.typing import NDArray

ROOT = "1.2.826.0.1.3680043.10.999"
FRAME, STUDY, SERIES = f"{ROOT}.1", f"{ROOT}.2", f"{ROOT}.3"
CT, RTSTRUCT, RTDOSE, RTPLAN = (
    "1.2.840.10008.5.1.4.1.1.2",
    "1.2.840.10008.5.1.4.1.1.481.3",
    "1.2.840.10008.5.1.4.1.1.481.2",
    "1.2.840.10008.5.1.4.1.1.481.5",
)
SHAPE, SPACING, STEP = (12, 10), (2.0, 3.0), 2.5  # rows x columns; between rows, columns; mm
FIRST = (-15.0, -12.0, 5.0)
DEEP = ("ROIContourSequence", "ContourSequence", "StructureSetROISequence")


def save(dataset: Dataset, path: Path, syntax: str = ExplicitVRLittleEndian) -> Path:
    """Write as a DICOM file in any uncompressed transfer syntax."""
    path.parent.mkdir(parents=True, exist_ok=True)
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = syntax
    dataset.save_as(path, enforce_file_format=True)
    return path


def item(**values: object) -> Dataset:
    dataset = Dataset()
    for name, value in values.items():
        setattr(dataset, name, value)
    return dataset


def common(sop_class: str, modality: str, number: str) -> Dataset:
    return item(
        SOPClassUID=sop_class,
        SOPInstanceUID=f"{ROOT}.{number}",
        Modality=modality,
        PatientName="Doe^Jane",
        PatientID="P1",
        PatientBirthDate="19500102",
        PatientSex="F",
        StudyInstanceUID=STUDY,
        SeriesInstanceUID=SERIES if modality == "CT" else f"{ROOT}.9.{number}",
        FrameOfReferenceUID=FRAME,
    )


def stored(k: int, shape: tuple[int, int] = SHAPE) -> NDArray[np.int16]:
    """Pixels of slice k as written: different everywhere, negative in places."""
    return (np.arange(shape[0] * shape[1], dtype=np.int16).reshape(shape) - 30 + 7 * k).astype(
        "<i2"
    )


def ct_slice(k: int, *, series: int = 0) -> Dataset:
    """Slice k at z = FIRST z + k STEP, slope 2, intercept -1000 - k."""
    one = common(CT, "CT", f"4.{series}.{k + 1}")
    one.SeriesInstanceUID = f"{SERIES}.{series}" if series else SERIES
    one.ImageType = ["ORIGINAL", "PRIMARY", "AXIAL"]
    one.PatientPosition = "HFS"
    one.ImagePositionPatient = [FIRST[0], FIRST[1], FIRST[2] + k * STEP]
    one.ImageOrientationPatient = [1, 0, 0, 0, 1, 0]
    one.PixelSpacing = list(SPACING)
    one.Rows, one.Columns = SHAPE
    one.SamplesPerPixel, one.PhotometricInterpretation = 1, "MONOCHROME2"
    one.BitsAllocated, one.BitsStored, one.HighBit, one.PixelRepresentation = 16, 16, 15, 1
    one.RescaleSlope, one.RescaleIntercept = 2, -1000 - k
    one.PixelData = stored(k).tobytes()
    return one


def ct(count: int = 6, *, series: int = 0) -> list[Dataset]:
    return [ct_slice(k, series=series) for k in range(count)]


def square(z: float, half: float = 5.0, centre: tuple[float, float] = (0.0, 0.0)) -> list[float]:
    x, y = centre
    return [
        value
        for dx, dy in ((-half, -half), (half, -half), (half, half), (-half, half))
        for value in (x + dx, y + dy, z)
    ]


def contour(points: list[float], image: int | None = None, kind: str = "CLOSED_PLANAR") -> Dataset:
    """One contour item; `image` is the slice it refers to."""
    one = item(ContourGeometricType=kind, NumberOfContourPoints=len(points) // 3)
    one.ContourData = points
    if image is not None:
        uid = f"{ROOT}.4.0.{image + 1}"
        one.ContourImageSequence = Sequence(
            [item(ReferencedSOPClassUID=CT, ReferencedSOPInstanceUID=uid)]
        )
    return one


def ball(planes: range = range(1, 5), half: float = 5.0) -> list[Dataset]:
    return [contour(square(FIRST[2] + k * STEP, half), k) for k in planes]


def structure_set(rois: Mapping[str, list[Dataset]] | None = None, number: str = "5") -> Dataset:
    """Structure set of ROIs by name, numbered from 1, on series SERIES."""
    rois = {"GTV": ball(), "Liver": ball(range(6), 8.0)} if rois is None else rois
    one = common(RTSTRUCT, "RTSTRUCT", number)
    del one.FrameOfReferenceUID
    one.StructureSetLabel = "PLAN"
    series = item(SeriesInstanceUID=SERIES)
    study = item(ReferencedSOPInstanceUID=STUDY, RTReferencedSeriesSequence=Sequence([series]))
    frame = item(FrameOfReferenceUID=FRAME, RTReferencedStudySequence=Sequence([study]))
    one.ReferencedFrameOfReferenceSequence = Sequence([frame])
    one.StructureSetROISequence = Sequence(
        [
            item(ROINumber=n, ROIName=name, ReferencedFrameOfReferenceUID=FRAME)
            for n, name in enumerate(rois, start=1)
        ]
    )
    one.ROIContourSequence = Sequence(
        [
            item(
                ReferencedROINumber=n,
                ROIDisplayColor=[255, n, 0],
                ContourSequence=Sequence(contours),
            )
            for n, contours in enumerate(rois.values(), start=1)
        ]
    )
    one.RTROIObservationsSequence = Sequence(
        [
            item(ObservationNumber=n, ReferencedROINumber=n, RTROIInterpretedType=kind)
            for n, kind in zip(
                range(1, len(rois) + 1), ["GTV", *["ORGAN"] * len(rois)], strict=False
            )
        ]
    )
    return one


def dose(number: str = "6", *, count: int = 5) -> Dataset:
    """PLAN dose in Gy: frame k holds integers from 1000 k on, scaled by 0.001."""
    one = common(RTDOSE, "RTDOSE", number)
    one.ImagePositionPatient = [-10.0, -8.0, 4.0]
    one.ImageOrientationPatient = [1, 0, 0, 0, 1, 0]
    one.PixelSpacing = [2.5, 2.0]
    one.Rows, one.Columns, one.NumberOfFrames = 4, 6, count
    one.SamplesPerPixel, one.PhotometricInterpretation = 1, "MONOCHROME2"
    one.BitsAllocated, one.BitsStored, one.HighBit, one.PixelRepresentation = 32, 32, 31, 0
    one.DoseUnits, one.DoseType, one.DoseSummationType = "GY", "PHYSICAL", "PLAN"
    one.GridFrameOffsetVector = [3.0 * k for k in range(count)]
    one.DoseGridScaling = 0.001
    one.ReferencedRTPlanSequence = Sequence(
        [item(ReferencedSOPClassUID=RTPLAN, ReferencedSOPInstanceUID=f"{ROOT}.7")]
    )
    one.PixelData = dose_integers(count).astype("<u4").tobytes()
    return one


def plan_dose(number: str = "6", *, count: int = 5) -> Dataset:
    """Dose that fits the case: it holds the targets, and reaches 48 of the 45 Gy prescribed."""
    one = dose(number, count=count)
    one.PixelSpacing, one.DoseGridScaling = [6.5, 4.0], 0.012
    return one


def dose_integers(count: int = 5) -> NDArray[np.int64]:
    return np.arange(24).reshape(1, 4, 6) + 1000 * np.arange(count).reshape(-1, 1, 1)


def plan(number: str = "7") -> Dataset:
    """Plan of 45 Gy in 3 fractions on the structure set."""
    one = common(RTPLAN, "RTPLAN", number)
    one.RTPlanLabel = "SBRT"
    one.DoseReferenceSequence = Sequence(
        [
            item(
                DoseReferenceNumber=1,
                DoseReferenceStructureType="SITE",
                DoseReferenceType="TARGET",
                TargetPrescriptionDose=45,
            )
        ]
    )
    one.FractionGroupSequence = Sequence([item(FractionGroupNumber=1, NumberOfFractionsPlanned=3)])
    one.ReferencedStructureSetSequence = Sequence(
        [item(ReferencedSOPClassUID=RTSTRUCT, ReferencedSOPInstanceUID=f"{ROOT}.5")]
    )
    return one


def write_case(folder: Path) -> Path:
    """Write the whole export, each object as it should be; file names say nothing."""
    for number, one in enumerate([*ct(), structure_set(), plan_dose(), plan()]):
        save(one, folder / f"{(number * 7) % 11:02d}.dcm")
    return folder


def undefined_lengths(dataset: Dataset) -> Dataset:
    """Let every sequence and item end with a delimiter instead of having a length."""
    for element in dataset:
        if element.VR == "SQ":
            element.is_undefined_length = True
            for one in element.value:
                one.is_undefined_length_sequence_item = True
                undefined_lengths(one)
    return dataset


def deflate(dataset: Dataset, path: Path) -> Path:
    return save(dataset, path, DeflatedExplicitVRLittleEndian)


def move_to(
    dataset: Dataset, *, patient: str = "P1", study: str = STUDY, frame: str = FRAME
) -> Dataset:
    """Give an object another patient, study or frame of reference, references included."""
    dataset.PatientID, dataset.StudyInstanceUID = patient, study
    if "FrameOfReferenceUID" in dataset:
        dataset.FrameOfReferenceUID = frame
    for one in dataset.get("ReferencedFrameOfReferenceSequence", []):
        one.FrameOfReferenceUID = frame
    for one in dataset.get("StructureSetROISequence", []):
        one.ReferencedFrameOfReferenceUID = frame
    return dataset


def move_all(datasets: list[Dataset], patient: str, frame: str) -> list[Dataset]:
    """Give a whole series another patient, study, series and frame of reference."""
    for one in datasets:
        move_to(one, patient=patient, study="1.9.9", frame=frame)
        one.SeriesInstanceUID = "1.9.9.1"
        one.SOPInstanceUID = f"{one.SOPInstanceUID}.9"
    return datasets
