"""What expressions of solids are made of: contours, lofted or as slabs; fields such as isodoses."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np

from rtvol.frames import box_in
from rtvol.margins.clip import BEYOND_MM
from rtvol.margins.setting import step_of
from rtvol.solids.distance import signed_distance
from rtvol.solids.loft import loft
from rtvol.solids.sections import Run, section_distances
from rtvol.solids.turned import box_of, lattice_over, read_across

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from rtvol.errors import Finding
    from rtvol.frames import Box, PlaneFrame
    from rtvol.solids.lattice import Lattice
    from rtvol.solids.pieces import Body
    from rtvol.solids.planes import PlaneStack

#: A slab begins so far above its lower face, mm: one section on each side of a face.
_ABOVE_MM = 1e-6


class SolidField(Protocol):
    """A solid given by a field: an isodose."""

    @property
    def bounds_mm(self) -> Box | None:
        """Box in patient LPS that holds it, mm; None for nothing."""

    @property
    def step_mm(self) -> float:
        """Lattice step that suits it, mm."""

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What must be known of it."""

    def field(self, lattice: Lattice) -> NDArray[np.float32]:
        """Values (K, J, I), negative inside, zero on the surface."""


@dataclass(frozen=True, eq=False)
class Drawn:
    """The solid of a structure's contours: lofted, or as a staircase of slabs."""

    body: Body
    is_staircase: bool = False
    findings: tuple[Finding, ...] = ()

    @property
    def bounds_mm(self) -> Box | None:
        """Box in its frame, mm: a loft may close as far again beyond the end of the slabs."""
        stack = self.body.stack
        x, y, z = stack.bounds_mm
        return x, y, (z[0] - float(stack.below_mm[0]), z[1] + float(stack.above_mm[-1]))

    @property
    def step_mm(self) -> float:
        """Lattice step that suits it, mm."""
        return step_of(self.body.stack)

    @property
    def frame(self) -> PlaneFrame:
        """The frame of its planes."""
        return self.body.stack.frame

    def runs(self, lattice: Lattice, reach_mm: float) -> list[Run]:
        """Sections on the planes of a lattice, with exact in-plane distances that far and more."""
        band_mm = reach_mm + BEYOND_MM
        if self.is_staircase:
            return staircase(self.body.stack, lattice, band_mm=band_mm)
        return loft(self.body, lattice, band_mm=band_mm, reach_mm=0.0)

    def distance_across(self, lattice: Lattice, reach_mm: float) -> NDArray[np.float32]:
        """Signed distance (K, J, I), mm, on a lattice of another frame, as far as the reach."""
        x, y, z = box_in(box_of(lattice), lattice.frame, self.frame)
        sides = [(low - reach_mm, high + reach_mm) for low, high in (x, y, z)]
        own = lattice_over((sides[0], sides[1], sides[2]), lattice.step_mm, self.frame)
        runs = self.runs(own, reach_mm)
        distance = signed_distance(runs, own, outside_mm=reach_mm, inside_mm=reach_mm)
        return read_across(distance, own, lattice)


Source = Drawn | SolidField


def staircase(stack: PlaneStack, lattice: Lattice, *, band_mm: float) -> list[Run]:
    """Return the slabs of a stack as runs, one to a lobe: each section holds up to its faces."""
    runs = []
    for lobe in np.unique(stack.lobe):
        planes = np.flatnonzero((stack.lobe == lobe) & (stack.thickness_mm > 2 * _ABOVE_MM))
        if not planes.size:
            continue
        own = slice(int(planes[0]), int(planes[-1]) + 1)
        fields = section_distances(stack, own, lattice, band_mm)[planes - own.start]
        low, high = (stack.z_mm - stack.below_mm)[planes], (stack.z_mm + stack.above_mm)[planes]
        inner = lattice.z_mm[(lattice.z_mm > low[0]) & (lattice.z_mm < high[-1])]
        heights = np.unique(np.concatenate([low + _ABOVE_MM, high, inner]))
        runs.append(Run(heights, fields[np.searchsorted(high, heights)]))
    return runs
