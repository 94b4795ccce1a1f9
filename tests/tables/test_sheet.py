"""Cells that are safe, files that are refused, columns that are read back as they are."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rtvol.errors import OutputRefused, UsageError
from rtvol.tables.sheet import Column, Sheet, check_file, safe_cell, write_sheet, write_sheet_parts
from tables.sample_rows import HOSTILE

if TYPE_CHECKING:
    from pathlib import Path

SHEET: Sheet[tuple[Any, ...]] = Sheet(
    "things",
    "things@1",
    (
        Column("name", "text", "", "what it is called", lambda row: row[0]),
        Column("size_mm", "number", "mm", "how long", lambda row: row[1], ".2f"),
        Column("parts", "count", "", "how many", lambda row: row[2]),
        Column("whole", "flag", "", "whether", lambda row: row[3]),
    ),
)
ROWS = [[("=a", 1 / 3, 2, True)], [("b", None, None, False)]]


@given(st.text() | st.sampled_from(HOSTILE))
def test_no_cell_is_a_formula_or_breaks_the_row(text: str) -> None:
    cell = safe_cell(text)
    assert not cell.startswith(("=", "+", "-", "@", "\t", "\r"))
    assert len(cell.splitlines()) <= 1
    assert all(ord(char) >= 32 and ord(char) != 127 for char in cell)


@pytest.mark.parametrize("text", ["GTV 1", "Lebér 山", "PTV^clip", "", "a;b", "D95%[Gy]", "3 = x"])
def test_harmless_text_stays(text: str) -> None:
    assert safe_cell(text) == text


def test_csv_and_parquet_come_from_the_same_columns(tmp_path: Path) -> None:
    from pyarrow import parquet

    assert write_sheet(SHEET, ROWS, tmp_path / "a.csv") == 2
    assert write_sheet(SHEET, ROWS, tmp_path / "a.parquet") == 2
    with (tmp_path / "a.csv").open(encoding="utf-8", newline="") as stream:
        assert list(csv.reader(stream)) == [
            ["name", "size_mm", "parts", "whole"],
            ["'=a", "0.33", "2", "1"],
            ["b", "", "", "0"],
        ]
    table = parquet.read_table(tmp_path / "a.parquet")
    assert [tuple(row.values()) for row in table.to_pylist()] == [row for (row,) in ROWS]
    assert table.schema.metadata[b"schema"] == b"things@1"
    assert table.schema.field("size_mm").metadata == {b"unit": b"mm", b"about": b"how long"}


def test_parts_hold_the_rows_and_an_empty_table_its_columns(tmp_path: Path, monkeypatch) -> None:
    from pyarrow import parquet

    monkeypatch.setattr("rtvol.tables.sheet.ROWS_PER_PART", 1)
    assert write_sheet_parts(SHEET, ROWS, tmp_path / "two") == 2
    assert len(list((tmp_path / "two").iterdir())) == 2
    assert write_sheet_parts(SHEET, [], tmp_path / "none") == 0
    (only,) = (tmp_path / "none").iterdir()
    assert parquet.read_table(only).column_names == ["name", "size_mm", "parts", "whole"]
    with pytest.raises(OutputRefused, match="output-exists"):
        write_sheet_parts(SHEET, [], tmp_path / "none")
    assert write_sheet_parts(SHEET, ROWS, tmp_path / "none", overwrite=True) == 2
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputRefused, match="output-unwritable"):
        write_sheet_parts(SHEET, [], tmp_path / "file" / "none")


def test_an_output_file_is_refused_before_anything_is_read(tmp_path: Path) -> None:
    (tmp_path / "there.csv").write_text("")
    check_file(tmp_path / "new.parquet", overwrite=False)
    check_file(tmp_path / "there.csv", overwrite=True)
    for path, error, code in (
        (tmp_path / "a.xlsx", UsageError, "bad-file-name"),
        (tmp_path / "there.csv", OutputRefused, "output-exists"),
        (tmp_path / "no" / "a.csv", OutputRefused, "output-unwritable"),
    ):
        with pytest.raises(error, match=code):
            check_file(path, overwrite=False)
