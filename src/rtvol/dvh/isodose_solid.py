"""An isodose as a solid: where the trilinear dose reaches a level, as a field on any lattice."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from rtvol import codes
from rtvol.dvh.curve import SAME_DOSE
from rtvol.dvh.isodose import FAR_MM
from rtvol.dvh.nodes import dose_nodes, doses_at

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from rtvol.dvh.nodes import Nodes
    from rtvol.errors import Finding
    from rtvol.frames import Box
    from rtvol.solids.lattice import Lattice
    from rtvol.volumes import Dose

#: Lattice steps to the least distance of dose samples: between them the dose is no plane.
STEPS_PER_SAMPLE = 3


@dataclass(frozen=True, eq=False)
class IsodoseSolid:
    """All points whose trilinear dose reaches a level; outside the dose grid there are none.

    Attributes
    ----------
    level_gy
        The level in Gy.
    nodes
        The dose samples.
    """

    level_gy: float
    nodes: Nodes

    @classmethod
    def of(cls, dose: Dose, level_gy: float) -> IsodoseSolid:
        """Take the isodose of a level above 0 Gy out of a dose."""
        return cls(level_gy, dose_nodes(dose, ((-FAR_MM, FAR_MM),) * 3))

    @property
    def step_mm(self) -> float:
        """Lattice step that suits it, mm."""
        return self.nodes.spacing_mm / STEPS_PER_SAMPLE

    @cached_property
    def bounds_mm(self) -> Box | None:
        """Box that holds it, mm: the samples that reach the level, and their neighbours."""
        corners, values = [], self._reached
        for axis, nodes in enumerate(self.nodes.axes_mm):
            met = np.flatnonzero(values.any(axis=tuple({0, 1, 2} - {2 - axis})))
            if not met.size or nodes.size < 2:
                return None
            first, last = max(int(met[0]) - 1, 0), min(int(met[-1]) + 1, nodes.size - 1)
            corners.append((float(nodes[first]), float(nodes[last])))
        points = np.array(np.meshgrid(*corners)).reshape(3, -1)
        turned = self.nodes.turn.T @ points  # back into patient LPS
        x, y, z = zip(turned.min(axis=1).tolist(), turned.max(axis=1).tolist(), strict=True)
        return x, y, z

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Warn where the isodose goes on beyond the dose grid: it is cut there."""
        values = self._reached
        faces = [values.take(at, axis=axis).any() for axis in range(3) for at in (0, -1)]
        if not any(faces):
            return ()
        seen = (
            f"the isodose of {self.level_gy:g} Gy reaches the edge of the dose grid: it ends there"
        )
        return (codes.ISODOSE_OPEN.warn(where=f"isodose {self.level_gy:g} Gy", seen=seen),)

    def field(self, lattice: Lattice) -> NDArray[np.float32]:
        """Level less dose (K, J, I), Gy: negative inside; far outside where no dose is known."""
        y, x = (axis.ravel() for axis in np.meshgrid(lattice.y_mm, lattice.x_mm, indexing="ij"))
        out = np.empty(lattice.shape, np.float32)
        for plane, z in zip(out, lattice.z_mm, strict=True):
            points = lattice.frame.to_patient(np.column_stack([x, y, np.full(x.size, z)]))
            gap = self._least_gy - doses_at(points, self.nodes)
            plane[:] = np.nan_to_num(gap, nan=FAR_MM).reshape(plane.shape)
        return out

    @property
    def _least_gy(self) -> float:
        return self.level_gy * (1 - SAME_DOSE)

    @property
    def _reached(self) -> NDArray[np.bool_]:
        reached: NDArray[np.bool_] = self.nodes.values_gy >= self._least_gy
        return reached
