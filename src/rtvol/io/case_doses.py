"""Doses of a case: those that can be believed, planes that make one grid, and why not the rest."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from rtvol import codes
from rtvol.case import LeftOut
from rtvol.errors import CaseRejected, Finding
from rtvol.geometry import move_grid
from rtvol.io.headers import read_header
from rtvol.io.index import class_conflict
from rtvol.io.listing import listed
from rtvol.io.owner import as_warning
from rtvol.io.planar import join_planes
from rtvol.io.rtdose import build_dose_source, read_dose
from rtvol.io.same import same_bytes

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from rtvol.case import DoseSource
    from rtvol.io.owner import Owner

#: A finding about several files names so many of them.
NAMED = 3


@dataclass(frozen=True)
class CaseDoses:
    """Usable doses, what was noticed, and the files that are not used."""

    doses: tuple[DoseSource, ...]
    findings: tuple[Finding, ...]
    unused: tuple[LeftOut, ...]


def _one_dose(path: Path, owner: Owner, what: str) -> tuple[DoseSource, list[Finding]]:
    header = read_header(path, is_whole=True)
    findings = [*class_conflict(header), *owner.check(header, what)]
    source, noticed = build_dose_source(path, header)
    frame = owner.structures.frame_uid
    way = owner.registered.way(source.frame_uid, frame) if source.frame_uid != frame else None
    if way is not None:
        grid = move_grid(source.grid, way.motion, frame)
        source = replace(source, grid=grid, frame_uid=frame, motion=way.motion)
        seen = f"in another frame of reference; {way}"
        findings.append(codes.FRAME_REGISTERED.note(seen=seen))
    elif source.frame_uid != frame:
        seen = "its frame of reference differs from that of the structure set"
        if not source.frame_uid:
            seen = "it names no frame of reference, as the structure set does"
        mend = "export the dose of the plan made on this structure set"
        raise CaseRejected("frame-mismatch", seen=seen, mend=mend)
    return source, [*findings, *noticed]


def _same_dose(one: DoseSource, other: DoseSource) -> bool:
    """Whether two files hold one dose: the same bytes, or the same samples stored another way."""
    if same_bytes(one.path, other.path):
        return True
    what = [(d.summation, d.units, d.kind, d.plan_uid, d.beams) for d in (one, other)]
    if what[0] != what[1] or not one.grid.same_as(other.grid):
        return False
    return np.array_equal(read_dose(one).values_gy, read_dose(other).values_gy)


def said_once(findings: Iterable[Finding]) -> Iterator[Finding]:
    """Yield findings that say the same of several files once, with those files counted."""
    groups: dict[Finding, list[str]] = defaultdict(list)
    for one in findings:
        groups[replace(one, where="")].append(one.where)
    for one, places in groups.items():
        where = listed(list(dict.fromkeys(places)), NAMED)
        yield replace(one, where=where)


def case_doses(paths: Sequence[Path], owner: Owner) -> CaseDoses:
    """Read the doses of a case; each that cannot be believed leaves a warning.

    Doses of one plane each that fit together are one dose (`rtvol.io.planar`).
    """
    doses: list[DoseSource] = []
    findings: list[Finding] = []
    unused: list[LeftOut] = []
    for path in paths:
        where = owner.file(path, "RTDOSE")
        try:
            source, noticed = _one_dose(path, owner, where)
        except CaseRejected as fault:
            findings.append(as_warning(fault, where, "this dose is not used"))
            unused.append(LeftOut(path, fault.finding.code, fault.finding.seen))
            continue
        twins = [dose for dose in doses if dose.sop_uid == source.sop_uid]
        if any(_same_dose(twin, source) for twin in twins):
            unused.append(LeftOut(path, "duplicate-file-skipped", "a copy of another dose"))
            continue
        findings += [replace(f, where=where) for f in noticed]
        if twins:
            seen, mend = "two different doses have one SOP Instance UID", "remove one of them"
            findings.append(codes.DUPLICATE_SOP_CONFLICT.warn(where=where, seen=seen, mend=mend))
        doses.append(source)
    joined = join_planes(doses)
    return CaseDoses(
        joined.doses,
        (*said_once(findings), *joined.findings),
        (*unused, *joined.unused),
    )
