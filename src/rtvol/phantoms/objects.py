"""CT images, structure set and dose of a phantom, and what its plan shares with them.

Attributes follow the modules of PS3.3 (CT Image A.3, RT Dose A.18, RT Structure Set A.19) as far
as planning systems write them; the objects refer to each other as in an export.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from pydicom.dataelem import RawDataElement
from pydicom.dataset import Dataset
from pydicom.tag import Tag
from pydicom.uid import (
    CTImageStorage,
    RTDoseStorage,
    RTPlanStorage,
    RTStructureSetStorage,
    generate_uid,
)

from rtvol.errors import UsageError
from rtvol.phantoms.doses import rasterise, voxel_centres_mm
from rtvol.phantoms.patient import contour, paint

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from rtvol.geometry import Grid
    from rtvol.phantoms.patient import Organ, PhantomCase, Position
    from rtvol.phantoms.write_options import WriteOptions
    from rtvol.structures import Contour

DATE, TIME = "20000101", "120000"
SYNTHETIC = "SYNTHETIC phantom, not a patient"
#: Detached Study Management, retired, which planning systems still name in RT Referenced Study.
_STUDY_CLASS = "1.2.840.10008.3.1.2.3.1"
_CONTOUR_DATA = Tag("ContourData")


@dataclass(frozen=True)
class Export:
    """One phantom case on its way into files: who, how lying, which UIDs."""

    case: PhantomCase
    position: Position
    seed: int
    options: WriteOptions

    def uid(self, *what: object) -> str:
        """Give the UID of one thing of this export: always the same for the same export."""
        source = [self.case.patient_id, self.position, str(self.seed), *map(str, what)]
        return str(generate_uid(entropy_srcs=["/".join(source)]))

    @property
    def ct_grid(self) -> Grid:
        """Grid of the CT as the patient lies."""
        return self.case.ct.grid(self.position, self.uid("frame"))

    def slice_uid(self, z_mm: float) -> str:
        """SOPInstanceUID of the CT slice at patient z."""
        return self.uid("CT", f"{z_mm:.3f}")


def number_text(value: float, decimals: int = 6) -> str:
    """Write a number as a decimal string of at most 16 characters (PS3.5 6.2, DS)."""
    # adding 0.0 makes -0.0 a plain zero
    return f"{round(float(value), decimals) + 0.0:.10g}"


def texts(values: Iterable[float], decimals: int = 6) -> list[str]:
    """Write numbers as decimal strings."""
    return [number_text(value, decimals) for value in values]


def item(**attributes: object) -> Dataset:
    """Make a data set of attributes by keyword."""
    data = Dataset()
    for keyword, value in attributes.items():
        setattr(data, keyword, value)
    return data


def reference(sop_class: str, sop_uid: str) -> Dataset:
    """Refer to a SOP instance."""
    return item(ReferencedSOPClassUID=sop_class, ReferencedSOPInstanceUID=sop_uid)


def common(export: Export, sop_class: str, sop_uid: str, modality: str) -> Dataset:
    """Patient, study, series, equipment and SOP common modules (PS3.3 C.7.1 - C.7.5, C.12.1)."""
    return item(
        SpecificCharacterSet="ISO_IR 100",
        SOPClassUID=sop_class,
        SOPInstanceUID=sop_uid,
        InstanceCreationDate=DATE,
        InstanceCreationTime=TIME,
        StudyDate=DATE,
        StudyTime=TIME,
        SeriesDate=DATE,
        SeriesTime=TIME,
        AccessionNumber="",
        Modality=modality,
        Manufacturer="rtvol",
        ManufacturerModelName="rtvol.phantoms",
        ReferringPhysicianName="",
        OperatorsName="",
        StudyDescription=SYNTHETIC,
        SeriesDescription=f"SYNTHETIC {modality}",
        PatientName=export.case.name,
        PatientID=export.case.patient_id,
        PatientBirthDate="",
        PatientSex="O",
        PatientComments=SYNTHETIC,
        SoftwareVersions="phantom 1",
        StudyInstanceUID=export.uid("study"),
        SeriesInstanceUID=export.uid("series", modality),
        StudyID="1",
        SeriesNumber={"CT": 1, "RTSTRUCT": 2, "RTPLAN": 3, "RTDOSE": 4}[modality],
        FrameOfReferenceUID=export.uid("frame"),
        PositionReferenceIndicator="",
    )


def _plane(grid: Grid, k: int) -> dict[str, object]:
    """Image plane module (PS3.3 C.7.6.2) of plane k."""
    return {
        "ImagePositionPatient": texts(grid.planes_mm[k]),
        "ImageOrientationPatient": texts([*grid.row, *grid.column]),
        "PixelSpacing": texts(grid.spacing_mm),
    }


def _pixels(values: NDArray[np.integer], export: Export, *, signed: bool) -> dict[str, object]:
    """Image pixel module (PS3.3 C.7.6.3) of stored values (J, I) or (K, J, I)."""
    bits = values.dtype.itemsize * 8
    is_big = export.options.transfer == "big-endian"
    stored = values.astype(values.dtype.newbyteorder(">" if is_big else "<"))
    return {
        "SamplesPerPixel": 1,
        "PhotometricInterpretation": "MONOCHROME2",
        "Rows": values.shape[-2],
        "Columns": values.shape[-1],
        "BitsAllocated": bits,
        "BitsStored": bits,
        "HighBit": bits - 1,
        "PixelRepresentation": int(signed),
        "PixelData": stored.tobytes(),
    }


def ct_slices(export: Export) -> list[Dataset]:
    """CT images (PS3.3 A.3), in the order of the grid's planes."""
    grid, signed = export.ct_grid, export.options.ct_signed
    hu = paint(export.case, voxel_centres_mm(grid), seed=export.seed)
    slope, intercept = export.options.ct_slope, 0 if signed else -1024
    stored = np.rint((hu - intercept) / slope).astype(np.int16 if signed else np.uint16)
    slices = []
    for k, z in enumerate(grid.planes_mm[:, 2]):
        image = common(export, CTImageStorage, export.slice_uid(z), "CT")
        facts = {
            "ImageType": ["ORIGINAL", "PRIMARY", "AXIAL"],
            "ContentDate": DATE,
            "ContentTime": TIME,
            "KVP": "120",
            "SliceThickness": number_text(grid.plane_spacing_mm or 1.0),
            "PatientPosition": export.position,
            "BodyPartExamined": "ABDOMEN",
            "AcquisitionNumber": 1,
            "InstanceNumber": k + 1,
            "RescaleIntercept": number_text(intercept),
            "RescaleSlope": number_text(slope),
            "WindowCenter": "40",
            "WindowWidth": "400",
        }
        pixels = _pixels(stored[k], export, signed=signed)
        image.update(item(**facts, **_plane(grid, k), **pixels))
        image["PixelData"].VR = "OW"
        slices.append(image)
    return slices


