"""The table of curves: one row per bin of 1 cGy of each structure's histogram."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from rtvol.tables.sheet import CASE, Column, InCase, Sheet

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rtvol.dvh.curve import Histogram
    from rtvol.tables.rows import CaseResult, DosePart


@dataclass(frozen=True)
class CurveRow:
    """One edge of a histogram.

    Attributes
    ----------
    structure, dose
        Whose histogram, and what the doses are.
    values
        Numbers, by the names of the columns.
    """

    structure: str
    dose: DosePart
    values: dict[str, float]


AtEdge = InCase[CurveRow]


def _number(name: str, unit: str, about: str, form: str = ".7g") -> Column[AtEdge]:
    return Column(name, "number", unit, about, lambda at: at.row.values[name], form)


CURVES: Sheet[AtEdge] = Sheet(
    "curves",
    "rtvol/dvh-curves@1",
    (
        CASE,
        Column("structure", "text", "", "name, or the expression", lambda at: at.row.structure),
        Column("solid", "text", "", "slab or loft", lambda at: at.row.dose.solid),
        Column("caps", "text", "", "ends of the solid", lambda at: at.row.dose.caps),
        Column("interpolation", "text", "", "of the dose", lambda at: at.row.dose.interpolation),
        Column("dose", "text", "", "physical, BED or EQD2", lambda at: at.row.dose.axis),
        # doses are whole cGy, volumes are given to a millionth of a cc
        _number("dose_gy", "Gy", "lower edge of a bin of 0.01 Gy", ".2f"),
        _number("differential_cc", "cc", "volume in the bin that begins here"),
        _number("cumulative_cc", "cc", "volume that receives at least this dose"),
        _number("cumulative_percent", "%", "the same in % of the volume inside the dose grid"),
        _number("volume_cc", "cc", "volume of the whole structure"),
        _number("outside_cc", "cc", "volume outside the dose grid; in no bin"),
    ),
)


def curves_in(result: CaseResult) -> Iterator[AtEdge]:
    """Yield the edges of the histogram of every structure of a case that carries one."""
    for row in result.structures:
        if row.dose is not None and row.dose.curve is not None:
            for values in _edges(row.dose.curve):
                yield InCase(result.case, result.status, "", CurveRow(row.name, row.dose, values))


def _edges(curve: Histogram) -> Iterator[dict[str, float]]:
    edges = curve.edges_gy
    columns = {
        "dose_gy": edges,
        "differential_cc": np.append(curve.differential_cc, 0.0)[: edges.size],
        "cumulative_cc": curve.cumulative_cc,
        "cumulative_percent": curve.cumulative_percent,
        "volume_cc": np.full(edges.size, curve.volume_cc),
        "outside_cc": np.full(edges.size, curve.outside_cc),
    }
    for values in zip(*(column.tolist() for column in columns.values()), strict=True):
        yield dict(zip(columns, values, strict=True))
