"""The curves of a DVH run: one row per case, structure and dose; CSV or Parquet."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rtvol.tables.rows import safe_cell

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from rtvol.tables.rows import CaseResult


def write_curves(path: Path, results: Sequence[CaseResult], *, overwrite: bool = False) -> None:
    """Write the histogram of every row that carries one; the ending says how.

    Raises
    ------
    OutputRefused
        `output-exists` or `output-unwritable`.
    """
    from rtvol.tables.histograms import write_csv, write_parquet

    is_parquet = path.suffix.lower() == ".parquet"
    named = [
        (
            {
                "case": result.case if is_parquet else safe_cell(result.case),
                "structure": row.name if is_parquet else safe_cell(row.name),
                "solid": row.solid,
                "caps": row.caps,
                "dose": row.dose,
            },
            row.curve,
        )
        for result in results
        for row in result.structures
        if row.curve is not None
    ]
    write = write_parquet if is_parquet else write_csv
    write(path, named, overwrite=overwrite)
