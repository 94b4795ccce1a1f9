"""CaseFiles -> Case: everything read but pixels, and checked against one another."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from rtvol.case import Case, DoseSource, ImageSeries, LeftOut, Patient, Plan
from rtvol.errors import CaseRejected, Finding, keep_noticed
from rtvol.io import dosecheck, identity, tags
from rtvol.io.case_images import case_images, check_frame
from rtvol.io.crosscheck import check_against_images
from rtvol.io.headers import Header, names_patient, printable, read_header
from rtvol.io.index import class_conflict
from rtvol.io.listing import listed
from rtvol.io.rtdose import build_dose_source, read_dose
from rtvol.io.rtplan import build_plan
from rtvol.io.rtstruct import ReadStructures, read_structures
from rtvol.io.same import same_bytes

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from rtvol.io.search import CaseFiles
    from rtvol.structures import StructureSet


@dataclass(frozen=True, eq=False)
class _Owner:
    """Whose case it is: what every object of it is compared with."""

    patient: Patient
    structures: StructureSet
    header: Header
    studies: frozenset[str]

    @classmethod
    def of(cls, read: ReadStructures) -> _Owner:
        study = frozenset({read.header.uid(tags.STUDY_INSTANCE_UID)})
        return cls(identity.patient_of(read.header), read.structures, read.header, study)

    def with_images(self, ct: ImageSeries) -> _Owner:
        """Return the owner with the study of the images, and their frame where it names none."""
        structures = self.structures
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


def _warn(code: str, where: str, seen: str, mend: str) -> Finding:
    return Finding(code, "warning", where, seen, mend)


def _as_warning(fault: CaseRejected, where: str, use: str) -> Finding:
    """Turn what makes a part unusable into a warning beside the case, which stands without it."""
    finding = fault.finding
    places = dict.fromkeys(text for text in (where, finding.where) if text)
    seen = f"{finding.seen}; {use}"
    return replace(finding, severity="warning", where=", ".join(places), seen=seen)


def _file_of(path: Path, patient: Patient, what: str) -> str:
    """File name for messages, unless it tells of the patient."""
    if names_patient(path.name, patient.name, patient.patient_id):
        return what
    return f"{what} {printable(path.name)}"


def _one_dose(path: Path, owner: _Owner, what: str) -> tuple[DoseSource, list[Finding]]:
    header = read_header(path)
    findings = [*class_conflict(header), *owner.check(header, what)]
    source, noticed = build_dose_source(path, header)
    if source.frame_uid != owner.structures.frame_uid:
        names = (
            "names no frame of reference"
            if not source.frame_uid
            else ("lies in another frame of reference than the structure set")
        )
        raise CaseRejected(
            "frame-mismatch",
            seen=f"it {names}",
            mend="export the dose of the plan made on this structure set",
        )
    return source, [*findings, *noticed]


def _doses(
    files: CaseFiles, owner: _Owner, findings: list[Finding], unused: list[LeftOut]
) -> tuple[DoseSource, ...]:
    """Doses that can be believed; each of the others leaves a warning."""
    doses: list[DoseSource] = []
    for path in files.doses:
        where = _file_of(path, owner.patient, "RTDOSE")
        try:
            source, noticed = _one_dose(path, owner, where)
        except CaseRejected as fault:
            findings.append(_as_warning(fault, where, "this dose is not used"))
            unused.append(LeftOut(path, fault.finding.code, fault.finding.seen))
            continue
        twins = [dose for dose in doses if dose.sop_uid == source.sop_uid]
        if any(_same_dose(twin, source) for twin in twins):
            unused.append(LeftOut(path, "duplicate-file-skipped", "a copy of another dose"))
            continue
        findings += [f if f.where else replace(f, where=where) for f in noticed]
        if twins:
            seen, mend = "two different doses have one SOP Instance UID", "remove one of them"
            findings.append(_warn("duplicate-sop-conflict", where, seen, mend))
        doses.append(source)
    return tuple(doses)


def _same_dose(one: DoseSource, other: DoseSource) -> bool:
    """Whether two files hold one dose: the same bytes, or the same samples stored another way."""
    if same_bytes(one.path, other.path):
        return True
    what = [(d.summation, d.units, d.kind, d.plan_uid, d.beams) for d in (one, other)]
    if what[0] != what[1] or not one.grid.same_as(other.grid):
        return False
    return np.array_equal(read_dose(one).values_gy, read_dose(other).values_gy)


def _plans(
    files: CaseFiles, owner: _Owner, findings: list[Finding], unused: list[LeftOut]
) -> dict[str, tuple[Plan, tuple[Finding, ...]]]:
    """Plans that can be used, by their UID, each with what was noticed in it."""
    plans: dict[str, tuple[Plan, tuple[Finding, ...]]] = {}
    for path in files.plans:
        where = _file_of(path, owner.patient, "RTPLAN")
        try:
            header = read_header(path, into=tags.PRESCRIPTION)
            conflicts = [*class_conflict(header), *owner.check(header, where)]
            plan, noticed = build_plan(header)
        except CaseRejected as fault:
            findings.append(_as_warning(fault, where, "this plan is not used"))
            unused.append(LeftOut(path, fault.finding.code, fault.finding.seen))
            continue
        twin = plans.get(plan.sop_uid)
        if twin is not None and twin[0] == plan:
            unused.append(LeftOut(path, "duplicate-file-skipped", "a copy of another plan"))
            continue
        if twin is not None:
            seen = "two different plans have one SOP Instance UID; the first is used"
            findings.append(_warn("duplicate-sop-conflict", where, seen, "remove one of them"))
            unused.append(LeftOut(path, "duplicate-sop-conflict", seen))
            continue
        plans[plan.sop_uid] = (plan, (*conflicts, *noticed))
    return plans


def _plan(
    plans: dict[str, tuple[Plan, tuple[Finding, ...]]],
    doses: Sequence[DoseSource],
    findings: list[Finding],
) -> Plan | None:
    """Return the one plan of the case; None, and a warning, when there are several."""
    asked = {dose.plan_uid for dose in doses if dose.summation == "PLAN"} & set(plans)
    if len(plans) > 1 and len(asked) == 1:
        plans = {uid: plans[uid] for uid in asked}
    if len(plans) > 1:
        names = listed([f'"{plan.label}"' for plan, _ in plans.values()])
        seen = f"{len(plans)} plans refer to the structure set: {names}; none of them is taken for "
        seen += "the case, and each dose goes by the plan that it refers to"
        mend = "name the dose to evaluate (--dose), or leave only its plan"
        findings.append(_warn("ambiguous-plan", "RTPLAN", seen, mend))
        return None
    for plan, noticed in plans.values():
        findings += noticed
        others = sum(dose.plan_uid not in ("", plan.sop_uid) for dose in doses)
        if others:
            seen = f"{others} of {len(doses)} doses refer to another plan than the one found"
            mend = "export plan and dose together"
            findings.append(_warn("plan-mismatch", "RTDOSE", seen, mend))
        return plan
    return None


def read_case(files: CaseFiles) -> Case:
    """Read everything of one case but pixels and dose samples.

    Parameters
    ----------
    files
        The case's files, from `find`.

    Returns
    -------
    Case
        Structures, image geometry, believable doses and the plan, with all findings.

    Raises
    ------
    CaseRejected
        The case gives no number: `files.rejection`, whatever `read_structures` and `read_series`
        refuse, `patient-mismatch`, `frame-mismatch`, `ambiguous-ct`, `ct-not-axial`.
    """
    if files.rejection is not None:
        why = files.rejection
        raise CaseRejected(why.code, where=why.where, seen=why.seen, mend=why.mend)
    read: ReadStructures = read_structures(files.rtstruct)
    owner = _Owner.of(read)
    findings = [*files.findings, *class_conflict(read.header)]
    findings += [*identity.missing_id(owner.patient), *read.findings]
    unused: list[LeftOut] = []
    with keep_noticed(findings):
        read_images = case_images(files, owner.patient, owner.structures, findings)
        ct, images = read_images.ct, read_images.images
        unused += read_images.unused
        if ct is not None:
            findings += check_frame(ct, owner.structures)
            owner = owner.with_images(ct)
            findings += check_against_images(owner.structures, ct, files.unread)
    doses = _doses(files, owner, findings, unused)
    plans = _plans(files, owner, findings, unused)
    plan = _plan(plans, doses, findings)
    known = {uid: found for uid, (found, _) in plans.items()}
    labels = {dose.path: _file_of(dose.path, owner.patient, "RTDOSE") for dose in doses}
    findings += dosecheck.check_doses(doses, plan, known, owner.structures, labels=labels)
    return Case(
        name=files.name,
        source=files.rtstruct,
        patient=owner.patient,
        study_uid=read.header.uid(tags.STUDY_INSTANCE_UID),
        structures=owner.structures,
        ct=ct,
        images=images,
        doses=doses,
        plan=plan,
        findings=tuple(findings),
        plans=tuple(found for found, _ in plans.values()),
        unused=tuple(unused),
    )


def pick_dose(case: Case) -> DoseSource:
    """Return the dose of the case's plan, when there is exactly one.

    Raises
    ------
    CaseRejected
        `no-dose`, `dose-not-plan`, `ambiguous-dose`.
    """
    return dosecheck.pick_dose(case.doses, case.plan)
