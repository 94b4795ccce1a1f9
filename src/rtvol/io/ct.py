"""Image files -> ImageSeries: where the planes lie, from the headers alone."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from rtvol.case import ImageSeries, ImageSlice
from rtvol.errors import CaseRejected, Finding
from rtvol.geometry import SAME_COSINE, SAME_MM, Grid
from rtvol.io import tags
from rtvol.io.headers import Header, read_header

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

#: Two slices closer than this lie at one place.
SAME_PLANE_MM = 0.01
#: Planes may drift this much across their normal, over the whole stack, before it is a tilt.
DRIFT_MM = 0.1
#: Steps may differ this much (mm, and part of the usual step): systems print 2.999 and 3.000.
STEP_MM, STEP_PART = 0.02, 0.01
#: A step this many times the usual one means that slices are missing.
GAP = 1.5

_NAMES = {
    tags.IMAGE_POSITION_PATIENT: "Image Position (Patient)",
    tags.IMAGE_ORIENTATION_PATIENT: "Image Orientation (Patient)",
    tags.PIXEL_SPACING: "Pixel Spacing",
}


@dataclass(frozen=True, eq=False)
class SliceHeader:
    """Geometry of one image file."""

    path: Path
    header: Header
    position_mm: NDArray[np.float64]
    directions: NDArray[np.float64]
    spacing_mm: tuple[float, float]
    shape_ji: tuple[int, int]
    sop_uid: str
    frame_uid: str

    @property
    def normal(self) -> NDArray[np.float64]:
        """Row x column (PS3.3 C.7.6.2.1.1)."""
        return np.cross(self.directions[0], self.directions[1])


def _reject(code: str, seen: str, mend: str = "export the series again") -> CaseRejected:
    return CaseRejected(code, seen=seen, mend=mend)


def _vector(header: Header, tag: int, code: str, count: int) -> tuple[float, ...]:
    values = header.lengths_mm(tag)
    if len(values) != count:
        raise _reject(code, f"{_NAMES[tag]} has {len(values)} values instead of {count}")
    return values


def _is_localizer(header: Header) -> bool:
    return "LOCALIZER" in header.text(tags.IMAGE_TYPE).upper()


def _slice(path: Path, header: Header) -> SliceHeader:
    """Geometry of one file, each attribute checked."""
    frames = header.whole(tags.NUMBER_OF_FRAMES)
    if frames is not None and frames > 1:
        raise _reject(
            "image-multi-frame", f"the file holds {frames} frames", "export single slices"
        )
    position = _vector(header, tags.IMAGE_POSITION_PATIENT, "ct-no-position", 3)
    orientation = _vector(header, tags.IMAGE_ORIENTATION_PATIENT, "ct-no-orientation", 6)
    spacing = _vector(header, tags.PIXEL_SPACING, "ct-no-spacing", 2)
    if min(spacing) < SAME_MM:
        raise _reject("ct-bad-spacing", f"Pixel Spacing is {spacing[0]:g} x {spacing[1]:g} mm")
    directions = np.array(orientation).reshape(2, 3)
    lengths = np.linalg.norm(directions, axis=1)
    if abs(lengths - 1).max() > 1e-2 or abs(directions[0] @ directions[1]) > 1e-3:
        raise _reject("bad-grid", f"Image Orientation (Patient) is {orientation}")
    return SliceHeader(
        path,
        header,
        np.array(position),
        directions / lengths[:, None],  # printed cosines are rounded; unit length is meant
        (spacing[0], spacing[1]),
        (header.short(tags.ROWS), header.short(tags.COLUMNS)),
        header.uid(tags.SOP_INSTANCE_UID),
        header.uid(tags.FRAME_OF_REFERENCE_UID),
    )


def _without_localizers(
    headers: Sequence[tuple[Path, Header]], findings: list[Finding]
) -> list[SliceHeader]:
    """Slices of the stack; images that call themselves localizers, or lie across it, set aside."""
    slices = [_slice(path, header) for path, header in headers if not _is_localizer(header)]
    skipped = len(headers) - len(slices)
    if slices:
        labels = Counter(tuple(np.round(s.normal, 1)) for s in slices)
        usual = np.array(labels.most_common(1)[0][0])
        across = [s for s in slices if abs(s.normal @ usual) < 0.5]
        if len(across) <= max(1, len(slices) // 20) and len(slices) > len(across) + 1:
            slices = [s for s in slices if s not in across]
            skipped += len(across)
    if not slices:
        raise _reject("ct-no-position", "the series holds localizer images only")
    if skipped:
        seen = f"{skipped} of {len(headers)} images lie across the stack; not used"
        mend = "leave localizers out of the export"
        findings.append(Finding("localizer-skipped", "warning", "", seen, mend))
    return slices


def _same(slices: Sequence[SliceHeader]) -> None:
    """Shape, spacing, orientation and frame of reference must be those of all slices."""
    first = slices[0]
    frames = Counter(s.frame_uid for s in slices)
    if len(frames) > 1:
        most = frames.most_common(1)[0][1]
        raise _reject(
            "frame-mismatch", f"{len(slices) - most} of {len(slices)} slices name another frame"
        )
    checks: tuple[tuple[str, Callable[[SliceHeader], bool]], ...] = (
        ("Rows or Columns", lambda s: s.shape_ji == first.shape_ji),
        ("Pixel Spacing", lambda s: np.allclose(s.spacing_mm, first.spacing_mm, rtol=1e-4, atol=0)),
        (
            "Image Orientation (Patient)",
            lambda s: bool(abs(s.directions - first.directions).max() <= 10 * SAME_COSINE),
        ),
    )
    for name, agrees in checks:
        other = sum(not agrees(s) for s in slices)
        if other:
            fewer = min(other, len(slices) - other)
            seen = f"{name}: {fewer} of {len(slices)} slices differ from the others"
            raise _reject("ct-inconsistent", seen)


def _check_pixels(slices: Sequence[SliceHeader]) -> None:
    """Uncompressed pixels must be as many bytes as rows and columns ask for."""
    usual = Counter(s.shape_ji for s in slices).most_common(1)[0][0]
    for s in slices:
        start, stop = s.header.span(tags.PIXEL_DATA)
        bits = s.header.short(tags.BITS_ALLOCATED, 16)
        samples = s.header.short(tags.SAMPLES_PER_PIXEL, 1)
        needed = s.shape_ji[0] * s.shape_ji[1] * samples * bits // 8
        is_native = s.header.source.is_native
        if stop - start >= (needed if is_native else 1) and needed:
            continue
        code = "truncated-pixels" if s.shape_ji == usual else "pixel-length-mismatch"
        seen = f"{stop - start} bytes of pixels where {needed} are needed"
        raise _reject(code, seen, "export or copy the series again")


def _without_copies(slices: Sequence[SliceHeader], findings: list[Finding]) -> list[SliceHeader]:
    """One slice per SOPInstanceUID; two different ones under one UID are a conflict."""
    kept: dict[str, SliceHeader] = {}
    for s in slices:
        twin = kept.setdefault(s.sop_uid or str(s.path), s)
        if twin is s:
            continue
        if not np.array_equal(twin.position_mm, s.position_mm) or _pixels(twin) != _pixels(s):
            seen = "two images have one SOP Instance UID and differ in position or pixels"
            raise _reject("duplicate-sop-conflict", seen, "remove the one that does not belong")
    copies = len(slices) - len(kept)
    if copies:
        seen, mend = f"{copies} images are there twice; each is used once", "remove the copies"
        findings.append(Finding("duplicate-file-skipped", "warning", "", seen, mend))
    return list(kept.values())


def _pixels(s: SliceHeader) -> bytes:
    start, stop = s.header.span(tags.PIXEL_DATA)
    if len(s.header.source.data) >= stop:
        return s.header.source.data[start:stop]
    with s.path.open("rb") as file:
        file.seek(start)
        return file.read(stop - start)


def _offsets(slices: Sequence[SliceHeader]) -> NDArray[np.float64]:
    """Position of each slice along the stack's normal in mm; the stack must be straight."""
    positions = np.array([s.position_mm for s in slices])
    normal = slices[0].normal
    offsets = (positions - positions[0]) @ normal
    across = positions - positions[0] - offsets[:, None] * normal
    drift = float(np.linalg.norm(across, axis=1).max())
    if drift <= DRIFT_MM or len(slices) < 2:
        return np.asarray(offsets, np.float64)
    axis = slices[0].directions.sum(axis=0)
    is_tilted = abs(normal[2]) < 1 - SAME_COSINE and np.linalg.norm(axis) > 0
    seen = f"slices are shifted up to {drift:.1f} mm across their normal"
    code = "ct-gantry-tilt" if is_tilted else "ct-inconsistent"
    raise _reject(code, seen, "resample the series to upright slices, or export it untilted")


