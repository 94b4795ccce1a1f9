"""CaseFiles -> Case: everything read but pixels, and checked against one another."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rtvol import codes
from rtvol.case import Case, DoseSource, LeftOut, Plan, Study
from rtvol.errors import CaseRejected, Finding, keep_noticed
from rtvol.io import dosecheck, identity, tags
from rtvol.io.case_doses import case_doses
from rtvol.io.case_images import case_images, check_frame
from rtvol.io.crosscheck import check_against_images
from rtvol.io.headers import read_header
from rtvol.io.index import class_conflict
from rtvol.io.listing import listed
from rtvol.io.owner import Owner, as_warning
from rtvol.io.registration import read_registrations
from rtvol.io.rtplan import build_plan
from rtvol.io.sets import read_structures

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rtvol.io.headers import Header
    from rtvol.io.search import CaseFiles


def _plans(
    files: CaseFiles, owner: Owner, findings: list[Finding], unused: list[LeftOut]
) -> dict[str, tuple[Plan, tuple[Finding, ...]]]:
    """Plans that can be used, by their UID, each with what was noticed in it."""
    plans: dict[str, tuple[Plan, tuple[Finding, ...]]] = {}
    for path in files.plans:
        where = owner.file(path, "RTPLAN")
        try:
            header = read_header(path, into=tags.PRESCRIPTION)
            conflicts = [*class_conflict(header), *owner.check(header, where)]
            plan, noticed = build_plan(header)
        except CaseRejected as fault:
            findings.append(as_warning(fault, where, "this plan is not used"))
            unused.append(LeftOut(path, fault.finding.code, fault.finding.seen))
            continue
        twin = plans.get(plan.sop_uid)
        if twin is not None and twin[0] == plan:
            unused.append(LeftOut(path, "duplicate-file-skipped", "a copy of another plan"))
            continue
        if twin is not None:
            seen = "two different plans have one SOP Instance UID; the first is used"
            findings.append(
                codes.DUPLICATE_SOP_CONFLICT.warn(where=where, seen=seen, mend="remove one of them")
            )
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
        findings.append(codes.AMBIGUOUS_PLAN.warn(where="RTPLAN", seen=seen, mend=mend))
        return None
    for plan, noticed in plans.values():
        findings += noticed
        others = sum(dose.plan_uid not in ("", plan.sop_uid) for dose in doses)
        if others:
            seen = f"{others} of {len(doses)} doses refer to another plan than the one found"
            mend = "export plan and dose together"
            findings.append(codes.PLAN_MISMATCH.warn(where="RTDOSE", seen=seen, mend=mend))
        return plan
    return None


def _study(structures: Header, image: Header | None) -> Study:
    """Attributes of the structure set's study; what it does not say its images may, if of one."""
    study = tags.STUDY_INSTANCE_UID
    if image is None or image.uid(study) != structures.uid(study):
        return identity.study_of(structures)
    return identity.study_of(structures, image)


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
        refuse, `patient-mismatch`, `frame-mismatch`, `ambiguous-ct`.
    """
    if files.rejection is not None:
        why = files.rejection
        raise CaseRejected(why.code, where=why.where, seen=why.seen, mend=why.mend)
    registered = read_registrations(files.registrations)
    read = read_structures(files.rtstruct, registered.found, files.joined)
    owner = Owner.of(read, registered.found)
    findings = [*files.findings, *class_conflict(read.header)]
    findings += [*identity.missing_id(owner.patient), *read.findings, *registered.findings]
    with keep_noticed(findings):
        read_images = case_images(files, owner, findings)
        ct, images = read_images.ct, read_images.images
        if ct is not None:
            findings += check_frame(ct, owner.structures)
            owner = owner.with_images(ct, images)
            findings += check_against_images(owner.structures, ct, images, files.unread)
    dosed = case_doses(files.doses, owner)
    doses = dosed.doses
    findings += dosed.findings
    unused = [*registered.unused, *read_images.unused, *dosed.unused]
    plans = _plans(files, owner, findings, unused)
    plan = _plan(plans, doses, findings)
    known = {uid: found for uid, (found, _) in plans.items()}
    labels = {dose.path: owner.file(dose.path, "RTDOSE") for dose in doses}
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
        study=_study(read.header, read_images.header),
    )


def pick_dose(case: Case) -> DoseSource:
    """Return the dose of the case's plan, when there is exactly one.

    Raises
    ------
    CaseRejected
        `no-dose`, `dose-not-plan`, `ambiguous-dose`.
    """
    return dosecheck.pick_dose(case.doses, case.plan)
