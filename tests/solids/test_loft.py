"""The lofted solid at its ends."""

from __future__ import annotations

import numpy as np
import pytest

from naive.shapes import box_ring, circle, prism
from rtvol.solids.lattice import Lattice
from rtvol.solids.loft import loft
from rtvol.solids.pieces import Body
from rtvol.solids.stack import stack_planes
from rtvol.structures import Roi

#: A flat box on planes 0, 2, ..., 10 mm: it ends at -1 and at 11 mm.
BOX = stack_planes(prism(box_ring((-6, 6), (-6, 6)), np.arange(0.0, 11.0, 2.0)))[0]


@pytest.mark.parametrize(
    ("height_mm", "runs"), [(-1.5, 0), (-0.9, 1), (5.0, 1), (10.9, 1), (11.5, 0), (30.0, 0)]
)
def test_beyond_its_flat_ends_a_box_is_not_there(height_mm: float, runs: int) -> None:
    lattice = Lattice.around((-6, 6), (-6, 6), np.array([height_mm]), 1.0)
    assert len(loft(Body.of(BOX), lattice, band_mm=5.0, reach_mm=0.3)) == runs


def test_a_jump_has_planes_on_both_sides_of_its_face_whatever_the_pitch() -> None:
    wide, narrow = prism(circle(12), np.arange(0, 9, 2.0)), prism(circle(4), np.arange(10, 19, 2.0))
    stack, _ = stack_planes(Roi("GTV", 1, "", wide.contours + narrow.contours))
    lattice = Lattice.around((-14, 14), (-14, 14), np.arange(-3, 22, 1.7), 1.0)
    (run,) = loft(Body.of(stack), lattice, band_mm=20, reach_mm=0.0)
    beside = run.z_mm[abs(run.z_mm - 9.0) < 0.01]
    assert beside == pytest.approx([8.999, 9.001], abs=1e-6)
    middle = run.field[:, 14, 14 + 8]
    assert (middle[run.z_mm < 9.0][2:] < 0).all()
    assert (middle[run.z_mm > 9.0] > 0).all()
