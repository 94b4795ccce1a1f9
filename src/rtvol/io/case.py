"""CaseFiles -> Case: everything read but pixels, and checked against one another."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from rtvol.case import Case, DoseSource, ImageSeries, Patient, Plan
from rtvol.errors import CaseRejected, Finding, keep_noticed
from rtvol.io import dosecheck, identity, tags
from rtvol.io.crosscheck import ON_PLANE_MM, check_against_images
from rtvol.io.ct import build_series
from rtvol.io.headers import Header, read_header
from rtvol.io.rtdose import build_dose_source
from rtvol.io.rtplan import build_plan
from rtvol.io.rtstruct import ReadStructures, read_structures

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

    def check(self, header: Header, what: str) -> list[Finding]:
        """Check patient, study and structure set of a dose or a plan."""
        own = identity.structure_set_uids(self.header)
        return [
            *identity.check_patient(self.patient, header, what),
            *identity.check_study(header, self.studies, what),
            *identity.check_structure_set(header, own, what),
        ]


@dataclass(frozen=True, eq=False)
class _ReadSeries:
    """A series with the header it is identified by, or the fault that keeps it from use."""

    header: Header
    series: ImageSeries | None
    findings: tuple[Finding, ...] = ()
    fault: CaseRejected | None = None

    @property
    def uid(self) -> str:
        return self.header.uid(tags.SERIES_INSTANCE_UID)

    @property
    def modality(self) -> str:
        return self.header.text(tags.MODALITY)


def _warn(code: str, where: str, seen: str, mend: str) -> Finding:
    return Finding(code, "warning", where, seen, mend)


def _as_warning(fault: CaseRejected, where: str, use: str) -> Finding:
    """Turn what makes a part unusable into a warning beside the case, which stands without it."""
    finding = fault.finding
    place = f"{where}, {finding.where}" if finding.where else where
    return replace(finding, severity="warning", where=place, seen=f"{finding.seen}; {use}")


def _read_series(paths: Sequence[Path]) -> list[tuple[Path, Header]]:
    headers = []
    for number, path in enumerate(paths, start=1):
        try:
            headers.append((path, read_header(path)))
        except CaseRejected as fault:
            raise fault.at(f"image file {number} of {len(paths)}") from None
    return headers


def _stacked(headers: Sequence[tuple[Path, Header]]) -> _ReadSeries:
    try:
        series, findings = build_series(headers)
    except CaseRejected as fault:
        return _ReadSeries(headers[0][1], None, fault=fault)
    return _ReadSeries(headers[0][1], series, findings)


def _plane_share(
    series: ImageSeries, planes_mm: np.ndarray[tuple[int], np.dtype[np.float64]]
) -> float:
    """Part of the contour planes (patient z, mm) that lie on a slice of the series."""
    if not planes_mm.size or not series.grid.is_axial:
        return 0.0
    slices = series.grid.planes_mm[:, 2]
    nearest = np.abs(planes_mm[:, None] - slices[None, :]).min(axis=1)
    return float((nearest <= ON_PLANE_MM).mean())


def _joined(
    several: Sequence[_ReadSeries], headers: Sequence[Sequence[tuple[Path, Header]]]
) -> _ReadSeries | None:
    """One stack from series that only together are one (even and odd slices, say)."""
    if any(one.series is None for one in several):
        return None
    both = _stacked([pair for group in headers for pair in group])
    if both.series is None or any(f.code.startswith("ct-") for f in both.findings):
        return None
    seen = f"{len(several)} series together make one stack; they are used as one"
    finding = _warn("ct-split-series", "CT", seen, "export the images as one series")
    return replace(both, findings=(*both.findings, finding))


def _choose(
    read: Sequence[_ReadSeries], groups: Sequence[Sequence[tuple[Path, Header]]], rs: StructureSet
) -> _ReadSeries:
    """Return the series the contours were drawn on: by reference, else by planes, else reject."""
    asked = [one for one in read if one.uid in rs.series_uids]
    pool = asked or [one for one in read if one.series is not None] or list(read)
    pool = [one for one in pool if one.modality == "CT"] or pool
    if len(pool) == 1:
        return pool[0]
    joined = _joined(pool, [groups[read.index(one)] for one in pool]) if asked else None
    if joined is not None:
        return joined
    planes = np.unique(np.concatenate([np.zeros(0), *(roi.planes_mm for roi in rs.rois)]))
    shares = [_plane_share(one.series, planes) if one.series else 0.0 for one in pool]
    best = [one for one, share in zip(pool, shares, strict=True) if share == max(shares)]
    if len(best) == 1:
        return best[0]
    raise CaseRejected(
        "ambiguous-ct",
        where="CT",
        seen=f"{len(pool)} image series fit the structure set equally well",
        mend="leave only the series the contours were drawn on",
    )


def _images(
    files: CaseFiles, owner: _Owner, findings: list[Finding]
) -> tuple[ImageSeries | None, tuple[ImageSeries, ...]]:
    """Read the series the contours were drawn on, and all usable ones of its frame."""
    if not files.images:
        seen = "no image series of its frame of reference was found"
        mend = "add the CT; until then planes are those of the contours"
        findings.append(_warn("no-ct", "RTSTRUCT", seen, mend))
        return None, ()
    groups = [_read_series(paths) for paths in files.images]
    read = [_stacked(headers) for headers in groups]
    chosen = _choose(read, groups, owner.structures)
    if chosen.fault is not None:
        raise chosen.fault.at(chosen.modality or "CT")
    ct = chosen.series
    assert ct is not None  # noqa: S101 - a series without fault is there
    used = {one.path for one in ct.slices}
    slices = (header for group in groups for path, header in group if path in used)
    findings += identity.check_all(owner.patient, slices, ct.modality)
    findings += [replace(f, where=f.where or ct.modality) for f in chosen.findings]
    images = [ct]
    for one in read:
        if one is chosen or (one.fault is None and one.uid == ct.series_uid):
            continue
        if one.fault is not None:
            findings.append(_as_warning(one.fault, one.modality, "this series is not used"))
        elif one.series is not None and one.series.frame_uid == ct.frame_uid:
            images.append(one.series)
    return ct, tuple(images)


def _check_frame(ct: ImageSeries, rs: StructureSet) -> list[Finding]:
    """Contours and images must share a frame of reference and lie in transverse planes."""
    if ct.frame_uid and rs.frame_uid and ct.frame_uid != rs.frame_uid:
        raise CaseRejected(
            "frame-mismatch",
            where=ct.modality,
            seen="its frame of reference differs from that of the structure set",
            mend="export the structure set with the images it was drawn on",
        )
    if not ct.grid.is_axial:
        x, y, z = ct.grid.normal
        raise CaseRejected(
            "ct-not-axial",
            where=ct.modality,
            seen=f"the normal of its planes is ({x:.3f}, {y:.3f}, {z:.3f})",
            mend="reconstruct transverse images, and draw on them",
        )
    if ct.frame_uid and rs.frame_uid:
        return []
    seen = "images or structure set name no frame of reference; they are taken to be in one"
    return [_warn("frame-missing", ct.modality, seen, "export both again")]


def _one_dose(path: Path, owner: _Owner) -> tuple[DoseSource, list[Finding]]:
    header = read_header(path)
    findings = owner.check(header, "RTDOSE")
    source, noticed = build_dose_source(path, header)
    if source.frame_uid != owner.structures.frame_uid:
        raise CaseRejected(
            "frame-mismatch",
            seen="its frame of reference differs from that of the structure set",
            mend="export the dose of the plan made on this structure set",
        )
    return source, [*findings, *noticed]


def _doses(files: CaseFiles, owner: _Owner, findings: list[Finding]) -> tuple[DoseSource, ...]:
    """Doses that can be believed; each of the others leaves a warning."""
    doses: list[DoseSource] = []
    for number, path in enumerate(files.doses, start=1):
        where = "RTDOSE" if len(files.doses) == 1 else f"RTDOSE {number}"
        try:
            source, noticed = _one_dose(path, owner)
        except CaseRejected as fault:
            findings.append(_as_warning(fault, where, "this dose is not used"))
            continue
        findings += [replace(f, where=where) for f in noticed]
        twins = [dose for dose in doses if dose.sop_uid == source.sop_uid]
        if any(twin.path.read_bytes() == path.read_bytes() for twin in twins):
            continue  # the same file twice
        if twins:
            seen, mend = "two different doses have one SOP Instance UID", "remove one of them"
            findings.append(_warn("duplicate-sop-conflict", where, seen, mend))
        doses.append(source)
    return tuple(doses)


def _plans(
    files: CaseFiles, owner: _Owner, findings: list[Finding]
) -> dict[str, tuple[Plan, tuple[Finding, ...]]]:
    """Plans that can be used, by their UID, each with what was noticed in it."""
    plans: dict[str, tuple[Plan, tuple[Finding, ...]]] = {}
    for path in files.plans:
        try:
            header = read_header(path, into=tags.PRESCRIPTION)
            conflicts = owner.check(header, "RTPLAN")
            plan, noticed = build_plan(header)
        except CaseRejected as fault:
            findings.append(_as_warning(fault, "RTPLAN", "this plan is not used"))
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
        seen = f"{len(plans)} plans refer to the structure set; none is used"
        mend = "leave only the plan to evaluate"
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
    findings = [*files.findings, *identity.missing_id(owner.patient), *read.findings]
    with keep_noticed(findings):
        ct, images = _images(files, owner, findings)
        if ct is not None:
            findings += _check_frame(ct, read.structures)
            findings += check_against_images(read.structures, ct)
            owner = replace(owner, studies=owner.studies | {ct.study_uid})
    doses = _doses(files, owner, findings)
    plans = _plans(files, owner, findings)
    plan = _plan(plans, doses, findings)
    known = {uid: found for uid, (found, _) in plans.items()}
    findings += dosecheck.check_doses(doses, plan, known, read.structures)
    return Case(
        name=files.name,
        source=files.rtstruct,
        patient=owner.patient,
        study_uid=read.header.uid(tags.STUDY_INSTANCE_UID),
        structures=read.structures,
        ct=ct,
        images=images,
        doses=doses,
        plan=plan,
        findings=tuple(findings),
        plans=tuple(found for found, _ in plans.values()),
    )


def pick_dose(case: Case) -> DoseSource:
    """Return the dose of the case's plan, when there is exactly one.

    Raises
    ------
    CaseRejected
        `no-dose`, `dose-not-plan`, `ambiguous-dose`.
    """
    return dosecheck.pick_dose(case.doses, case.plan)
