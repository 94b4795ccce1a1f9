"""Two structure sets, or two names of one: which structures belong together, and how they agree."""

from __future__ import annotations

import math
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from rtvol import codes, io
from rtvol.errors import CaseRejected, Finding, keep_noticed
from rtvol.names.expressions import regions_meant
from rtvol.names.find import find_roi, is_of_one_roi, match_rois
from rtvol.names.regions import region_of, shape_of
from rtvol.solids.agreement import agree
from rtvol.solids.reading import Reading
from rtvol.tables.pairs_table import ComparedCase, PairRow
from rtvol.verbs.grounds import case_ground

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from rtvol.case import Case
    from rtvol.io import CaseFiles
    from rtvol.names.regions import Region
    from rtvol.solids.reading import SolidName

#: Names that a finding lists of those without a partner.
SHOWN = 8


@dataclass(frozen=True)
class CasePair:
    """The files of A and of B, the reference; the same twice for two names of one case."""

    one: CaseFiles
    other: CaseFiles

    @property
    def name(self) -> str:
        """Name of the case of A."""
        return self.one.name


@dataclass(frozen=True)
class CompareJob:
    """What to compare, and how.

    Attributes
    ----------
    pairs
        Names, numbers (`#3`) or expressions of A and of B; empty for all that are named alike.
    rois
        Of those named alike, only what these names or patterns mean in A; empty for all.
    solid, cap_limit_mm
        What contours are read as (`rtvol.solids.reading.Reading`).
    tolerances_mm
        Of the surface Dice coefficient.
    path_tolerance_mm
        Of the added path length.
    threads
        Pairs compared at a time.
    """

    pairs: tuple[tuple[str, str], ...] = ()
    rois: tuple[str, ...] = ()
    solid: SolidName = "loft"
    cap_limit_mm: float = math.inf
    tolerances_mm: tuple[float, ...] = (2.0,)
    path_tolerance_mm: float = 1.0
    threads: int = 1


@dataclass(frozen=True)
class NamedPair:
    """What one row is about: a region or why there is none, on both sides."""

    names: tuple[str, str]
    regions: tuple[Region, Region] | None
    fault: CaseRejected | None = None


def compare_pair(pair: CasePair, job: CompareJob) -> ComparedCase:
    """Read both structure sets and compare them.

    Raises
    ------
    CaseRejected
        One of them cannot be read; `frame-mismatch`; `compare-no-pair`.
    """
    one = io.read_case(pair.one)
    other = one if pair.other is pair.one else io.read_case(pair.other)
    return compare_read(one, other, job)


def compare_read(one: Case, other: Case, job: CompareJob) -> ComparedCase:
    """Do the same for cases that are read already.

    Raises
    ------
    CaseRejected
        As `compare_pair`.
    """
    noticed = _drawn(one)
    if other is not one:
        noticed = [*_of_side("A", noticed), *_of_side("B", _drawn(other))]
    with keep_noticed(noticed):
        noticed += _check_same_space(one, other)
        pairs, lonely = named_pairs(one, other, job)
        with ThreadPoolExecutor(max_workers=max(job.threads, 1)) as pool:
            rows = list(pool.map(lambda pair: _row(one, other, pair, job), pairs))
        if all(row.agreement is None for row, _ in rows):
            raise _nothing_compared(rows)
    noticed += [*lonely, *(finding for _, findings in rows for finding in findings)]
    return ComparedCase.of(
        one.name, other.name, noticed, (row for row, _ in rows), unused=one.unused
    )


def _drawn(case: Case) -> list[Finding]:
    """Return what was noticed of images and contours: plans and doses are not looked at."""
    return [one for one in case.findings if not one.where.startswith(("RTPLAN", "RTDOSE"))]


def _of_side(side: str, findings: Iterable[Finding]) -> list[Finding]:
    return [replace(one, where=f"{side}: {one.where}" if one.where else side) for one in findings]


def _check_same_space(one: Case, other: Case) -> list[Finding]:
    """Refuse two frames of reference; say what else speaks against one patient in one space."""
    frames = [case.structures.frame_uid for case in (one, other)]
    if all(frames) and frames[0] != frames[1]:
        raise CaseRejected(
            "frame-mismatch",
            where=f"A ({one.name}) and B ({other.name})",
            seen="their structure sets lie in different frames of reference",
            mend="compare sets drawn on the same images, or register them and export them again",
        )
    found = []
    if not all(frames):
        named = " and ".join(
            side for side, frame in zip(("A", "B"), frames, strict=True) if not frame
        )
        seen = f"{named} names no frame of reference; both are taken to lie in one"
        found.append(codes.FRAME_MISSING.warn(where="RTSTRUCT", seen=seen))
    owners = [case.patient.patient_id for case in (one, other)]
    if all(owners) and owners[0] != owners[1]:
        seen = "A and B name two Patient IDs in one frame of reference"
        found.append(codes.COMPARE_PATIENTS.warn(where="Patient ID", seen=seen))
    return found


