"""Rotations of space, drawn at random."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from hypothesis import strategies as st

if TYPE_CHECKING:
    from numpy.typing import NDArray


def quaternion_turn(four: tuple[float, float, float, float]) -> NDArray[np.float64]:
    """The rotation of a quaternion that is not zero."""
    w, x, y, z = np.array(four) / np.linalg.norm(four)
    return np.array(
        [
            [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
            [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
            [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
        ]
    )


parts = st.floats(-1, 1).filter(lambda value: abs(value) > 1e-2)
TURNS = st.tuples(parts, parts, parts, parts).map(quaternion_turn)
