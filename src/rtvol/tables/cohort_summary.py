"""A cohort compared: median and quartiles of each number, structure by structure."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from rtvol.tables.pairs_table import figures_of, tolerances_in

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rtvol.tables.pairs_table import ComparedCase


@dataclass(frozen=True)
class Summary:
    """One number of one pair over the cases that have it.

    Attributes
    ----------
    a, b, figure
        The pair, and the number's name.
    cases
        How many cases have it.
    median, q1, q3, least, greatest
        Median, first and third quartile (linear between values), and the ends.
    """

    a: str
    b: str
    figure: str
    cases: int
    median: float
    q1: float
    q3: float
    least: float
    greatest: float


def summaries(cases: Sequence[ComparedCase]) -> tuple[Summary, ...]:
    """Sum up a cohort: for each pair of names, in the order they first come, each number."""
    figures = figures_of(tolerances_in(cases))
    found = defaultdict(list)
    for case in cases:
        for row in case.pairs:
            if row.agreement is not None:
                found[row.a, row.b].append(row.agreement)
    rows = []
    for (a, b), agreements in found.items():
        for figure in figures:
            values = np.array([figure.get(one) for one in agreements])
            least, q1, median, q3, greatest = np.quantile(values, (0, 0.25, 0.5, 0.75, 1)).tolist()
            rows.append(
                Summary(a, b, figure.name, len(agreements), median, q1, q3, least, greatest)
            )
    return tuple(rows)
