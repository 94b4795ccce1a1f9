"""Write a dose as RTDOSE: a sum of plans, or one dose anew, with DVHs (PS3.3 A.18, C.8.8.3-4)."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Literal

import numpy as np
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.sequence import Sequence as DicomSequence
from pydicom.uid import (
    PYDICOM_IMPLEMENTATION_UID,
    ImplicitVRLittleEndian,
    RTDoseStorage,
    RTPlanStorage,
    RTStructureSetStorage,
    generate_uid,
)

from rtvol.errors import GeometryError, OutputRefused
from rtvol.files import new_file
from rtvol.io.names import clean
from rtvol.io.roi_items import image_item, stored
from rtvol.io.rtdose import read_dose, read_dose_source
from rtvol.version import __version__

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from rtvol.case import Case, StoredDvh
    from rtvol.volumes import Dose

DoseSummation = Literal["PLAN", "MULTI_PLAN"]
DoseKind = Literal["PHYSICAL", "EFFECTIVE"]
#: Steps the highest dose is stored in, of 65535: a reader may take the top one for a cut-off.
STEPS = 65000
_SERIES_NUMBER = 903


def write_dose(  # noqa: PLR0913 - each keyword is one attribute of the object
    path: Path,
    dose: Dose,
    case: Case,
    *,
    summation: DoseSummation,
    plan_uids: Sequence[str],
    description: str,
    kind: DoseKind = "PHYSICAL",
    dvhs: Sequence[StoredDvh] = (),
    overwrite: bool = False,
    now: datetime | None = None,
) -> None:
    """Write a dose in Gy, in the case's patient, study and frame of reference.

    Parameters
    ----------
    path
        The file to make, in a folder that exists.
    dose
        Known at every voxel.
    case
        Whose objects are referred to.
    summation, plan_uids
        DoseSummationType, and the plans it is of.
    description
        SeriesDescription and DoseComment (64 characters).
    kind
        DoseType.
    dvhs
        Cumulative histograms, in cc, by ROINumber of the case's structure set.
    overwrite
        Whether a file that is there already may be replaced.
    now
        Date and time to be written; the present by default.

    Raises
    ------
    GeometryError
        `bad-number` when a voxel has no dose, or one below 0.
    OutputRefused
        `output-exists`, `output-unwritable`, or `output-not-verified` when the file does not read
        back as it was written.

    Notes
    -----
    16 bits: a dose is stored to 1/130000 of the highest. Implicit VR, for DVHs are longer than
    explicit VR can say.
    """
    if not (dose.values_gy >= 0).all():
        raise GeometryError("bad-number", seen="a voxel without a dose, or with one below 0 Gy")
    dataset = _header(case, now or datetime.now(), clean(description, 64))
    scaling = float(f"{max(dose.max_gy, 1e-6) / STEPS:.9e}")
    values = np.rint(dose.values_gy.astype(np.float64) / scaling).astype("<u2")
    _add_grid(dataset, dose, values, scaling)
    dataset.DoseUnits, dataset.DoseType = "GY", kind
    dataset.DoseSummationType = summation
    dataset.ReferencedRTPlanSequence = DicomSequence(
        [image_item(RTPlanStorage, uid) for uid in dict.fromkeys(plan_uids) if uid]
    )
    if dvhs:
        own = image_item(RTStructureSetStorage, case.structures.sop_uid)
        dataset.ReferencedStructureSetSequence = DicomSequence([own])
        dataset.DVHSequence = DicomSequence([_dvh_item(one, kind) for one in dvhs])
    with new_file(path, overwrite=overwrite) as temporary:
        meta = FileMetaDataset()
        meta.MediaStorageSOPClassUID = dataset.SOPClassUID
        meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
        meta.TransferSyntaxUID = ImplicitVRLittleEndian
        meta.ImplementationClassUID = PYDICOM_IMPLEMENTATION_UID
        dataset.file_meta = meta
        dataset.save_as(temporary, enforce_file_format=True)
        _read_back(temporary, dose, scaling)


def _header(case: Case, now: datetime, description: str) -> Dataset:
    dataset = Dataset()
    dataset.SOPClassUID = RTDoseStorage
    dataset.SOPInstanceUID, dataset.SeriesInstanceUID = generate_uid(), generate_uid()
    patient, study = case.patient, case.study
    said = {
        "PatientID": patient.patient_id,
        "PatientName": patient.name,
        "PatientBirthDate": patient.birth_date,
        "PatientSex": patient.sex,
        "StudyInstanceUID": case.study_uid,
        "StudyDate": study.date,
        "StudyTime": study.time,
        "StudyID": study.study_id,
        "AccessionNumber": study.accession,
        "ReferringPhysicianName": study.referring,
        "FrameOfReferenceUID": case.structures.frame_uid,
    }
    is_latin = all(ord(char) < 256 for char in "".join([*said.values(), description]))
    dataset.SpecificCharacterSet = "ISO_IR 100" if is_latin else "ISO_IR 192"
    for keyword, value in said.items():
        dataset.add(stored(keyword, value))
    dataset.Modality = "RTDOSE"
    dataset.InstanceCreationDate = dataset.ContentDate = f"{now:%Y%m%d}"
    dataset.InstanceCreationTime = dataset.ContentTime = f"{now:%H%M%S}"
    dataset.Manufacturer = dataset.ManufacturerModelName = "rtvol"
    dataset.SoftwareVersions = __version__
    dataset.OperatorsName = dataset.PositionReferenceIndicator = ""
    dataset.SeriesNumber, dataset.InstanceNumber = _SERIES_NUMBER, 1
    dataset.SeriesDescription = dataset.DoseComment = description
    return dataset


def _texts(values: Sequence[float] | NDArray[np.float64]) -> list[str]:
    """Decimal strings of at most 16 characters (PS3.5 6.2, DS)."""
    return [f"{round(float(value), 6) + 0.0:.10g}" for value in values]


def _add_grid(dataset: Dataset, dose: Dose, values: NDArray[np.uint16], scaling: float) -> None:
    grid = dose.grid
    dataset.ImagePositionPatient = _texts(grid.origin_mm)
    dataset.ImageOrientationPatient = _texts([*grid.row, *grid.column])
    dataset.PixelSpacing = _texts(grid.spacing_mm)
    dataset.SliceThickness = _texts([grid.plane_spacing_mm])[0] if values.shape[0] > 1 else ""
    dataset.SamplesPerPixel, dataset.PhotometricInterpretation = 1, "MONOCHROME2"
    dataset.Rows, dataset.Columns = values.shape[1:]
    dataset.BitsAllocated = dataset.BitsStored = 16
    dataset.HighBit, dataset.PixelRepresentation = 15, 0
    dataset.NumberOfFrames = len(values)
    dataset.FrameIncrementPointer = 0x3004000C
    dataset.GridFrameOffsetVector = _texts(grid.offsets_mm)
    dataset.DoseGridScaling = f"{scaling:.9e}"
    dataset.PixelData = values.tobytes()
    dataset["PixelData"].VR = "OW"


def _dvh_item(one: StoredDvh, kind: DoseKind) -> Dataset:
    item = Dataset()
    of = Dataset()
    of.DVHROIContributionType, of.ReferencedROINumber = "INCLUDED", one.roi_number
    item.DVHReferencedROISequence = DicomSequence([of])
    item.DVHType, item.DoseUnits, item.DoseType = "CUMULATIVE", "GY", kind
    item.DVHDoseScaling, item.DVHVolumeUnits = "1", "CM3"
    widths = np.diff(one.edges_gy)
    item.DVHNumberOfBins = len(widths)
    item.DVHData = _texts(np.column_stack([widths, one.cumulative_cc[:-1]]).ravel())
    ends = (one.min_gy, one.max_gy, one.mean_gy)
    for keyword, value in zip(("Minimum", "Maximum", "Mean"), ends, strict=True):
        if value is not None:
            setattr(item, f"DVH{keyword}Dose", _texts([value])[0])
    return item


def _read_back(path: Path, dose: Dose, scaling: float) -> None:
    """Refuse a file whose doses or places are not those given."""
    found = read_dose(read_dose_source(path)[0])
    is_same = found.grid.same_as(dose.grid)
    if not is_same or np.abs(found.values_gy - dose.values_gy).max() > scaling * 0.51 + 1e-6:
        raise OutputRefused(
            "output-not-verified",
            where=path.name,
            seen="the dose does not read back as it was written",
            mend="try another disk or folder; this one does not keep what is written",
        )
