"""A Roi as the three DICOM items that describe it (PS3.3 C.8.8.5, C.8.8.6, C.8.8.8)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from pydicom import config
from pydicom.charset import default_encoding
from pydicom.datadict import dictionary_VR
from pydicom.dataelem import DataElement, RawDataElement
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence as DicomSequence
from pydicom.tag import Tag

from rtvol import codes
from rtvol.errors import CaseRejected, Finding, GeometryError
from rtvol.frames import AXIAL
from rtvol.geometry import FARTHEST_MM, planes_at
from rtvol.io.keyholes import join_holes
from rtvol.io.names import SHORT, clean, dicom_names
from rtvol.structures import COLOURS, OTHER_COLOUR

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from rtvol.frames import PlaneFrame
    from rtvol.structures import Roi

    #: One (z in mm, points (n, 2) in mm) per contour.
    Rings = tuple[tuple[float, NDArray[np.float64]], ...]

#: Coordinates are written to a micrometre: at most 16 characters as a DS value must (PS3.5 6.2).
DECIMALS = 3

_CONTOUR_DATA = Tag("ContourData")


@dataclass(frozen=True)
class Slices:
    """The images a structure set refers to: planes (mm along their normal), what lies there.

    `frames` are those of the planes, by image; empty where all are axial. `numbers` are the frames
    of enhanced images, 0 for single ones; empty where all are. Where the images
    themselves are not at hand, those its source refers to; `is_whole` is then False, for there may
    be others.
    """

    z_mm: tuple[float, ...] = ()
    sop_uids: tuple[str, ...] = ()
    sop_class_uids: tuple[str, ...] = ()
    is_whole: bool = True
    frames: tuple[PlaneFrame, ...] = ()
    numbers: tuple[int, ...] = ()

    def at(self, frame: PlaneFrame, z_mm: float) -> int | None:
        """Index of the image on the plane at `z_mm` of a frame, None when none lies there."""
        places, planes_mm = self._planes.get(frame, ((), ()))
        nearest = int(planes_at(z_mm, planes_mm)) if planes_mm else -1
        return places[nearest] if nearest >= 0 else None

    @cached_property
    def _planes(self) -> dict[PlaneFrame, tuple[list[int], list[float]]]:
        """Numbers of the images, and their planes, by frame."""
        found: dict[PlaneFrame, tuple[list[int], list[float]]] = {}
        frames = self.frames or (AXIAL,) * len(self.z_mm)
        for at, (frame, z_mm) in enumerate(zip(frames, self.z_mm, strict=True)):
            places, planes_mm = found.setdefault(frame, ([], []))
            places.append(at)
            planes_mm.append(z_mm)
        return found


@dataclass(frozen=True)
class WrittenContour:
    """One contour ready to be written: plane (mm in its frame), number of points, ContourData."""

    z_mm: float
    count: int
    data: bytes


@dataclass(frozen=True)
class WrittenRoi:
    """A region of interest ready to be written.

    Attributes
    ----------
    name, number
        ROIName and ROINumber in the file to be written.
    roi
        Where type, colour and description come from.
    contours
        Its contours, ascending in z.
    """

    name: str
    number: int
    roi: Roi
    contours: tuple[WrittenContour, ...]


def stored(keyword: str, value: object) -> DataElement:
    """Make an element whose value is kept exactly as the source file had it, valid or not."""
    return DataElement(Tag(keyword), dictionary_VR(keyword), value, validation_mode=config.IGNORE)


def image_item(sop_class_uid: str, sop_uid: str) -> Dataset:
    """Refer to one object (SOP Instance Reference macro, PS3.3 table 10-11)."""
    item = Dataset()
    item.add(stored("ReferencedSOPClassUID", sop_class_uid))
    item.add(stored("ReferencedSOPInstanceUID", sop_uid))
    return item


def regions_to_write(
    rois: Sequence[Roi], *, taken: Sequence[str] = (), first_number: int = 1
) -> tuple[list[WrittenRoi], list[Finding]]:
    """Name, number and prepare regions for writing.

    Parameters
    ----------
    rois
        Regions in the order to be written.
    taken
        Names already in use in the structure set.
    first_number
        ROINumber of the first region; the others follow.

    Returns
    -------
    regions
        Those that have a contour.
    findings
        `roi-empty` for the others, and those of `written_rings`.

    Raises
    ------
    CaseRejected
        `roi-empty` when no region has a contour.
    """
    kept: list[tuple[Roi, tuple[WrittenContour, ...]]] = []
    findings: list[Finding] = []
    for roi in rois:
        rings, noted = written_rings(roi)
        findings += noted
        if rings:
            contours = (
                WrittenContour(z, len(ring), contour_bytes(z, ring, roi.frame)) for z, ring in rings
            )
            kept.append((roi, tuple(contours)))
        else:
            seen = "no contour to write; the region is not in the structure set"
            mend = "check the margins and clips, or contour it"
            findings.append(codes.ROI_EMPTY.warn(where=_place(roi), seen=seen, mend=mend))
    if not kept:
        raise CaseRejected(
            "roi-empty",
            seen=f"none of {len(rois)} regions has a contour to write",
            mend="check the margins and clips: a structure set needs a region",
        )
    names = dicom_names([roi.name for roi, _ in kept], taken)
    regions = [
        WrittenRoi(name, number, roi, contours)
        for number, (name, (roi, contours)) in enumerate(
            zip(names, kept, strict=True), start=first_number
        )
    ]
    return regions, findings


def written_rings(roi: Roi) -> tuple[Rings, tuple[Finding, ...]]:
    """Contours as they will be read back: rounded, without repeats, holes as keyholes.

    Parameters
    ----------
    roi
        The region; contours of one plane combine by even-odd parity.

    Returns
    -------
    rings
        (z in mm, points (n >= 3, 2) in mm) per contour, ascending in z.
    findings
        `contour-degenerate`: rings without area at the precision written, left out;
        `contour-duplicate`: rings stored more than once, written once.

    Raises
    ------
    GeometryError
        `bad-number` when a coordinate is more than a kilometre from the origin.
    """
    planes: dict[float, dict[bytes, NDArray[np.float64]]] = {}
    flat = repeated = 0
    for contour in roi.contours:
        if max(float(np.abs(contour.xy_mm).max()), abs(contour.z_mm)) > FARTHEST_MM:
            raise GeometryError(
                "bad-number",
                where=f"{_place(roi)}, plane {_plane(roi.frame, contour.z_mm)}",
                seen="a coordinate more than a kilometre from the origin",
                mend="check the coordinates of this contour in the source",
            )
        ring = _rounded(contour.xy_mm)
        if ring is None:
            flat += 1
            continue
        plane, key = planes.setdefault(round(contour.z_mm, DECIMALS) + 0.0, {}), _key(ring)
        repeated += key in plane
        plane.setdefault(key, ring)
    findings = []
    place = _place(roi)
    if flat:
        seen = f"{flat} contours without area at {10.0**-DECIMALS:g} mm precision, not written"
        mend = "delete stray points in the planning system"
        findings.append(codes.CONTOUR_DEGENERATE.warn(where=place, seen=seen, mend=mend))
    if repeated:
        seen = f"{repeated} contours that repeat another one, written once"
        mend = "delete the copies in the planning system"
        findings.append(codes.CONTOUR_DUPLICATE.warn(where=place, seen=seen, mend=mend))
    rings = tuple((z, ring) for z in sorted(planes) for ring in join_holes([*planes[z].values()]))
    return rings, tuple(findings)


def _place(roi: Roi) -> str:
    return f'ROI "{clean(roi.name, 64)}"'


def _rounded(xy_mm: NDArray[np.float64]) -> NDArray[np.float64] | None:
    """Points as written, consecutive repeats removed; None when no area is left."""
    points: NDArray[np.float64] = np.round(xy_mm, DECIMALS) + 0.0  # + 0.0 turns -0.0 into 0.0
    points = points[(points != np.roll(points, 1, axis=0)).any(axis=1)]
    if len(points) < 3:
        return None
    steps = points - points[0]
    along = steps[np.argmax((steps**2).sum(axis=1))]
    off_line = np.abs(along[0] * steps[:, 1] - along[1] * steps[:, 0]).max()
    return points if off_line > 10.0 ** (-2 * DECIMALS) / 2 else None


def _key(ring: NDArray[np.float64]) -> bytes:
    """Return equal bytes for equal rings, wherever they start and whichever way they run."""
    start = int(np.lexsort((ring[:, 1], ring[:, 0]))[0])
    forward = np.roll(ring, -start, axis=0)
    backward = np.roll(forward[::-1], 1, axis=0)
    return min(forward.tobytes(), backward.tobytes())


def contour_bytes(z_mm: float, points: NDArray[np.float64], frame: PlaneFrame = AXIAL) -> bytes:
    """ContourData of one contour: x, y, z decimals parted by backslashes, padded to even length."""
    number = f"%.{DECIMALS}f"
    if frame.is_axial:
        corner = f"{number}\\{number}\\{number % z_mm}\\"
    else:
        corner = f"{number}\\{number}\\{number}\\"
        across = np.full(len(points), z_mm)
        points = np.round(frame.to_patient(np.column_stack([points, across])), DECIMALS) + 0.0
    text = (corner * len(points) % tuple(points.ravel().tolist()))[:-1]
    return (text + " " * (len(text) % 2)).encode("ascii")


def renamed_finding(regions: Sequence[WrittenRoi]) -> list[Finding]:
    """Say which regions are called otherwise in the file (`roi-renamed`), every one of them."""
    changed = [f'"{clean(r.roi.name, 64)}" as {r.name}' for r in regions if r.roi.name != r.name]
    if not changed:
        return []
    seen = f"{len(changed)} names are written shorter or without blanks: {', '.join(changed)}"
    mend = "none needed: planning systems take at most 16 characters"
    return [codes.ROI_RENAMED.note(where="RTSTRUCT written", seen=seen, mend=mend)]


def off_plane_findings(regions: Sequence[WrittenRoi], slices: Slices) -> list[Finding]:
    """Say which regions have contours on planes that hold no image (`contour-off-plane`)."""
    findings: list[Finding] = []
    if not slices.is_whole:
        return findings
    for region in regions:
        planes = sorted({contour.z_mm for contour in region.contours})
        frame = region.roi.frame
        off = [z for z in planes if slices.z_mm and slices.at(frame, z) is None]
        if off:
            finding = codes.CONTOUR_OFF_PLANE.warn(
                where=_place(region.roi),
                seen=f"{len(off)} of {len(planes)} planes hold no image, the first at "
                f"{_plane(frame, off[0])}; their contours are written without an image reference",
                mend="planning systems may drop such contours: redraw them on the slices",
            )
            findings.append(finding)
    return findings


def _plane(frame: PlaneFrame, z_mm: float) -> str:
    return f"z = {z_mm:g} mm" if frame.is_axial else frame.place(z_mm)


def structure_item(region: WrittenRoi, frame_uid: str) -> Dataset:
    """Item of StructureSetROISequence (PS3.3 C.8.8.5)."""
    item = Dataset()
    item.ROINumber = region.number
    item.add(stored("ReferencedFrameOfReferenceUID", frame_uid))
    item.ROIName = region.name
    item.ROIGenerationAlgorithm = "SEMIAUTOMATIC"
    description = clean(region.roi.description, 64)
    if description:
        item.ROIGenerationDescription = description
    return item


def contour_item(region: WrittenRoi, slices: Slices, *, implicit: bool) -> Dataset:
    """Item of ROIContourSequence (PS3.3 C.8.8.6), CLOSED_PLANAR contours.

    `implicit` says how the data set will be encoded; only then the ready bytes pass unparsed.
    """
    contours = []
    for number, written in enumerate(region.contours, start=1):
        contour = Dataset()
        contour.set_original_encoding(implicit, True, default_encoding)  # noqa: FBT003 - theirs
        on = slices.at(region.roi.frame, written.z_mm)
        if on is not None:
            image = image_item(slices.sop_class_uids[on], slices.sop_uids[on])
            if slices.numbers and slices.numbers[on]:
                image.ReferencedFrameNumber = slices.numbers[on]
            contour.ContourImageSequence = DicomSequence([image])
        contour.ContourGeometricType = "CLOSED_PLANAR"
        contour.NumberOfContourPoints = written.count
        contour.ContourNumber = number
        # ready bytes: a DS object per coordinate would take longer than everything else
        contour[_CONTOUR_DATA] = RawDataElement(
            _CONTOUR_DATA,
            "DS",
            len(written.data),
            written.data,
            0,
            is_implicit_VR=False,
            is_little_endian=True,
        )
        contours.append(contour)
    item = Dataset()
    colour = region.roi.colour or COLOURS.get(region.roi.kind, OTHER_COLOUR)
    item.ROIDisplayColor = list(colour)
    item.ContourSequence = DicomSequence(contours)
    item.ReferencedROINumber = region.number
    return item


def observation_item(region: WrittenRoi, number: int) -> Dataset:
    """Item of RTROIObservationsSequence (PS3.3 C.8.8.8)."""
    item = Dataset()
    item.ObservationNumber = number
    item.ReferencedROINumber = region.number
    kind = region.roi.kind
    code_string = re.fullmatch(rf"[A-Z0-9_ ]{{0,{SHORT}}}", kind)
    item.RTROIInterpretedType = kind if code_string else ""
    item.ROIInterpreter = ""
    return item
