"""PlaneStack: the contours of one structure by plane, each with the slab of space it stands for."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING, Self

import numpy as np

from rtvol.frames import AXIAL, box_in
from rtvol.geometry import lock

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from rtvol.frames import Box, PlaneFrame


@dataclass(frozen=True, eq=False)
class PlaneStack:
    """The contours of one structure, plane by plane, in flat arrays.

    Attributes
    ----------
    z_mm
        Planes (P,), mm along the frame's normal, ascending: patient z of axial ones.
    below_mm, above_mm
        How far (P,) the slab of each plane reaches below and above it, in mm.
    lobe
        Number (P,) of the run of regularly spaced planes each plane belongs to.
    xy_mm
        Corner points (N, 2) of all rings in plane, mm: patient LPS x and y of axial ones.
    ring_starts
        Offsets (R + 1,) of the rings into `xy_mm`.
    plane_rings
        Offsets (P + 1,) of the planes into the rings; rings of one plane combine by even-odd
        parity.
    frame
        The frame of the planes, which all these lengths are given in; patient LPS for axial ones.
    """

    z_mm: NDArray[np.float64]
    below_mm: NDArray[np.float64]
    above_mm: NDArray[np.float64]
    lobe: NDArray[np.int64]
    xy_mm: NDArray[np.float64]
    ring_starts: NDArray[np.int64]
    plane_rings: NDArray[np.int64]
    frame: PlaneFrame = AXIAL

    def __post_init__(self) -> None:
        for array in vars(self).values():
            if array is not self.frame:
                lock(array)

    @classmethod
    def of(
        cls,
        planes: Sequence[Sequence[NDArray[np.float64]]],
        *,
        z_mm: NDArray[np.float64],
        below_mm: NDArray[np.float64],
        above_mm: NDArray[np.float64],
        lobe: NDArray[np.int64] | None = None,
        frame: PlaneFrame = AXIAL,
    ) -> Self:
        """Lay the rings, each (n, 2) in mm, of all planes end to end; one lobe unless told."""
        rings = [ring for plane in planes for ring in plane]
        return cls(
            z_mm=z_mm,
            below_mm=below_mm,
            above_mm=above_mm,
            lobe=np.zeros(len(planes), np.int64) if lobe is None else lobe,
            xy_mm=np.concatenate(rings) if rings else np.empty((0, 2)),
            ring_starts=np.cumsum([0, *map(len, rings)], dtype=np.int64),
            plane_rings=np.cumsum([0, *map(len, planes)], dtype=np.int64),
            frame=frame,
        )

    @property
    def thickness_mm(self) -> NDArray[np.float64]:
        """Thickness (P,) of each plane's slab in mm."""
        return self.below_mm + self.above_mm

    @property
    def rings(self) -> list[list[NDArray[np.float64]]]:
        """Rings, each (n, 2) in mm, plane by plane."""
        every = [self.xy_mm[a:b] for a, b in pairwise(self.ring_starts.tolist())]
        return [every[a:b] for a, b in pairwise(self.plane_rings.tolist())]

    @cached_property
    def bounds_mm(self) -> Box:
        """Extent of the slab solid in its frame, mm: (x, x), (y, y), (z, z)."""
        (x_low, y_low), (x_high, y_high) = self.xy_mm.min(axis=0), self.xy_mm.max(axis=0)
        z_low, z_high = (self.z_mm - self.below_mm).min(), (self.z_mm + self.above_mm).max()
        return (
            (float(x_low), float(x_high)),
            (float(y_low), float(y_high)),
            (float(z_low), float(z_high)),
        )

    @property
    def patient_box_mm(self) -> Box:
        """Box of patient LPS that holds the slab solid, mm."""
        box = self.bounds_mm
        return box if self.frame.is_axial else box_in(box, self.frame, AXIAL)
