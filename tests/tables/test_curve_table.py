"""Files of histograms say their units."""

from __future__ import annotations

import csv

import numpy as np
import pytest

from rtvol.dvh import DVH
from rtvol.errors import OutputRefused
from rtvol.tables.curve_table import CURVES, curves_in
from rtvol.tables.rows import CaseResult, DosePart, StructureRow, VolumePart
from rtvol.tables.sheet import write_blocks

#: 4 cc spread evenly from 10.004 to 10.044 Gy, and 1 cc more of 5 outside the dose grid.
EVEN = DVH(np.linspace(10.004, 10.044, 401), np.linspace(0, 4, 401), 5.0, 1.0).histogram


def write(path, *named, overwrite=False):
    """Write histograms by the names of their structures, as one case."""
    rows = [
        StructureRow(
            name,
            "roi",
            "",
            VolumePart(5.0, "slab", 3),
            DosePart("slab", "half", "linear", "physical", {}, curve=curve),
        )
        for name, curve in named
    ]
    result = CaseResult.of("case", [], structures=rows)
    return write_blocks(CURVES, curves_in(result), path, overwrite=overwrite)


def test_a_structure_outside_has_a_header_alone(tmp_path):
    write(tmp_path / "none.csv", ("a", DVH(np.empty(0), np.empty(0), 2.0, 2.0).histogram))
    assert len((tmp_path / "none.csv").read_text().splitlines()) == 1


def test_csv_holds_a_row_for_each_edge(tmp_path):
    path = tmp_path / "curve.csv"
    write(path, ("a", EVEN))
    with path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 1006
    row = rows[1001]
    assert row["dose_gy"] == "10.01"
    assert float(row["cumulative_cc"]) == pytest.approx(3.4)
    assert float(row["cumulative_percent"]) == pytest.approx(85)
    assert float(row["outside_cc"]) == 1
    with pytest.raises(OutputRefused):
        write(path, ("a", EVEN))
    write(path, ("a", EVEN), overwrite=True)


def test_parquet_says_the_unit_of_each_column(tmp_path):
    from pyarrow import parquet

    write(tmp_path / "one.parquet", ("a", EVEN))
    table = parquet.read_table(tmp_path / "one.parquet")
    assert table.schema.metadata[b"schema"] == b"rtvol/dvh-curves@1"
    units = {field.name: field.metadata[b"unit"] for field in table.schema}
    assert units["dose_gy"] == b"Gy"
    assert units["cumulative_cc"] == b"cc"
    assert units["cumulative_percent"] == b"%"
    assert table.column("differential_cc").to_numpy().sum() == pytest.approx(4.0)
    write(tmp_path / "two.parquet", ("GTV", EVEN), ("=Liver", EVEN))
    both = parquet.read_table(tmp_path / "two.parquet")
    assert both.num_rows == 2 * table.num_rows
    assert set(both.column("structure").to_pylist()) == {"GTV", "=Liver"}


def test_structures_without_a_curve_have_no_rows():
    part = DosePart("slab", "half", "linear", "physical", {})
    rows = [
        StructureRow("a", "roi", "", VolumePart(1.0, "slab", 3)),
        StructureRow("b", "roi", "", VolumePart(1.0, "slab", 3), part),
    ]
    assert list(curves_in(CaseResult.of("case", [], structures=rows))) == []
