"""Times, events, entries, clusters and labels, checked before anything is computed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from rtvol.errors import Finding, UsageError
from rtvol.outcomes.stats.arrays import lock

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from rtvol.outcomes.stats.arrays import FloatArray, IntArray

#: Times closer than this part of their mean size are one time: 0.1 + 0.2 ties with 0.3. It is the
#: tolerance of R's survival (aeqSurv), so that both see the same ties.
SAME_TIME = 1.5e-8


@dataclass(frozen=True, eq=False)
class Observations:
    """Rows of one analysis, valid once they exist.

    Attributes
    ----------
    time
        Exit of each row, >= 0.
    status
        0 censored, 1 event; for competing risks the code of the cause.
    entry
        Start of observation; -inf where rows are observed from the origin. At risk at t when
        entry < t <= time.
    cluster
        Number of the cluster of each row; None when rows are independent.
    kept
        Which of the rows that were given are here (a mask of the length given).
    findings
        Rows left out.
    """

    time: FloatArray
    status: IntArray
    entry: FloatArray
    cluster: IntArray | None
    kept: NDArray[np.bool_]
    findings: tuple[Finding, ...] = ()

    def __post_init__(self) -> None:
        for array in vars(self).values():
            if isinstance(array, np.ndarray):
                lock(array)

    @property
    def n(self) -> int:
        """Rows."""
        return self.time.size

    @property
    def n_clusters(self) -> int | None:
        """Clusters; None when rows are independent."""
        return None if self.cluster is None else int(self.cluster.max()) + 1

    @property
    def delayed(self) -> bool:
        """Whether any row enters after the origin."""
        return bool(np.isfinite(self.entry).any())

    def by_cluster(self, values: FloatArray) -> FloatArray:
        """Sum the rows (n, ...) of each cluster; the rows themselves when they are independent."""
        if self.cluster is None or self.n_clusters is None:
            return values
        columns = values.reshape(self.n, -1).T
        sums = [np.bincount(self.cluster, column, self.n_clusters) for column in columns]
        return np.array(sums, np.float64).T.reshape(self.n_clusters, *values.shape[1:])

    def at_risk(self, times: FloatArray) -> IntArray:
        """Rows at risk at each of the times: entry < t <= exit."""
        leave = np.searchsorted(np.sort(self.time), times, side="left")
        enter = np.searchsorted(np.sort(self.entry), times, side="left")
        return np.asarray(enter - leave, dtype=np.int64)


def observe(
    time: ArrayLike,
    event: ArrayLike,
    *,
    entry: ArrayLike | None = None,
    cluster: ArrayLike | None = None,
    causes: bool = False,
) -> Observations:
    """Check rows of survival data.

    Parameters
    ----------
    time
        Time from the origin to event or censoring, in any unit, >= 0.
    event
        1 or True for an event, 0 or False for censored. With `causes`, whole numbers >= 0.
    entry
        Start of observation of each row, in the same unit; rows that do not enter before their
        exit are left out with a finding.
    cluster
        A label per row, e.g. the patient of each lesion.
    causes
        Whether `event` holds codes of competing causes.

    Raises
    ------
    UsageError
        `bad-times`, `bad-events`, `lengths-differ`, `missing-label`, `no-observations`.
    """
    times = _numbers(time, "bad-times", "time")
    status = _status(event, causes=causes)
    _same_length(times, event=status)
    if times.size == 0:
        raise UsageError("no-observations", seen="no rows", mend="give at least one row")
    if (times < 0).any():
        raise _bad_row("bad-times", "time", times, times < 0, "is before the origin")
    entries = np.full(times.shape, -np.inf)
    if entry is not None:
        entries = _numbers(entry, "bad-times", "entry")
        _same_length(times, entry=entries)
    times, entries = _join_ties(times, entries)
    kept = entries < times
    numbers = None
    if cluster is not None:
        _same_length(times, cluster=np.asarray(cluster))
        numbers = number_labels(np.asarray(cluster)[kept], "cluster")[1] if kept.any() else None
    if not kept.any():
        raise UsageError(
            "no-observations",
            seen=f"all {times.size} rows enter at or after their exit",
            mend="check entry and exit: same origin, same unit",
        )
    return Observations(
        times[kept], status[kept], entries[kept], numbers, kept, _left_out(times, entries)
    )


def number_labels(labels: ArrayLike, what: str) -> tuple[list[Any], IntArray]:
    """Give each distinct label a number, in sorted order.

    Returns
    -------
    levels, numbers
        The distinct labels, sorted (by value for numbers, by text otherwise), and for each row
        the index of its label.

    Raises
    ------
    UsageError
        `missing-label` when a label is None, NaN or empty.
    """
    given = np.asarray(labels)
    items = given.tolist()
    for row, label in enumerate(items):
        if label is None or label == "" or label != label:  # noqa: PLR0124 - NaN is not itself
            raise UsageError(
                "missing-label",
                where=f"{what}, row {row}",
                seen=f"{label!r} is not a label",
                mend="leave out the rows whose group or cluster is not known",
            )
    distinct = set(items)
    numeric = all(isinstance(label, bool | int | float) for label in distinct)
    levels = sorted(distinct) if numeric else sorted(distinct, key=str)
    number = {label: index for index, label in enumerate(levels)}
    return levels, np.array([number[label] for label in items], dtype=np.int64)


def kept_labels(labels: ArrayLike, sample: Observations, what: str) -> tuple[list[Any], IntArray]:
    """Give numbers to the labels of the rows that were kept."""
    given = np.asarray(labels)
    _same_length(sample.kept, **{what: given})
    return number_labels(given[sample.kept], what)


def check_level(level: float) -> float:
    """Return a confidence level between 0 and 1; UsageError `bad-level` otherwise."""
    if not 0 < level < 1:
        raise UsageError(
            "bad-level", seen=f"{level!r} is no confidence level", mend="0.95 means 95 %"
        )
    return float(level)


def check_horizon(horizon: float) -> float:
    """Return a time to read a curve at; UsageError `bad-times` otherwise."""
    if not (np.isfinite(horizon) and horizon >= 0):
        raise UsageError(
            "bad-times", seen=f"{horizon!r} is no horizon", mend="give a finite time >= 0"
        )
    return float(horizon)


def require_events(sample: Observations) -> None:
    """UsageError `no-events` when nothing happened: a test or a model then has no answer."""
    if not sample.status.any():
        raise UsageError(
            "no-events",
            seen=f"none of {sample.n} rows has an event",
            mend="report the counts; there is nothing to test or fit",
        )


def _numbers(values: ArrayLike, code: str, what: str) -> FloatArray:
    """Finite numbers in one dimension, as a fresh array."""
    given = np.asarray(values)
    if given.dtype.kind not in "iuf" or given.ndim != 1:
        raise UsageError(
            code,
            where=what,
            seen=f"an array of {given.dtype} with {given.ndim} dimensions",
            mend="give one number per row",
        )
    numbers = np.array(given, dtype=np.float64)
    if not np.isfinite(numbers).all():
        raise _bad_row(code, what, numbers, ~np.isfinite(numbers), "is not a number")
    return numbers


def _status(event: ArrayLike, *, causes: bool) -> IntArray:
    """Events as whole numbers."""
    given = np.asarray(event)
    if given.dtype.kind == "b":
        given = given.astype(np.int64)
    numbers = _numbers(given, "bad-events", "event")
    allowed = (numbers >= 0) & (numbers == np.floor(numbers))
    if not causes:
        allowed &= numbers <= 1
    if not allowed.all():
        rule = "is no code of a cause (0, 1, 2, ...)" if causes else "is neither 0 nor 1"
        raise _bad_row("bad-events", "event", numbers, ~allowed, rule)
    return numbers.astype(np.int64)


def _bad_row(
    code: str, what: str, values: FloatArray, bad: NDArray[np.bool_], rule: str
) -> UsageError:
    """Error that names the first bad row and how many there are."""
    row = int(np.flatnonzero(bad)[0])
    more = int(bad.sum()) - 1
    return UsageError(
        code,
        where=f"{what}, row {row}" + (f" and {more} more" if more else ""),
        seen=f"{values[row]:g} {rule}",
        mend="correct the rows, or leave them out and say so",
    )


def _same_length(rows: NDArray[Any], **others: NDArray[Any]) -> None:
    """UsageError `lengths-differ` unless each has one entry per row."""
    for name, other in others.items():
        if other.ndim != 1 or other.shape != rows.shape:
            raise UsageError(
                "lengths-differ",
                where=name,
                seen=f"shape {other.shape} beside {rows.size} rows",
                mend="give one value per row",
            )


def _join_ties(times: FloatArray, entries: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Make times that differ by round-off only the same number: the smallest of each run."""
    real = np.isfinite(entries)
    distinct = np.unique(np.concatenate([times, entries[real]]))
    size = float(np.mean(np.abs(distinct)))
    if size == 0.0:
        return times, entries
    starts = np.concatenate([[True], np.diff(distinct) > SAME_TIME * size])
    joined = distinct[starts][np.cumsum(starts) - 1]
    entries = entries.copy()
    entries[real] = joined[np.searchsorted(distinct, entries[real])]
    return joined[np.searchsorted(distinct, times)], entries


def _left_out(times: FloatArray, entries: FloatArray) -> tuple[Finding, ...]:
    """Report rows that never were at risk."""
    out = int((entries >= times).sum())
    if out == 0:
        return ()
    return (
        Finding(
            "entry-not-before-exit",
            seen=f"{out} of {times.size} rows enter at or after their exit and are left out",
            mend="check that both count from the same origin in the same unit",
        ),
    )
