"""One synthetic export in memory: sound as it comes, to be spoilt one way at a time.

A sphere of 20 mm (GTV) in an ellipsoid (Liver) in a box (Body), contoured on 30 slices 3 mm apart,
under a dose that is linear in x, y and z. So the volume is a sum of circle areas, and the mean and
median dose of anything symmetrical about its centre are the dose there; a shift, a turn or a wrong
scale of any part changes them.
"""

from __future__ import annotations

import copy
import warnings
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from pydicom import config
from pydicom.datadict import dictionary_VR
from pydicom.dataelem import DataElement, RawDataElement
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from pydicom.tag import Tag

from rtvol.phantoms import (
    Box,
    Ellipsoid,
    Linear,
    Organ,
    PhantomCase,
    Sphere,
    VoxelLattice,
    WriteOptions,
    stack_volume_cc,
)
from rtvol.phantoms.dicom import _save
from rtvol.phantoms.objects import Export as Phantom
from rtvol.phantoms.objects import ct_slices, dose, structure_set
from rtvol.phantoms.plans import plan

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import NDArray

    from rtvol.phantoms.patient import Position
    from rtvol.phantoms.solids import Solid

CENTRE = (4.0, -3.0, 1.5)
RADIUS_MM = 20.0
LIVER = Ellipsoid((0.0, 0.0, 1.5), (46.0, 40.0, 36.0))
BODY = Box((0.0, 0.0, 0.0), (104.0, 92.0, 87.0))
GTV = Sphere(CENTRE, RADIUS_MM)
CT = VoxelLattice.around((0.0, 0.0, 0.0), (116.0, 104.0, 87.0), (4.0, 4.0, 3.0))
DOSE = VoxelLattice.around((0.0, 0.0, 0.0), (110.0, 100.0, 87.0), (5.0, 5.0, 3.0))
FIELD = Linear(CENTRE, 43.3, (0.11, -0.07, 0.17))
MEAN_GY = 43.3
PHI = ("ZZPHINAME", "ZZPHIMRN", "19330303")
PATIENT_NAME = "ZZPHINAME^SYNTHETIC"


def stack_cc(solid: Solid, planes_mm: NDArray[np.float64] | None = None) -> float:
    """Volume of a solid's contour stack on the CT planes: the truth of `volume_cc`."""
    return stack_volume_cc(solid, CT.planes_mm if planes_mm is None else planes_mm)


GTV_CC, LIVER_CC = stack_cc(GTV), stack_cc(LIVER)


def phantom(
    patient_id: str = "ZZPHIMRN", gtv: Solid = GTV, gtv_style: Any = "nested"
) -> PhantomCase:
    """Describe the patient; the GTV is the last of the three ROIs."""
    organs = (
        Organ("Body", BODY, 0, "EXTERNAL"),
        Organ("Liver", LIVER, 60, points=60),
        Organ("GTV", gtv, 30, "GTV", points=72, holes=gtv_style),
    )
    return PhantomCase(PATIENT_NAME, patient_id, organs, CT, FIELD, DOSE)


@dataclass
class Export:
    """The data sets of one export, and what happens to the files once they are written.

    `raw` are files by name as bytes; `after` runs on the folder when all files are there.
    """

    case: PhantomCase
    ct: list[Dataset]
    rs: Dataset | None
    rd: Dataset | None
    rp: Dataset | None
    options: WriteOptions = field(default_factory=WriteOptions)
    more: dict[str, Dataset] = field(default_factory=dict)
    raw: dict[str, bytes] = field(default_factory=dict)
    folders: dict[str, str] = field(default_factory=dict)
    after: list[Callable[[Path], None]] = field(default_factory=list)

    def write(self, folder: Path) -> Path:
        """Write everything below a folder; file n of the CT is CT.00n.dcm."""
        named = {f"CT.{k:03d}.dcm": one for k, one in enumerate(self.ct, start=1)}
        named |= {"RS.dcm": self.rs, "RD.dcm": self.rd, "RP.dcm": self.rp, **self.more}
        folder.mkdir(parents=True, exist_ok=True)
        for name, one in named.items():
            if one is None:
                continue
            place = folder / self.folders.get(name, "")
            place.mkdir(parents=True, exist_ok=True)
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # pydicom's, of values that are spoilt on purpose
                _save(one, place / name, self.options)
        for name, data in self.raw.items():
            (folder / name).write_bytes(data)
        for change in self.after:
            change(folder)
        return folder

    @property
    def objects(self) -> list[Dataset]:
        return [*self.ct, *(one for one in (self.rs, self.rd, self.rp) if one is not None)]

    def name_item(self, name: str) -> Dataset:
        return next(i for i in self.rs.StructureSetROISequence if i.ROIName == name)

    def drawn_item(self, name: str) -> Dataset:
        number = self.name_item(name).ROINumber
        return next(i for i in self.rs.ROIContourSequence if i.ReferencedROINumber == number)

    def contours(self, name: str = "GTV") -> list[Dataset]:
        return list(self.drawn_item(name).ContourSequence)

    def at_equator(self, name: str = "GTV") -> Dataset:
        return min(self.contours(name), key=lambda one: abs(points_of(one)[0, 2] - CENTRE[2]))

    def set_contours(self, contours: list[Dataset], name: str = "GTV") -> None:
        self.drawn_item(name).ContourSequence = Sequence(contours)

    def slice_at(self, z_mm: float) -> int:
        return int(np.argmin([abs(float(one.ImagePositionPatient[2]) - z_mm) for one in self.ct]))

    def add_roi(self, name: str, contours: list[Dataset], number: int = 0) -> Dataset:
        """Add a region that has contours copied from elsewhere; returns its name item."""
        number = number or 1 + max(int(i.ROINumber) for i in self.rs.StructureSetROISequence)
        named = copy.deepcopy(self.rs.StructureSetROISequence[0])
        named.ROINumber = number
        put(named, "ROIName", name)
        drawn = Dataset()
        drawn.ContourSequence, drawn.ReferencedROINumber = Sequence(contours), number
        observed = copy.deepcopy(self.rs.RTROIObservationsSequence[0])
        observed.ObservationNumber = observed.ReferencedROINumber = number
        observed.RTROIInterpretedType = "ORGAN"
        self.rs.StructureSetROISequence.append(named)
        self.rs.ROIContourSequence.append(drawn)
        self.rs.RTROIObservationsSequence.append(observed)
        return named


