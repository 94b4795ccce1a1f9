"""What a file is and what it refers to: the few attributes cases are put together by."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from rtvol import codes
from rtvol.io import elements, tags
from rtvol.io.headers import Header, file_label, header_of, printable
from rtvol.io.outsiders import Outsider, outsider

if TYPE_CHECKING:
    from pathlib import Path

    from rtvol.errors import Finding
    from rtvol.io.tree import FoundFile

Role = Literal[
    "structures", "segments", "dose", "plan", "image", "registration", "directory", "other"
]
#: Objects that regions are read from.
SETS: frozenset[Role] = frozenset({"structures", "segments"})

_RT = "1.2.840.10008.5.1.4.1.1.481."
_ROLES: dict[str, Role] = {
    f"{_RT}3": "structures",
    f"{_RT}2": "dose",
    f"{_RT}5": "plan",
    f"{_RT}8": "plan",  # ion plan
    "1.2.840.10008.5.1.4.1.1.66.1": "registration",
    "1.2.840.10008.5.1.4.1.1.66.3": "registration",  # deformable
    "1.2.840.10008.5.1.4.1.1.2": "image",  # CT
    "1.2.840.10008.5.1.4.1.1.4": "image",  # MR
    "1.2.840.10008.5.1.4.1.1.128": "image",  # PET
    "1.2.840.10008.5.1.4.1.1.2.1": "image",  # enhanced CT
    "1.2.840.10008.5.1.4.1.1.2.2": "image",  # legacy converted enhanced CT
    "1.2.840.10008.5.1.4.1.1.4.1": "image",  # enhanced MR
    "1.2.840.10008.5.1.4.1.1.4.4": "image",  # legacy converted enhanced MR
    "1.2.840.10008.5.1.4.1.1.130": "image",  # enhanced PET
    "1.2.840.10008.5.1.4.1.1.128.1": "image",  # legacy converted enhanced PET
    "1.2.840.10008.5.1.4.1.1.66.4": "segments",
    "1.2.840.10008.5.1.4.1.1.66.7": "segments",  # label map
}
#: Segmentations by voxels.
SEGMENT_CLASSES = frozenset(uid for uid, role in _ROLES.items() if role == "segments")
_MODALITIES: dict[str, Role] = {
    "RTSTRUCT": "structures",
    "SEG": "segments",
    "RTDOSE": "dose",
    "RTPLAN": "plan",
    "CT": "image",
    "MR": "image",
    "PT": "image",
}
_CALLED: dict[Role, str] = {
    "structures": "RTSTRUCT",
    "segments": "SEG",
    "dose": "RTDOSE",
    "plan": "RTPLAN",
}
_INTO = tags.REFERENCES | {
    tags.STRUCTURE_SET_ROI_SEQUENCE,
    tags.DIRECTORY_RECORD_SEQUENCE,
    tags.REFERENCED_SERIES_SEQUENCE,
}
#: Label, date and time of what regions are read from.
_SAID: dict[Role, tuple[int, int, int]] = {
    "structures": (tags.STRUCTURE_SET_LABEL, tags.STRUCTURE_SET_DATE, tags.STRUCTURE_SET_TIME),
    "segments": (tags.CONTENT_LABEL, tags.CONTENT_DATE, tags.CONTENT_TIME),
}
#: What an object is called where its Modality is none.
_UNNAMED = "DICOM"


@dataclass(frozen=True, eq=False)
class Entry:
    """One DICOM file in the index; nothing here is for messages but `kind` and `label`."""

    file: FoundFile
    role: Role
    kind: str
    label: str
    sop_uid: str = ""
    sop_class: str = ""
    patient_id: str = ""
    patient_name: str = ""
    study_uid: str = ""
    series_uid: str = ""
    frame_uid: str = ""
    other_frames: tuple[str, ...] = ()
    series_refs: tuple[str, ...] = ()
    structure_refs: tuple[str, ...] = ()
    plan_refs: tuple[str, ...] = ()
    manufacturer: str = ""
    set_label: str = ""
    made: str = ""
    file_ids: tuple[tuple[str, ...], ...] = ()
    fault: Finding | None = None

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


def other_frames(header: Header) -> tuple[str, ...]:
    """Frames of reference that some ROIs of a structure set are defined in, beside its own."""
    rois = header.items(tags.STRUCTURE_SET_ROI_SEQUENCE)
    named = dict.fromkeys(roi.uid(tags.REFERENCED_FRAME_OF_REFERENCE_UID) for roi in rois)
    return tuple(uid for uid in named if uid not in ("", frame_of(header)))


def referenced_series(header: Header) -> tuple[str, ...]:
    """SeriesInstanceUIDs a structure set refers to, each once.

    Those of a RTSTRUCT (PS3.3 C.8.8.5), or of a segmentation (C.12.3, common instances).
    """
    found = [
        series.uid(tags.SERIES_INSTANCE_UID)
        for frame in header.items(tags.REFERENCED_FRAME_OF_REFERENCE_SEQUENCE)
        for study in frame.items(tags.RT_REFERENCED_STUDY_SEQUENCE)
        for series in study.items(tags.RT_REFERENCED_SERIES_SEQUENCE)
    ]
    if header.text(tags.MODALITY) == _CALLED["segments"]:
        found += [
            series.uid(tags.SERIES_INSTANCE_UID)
            for series in header.items(tags.REFERENCED_SERIES_SEQUENCE)
        ]
    return tuple(dict.fromkeys(uid for uid in found if uid))


def file_ids(header: Header) -> tuple[tuple[str, ...], ...]:
    """Components of each Referenced File ID of a directory, in their order (PS3.3 F.3.2.2)."""
    texts = (
        record.text(tags.REFERENCED_FILE_ID)
        for record in header.items(tags.DIRECTORY_RECORD_SEQUENCE)
    )
    return tuple(tuple(part.strip() for part in text.split("\\")) for text in texts if text)


def _references(header: Header, *sequences: int) -> tuple[str, ...]:
    found = [
        item.uid(tags.REFERENCED_SOP_INSTANCE_UID)
        for sequence in sequences
        for item in header.items(sequence)
    ]
    return tuple(uid for uid in found if uid)


def _role(header: Header) -> Role:
    if header.has(tags.DIRECTORY_RECORD_SEQUENCE):
        return "directory"
    modality = header.text(tags.MODALITY)
    by_class = _ROLES.get(header.uid(tags.SOP_CLASS_UID))
    by_modality = _MODALITIES.get(modality, "other")
    if by_modality == "structures" and header.has(tags.STRUCTURE_SET_ROI_SEQUENCE):
        return "structures"  # whatever its class says, this is what it holds
    if by_class is None and by_modality == "segments":
        return "other"  # surfaces, say: only classes of voxels are read
    return by_class or by_modality


def _kind(header: Header, role: Role) -> str:
    """Modality for messages: `CT`, `RTPLAN`, `SEG`."""
    if role == "directory":
        return "DICOMDIR"
    modality = header.text(tags.MODALITY)
    if role in _CALLED:
        return _CALLED[role]
    return modality if re.fullmatch(r"[A-Z0-9_]{1,16}", modality) else _UNNAMED


def class_conflict(header: Header) -> list[Finding]:
    """Say that SOP class and Modality of an object do not name the same kind.

    The class decides, for it says which attributes an object has (PS3.4 annex B); only what holds
    ROIs without being of that class is refused, by a finding of severity "error".
    """
    sop_class, modality = header.uid(tags.SOP_CLASS_UID), header.text(tags.MODALITY)
    by_class, by_modality = _ROLES.get(sop_class), _MODALITIES.get(modality)
    is_set = _role(header) == "structures" and by_class != "structures"
    if (by_class is None or by_class == by_modality) and not is_set:
        return []
    seen = f"Modality is {printable(modality[:16])!r}, SOP Class UID {printable(sop_class[:64])!r}"
    seen += "" if is_set else f"; it is read as {_CALLED.get(by_class or 'other', 'an image')}"
    mend = "export the object again, by software that names what it writes"
    code = codes.SOP_CLASS_CONFLICT
    say = code.error if is_set else code.warn
    return [say(where=tags.name_of(tags.MODALITY), seen=seen, mend=mend)]


def index_file(file: FoundFile) -> Entry | Outsider:
    """Index one file; one that is no DICOM object is an outsider.

    A file that is damaged, or may not be read, is indexed by what can be read, with its `fault`.
    """
    try:
        with file.path.open("rb", buffering=0) as stream:
            head = stream.read(elements.HEAD_BYTES)
            if not elements.begins_like_dicom(head):
                return outsider(file, head)
            source = elements.load_open(stream, head, into=_INTO, until=tags.PIXEL_DATA)
    except OSError as error:
        seen = error.strerror or "it cannot be read"
        fault = codes.UNREADABLE_FILE.error(seen=seen, mend="check the rights of the file")
        return Entry(file, "other", "file", printable(file.path.name), fault=fault)
    return _entry(file, header_of(source), source.fault.finding if source.fault else None)


def index_bytes(file: FoundFile, data: bytes, syntax: str | None = None) -> Entry:
    """Index an object that is not a file yet: as `index_file` would, but walked to its end.

    `data` is a whole file, or with `syntax` a data set in that transfer syntax.
    """
    source = elements.parse(data, into=_INTO, syntax=syntax)
    return _entry(file, header_of(source), source.fault.finding if source.fault else None)


def _entry(file: FoundFile, header: Header, fault: Finding | None) -> Entry:
    role = _role(header)
    label, date, time = _SAID.get(role, _SAID["structures"])
    if role == "structures" and fault is None:
        fault = next((one for one in class_conflict(header) if one.severity == "error"), None)
    return Entry(
        file,
        role,
        _kind(header, role),
        file_label(file.path, header, role),
        sop_uid=header.uid(tags.SOP_INSTANCE_UID),
        sop_class=header.uid(tags.SOP_CLASS_UID),
        patient_id=header.text(tags.PATIENT_ID),
        patient_name=header.text(tags.PATIENT_NAME),
        study_uid=header.uid(tags.STUDY_INSTANCE_UID),
        series_uid=header.uid(tags.SERIES_INSTANCE_UID),
        frame_uid=frame_of(header),
        other_frames=other_frames(header),
        series_refs=referenced_series(header),
        structure_refs=_references(
            header, tags.REFERENCED_STRUCTURE_SET_SEQUENCE, tags.PREDECESSOR_STRUCTURE_SET_SEQUENCE
        ),
        plan_refs=_references(header, tags.REFERENCED_RT_PLAN_SEQUENCE),
        manufacturer=header.text(tags.MANUFACTURER),
        set_label=header.label(label),
        made=header.text(date) + header.text(time),
        file_ids=file_ids(header),
        fault=fault,
    )
