"""Whose case it is, and what files and findings of it are called."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from rtvol.io import identity, tags
from rtvol.io.headers import names_patient, printable
from rtvol.io.plane_fit import on_images

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from rtvol.case import ImageSeries, Patient
    from rtvol.errors import CaseRejected, Finding
    from rtvol.io.headers import Header
    from rtvol.io.registration import Registrations
    from rtvol.io.rtstruct import ReadStructures
    from rtvol.structures import StructureSet


@dataclass(frozen=True, eq=False)
class Owner:
    """Whose case it is: what every object of it is compared with."""

    patient: Patient
    structures: StructureSet
    header: Header
    studies: frozenset[str]
    registered: Registrations

    @classmethod
    def of(cls, read: ReadStructures, registered: Registrations) -> Owner:
        """Return the owner that a structure set names."""
        study = frozenset({read.header.uid(tags.STUDY_INSTANCE_UID)})
        return cls(
            identity.patient_of(read.header), read.structures, read.header, study, registered
        )

    def with_images(self, ct: ImageSeries, images: Sequence[ImageSeries]) -> Owner:
        """Return the owner with the study and frames of the images.

        Contours are then given in the frame of the images' planes, and the structure set is in
        their frame of reference where it names none.
        """
        structures = on_images(self.structures, images)
        if not structures.frame_uid:
            structures = replace(structures, frame_uid=ct.frame_uid)
        return replace(self, structures=structures, studies=self.studies | {ct.study_uid})

    def check(self, header: Header, what: str) -> list[Finding]:
        """Check patient, study and structure set of a dose or a plan."""
        own = identity.structure_set_uids(self.header)
        return [
            *identity.check_patient(self.patient, header, what),
            *identity.check_study(header, self.studies, what),
            *identity.check_structure_set(header, own, what),
        ]

    def file(self, path: Path, what: str) -> str:
        """Return `RTDOSE RD.dcm` for messages; no name that tells of the patient."""
        if names_patient(path.name, self.patient.name, self.patient.patient_id):
            return what
        return f"{what} {printable(path.name)}"


def as_warning(fault: CaseRejected, where: str, use: str) -> Finding:
    """Turn what makes a part unusable into a warning beside the case, which stands without it."""
    finding = fault.finding
    places = dict.fromkeys(text for text in (where, finding.where) if text)
    seen = f"{finding.seen}; {use}"
    return replace(finding, severity="warning", where=", ".join(places), seen=seen)
