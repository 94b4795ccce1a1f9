"""Errors collected by metric and system, and the tables made of them (Markdown)."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from dvh_cases import NELMS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

#: Rows of the table, and the goals of issue 4: mean and greatest |error| (%; VxGy in points).
GOALS: dict[str, tuple[float, float]] = {
    "volume": (0.05, 0.15),
    **{f"D{p}%": (0.1, 1.0) for p in (99, 98, 95, 50, 5, 2, 1)},
    "D0.03cc": (0.1, 1.0),
    "Dmean": (0.02, 0.1),
    "Dmin": (0.1, 0.5),
    "Dmax": (0.1, 0.5),
    "VxGy": (0.02, 0.3),
}
#: Doses this near are right, whatever that is in % of a low dose.
SAME_GY = 0.05
#: Structures below this are left out of the row VxGy, cc.
LEAST_CC = 1.0


@dataclass(frozen=True)
class Error:
    """One value of one system: error in % (VxGy: points), in its own unit, and of which case."""

    percent: float
    amount: float
    case: str


@dataclass
class Errors:
    """All errors of one system."""

    rows: dict[str, list[Error]] = field(default_factory=lambda: defaultdict(list))
    nelms: list[float] = field(default_factory=list)

    def note(
        self, found: Mapping[str, float], true: Mapping[str, float], case: str, *, nelms: bool
    ) -> None:
        """Enter the values of one case beside the true ones."""
        for name, truth in true.items():
            if name not in found:
                continue
            off = found[name] - truth
            if name.startswith("V at"):
                if true["volume"] >= LEAST_CC:
                    self.rows["VxGy"].append(Error(off, off, case))
                continue
            error = Error(100 * off / truth, off, case)
            self.rows[name].append(error)
            if nelms and name in NELMS:
                self.nelms.append(abs(error.percent))

    def cell(self, row: str) -> str:
        """Mean and greatest |error| of a row."""
        found = np.abs([error.percent for error in self.rows[row]])
        return f"{_short(found.mean())} / {_short(found.max())}" if found.size else "-"

    def worst(self, row: str) -> Error:
        """Return the error farthest from 0."""
        return max(self.rows[row], key=lambda error: abs(error.percent))

    def share_above(self, percent: float) -> str:
        """Share of the Nelms values off by more, %."""
        if not self.nelms:
            return "-"
        off = sum(value > percent for value in self.nelms)
        return f"{off} of {len(self.nelms)} ({100 * off / len(self.nelms):.1f} %)"


def _short(value: float) -> str:
    if value >= 10:
        return f"{value:.0f}"
    return f"{value:.1f}" if value >= 1 else f"{value:.2f}" if value >= 0.1 else f"{value:.3f}"


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Markdown table."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in lines)


def verdict(errors: Errors, row: str, goal: tuple[float, float]) -> str:
    """Whether a row keeps its goals; doses within 0.05 Gy pass as maximum."""
    if not errors.rows[row]:
        return "-"
    percent = np.abs([error.percent for error in errors.rows[row]])
    amount = np.abs([error.amount for error in errors.rows[row]])
    slack = (amount <= SAME_GY) & (row not in {"volume", "VxGy"})
    far = percent[~slack].max(initial=0.0)
    return "met" if percent.mean() <= goal[0] and far <= goal[1] else "**missed**"


def linear_table(systems: Mapping[str, Errors]) -> str:
    """Mean / greatest |error| per metric and system, with the goals and rtvol's verdict."""
    ours = systems["rtvol"]
    head = ["metric", "goal", *systems, "rtvol's goal"]
    rows = []
    for row, goal in GOALS.items():
        cells = [errors.cell(row) for errors in systems.values()]
        rows.append([row, f"{goal[0]:g} / {goal[1]:g}", *cells, verdict(ours, row, goal)])
    for limit in (3, 1):
        shares = [errors.share_above(limit) for errors in systems.values()]
        allowed = 0.0 if limit == 3 else 2.0
        off = 100 * np.mean([value > limit for value in ours.nelms]) if ours.nelms else 0.0
        kept = "met" if off <= allowed else "**missed**"
        goal = "none" if limit == 3 else "2 in 100"
        rows.append([f"Nelms values off by > {limit} %", goal, *shares, kept])
    return table(head, rows)


def worst_table(errors: Errors) -> str:
    """Where rtvol is farthest off, per metric."""
    rows = []
    for row in GOALS:
        if errors.rows[row] and errors.worst(row).amount != 0:
            worst = errors.worst(row)
            unit = {"volume": "cc", "VxGy": "points"}.get(row, "Gy")
            rows.append([row, f"{worst.percent:+.3f}", f"{worst.amount:+.4f} {unit}", worst.case])
    return table(["metric", "error, %", "error", "case"], rows)


def curved_table(systems: Mapping[str, Errors], goal: tuple[float, float], judged: str) -> str:
    """Mean / greatest |error| per metric, and whether the judged system keeps the goal."""
    rows = []
    for row in list(GOALS)[1:]:  # the volume knows no dose
        cells = [errors.cell(row) for errors in systems.values()]
        kept = verdict(systems[judged], row, goal) if judged in systems else "-"
        rows.append([row, f"{goal[0]:g} / {goal[1]:g}", *cells, kept])
    return table(["metric", "goal", *systems, f"{judged}'s goal"], rows)