def _contour_item(export: Export, ring: Contour, number: int, organ: Organ) -> Dataset:
    decimals = export.options.decimals
    points = np.column_stack([ring.xy_mm, np.full(len(ring.xy_mm), ring.z_mm)])
    image = reference(CTImageStorage, export.slice_uid(ring.z_mm))
    data = item(
        ContourImageSequence=[image],
        ContourGeometricType="CLOSEDPLANAR_XOR" if organ.holes == "xor" else "CLOSED_PLANAR",
        NumberOfContourPoints=len(points),
        ContourNumber=number,
    )
    # as bytes: pydicom would check each of a hundred thousand numbers, half of the whole time
    text = "\\".join(texts(points.ravel(), decimals)).encode("ascii")
    text += b" " * (len(text) % 2)
    data[_CONTOUR_DATA] = RawDataElement(
        _CONTOUR_DATA, "DS", len(text), text, 0, is_implicit_VR=False, is_little_endian=True
    )
    return data


def _roi_items(export: Export, organ: Organ, number: int) -> tuple[Dataset, Dataset, Dataset]:
    """Name, contours and observation of one ROI (PS3.3 C.8.8.5, C.8.8.6, C.8.8.8)."""
    planes, points, holes = export.case.ct.planes_mm, organ.points, organ.holes
    roi = contour(organ.solid, planes, organ.name, number, organ.kind, points=points, holes=holes)
    name = item(
        ROINumber=number,
        ReferencedFrameOfReferenceUID=export.uid("frame"),
        ROIName=roi.name,
        ROIGenerationAlgorithm="MANUAL",
    )
    drawn = item(
        ROIDisplayColor=list(organ.colour),
        ContourSequence=[
            _contour_item(export, ring, index, organ)
            for index, ring in enumerate(roi.contours, start=1)
        ],
        ReferencedROINumber=number,
    )
    observation = item(
        ObservationNumber=number,
        ReferencedROINumber=number,
        RTROIInterpretedType=roi.kind,
        ROIInterpreter="",
    )
    return name, drawn, observation


