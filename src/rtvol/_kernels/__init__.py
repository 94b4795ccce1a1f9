"""All numba: arrays and scalars in, arrays out. Nothing else in rtvol imports numba.

Kernels load numba when they are first called for (half a second). Reading and looking have plain
ways of their own for the few that they need, with the same results; `load` makes them take the
kernels, for work that needs others anyway.
"""

from __future__ import annotations

import sys
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

#: Edges nearer to each other than this are on each other, mm.
ON_EACH_OTHER_MM = 1e-3


def are_loaded() -> bool:
    """Whether this process has loaded kernels."""
    return "rtvol._kernels.jit" in sys.modules


def load() -> None:
    """Load what all kernels share."""
    import_module("rtvol._kernels.jit")


def locked(*arrays: NDArray[np.generic]) -> tuple[NDArray[np.generic], ...]:
    """Write-locked views, so that locked and unlocked arrays share one compiled kernel."""
    views = tuple(array.view() for array in arrays)
    for view in views:
        view.setflags(write=False)
    return views
