"""Image files -> ImageSeries: where the planes lie, from the headers alone."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from rtvol import codes
from rtvol.case import ImageSeries, ImageSlice, LeftOut
from rtvol.geometry import SAME_COSINE, Grid
from rtvol.io import tags
from rtvol.io.headers import Header, read_header
from rtvol.io.sift import (
    DRIFT_MM,
    Leaving,
    alike,
    beside_others,
    check_pixels,
    one_phase,
    readable,
    without_copies,
    without_localizers,
)
from rtvol.io.slice_header import SliceHeader, reject

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from rtvol.errors import Finding

#: Steps may differ this much (mm, and part of the usual step): systems print 2.999 and 3.000.
STEP_MM, STEP_PART = 0.02, 0.01
#: A step this many times the usual one means that slices are missing.
GAP = 1.5


def _offsets(slices: Sequence[SliceHeader]) -> tuple[NDArray[np.float64], tuple[float, float]]:
    """Position of each slice along the stack's normal in mm, and how they slide for each mm of it.

    Slices of a tilted gantry slide evenly, for they are stacked along the table.
    """
    positions = np.array([s.position_mm for s in slices])
    normal = slices[0].normal
    offsets = (positions - positions[0]) @ normal
    across = positions - positions[0] - offsets[:, None] * normal
    drift = float(np.linalg.norm(across, axis=1).max())
    if drift <= DRIFT_MM or len(slices) < 2:
        return np.asarray(offsets, np.float64), (0.0, 0.0)
    if abs(normal[2]) > 1 - SAME_COSINE:
        seen = f"upright slices lie up to {drift:.1f} mm beside one another"
        mend = "export the series again, with one corner for all slices"
        raise reject("ct-inconsistent", seen, mend)
    slide = across @ slices[0].directions.T
    along_row, down_column = (slide.T @ offsets / (offsets @ offsets)).tolist()
    uneven = slide - offsets[:, None] * np.array([along_row, down_column])
    if float(np.linalg.norm(uneven, axis=1).max()) > DRIFT_MM:
        seen = f"slices are shifted up to {drift:.1f} mm across their normal, and not evenly"
        raise reject("ct-gantry-tilt", seen, "export the series again, or untilted")
    return np.asarray(offsets, np.float64), (along_row, down_column)


def _tilt_finding(shear: tuple[float, float]) -> Finding:
    """Say that the slices are stacked aslant, and by which angle."""
    angle = math.degrees(math.atan(math.hypot(*shear)))
    seen = f"slices lie {angle:.1f} degrees aslant in their stack; each is taken where it lies"
    return codes.CT_GANTRY_TILT.note(seen=seen, mend="none needed for contours, margins and doses")


def _step_findings(offsets: NDArray[np.float64]) -> list[Finding]:
    """Say what is odd about the distances between neighbouring planes (ascending offsets, mm)."""
    if offsets.size == 1:
        seen = "the series has one slice"
        mend = "export all slices; planes are taken from the contours"
        return [codes.CT_SINGLE_SLICE.warn(seen=seen, mend=mend)]
    steps = np.diff(offsets)
    usual = float(np.median(steps))
    close = np.abs(steps - usual) <= max(STEP_MM, STEP_PART * usual)
    gaps = np.flatnonzero(steps > GAP * usual)
    findings = []
    if gaps.size and gaps.size <= max(2, steps.size // 20):
        at, wide = int(gaps[0]), float(steps[gaps[0]])
        seen = f"{wide:.2f} mm between slices {at + 1} and {at + 2} where {usual:.2f} mm are usual"
        mend = "export the missing slices"
        findings.append(codes.CT_MISSING_SLICE.warn(seen=seen, mend=mend))
        close[gaps] = True
    if not close.all():
        seen = f"slices are {steps.min():.2f} to {steps.max():.2f} mm apart"
        mend = "check that the whole series was exported"
        findings.append(codes.CT_IRREGULAR_SPACING.warn(seen=seen, mend=mend))
    return findings


def _stack(
    slices: Sequence[SliceHeader],
) -> tuple[list[SliceHeader], NDArray[np.float64], tuple[float, float]]:
    """Slices in ascending order along the normal, their offsets in mm from the first, the shear."""
    offsets, shear = _offsets(slices)
    order = np.argsort(offsets, kind="stable")
    return [slices[at] for at in order.tolist()], offsets[order] - offsets[order[0]], shear


def _triple(vector: NDArray[np.float64]) -> tuple[float, float, float]:
    x, y, z = vector.tolist()
    return x, y, z


@dataclass(frozen=True)
class Stacked:
    """A series, what was noticed, and the files that are no part of it."""

    series: ImageSeries
    findings: tuple[Finding, ...]
    unused: tuple[LeftOut, ...]


def build_series(
    headers: Sequence[tuple[Path, Header]], referred: frozenset[str] = frozenset()
) -> Stacked:
    """Stack image headers into a series (see `read_series`).

    `referred` are SOP Instance UIDs of images that contours were drawn on: they tell which of
    several images at one place is meant.
    """
    leaving = Leaving(len(headers))
    slices = without_localizers(headers, readable(headers, leaving), leaving)
    check_pixels(slices, leaving)
    slices = beside_others(alike(without_copies(slices, leaving), leaving), leaving)
    slices = one_phase(slices, referred, leaving)
    ordered, offsets, shear = _stack(slices)
    first = ordered[0]
    grid = Grid(
        _triple(first.position_mm),
        _triple(first.directions[0]),
        _triple(first.directions[1]),
        first.spacing_mm,
        offsets,
        first.shape_ji,
        first.frame_uid,
        shear,
    )
    series = ImageSeries(
        modality=first.header.text(tags.MODALITY),
        series_uid=first.header.uid(tags.SERIES_INSTANCE_UID),
        study_uid=first.header.uid(tags.STUDY_INSTANCE_UID),
        frame_uid=first.frame_uid,
        patient_position=first.header.text(tags.PATIENT_POSITION),
        grid=grid,
        slices=tuple(
            ImageSlice(s.path, s.sop_uid, s.header.uid(tags.SOP_CLASS_UID), s.frame)
            for s in ordered
        ),
    )
    tilt = (_tilt_finding(shear),) if any(shear) else ()
    findings = (*leaving.findings, *tilt, *_step_findings(offsets))
    return Stacked(series, findings, tuple(leaving.files))


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
        raise reject("no-ct", "no image file was given", "give the folder of the series")
    stacked = build_series([(path, read_header(path, into=tags.FRAMES)) for path in paths])
    return stacked.series, stacked.findings
