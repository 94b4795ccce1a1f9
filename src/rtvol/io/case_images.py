"""Images of a case: the series the contours were drawn on, and what becomes of all others."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from rtvol import codes
from rtvol.case import LeftOut, Origin
from rtvol.errors import CaseRejected, Finding
from rtvol.geometry import move_grid, planes_at
from rtvol.io import elements, identity, tags
from rtvol.io.ct import build_series
from rtvol.io.headers import file_label, header_of
from rtvol.io.index import class_conflict
from rtvol.io.listing import listed
from rtvol.io.plane_fit import on_images

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from rtvol.case import ImageSeries
    from rtvol.io.headers import Header
    from rtvol.io.owner import Owner
    from rtvol.io.search import CaseFiles
    from rtvol.structures import StructureSet


@dataclass(frozen=True, eq=False)
class _Group:
    """The files of one series: headers, and those that have none."""

    headers: tuple[tuple[Path, Header], ...]
    lost: tuple[tuple[Path, Header, CaseRejected], ...]

    @classmethod
    def of(cls, paths: Sequence[Path]) -> _Group:
        headers, lost = [], []
        for path in paths:
            source = elements.load(path, into=tags.FRAMES)
            header = header_of(source)
            # where only pixels are missing, the place is there
            if source.fault is None or source.fault.finding.code == "truncated-pixels":
                headers.append((path, header))
            else:
                lost.append((path, header, source.fault))
        return cls(tuple(headers), tuple(lost))


@dataclass(frozen=True, eq=False)
class _ReadSeries:
    """A series with the header it is identified by, or the fault that keeps it from use."""

    header: Header
    group: _Group
    series: ImageSeries | None
    findings: tuple[Finding, ...] = ()
    unused: tuple[LeftOut, ...] = ()
    fault: CaseRejected | None = None

    @property
    def uid(self) -> str:
        return self.header.uid(tags.SERIES_INSTANCE_UID)

    @property
    def modality(self) -> str:
        return self.header.text(tags.MODALITY)

    @cached_property
    def images(self) -> frozenset[str]:
        """SOP Instance UIDs of all its files."""
        uids = (header.uid(tags.SOP_INSTANCE_UID) for _, header in self.group.headers)
        return frozenset(uids) - {""}

    def all_unused(self, code: str, reason: str) -> tuple[LeftOut, ...]:
        """Every file of the series as left out for one reason."""
        pairs = [path for path, _ in self.group.headers] + [path for path, *_ in self.group.lost]
        return tuple(LeftOut(path, code, reason) for path in pairs)


@dataclass(frozen=True)
class CaseImages:
    """The series the contours were drawn on, all usable ones of its frame, and the rest.

    `header` is that of one of its images.
    """

    ct: ImageSeries | None
    images: tuple[ImageSeries, ...] = ()
    unused: tuple[LeftOut, ...] = ()
    header: Header | None = None


def _stacked(group: _Group, referred: frozenset[str]) -> _ReadSeries:
    if not group.headers or len(group.lost) * 2 > len(group.headers):
        path, header, fault = group.lost[0]
        return _ReadSeries(header, group, None, fault=fault.at(file_label(path, header)))
    try:
        stacked = build_series(group.headers, referred)
    except CaseRejected as fault:
        return _ReadSeries(group.headers[0][1], group, None, fault=fault)
    findings, unused = list(stacked.findings), list(stacked.unused)
    for path, header, error in group.lost:
        one = error.finding
        where = ", ".join(text for text in (file_label(path, header, "image"), one.where) if text)
        findings.append(replace(one, severity="warning", where=where, seen=f"{one.seen}; not used"))
        unused.append(LeftOut(path, one.code, one.seen))
    header = group.headers[0][1]
    return _ReadSeries(header, group, stacked.series, tuple(findings), tuple(unused))


def _referred(rs: StructureSet) -> frozenset[str]:
    """Return what contours refer to: objects, and single frames of them."""
    keys = {contour.image_uid for roi in rs.rois for contour in roi.contours} - {""}
    return frozenset(keys) | {key.partition(":")[0] for key in keys}


def _plane_share(series: ImageSeries, rs: StructureSet) -> float:
    """Part of the contour planes that lie on a slice of the series."""
    frame = series.frame
    settled = on_images(rs, [series]).rois
    drawn = [roi.planes_mm for roi in settled if roi.frame == frame]
    others = sum(roi.planes_mm.size for roi in settled if roi.frame != frame)
    planes_mm = np.unique(np.concatenate([np.zeros(0), *drawn]))
    if not planes_mm.size:
        return 0.0
    on = planes_at(planes_mm, series.planes_mm) >= 0
    return float(on.sum() / (on.size + others))


def _joined(several: Sequence[_ReadSeries], referred: frozenset[str]) -> _ReadSeries | None:
    """One stack from series that only together are one (even and odd slices, say)."""
    if any(one.series is None for one in several):
        return None
    lost = tuple(one for several_one in several for one in several_one.group.lost)
    headers = tuple(pair for one in several for pair in one.group.headers)
    both = _stacked(_Group(headers, lost), referred)
    if both.series is None or any(f.code.startswith("ct-") for f in both.findings):
        return None
    seen = f"{len(several)} series together make one stack; they are used as one"
    mend = "export the images as one series"
    finding = codes.CT_SPLIT_SERIES.warn(seen=seen, mend=mend)
    return replace(both, findings=(*both.findings, finding))


def _choose(read: Sequence[_ReadSeries], rs: StructureSet, referred: frozenset[str]) -> _ReadSeries:
    """Return the series the contours were drawn on: by reference, else by planes, else reject."""
    asked = [one for one in read if one.uid in rs.series_uids]
    pool = asked or [one for one in read if one.series is not None] or list(read)
    pool = [one for one in pool if one.modality == "CT"] or pool
    if len(pool) == 1:
        return pool[0]
    drawn_on = [one for one in pool if one.images & referred]
    if len(drawn_on) == 1:
        return drawn_on[0]
    joined = _joined(pool, referred) if asked else None
    if joined is not None:
        return joined
    shares = [_plane_share(one.series, rs) if one.series else 0.0 for one in pool]
    best = [one for one, share in zip(pool, shares, strict=True) if share == max(shares)]
    if len(best) == 1:
        return best[0]
    sizes = listed([f"{one.modality} of {len(one.group.headers)} images" for one in pool])
    raise CaseRejected(
        "ambiguous-ct",
        where="CT",
        seen=f"{len(pool)} image series fit the structure set equally well: {sizes}",
        mend="leave only the series the contours were drawn on",
    )


def _no_images(files: CaseFiles) -> Finding:
    if files.unread:
        seen = f"the images it refers to are here, but of a kind that is not read: {files.unread}"
        mend = "export single-frame CT, MR or PET; until then planes are those of the contours"
        return codes.NO_CT.warn(where="RTSTRUCT", seen=seen, mend=mend)
    seen = "no image series of its frame of reference was found"
    mend = "add the CT; until then planes are those of the contours"
    return codes.NO_CT.warn(where="RTSTRUCT", seen=seen, mend=mend)


def _without_rivals(
    read: Sequence[_ReadSeries], chosen: _ReadSeries, ct: ImageSeries, findings: list[Finding]
) -> tuple[list[ImageSeries], list[LeftOut]]:
    """Usable series of the chosen one's frame, and the files of those that are not."""
    images, unused = [ct], list(chosen.unused)
    used = {one.path for one in ct.slices}
    for one in read:
        if one is chosen or any(path in used for path, _ in one.group.headers):
            continue
        if one.fault is not None:
            why = one.fault.finding
            where = f"{one.modality}, {why.where}" if why.where else one.modality
            seen = f"{why.seen}; this series of {len(one.group.headers)} images is not used"
            findings.append(Finding(why.code, "warning", where, seen, why.mend))
            unused += one.all_unused(why.code, why.seen)
        elif one.series is not None and one.series.frame_uid == ct.frame_uid:
            images.append(one.series)
            unused += one.unused
            where = f"{one.modality}, another series of the frame"
            for f in one.findings:
                place = f"{where}, {f.where}" if f.where else where
                findings.append(replace(f, severity="note", where=place))
        else:
            reason = "another frame of reference than that of the images the contours lie on"
            unused += one.all_unused("images-not-used", reason)
    return images, unused


