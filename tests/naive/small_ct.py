"""A small CT series of air as DICOM files, and the Case that goes with it; without rtvol.io."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian

from rtvol.case import Case, ImageSeries, ImageSlice, Patient
from rtvol.geometry import Grid
from rtvol.structures import StructureSet

ROOT = "1.2.826.0.1.3680043.10.1"


@dataclass(frozen=True)
class SmallCt:
    """128 x 128 pixels of 1 mm, ten slices 3 mm apart; pixel centres at -63.5, ..., 63.5 mm."""

    spacing_mm: float = 1.0
    size: int = 128
    step_mm: float = 3.0
    count: int = 10
    first_mm: float = -13.5

    @property
    def z_mm(self) -> list[float]:
        return [self.first_mm + self.step_mm * k for k in range(self.count)]

    @property
    def corner_mm(self) -> float:
        return -self.spacing_mm * (self.size - 1) / 2


def make_case(ct: SmallCt, folder: Path = Path("none"), **patient: str) -> Case:
    """Case without structures on that CT."""
    grid = Grid(
        origin_mm=(ct.corner_mm, ct.corner_mm, ct.z_mm[0]),
        row=(1.0, 0.0, 0.0),
        column=(0.0, 1.0, 0.0),
        spacing_mm=(ct.spacing_mm, ct.spacing_mm),
        offsets_mm=np.array(ct.z_mm) - ct.z_mm[0],
        shape_ji=(ct.size, ct.size),
        frame_uid=f"{ROOT}.1",
    )
    slices = tuple(
        ImageSlice(folder / f"ct{k}.dcm", f"{ROOT}.4.{k + 1}", str(CTImageStorage))
        for k in range(ct.count)
    )
    series = ImageSeries("CT", f"{ROOT}.3", f"{ROOT}.2", f"{ROOT}.1", "HFS", grid, slices)
    identity = {"patient_id": "00123", "name": "Phantom^One", "birth_date": "19500101", "sex": "O"}
    return Case(
        name="case1",
        source=folder / "RS.dcm",
        patient=Patient(**(identity | patient)),
        study_uid=f"{ROOT}.2",
        structures=StructureSet((), "plan", f"{ROOT}.5", f"{ROOT}.1", (f"{ROOT}.3",)),
        ct=series,
        images=(series,),
        doses=(),
        plan=None,
        findings=(),
    )


def write_series(ct: SmallCt, folder: Path) -> None:
    """Write the CT files that `make_case` refers to."""
    folder.mkdir(parents=True, exist_ok=True)
    for k, z_mm in enumerate(ct.z_mm):
        image = Dataset()
        image.file_meta = FileMetaDataset()
        image.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
        image.file_meta.MediaStorageSOPClassUID = image.SOPClassUID = CTImageStorage
        image.file_meta.MediaStorageSOPInstanceUID = image.SOPInstanceUID = f"{ROOT}.4.{k + 1}"
        image.ImageType = ["ORIGINAL", "PRIMARY", "AXIAL"]
        image.Modality = "CT"
        image.PatientID, image.PatientName = "00123", "Phantom^One"
        image.StudyInstanceUID, image.SeriesInstanceUID = f"{ROOT}.2", f"{ROOT}.3"
        image.StudyDate, image.StudyTime, image.StudyID = "20260101", "120000", "1"
        image.FrameOfReferenceUID = f"{ROOT}.1"
        image.PatientPosition = "HFS"
        image.InstanceNumber = k + 1
        image.ImagePositionPatient = [ct.corner_mm, ct.corner_mm, z_mm]
        image.ImageOrientationPatient = [1, 0, 0, 0, 1, 0]
        image.PixelSpacing = [ct.spacing_mm, ct.spacing_mm]
        image.SliceThickness = ct.step_mm
        image.Rows = image.Columns = ct.size
        image.SamplesPerPixel, image.PhotometricInterpretation = 1, "MONOCHROME2"
        image.BitsAllocated = image.BitsStored = 16
        image.HighBit, image.PixelRepresentation = 15, 1
        image.RescaleSlope, image.RescaleIntercept = 1, 0
        image.PixelData = np.full((ct.size, ct.size), -1000, np.int16).tobytes()
        image.save_as(folder / f"ct{k}.dcm", enforce_file_format=True)
