"""Frames of a segmentation -> where each lies, how thick its voxels are, and what it holds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from rtvol.frames import PlaneFrame
from rtvol.geometry import EVEN_MM, ON_PLANE_MM, SAME_COSINE
from rtvol.io import tags
from rtvol.io.plane_fit import spread_mm
from rtvol.io.rings import PLANE_NOISE_MM
from rtvol.io.slice_header import group_item, slices_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from rtvol.io.headers import Header
    from rtvol.io.slice_header import SliceHeader


@dataclass(frozen=True, eq=False)
class PlacedFrame:
    """One frame of a segmentation in the frame of its planes.

    Attributes
    ----------
    frame
        The frame of its plane: patient LPS for axial ones.
    corner_mm
        Centre of its first voxel, in plane.
    steps_mm
        From voxel to voxel (2, 2), in plane: to the next column, and to the next row.
    z_mm
        Its plane along the normal of the frame.
    plane
        Number of the plane among those of its orientation: frames of several segments share it.
    slab_mm
        How far its voxels reach below and above it; None where nothing tells.
    """

    frame: PlaneFrame
    corner_mm: NDArray[np.float64]
    steps_mm: NDArray[np.float64]
    z_mm: float
    plane: int
    slab_mm: tuple[float, float] | None

    def to_mm(self, corners: NDArray[np.float64]) -> NDArray[np.float64]:
        """Points (n, 2) in plane, mm, of (column, row) coordinates."""
        placed: NDArray[np.float64] = self.corner_mm + np.einsum(
            "nc,cb->nb", corners, self.steps_mm
        )
        return placed


@dataclass(frozen=True)
class PlacedFrames:
    """The frames of a segmentation, in file order; `uneven` says at what distances, if any."""

    frames: tuple[PlacedFrame, ...]
    uneven: str = ""


def place_frames(path: Path, header: Header) -> PlacedFrames:
    """Place the frames of a segmentation in the patient.

    Frames without anything of a segment are left out of most files. SpacingBetweenSlices, or the
    least gap where it is not stated, tells how far voxels reach where every gap is a whole number
    of spacings: what lies farther is then known to be empty. SliceThickness is that of a lone
    plane; a least gap of several of it may be one that lacks frames, and tells nothing.

    Raises
    ------
    CaseRejected
        `ct-no-position`, `ct-no-orientation`, `ct-no-spacing`, `ct-bad-spacing`, `bad-grid`,
        `bad-number`, `image-multi-frame`.
    """
    slices = slices_of(path, header)
    measures = _measures(header)
    placed: list[PlacedFrame | None] = [None] * len(slices)
    uneven: list[str] = []
    for group in _by_orientation(slices):
        own = [slices[at] for at in group]
        frame = _plane_frame(own)
        middles = np.array([_corners(one).mean(axis=0) for one in own])
        z = frame.from_patient(middles)[:, 2]
        planes_mm, plane = _planes(z)
        slabs, said = _slabs(planes_mm, [measures[at] for at in group])
        uneven += [said] if said else []
        for at, one, number in zip(group, own, plane.tolist(), strict=True):
            x, y, _ = frame.from_patient(one.position_mm).tolist()
            steps = one.directions * np.array(one.spacing_mm[::-1])[:, None]
            placed[at] = PlacedFrame(
                frame=frame,
                corner_mm=np.array([x, y]),
                steps_mm=frame.from_patient(steps)[:, :2],
                z_mm=float(planes_mm[number]),
                plane=number,
                slab_mm=slabs[number] if slabs else None,
            )
    return PlacedFrames(tuple(one for one in placed if one is not None), "; ".join(uneven))


def _by_orientation(slices: Sequence[SliceHeader]) -> list[list[int]]:
    """Numbers of the frames on planes of each orientation."""
    groups: list[tuple[NDArray[np.float64], list[int]]] = []
    for at, one in enumerate(slices):
        for normal, members in groups:
            if abs(abs(float(one.normal @ normal)) - 1) < SAME_COSINE**2:
                members.append(at)
                break
        else:
            groups.append((one.normal, [at]))
    return [members for _, members in groups]


def _corners(one: SliceHeader) -> NDArray[np.float64]:
    """Outer corners (4, 3) of a frame, patient LPS mm."""
    rows, columns = one.shape_ji
    j, i = np.array([-0.5, rows - 0.5]), np.array([-0.5, columns - 0.5])
    down, along = one.directions[1] * one.spacing_mm[0], one.directions[0] * one.spacing_mm[1]
    return np.array([one.position_mm + a * down + b * along for a in j for b in i])


def _plane_frame(slices: Sequence[SliceHeader]) -> PlaneFrame:
    """Return the frame of planes: along patient axes where they are but for noise."""
    normal = slices[0].normal
    near = np.rint(normal)
    is_along = np.abs(near).sum() == 1
    if is_along and spread_mm([_corners(slices[0])], near.tolist()) <= PLANE_NOISE_MM:
        normal = near
    return PlaneFrame.around(normal.tolist())


def _planes(z: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Distinct planes (P,), ascending, and which of them each frame lies on."""
    order = np.argsort(z, kind="stable")
    starts = np.diff(z[order], prepend=-np.inf) > ON_PLANE_MM
    plane = np.empty(z.size, np.int64)
    plane[order] = np.cumsum(starts) - 1
    return z[order][starts], plane


def _measures(header: Header) -> list[tuple[float, float]]:
    """SpacingBetweenSlices and SliceThickness of each frame, mm; 0 where not stated."""
    shared = header.items(tags.SHARED_FUNCTIONAL_GROUPS_SEQUENCE)
    found = []
    for group in header.items(tags.PER_FRAME_FUNCTIONAL_GROUPS_SEQUENCE):
        own = group_item(tags.PIXEL_MEASURES_SEQUENCE, group, shared) or group
        spacing, thickness = (
            abs(next(iter(own.lengths_mm(tag)), 0.0))
            for tag in (tags.SPACING_BETWEEN_SLICES, tags.SLICE_THICKNESS)
        )
        found.append((spacing, thickness))
    return found


def _slabs(
    planes_mm: NDArray[np.float64], measures: Sequence[tuple[float, float]]
) -> tuple[list[tuple[float, float]], str]:
    """How far each plane reaches, mm, below and above; empty, and why, where that is not known."""
    gaps = np.diff(planes_mm)
    spacings, thicknesses = (
        sorted({own for own in each if own}) for each in zip(*measures, strict=True)
    )
    least = float(gaps.min()) if gaps.size else 0.0
    if not spacings:
        thick = thicknesses[0] if thicknesses else least
        lacks = thick > 0 and np.rint(least / thick) > 1 and _is_whole(gaps, thick)
        spacings = [] if gaps.size and lacks else [least or thick]
    for step in spacings:
        if step > ON_PLANE_MM and _is_whole(gaps, step):
            # neighbours meet half-way, whatever the last decimal of the spacing
            near = np.where(np.rint(gaps / step) == 1, gaps, step) / 2
            below, above = np.insert(near, 0, step / 2), np.append(near, step / 2)
            return list(zip(below.tolist(), above.tolist(), strict=True)), ""
    if not gaps.size:
        return [], "one plane, and nothing says how thick it is"
    return [], f"planes {least:.2f} to {gaps.max():.2f} mm apart, and no spacing that explains it"


def _is_whole(gaps: NDArray[np.float64], step: float) -> bool:
    """Whether all gaps are whole numbers of steps: positions are rounded, if at all, to 0.01 mm."""
    return bool((np.abs(gaps - np.rint(gaps / step) * step) <= 2 * EVEN_MM).all())
