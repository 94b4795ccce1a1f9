"""What must hold for any survival data."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given, reject
from hypothesis import strategies as st

from rtvol.errors import UsageError
from rtvol.outcomes import stats

#: Whole days with many ties, as follow-up is recorded.
ROW = st.tuples(st.integers(0, 25), st.integers(0, 2), st.integers(0, 2), st.integers(0, 6))
ROWS = st.lists(ROW, min_size=2, max_size=40)


def columns(rows):
    """Time, cause, group and cluster."""
    return tuple(np.array(column) for column in zip(*rows, strict=True))


def with_groups(rows):
    """Columns of data in which a comparison has an answer."""
    time, cause, group, cluster = columns(rows)
    try:
        stats.logrank(time, cause > 0, group)
    except UsageError:
        reject()
    return time, (cause > 0).astype(int), group, cluster


@given(ROWS)
def test_survival_falls_from_one_within_its_limits(rows) -> None:
    time, cause, _, cluster = columns(rows)
    curve = stats.kaplan_meier(time, cause > 0, cluster=cluster)
    assert (np.diff(curve.survival, prepend=1.0) <= 0).all()
    assert (curve.survival >= 0).all()
    for lower, upper in (
        (curve.lower, curve.upper),
        (curve.lower_naive, curve.upper_naive),
    ):
        known = ~np.isnan(lower)
        assert (lower[known] <= curve.survival[known]).all()
        assert (curve.survival[known] <= upper[known]).all()
        assert ((lower[known] >= 0) & (upper[known] <= 1)).all()
    assert curve.n_risk[0] == len(rows)
    assert curve.n_event.sum() + curve.n_censored.sum() == len(rows)


@given(ROWS, st.randoms(use_true_random=False), st.sampled_from([0.5, 3.0, 1 / 30.4375]))
def test_order_of_rows_and_unit_of_time_do_not_matter(rows, random, unit) -> None:
    time, cause, _, cluster = columns(rows)
    curve = stats.kaplan_meier(time, cause > 0, cluster=cluster)
    random.shuffle(rows)
    time, cause, _, cluster = columns(rows)
    other = stats.kaplan_meier(time * unit, cause > 0, cluster=cluster)
    assert other.time == pytest.approx(curve.time * unit)
    assert other.survival == pytest.approx(curve.survival, abs=1e-12)
    assert other.se == pytest.approx(curve.se, abs=1e-12, nan_ok=True)


@given(ROWS)
def test_clusters_of_one_give_greenwood(rows) -> None:
    time, cause, _, _ = columns(rows)
    curve = stats.kaplan_meier(time, cause > 0, cluster=np.arange(len(rows)))
    assert curve.se == pytest.approx(curve.se_naive, rel=1e-9, nan_ok=True)


@given(ROWS)
def test_incidences_and_survival_sum_to_one_and_lie_below_one_minus_km(rows) -> None:
    time, cause, _, cluster = columns(rows)
    first, second = (
        stats.cumulative_incidence(time, cause, cause=k, cluster=cluster) for k in (1, 2)
    )
    km = stats.kaplan_meier(time, cause > 0)
    assert first.event_free == pytest.approx(km.survival, abs=1e-12)
    assert first.incidence + second.incidence + km.survival == pytest.approx(1.0, abs=1e-12)
    for curve in (first, second):
        assert (curve.one_minus_km >= curve.incidence - 1e-12).all()
        assert (np.diff(curve.incidence, prepend=0.0) >= 0).all()
        known = ~np.isnan(curve.lower)
        assert (curve.lower[known] <= curve.incidence[known] + 1e-12).all()
        assert (curve.incidence[known] <= curve.upper[known] + 1e-12).all()


@given(ROWS)
def test_without_competing_events_incidence_is_one_minus_km(rows) -> None:
    time, cause, _, cluster = columns(rows)
    curve = stats.cumulative_incidence(time, cause > 0, cluster=cluster)
    km = stats.kaplan_meier(time, cause > 0, cluster=cluster)
    assert curve.incidence == pytest.approx(1 - km.survival, abs=1e-12)
    assert curve.se == pytest.approx(km.se, rel=1e-9, nan_ok=True)


@given(ROWS)
def test_names_of_groups_do_not_matter_to_tests(rows) -> None:
    time, event, group, _ = with_groups(rows)
    first = stats.logrank(time, event, group)
    other = stats.logrank(time, event, np.array(["c", "a", "b"])[group])
    assert other.statistic == pytest.approx(first.statistic, rel=1e-8, abs=1e-10)
    assert 0 <= first.p <= 1
    try:
        gray = stats.gray(time, event, group)
    except UsageError:
        return
    again = stats.gray(time, event, np.array(["c", "a", "b"])[group])
    assert again.statistic == pytest.approx(gray.statistic, rel=1e-6, abs=1e-8)
    assert gray.statistic >= 0
    assert again.note == gray.note


@given(ROWS)
def test_one_stratum_is_none(rows) -> None:
    time, event, group, _ = with_groups(rows)
    whole = stats.logrank(time, event, group)
    one = stats.logrank(time, event, group, strata=["all"] * len(rows))
    assert one.statistic == pytest.approx(whole.statistic, rel=1e-12)


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 2)), min_size=4, max_size=30))
def test_logrank_is_the_score_test_of_cox_without_ties(rows) -> None:
    event = np.array([row[0] for row in rows], dtype=int)
    group = np.array([row[1] for row in rows])
    time = np.arange(len(rows)) + 1.0
    levels = np.unique(group)
    assume(levels.size > 1)
    design = (group[:, None] == levels[None, 1:]).astype(float)
    names = [f"level {level}" for level in levels[1:]]
    try:
        fit = stats.cox(time, event, design, names=names)
        test = stats.logrank(time, event, group)
    except UsageError:
        reject()
    assert fit.score.statistic == pytest.approx(test.statistic, rel=1e-8)


def cox_data(seed, n=30):
    """Draw data with ties, clusters and two covariates that have a maximum."""
    random = np.random.default_rng(seed)
    time = np.ceil(random.exponential(6, n))
    event = (random.uniform(size=n) < 0.8).astype(int)
    x = np.column_stack([random.normal(size=n), random.normal(size=n)])
    return time, event, x, random.integers(0, 12, n)


SEED = st.integers(0, 10_000)


@given(ROWS)
def test_a_cluster_that_repeats_its_rows_knows_no_more(rows) -> None:
    """Each row twice in its cluster: robust errors stay, naive ones shrink by the root of 2."""
    time, cause, _, cluster = columns(rows)
    km = stats.kaplan_meier(time, cause > 0, cluster=cluster)
    km_2 = stats.kaplan_meier(np.tile(time, 2), np.tile(cause > 0, 2), cluster=np.tile(cluster, 2))
    assert km_2.survival == pytest.approx(km.survival, abs=1e-12)
    assert km_2.se == pytest.approx(km.se, rel=1e-9, nan_ok=True)
    assert km_2.se_naive * np.sqrt(2) == pytest.approx(km.se_naive, rel=1e-9, nan_ok=True)
    cif = stats.cumulative_incidence(time, cause, cluster=cluster)
    cif_2 = stats.cumulative_incidence(
        np.tile(time, 2), np.tile(cause, 2), cluster=np.tile(cluster, 2)
    )
    assert cif_2.incidence == pytest.approx(cif.incidence, abs=1e-12)
    assert cif_2.se == pytest.approx(cif.se, rel=1e-9, nan_ok=True)


@given(SEED)
def test_hazard_ratios_follow_the_unit_of_the_covariate(seed) -> None:
    time, event, x, cluster = cox_data(seed)
    fit = stats.cox(time, event, x, names=["a", "b"], cluster=cluster)
    other = stats.cox(
        time * 7, event, x * [10.0, -1.0] + [3.0, 5.0], names=["a", "b"], cluster=cluster
    )
    assert other["a"].coef == pytest.approx(fit["a"].coef / 10, rel=1e-8, abs=1e-12)
    assert other["b"].coef == pytest.approx(-fit["b"].coef, rel=1e-8, abs=1e-12)
    assert other["a"].robust_se == pytest.approx(fit["a"].robust_se / 10, rel=1e-8)
    assert other["b"].lower == pytest.approx(1 / fit["b"].upper, rel=1e-8)
    ours, theirs = stats.ph_test(fit).overall, stats.ph_test(other).overall
    assert theirs.statistic == pytest.approx(ours.statistic, rel=1e-7)


@given(SEED)
def test_entry_at_the_origin_is_no_entry(seed) -> None:
    time, event, x, _ = cox_data(seed)
    zero = np.zeros(time.size)
    plain, late = (
        stats.cox(time, event, x, names=["a", "b"], entry=entry) for entry in (None, zero)
    )
    assert late.coef == pytest.approx(plain.coef, rel=1e-9, abs=1e-12)
    first = stats.kaplan_meier(time, event)
    assert stats.kaplan_meier(time, event, entry=zero).survival == pytest.approx(first.survival)


@given(SEED)
def test_splitting_follow_up_changes_nothing(seed) -> None:
    """A row cut in two at any time, (0, c] and (c, t], is the same patient."""
    time, event, x, _ = cox_data(seed)
    cut = np.where(time > 3, 3.0, 0.0)
    early = cut > 0
    entry = np.concatenate([cut, np.zeros(early.sum())])
    ends = np.concatenate([time, cut[early]])
    events = np.concatenate([event, np.zeros(early.sum(), dtype=int)])
    rows = np.concatenate([x, x[early]])
    cluster = np.concatenate([np.arange(time.size), np.flatnonzero(early)])
    whole = stats.cox(time, event, x, names=["a", "b"], cluster=np.arange(time.size))
    split = stats.cox(ends, events, rows, names=["a", "b"], entry=entry, cluster=cluster)
    assert split.coef == pytest.approx(whole.coef, rel=1e-8, abs=1e-10)
    assert split.robust_covariance == pytest.approx(whole.robust_covariance, rel=1e-7, abs=1e-12)
    km = stats.kaplan_meier(ends, events, entry=entry, cluster=cluster)
    plain = stats.kaplan_meier(time, event)
    at = np.isin(km.time, plain.time)
    assert km.survival[at] == pytest.approx(plain.survival, abs=1e-12)


@given(st.integers(0, 60), st.integers(1, 60))
def test_exact_limits_hold_the_proportion_and_mirror(k, n) -> None:
    k = min(k, n)
    found, mirror = stats.exact_interval(k, n), stats.exact_interval(n - k, n)
    assert found.lower <= found.value <= found.upper
    assert mirror.lower == pytest.approx(1 - found.upper, abs=1e-9)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=30))
def test_adjusted_p_values_are_never_smaller_and_keep_their_order(p) -> None:
    for adjust in (stats.holm, stats.benjamini_hochberg):
        adjusted = np.array(adjust(p))
        assert (adjusted >= np.array(p) - 1e-15).all()
        assert (adjusted <= 1).all()
        order = np.argsort(p, kind="stable")
        assert (np.diff(adjusted[order]) >= -1e-12).all()
    assert (np.array(stats.holm(p)) >= np.array(stats.benjamini_hochberg(p)) - 1e-12).all()
