"""Whose data it is: patient, study and structure set of each object against those of the case.

Names and birth dates are compared and never told: a finding says that they differ, not how.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from rtvol import codes
from rtvol.case import Patient, Study
from rtvol.errors import CaseRejected, Finding
from rtvol.io import tags

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from rtvol.io.headers import Header

_WHOSE = "check whose files these are"


def patient_of(header: Header) -> Patient:
    """Identity as an object states it."""
    return Patient(
        header.text(tags.PATIENT_ID),
        header.text(tags.PATIENT_NAME),
        header.text(tags.PATIENT_BIRTH_DATE),
        header.text(tags.PATIENT_SEX),
    )


def study_of(*headers: Header) -> Study:
    """Attributes of the study, from the first object that states each; all are of one study."""

    def first(tag: int) -> str:
        return next((text for text in (header.text(tag) for header in headers) if text), "")

    return Study(
        date=first(tags.STUDY_DATE),
        time=first(tags.STUDY_TIME),
        study_id=first(tags.STUDY_ID),
        accession=first(tags.ACCESSION_NUMBER),
        referring=first(tags.REFERRING_PHYSICIAN_NAME),
        description=first(tags.STUDY_DESCRIPTION),
    )


def missing_id(patient: Patient) -> list[Finding]:
    """Warn when the structure set names no patient: nothing tells that the files are of one."""
    if patient.patient_id:
        return []
    seen = "no Patient ID: nothing tells that images, contours and dose are of one patient"
    mend = "let the anonymiser give each patient an ID of its own"
    return [codes.PATIENT_ID_MISSING.warn(where="RTSTRUCT", seen=seen, mend=mend)]


def check_patient(patient: Patient, header: Header, what: str) -> list[Finding]:
    """Refuse another patient's object; warn of one whose name, birth date or sex differs.

    Raises
    ------
    CaseRejected
        `patient-mismatch`.
    """
    other = patient_of(header)
    is_nameless = bool(patient.patient_id) and not other.patient_id
    is_someone = _same_name(other.name, patient.name) and not _differ(
        other.birth_date, patient.birth_date
    )
    if other.patient_id != patient.patient_id and not (is_nameless and is_someone):
        raise CaseRejected(
            "patient-mismatch",
            where=what,
            seen=_mismatch(patient, other),
            mend="put each patient's files together",
        )
    if is_nameless:
        seen = "it has no Patient ID, as the structure set has; nothing else speaks against it"
        mend = "let the anonymiser give all objects of a patient one ID"
        return [codes.PATIENT_ID_MISSING.warn(where=what, seen=seen, mend=mend)]
    differs = [] if _same_name(other.name, patient.name) else ["name"]
    differs += ["birth date"] if _differ(other.birth_date, patient.birth_date) else []
    differs += ["sex"] if {other.sex, patient.sex} == {"M", "F"} else []
    if not differs:
        return []
    seen = f"same Patient ID as the structure set, another {' and '.join(differs)}"
    return [codes.IDENTITY_CONFLICT.warn(where=what, seen=seen, mend=_WHOSE)]


def _mismatch(patient: Patient, other: Patient) -> str:
    if patient.patient_id and other.patient_id:
        return "its Patient ID differs from that of the structure set"
    if patient.patient_id:
        return "it has no Patient ID, and another name or birth date than the structure set"
    return "it has a Patient ID, and the structure set has none"


def check_all(patient: Patient, headers: Iterable[Header], what: str) -> list[Finding]:
    """Check the patient of every image of a series; equal findings count once."""
    known = {patient_of(header): header for header in headers}
    found = [check_patient(patient, header, what) for header in known.values()]
    return list(dict.fromkeys(finding for several in found for finding in several))


def check_study(header: Header, studies: Collection[str], what: str) -> list[Finding]:
    """Warn of an object whose study is neither that of the images nor of the structure set."""
    study = header.uid(tags.STUDY_INSTANCE_UID)
    known = {uid for uid in studies if uid}
    if not study or not known or study in known:
        return []
    seen = "its study is neither that of the images nor that of the structure set"
    mend = "check that it is of this plan, or export all objects of the plan together"
    return [codes.STUDY_MISMATCH.warn(where=what, seen=seen, mend=mend)]


def structure_set_uids(header: Header) -> frozenset[str]:
    """UIDs a plan of this structure set may refer to: its own, and that it was made from."""
    return frozenset({header.uid(tags.SOP_INSTANCE_UID), *made_from(header)})


def check_structure_set(header: Header, own: Collection[str], what: str) -> list[Finding]:
    """Warn of a plan or dose that says it was made on another structure set."""
    refs = made_from(header)
    if not refs or refs.intersection(own):
        return []
    seen = "it was made on another structure set than the one found"
    mend = "export the structure set of the plan, or check that the contours are the same"
    return [codes.STRUCTURE_SET_MISMATCH.warn(where=what, seen=seen, mend=mend)]


def made_from(header: Header) -> frozenset[str]:
    """Return the UIDs of the structure sets that an object says it was made on, or made of."""
    sequences = (tags.REFERENCED_STRUCTURE_SET_SEQUENCE, tags.PREDECESSOR_STRUCTURE_SET_SEQUENCE)
    items = (item for tag in sequences for item in header.items(tag))
    uids = (item.uid(tags.REFERENCED_SOP_INSTANCE_UID) for item in items)
    return frozenset(uid for uid in uids if uid)


def _same_name(one: str, other: str) -> bool:
    """Whether names agree but for case, blanks and what follows the first way of writing."""
    plain = [" ".join(name.split("=")[0].replace("^", " ").split()) for name in (one, other)]
    return plain[0].casefold() == plain[1].casefold() or not all(plain)


def _differ(one: str, other: str) -> bool:
    return bool(one and other and one != other)
