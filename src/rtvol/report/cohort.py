"""A cohort as an overview shows it: cases, what is measured over them, and what stands apart."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from rtvol.names.plain import plain
from rtvol.names.tg263 import ORGANS, suggest
from rtvol.report.palette import NAMES
from rtvol.report.robust import UsualRange, spread_of
from rtvol.structures import target_kind

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from rtvol.tables.rows import CaseResult, StructureRow

#: Differences that nobody acts on, by unit: cc as a part of the volume.
RESOLUTIONS = {"cc": 0.02, "mm": 0.1, "Gy": 0.05, "cGy": 5.0, "%": 0.5}
#: Statistics of achieved margins that are looked at.
MARGINS = {"min": "least", "mean": "mean"}
#: Targets; of other structures volumes alone are looked at: their doses follow the target's place.
TARGETS = ("GTV", "ITV", "CTV", "PTV", "PTV^clip")


@dataclass(frozen=True)
class CohortCase:
    """One case of a cohort.

    Attributes
    ----------
    result
        What became of it.
    link
        Its page, relative to the overview; empty where it has none.
    prescription_gy
        What is prescribed; None where that is not known.
    """

    result: CaseResult
    link: str = ""
    prescription_gy: float | None = None


@dataclass(frozen=True, eq=False)
class Measure:
    """One quantity over a cohort.

    Attributes
    ----------
    group, quantity, unit
        Of which structures, what, in which unit.
    cases, structures, values
        Number of the case, name of the structure, and value: as many of each.
    spread
        What is usual.
    by_ratio
        Whether the values are looked at by ratio.
    """

    group: str
    quantity: str
    unit: str
    cases: NDArray[np.int32]
    structures: tuple[str, ...]
    values: NDArray[np.float64]
    spread: UsualRange
    by_ratio: bool

    @property
    def of_targets(self) -> bool:
        """Whether it is about targets."""
        return is_target_group(self.group)

    @property
    def kind(self) -> str:
        """What it is at bottom: D95% in Gy and in % of the prescription are one."""
        return self.quantity.removeprefix("least ").removeprefix("mean ").partition(" of the ")[0]

    @property
    def low(self) -> float | None:
        """Lower limit of what is usual; None where there is none above 0."""
        low = self.spread.low
        return low if math.isfinite(low) and (low > 0 or self.values.min() < 0) else None

    @property
    def high(self) -> float | None:
        """Upper limit of what is usual; None where there is none."""
        return self.spread.high if math.isfinite(self.spread.high) else None


def is_target_group(group: str) -> bool:
    """Whether structures of a group are targets."""
    return group.split(" ", maxsplit=1)[0] in TARGETS


def group_of(row: StructureRow) -> str:
    """Return what a structure is over a cohort: its role; `PTV (drawn)`; else its TG-263 name."""
    return group_named(row.role, row.name)


def group_named(role: str, name: str) -> str:
    """Return the same of a role and a name."""
    return NAMES.get(role) or named_group(name)


@cache
def named_group(name: str) -> str:
    """Return what a name means over a cohort: spellings that mean one TG-263 organ are one."""
    kind = target_kind(name)
    if kind and not _is_canonical(name):
        return f"{kind} (drawn)"
    return suggest(name) or name.strip()


@cache
def _is_canonical(name: str) -> bool:
    return plain(name) in {plain(one) for one in ORGANS}


def measures_of(cases: Sequence[CohortCase]) -> list[Measure]:
    """Return all quantities that two cases or more have: targets first, most cases first."""
    found: dict[tuple[str, str, str], list[tuple[int, str, float]]] = defaultdict(list)
    spelled: dict[str, Counter[str]] = defaultdict(Counter)
    for number, case in enumerate(cases):
        for row in case.result.structures:
            group = group_of(row)
            key = group if group in NAMES.values() else plain(group)
            spelled[key][group] += 1
            for quantity, unit, value in _quantities(row, case.prescription_gy):
                found[key, quantity, unit].append((number, row.name, value))
    measures = [
        _measure(spelled[key].most_common(1)[0][0], quantity, unit, rows)
        for (key, quantity, unit), rows in found.items()
        if len({number for number, _, _ in rows}) > 1
    ]
    return sorted(measures, key=_order)


def _order(measure: Measure) -> tuple[bool, int, int, str, str]:
    first = measure.group.split(" ")[0]
    rank = TARGETS.index(first) if measure.of_targets else 0
    kinds = ("volume", "least achieved margin", "mean achieved margin", "lost to organs")
    kind = kinds.index(measure.quantity) if measure.quantity in kinds else len(kinds)
    return (not measure.of_targets, kind, rank, measure.group.casefold(), measure.quantity)


def _quantities(
    row: StructureRow, prescription_gy: float | None
) -> Iterator[tuple[str, str, float]]:
    """Yield what is known of a structure: quantity, unit, value. What is not known is left out."""
    if row.volume.cc is not None:
        yield "volume", "cc", row.volume.cc
    for statistic, word in MARGINS.items():
        if statistic in row.achieved_mm:
            yield f"{word} achieved margin", "mm", row.achieved_mm[statistic]
    for key, value in row.metrics.items():
        if value is None or not is_target_group(group_of(row)):
            continue
        unit = key.rpartition("[")[2].removesuffix("]") if key.endswith("]") else ""
        yield key.partition("[")[0], unit, value
        if key == "D95%[Gy]" and prescription_gy:
            yield "D95% of the prescription", "%", 100 * value / prescription_gy


def _measure(
    group: str, quantity: str, unit: str, rows: Sequence[tuple[int, str, float]]
) -> Measure:
    values = np.array([value for _, _, value in rows], np.float64)
    by_ratio = unit == "cc" and quantity == "volume"
    resolution = RESOLUTIONS.get(unit, 0.02)
    if unit == "cc" and not by_ratio:
        resolution = 0.1
    return Measure(
        group,
        quantity,
        unit,
        np.array([number for number, _, _ in rows], np.int32),
        tuple(name for _, name, _ in rows),
        values,
        spread_of(values, resolution=resolution, by_ratio=by_ratio),
        by_ratio,
    )
