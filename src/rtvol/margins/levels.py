"""A solid as it is computed: a field on a lattice, negative inside, and its volume."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from rtvol.geometry import lock
from rtvol.solids.distance import level_volume_cc

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from rtvol.solids.lattice import Lattice


@dataclass(frozen=True, eq=False)
class LevelSet:
    """The solid where a field is negative; its volume is integrated once.

    Attributes
    ----------
    values
        Field (K, J, I) float32, mm or in units of mm towards the largest margin.
    lattice
        Its points.
    """

    values: NDArray[np.float32]
    lattice: Lattice

    def __post_init__(self) -> None:
        lock(self.values)

    @cached_property
    def volume_cc(self) -> float:
        """Volume, cc, integrated below the lattice step."""
        return level_volume_cc(self.values, self.lattice)

    @property
    def is_empty(self) -> bool:
        """Whether no point lies inside."""
        return not bool((self.values < 0).any())

    def moved(self, by_mm: float) -> LevelSet:
        """Grow a distance field by so many mm; a negative number shrinks."""
        return self if by_mm == 0 else LevelSet(self.values - np.float32(by_mm), self.lattice)

    def shared_cc(self, other: NDArray[np.float32]) -> float:
        """Volume, cc, in common with the solid of another field on this lattice."""
        return level_volume_cc(np.maximum(self.values, other), self.lattice)
