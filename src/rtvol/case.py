"""One case: the images, structures, doses and plan of one patient in one frame of reference."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from rtvol.errors import Finding
    from rtvol.geometry import Grid
    from rtvol.structures import StructureSet


@dataclass(frozen=True)
class ImageSlice:
    """One image file of a series: where it lies and which object it is."""

    path: Path
    sop_uid: str
    sop_class_uid: str


@dataclass(frozen=True)
class ImageSeries:
    """An image series by its headers alone; pixels are read on demand (`rtvol.io.read_image`).

    Attributes
    ----------
    grid
        The voxels; plane k of the grid is `slices[k]`.
    patient_position
        PatientPosition (HFS, HFP, FFS, FFP, HFDR, ...); for display, never for geometry.
    """

    modality: str
    series_uid: str
    study_uid: str
    frame_uid: str
    patient_position: str
    grid: Grid
    slices: tuple[ImageSlice, ...]


@dataclass(frozen=True)
class DoseSource:
    """A RTDOSE by its header; samples are read on demand (`rtvol.io.read_dose`)."""

    path: Path
    sop_uid: str
    frame_uid: str
    grid: Grid
    summation: str
    units: str
    kind: str
    plan_uid: str


@dataclass(frozen=True)
class Plan:
    """What a RTPLAN prescribes; absent numbers are None, never 0."""

    label: str
    sop_uid: str
    prescription_gy: float | None
    fractions: int | None
    structure_set_uid: str = ""


@dataclass(frozen=True)
class Patient:
    """Identity as stored, for checks and for files we write; never for logs, screens or tables."""

    patient_id: str = field(repr=False)
    name: str = field(repr=False, default="")
    birth_date: str = field(repr=False, default="")
    sex: str = field(repr=False, default="")


@dataclass(frozen=True)
class Case:
    """Everything of one structure set that belongs together.

    Attributes
    ----------
    name
        The folder that holds the RTSTRUCT, relative to the path given (DESIGN section 5).
    source
        The RTSTRUCT file.
    patient
        Identity, for files we write.
    ct
        The image series the contours were drawn on; None when the export holds none.
    images
        All image series of the same frame of reference, `ct` included.
    doses
        The doses that belong to the structure set's plan or frame.
    findings
        What was noticed while reading.
    """

    name: str
    source: Path
    patient: Patient
    study_uid: str
    structures: StructureSet
    ct: ImageSeries | None
    images: tuple[ImageSeries, ...]
    doses: tuple[DoseSource, ...]
    plan: Plan | None
    findings: tuple[Finding, ...]