def structure_set(export: Export) -> Dataset:
    """Structure set (PS3.3 A.19) with one ROI for each contoured organ."""
    planes = export.ct_grid.planes_mm[:, 2]
    images = [reference(CTImageStorage, export.slice_uid(z)) for z in planes]
    series = item(SeriesInstanceUID=export.uid("series", "CT"), ContourImageSequence=images)
    study = reference(_STUDY_CLASS, export.uid("study"))
    study.RTReferencedSeriesSequence = [series]
    frame = item(FrameOfReferenceUID=export.uid("frame"), RTReferencedStudySequence=[study])
    organs = enumerate(export.case.structures, start=1)
    rois = [_roi_items(export, organ, number) for number, organ in organs]
    data = common(export, RTStructureSetStorage, export.uid("RTSTRUCT"), "RTSTRUCT")
    facts = item(
        InstanceNumber=1,
        StructureSetLabel="SYNTHETIC",
        StructureSetName="SYNTHETIC phantom",
        StructureSetDescription=SYNTHETIC,
        StructureSetDate=DATE,
        StructureSetTime=TIME,
        ReferencedFrameOfReferenceSequence=[frame],
        StructureSetROISequence=[name for name, _, _ in rois],
        ROIContourSequence=[drawn for _, drawn, _ in rois],
        RTROIObservationsSequence=[observation for _, _, observation in rois],
        ApprovalStatus="UNAPPROVED",
    )
    data.update(facts)
    return data


def _stored_dose(dose_gy: NDArray[np.float32], bits: int) -> tuple[NDArray[np.integer], str]:
    """Integers and the DoseGridScaling (Gy per step, as text) that gives them back."""
    if dose_gy.min() < 0:
        raise UsageError(
            "bad-phantom",
            seen=f"dose of {dose_gy.min():.3f} Gy on the dose grid",
            mend="choose a dose that is nowhere below 0 on its grid",
        )
    steps = 65000 if bits == 16 else 4_000_000_000
    scaling = f"{max(float(dose_gy.max()), 1e-3) / steps:.6g}"
    stored = np.rint(dose_gy.astype(np.float64) / float(scaling))
    return stored.astype(np.uint16 if bits == 16 else np.uint32), scaling


def dose(export: Export) -> Dataset:
    """Dose of the plan (PS3.3 A.18) in Gy, sampled on the dose lattice."""
    case, options = export.case, export.options
    if case.dose is None or case.dose_lattice is None:
        raise UsageError("bad-phantom", seen="no dose to write", mend="give the case a dose")
    grid = case.dose_lattice.grid(options.dose_position or export.position, export.uid("frame"))
    stored, scaling = _stored_dose(rasterise(case.dose, grid).values_gy, options.dose_bits)
    absolute = options.dose_offsets == "absolute"
    if absolute and grid.row[0] == 0:
        raise UsageError(
            "bad-phantom",
            seen="absolute frame offsets with image rows along y (PS3.3 C.8.8.3.2, form b)",
            mend="write relative offsets, or a supine or prone dose",
        )
    data = common(export, RTDoseStorage, export.uid("RTDOSE"), "RTDOSE")
    facts = {
        "ContentDate": DATE,
        "ContentTime": TIME,
        "InstanceNumber": 1,
        "SliceThickness": number_text(grid.plane_spacing_mm or 1.0),
        "NumberOfFrames": len(stored),
        "FrameIncrementPointer": 0x3004000C,
        "DoseUnits": "GY",
        "DoseType": "PHYSICAL",
        "DoseSummationType": "PLAN",
        "GridFrameOffsetVector": texts(grid.planes_mm[:, 2] if absolute else grid.offsets_mm),
        "DoseGridScaling": scaling,
        "ReferencedRTPlanSequence": [reference(RTPlanStorage, export.uid("RTPLAN"))],
    }
    data.update(item(**facts, **_plane(grid, 0), **_pixels(stored, export, signed=False)))
    data["PixelData"].VR = "OW"
    return data
