"""Arrays of the statistics: their types, and how they are locked."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.floating[Any]]
IntArray = NDArray[np.integer[Any]]


def lock(array: NDArray[Any]) -> None:
    """Make an array read-only."""
    array.flags.writeable = False
