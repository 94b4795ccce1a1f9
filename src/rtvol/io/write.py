"""Write a structure set that planning systems accept (PS3.3 A.19.3, C.8.8.5 to C.8.8.9)."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from pydicom import dcmread
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.sequence import Sequence as DicomSequence
from pydicom.uid import (
    PYDICOM_IMPLEMENTATION_UID,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    RTStructureSetStorage,
    generate_uid,
)

from rtvol.errors import CaseRejected, OutputRefused
from rtvol.files import new_file
from rtvol.io.kept_regions import put_before, read_kept
from rtvol.io.names import SHORT, clean
from rtvol.io.own_frames import Homes
from rtvol.io.registration import Registrations
from rtvol.io.roi_items import (
    Slices,
    WrittenRoi,
    contour_item,
    image_item,
    observation_item,
    off_plane_findings,
    regions_to_write,
    renamed_finding,
    stored,
    structure_item,
)
from rtvol.io.source_refs import source_references, source_slices

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from rtvol.case import Case, ImageSeries
    from rtvol.errors import Finding
    from rtvol.frames import PlaneFrame
    from rtvol.structures import Roi

#: Type 1 in RTReferencedStudySequence although the class itself is retired (PS3.3 C.8.8.5).
_STUDY_CLASS_UID = "1.2.840.10008.3.1.2.3.1"
_SERIES_NUMBER = 901
#: Longest DS value with a 16-bit length, as explicit VR has it (PS3.5 7.1.2).
_LONGEST_EXPLICIT = 0xFFFE
_CONTOUR_DATA = 0x30060050


@dataclass(frozen=True)
class WrittenSet:
    """What a written structure set holds.

    Attributes
    ----------
    sop_uid
        SOPInstanceUID of the new object.
    renamed
        Names that had to change: name given -> ROIName written.
    findings
        What was left out or changed, and why.
    rois
        The regions it holds, in its order, but for those taken over as stored.
    registered
        What leads from second frames of reference, where some of them are, to the case's.
    """

    sop_uid: str
    renamed: Mapping[str, str]
    findings: tuple[Finding, ...]
    rois: tuple[Roi, ...] = ()
    registered: Registrations = field(default_factory=Registrations)


def write_rtstruct(  # noqa: PLR0913 - each keyword is one attribute of the object
    path: Path,
    case: Case,
    rois: Sequence[Roi],
    *,
    label: str,
    name: str,
    description: str,
    overwrite: bool = False,
    now: datetime | None = None,
    uid_seed: Sequence[str] | None = None,
    beside: Path | None = None,
) -> WrittenSet:
    """Write regions as a new, unapproved structure set of the case's images.

    Parameters
    ----------
    path
        The file to make, in a folder that exists.
    case
        Whose patient, study, images and source structure set are referred to.
    rois
        Regions in the order to be written; holes are joined as keyholes, plane by plane.
    label, name, description
        StructureSetLabel (cut to 16 characters), StructureSetName and SeriesDescription (64),
        StructureSetDescription (1024).
    overwrite
        Whether a file that is there already may be replaced.
    now
        Date and time to be written; the present by default.
    uid_seed
        Texts the new UIDs are computed from: the same seed, regions and `now` give the same
        bytes. Random UIDs by default.
    beside
        A structure set whose regions are kept before the new ones, as they are stored there.

    Returns
    -------
    WrittenSet
        The new UID, the names that changed, and findings: `roi-empty` (not written),
        `contour-degenerate`, `contour-duplicate`, `contour-off-plane`.

    Raises
    ------
    CaseRejected
        `roi-empty` when no region has a contour; `bad-uid` or `frame-mismatch` when the images
        cannot be referred to.
    GeometryError
        `bad-number` when a coordinate lies beyond a kilometre.
    OutputRefused
        `output-exists`, `output-unwritable`, or `output-not-verified` when the file does not
        read back as it was written.

    Notes
    -----
    Explicit VR little endian; implicit when a contour is longer than explicit VR can say.
    The file is read back before it gets its name.
    """
    kept = None if beside is None else read_kept(beside)
    taken, first = (kept.names, kept.next_number) if kept else ((), 1)
    homes = Homes.of(case, rois)
    regions, findings = regions_to_write(homes.rois, taken=taken, first_number=first)
    series = _series(case, [region.roi.frame for region in regions])
    slices = {case.structures.frame_uid: _slices(series) if series else source_slices(case)}
    slices |= {uid: _slices(own) for uid, own in homes.series.items()}
    dataset = _header(case, now or datetime.now())
    new_uids = [
        generate_uid(entropy_srcs=None if uid_seed is None else [*uid_seed, what])
        for what in ("series", "instance")
    ]
    dataset.SeriesInstanceUID, dataset.SOPInstanceUID = new_uids
    dataset.StructureSetLabel = clean(label, SHORT) or "rtvol"
    dataset.StructureSetName = dataset.SeriesDescription = clean(name, 64)
    dataset.StructureSetDescription = clean(description, 1024, lines=True)
    _add_references(dataset, case, series, homes)
    longest = max(len(contour.data) for region in regions for contour in region.contours)
    implicit = max(longest, kept.longest if kept else 0) > _LONGEST_EXPLICIT
    _add_regions(dataset, regions, slices, homes, implicit=implicit)
    if kept:
        put_before(dataset, kept)
        _add_frames_named(dataset, case)
    is_latin = kept is None or kept.is_latin
    dataset.SpecificCharacterSet = _character_set(case, dataset) if is_latin else "ISO_IR 192"
    off_plane = [
        finding
        for region in regions
        for finding in off_plane_findings([region], slices[_frame_of(region, dataset, homes)])
    ]
    with new_file(path, overwrite=overwrite) as temporary:
        _save(temporary, dataset, implicit=implicit)
        _read_back(temporary, regions)
    return WrittenSet(
        sop_uid=str(dataset.SOPInstanceUID),
        renamed={r.roi.name: r.name for r in regions if r.roi.name != r.name},
        findings=(*findings, *renamed_finding(regions), *homes.findings(), *off_plane),
        rois=tuple(homes.given(region.roi) for region in regions),
        registered=homes.registered,
    )


def _series(case: Case, frames: Sequence[PlaneFrame]) -> list[ImageSeries]:
    """Return the images to refer to: those of the case, and of other planes that are written."""
    others = [found for frame in frames if (found := case.images_in(frame)) is not None]
    every = [case.ct, *others] if case.ct else others
    return list({id(one): one for one in every if not one.is_carried}.values())


def _slices(series: Sequence[ImageSeries]) -> Slices:
    images = [image for one in series for image in one.slices]
    return Slices(
        z_mm=tuple(z for one in series for z in one.file_planes_mm.tolist()),
        sop_uids=tuple(_uid(image.sop_uid, "SOPInstanceUID of an image") for image in images),
        sop_class_uids=tuple(_uid(i.sop_class_uid, "SOPClassUID of an image") for i in images),
        frames=tuple(one.frame for one in series for _ in one.slices),
        numbers=tuple(image.frame for image in images),
    )


def _uid(uid: str, what: str) -> str:
    """Return the UID as it is; components with leading zeros are met and kept."""
    if not re.fullmatch(r"[0-9.]{1,64}", uid):
        raise CaseRejected(
            "bad-uid",
            where=what,
            seen=f"{len(uid)} characters that are not a UID" if uid else "no UID",
            mend="export again, or let the anonymiser keep valid UIDs: a structure set must "
            "refer to its images",
        )
    return uid


def _header(case: Case, now: datetime) -> Dataset:
    """Patient, study, equipment, frame of reference, approval: all that is not ROIs."""
    frame_uid = _uid(case.structures.frame_uid, "FrameOfReferenceUID")
    if case.ct is not None and case.ct.frame_uid != frame_uid:
        raise CaseRejected(
            "frame-mismatch",
            seen="contours and images lie in different frames of reference",
            mend="export the structure set together with its own images",
        )
    from rtvol.version import __version__

    dataset = Dataset()
    dataset.SOPClassUID = RTStructureSetStorage
    dataset.InstanceCreationDate = dataset.StructureSetDate = f"{now:%Y%m%d}"
    dataset.InstanceCreationTime = dataset.StructureSetTime = f"{now:%H%M%S}"
    dataset.Modality = "RTSTRUCT"
    dataset.Manufacturer = dataset.ManufacturerModelName = "rtvol"
    dataset.SoftwareVersions = __version__
    dataset.add(stored("PatientID", case.patient.patient_id))
    dataset.add(stored("PatientName", case.patient.name))
    dataset.add(stored("PatientBirthDate", case.patient.birth_date))
    dataset.add(stored("PatientSex", case.patient.sex))
    dataset.add(stored("StudyInstanceUID", _uid(case.study_uid, "StudyInstanceUID")))
    study = case.study
    dataset.add(stored("StudyDate", study.date))
    dataset.add(stored("StudyTime", study.time))
    dataset.add(stored("StudyID", study.study_id))
    dataset.add(stored("AccessionNumber", study.accession))
    dataset.add(stored("ReferringPhysicianName", study.referring))
    if study.description:
        dataset.add(stored("StudyDescription", study.description))
    dataset.OperatorsName = ""
    dataset.SeriesNumber = _SERIES_NUMBER
    dataset.add(stored("FrameOfReferenceUID", frame_uid))
    dataset.PositionReferenceIndicator = ""
    dataset.ApprovalStatus = "UNAPPROVED"
    return dataset


def _add_references(
    dataset: Dataset, case: Case, series: Sequence[ImageSeries], homes: Homes
) -> None:
    """Refer to frames of reference, study, series, every image, and the structure set before."""
    frame_uid = case.structures.frame_uid
    own = source_references(case, frame_uid) if not series else None
    items = [own or _frame_item(frame_uid, series)]
    items += [_frame_item(uid, others) for uid, others in homes.series.items()]
    dataset.ReferencedFrameOfReferenceSequence = DicomSequence(items)
    if case.structures.sop_uid and case.structures.form == "RTSTRUCT":
        source = image_item(RTStructureSetStorage, _uid(case.structures.sop_uid, "SOPInstanceUID"))
        dataset.PredecessorStructureSetSequence = DicomSequence([source])


def _add_frames_named(dataset: Dataset, case: Case) -> None:
    """Refer to every frame that regions kept from the source name, as the source does."""
    rois = dataset.StructureSetROISequence
    items = dataset.ReferencedFrameOfReferenceSequence
    here = {"", *(str(item.FrameOfReferenceUID) for item in items)}
    for uid in dict.fromkeys(str(roi.get("ReferencedFrameOfReferenceUID", "")) for roi in rois):
        if uid not in here:
            items.append(source_references(case, uid) or _frame_item(uid, ()))


def _frame_item(frame_uid: str, series: Sequence[ImageSeries]) -> Dataset:
    """Item of ReferencedFrameOfReferenceSequence (PS3.3 C.8.8.5)."""
    frame = Dataset()
    frame.add(stored("FrameOfReferenceUID", frame_uid))
    if series:
        studies: dict[str, list[Dataset]] = {}
        for one in series:
            item = Dataset()
            item.add(stored("SeriesInstanceUID", _uid(one.series_uid, "SeriesInstanceUID")))
            item.ContourImageSequence = DicomSequence(
                [
                    image_item(*of)
                    for of in dict.fromkeys((i.sop_class_uid, i.sop_uid) for i in one.slices)
                ]
            )
            studies.setdefault(one.study_uid, []).append(item)
        frame.RTReferencedStudySequence = DicomSequence(
            [_study_item(uid, items) for uid, items in studies.items()]
        )
    return frame


def _study_item(study_uid: str, series: Sequence[Dataset]) -> Dataset:
    study = image_item(_STUDY_CLASS_UID, _uid(study_uid, "StudyInstanceUID"))
    study.RTReferencedSeriesSequence = DicomSequence(series)
    return study


def _frame_of(region: WrittenRoi, dataset: Dataset, homes: Homes) -> str:
    return homes.frame_of(region.roi, str(dataset.FrameOfReferenceUID))


def _add_regions(
    dataset: Dataset,
    regions: Sequence[WrittenRoi],
    slices: Mapping[str, Slices],
    homes: Homes,
    *,
    implicit: bool,
) -> None:
    frames = [_frame_of(region, dataset, homes) for region in regions]
    pairs = list(zip(regions, frames, strict=True))
    dataset.StructureSetROISequence = DicomSequence(
        [structure_item(region, frame) for region, frame in pairs]
    )
    dataset.ROIContourSequence = DicomSequence(
        [contour_item(region, slices[frame], implicit=implicit) for region, frame in pairs]
    )
    dataset.RTROIObservationsSequence = DicomSequence(
        [observation_item(region, region.number) for region in regions]
    )


def _character_set(case: Case, dataset: Dataset) -> str:
    """Latin-1 when all texts fit, as most systems expect; else UTF-8 (PS3.3 C.12.1.1.2)."""
    texts = [case.patient.patient_id, case.patient.name, str(dataset.StructureSetLabel)]
    texts += [case.study.study_id, case.study.accession]
    texts += [case.study.referring, case.study.description]
    texts += [str(dataset.StructureSetName), str(dataset.StructureSetDescription)]
    for item in dataset.StructureSetROISequence:
        texts += [item.ROIName, item.get("ROIGenerationDescription", "")]
    return "ISO_IR 100" if all(ord(char) < 256 for char in "".join(texts)) else "ISO_IR 192"


def _save(path: Path, dataset: Dataset, *, implicit: bool) -> None:
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = dataset.SOPClassUID
    meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
    meta.TransferSyntaxUID = ImplicitVRLittleEndian if implicit else ExplicitVRLittleEndian
    meta.ImplementationClassUID = PYDICOM_IMPLEMENTATION_UID
    dataset.file_meta = meta
    dataset.save_as(path, enforce_file_format=True)  # with a preamble of zeros


def _read_back(path: Path, regions: Sequence[WrittenRoi]) -> None:
    """Refuse a file that does not hold the contours and points it was given."""
    given = [(len(r.contours), sum(contour.count for contour in r.contours)) for r in regions]
    found = []
    for item in dcmread(path).ROIContourSequence[-len(regions) :]:
        data = [contour.get_item(_CONTOUR_DATA).value for contour in item.ContourSequence]
        found.append((len(data), sum((value.count(b"\\") + 1) // 3 for value in data)))
    if found != given:
        raise OutputRefused(
            "output-not-verified",
            where=path.name,
            seen=f"wrote (contours, points) {given}, read {found}",
            mend="try another disk or folder; this one does not keep what is written",
        )