def _step_findings(offsets: NDArray[np.float64]) -> list[Finding]:
    """Say what is odd about the distances between neighbouring planes (ascending offsets, mm)."""
    if offsets.size == 1:
        seen = "the series has one slice"
        mend = "export all slices; planes are taken from the contours"
        return [Finding("ct-single-slice", "warning", "", seen, mend)]
    steps = np.diff(offsets)
    usual = float(np.median(steps))
    close = np.abs(steps - usual) <= max(STEP_MM, STEP_PART * usual)
    gaps = np.flatnonzero(steps > GAP * usual)
    findings = []
    if gaps.size and gaps.size <= max(2, steps.size // 20):
        at, wide = int(gaps[0]), float(steps[gaps[0]])
        seen = f"{wide:.2f} mm between slices {at + 1} and {at + 2} where {usual:.2f} mm are usual"
        mend = "export the missing slices"
        findings.append(Finding("ct-missing-slice", "warning", "", seen, mend))
        close[gaps] = True
    if not close.all():
        seen = f"slices are {steps.min():.2f} to {steps.max():.2f} mm apart"
        mend = "check that the whole series was exported"
        findings.append(Finding("ct-irregular-spacing", "warning", "", seen, mend))
    return findings


def _stack(slices: Sequence[SliceHeader]) -> tuple[list[SliceHeader], NDArray[np.float64]]:
    """Slices in ascending order along the normal, and their offsets in mm from the first."""
    offsets = _offsets(slices)
    order = np.argsort(offsets, kind="stable")
    offsets = offsets[order] - offsets[order[0]]
    same = int((np.diff(offsets) < SAME_PLANE_MM).sum())
    if same:
        seen = f"{same + 1 if same == 1 else same} different slices lie at one position"
        raise _reject("ct-duplicate-position", seen, "export one series at a time")
    return [slices[at] for at in order.tolist()], offsets


def _triple(vector: NDArray[np.float64]) -> tuple[float, float, float]:
    x, y, z = vector.tolist()
    return x, y, z


def build_series(
    headers: Sequence[tuple[Path, Header]],
) -> tuple[ImageSeries, tuple[Finding, ...]]:
    """Stack image headers into a series (see `read_series`)."""
    findings: list[Finding] = []
    slices = _without_localizers(headers, findings)
    _check_pixels(slices)
    slices = _without_copies(slices, findings)
    _same(slices)
    ordered, offsets = _stack(slices)
    first = ordered[0]
    grid = Grid(
        _triple(first.position_mm),
        _triple(first.directions[0]),
        _triple(first.directions[1]),
        first.spacing_mm,
        offsets,
        first.shape_ji,
        first.frame_uid,
    )
    series = ImageSeries(
        modality=first.header.text(tags.MODALITY),
        series_uid=first.header.uid(tags.SERIES_INSTANCE_UID),
        study_uid=first.header.uid(tags.STUDY_INSTANCE_UID),
        frame_uid=first.frame_uid,
        patient_position=first.header.text(tags.PATIENT_POSITION),
        grid=grid,
        slices=tuple(
            ImageSlice(s.path, s.sop_uid, s.header.uid(tags.SOP_CLASS_UID)) for s in ordered
        ),
    )
    return series, (*findings, *_step_findings(offsets))


def read_series(paths: Sequence[Path]) -> tuple[ImageSeries, tuple[Finding, ...]]:
    """Read the headers of one image series, in any file order.

    Parameters
    ----------
    paths
        Single-frame CT, MR or PET files of one series.

    Returns
    -------
    series, findings
        Planes ascend along row x column (PS3.3 C.7.6.2.1.1), whatever the patient position.

    Raises
    ------
    CaseRejected
        `ct-no-position`, `ct-no-orientation`, `ct-no-spacing`, `ct-bad-spacing`,
        `ct-inconsistent`, `ct-duplicate-position`, `ct-gantry-tilt`, `duplicate-sop-conflict`,
        `frame-mismatch`, `image-multi-frame`, `bad-grid`, `truncated-pixels`,
        `pixel-length-mismatch`, and those of a file that cannot be read.
    """
    if not paths:
        raise _reject("no-ct", "no image file was given", "give the folder of the series")
    return build_series([(path, _header(path, n)) for n, path in enumerate(paths, start=1)])


def _header(path: Path, number: int) -> Header:
    try:
        return read_header(path)
    except CaseRejected as fault:
        raise fault.at(f"image file {number}") from None
