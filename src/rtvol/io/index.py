"""What a file is and what it refers to: the few attributes cases are put together by."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from rtvol.errors import Finding
from rtvol.io import elements, tags
from rtvol.io.headers import Header, header_of, names_patient, printable

if TYPE_CHECKING:
    from pathlib import Path

    from rtvol.io.tree import FoundFile

Role = Literal["structures", "dose", "plan", "image", "other"]

_RT = "1.2.840.10008.5.1.4.1.1.481."
_ROLES: dict[str, Role] = {
    f"{_RT}3": "structures",
    f"{_RT}2": "dose",
    f"{_RT}5": "plan",
    f"{_RT}8": "plan",  # ion plan
    "1.2.840.10008.5.1.4.1.1.2": "image",  # CT
    "1.2.840.10008.5.1.4.1.1.4": "image",  # MR
    "1.2.840.10008.5.1.4.1.1.128": "image",  # PET
}
_MODALITIES: dict[str, Role] = {
    "RTSTRUCT": "structures",
    "RTDOSE": "dose",
    "RTPLAN": "plan",
    "CT": "image",
    "MR": "image",
    "PT": "image",
}
_INTO = tags.REFERENCES | {tags.STRUCTURE_SET_ROI_SEQUENCE}


@dataclass(frozen=True, eq=False)
class Entry:
    """One DICOM file in the index; nothing here is for messages but `label`."""

    file: FoundFile
    role: Role
    label: str
    sop_uid: str
    patient_id: str
    study_uid: str
    series_uid: str
    frame_uid: str
    series_refs: tuple[str, ...]
    structure_refs: tuple[str, ...]
    plan_refs: tuple[str, ...]
    manufacturer: str
    fault: Finding | None

    @property
    def path(self) -> Path:
        """Where the file is."""
        return self.file.path


def frame_of(header: Header) -> str:
    """Frame of reference of an object.

    For a structure set: that of most of its ROIs; where they name none, the one it refers to.
    """
    rois = header.items(tags.STRUCTURE_SET_ROI_SEQUENCE)
    frames = Counter(roi.uid(tags.REFERENCED_FRAME_OF_REFERENCE_UID) for roi in rois)
    frames.pop("", None)
    if frames:
        return max(sorted(frames), key=lambda frame: frames[frame])
    sets = header.items(tags.REFERENCED_FRAME_OF_REFERENCE_SEQUENCE)
    first = sets[0].uid(tags.FRAME_OF_REFERENCE_UID) if sets else ""
    return first or header.uid(tags.FRAME_OF_REFERENCE_UID)


def referenced_series(header: Header) -> tuple[str, ...]:
    """SeriesInstanceUIDs a structure set refers to (PS3.3 C.8.8.5), each once."""
    found = [
        series.uid(tags.SERIES_INSTANCE_UID)
        for frame in header.items(tags.REFERENCED_FRAME_OF_REFERENCE_SEQUENCE)
        for study in frame.items(tags.RT_REFERENCED_STUDY_SEQUENCE)
        for series in study.items(tags.RT_REFERENCED_SERIES_SEQUENCE)
    ]
    return tuple(dict.fromkeys(uid for uid in found if uid))


def _references(header: Header, *sequences: int) -> tuple[str, ...]:
    found = [
        item.uid(tags.REFERENCED_SOP_INSTANCE_UID)
        for sequence in sequences
        for item in header.items(sequence)
    ]
    return tuple(uid for uid in found if uid)


def _label(path: Path, header: Header, role: Role) -> str:
    """File name for messages, unless it holds part of the patient's name or number."""
    whose = (header.text(tags.PATIENT_NAME), header.text(tags.PATIENT_ID))
    if names_patient(path.name, *whose):
        return f"{role} file, UID ending in {header.uid(tags.SOP_INSTANCE_UID)[-8:]}"
    return printable(path.name)


def _role(header: Header) -> Role:
    modality = header.text(tags.MODALITY)
    by_class = _ROLES.get(header.uid(tags.SOP_CLASS_UID))
    by_modality = _MODALITIES.get(modality, "other")
    return "structures" if by_modality == "structures" else by_class or by_modality


def _conflict(header: Header) -> Finding | None:
    """Return what to say of an object that calls itself a structure set and is none."""
    by_class = _ROLES.get(header.uid(tags.SOP_CLASS_UID), "other")
    is_called_so = header.text(tags.MODALITY) == "RTSTRUCT"
    if is_called_so == (by_class == "structures"):
        return None
    seen = "Modality and SOP Class UID contradict each other about a structure set"
    return Finding("sop-class-conflict", "error", "", seen, "export the structure set again")


def read_entry(file: FoundFile) -> Entry | None:
    """Index one file; None when it is not DICOM.

    A damaged file is indexed by what can be read of it, with its `fault`.
    """
    try:
        with file.path.open("rb", buffering=0) as stream:
            head = stream.read(elements.HEAD_BYTES)
            if not elements.begins_like_dicom(head):
                return None
            source = elements.load_open(stream, head, into=_INTO, until=tags.PIXEL_DATA)
    except OSError:
        return None
    header = header_of(source)
    role = _role(header)
    fault = source.fault.finding if source.fault else None
    if role == "structures" and fault is None:
        fault = _conflict(header)
    return Entry(
        file,
        role,
        _label(file.path, header, role),
        sop_uid=header.uid(tags.SOP_INSTANCE_UID),
        patient_id=header.text(tags.PATIENT_ID),
        study_uid=header.uid(tags.STUDY_INSTANCE_UID),
        series_uid=header.uid(tags.SERIES_INSTANCE_UID),
        frame_uid=frame_of(header),
        series_refs=referenced_series(header),
        structure_refs=_references(
            header, tags.REFERENCED_STRUCTURE_SET_SEQUENCE, tags.PREDECESSOR_STRUCTURE_SET_SEQUENCE
        ),
        plan_refs=_references(header, tags.REFERENCED_RT_PLAN_SEQUENCE),
        manufacturer=header.text(tags.MANUFACTURER),
        fault=fault,
    )
