"""RTSTRUCT -> StructureSet: regions and their closed contours, each one accounted for."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rtvol.errors import CaseRejected, Finding
from rtvol.io import tags
from rtvol.io.headers import Header, printable, read_header
from rtvol.io.index import frame_of, referenced_series
from rtvol.io.rings import RawContour, Rings, read_rings
from rtvol.structures import Contour, Roi, StructureSet

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

#: A number of an IS element, 12 characters at most (PS3.5 6.2).
_WHOLE = re.compile(r"[0-9]{1,12}")


@dataclass(frozen=True)
class ReadStructures:
    """A structure set, whose it is, and what was noticed."""

    structures: StructureSet
    header: Header
    findings: tuple[Finding, ...]


def _reject(code: str, where: str, seen: str, mend: str) -> CaseRejected:
    return CaseRejected(code, where=where, seen=seen, mend=mend)


def _roi_place(name: str) -> str:
    return f'ROI "{printable(name)}"'


def _numbered(header: Header) -> dict[int, Header]:
    """Items of the Structure Set ROI Sequence by their ROINumber."""
    found: dict[int, Header] = {}
    for item in header.items(tags.STRUCTURE_SET_ROI_SEQUENCE):
        number = item.whole(tags.ROI_NUMBER)
        if number is None or number in found:
            raise _reject(
                "roi-number-duplicate",
                _roi_place(item.text(tags.ROI_NAME)),
                "it has no number" if number is None else f"ROI number {number} is used twice",
                "give each ROI its own number",
            )
        found[number] = item
    if not found:
        raise _reject("no-rois", "RTSTRUCT", "it defines no ROI", "export the ROIs with it")
    if not header.has(tags.ROI_CONTOUR_SEQUENCE):
        raise _reject(
            "truncated-file",
            "element (3006,0039)",
            "ROIs are named, but the ROI Contour Sequence is not there",
            "export or copy the file again",
        )
    return found


def _contour_items(
    header: Header, rois: Mapping[int, Header], findings: list[Finding]
) -> dict[int, list[Header]]:
    """Items of the ROI Contour Sequence by the number of the ROI they belong to."""
    found: dict[int, list[Header]] = {}
    for item in header.items(tags.ROI_CONTOUR_SEQUENCE):
        number = item.whole(tags.REFERENCED_ROI_NUMBER)
        count = len(item.items(tags.CONTOUR_SEQUENCE))
        if number is not None and number in rois:
            if count and any(other.items(tags.CONTOUR_SEQUENCE) for other in found.get(number, ())):
                raise _reject(
                    "roi-number-duplicate",
                    _roi_place(rois[number].text(tags.ROI_NAME)),
                    f"two sets of contours say they belong to ROI number {number}",
                    "export the structure set again",
                )
            found.setdefault(number, []).append(item)
            continue
        findings.append(
            Finding(
                "roi-number-mismatch",
                where=f"ROI number {number}",
                seen=f"{count} contours of an ROI that is not defined; they are not used",
                mend="export the structure set again",
            )
        )
    return found


def _raw_contours(
    contour_items: Mapping[int, list[Header]], usable: frozenset[int]
) -> Iterator[RawContour]:
    for number in contour_items:
        if number not in usable:
            continue
        index = 0
        for item in contour_items[number]:
            for contour in item.items(tags.CONTOUR_SEQUENCE):
                index += 1
                kind = contour.text(tags.CONTOUR_GEOMETRIC_TYPE).upper()
                yield RawContour(contour, number, index, kind)


def _image_uid(contour: Header) -> str:
    images = contour.items(tags.CONTOUR_IMAGE_SEQUENCE)
    return images[0].uid(tags.REFERENCED_SOP_INSTANCE_UID) if len(images) == 1 else ""


def _accounted(code: str, place: str, indices: Sequence[int], seen: str, mend: str) -> Finding:
    shown = ", ".join(map(str, indices[:5])) + (", ..." if len(indices) > 5 else "")
    return Finding(code, where=f"{place}, contour {shown}", seen=seen, mend=mend)


def _closed_contours(
    raws: Sequence[RawContour], rings: Rings, own: Sequence[int], place: str
) -> tuple[tuple[Contour, ...], list[Finding]]:
    """Contours of one ROI that enclose something, and what became of the others."""
    contours: list[Contour] = []
    not_closed: list[int] = []
    degenerate: list[int] = []
    for at in own:
        raw = raws[at]
        if not raw.is_closed:
            not_closed.append(raw.index)
        elif rings.is_flat[at]:
            degenerate.append(raw.index)
        else:
            contour = Contour(rings.corners[at], float(rings.z_mm[at]), _image_uid(raw.header))
            contours.append(contour)
    findings = []
    if not_closed:
        open_kinds = {printable(raws[at].kind) for at in own if not raws[at].is_closed}
        kinds = sorted(kind or "no type" for kind in open_kinds)
        seen = f"{len(not_closed)} of {len(own)} contours are {', '.join(kinds)}; not used"
        mend = "an ROI with a volume needs closed contours"
        findings.append(_accounted("roi-not-closed", place, not_closed, seen, mend))
    if degenerate:
        seen = f"{len(degenerate)} of {len(own)} contours enclose no area; not used"
        mend = "delete stray points in the planning system"
        findings.append(_accounted("contour-degenerate", place, degenerate, seen, mend))
    return tuple(contours), findings


def _kinds(header: Header) -> dict[int, str]:
    """RTROIInterpretedType by ROI number."""
    found: dict[int, str] = {}
    for item in header.items(tags.RT_ROI_OBSERVATIONS_SEQUENCE):
        number = item.whole(tags.REFERENCED_ROI_NUMBER)
        kind = item.text(tags.RT_ROI_INTERPRETED_TYPE).upper()
        if number is not None and (kind or number not in found):
            found[number] = kind
    return found


def _colour(items: Sequence[Header]) -> tuple[int, int, int] | None:
    for item in items:
        values = item.text(tags.ROI_DISPLAY_COLOR).replace(" ", "").split("\\")
        # thousands of digits would stop Python
        colour = [int(value) for value in values if _WHOLE.fullmatch(value)]
        if len(colour) == len(values) == 3 and max(colour) <= 255:
            return colour[0], colour[1], colour[2]
    return None


def _stored_volume_cc(item: Header, findings: list[Finding]) -> float | None:
    """ROIVolume (PS3.3 C.8.8.5: cubic centimetres); nothing is computed with it."""
    try:
        return item.number(tags.ROI_VOLUME)
    except CaseRejected as fault:
        seen = f"the volume stored with it: {fault.finding.seen}; not shown"
        place = _roi_place(item.text(tags.ROI_NAME))
        findings.append(Finding("bad-number", "warning", place, seen, fault.finding.mend))
        return None


def _frame_findings(
    header: Header, rois: Mapping[int, Header], frame: str
) -> tuple[frozenset[int], list[Finding]]:
    """Numbers of the ROIs in the structure set's own frame, and a finding for each other one."""
    usable: set[int] = set()
    findings: list[Finding] = []
    referenced = {
        item.uid(tags.FRAME_OF_REFERENCE_UID)
        for item in header.items(tags.REFERENCED_FRAME_OF_REFERENCE_SEQUENCE)
    }
    if frame and any(referenced) and frame not in referenced:
        seen = (
            "its ROIs name another frame of reference than its references; that of the ROIs counts"
        )
        mend = "export the structure set again, with the images it was drawn on"
        findings.append(Finding("frame-mismatch", "warning", "RTSTRUCT", seen, mend))
    for number, item in rois.items():
        own = item.uid(tags.REFERENCED_FRAME_OF_REFERENCE_UID)
        if own in ("", frame):
            usable.add(number)
            continue
        findings.append(
            Finding(
                "frame-mismatch",
                where=_roi_place(item.text(tags.ROI_NAME)),
                seen="it is defined in another frame of reference; its contours are not used",
                mend="register the frames, or export this ROI in the frame of the others",
            )
        )
    return frozenset(usable), findings


