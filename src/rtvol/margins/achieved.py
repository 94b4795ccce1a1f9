"""The margin that was reached: distances measured on the result, not taken from the request."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import numpy as np

from rtvol._kernels import locked
from rtvol.geometry import lock
from rtvol.margins.targets import Achieved, ClipRecord, Spread
from rtvol.solids.trace import trace_planes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from rtvol.margins.clip import OrganCut
    from rtvol.margins.levels import LevelSet

DIRECTIONS = ("left", "right", "anterior", "posterior", "superior", "inferior")
_AXES = np.array([[1, 0, 0], [-1, 0, 0], [0, -1, 0], [0, 1, 0], [0, 0, 1], [0, 0, -1]], float)
#: A point of a cut target lies on an organ's face, or on the GTV, within this many lattice steps.
ON_FACE_STEPS = 0.5
#: Least margins towards two directions that differ by less are a tie, mm.
TIE_MM = 0.05


@dataclass(frozen=True, eq=False)
class OuterSurface:
    """Points of a target's outlines on the planes of its lattice, with the way from its parent.

    Attributes
    ----------
    level
        The target.
    k, row, column
        Where the points (N,) are: plane, and place in plane in lattice steps.
    margin_mm
        Their distance from the parent's surface (N,), negative within it.
    toward
        Which of `DIRECTIONS` that way points to most (N,).
    """

    level: LevelSet
    k: NDArray[np.int64]
    row: NDArray[np.float64]
    column: NDArray[np.float64]
    margin_mm: NDArray[np.float64]
    toward: NDArray[np.int64]

    def __post_init__(self) -> None:
        for array in (self.k, self.row, self.column, self.margin_mm, self.toward):
            lock(array)

    @classmethod
    def of(cls, level: LevelSet, parent: LevelSet) -> Self:
        """Trace a target and read the distance map of its parent there, on one lattice."""
        from rtvol._kernels.fields import read_at, ways_at

        lattice = level.lattice
        x, y = lattice.x_mm, lattice.y_mm
        xy, starts, plane_rings = trace_planes(level.values, x_mm=x, y_mm=y)
        k = np.repeat(np.arange(lattice.z_mm.size), np.diff(starts[plane_rings]))
        column = (xy[:, 0] - lattice.x_mm[0]) / lattice.step_mm
        row = (xy[:, 1] - lattice.y_mm[0]) / lattice.step_mm
        places = locked(k, row, column)
        ways = ways_at(*locked(parent.values, lattice.z_mm), lattice.step_mm, *places)
        toward = np.argmax(lattice.frame.to_patient(ways) @ _AXES.T, axis=1)
        margin_mm = read_at(*locked(parent.values), *places)
        return cls(level, k, row, column, margin_mm, toward)

    def read(self, values: NDArray[np.float32]) -> NDArray[np.float64]:
        """Read another field of the lattice at the points (N,)."""
        from rtvol._kernels.fields import read_at

        read: NDArray[np.float64] = read_at(*locked(values, self.k, self.row, self.column))
        return read

    def achieved(self) -> Achieved:
        """Sum up the margins of all points, and towards each direction."""
        return Achieved(
            Spread.of(self.margin_mm),
            {
                name: Spread.of(self.margin_mm[self.toward == number])
                for number, name in enumerate(DIRECTIONS)
                if (self.toward == number).any()
            },
        )

    def records(
        self, cuts: Sequence[OrganCut], gtv: LevelSet, ctv: LevelSet
    ) -> tuple[ClipRecord, ...]:
        """Tell of each organ what it took, and how near to the parent its own face comes.

        Where the organ's zone reaches into the GTV, which is never cut, the GTV's surface ends the
        target and not the organ's face.
        """
        near = ON_FACE_STEPS * self.level.lattice.step_mm
        on_gtv = np.abs(self.read(gtv.values)) < near
        found = []
        for cut in cuts:
            to_face = self.read(cut.forbidden_mm)
            face = np.abs(to_face) < near
            least = {
                name: float(self.margin_mm[face & (self.toward == number)].min())
                for number, name in enumerate(DIRECTIONS)
                if (face & (self.toward == number)).any()
            }
            lowest = min(least.values(), default=0.0)
            ways = [name for name, mm in least.items() if mm < lowest + TIE_MM]
            found.append(
                ClipRecord(
                    organ=cut.clip.roi,
                    kind=cut.clip.kind,
                    gap_mm=cut.clip.gap_mm,
                    lost_cc=cut.lost_cc,
                    lost_percent=100 * cut.lost_cc / cut.whole_cc,
                    gtv_touched_cc=gtv.shared_cc(cut.forbidden_mm),
                    ctv_touched_cc=ctv.shared_cc(cut.forbidden_mm),
                    least_margin_mm=least if cut.lost_cc > 0 else {},
                    toward=ways[0] if len(ways) == 1 and cut.lost_cc > 0 else "",
                    held_by_gtv=bool((on_gtv & (to_face < -near)).any()),
                )
            )
        return tuple(found)

    def uncut(self, cuts: Sequence[OrganCut], gtv: LevelSet) -> NDArray[np.float64]:
        """Margins (M,), mm, of the points that no organ's face and no GTV decided."""
        near = 2 * self.level.lattice.step_mm
        free = np.ones(self.margin_mm.size, bool)
        for cut in cuts:
            free &= self.read(cut.forbidden_mm) > near
        if cuts:
            free &= np.abs(self.read(gtv.values)) > near
        return self.margin_mm[free]
