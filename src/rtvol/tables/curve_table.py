"""The table of curves: one row per bin of 1 cGy of each structure's histogram."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from rtvol.tables.sheet import CASE, Column, Sheet

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    from rtvol.dvh.curve import Histogram
    from rtvol.tables.rows import CaseResult, DosePart


@dataclass(frozen=True)
class CurveBlock:
    """The edges of one histogram, a row for each.

    Attributes
    ----------
    case, structure, dose
        Whose histogram, and what the doses are.
    curve
        The histogram.
    """

    case: str
    structure: str
    dose: DosePart
    curve: Histogram

    def __len__(self) -> int:
        return self.curve.edges_gy.size


def _number(
    name: str,
    unit: str,
    about: str,
    get: Callable[[Histogram], NDArray[np.float64] | float],
    form: str = ".7g",
) -> Column[CurveBlock]:
    return Column(name, "number", unit, about, lambda block: get(block.curve), form)


CURVES: Sheet[CurveBlock] = Sheet(
    "curves",
    "rtvol/dvh-curves@1",
    (
        Column(CASE.name, CASE.kind, CASE.unit, CASE.about, lambda block: block.case),
        Column("structure", "text", "", "name, or the expression", lambda block: block.structure),
        Column("solid", "text", "", "slab or loft", lambda block: block.dose.solid),
        Column("caps", "text", "", "ends of the solid", lambda block: block.dose.caps),
        Column("interpolation", "text", "", "of the dose", lambda block: block.dose.interpolation),
        Column("dose", "text", "", "physical, BED or EQD2", lambda block: block.dose.axis),
        # doses are whole cGy, volumes are given to a millionth of a cc
        _number("dose_gy", "Gy", "lower edge of a bin of 0.01 Gy", lambda c: c.edges_gy, ".2f"),
        _number(
            "differential_cc",
            "cc",
            "volume in the bin that begins here",
            lambda c: np.append(c.differential_cc, 0.0)[: c.edges_gy.size],
        ),
        _number(
            "cumulative_cc", "cc", "volume that receives at least this dose",
            lambda c: c.cumulative_cc,
        ),
        _number(
            "cumulative_percent", "%", "the same in % of the volume inside the dose grid",
            lambda c: c.cumulative_percent,
        ),
        _number("volume_cc", "cc", "volume of the whole structure", lambda c: c.volume_cc),
        _number(
            "outside_cc", "cc", "volume outside the dose grid; in no bin", lambda c: c.outside_cc
        ),
    ),
)  # fmt: skip


def curves_in(result: CaseResult) -> Iterator[CurveBlock]:
    """Yield the histogram of every structure of a case that carries one."""
    for row in result.structures:
        if row.dose is not None and row.dose.curve is not None:
            yield CurveBlock(result.case, row.name, row.dose, row.dose.curve)