def _set_findings(
    header: Header, rois: Sequence[Roi], contour_items: Mapping[int, list[Header]]
) -> list[Finding]:
    """Say what is odd about the names and the completeness of the regions."""
    findings = []
    names = [roi.name for roi in rois]
    for name in sorted({name for name in names if names.count(name) > 1}):
        seen = f"{names.count(name)} ROIs have this name"
        mend = "rename one of them, so that each is unique"
        findings.append(Finding("roi-name-duplicate", "warning", _roi_place(name), seen, mend))
    drawn = {
        number
        for number, items in contour_items.items()
        if any(item.items(tags.CONTOUR_SEQUENCE) for item in items)
    }
    nameless = [str(roi.number) for roi in rois if not roi.name]
    if nameless:
        seen = f"ROIs without a name: number {', '.join(nameless[:8])}"
        mend = "name them in the planning system"
        findings.append(Finding("roi-no-name", "warning", "RTSTRUCT", seen, mend))
    empty = [printable(roi.name) for roi in rois if roi.number not in drawn]
    if empty:
        shown = ", ".join(empty[:8]) + (", ..." if len(empty) > 8 else "")
        seen = f"{len(empty)} of {len(rois)} ROIs have no contour: {shown}"
        mend = "contour them, or leave them out of the export"
        findings.append(Finding("roi-empty", "warning", "RTSTRUCT", seen, mend))
    if not header.has(tags.RT_ROI_OBSERVATIONS_SEQUENCE):
        seen = "the RT ROI Observations Sequence (3006,0080) is not there; ROIs have no type"
        mend = "name the target ROIs, or export the structure set again"
        findings.append(Finding("no-observations", "warning", "RTSTRUCT", seen, mend))
    return findings


