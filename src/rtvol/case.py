"""One case: the images, structures, doses and plan of one patient in one frame of reference."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from rtvol.geometry import grid_frame, grid_text, lock

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from rtvol.errors import Finding
    from rtvol.frames import PlaneFrame, Rigid
    from rtvol.geometry import Grid
    from rtvol.structures import Roi, StructureSet


@dataclass(frozen=True)
class LeftOut:
    """A file of a case that is not used, and why: the code of a finding, and its words."""

    path: Path
    code: str
    reason: str


def image_key(sop_uid: str, frame: int) -> str:
    """Return what an image is referred to by: its object, and its number in one of many frames."""
    return f"{sop_uid}:{frame}" if frame else sop_uid


@dataclass(frozen=True)
class ImageSlice:
    """One image of a series: its file, which object it is, and which frame of it (0: the only)."""

    path: Path
    sop_uid: str
    sop_class_uid: str
    frame: int = 0

    @property
    def key(self) -> str:
        """What contours refer to it by (`Contour.image_uid`)."""
        return image_key(self.sop_uid, self.frame)


@dataclass(frozen=True)
class ImageSeries:
    """An image series by its headers alone; pixels are read on demand (`rtvol.io.read_image`).

    Attributes
    ----------
    grid
        The voxels; plane k of the grid is `slices[k]`.
    patient_position
        PatientPosition (HFS, HFP, FFS, FFP, HFDR, ...); for display, never for geometry.
    origin
        The series in its own frame of reference, where it was carried from another: only contours
        written there may refer to it (PS3.3 C.8.8.6).
    """

    modality: str
    series_uid: str
    study_uid: str
    frame_uid: str
    patient_position: str
    grid: Grid
    slices: tuple[ImageSlice, ...]
    origin: Origin | None = None

    @property
    def is_carried(self) -> bool:
        """Whether it was carried from another frame of reference."""
        return self.origin is not None

    @property
    def frame(self) -> PlaneFrame:
        """The frame of its planes; patient LPS for axial ones."""
        return grid_frame(self.grid)

    @property
    def planes_mm(self) -> NDArray[np.float64]:
        """Its planes (S,), mm along their normal (patient z of axial ones), ascending."""
        return np.sort(self.file_planes_mm)

    @property
    def file_planes_mm(self) -> NDArray[np.float64]:
        """The plane (S,), mm along the normal of its frame, of each of its `slices`."""
        frame = self.frame
        planes: NDArray[np.float64] = frame.from_patient(self.grid.planes_mm)[:, 2]
        return planes

    @property
    def sop_uids(self) -> frozenset[str]:
        """What contours refer to its images by: SOP Instance UIDs, with frames where there are."""
        return frozenset(uid for one in self.slices for uid in (one.key, one.sop_uid))

    def __repr__(self) -> str:
        return (
            f"ImageSeries({self.modality}, {grid_text(self.grid)}, {self.patient_position or '?'})"
        )


@dataclass(frozen=True)
class Origin:
    """An image series in its own frame of reference, and the motion that carried it from there."""

    series: ImageSeries
    motion: Rigid


@dataclass(frozen=True)
class DoseSource:
    """A RTDOSE by its header; samples are read on demand (`rtvol.io.read_dose`).

    `beams`: numbers of the plan's beams it refers to, for a dose of single beams. `highest_gy`:
    the highest stored sample. `planes`: the files of its planes in ascending order, where each lies
    in one of its own; `path` is then the first of them. `motion`: what carried its grid from
    another frame of reference.
    """

    path: Path
    sop_uid: str
    frame_uid: str
    grid: Grid
    summation: str
    units: str
    kind: str
    plan_uid: str
    beams: tuple[int, ...]
    highest_gy: float
    planes: tuple[Path, ...] = ()
    motion: Rigid | None = None

    def __repr__(self) -> str:
        said = ", ".join(filter(None, (self.summation, grid_text(self.grid))))
        return f"DoseSource({said}, highest {self.highest_gy:.2f} Gy)"


@dataclass(frozen=True, eq=False)
class StoredDvh:
    """A dose-volume histogram as a planning system stored it in a RTDOSE (PS3.3 C.8.8.4).

    Attributes
    ----------
    roi_number
        The one region it is of.
    edges_gy
        Doses (n + 1,) in Gy: 0 and the upper edge of every bin.
    cumulative_cc
        Volume (n + 1,) in cc that receives at least each of them; 0 at the last.
    bin_gy
        Usual width of its bins in Gy: what its doses are good for.
    min_gy, max_gy, mean_gy
        DVHMinimumDose and its like as stored; None when absent.
    """

    roi_number: int
    edges_gy: NDArray[np.float64]
    cumulative_cc: NDArray[np.float64]
    bin_gy: float
    min_gy: float | None = None
    max_gy: float | None = None
    mean_gy: float | None = None

    def __post_init__(self) -> None:
        lock(self.edges_gy)
        lock(self.cumulative_cc)


@dataclass(frozen=True)
class Plan:
    """What a RTPLAN prescribes; absent numbers are None, never 0.

    `beams`: numbers of the beams that deliver dose; empty when the plan does not say.
    """

    label: str
    sop_uid: str
    prescription_gy: float | None
    fractions: int | None
    structure_set_uid: str = ""
    beams: tuple[int, ...] = ()


@dataclass(frozen=True)
class Study:
    """What objects of one study share beside its UID (PS3.3 C.7.2.1), for files that join it."""

    date: str = field(repr=False, default="")
    time: str = field(repr=False, default="")
    study_id: str = field(repr=False, default="")
    accession: str = field(repr=False, default="")
    referring: str = field(repr=False, default="")
    description: str = field(repr=False, default="")


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
    plan
        The one plan of the case; None when there is none, or several.
    findings
        What was noticed while reading.
    plans
        Every usable plan, by which doses of several plans know their fractions.
    unused
        Files that looked as if they belonged to it and are not used.
    study
        Attributes of its study, for files we write.
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
    plans: tuple[Plan, ...] = ()
    unused: tuple[LeftOut, ...] = ()
    study: Study = Study()

    def __repr__(self) -> str:
        """Return one line; a folder's name can be a patient's, so that no name is in it."""
        parts = [f"{len(self.structures.rois)} ROIs"]
        parts.append(f"{self.ct.modality} {len(self.ct.slices)} planes" if self.ct else "no CT")
        parts.append(f"{len(self.doses)} dose{'s' * (len(self.doses) != 1)}")
        if self.plan is not None and self.plan.prescription_gy is not None:
            course = f" in {self.plan.fractions} fractions" if self.plan.fractions else ""
            parts.append(f"{self.plan.prescription_gy:g} Gy{course}")
        if self.findings:
            parts.append(f"{len(self.findings)} finding{'s' * (len(self.findings) != 1)}")
        return f"Case({', '.join(parts)})"

    def images_in(self, frame: PlaneFrame) -> ImageSeries | None:
        """Return the images on planes of a frame, those of `ct` before others; None without."""
        every = [self.ct, *self.images] if self.ct else []
        return next((one for one in every if one and one.frame == frame), None)

    def images_of(self, roi: Roi) -> ImageSeries | None:
        """Return the images a region was drawn on: by its planes, and what its contours refer to.

        None where no series lies on planes of its orientation.
        """
        first = self.images_in(roi.frame)
        if first is None or len(self.images) < 2:
            return first
        referred = [contour.image_uid for contour in roi.contours if contour.image_uid]
        for one in (first, *self.images):
            if one.frame == roi.frame:
                own = one.sop_uids
                if sum(uid in own for uid in referred) * 2 > len(referred):
                    return one
        return first

    def planes_of(self, roi: Roi) -> NDArray[np.float64] | None:
        """Planes (S,) of the images a region was drawn on, mm in its frame, ascending."""
        own = self.images_of(roi)
        return None if own is None else own.planes_mm
