"""What the statistics refuse, and what they say instead of a number."""

from __future__ import annotations

import math

import numpy as np
import pytest

from rtvol.errors import UsageError
from rtvol.outcomes import stats

T = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]
E = [1, 0, 1, 1, 0, 1]
G = [0, 0, 0, 1, 1, 1]


def code_of(call) -> str:
    with pytest.raises(UsageError) as refused:
        call()
    assert refused.value.finding.seen
    assert refused.value.finding.mend
    return refused.value.finding.code


@pytest.mark.parametrize(
    ("time", "event", "code"),
    [
        ([1.0, math.nan], [1, 0], "bad-times"),
        ([1.0, math.inf], [1, 0], "bad-times"),
        ([1.0, -0.5], [1, 0], "bad-times"),
        (["1", "2"], [1, 0], "bad-times"),
        ([[1.0, 2.0]], [1, 0], "bad-times"),
        ([1.0, 2.0], [1, 2], "bad-events"),
        ([1.0, 2.0], [1, math.nan], "bad-events"),
        ([1.0, 2.0], [1, 0.5], "bad-events"),
        ([1.0, 2.0], ["yes", "no"], "bad-events"),
        ([1.0, 2.0], [1], "lengths-differ"),
    ],
)
@pytest.mark.parametrize("ask", [stats.kaplan_meier, stats.reverse_km])
def test_bad_rows_are_refused(ask, time, event, code) -> None:
    assert code_of(lambda: ask(time, event)) == code


def test_no_rows_are_refused() -> None:
    assert code_of(lambda: stats.kaplan_meier(np.array([]), np.array([]))) == "no-observations"


def test_bad_row_is_named() -> None:
    with pytest.raises(UsageError) as refused:
        stats.kaplan_meier([1.0, -2.0, -3.0], [1, 1, 1])
    assert refused.value.finding.where == "time, row 1 and 1 more"


@pytest.mark.parametrize(
    "cluster", [["a", None, *"bcde"], ["a", "", *"bcde"], [1, math.nan, 2, 3, 4, 5]]
)
def test_missing_cluster_is_refused(cluster) -> None:
    assert code_of(lambda: stats.kaplan_meier(T, E, cluster=cluster)) == "missing-label"


@pytest.mark.parametrize("level", [0.0, 1.0, 95])
def test_bad_level_is_refused(level) -> None:
    assert code_of(lambda: stats.kaplan_meier(T, E, level=level)) == "bad-level"
    assert code_of(lambda: stats.exact_interval(1, 2, level)) == "bad-level"


def test_late_entries_are_left_out_with_a_finding() -> None:
    curve = stats.kaplan_meier(T, E, entry=[0, 2.0, 0, 5, 0, 0])
    assert [f.code for f in curve.findings] == ["entry-not-before-exit"]
    assert "2 of 6" in curve.findings[0].seen
    assert curve.n == 4
    test = stats.logrank(T, E, G, entry=[0, 2.0, 0, 5, 0, 0])
    assert test.findings == curve.findings
    assert code_of(lambda: stats.kaplan_meier(T, E, entry=T)) == "no-observations"


def test_a_truncated_curve_that_ends_early_says_so() -> None:
    curve = stats.kaplan_meier([1.0, 5.0, 6.0], [1, 1, 0], entry=[0.0, 2.0, 2.0])
    assert curve.survival[0] == 0.0
    assert [f.code for f in curve.findings] == ["curve-ends-early"]
    assert code_of(lambda: stats.rmst(curve, 3)) == "delayed-entry"


def test_nothing_to_compare_is_refused() -> None:
    assert code_of(lambda: stats.logrank(T, E, [1] * 6)) == "one-group"
    assert code_of(lambda: stats.logrank(T, [0] * 6, G)) == "no-events"
    assert code_of(lambda: stats.logrank([1, 1, 1, 5, 5, 5], [0, 0, 0, 1, 1, 1], G)) == "no-events"
    assert code_of(lambda: stats.logrank(T, E, [*"aabbcc"], trend=True)) == "unordered-groups"
    assert code_of(lambda: stats.gray(T, E, [1] * 6)) == "one-group"
    assert code_of(lambda: stats.gray(T, E, G, cause=2)) == "no-events"
    assert code_of(lambda: stats.gray([0, 1, 1, 1], [1] * 4, [1, 0, 0, 1])) == "too-few-rows"
    times, groups = [2, 2, 2, 5, 2, 5, 10, 8, 10, 10, 7, 7], [0] * 6 + [1, 1] + [2] * 4
    assert code_of(lambda: stats.gray(times, [1] * 12, groups)) == "too-few-rows"
    early = stats.gray(
        [0, 0, 1, 2], [1] * 4, [1, 1, 0, 0]
    )  # one group ends, then the other goes on
    late = stats.gray([0, 0, 1, 1], [1, 1, 1, 0], [1, 1, 0, 0])
    assert early.statistic == pytest.approx(late.statistic)
    assert code_of(lambda: stats.cumulative_incidence(T, E, cause=0)) == "bad-events"


@pytest.mark.parametrize(
    ("x", "names"),
    [
        ([1.0, 2, 3, 4, 5, math.nan], ["x"]),
        ([1.0] * 6, ["x"]),
        (["a"] * 6, ["x"]),
        (np.column_stack([G, [1 - g for g in G]]), ["a", "b"]),
        (np.column_stack([G, T]), ["a", "a"]),
        (np.column_stack([G, T]), ["a"]),
    ],
)
@pytest.mark.parametrize("fit", [stats.cox, stats.firth_cox, stats.cox_or_firth])
def test_bad_covariates_are_refused(fit, x, names) -> None:
    assert code_of(lambda: fit(T, E, x, names=names)) == "bad-covariates"


