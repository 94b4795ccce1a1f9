"""DICOM segmentations -> StructureSet: segments become regions with exact outlines (decision 0023).

The region of a segment is the union of its voxels: boxes as wide as the pixel spacing and as high
as the spacing of planes. Its contours run along the edges of the voxels, on the planes through
their centres; so the slab of them holds just these voxels, and its volume is their number times
that of one. A voxel of a fractional segment belongs to it from half of the whole on.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from rtvol import codes
from rtvol.case import image_key
from rtvol.errors import CaseRejected, Finding
from rtvol.frames import AXIAL, PlaneFrame
from rtvol.io import tags
from rtvol.io.colours import rgb_of_cielab
from rtvol.io.headers import Header, file_label, printable, read_header, shorts_of
from rtvol.io.index import frame_of, referenced_series
from rtvol.io.listing import listed, names_of
from rtvol.io.outline import outline
from rtvol.io.raw_contours import WHOLE
from rtvol.io.roi_findings import empty_findings, name_findings, refusal_findings, roi_place
from rtvol.io.rtstruct import ReadStructures
from rtvol.io.segment_frames import PlacedFrame, PlacedFrames, place_frames
from rtvol.io.segment_voxels import FrameVoxels, form_of, frame_voxels, unclear
from rtvol.structures import Contour, Roi, StructureSet

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from rtvol.io.segment_voxels import Form

_AGAIN = "export the segmentation again"


@dataclass(eq=False)
class _Drawn:
    """What the frames of one segment hold, as it is gathered."""

    contours: list[Contour] = field(default_factory=list)
    frame: PlaneFrame = AXIAL
    planes: dict[tuple[PlaneFrame, int], bytes] = field(default_factory=dict)
    repeated: int = 0
    voxels: int = 0
    share: float = 0.0
    refusal: Finding | None = None

    def add(self, voxels: FrameVoxels, placed: PlacedFrame, image_uid: str, place: str) -> None:
        """Take the voxels of a frame; a second frame of a plane must hold the same."""
        parts = (placed.corner_mm, voxels.rows, voxels.columns)
        said = b"".join(part.tobytes() for part in parts)
        before = self.planes.get((placed.frame, placed.plane))
        if before is not None:
            self.repeated += before == said
            if before != said:
                seen = f"two frames on {placed.frame.place(placed.z_mm)} hold different voxels"
                self.refusal = codes.SEGMENT_FRAMES_CONFLICT.error(where=place, seen=seen)
            return
        self.planes[placed.frame, placed.plane] = said
        self.share += voxels.share
        if not voxels.rows.size:
            return
        if self.contours and placed.frame != self.frame:
            code = "contour-planes-mixed"
            seen = "its frames lie on planes of different orientations"
            self.refusal = Finding(code, "error", place, seen, _AGAIN)
            return
        self.frame = placed.frame
        self.voxels += voxels.rows.size
        self.contours += [
            Contour(placed.to_mm(ring), placed.z_mm, image_uid, placed.slab_mm)
            for ring in outline(voxels.rows, voxels.columns)
        ]


@dataclass(frozen=True, eq=False)
class _ReadFile:
    """The segments of one file, in the order of their numbers."""

    header: Header
    rois: tuple[Roi, ...]
    findings: tuple[Finding, ...]


def read_segments(paths: Sequence[Path]) -> ReadStructures:
    """Read the segments of one or several segmentations as the regions of one set.

    Parameters
    ----------
    paths
        The files, of one patient and frame of reference; the first gives patient and study.

    Returns
    -------
    ReadStructures
        A region for each segment, with its contours in the frame of its planes, and findings:
        `segmentations-joined`, `segment-thresholded`, `segment-planes-uneven`, `roi-empty`,
        `roi-number-mismatch`, `contour-duplicate`; why a segment is not used
        (`segment-frames-conflict`, `contour-planes-mixed`, `roi-number-duplicate`), or a file is
        not, of several.

    Raises
    ------
    CaseRejected
        `segmentation-unclear`, `no-rois`, `pixel-length-mismatch`, `pixel-codec`, `inflate-limit`,
        `image-bit-depth`, and those of `place_frames` and `read_header`, when no file can be read.
    """
    read: list[_ReadFile] = []
    findings: list[Finding] = []
    faults: list[CaseRejected] = []
    for path in paths:
        try:
            one = _read_file(path)
        except CaseRejected as fault:
            faults.append(fault)
            place = ", ".join(filter(None, (printable(path.name), fault.finding.where)))
            seen = f"{fault.finding.seen}; none of its segments is used"
            findings.append(replace(fault.finding, severity="warning", where=place, seen=seen))
            continue
        read.append(one)
        findings += one.findings
    if not read:
        raise faults[0]
    rois = _numbered([roi for one in read for roi in one.rois], is_several=len(paths) > 1)
    if len(read) > 1:
        seen = f"{len(read)} segmentations with {len(rois)} segments are one set of regions"
        findings.append(codes.SEGMENTATIONS_JOINED.note(where="SEG", seen=seen))
    findings += [*refusal_findings(rois), *name_findings(rois)]
    findings += empty_findings(rois, {roi.number for roi in rois if roi.contours})
    header = read[0].header
    structures = StructureSet(
        rois,
        label=header.label(tags.CONTENT_LABEL),
        sop_uid=header.uid(tags.SOP_INSTANCE_UID),
        frame_uid=frame_of(header),
        series_uids=tuple(dict.fromkeys(u for one in read for u in referenced_series(one.header))),
        form="SEG",
    )
    return ReadStructures(structures, header, tuple(findings))


def _numbered(rois: Sequence[Roi], *, is_several: bool) -> tuple[Roi, ...]:
    """Regions with numbers of their own, where they come from several files."""
    if not is_several:
        return tuple(rois)
    return tuple(replace(roi, number=number) for number, roi in enumerate(rois, start=1))


def _read_file(path: Path) -> _ReadFile:
    header = read_header(path, into=tags.SEGMENTS)
    form = form_of(header)
    items = header.items(tags.SEGMENT_SEQUENCE)
    if not items:
        seen = "it defines no segment"
        raise CaseRejected("no-rois", where="SEG", seen=seen, mend=_AGAIN)
    groups = header.items(tags.PER_FRAME_FUNCTIONAL_GROUPS_SEQUENCE)
    if not groups:
        raise unclear("it does not say where its frames lie")
    placed = place_frames(path, header)
    frames = frame_voxels(path, header, form, len(groups))
    names = {item.short(tags.SEGMENT_NUMBER): item.text(tags.SEGMENT_LABEL) for item in items}
    drawn: dict[int, _Drawn] = defaultdict(_Drawn)
    for group, one, found in zip(groups, placed.frames, frames, strict=True):
        image_uid = _image_uid(group)
        for voxels in found:
            place = roi_place(names.get(voxels.number, ""))
            drawn[voxels.number].add(voxels, one, image_uid, place)
    counts = Counter(item.short(tags.SEGMENT_NUMBER) for item in items)
    rois = tuple(_roi(item, counts, drawn) for item in items)
    findings = [*_noticed(header, rois, drawn, form), *_uneven(placed)]
    unnamed = sorted(number for number in drawn.keys() - names.keys() if drawn[number].voxels)
    if unnamed:
        seen = f"voxels of segments that are not defined: {listed(list(map(str, unnamed)))}; "
        seen += "they are not used"
        findings.append(codes.ROI_NUMBER_MISMATCH.warn(where="SEG", seen=seen, mend=_AGAIN))
    label = file_label(path, header)
    return _ReadFile(header, rois, tuple(replace(f, where=f.where or label) for f in findings))


def _image_uid(group: Header) -> str:
    """Return the one image a frame was segmented on; empty where it names none, or several."""
    sources = [
        source
        for derivation in group.items(tags.DERIVATION_IMAGE_SEQUENCE)
        for source in derivation.items(tags.SOURCE_IMAGE_SEQUENCE)
    ]
    if len(sources) != 1:
        return ""
    uid = sources[0].uid(tags.REFERENCED_SOP_INSTANCE_UID)
    frame = sources[0].text(tags.REFERENCED_FRAME_NUMBER)
    return image_key(uid, int(frame) if WHOLE.fullmatch(frame) else 0) if uid else ""


def _roi(item: Header, counts: Counter[int], drawn: dict[int, _Drawn]) -> Roi:
    """Return the region of a segment; RTROIInterpretedType has no counterpart (the name tells)."""
    number, name = item.short(tags.SEGMENT_NUMBER), item.text(tags.SEGMENT_LABEL)
    own = drawn.get(number, _Drawn())
    refusal = own.refusal
    if counts[number] > 1:
        seen = f"{counts[number]} segments have the number {number}"
        refusal = codes.ROI_NUMBER_DUPLICATE.error(where=roi_place(name), seen=seen, mend=_AGAIN)
    contours = () if refusal else tuple(own.contours)
    types = item.items(tags.SEGMENTED_PROPERTY_TYPE_CODE_SEQUENCE)
    lab = shorts_of(item, tags.RECOMMENDED_DISPLAY_CIELAB_VALUE)
    return Roi(
        name=name,
        number=number,
        kind="",
        contours=contours,
        colour=rgb_of_cielab(lab) if len(lab) == 3 else None,
        description=item.text(tags.SEGMENT_DESCRIPTION)
        or (types[0].text(tags.CODE_MEANING) if types else ""),
        refusal=refusal,
        frame=own.frame if contours else AXIAL,
    )


def _noticed(
    header: Header, rois: Sequence[Roi], drawn: dict[int, _Drawn], form: Form
) -> Iterator[Finding]:
    """Say which segments have frames twice, and what the threshold of fractions does."""
    twice = [roi for roi in rois if roi.contours and drawn[roi.number].repeated]
    if twice:
        count = sum(drawn[roi.number].repeated for roi in twice)
        seen = f"{count} frames repeat another one of their segment and plane: {names_of(twice)}"
        yield codes.CONTOUR_DUPLICATE.warn(where="SEG", seen=seen, mend=_AGAIN)
    if form != "FRACTIONAL":
        return
    kind = header.text(tags.SEGMENTATION_FRACTIONAL_TYPE).lower() or "fraction"
    changed = [
        f"{printable(roi.name)} {drawn[roi.number].voxels} voxels, by their fractions "
        f"{drawn[roi.number].share:.1f}"
        for roi in rois
        if roi.number in drawn and abs(drawn[roi.number].share - drawn[roi.number].voxels) > 0.5
    ]
    if changed:
        seen = f"voxels of half the whole {printable(kind)} or more are the region: "
        yield codes.SEGMENT_THRESHOLDED.note(where="SEG", seen=seen + listed(changed))


def _uneven(placed: PlacedFrames) -> Iterator[Finding]:
    if placed.uneven:
        seen = f"{placed.uneven}; each voxel reaches as far as contours there would"
        yield codes.SEGMENT_PLANES_UNEVEN.warn(where="SEG", seen=seen)
