"""Tails and quantiles against scipy.stats, and the limits of proportions against its own."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats as peer

from rtvol.outcomes.stats import exact_interval, tails, wilson_interval


@given(st.floats(0, 30), st.integers(1, 40))
def test_tails_are_those_of_scipy_stats(x: float, df: int) -> None:
    assert tails.normal_tail(x) == pytest.approx(peer.norm.sf(x), rel=1e-12)
    assert tails.normal_p(-x) == pytest.approx(2 * peer.norm.sf(x), rel=1e-12)
    assert tails.chi2_tail(x, df) == pytest.approx(peer.chi2.sf(x, df), rel=1e-12)
    assert tails.t_p(-x, df) == pytest.approx(2 * peer.t.sf(x, df), rel=1e-9)


@given(st.floats(0.5, 0.9999), st.integers(1, 40))
def test_quantiles_are_those_of_scipy_stats(level: float, df: int) -> None:
    tail = (1 - level) / 2
    assert tails.normal_quantile(level) == pytest.approx(peer.norm.isf(tail), rel=1e-9)
    assert tails.t_quantile(level, df) == pytest.approx(peer.t.isf(tail, df), rel=1e-9)
    assert tails.chi2_quantile(tail, df) == pytest.approx(peer.chi2.isf(tail, df), rel=1e-9)


@given(st.integers(1, 3000), st.floats(0, 1), st.sampled_from([0.8, 0.95, 0.99]))
def test_limits_of_a_proportion_are_those_of_scipy_stats(
    n: int, share: float, level: float
) -> None:
    k = round(share * n)
    for ours, method in ((exact_interval, "exact"), (wilson_interval, "wilson")):
        found = ours(k, n, level)
        theirs = peer.binomtest(k, n).proportion_ci(level, method=method)
        assert found.lower == pytest.approx(theirs.low, abs=1e-9)
        assert found.upper == pytest.approx(theirs.high, abs=1e-9)