@pytest.mark.parametrize("fit", [stats.cox, stats.firth_cox, stats.cox_or_firth])
def test_a_model_without_events_is_refused(fit) -> None:
    assert code_of(lambda: fit(T, [0] * 6, G, names=["g"])) == "no-events"


LONG = np.arange(1.0, 41.0)
SIDE = (np.arange(40) % 2).astype(float)


def test_separated_events_get_no_hazard_ratio_but_firth_does() -> None:
    event = np.where(SIDE == 1, 1, 0)
    assert code_of(lambda: stats.cox(LONG, event, SIDE, names=["side"])) == "no-finite-maximum"
    fit = stats.cox_or_firth(LONG, event, SIDE, names=["side"], cluster=LONG)
    assert fit.method == "Firth Cox (Breslow)"
    assert "a level of side has no event" in fit.note
    assert "independent" in fit.note
    term = fit["side"]
    assert 1 < term.lower < term.hr < term.upper < math.inf
    assert code_of(lambda: stats.ph_test(fit)) == "bad-model"


def test_a_factor_whose_reference_has_no_event_is_fitted_by_firth() -> None:
    """No single column shows it: both dummies have events on both sides."""
    level = np.arange(40) % 3
    event = (level > 0).astype(int)
    x = np.column_stack([level == 1, level == 2]).astype(float)
    assert code_of(lambda: stats.cox(LONG, event, x, names=["1", "2"])) == "no-finite-maximum"
    fit = stats.cox_or_firth(LONG, event, x, names=["1", "2"])
    assert "grows without end" in fit.note


def test_few_events_are_a_finding_and_make_firth() -> None:
    event = np.zeros(40, dtype=int)
    event[[3, 8, 20, 31]] = 1
    fit = stats.cox(LONG, event, SIDE, names=["side"])
    assert [f.code for f in fit.findings] == ["few-events"]
    assert stats.cox_or_firth(LONG, event, SIDE, names=["side"]).note == (
        "Firth: 4 events for 1 coefficients"
    )


def test_enough_events_make_a_plain_fit() -> None:
    fit = stats.cox_or_firth(LONG, np.ones(40), SIDE, names=["side"])
    assert (fit.method, fit.note, fit.findings) == ("Cox (Efron)", "", ())
    with pytest.raises(KeyError):
        fit["other"]


def test_one_cluster_has_no_spread() -> None:
    curve = stats.kaplan_meier(T, E, cluster=["a"] * 6)
    assert np.isnan(curve.lower).all()
    assert not np.isnan(curve.lower_naive).all()
    found = stats.survival_at(curve, 3)
    assert (found.lower, found.note) == (None, "no limits: clusters do not differ")
    call = lambda: stats.cox(LONG, np.ones(40), SIDE, names=["s"], cluster=["a"] * 40)  # noqa: E731
    assert code_of(call) == "few-clusters"


def test_proportionality_needs_times_that_differ() -> None:
    fit = stats.cox([2.0] * 6 + [3.0] * 6, [1] * 6 + [0] * 6, [0, 1, 2, 0, 1, 1] * 2, names=["x"])
    assert code_of(lambda: stats.ph_test(fit)) == "no-events"


@pytest.mark.parametrize("horizon", [-1, math.nan, math.inf])
def test_bad_horizon_is_refused(horizon) -> None:
    curve = stats.kaplan_meier(T, E)
    for read in (stats.survival_at, stats.rmst):
        assert code_of(lambda read=read: read(curve, horizon)) == "bad-times"
    cif = stats.cumulative_incidence(T, E)
    assert code_of(lambda: stats.incidence_at(cif, horizon)) == "bad-times"


def test_counts_that_cannot_be_are_refused() -> None:
    assert code_of(lambda: stats.exact_interval(3, 2)) == "bad-counts"
    assert code_of(lambda: stats.wilson_interval(-1, 2)) == "bad-counts"
    assert code_of(lambda: stats.fisher([[1, 2], [0, 0]])) == "bad-counts"
    assert code_of(lambda: stats.fisher([[1.5, 2], [1, 1]])) == "bad-counts"
    assert code_of(lambda: stats.fisher(np.ones((3, 3), dtype=int))) == "bad-counts"
    assert code_of(lambda: stats.mann_whitney([], [1])) == "bad-counts"
    assert code_of(lambda: stats.mann_whitney([1, 1], [1])) == "bad-counts"
    assert code_of(lambda: stats.holm([0.1, 1.1])) == "bad-counts"
    assert code_of(lambda: stats.benjamini_hochberg([math.nan])) == "bad-counts"
    assert stats.exact_interval(0, 0).value is None


def test_a_cut_needs_values_on_both_sides() -> None:
    assert code_of(lambda: stats.optimal_cut(T, E, [1] * 6)) == "no-cut"
    assert code_of(lambda: stats.optimal_cut(T, E, [1, 2, math.nan, 4, 5, 6])) == "bad-covariates"
    assert code_of(lambda: stats.optimal_cut(T, E, T, smallest=0.5)) == "bad-level"
    assert code_of(lambda: stats.piecewise_hazard(T, E, edges=[0, 3, 3])) == "bad-times"
