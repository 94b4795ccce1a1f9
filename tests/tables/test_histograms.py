"""Files of histograms say their units."""

from __future__ import annotations

import csv

import numpy as np
import pytest

from rtvol.dvh import DVH
from rtvol.errors import OutputRefused
from rtvol.tables.histograms import write_csv, write_parquet

#: 4 cc spread evenly from 10.004 to 10.044 Gy, and 1 cc more of 5 outside the dose grid.
EVEN = DVH(np.linspace(10.004, 10.044, 401), np.linspace(0, 4, 401), 5.0, 1.0).histogram


def test_a_structure_outside_has_a_header_alone(tmp_path):
    write_csv(tmp_path / "none.csv", [({}, DVH(np.empty(0), np.empty(0), 2.0, 2.0).histogram)])
    assert len((tmp_path / "none.csv").read_text().splitlines()) == 1


def test_csv_holds_a_row_for_each_edge(tmp_path):
    path = tmp_path / "curve.csv"
    write_csv(path, [({}, EVEN)])
    with path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 1006
    row = rows[1001]
    assert row["dose_gy"] == "10.01"
    assert float(row["cumulative_cc"]) == pytest.approx(3.4)
    assert float(row["cumulative_percent"]) == pytest.approx(85)
    assert float(row["outside_cc"]) == 1
    with pytest.raises(OutputRefused):
        write_csv(path, [({}, EVEN)])
    write_csv(path, [({}, EVEN)], overwrite=True)


def test_parquet_says_the_unit_of_each_column(tmp_path):
    from pyarrow import parquet

    write_parquet(tmp_path / "one.parquet", [({}, EVEN)])
    table = parquet.read_table(tmp_path / "one.parquet")
    assert table.schema.metadata[b"schema"] == b"rtvol/dvh-curves@1"
    units = {field.name: field.metadata[b"unit"] for field in table.schema}
    assert units["dose_gy"] == b"Gy"
    assert units["cumulative_cc"] == b"cc"
    assert units["cumulative_percent"] == b"%"
    assert table.column("differential_cc").to_numpy().sum() == pytest.approx(4.0)
    named = [({"structure": name}, EVEN) for name in ("GTV", "=Liver")]
    write_parquet(tmp_path / "two.parquet", named)
    both = parquet.read_table(tmp_path / "two.parquet")
    assert both.num_rows == 2 * table.num_rows
    assert set(both.column("structure").to_pylist()) == {"GTV", "=Liver"}
