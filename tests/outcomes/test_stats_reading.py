"""What is read off curves, against values worked out by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest

from rtvol.outcomes import stats
from rtvol.outcomes.stats import Estimate


def test_median_is_the_first_time_below_one_half() -> None:
    curve = stats.kaplan_meier([1, 2, 3, 4, 5], [1, 1, 1, 1, 1])
    assert stats.median_time(curve).value == 3.0


def test_median_of_a_curve_that_stays_at_one_half_is_the_middle() -> None:
    curve = stats.kaplan_meier([1, 2, 4, 6], [1, 1, 1, 1])  # S = .75 .5 .25 0
    assert stats.median_time(curve).value == 3.0


def test_one_half_by_round_off_is_one_half() -> None:
    """2/3 times 3/4 is 0.5 or 0.5 + 1e-16, by the order of the rows."""
    curve = stats.kaplan_meier([1, 1, 1, 1, 2, 3, 8], [1, 1, 0, 0, 1, 1, 0])
    assert curve.survival[1] == pytest.approx(5 / 7 * 2 / 3)
    flat = stats.kaplan_meier([1, 2, 3, 3, 9, 9, 9, 9, 9], [0, 1, 1, 1, 0, 1, 1, 1, 1])
    assert stats.median_time(flat).value == 9.0
    third = stats.kaplan_meier([1, 2, 5, 7, 9, 9], [1, 1, 1, 1, 1, 1])
    assert stats.median_time(third).value == 6.0


def test_median_that_is_not_reached_says_so() -> None:
    found = stats.median_time(stats.kaplan_meier([1, 2, 3, 4], [1, 0, 0, 0]))
    assert found.value is None
    assert found.note.startswith("not reached")
    assert found.n_events == 1


def test_survival_past_follow_up_is_not_estimable_unless_nobody_is_left() -> None:
    censored = stats.kaplan_meier([1, 2, 3], [1, 1, 0])
    assert stats.survival_at(censored, 3).value == pytest.approx(1 / 3)
    beyond = stats.survival_at(censored, 3.01)
    assert beyond == Estimate(None, None, None, 0, 2, "beyond the last follow-up (3)")
    gone = stats.survival_at(stats.kaplan_meier([1, 2, 3], [1, 1, 1]), 12)
    assert (gone.value, gone.lower, gone.upper) == (0.0, None, None)


def test_survival_before_any_event_is_one_without_limits() -> None:
    found = stats.survival_at(stats.kaplan_meier([2, 3], [1, 0]), 1)
    assert found == Estimate(1.0, None, None, 2, 0, "no limits: no event so far")


def test_survival_before_anybody_entered_is_not_estimable() -> None:
    curve = stats.kaplan_meier([5, 6], [1, 0], entry=[2.0, 3.0])
    assert stats.survival_at(curve, 2).value is None
    assert stats.survival_at(curve, 2.5).n_risk == 1


def test_censored_at_an_event_was_at_risk_for_it() -> None:
    curve = stats.kaplan_meier([2, 2, 3], [1, 0, 0])
    assert curve.n_risk.tolist() == [3, 1]
    assert curve.survival[0] == pytest.approx(2 / 3)


def test_times_that_differ_by_round_off_are_one() -> None:
    curve = stats.kaplan_meier([0.1 + 0.2, 0.3, 1.0], [1, 1, 0])
    assert curve.time.tolist() == [0.3, 1.0]
    assert curve.n_event.tolist() == [2, 0]
    late = stats.kaplan_meier([0.3, 1.0], [1, 0], entry=[0.1 + 0.2, 0.0])
    assert late.n == 1


def test_few_at_risk_are_named() -> None:
    assert stats.survival_at(stats.kaplan_meier([1, 2, 3], [1, 1, 0]), 2).note == (
        "fewer than 10 at risk"
    )
    many = stats.kaplan_meier(np.arange(1, 31), [1] * 30)
    assert stats.survival_at(many, 5).note == ""


def test_restricted_mean_by_hand() -> None:
    curve = stats.kaplan_meier([1, 3], [1, 1])  # 1 until 1, 1/2 until 3
    found = stats.rmst(curve, 2)
    assert found.value == 1.5
    # A = 1/2 right of the event at 1: variance A^2 d / (n (n - d)) = 1/4 * 1/2
    assert found.upper - found.value == pytest.approx(1.959963984540054 * math.sqrt(1 / 8))
    assert stats.rmst(stats.kaplan_meier([1, 3], [1, 0]), 4).value is None


def test_incidence_by_hand() -> None:
    """Four rows: failure, death, failure, censored: 1/4, then 1/2 left over 2 rows."""
    curve = stats.cumulative_incidence([1, 2, 3, 4], [1, 2, 1, 0])
    assert curve.incidence.tolist() == [0.25, 0.25, 0.5, 0.5]
    assert curve.event_free.tolist() == pytest.approx([0.75, 0.5, 0.25, 0.25])
    assert curve.one_minus_km[2] == pytest.approx(1 - 0.75 * 0.5)
    assert stats.incidence_at(curve, 3.5).value == 0.5
    assert stats.incidence_at(curve, 5).note == "beyond the last follow-up (4)"
    none = stats.incidence_at(curve, 0.5)
    assert (none.value, none.lower, none.note) == (0.0, None, "no limits: no event so far")
    assert stats.incidence_at(stats.cumulative_incidence([1, 2], [1, 2]), 9).value == 0.5


def test_hazards_by_hand() -> None:
    early, late = stats.piecewise_hazard([1, 2, 6, 8], [1, 0, 1, 1], edges=[0, 4, 10])
    assert (early.events, early.exposure) == (1, 1 + 2 + 4 + 4)
    assert (late.events, late.exposure) == (2, 2 + 4)
    assert late.rate.value == pytest.approx(2 / 6)
    empty = stats.piecewise_hazard([1, 2], [1, 0], edges=[5, 6])[0].rate
    assert (empty.value, empty.note) == (None, "nobody at risk in this interval")
    entered = stats.piecewise_hazard([5, 6], [1, 1], edges=[0, 10], entry=[2, 4])[0]
    assert entered.exposure == 5


def test_rule_of_three_for_no_toxicity() -> None:
    """0 of n has the upper limit 1 - 0.025^(1/n), in closed form: 6.5 % of 55."""
    found = stats.exact_interval(0, 55)
    assert found.lower == 0.0
    assert found.upper == pytest.approx(1 - 0.025 ** (1 / 55), rel=1e-10)


def test_small_tables_take_fisher_and_others_chi_square() -> None:
    assert stats.compare_counts([[3, 1], [1, 3]]).name == "Fisher exact"
    assert stats.compare_counts([[3, 1], [1, 3]]).p == pytest.approx(34 / 70)
    big = stats.compare_counts([[9, 5, 8], [8, 9, 9], [9, 9, 7]])
    assert (big.name, big.df) == ("chi-square", 4)
    assert stats.chi_square_table([[1, 2], [3, 1]]).note == "expected counts below 5"


def test_logrank_by_hand() -> None:
    """Two rows each; expected by group 1: 1/2, 1/3; variance 1/4 + 2/9."""
    found = stats.logrank([1, 2, 3, 4], [1, 1, 0, 0], [0, 0, 1, 1])
    assert found.statistic == pytest.approx((1 / 2 + 2 / 3) ** 2 / (1 / 4 + 2 / 9))
    assert (found.name, found.df, found.n, found.n_events) == ("log-rank", 1, 4, 2)


def test_the_best_cut_comes_with_limits_that_repeat() -> None:
    random = np.random.default_rng(5)
    x = random.normal(60, 10, 60).round()
    time = random.exponential(np.where(x > 62, 3.0, 9.0))
    first = stats.optimal_cut(time, np.ones(60), x, bootstrap=40, seed=3)
    again = stats.optimal_cut(time, np.ones(60), x, bootstrap=40, seed=3)
    assert (first.cut_lower, first.cut_upper) == (again.cut_lower, again.cut_upper)
    assert first.cut_lower <= first.cut <= first.cut_upper
    assert first.n_bootstrap == 40
    assert first.corrected.p > first.naive.p
    assert first.corrected.note == "data-driven cut-point"


def test_scipy_is_loaded_at_first_use_only(fresh_python) -> None:
    code = (
        "import sys; from rtvol.outcomes import stats; before = 'scipy' in sys.modules;"
        "stats.kaplan_meier([1, 2], [1, 0]); print(before, 'scipy.special' in sys.modules,"
        "callable(stats.cox), [m for m in ('lifelines', 'pandas') if m in sys.modules])"
    )
    assert fresh_python(code).stdout.split() == ["False", "True", "True", "[]"]


@pytest.mark.parametrize("name", stats.__all__)
def test_each_public_name_is_there_and_documented(name: str) -> None:
    found = getattr(stats, name)
    assert not isinstance(found, type(stats))
    assert found.__doc__
