"""Table 1 by group: each characteristic in two or more groups, with standardised differences."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import numpy as np

from rtvol.outcomes.factors import factor_of, word
from rtvol.outcomes.printing import count, fixed
from rtvol.outcomes.results import Cell, Remark, Row, Sheet
from rtvol.outcomes.stats import standardised_difference, standardised_difference_of_levels
from rtvol.outcomes.tables.baseline import lesion_block, patient_block
from rtvol.outcomes.tables.curves import least

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from rtvol.outcomes.cohort import Cohort
    from rtvol.outcomes.config import Analysis
    from rtvol.outcomes.endpoints import Unit
    from rtvol.outcomes.factors import Factor

NAME = "table1_groups"
#: Where groups are often called unlike.
UNLIKE = 0.1


class _Groups:
    """Lines and rows as they grow, a column for each group."""

    def __init__(self, by: dict[Unit, Factor]) -> None:
        self.by = by
        self.levels = by["patient"].levels
        self.lines: list[tuple[str | Cell, ...]] = []
        self.rows: list[Row] = []

    def head(self, text: str, unit: Unit) -> None:
        sizes = [int((self.by[unit].group == i).sum()) for i in range(len(self.levels))]
        cells = (Cell(f"n = {size}", size) for size in sizes)
        self.lines.append((text, "", *cells, ""))

    def codes(
        self,
        label: str,
        values: Sequence[str | None],
        unit: Unit,
        order: Sequence[str],
        of: Sequence[bool] | None = None,
    ) -> None:
        group = self.by[unit].group
        counts = [
            Counter(
                value
                for place, value in enumerate(values)
                if group[place] == i and value is not None and (of is None or of[place])
            )
            for i in range(len(self.levels))
        ]
        totals = [sum(found.values()) for found in counts]
        gap = self._gap(
            label, unit, lambda a, b: standardised_difference_of_levels(
                [counts[a][code] for code in order], [counts[b][code] for code in order]
            )
        )  # fmt: skip
        there = [code for code in order if any(found[code] for found in counts)]
        for index, code in enumerate(there):
            cells = [
                Cell(count(found[code], total) if total else "-", found[code] or None)
                for found, total in zip(counts, totals, strict=True)
            ]
            front = (label if index == 0 else "", word(code))
            self.lines.append((*front, *cells, gap if index == 0 else ""))
            self.rows += [
                Row(NAME, label, f"{level}: {word(code)}", unit, "count", float(found[code]),
                    n=total, method="count")
                for level, found, total in zip(self.levels, counts, totals, strict=True)
            ]  # fmt: skip

    def numbers(self, label: str, values: Sequence[float | None], unit: Unit, digits: int) -> None:
        group = self.by[unit].group
        parts = [
            np.array([v for place, v in enumerate(values) if group[place] == i and v is not None])
            for i in range(len(self.levels))
        ]
        if not any(part.size for part in parts):
            return
        gap = self._gap(label, unit, lambda a, b: standardised_difference(parts[a], parts[b]))
        cells = []
        for level, part in zip(self.levels, parts, strict=True):
            if not part.size:
                cells.append(Cell("-", None))
                continue
            middle, low, high = (float(q) for q in np.quantile(part, (0.5, 0.25, 0.75)))
            text = f"{fixed(middle, digits)} [{fixed(low, digits)}-{fixed(high, digits)}]"
            cells.append(Cell(text, int(part.size)))
            self.rows.append(
                Row(NAME, label, level, unit, "median [IQR]", middle, low, high, int(part.size),
                    method="median; limits are the quartiles")
            )  # fmt: skip
        self.lines.append((label, "median [IQR]", *cells, gap))

    def _gap(self, label: str, unit: Unit, between: Callable[[int, int], float | None]) -> str:
        """Largest standardised difference between two of the groups."""
        pairs = [(a, b) for b in range(len(self.levels)) for a in range(b)]
        found = [abs(gap) for a, b in pairs if (gap := between(a, b)) is not None]
        if not found:
            return "-"
        self.rows.append(
            Row(NAME, label, "", unit, "standardised difference", max(found),
                method="largest of any two groups" if len(pairs) > 1 else "absolute")
        )  # fmt: skip
        return fixed(max(found), 2)


def table1_groups(cohort: Cohort, analysis: Analysis) -> Sheet | None:
    """Lay characteristics out by the factor of the settings; None when none is asked for."""
    name = analysis.table1_by
    if name is None:
        return None
    units: tuple[Unit, Unit] = ("patient", "lesion")
    by = {unit: factor_of(cohort, name, unit, analysis) for unit in units}
    made = _Groups(by)
    made.head("Patients", "patient")
    patient_block(made, cohort, analysis)
    made.head("Lesions", "lesion")
    lesion_block(made, cohort, analysis)
    factor = by["patient"]
    left = int((factor.group < 0).sum())
    notes: list[str] = [
        (
            "SMD: standardised difference, absolute (Austin 2009; of several levels: Yang and "
            f"Dalton 2012). It does not depend on n; above {UNLIKE} groups are often called unlike."
        ),
        "n (%) of those known, or median [IQR]. No p-values: groups are described.",
    ]
    if left:
        notes.append(Remark(f"{left} patients of no group left out.", least([left])))
    header = ("", "", *(f"{factor.label}: {level}" for level in made.levels), "SMD")
    title = f"Table 1 by group: {factor.label.lower()}"
    return Sheet(NAME, title, header, tuple(made.lines), tuple(notes), tuple(made.rows))
