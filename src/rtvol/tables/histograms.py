"""Histograms -> CSV and Parquet: one row per structure and dose, units said by the file itself."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

import numpy as np

from rtvol.files import new_file, write_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from rtvol.dvh.curve import Histogram

    #: What names a histogram (columns of text, the same for all), and the histogram.
    Named = tuple[Mapping[str, str], Histogram]

SCHEMA = "rtvol/dvh-curves@1"
#: Columns of numbers: unit, and what they hold.
COLUMNS = {
    "dose_gy": ("Gy", "lower edge of a bin of 0.01 Gy"),
    "differential_cc": ("cc", "volume in the bin that begins here"),
    "cumulative_cc": ("cc", "volume that receives at least this dose"),
    "cumulative_percent": ("%", "the same in % of the volume inside the dose grid"),
    "volume_cc": ("cc", "volume of the whole structure"),
    "outside_cc": ("cc", "volume outside the dose grid; in no bin"),
}


def columns_of(histogram: Histogram) -> dict[str, NDArray[np.float64]]:
    """Return the columns of one histogram, a row for each edge."""
    edges = histogram.edges_gy
    rows = np.ones(edges.size)
    return {
        "dose_gy": edges,
        "differential_cc": np.append(histogram.differential_cc, 0.0)[: edges.size],
        "cumulative_cc": histogram.cumulative_cc,
        "cumulative_percent": histogram.cumulative_percent,
        "volume_cc": histogram.volume_cc * rows,
        "outside_cc": histogram.outside_cc * rows,
    }


def write_csv(path: Path, named: Sequence[Named], *, overwrite: bool = False) -> None:
    """Write histograms as CSV (UTF-8, RFC 4180), all or nothing.

    Raises
    ------
    OutputRefused
        `output-exists` or `output-unwritable`.
    """
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer)
    writer.writerow([*_names(named), *COLUMNS])
    for names, histogram in named:
        columns = columns_of(histogram)
        for values in zip(*(column.tolist() for column in columns.values()), strict=True):
            # doses are whole cGy, volumes are given to a millionth of a cc
            dose, *volumes = values
            writer.writerow([*names.values(), f"{dose:.2f}", *(f"{v:.7g}" for v in volumes)])
    write_text(path, buffer.getvalue(), overwrite=overwrite)


def write_parquet(path: Path, named: Sequence[Named], *, overwrite: bool = False) -> None:
    """Write histograms as Parquet; the schema and its fields say their units.

    Raises
    ------
    OutputRefused
        `output-exists` or `output-unwritable`.
    """
    import pyarrow as pa
    from pyarrow import parquet

    from rtvol.version import __version__

    texts = [pa.field(name, pa.string(), metadata={"unit": ""}) for name in _names(named)]
    numbers = [
        pa.field(name, pa.float64(), nullable=False, metadata={"unit": unit, "about": about})
        for name, (unit, about) in COLUMNS.items()
    ]
    about = {"schema": SCHEMA, "rtvol": __version__}
    schema = pa.schema([*texts, *numbers], metadata=about)
    with (
        new_file(path, overwrite=overwrite) as temporary,
        parquet.ParquetWriter(temporary, schema) as writer,
    ):
        for names, histogram in named:
            columns = columns_of(histogram)
            count = columns["dose_gy"].size
            cells = {name: pa.array([text] * count, pa.string()) for name, text in names.items()}
            writer.write_table(pa.table({**cells, **columns}, schema=schema))


def _names(named: Iterable[Named]) -> list[str]:
    return list(dict.fromkeys(name for names, _ in named for name in names))