def named_pairs(
    one: Case, other: Case, job: CompareJob
) -> tuple[list[NamedPair], tuple[Finding, ...]]:
    """Return the pairs asked for, or all drawn ROIs that are named alike, and who is left alone."""
    if job.pairs:
        return [_meant(one, other, names) for names in job.pairs], ()
    chosen = match_rois(one.structures, job.rois)
    found, left = [], []
    taken = set()
    for roi in chosen:
        try:
            partner = find_roi(other.structures, roi.name)
        except CaseRejected as fault:
            if fault.finding.code == "roi-not-found":
                left.append(roi.name)
            else:
                found.append(NamedPair((roi.name, roi.name), None, fault.at("B")))
            continue
        taken.add(id(partner))
        found.append(NamedPair((roi.name, partner.name), (region_of(roi), region_of(partner))))
    alone = [r.name for r in other.structures.rois if not r.is_empty and id(r) not in taken]
    if not found:
        raise CaseRejected(
            "compare-no-pair",
            where=f"A ({one.name}) and B ({other.name})",
            seen=f"A has {_listed(left)}; B has {_listed(alone)}",
            mend="say which belong together: --pair NAME_IN_A:NAME_IN_B, or --map FILE",
        )
    return found, tuple(_alone(left, alone if not job.rois else []))


def _meant(one: Case, other: Case, names: tuple[str, str]) -> NamedPair:
    regions = []
    for side, case, text in zip(("A", "B"), (one, other), names, strict=True):
        try:
            meant = regions_meant(case.structures, text)
        except CaseRejected as fault:
            if not is_of_one_roi(fault):
                raise fault.at(side) from None
            return NamedPair(names, None, fault.at(side))
        if len(meant) > 1:
            listed = ", ".join(region.name for region in meant)
            raise CaseRejected(
                "roi-ambiguous", where=f'{side}, "{text}"', seen=listed, mend="give one name"
            )
        regions.append(meant[0])
    return NamedPair(names, (regions[0], regions[1]))


def _alone(left: list[str], alone: list[str]) -> Iterable[Finding]:
    parts = [
        f"only in {side}: {_listed(names)}" for side, names in (("A", left), ("B", alone)) if names
    ]
    if parts:
        yield codes.COMPARE_UNPAIRED.warn(where="structures", seen="; ".join(parts))


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return ", ".join(names[:SHOWN]) + more if names else "none"


def _row(
    one: Case, other: Case, pair: NamedPair, job: CompareJob
) -> tuple[PairRow, tuple[Finding, ...]]:
    """Compare one pair; a region without a solid has a row that says why."""
    a, b = pair.names
    fault = pair.fault
    if pair.regions is not None:
        try:
            return _agreed(one, other, pair.regions, job)
        except CaseRejected as refused:
            fault = refused
    assert fault is not None  # noqa: S101 - a pair without regions has a fault
    finding = fault.finding.as_warning()
    note = f"[{finding.code}] {finding.where}: {finding.seen}".replace(" : ", " ")
    return PairRow(a, b, None, note), (finding,)


def _agreed(
    one: Case, other: Case, regions: tuple[Region, Region], job: CompareJob
) -> tuple[PairRow, tuple[Finding, ...]]:
    stacks, noticed = [], []
    for side, case, region in zip(("A", "B"), (one, other), regions, strict=True):
        reading = Reading("slab", job.cap_limit_mm)
        place = f"{side}, ROI {region.name}"
        try:
            shape = shape_of(region, reading, case_ground(case))
        except CaseRejected as fault:
            raise fault.at(side) from None
        if shape.is_empty:
            seen = "its parts leave nothing: 0 cc"
            raise CaseRejected("nothing-left", where=place, seen=seen)
        noticed += _of_side(side, shape.findings)
        stacks.append(shape.stack)
    found = agree(
        *stacks,
        solid=job.solid,
        tolerances_mm=job.tolerances_mm,
        path_tolerance_mm=job.path_tolerance_mm,
    )
    note = "; ".join(filter(None, (region.meaning for region in regions)))
    return PairRow(regions[0].name, regions[1].name, found, note), tuple(noticed)


def _nothing_compared(rows: Sequence[tuple[PairRow, tuple[Finding, ...]]]) -> CaseRejected:
    first = rows[0][1][0]
    return CaseRejected(first.code, where=first.where, seen=first.seen, mend=first.mend)


def pair_cases(
    ones: Sequence[CaseFiles], others: Sequence[CaseFiles]
) -> tuple[tuple[CasePair, ...], tuple[CaseFiles, ...], tuple[CaseFiles, ...]]:
    """Return which case of A belongs to which of B, and those of either that stay alone.

    One and one belong together. Of several, those of one name; of the rest, those that alone share
    a frame of reference.
    """
    if len(ones) == len(others) == 1:
        return (CasePair(ones[0], others[0]),), (), ()
    named = {files.name: files for files in others}
    pairs = {files.name: named.pop(files.name) for files in ones if files.name in named}
    waiting = [files for files in ones if files.name not in pairs]
    frames = (
        {files.name: _frame_of(files) for files in (*named.values(), *waiting)} if waiting else {}
    )
    by_frame: dict[str, list[CaseFiles]] = {}
    for files in named.values() if waiting else ():
        by_frame.setdefault(frames[files.name], []).append(files)
    asked = [frames[files.name] for files in waiting]
    for files, frame in zip(waiting, asked, strict=True):
        hits = by_frame.get(frame, [])
        if frame and len(hits) == 1 and asked.count(frame) == 1:
            pairs[files.name] = named.pop(hits[0].name)
    done = tuple(CasePair(files, pairs[files.name]) for files in ones if files.name in pairs)
    left = tuple(files for files in ones if files.name not in pairs)
    return done, left, tuple(named.values())


def _frame_of(files: CaseFiles) -> str:
    """Frame of reference UID of a structure set; empty where it cannot be read."""
    try:
        return io.read_structures(files.rtstruct).structures.frame_uid
    except CaseRejected:
        return ""
