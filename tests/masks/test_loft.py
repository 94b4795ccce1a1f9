"""The lofted solid at its ends."""

from __future__ import annotations

import numpy as np
import pytest

from naive.shapes import box_ring, prism
from rtvol.masks.lattice import Lattice
from rtvol.masks.loft import loft
from rtvol.masks.stack import stack_planes

#: A flat box on planes 0, 2, ..., 10 mm: it ends at -1 and at 11 mm.
BOX = stack_planes(prism(box_ring((-6, 6), (-6, 6)), np.arange(0.0, 11.0, 2.0)))[0]


@pytest.mark.parametrize(
    ("height_mm", "runs"), [(-1.5, 0), (-0.9, 1), (5.0, 1), (10.9, 1), (11.5, 0), (30.0, 0)]
)
def test_beyond_its_flat_ends_a_box_is_not_there(height_mm: float, runs: int) -> None:
    lattice = Lattice.around((-6, 6), (-6, 6), np.array([height_mm]), 1.0)
    assert len(loft(BOX, lattice, band_mm=5.0, reach_mm=0.3)) == runs
