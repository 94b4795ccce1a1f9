"""Which images of a series are its stack: copies, localizers, other phases, odd ones left out."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING

import numpy as np

from rtvol.case import LeftOut
from rtvol.errors import CaseRejected, Finding
from rtvol.io import tags
from rtvol.io.headers import Header, file_label
from rtvol.io.listing import listed
from rtvol.io.pixels import stored_values
from rtvol.io.slice_header import SliceHeader, is_localizer, reject, slices_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path


#: Images closer than this lie at one place. Less than what a contour may be off its plane: their
#: positions are those of the machine, to 0.01 mm, and what lies nearer is not two slices.
SAME_PLACE_MM = 0.01
#: Planes may drift this much across their normal, over the whole stack, before it is a tilt.
DRIFT_MM = 0.1
#: What tells the phases of one series apart (PS3.3 C.7.6.1, C.7.6.17).
_PHASE_TAGS = (
    tags.TEMPORAL_POSITION_IDENTIFIER,
    tags.ACQUISITION_NUMBER,
    tags.TRIGGER_TIME,
    tags.SERIES_DESCRIPTION,
    tags.IMAGE_COMMENTS,
    tags.IMAGE_TYPE,
    tags.ACQUISITION_TIME,
)


class Leaving:
    """Images that are left out of a stack: each named, with the reason."""

    def __init__(self, total: int) -> None:
        self.total = total
        self.files: list[LeftOut] = []
        self.findings: list[Finding] = []

    def allows(self, count: int) -> bool:
        """Whether so many may be left out as odd ones: the rest still are the series."""
        return count <= max(1, self.total // 10) and count + 2 <= self.total

    def name(self, code: str, labels: Sequence[str], reason: str, mend: str) -> None:
        """Say of images what is odd about them."""
        seen = f"{len(labels)} of {self.total} images: {reason} ({listed(labels)})"
        self.findings.append(Finding(code, "warning", "", seen, mend))

    def leave(self, code: str, odd: Sequence[tuple[Path, Header]], reason: str, mend: str) -> None:
        """Leave images out."""
        self.files += [LeftOut(path, code, reason) for path, _ in odd]
        self.name(code, [file_label(path, h) for path, h in odd], f"{reason}; not used", mend)


def readable(headers: Sequence[tuple[Path, Header]], leaving: Leaving) -> list[SliceHeader]:
    """Slices whose place can be read; a few that do not say theirs are left out."""
    slices: list[SliceHeader] = []
    faults: dict[tuple[str, str], list[tuple[Path, Header]]] = defaultdict(list)
    mends: dict[tuple[str, str], CaseRejected] = {}
    for path, header in headers:
        if is_localizer(header):
            continue
        try:
            slices += slices_of(path, header)
        except CaseRejected as fault:
            found = fault.finding
            reason = f"{found.where}: {found.seen}" if found.where else found.seen
            faults[found.code, reason].append((path, header))
            mends[found.code, reason] = fault
    for (code, reason), odd in faults.items():
        if not slices or not leaving.allows(sum(map(len, faults.values()))):
            raise mends[code, reason].at(file_label(*odd[0]))
        leaving.leave(code, odd, reason, mends[code, reason].finding.mend)
    return slices


def without_localizers(
    headers: Sequence[tuple[Path, Header]], slices: list[SliceHeader], leaving: Leaving
) -> list[SliceHeader]:
    """Slices of the stack; images that call themselves localizers, or lie across it, set aside."""
    skipped = [pair for pair in headers if is_localizer(pair[1])]
    if slices:
        labels = Counter(tuple(np.round(s.normal, 1)) for s in slices)
        usual = np.array(labels.most_common(1)[0][0])
        across = [s for s in slices if abs(s.normal @ usual) < 0.5]
        if len(across) <= max(1, len(slices) // 20) and len(slices) > len(across) + 1:
            slices = [s for s in slices if s not in across]
            skipped += [(s.path, s.header) for s in across]
    if not slices:
        raise reject("ct-no-position", "the series holds localizer images only")
    if skipped:
        mend = "leave localizers out of the export"
        leaving.leave("localizer-skipped", skipped, "they lie across the stack", mend)
    return slices


def alike(slices: list[SliceHeader], leaving: Leaving) -> list[SliceHeader]:
    """Slices of one frame, shape, spacing and orientation; a few that differ are left out."""
    checks: tuple[tuple[str, str, Callable[[SliceHeader], object]], ...] = (
        ("frame-mismatch", "another frame of reference", lambda s: s.frame_uid),
        ("ct-inconsistent", "other Rows or Columns", lambda s: s.shape_ji),
        ("ct-inconsistent", "another Pixel Spacing", lambda s: _rounded(s.spacing_mm, 4)),
        (
            "ct-inconsistent",
            "another Image Orientation (Patient)",
            lambda s: _rounded(s.directions.ravel().tolist(), 3),
        ),
    )
    for code, what, key in checks:
        usual = Counter(map(key, slices)).most_common(1)[0][0]
        odd = [s for s in slices if key(s) != usual]
        if not odd:
            continue
        if not leaving.allows(len(odd)):
            seen = f"{len(odd)} of {len(slices)} slices have {what} than the others"
            raise reject(code, seen)
        pairs = [(s.path, s.header) for s in odd]
        leaving.leave(code, pairs, f"{what} than the others", "export the series again")
        slices = [s for s in slices if s not in odd]
    return slices


def _rounded(values: Sequence[float], digits: int) -> tuple[float, ...]:
    return tuple(round(value, digits) + 0.0 for value in values)


def check_pixels(slices: Sequence[SliceHeader], leaving: Leaving) -> None:
    """Name images that lack pixels: their place still counts."""
    usual = Counter(s.shape_ji for s in slices).most_common(1)[0][0]
    short: dict[str, list[str]] = defaultdict(list)
    for s in slices:
        start, stop = s.header.span(tags.PIXEL_DATA)
        bits = s.header.short(tags.BITS_ALLOCATED, 16)
        samples = s.header.short(tags.SAMPLES_PER_PIXEL, 1)
        needed = s.shape_ji[0] * s.shape_ji[1] * samples * bits // 8
        needed *= s.header.whole(tags.NUMBER_OF_FRAMES) or 1
        is_native = s.header.source.is_native
        if stop - start >= (needed if is_native else 1) and needed:
            continue
        code = "truncated-pixels" if s.shape_ji == usual else "pixel-length-mismatch"
        short[code].append(file_label(s.path, s.header))
    if sum(map(len, short.values())) * 2 > len(slices):
        raise reject(next(iter(short)), "most images lack pixels", "export the series again")
    for code, labels in short.items():
        mend = "export or copy the series again"
        leaving.name(code, labels, "pixels are missing; their place alone is used", mend)


def without_copies(slices: Sequence[SliceHeader], leaving: Leaving) -> list[SliceHeader]:
    """One slice per SOPInstanceUID; two different ones under one UID are a conflict."""
    kept: dict[str, SliceHeader] = {}
    copies = []
    for s in slices:
        twin = kept.setdefault(s.key or str(s.path), s)
        if twin is s:
            continue
        if not np.array_equal(twin.position_mm, s.position_mm) or not _same_pixels(twin, s):
            seen = "two images have one SOP Instance UID and differ in position or pixels: "
            seen += f"{file_label(twin.path, twin.header)}, {file_label(s.path, s.header)}"
            raise reject("duplicate-sop-conflict", seen, "remove the one that does not belong")
        copies.append((s.path, s.header))
    if copies:
        reason = "they are there twice; each is used once"
        leaving.files += [LeftOut(path, "duplicate-file-skipped", reason) for path, _ in copies]
        labels = [file_label(path, header) for path, header in copies]
        leaving.name("duplicate-file-skipped", labels, reason, "remove the copies")
    return list(kept.values())


def _same_pixels(one: SliceHeader, other: SliceHeader) -> bool:
    """Whether two files hold the same pixels, in whatever transfer syntax."""
    if _pixels(one) == _pixels(other):
        return True
    if one.header.source.transfer_syntax == other.header.source.transfer_syntax:
        return False
    try:
        return np.array_equal(
            stored_values(one.path, one.header, one.shape_ji),
            stored_values(other.path, other.header, other.shape_ji),
        )
    except CaseRejected:
        return False


def _pixels(s: SliceHeader) -> bytes:
    start, stop = s.header.span(tags.PIXEL_DATA)
    if len(s.header.source.data) >= stop:
        return s.header.source.data[start:stop]
    with s.path.open("rb") as file:
        file.seek(start)
        return file.read(stop - start)


def beside_others(slices: list[SliceHeader], leaving: Leaving) -> list[SliceHeader]:
    """Slices whose corners lie over one another; a few that lie beside the rest are left out."""
    positions = np.array([s.position_mm for s in slices])
    normal = slices[0].normal
    across = positions - (positions @ normal)[:, None] * normal
    beside = np.linalg.norm(across - np.median(across, axis=0), axis=1)
    odd = [s for s, far_mm in zip(slices, beside.tolist(), strict=True) if far_mm > DRIFT_MM]
    if not odd or not leaving.allows(len(odd)):
        return slices
    reason = f"they lie {beside.max():.1f} mm beside the others, across the stack"
    pairs = [(s.path, s.header) for s in odd]
    leaving.leave("ct-inconsistent", pairs, reason, "export the series again")
    return [s for s in slices if s not in odd]


def one_phase(
    slices: list[SliceHeader], referred: frozenset[str], leaving: Leaving
) -> list[SliceHeader]:
    """Slices of the phase that contours refer to, where several lie at one place."""
    places = np.array([s.position_mm for s in slices]) @ slices[0].normal
    order = np.argsort(places, kind="stable").tolist()
    groups: list[list[SliceHeader]] = []
    last = -np.inf
    for at in order:
        if places[at] - last < SAME_PLACE_MM:
            groups[-1].append(slices[at])
        else:
            groups.append([slices[at]])
        last = places[at]
    several = [group for group in groups if len(group) > 1]
    if not several:
        return slices
    count = sum(map(len, several))
    wanted = [s for s in slices if s.key in referred]
    kept = _of_phase(groups, wanted) or _at_each_place(groups, referred)
    if not kept:
        drawn = f"contours refer to {len(wanted)} of them, of more than one at a place"
        seen = f"{count} of {len(slices)} slices lie where others lie too; "
        seen += drawn if wanted else "no contour says which of them it was drawn on"
        mend = "export the images the contours were drawn on as a series of their own"
        raise reject("ct-duplicate-position", seen, mend)
    left = [(s.path, s.header) for s in slices if s not in kept]
    reason = "others lie at their places, and contours refer to those"
    mend = "export the images the contours were drawn on as a series of their own"
    leaving.leave("ct-duplicate-position", left, reason, mend)
    return kept


def _of_phase(
    groups: Sequence[Sequence[SliceHeader]], wanted: Sequence[SliceHeader]
) -> list[SliceHeader]:
    """Slices, one for each place, that share an attribute with those contours refer to; or none."""
    for tag in _PHASE_TAGS:
        values = {s.header.raw(tag) for s in wanted}
        same = [[s for s in group if s.header.raw(tag) in values] for group in groups]
        if len(values) == 1 and all(len(group) == 1 for group in same):
            return [s for group in same for s in group]
    return []


def _at_each_place(
    groups: Sequence[Sequence[SliceHeader]], referred: frozenset[str]
) -> list[SliceHeader]:
    """Choose at each place the slice that contours refer to, or the only one; none if unclear."""
    kept = []
    for group in groups:
        chosen = [s for s in group if s.key in referred] if len(group) > 1 else list(group)
        if len(chosen) > 1:
            return []
        kept += chosen
    is_drawn = any(s.key in referred for s in kept)
    return kept if is_drawn and len(kept) > 1 else []
