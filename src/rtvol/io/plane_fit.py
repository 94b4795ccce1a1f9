"""Contours off the axial planes -> the frame of the planes they lie on, one for each region."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from rtvol.errors import CaseRejected
from rtvol.frames import AXIAL, PlaneFrame
from rtvol.io.rings import not_planar, plane_noise_mm, read_points, read_rings

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from numpy.typing import NDArray

    from rtvol.case import ImageSeries
    from rtvol.errors import Finding
    from rtvol.frames import Rigid
    from rtvol.io.raw_contours import RawContours
    from rtvol.io.rings import Rings
    from rtvol.structures import Roi, StructureSet


def read_turned(
    raws: Mapping[int, RawContours], place: Callable[[RawContours], Callable[[int], str]]
) -> tuple[dict[int, Rings], dict[int, Finding]]:
    """Read the contours of regions each in the frame of its own planes.

    Regions that lie on planes of one orientation share its frame: that of the largest.

    Parameters
    ----------
    raws
        The contours of each region, by its number.
    place
        Says where items belong, for errors.

    Returns
    -------
    The contours of each region, or why it is refused: `contour-not-planar`,
    `contour-planes-mixed`, and those of `read_points`.
    """
    frames, rings, refused = [AXIAL], {}, {}
    points: dict[int, list[NDArray[np.float64]]] = {}
    places: dict[int, list[str]] = {}
    for number, own in raws.items():
        try:
            every, first = read_points(own, place(own))
        except CaseRejected as fault:
            refused[number] = fault.finding
            continue
        split = np.split(every, first[1:-1])
        closed = [at for at in np.flatnonzero(own.is_closed).tolist() if len(split[at]) > 2]
        points[number] = [split[at] for at in closed]
        places[number] = [place(own)(at) for at in closed]
    for number in sorted(points, key=lambda number: -_size_mm2(points[number])):
        own = raws[number]
        try:
            frame = _frame_of(points[number], frames, places[number])
            rings[number] = read_rings(own, place(own), frame)
        except CaseRejected as fault:
            refused[number] = fault.finding
            continue
        if frame not in frames:
            frames.append(frame)
    return rings, refused


def _size_mm2(rings: Sequence[NDArray[np.float64]]) -> float:
    """How well a region tells the orientation of its planes: the scatter of its rings."""
    return float(sum(((ring - ring.mean(axis=0)) ** 2).sum() for ring in rings))


def _frame_of(
    rings: Sequence[NDArray[np.float64]], known: Sequence[PlaneFrame], places: Sequence[str]
) -> PlaneFrame:
    """Return the frame a region's rings are flat in: a known one where they are, else their own."""
    for frame in known:
        if spread_mm(rings, frame.normal) <= plane_noise_mm(frame):
            return frame
    fitted = _fitted(rings)
    apart_mm = spread_mm(rings, fitted.normal)
    if apart_mm <= plane_noise_mm(fitted):
        return fitted
    each_mm = [spread_mm([ring], _fitted([ring]).normal) for ring in rings]
    worst = int(np.argmax(each_mm))
    if each_mm[worst] > plane_noise_mm(fitted):
        raise not_planar(places[worst], each_mm[worst])
    raise CaseRejected(
        "contour-planes-mixed",
        where=places[0].rpartition(", ")[0],
        seen="its contours lie on planes of different orientations",
        mend="draw each orientation as an ROI of its own, and export again",
    )


def spread_mm(rings: Sequence[NDArray[np.float64]], normal: Sequence[float]) -> float:
    """How far points (N, 3) of one ring lie apart along a normal at most, mm."""
    across = np.array(normal)
    return max((float(np.ptp(np.einsum("nc,c->n", ring, across))) for ring in rings), default=0.0)


def _fitted(rings: Sequence[NDArray[np.float64]]) -> PlaneFrame:
    """Return the frame across the direction in which the points of each ring scatter least."""
    scatter = np.zeros((3, 3))
    for ring in rings:
        away = ring - ring.mean(axis=0)
        scatter += np.einsum("na,nb->ab", away, away)
    normal = np.linalg.eigh(scatter)[1][:, 0]
    near = np.rint(normal)
    # what lies on planes along patient axes has their very frame, whatever the last decimals say
    if np.abs(near).sum() == 1 and spread_mm(rings, near.tolist()) <= plane_noise_mm(AXIAL):
        normal = near
    return PlaneFrame.around(normal.tolist())


def in_frame(roi: Roi, frame: PlaneFrame) -> Roi | None:
    """Return a region with its contours in another frame; None where they are not flat in it."""
    if roi.frame == frame:
        return roi
    points = [roi.frame.to_patient(contour.points_mm) for contour in roi.contours]
    if spread_mm(points, frame.normal) > plane_noise_mm(frame):
        return None
    is_flipped = np.dot(roi.frame.normal, frame.normal) < 0
    contours = []
    for contour, ring in zip(roi.contours, points, strict=True):
        x, y, z = frame.from_patient(ring).T
        slab = contour.slab_mm
        contours.append(
            replace(
                contour,
                xy_mm=np.column_stack([x, y]),
                z_mm=float(np.median(z)),
                slab_mm=(slab[1], slab[0]) if slab and is_flipped else slab,
            )
        )
    return replace(roi, contours=tuple(contours), frame=frame)


def moved_roi(roi: Roi, motion: Rigid) -> Roi:
    """Carry a region into another frame of reference; on axial planes where it is flat there."""
    frame = PlaneFrame.along(*motion.vectors(roi.frame.axes[:2]).tolist())
    x, y, z = frame.from_patient(np.array(motion.shift_mm)).tolist()
    contours = tuple(
        replace(contour, xy_mm=contour.xy_mm + np.array([x, y]), z_mm=contour.z_mm + z)
        for contour in roi.contours
    )
    moved = replace(roi, contours=contours, frame=frame)
    return in_frame(moved, AXIAL) or moved


def on_images(rs: StructureSet, images: Sequence[ImageSeries]) -> StructureSet:
    """Give each region the frame of the images it lies on, where their planes are not axial.

    What is axial stays so where there are axial images; contours keep their places.
    """
    frames = list(dict.fromkeys(one.frame for one in images))
    if all(frame.is_axial for frame in frames) and all(roi.frame.is_axial for roi in rs.rois):
        return rs
    return replace(rs, rois=tuple(_on_one_of(roi, frames) for roi in rs.rois))


def _on_one_of(roi: Roi, frames: Sequence[PlaneFrame]) -> Roi:
    if roi.frame in frames:
        return roi
    every = (in_frame(roi, frame) for frame in frames if not frame.is_axial)
    return next((found for found in every if found is not None), roi)
