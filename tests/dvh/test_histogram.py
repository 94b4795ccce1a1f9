"""The histogram: bins of 1 cGy to the true maximum, views of it, and files that say their units."""

from __future__ import annotations

import csv

import numpy as np
import pytest

from rtvol.dvh import DVH
from rtvol.dvh.export import write_parquet
from rtvol.errors import OutputRefused

#: 4 cc spread evenly from 10.004 to 10.044 Gy, and 1 cc more of 5 outside the dose grid.
DOSES = np.linspace(10.004, 10.044, 401)
EVEN = DVH(DOSES, np.linspace(0, 4, 401), 5.0, 1.0)


def test_bins_are_differential_and_views_follow():
    found = EVEN.histogram
    assert found.edges_gy[-1] == pytest.approx(10.05)
    assert found.differential_cc[:1000].sum() == 0
    assert found.differential_cc[1000:] == pytest.approx([0.6, 1.0, 1.0, 1.0, 0.4])
    assert found.cumulative_cc[0] == pytest.approx(4.0)
    assert found.cumulative_cc[1000:] == pytest.approx([4, 3.4, 2.4, 1.4, 0.4, 0])
    assert found.cumulative_percent[1001] == pytest.approx(85.0)
    assert (found.volume_cc, found.outside_cc, found.inside_cc) == (5.0, 1.0, pytest.approx(4.0))


def test_a_structure_outside_has_an_empty_histogram(tmp_path):
    found = DVH(np.empty(0), np.empty(0), 2.0, 2.0).histogram
    assert found.edges_gy.size == found.cumulative_cc.size == found.cumulative_percent.size == 0
    found.to_csv(tmp_path / "none.csv")
    assert len((tmp_path / "none.csv").read_text().splitlines()) == 1


def test_a_dose_of_a_whole_number_of_bins_is_not_lost():
    found = DVH(np.array([1.0, 2.0]), np.array([0, 1.0]), 1.0, 0.0).histogram
    assert found.differential_cc.sum() == pytest.approx(1.0)
    assert found.edges_gy[-1] > 2.0


def test_csv_holds_a_row_for_each_edge(tmp_path):
    path = tmp_path / "curve.csv"
    EVEN.histogram.to_csv(path)
    with path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 1006
    row = rows[1001]
    assert row["dose_gy"] == "10.01"
    assert float(row["cumulative_cc"]) == pytest.approx(3.4)
    assert float(row["cumulative_percent"]) == pytest.approx(85)
    assert float(row["outside_cc"]) == 1
    with pytest.raises(OutputRefused):
        EVEN.histogram.to_csv(path)
    EVEN.histogram.to_csv(path, overwrite=True)


def test_parquet_says_the_unit_of_each_column(tmp_path):
    from pyarrow import parquet

    EVEN.histogram.to_parquet(tmp_path / "one.parquet")
    table = parquet.read_table(tmp_path / "one.parquet")
    assert table.schema.metadata[b"schema"] == b"rtvol/dvh-curves@1"
    units = {field.name: field.metadata[b"unit"] for field in table.schema}
    assert units["dose_gy"] == b"Gy"
    assert units["cumulative_cc"] == b"cc"
    assert units["cumulative_percent"] == b"%"
    assert table.column("differential_cc").to_numpy().sum() == pytest.approx(4.0)
    named = [({"structure": name}, EVEN.histogram) for name in ("GTV", "=Liver")]
    write_parquet(tmp_path / "two.parquet", named)
    both = parquet.read_table(tmp_path / "two.parquet")
    assert both.num_rows == 2 * table.num_rows
    assert set(both.column("structure").to_pylist()) == {"GTV", "=Liver"}
