"""The histogram: bins of 1 cGy to the true maximum, and views of it."""

from __future__ import annotations

import numpy as np
import pytest

from rtvol.dvh import DVH

#: 4 cc spread evenly from 10.004 to 10.044 Gy, and 1 cc more of 5 outside the dose grid.
DOSES = np.linspace(10.004, 10.044, 401)
EVEN = DVH(DOSES, np.linspace(0, 4, 401), 5.0, 1.0)


def test_bins_are_differential_and_views_follow():
    found = EVEN.histogram
    assert found.edges_gy[-1] == pytest.approx(10.05)
    assert found.differential_cc[:1000].sum() == 0
    assert found.differential_cc[1000:] == pytest.approx([0.6, 1.0, 1.0, 1.0, 0.4])
    assert found.cumulative_cc[0] == pytest.approx(4.0)
    assert found.cumulative_cc[1000:] == pytest.approx([4, 3.4, 2.4, 1.4, 0.4, 0])
    assert found.cumulative_percent[1001] == pytest.approx(85.0)
    assert (found.volume_cc, found.outside_cc, found.inside_cc) == (5.0, 1.0, pytest.approx(4.0))


def test_a_structure_outside_has_an_empty_histogram():
    found = DVH(np.empty(0), np.empty(0), 2.0, 2.0).histogram
    assert found.edges_gy.size == found.cumulative_cc.size == found.cumulative_percent.size == 0


def test_a_dose_of_a_whole_number_of_bins_is_not_lost():
    found = DVH(np.array([1.0, 2.0]), np.array([0, 1.0]), 1.0, 0.0).histogram
    assert found.differential_cc.sum() == pytest.approx(1.0)
    assert found.edges_gy[-1] > 2.0
