"""The dose kernels against their plain twins and closed forms."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from naive import dose as naive
from rtvol._kernels.dose import spread
from rtvol._kernels.trilinear import dose_at
from rtvol.dvh.nodes import dose_nodes
from rtvol.geometry import Grid


@given(
    st.floats(60, 140),
    st.floats(60, 140),
    st.floats(2.5, 40),
    st.floats(2.5, 40),
)
@settings(max_examples=60)
def test_a_spread_volume_is_three_boxes_convolved(a, b, across, through):
    nodes = np.arange(200.0)
    kinks, bends = np.zeros(200), np.zeros(200)
    spread(kinks, bends, 3.0, a, b, across, across, through)
    curve = np.cumsum(np.cumsum(np.cumsum(kinks + np.cumsum(bends))))
    assert curve[0] == 0
    assert curve[-1] == pytest.approx(3.0, abs=1e-8)
    width = abs(b - a)
    mean = 199 - np.sum(curve[1:-1] / 3.0) - curve[-1] / 3.0 / 2
    # to the error of the trapezoidal rule, in steps of the curve
    assert mean == pytest.approx((a + b) / 2, abs=0.02)
    narrow, wide = sorted([across, through])
    if width > 0.5 and narrow > 0.2 * wide:
        low = min(a, b) - (across + through) / 2
        truth = 3.0 * naive.sum_of_boxes(nodes, low, [width, across, through])
        # the closed form itself loses digits to its denominator
        assert np.abs(curve - truth).max() < 1e-6 + 1e-7 / (width * across * through)


def test_nothing_passes_the_ends_of_the_curve():
    kinks, bends = np.zeros(60), np.zeros(60)
    spread(kinks, bends, 1.0, 6.0, 53.0, 500.0, 500.0, 300.0)
    spread(kinks, bends, 1.0, 53.0, 53.0, 500.0, 500.0, 0.0)
    curve = np.cumsum(np.cumsum(np.cumsum(kinks + np.cumsum(bends))))
    assert curve[0] == 0
    assert curve[-1] == pytest.approx(2.0)


@given(st.integers(0, 2**31))
@settings(max_examples=20)
def test_trilinear_dose_agrees_with_the_sum_over_corners(seed):
    draw = np.random.default_rng(seed)
    turn, _ = np.linalg.qr(draw.normal(size=(3, 3)))
    if seed % 2:
        turn = np.eye(3)[draw.permutation(3)] * draw.choice([-1, 1], 3)[:, None]
    row, column = (tuple(float(part) for part in turn[axis]) for axis in range(2))
    offsets = np.cumsum(draw.uniform(1, 4, 6))
    grid = Grid((3.0, -7.0, 11.0), row, column, (2.5, 1.5), offsets, (7, 8))
    dose = naive.dose_of(lambda x, y, z: draw.uniform(0, 60, x.shape) + 0 * (y + z), grid)
    middle = np.array(grid.normal) * offsets.mean()
    centre = np.array(grid.origin_mm) + turn[0] * 5 + turn[1] * 8 + middle
    points = centre + draw.normal(size=(40, 3)) * 5
    nodes = dose_nodes(dose, tuple((-200.0, 200.0) for _ in range(3)))
    found = dose_at(points, nodes.values_gy, nodes.axes_mm, nodes.turn)
    truth = naive.trilinear(dose, points)
    assert np.isfinite(truth).any()
    assert np.allclose(found, truth, rtol=0, atol=1e-5, equal_nan=True)
