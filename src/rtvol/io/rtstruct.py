"""RTSTRUCT -> StructureSet: regions and their closed contours, each one accounted for."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from rtvol import codes
from rtvol.errors import CaseRejected, Finding
from rtvol.frames import AXIAL
from rtvol.io import tags
from rtvol.io.headers import Header, printable, read_header
from rtvol.io.index import frame_of, referenced_series
from rtvol.io.listing import listed
from rtvol.io.other_frames import carried, refused_frame
from rtvol.io.plane_fit import read_turned
from rtvol.io.raw_contours import WHOLE, RawContours, contour_count
from rtvol.io.registration import Registrations
from rtvol.io.rings import Rings, read_rings
from rtvol.io.roi_findings import refusal_findings, roi_place, set_findings
from rtvol.structures import Contour, Roi, StructureSet

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from rtvol.frames import PlaneFrame

#: Without any registration.
NONE = Registrations()
#: ROINumber of an ROI that has none, or none that is a number.
NO_NUMBER = -1


@dataclass(frozen=True)
class ReadStructures:
    """A structure set, whose it is, and what was noticed."""

    structures: StructureSet
    header: Header
    findings: tuple[Finding, ...]


@dataclass(frozen=True)
class _Named:
    """An item of the Structure Set ROI Sequence that can be told from the others, or why not."""

    item: Header
    number: int
    refusal: Finding | None = None

    @property
    def name(self) -> str:
        return self.item.text(tags.ROI_NAME)


def _refusal(code: str, where: str, seen: str, mend: str) -> Finding:
    return Finding(code, "error", where, seen, mend)


def _named(header: Header) -> list[_Named]:
    """Items of the Structure Set ROI Sequence, each with its ROINumber."""
    found = [_numbered(item) for item in header.items(tags.STRUCTURE_SET_ROI_SEQUENCE)]
    counts = Counter(one.number for one in found if one.refusal is None)
    for at, one in enumerate(found):
        if one.refusal is None and counts[one.number] > 1:
            seen = f"{counts[one.number]} ROIs have the number {one.number}"
            mend = "give each ROI its own number"
            refusal = _refusal("roi-number-duplicate", roi_place(one.name), seen, mend)
            found[at] = _Named(one.item, one.number, refusal)
    if not found:
        raise CaseRejected(
            "no-rois", where="RTSTRUCT", seen="it defines no ROI", mend="export the ROIs with it"
        )
    if not header.has(tags.ROI_CONTOUR_SEQUENCE):
        raise CaseRejected(
            "truncated-file",
            where=tags.name_of(tags.ROI_CONTOUR_SEQUENCE),
            seen="ROIs are named, but the ROI Contour Sequence is not there",
            mend="export or copy the file again",
        )
    return found


def _numbered(item: Header) -> _Named:
    place = roi_place(item.text(tags.ROI_NAME))
    try:
        number = item.whole(tags.ROI_NUMBER)
    except CaseRejected as fault:
        return _Named(item, NO_NUMBER, fault.at(place).finding)
    if number is None:
        mend = "give each ROI its own number"
        refusal = _refusal("roi-number-duplicate", place, "it has no number", mend)
        return _Named(item, NO_NUMBER, refusal)
    return _Named(item, number)


def _contour_items(
    header: Header, known: set[int], findings: list[Finding]
) -> dict[int, list[Header]]:
    """Items of the ROI Contour Sequence by the number of the ROI they belong to."""
    found: dict[int, list[Header]] = {}
    for item in header.items(tags.ROI_CONTOUR_SEQUENCE):
        count = contour_count(item)
        code, place, seen = "roi-number-mismatch", "RTSTRUCT", "contours without an ROI number"
        try:
            number = item.whole(tags.REFERENCED_ROI_NUMBER)
        except CaseRejected as fault:
            number, code, place = None, fault.finding.code, fault.finding.where
            seen = f"contours whose ROI number cannot be read: {fault.finding.seen}"
        if number is not None and number in known:
            found.setdefault(number, []).append(item)
            continue
        if number is not None:
            place, seen = f"ROI number {number}", "contours of an ROI that is not defined"
        seen, mend = f"{count} {seen}; they are not used", "export the structure set again"
        findings.append(Finding(code, "warning", place, seen, mend))
    return found


def _claimed_twice(named: _Named, items: Sequence[Header]) -> Finding | None:
    """Refuse an ROI that several sets of contours say they belong to."""
    drawn = sum(contour_count(item) > 0 for item in items)
    if drawn < 2:
        return None
    seen = f"{drawn} sets of contours say they belong to ROI number {named.number}"
    mend = "export the structure set again"
    return _refusal("roi-number-duplicate", roi_place(named.name), seen, mend)


def _closed_contours(
    raws: RawContours, rings: Rings, place: str
) -> tuple[tuple[Contour, ...], list[Finding]]:
    """Contours of one ROI that enclose something, and what became of the others."""
    drawn = zip(rings.corners, rings.z_mm.tolist(), raws.images, strict=True)
    is_used = (raws.is_closed & ~rings.is_flat).tolist()
    contours = [Contour(*one) for one, used in zip(drawn, is_used, strict=True) if used]
    not_closed = np.flatnonzero(~raws.is_closed).tolist()
    degenerate = np.flatnonzero(raws.is_closed & rings.is_flat).tolist()
    findings = []
    if not_closed:
        kinds = ", ".join(sorted({printable(raws.kinds[at]) or "no type" for at in not_closed}))
        mend = "an ROI with a volume needs closed contours"
        told = _Odd("roi-not-closed", f"are {kinds}", f"is not closed: {kinds}", mend)
        findings.append(told.finding(place, not_closed, raws))
    if degenerate:
        mend = "delete stray points in the planning system"
        told = _Odd("contour-degenerate", "enclose no area", "encloses no area", mend)
        findings.append(told.finding(place, degenerate, raws))
    return tuple(contours), findings


@dataclass(frozen=True)
class _Odd:
    """Why contours are not used: what some of them are, and what each one is."""

    code: str
    some: str
    each: str
    mend: str

    def finding(self, place: str, odd: Sequence[int], among: RawContours) -> Finding:
        """Name the contours; where a region has no other one, it is refused."""
        if len(odd) == len(among):
            which = "its only contour" if len(among) == 1 else f"each of its {len(among)} contours"
            seen = f"{which} {self.each}"
            return Finding(self.code, "error", place, seen, self.mend)
        where = f"{place}, contour {listed([str(among.indices[at]) for at in odd], 5)}"
        seen = f"{len(odd)} of {len(among)} contours {self.some}; not used"
        return Finding(self.code, "warning", where, seen, self.mend)


def _kinds(header: Header, findings: list[Finding]) -> dict[int, str]:
    """RTROIInterpretedType by ROI number; the first, and a finding, where several are stated."""
    stated: dict[int, list[str]] = {}
    for item in header.items(tags.RT_ROI_OBSERVATIONS_SEQUENCE):
        kind = item.text(tags.RT_ROI_INTERPRETED_TYPE).upper()
        try:
            number = item.whole(tags.REFERENCED_ROI_NUMBER)
        except CaseRejected as fault:
            findings.append(replace(fault.finding, severity="warning"))
            continue
        if number is not None and kind not in stated.setdefault(number, []) and kind:
            stated[number].append(kind)
    for number, kinds in stated.items():
        if len(kinds) > 1:
            seen = f"it is called {' and '.join(map(printable, kinds))}; {printable(kinds[0])} is "
            seen += "taken, the first"
            mend = "give it one type in the planning system"
            place = f"ROI number {number}"
            findings.append(codes.ROI_TYPE_AMBIGUOUS.warn(where=place, seen=seen, mend=mend))
    return {number: kinds[0] if kinds else "" for number, kinds in stated.items()}


def _colour(items: Sequence[Header]) -> tuple[int, int, int] | None:
    for item in items:
        values = item.text(tags.ROI_DISPLAY_COLOR).replace(" ", "").split("\\")
        # thousands of digits would stop Python
        colour = [int(value) for value in values if WHOLE.fullmatch(value)]
        if len(colour) == len(values) == 3 and max(colour) <= 255:
            return colour[0], colour[1], colour[2]
    return None


def _stored_volume_cc(item: Header, findings: list[Finding]) -> float | None:
    """ROIVolume (PS3.3 C.8.8.5: cubic centimetres); nothing is computed with it."""
    try:
        return item.number(tags.ROI_VOLUME)
    except CaseRejected as fault:
        seen = f"the volume stored with it: {fault.finding.seen}; not shown"
        place = roi_place(item.text(tags.ROI_NAME))
        findings.append(codes.BAD_NUMBER.warn(where=place, seen=seen, mend=fault.finding.mend))
        return None


def _frame_finding(header: Header, frame: str) -> list[Finding]:
    """Warn when the ROIs name another frame of reference than the references of the set."""
    referenced = {
        item.uid(tags.FRAME_OF_REFERENCE_UID)
        for item in header.items(tags.REFERENCED_FRAME_OF_REFERENCE_SEQUENCE)
    }
    if not frame or not any(referenced) or frame in referenced:
        return []
    seen = "its ROIs name another frame of reference than its references; that of the ROIs counts"
    mend = "export the structure set again, with the images it was drawn on"
    return [codes.FRAME_MISMATCH.warn(where="RTSTRUCT", seen=seen, mend=mend)]


def _read_each(
    everything: RawContours, names: Mapping[int, str]
) -> tuple[dict[int, tuple[RawContours, Rings]], dict[int, Finding]]:
    """Contours of each ROI, and why those of an ROI cannot be read: it alone is refused."""

    def place(of: RawContours) -> Callable[[int], str]:
        return lambda at: f"{roi_place(names[int(of.regions[at])])}, contour {of.indices[at]}"

    first = [0, *(np.flatnonzero(np.diff(everything.regions)) + 1).tolist(), len(everything)]
    parts = [part for part in pairwise(first) if part[0] < part[1]]
    raws = {int(everything.regions[start]): everything.part(start, stop) for start, stop in parts}
    try:
        together = read_rings(everything, place(everything))
    except CaseRejected:  # a spoilt contour, or planes that are not axial
        rings, refused = read_turned(raws, place)
    else:
        refused = {}
        rings = dict(zip(raws, (together.part(*part) for part in parts), strict=True))
    return {number: (raws[number], own) for number, own in rings.items()}, refused


def _build_rois(
    header: Header,
    named: Sequence[_Named],
    contour_items: Mapping[int, list[Header]],
    registered: Registrations,
) -> tuple[tuple[Roi, ...], list[Finding]]:
    """Regions with their closed contours, in file order."""
    frame = frame_of(header)
    findings = _frame_finding(header, frame)
    refusals = {
        at: one.refusal
        or refused_frame(one.item, frame, registered)
        or _claimed_twice(one, contour_items.get(one.number, ()))
        for at, one in enumerate(named)
    }
    usable = frozenset(one.number for at, one in enumerate(named) if refusals[at] is None)
    items = {number: own for number, own in contour_items.items() if number in usable}
    names = {one.number: one.name for one in named}
    read, refused = _read_each(RawContours.of(header, items), names)
    kinds, built = _kinds(header, findings), []
    for at, one in enumerate(named):
        refusal = refusals[at]
        contours: tuple[Contour, ...] = ()
        if refusal is None:
            refusal = refused.get(one.number)
        if refusal is None and one.number in read:
            contours, noticed = _closed_contours(*read[one.number], roi_place(one.name))
            refusal = next((f for f in noticed if f.severity == "error"), None)
            findings += [f for f in noticed if f.severity == "warning"]
        frame_of_roi = read[one.number][1].frame if contours else AXIAL
        drawn = (contours, frame_of_roi)
        roi = _roi(one, drawn, refusal, kinds, contour_items, findings)
        built.append(carried(roi, one.item, frame, registered, findings))
    return tuple(built), findings


def _roi(  # noqa: PLR0917 - where its fields come from
    one: _Named,
    drawn: tuple[tuple[Contour, ...], PlaneFrame],
    refusal: Finding | None,
    kinds: Mapping[int, str],
    contour_items: Mapping[int, list[Header]],
    findings: list[Finding],
) -> Roi:
    return Roi(
        name=one.name,
        number=one.number,
        kind=kinds.get(one.number, ""),
        contours=drawn[0],
        colour=_colour(contour_items.get(one.number, [])),
        stored_volume_cc=_stored_volume_cc(one.item, findings),
        description=one.item.text(tags.ROI_DESCRIPTION)
        or one.item.text(tags.ROI_GENERATION_DESCRIPTION),
        refusal=refusal,
        frame=drawn[1],
    )


def read_structures(path: Path, registered: Registrations = NONE) -> ReadStructures:
    """Read a RTSTRUCT: its regions and their closed contours, in the frame of their planes.

    Parameters
    ----------
    path
        The file, in any transfer syntax of a data set (PS3.5 annex A).
    registered
        Registrations by which regions of other frames of reference are carried into its own.

    Returns
    -------
    ReadStructures
        The structure set, its header, and a finding for each contour or region not used.

    Raises
    ------
    CaseRejected
        `truncated-file`, `bad-encoding`, `inflate-limit`, `unreadable-file`, `no-rois`.

    Notes
    -----
    What spoils one region (`roi-number-duplicate`, `bad-number`, `contour-not-triples`,
    `contour-points-mismatch`, `contour-not-planar`, `contour-planes-mixed`, `frame-mismatch`)
    refuses that region alone: it has no contours, and its `refusal` says why.
    """
    return build_structures(read_header(path, into=tags.STRUCTURES, in_columns=True), registered)


def build_structures(header: Header, registered: Registrations = NONE) -> ReadStructures:
    """Structure set of a header (see `read_structures`)."""
    findings: list[Finding] = []
    named = _named(header)
    known = {one.number for one in named if one.number != NO_NUMBER}
    contour_items = _contour_items(header, known, findings)
    built, noticed = _build_rois(header, named, contour_items, registered)
    findings += noticed
    findings += [*refusal_findings(built), *set_findings(header, built, contour_items)]
    structures = StructureSet(
        built,
        label=header.label(tags.STRUCTURE_SET_LABEL),
        sop_uid=header.uid(tags.SOP_INSTANCE_UID),
        frame_uid=frame_of(header),
        series_uids=referenced_series(header),
    )
    return ReadStructures(structures, header, tuple(findings))
