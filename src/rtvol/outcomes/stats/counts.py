"""Counts and two samples: exact limits of a proportion, tests of tables and ranks, many tests."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from rtvol.errors import UsageError
from rtvol.outcomes.stats.observations import check_level
from rtvol.outcomes.stats.results import Estimate, TestResult
from rtvol.outcomes.stats.tails import beta_quantile, normal_quantile

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike

    from rtvol.outcomes.stats.arrays import FloatArray, IntArray

#: Tables with more columns, or more rows than two, are left to chi-square.
FISHER_COLUMNS = 5
#: Fisher's test counts every table with the same margins; beyond this many it is not small.
FISHER_TABLES = 2_000_000
#: Probabilities this close count as equal (R's fisher.test has the same allowance).
SAME_PROBABILITY = 1e-7


def exact_interval(k: int, n: int, level: float = 0.95) -> Estimate:
    """Proportion k of n with Clopper-Pearson limits (Biometrika 1934;26:404).

    Not estimable for n = 0. `n_risk` is n, `n_events` is k.

    Raises
    ------
    UsageError
        `bad-counts` unless 0 <= k <= n are whole numbers; `bad-level`.
    """
    return _proportion(k, n, level, "exact")


def wilson_interval(k: int, n: int, level: float = 0.95) -> Estimate:
    """Proportion k of n with Wilson's score limits (1927), without continuity correction.

    As `exact_interval` otherwise.
    """
    return _proportion(k, n, level, "wilson")


def mann_whitney(a: ArrayLike, b: ArrayLike) -> TestResult:
    """Mann-Whitney test of two samples: normal, tie-corrected, with continuity correction.

    The statistic is U of the first sample.

    Raises
    ------
    UsageError
        `bad-counts` for an empty sample or one with values that are not finite.
    """
    from scipy.stats import mannwhitneyu

    first, second = np.asarray(a, dtype=np.float64), np.asarray(b, dtype=np.float64)
    for sample in (first, second):
        if sample.ndim != 1 or sample.size == 0 or not np.isfinite(sample).all():
            raise _bad_counts(f"a sample of shape {sample.shape}, or with values missing")
    if np.ptp(np.concatenate([first, second])) == 0.0:
        raise _bad_counts("all values are the same")
    found = mannwhitneyu(first, second, alternative="two-sided", method="asymptotic")
    n = first.size + second.size
    return TestResult(
        "Mann-Whitney (tie-corrected)", float(found.statistic), None, float(found.pvalue), n
    )


def fisher(table: ArrayLike) -> TestResult:
    """Fisher's exact test of a table of 2 x k counts (Freeman and Halton 1951 for k > 2).

    Two-sided: the probability of all tables with the same margins that are no more likely than
    the one seen.

    Raises
    ------
    UsageError
        `bad-counts` for a table that is not 2 x k, has an empty margin, or too many tables with
        the same margins (take `chi_square_table` then).
    """
    counts = _table(table)
    if counts.shape[0] != 2:
        counts = counts.T
    if counts.shape[0] != 2 or _tables_to_visit(counts) > FISHER_TABLES:
        raise _bad_counts(f"a table of {counts.shape} is not small")
    columns, first = counts.sum(axis=0), int(counts[0].sum())
    rests = np.indices([int(column) + 1 for column in columns[1:]]).reshape(columns.size - 1, -1)
    heads = first - rests.sum(axis=0)
    rests, heads = (
        np.compress((heads >= 0) & (heads <= columns[0]), part, axis=-1) for part in (rests, heads)
    )
    logs = _log_ways(np.vstack([heads, rests]), columns)
    weights = np.exp(logs - logs.max())
    own = float(_log_ways(counts[:1].T, columns)[0])
    as_likely = weights[logs <= own + SAME_PROBABILITY].sum()
    p = min(1.0, float(as_likely / weights.sum()))
    return TestResult("Fisher exact", None, None, p, int(counts.sum()))


def chi_square_table(table: ArrayLike) -> TestResult:
    """Pearson's chi-square test of a table of counts, without continuity correction.

    Raises
    ------
    UsageError
        `bad-counts` for a table with an empty margin.
    """
    from scipy.stats import chi2_contingency

    counts = _table(table)
    found = chi2_contingency(counts, correction=False)
    expected = np.asarray(found.expected_freq)
    note = "expected counts below 5" if expected.min() < 5.0 else ""
    return TestResult(
        "chi-square",
        float(found.statistic),
        int(found.dof),
        float(found.pvalue),
        int(counts.sum()),
        note=note,
    )


def compare_counts(table: ArrayLike) -> TestResult:
    """Fisher's exact test for small tables (2 x 5 at most), chi-square otherwise.

    The name of the result says which it was.
    """
    counts = _table(table)
    small = min(counts.shape) == 2 and max(counts.shape) <= FISHER_COLUMNS
    pair = counts if counts.shape[0] == 2 else counts.T
    if small and _tables_to_visit(pair) <= FISHER_TABLES:
        return fisher(counts)
    return chi_square_table(counts)


def holm(p_values: Sequence[float]) -> tuple[float, ...]:
    """Holm's step-down adjustment of p-values (1979), in the order given.

    Raises
    ------
    UsageError
        `bad-counts` for a p-value outside 0 to 1.
    """
    p = _p_values(p_values)
    order = np.argsort(p, kind="stable")
    stepped = np.maximum.accumulate((p.size - np.arange(p.size)) * p[order])
    adjusted = np.empty(p.size)
    adjusted[order] = np.minimum(stepped, 1.0)
    return tuple(float(value) for value in adjusted)


def benjamini_hochberg(p_values: Sequence[float]) -> tuple[float, ...]:
    """Benjamini and Hochberg's adjustment of p-values (1995), in the order given.

    Raises
    ------
    UsageError
        `bad-counts` for a p-value outside 0 to 1.
    """
    from scipy.stats import false_discovery_control

    return tuple(float(value) for value in false_discovery_control(_p_values(p_values)))


def _proportion(k: int, n: int, level: float, method: str) -> Estimate:
    check_level(level)
    if int(k) != k or int(n) != n or not 0 <= k <= n:
        raise _bad_counts(f"{k} of {n}")
    if n == 0:
        return Estimate(None, None, None, 0, 0, "nobody was assessed")
    lower, upper = _LIMITS[method](int(k), int(n), level)
    return Estimate(k / n, lower, upper, int(n), int(k))


def _clopper_pearson(k: int, n: int, level: float) -> tuple[float, float]:
    tail = (1.0 - level) / 2.0
    lower = beta_quantile(tail, k, n - k + 1) if k else 0.0
    return lower, 1.0 - beta_quantile(tail, n - k, k + 1) if k < n else 1.0


def _wilson(k: int, n: int, level: float) -> tuple[float, float]:
    z, share = normal_quantile(level), k / n
    reach = z * math.sqrt(share * (1.0 - share) / n + (z / n) ** 2 / 4.0)
    middle, size = share + z**2 / n / 2.0, 1.0 + z**2 / n
    return max(0.0, (middle - reach) / size), min(1.0, (middle + reach) / size)


_LIMITS = {"exact": _clopper_pearson, "wilson": _wilson}


def _table(table: ArrayLike) -> IntArray:
    counts = np.asarray(table)
    shaped = counts.ndim == 2 and min(counts.shape) >= 2
    if not shaped or counts.dtype.kind not in "iu" or (counts < 0).any():
        raise _bad_counts(f"a table of shape {counts.shape} and {counts.dtype}")
    if (counts.sum(axis=0) == 0).any() or (counts.sum(axis=1) == 0).any():
        raise _bad_counts("a row or column of the table is empty")
    return counts.astype(np.int64)


def _tables_to_visit(counts: IntArray) -> int:
    return math.prod(int(column) + 1 for column in counts.sum(axis=0)[1:])


def _log_ways(rows: IntArray, columns: IntArray) -> FloatArray:
    """Log of the number of ways (m,) to draw first rows (k, m) from the columns (k,)."""
    from scipy.special import gammaln

    of = columns[:, None]
    logs = gammaln(of + 1.0) - gammaln(rows + 1.0) - gammaln(of - rows + 1.0)
    return np.asarray(logs.sum(axis=0))


def _p_values(p_values: Sequence[float]) -> FloatArray:
    p = np.asarray(p_values, dtype=np.float64)
    if p.ndim != 1 or p.size == 0 or not ((p >= 0.0) & (p <= 1.0)).all():
        raise _bad_counts("p-values that do not lie between 0 and 1")
    return p


def _bad_counts(seen: str) -> UsageError:
    return UsageError(
        "bad-counts",
        seen=seen,
        mend="give whole counts, finite values, groups that are not empty",
    )