def make_export(
    name: str,
    *,
    position: Position = "HFS",
    options: WriteOptions | None = None,
    case: PhantomCase | None = None,
    seed: int = 0,
) -> Export:
    """Build the sound export of a patient of its own: UIDs come from the name of the fault."""
    import hashlib

    number = hashlib.sha256(name.encode()).hexdigest()[:8]
    chosen = replace(case or phantom(), patient_id=f"ZZPHIMRN-{number}")
    options = options or WriteOptions()
    made = Phantom(chosen, position, seed, options)
    export = Export(chosen, ct_slices(made), structure_set(made), dose(made), plan(made), options)
    for one in export.objects:
        one.PatientBirthDate = PHI[2]
    return export


def points_of(contour: Dataset) -> NDArray[np.float64]:
    """Points (n, 3) of a contour item."""
    return np.array([float(value) for value in contour.ContourData]).reshape(-1, 3)


def set_points(contour: Dataset, points: Any) -> Dataset:
    """Give a contour item new points, as 3 decimals, and the count that belongs to them."""
    flat = np.asarray(points, np.float64).reshape(-1)
    raw(contour, "ContourData", "\\".join(f"{value:.3f}" for value in flat))
    contour.NumberOfContourPoints = flat.size // 3
    return contour


def values_text(contour: Dataset) -> list[str]:
    """ContourData as the words it is written in."""
    return [f"{value:.3f}" for value in points_of(contour).ravel()]


def raw(data: Dataset, keyword: str, text: str | bytes) -> None:
    """Put bytes as the value of an element, whatever the rules for values say."""
    value = text.encode("latin-1") if isinstance(text, str) else text
    vr = dictionary_VR(keyword)
    padding = b"\0" if vr in ("UI", "OB", "OW") else b" "
    value += padding * (len(value) % 2)
    tag = Tag(keyword)
    data[tag] = RawDataElement(
        tag, vr, len(value), value, 0, is_implicit_VR=False, is_little_endian=True
    )


def put(data: Dataset, keyword: str, value: Any) -> None:
    """Set an element without the checks pydicom makes of its value."""
    vr = dictionary_VR(keyword)
    data.add(DataElement(Tag(keyword), vr, value, validation_mode=config.IGNORE))


def ring(centre: tuple[float, float], radius: float, z: float, count: int = 72) -> Any:
    """Points (count, 3) of a circle drawn as a polygon of the circle's area."""
    angle = 2 * np.pi * np.arange(count) / count
    r = radius * np.sqrt(2 * np.pi / count / np.sin(2 * np.pi / count))
    flat = [centre[0] + r * np.cos(angle), centre[1] + r * np.sin(angle), np.full(count, z)]
    return np.column_stack(flat)


def move(one: Dataset, *, patient: str = "", study: str = "", frame: str = "") -> Dataset:
    """Give an object another patient, study or frame of reference, references included."""
    if patient:
        one.PatientID = patient
    if study:
        one.StudyInstanceUID = study
    if frame:
        one.FrameOfReferenceUID = frame
        for item in one.get("ReferencedFrameOfReferenceSequence", []):
            item.FrameOfReferenceUID = frame
        for item in one.get("StructureSetROISequence", []):
            item.ReferencedFrameOfReferenceUID = frame
    return one