def _build_rois(
    header: Header, rois: Mapping[int, Header], contour_items: Mapping[int, list[Header]]
) -> tuple[tuple[Roi, ...], list[Finding]]:
    """Regions with their closed contours, in file order."""
    frame = frame_of(header)
    usable, findings = _frame_findings(header, rois, frame)
    raws = list(_raw_contours(contour_items, usable))
    names = {number: item.text(tags.ROI_NAME) for number, item in rois.items()}

    def place(index: int) -> str:
        return f"{_roi_place(names[raws[index].roi])}, contour {raws[index].index}"

    rings = read_rings(header.source.data, raws, place)
    of_roi: dict[int, list[int]] = {}
    for at, raw in enumerate(raws):
        of_roi.setdefault(raw.roi, []).append(at)
    kinds, built = _kinds(header), []
    for number, item in rois.items():
        own = of_roi.get(number, [])
        contours, noticed = _closed_contours(raws, rings, own, _roi_place(names[number]))
        findings += noticed
        describe = item.text(tags.ROI_DESCRIPTION) or item.text(tags.ROI_GENERATION_DESCRIPTION)
        volume_cc = _stored_volume_cc(item, findings)
        colour = _colour(contour_items.get(number, []))
        kind = kinds.get(number, "")
        built.append(Roi(names[number], number, kind, contours, colour, volume_cc, describe))
    return tuple(built), findings


def read_structures(path: Path) -> ReadStructures:
    """Read a RTSTRUCT: its regions and their closed contours in patient LPS mm.

    Parameters
    ----------
    path
        The file, in any transfer syntax of a data set (PS3.5 annex A).

    Returns
    -------
    ReadStructures
        The structure set, its header, and a finding for each contour or region not used.

    Raises
    ------
    CaseRejected
        `truncated-file`, `bad-encoding`, `inflate-limit`, `unreadable-file`, `no-rois`,
        `roi-number-duplicate`, `bad-number`, `contour-not-triples`, `contour-points-mismatch`,
        `contour-not-planar`.
    """
    header = read_header(path, into=tags.STRUCTURES)
    findings: list[Finding] = []
    rois = _numbered(header)
    contour_items = _contour_items(header, rois, findings)
    built, noticed = _build_rois(header, rois, contour_items)
    findings += noticed + _set_findings(header, built, contour_items)
    structures = StructureSet(
        built,
        label=header.label(tags.STRUCTURE_SET_LABEL),
        sop_uid=header.uid(tags.SOP_INSTANCE_UID),
        frame_uid=frame_of(header),
        series_uids=referenced_series(header),
    )
    return ReadStructures(structures, header, tuple(findings))
