"""Survival statistics against plain twins: exact fractions, explicit sets, numeric derivatives."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.stats import chi2, norm

from naive import survival as plain
from rtvol.outcomes import stats

SEEDS = [1, 2, 3]


def rows_of(time, status, entry=None):
    entry = [-math.inf] * len(time) if entry is None else entry
    return [(float(e), float(t), int(s)) for e, t, s in zip(entry, time, status, strict=True)]


def draw(seed, n=18, *, causes=2, delayed=False):
    """Small samples with ties, clusters and two covariates."""
    random = np.random.default_rng(seed)
    entry = random.integers(0, 4, n).astype(float) if delayed else None
    time = random.integers(1, 9, n).astype(float) + (entry if delayed else 0)
    status = random.integers(0, causes, n)
    status[:2] = 1
    x = np.column_stack([random.integers(0, 2, n), random.normal(size=n).round(2)])
    return time, status, entry, x, random.integers(0, n // 2, n)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("delayed", [False, True])
def test_survival_is_that_of_exact_fractions(seed: int, delayed: bool) -> None:
    time, status, entry, _, _ = draw(seed, delayed=delayed)
    rows = rows_of(time, status, entry)
    curve = stats.kaplan_meier(time, status, entry=entry)
    for t, s, n in zip(curve.time, curve.survival, curve.n_risk, strict=True):
        assert s == pytest.approx(float(plain.survival(rows, t)), abs=1e-14)
        assert n == len(plain.at_risk(rows, t))


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("delayed", [False, True])
def test_cluster_errors_are_the_jackknife_by_definition(seed: int, delayed: bool) -> None:
    time, status, entry, _, cluster = draw(seed, delayed=delayed)
    rows = rows_of(time, status, entry)
    curve = stats.kaplan_meier(time, status, entry=entry, cluster=cluster)
    for j in np.flatnonzero((curve.survival > 0) & (curve.survival < 1)):
        t = curve.time[j]
        se = plain.jackknife(lambda w, t=t: plain.survival(rows, t, w), rows, cluster)
        assert curve.se[j] == pytest.approx(se, rel=1e-9)
        width = math.exp(norm.isf(0.025) * se / (curve.survival[j] * math.log(curve.survival[j])))
        limits = sorted([curve.survival[j] ** width, curve.survival[j] ** (1 / width)])
        assert [curve.lower[j], curve.upper[j]] == pytest.approx(limits, rel=1e-9)


@pytest.mark.parametrize("seed", SEEDS)
def test_restricted_mean_is_the_area_and_its_error_the_jackknife(seed: int) -> None:
    time, status, _, _, cluster = draw(seed)
    rows, horizon = rows_of(time, status), 6.5
    found = stats.rmst(stats.kaplan_meier(time, status, cluster=cluster), horizon)
    se = plain.jackknife(lambda w: plain.restricted_mean(rows, horizon, w), rows, cluster)
    assert found.value == pytest.approx(float(plain.restricted_mean(rows, horizon)), rel=1e-12)
    assert found.upper - found.value == pytest.approx(norm.isf(0.025) * se, rel=1e-9)


@pytest.mark.parametrize("seed", SEEDS)
def test_incidence_and_its_errors_are_those_of_exact_fractions(seed: int) -> None:
    time, status, _, _, cluster = draw(seed, causes=3)
    rows = rows_of(time, status)
    curve = stats.cumulative_incidence(time, status, cause=2, cluster=cluster)
    single = range(len(rows))
    for j, t in enumerate(curve.time):
        assert curve.incidence[j] == pytest.approx(float(plain.incidence(rows, t, 2)), abs=1e-14)
        for se, groups in ((curve.se[j], cluster), (curve.se_naive[j], single)):
            truth = plain.jackknife(lambda w, t=t: plain.incidence(rows, t, 2, w), rows, groups)
            assert np.nan_to_num(se) == pytest.approx(truth, rel=1e-8, abs=1e-12)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("delayed", [False, True])
def test_logrank_is_that_of_the_tables(seed: int, delayed: bool) -> None:
    time, status, entry, x, _ = draw(seed, delayed=delayed)
    found = stats.logrank(time, status, x[:, 0], entry=entry)
    truth = plain.logrank_two_groups(rows_of(time, status, entry), x[:, 0].astype(int).tolist())
    assert found.statistic == pytest.approx(truth, rel=1e-12)
    assert found.p == pytest.approx(chi2.sf(truth, 1), rel=1e-10)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("delayed", [False, True])
def test_cox_is_the_maximum_of_the_plain_likelihood(seed: int, delayed: bool) -> None:
    time, status, entry, x, _ = draw(seed, n=24, delayed=delayed)
    rows = rows_of(time, status, entry)
    fit = stats.cox(time, status, x, names=["a", "b"], entry=entry)

    def value(coef):
        return plain.partial_likelihood(rows, plain.linear(x, coef))

    assert plain.gradient(value, list(fit.coef)) == pytest.approx([0.0, 0.0], abs=1e-7)
    information = -np.array(plain.hessian(value, list(fit.coef)))
    assert fit.covariance == pytest.approx(np.linalg.inv(information), rel=1e-5)
    rise = value([0.0, 0.0])
    assert fit.likelihood_ratio.statistic == pytest.approx(2 * (value(fit.coef) - rise), rel=1e-9)


@pytest.mark.parametrize("seed", SEEDS)
def test_robust_errors_come_from_derivatives_in_the_weights(seed: int) -> None:
    time, status, _, x, cluster = draw(seed, n=16)
    rows = rows_of(time, status)
    fit = stats.cox(time, status, x, names=["a", "b"], cluster=cluster)
    by_row = np.array(plain.score_by_row(rows, x, fit.coef)) @ fit.covariance
    by_cluster = np.array([by_row[cluster == c].sum(axis=0) for c in np.unique(cluster)])
    assert fit.robust_covariance == pytest.approx(by_cluster.T @ by_cluster, rel=1e-4, abs=1e-9)


@pytest.mark.parametrize("seed", SEEDS)
def test_proportionality_is_the_score_test_of_the_larger_model(seed: int) -> None:
    time, status, _, x, _ = draw(seed, n=24)
    rows = rows_of(time, status)
    fit = stats.cox(time, status, x, names=["a", "b"])
    events = plain.event_times(rows)
    clock = {
        t: 1.0 - float(plain.survival(rows, events[j - 1])) if j else 0.0
        for j, t in enumerate(events)
    }

    def value(theta):
        def predictor(i, t):
            fixed = theta[0] * x[i, 0] + theta[1] * x[i, 1]
            return fixed + clock[t] * (theta[2] * x[i, 0] + theta[3] * x[i, 1])

        return plain.partial_likelihood(rows, predictor)

    at = [*fit.coef, 0.0, 0.0]
    score = np.array(plain.gradient(value, at))
    information = -np.array(plain.hessian(value, at))
    found = stats.ph_test(fit)
    truth = score @ np.linalg.solve(information, score)
    assert found.overall.statistic == pytest.approx(truth, rel=1e-5)
    first = [0, 1, 2]
    part = score[first] @ np.linalg.solve(information[np.ix_(first, first)], score[first])
    assert found.terms["a"].statistic == pytest.approx(part, rel=1e-5)


@pytest.mark.parametrize("seed", SEEDS)
def test_firth_limits_lie_where_the_plain_profile_has_come_down(seed: int) -> None:
    time, status, _, x, _ = draw(seed, n=20)
    x = x[:, 0]
    status = np.where(x == 1, 0, status)  # no event at all where x is 1
    rows = rows_of(time, status)
    fit = stats.firth_cox(time, status, x, names=["a"])

    def penalised(b):
        def value(coef):
            return plain.partial_likelihood(rows, plain.linear(x[:, None], coef), ties="breslow")

        return value([b]) + math.log(-plain.hessian(value, [b])[0][0]) / 2

    term = fit["a"]
    top = penalised(term.coef)
    for near in (-0.01, 0.01):
        assert penalised(term.coef + near) < top
    drop = chi2.isf(0.05, 1) / 2
    for limit in (term.lower, term.upper):
        assert top - penalised(math.log(limit)) == pytest.approx(drop, abs=1e-4)
    assert term.statistic == pytest.approx(2 * (top - penalised(0.0)), abs=1e-4)
    assert term.p == pytest.approx(chi2.sf(term.statistic, 1), rel=1e-10)
    assert fit.log_likelihood == pytest.approx(top, abs=1e-5)