def _carried(
    files: CaseFiles, owner: Owner, findings: list[Finding], unused: list[LeftOut]
) -> tuple[ImageSeries, ...]:
    """Read the series of other frames of reference that a registration carries into the case's."""
    frame = owner.structures.frame_uid
    referred = _referred(owner.structures)
    found = []
    for paths in files.elsewhere:
        one = _stacked(_Group.of(paths), referred)
        series = one.series
        try:
            way = None if series is None else owner.registered.way(series.frame_uid, frame)
        except CaseRejected as fault:
            findings.append(fault.at(one.modality).finding.as_warning())
            way = None
        if series is None or way is None:
            code = one.fault.finding.code if one.fault else "images-not-used"
            unused += one.all_unused(code, "of another frame of reference, not carried over")
            continue
        seen = f"images of another frame of reference; {way}"
        findings.append(codes.FRAME_REGISTERED.note(where=series.modality, seen=seen))
        grid = move_grid(series.grid, way.motion, frame)
        origin = Origin(series, way.motion)
        found.append(replace(series, grid=grid, frame_uid=frame, origin=origin))
        unused += one.unused
    return tuple(found)


def case_images(files: CaseFiles, owner: Owner, findings: list[Finding]) -> CaseImages:
    """Read the series the contours were drawn on, all usable ones of its frame, and carried ones.

    Raises
    ------
    CaseRejected
        `ambiguous-ct`, `patient-mismatch`, or why the series cannot be stacked.
    """
    rs = owner.structures
    if not files.images:
        findings.append(_no_images(files))
        return CaseImages(None)
    referred = _referred(rs)
    read = [_stacked(_Group.of(paths), referred) for paths in files.images]
    chosen = _choose(read, rs, referred)
    if chosen.fault is not None:
        raise chosen.fault.at(chosen.modality or "CT")
    ct = chosen.series
    assert ct is not None  # noqa: S101 - a series without fault is there
    used = {one.path for one in ct.slices}
    headers = (header for path, header in chosen.group.headers if path in used)
    findings += identity.check_all(owner.patient, headers, ct.modality)
    findings += [replace(f, where=f.where or ct.modality) for f in chosen.findings]
    findings += class_conflict(chosen.header)
    images, unused = _without_rivals(read, chosen, ct, findings)
    images += _carried(files, owner, findings, unused)
    return CaseImages(ct, tuple(images), tuple(unused), chosen.header)


def check_frame(ct: ImageSeries, rs: StructureSet) -> list[Finding]:
    """Contours and images must share a frame of reference.

    Raises
    ------
    CaseRejected
        `frame-mismatch`.
    """
    if ct.frame_uid and rs.frame_uid and ct.frame_uid != rs.frame_uid:
        raise CaseRejected(
            "frame-mismatch",
            where=ct.modality,
            seen="its frame of reference differs from that of the structure set",
            mend="export the structure set with the images it was drawn on",
        )
    if ct.frame_uid and rs.frame_uid:
        return []
    whose = ((ct.modality, ct.frame_uid), ("RTSTRUCT", rs.frame_uid))
    silent = " and ".join(name for name, uid in whose if not uid)
    seen = f"no frame of reference is named by {silent}; images and contours are taken to be in one"
    return [codes.FRAME_MISSING.warn(where=ct.modality, seen=seen, mend="export both again")]
