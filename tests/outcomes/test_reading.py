"""Files as people send them: marks, delimiters, Parquet, dates, aliases; text stays text."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

import pyarrow as pa
import pytest
from pyarrow import parquet

from naive.odd_cohorts import with_dates
from rtvol.errors import InputError
from rtvol.outcomes import Cohort, CohortRejected

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Draft


def codes(folder: Path) -> set[str]:
    with pytest.raises(CohortRejected) as caught:
        Cohort.read(folder)
    return {p.code for p in caught.value.problems if p.severity == "error"}


def test_dates_give_the_same_cohort_as_days(draft: Draft, small: Cohort) -> None:
    dated = with_dates(draft).read()
    assert dated.patients == small.patients
    assert dated.lesions == small.lesions
    assert dated.toxicity == small.toxicity


def test_dates_beside_days_are_refused(draft: Draft) -> None:
    draft.rename("patients", "death_day", "death_date").column(
        "patients", "death_date", lambda _: "2011-05-05"
    )
    assert "mixed-time" in codes(draft.write())


def test_a_date_that_is_not_iso_is_refused(draft: Draft) -> None:
    with_dates(draft).set("patients", 0, dx_date="01/03/2010").set(
        "patients", 1, dx_date="2010-02-30"
    )
    with pytest.raises(CohortRejected) as caught:
        draft.read()
    bad = [p for p in caught.value.problems if p.code == "not-iso-date"]
    assert [p.place.row for p in bad] == [2, 3]


def test_a_byte_order_mark_is_no_part_of_the_first_name(draft: Draft, small: Cohort) -> None:
    folder = draft.write()
    for path in folder.glob("*.csv"):
        path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    assert Cohort.read(folder).patients == small.patients


def test_line_ends_and_empty_lines_do_not_matter_and_rows_keep_their_numbers(draft: Draft) -> None:
    draft.set("lesions", 1, ptv_ml="x")
    folder = draft.write()
    path = folder / "lesions.csv"
    lines = path.read_text().splitlines()
    path.write_bytes("\r\n".join([lines[0], "", ",,,,,,,,,", *lines[1:]]).encode())
    with pytest.raises(CohortRejected) as caught:
        Cohort.read(folder)
    assert [p.place.row for p in caught.value.problems if p.code == "not-a-number"] == [5]


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"patient_id;sex\nP01;M\n", "wrong-delimiter"),
        (b"patient_id\tsex\nP01\tM\n", "wrong-delimiter"),
        (b'"patient_id";"sex"\n"P01";"1,5"\n', "wrong-delimiter"),
        ("patient_id,sex\nP01,männlich\n".encode("latin-1"), "not-utf8"),
        ("patient_id,sex\n".encode("utf-16"), "not-utf8"),
        (b"patient_id,sex\nP01,M,60\n", "ragged-row"),
        (b'patient_id,sex\nP01,"M\nP02,F\n', "bad-quotes"),
        (b'patient_id,sex\nP01,"M"x\n', "bad-quotes"),
        (b'patient_id,sex\nP01,M\n"', "bad-quotes"),
        (b'patient_id,sex\nP01,"M\nP02,F\nP03,M"\nP04,F\n', "bad-quotes"),
        (b'patient_id,sex,x\nP01,"M,1\nP02,F",2\n', "bad-quotes"),
        (b"patient_id,sex\nP01," + b"M" * 200_000, "bad-quotes"),
        (b"patient_id,sex,sex\nP01,M,M\n", "duplicate-column"),
        (b"patient_id,sex\n", "no-rows"),
        (b"", "no-rows"),
    ],
)
def test_files_that_are_not_such_tables(draft: Draft, content: bytes, code: str) -> None:
    folder = draft.write()
    (folder / "patients.csv").write_bytes(content)
    assert code in codes(folder)


def test_rows_between_two_stray_quotes_are_not_lost_in_a_cell(draft: Draft) -> None:
    """The table of toxicity has no other table to miss its rows in."""
    folder = draft.write()
    path = folder / "toxicity.csv"
    header, *rows = path.read_text(encoding="utf-8").splitlines()
    assert rows
    last = rows[-1].rpartition(",")
    torn = [f'{last[0]},"{last[2]}', *rows, f'{rows[0]}"']
    path.write_text("\n".join([header, *torn]) + "\n", encoding="utf-8")
    assert codes(folder) == {"bad-quotes"}


def as_parquet(draft: Draft, *, numbers: bool) -> Path:
    """Write the small cohort as Parquet: text only, or typed as pandas would."""
    folder = draft.write()
    for path in list(folder.glob("*.csv")):
        rows = list(csv.DictReader(io.StringIO(path.read_text())))
        columns = {}
        for name in rows[0]:
            cells = [row[name] or None for row in rows]
            is_number = all(c is None or c.replace(".", "").lstrip("-").isdigit() for c in cells)
            if numbers and is_number:
                columns[name] = pa.array([None if c is None else float(c) for c in cells])
            else:
                columns[name] = pa.array(cells, pa.string())
        parquet.write_table(pa.table(columns), folder / f"{path.stem}.parquet")
        path.unlink()
    return folder


@pytest.mark.parametrize("numbers", [False, True])
def test_parquet_gives_the_same_cohort(draft: Draft, small: Cohort, numbers: bool) -> None:
    read = Cohort.read(as_parquet(draft, numbers=numbers))
    assert read.patients == small.patients
    assert read.lesions == small.lesions
    assert read.screening == small.screening


def test_ids_stored_as_numbers_are_refused(draft: Draft) -> None:
    for table in draft.tables:
        draft.column(table, "patient_id", lambda v: v.removeprefix("P"))
    folder = draft.write()
    table = pa.table({"patient_id": [1, 2], "status": ["included", "included"]})
    parquet.write_table(table, folder / "screening.parquet")
    (folder / "screening.csv").unlink()
    assert "id-is-number" in codes(folder)


def test_a_file_that_only_claims_to_be_parquet(draft: Draft) -> None:
    folder = draft.write()
    (folder / "toxicity.csv").unlink()
    (folder / "toxicity.parquet").write_bytes(b"PAR1 no")
    assert codes(folder) == {"not-parquet"}


def test_a_table_in_two_forms_is_refused(draft: Draft) -> None:
    folder = draft.write()
    (folder / "patients.parquet").write_bytes(b"")
    assert "table-twice" in codes(folder)


def test_a_required_table_is_missed_and_an_optional_one_left_out(draft: Draft) -> None:
    folder = draft.write()
    (folder / "screening.csv").unlink()
    cohort = Cohort.read(folder)
    assert cohort.screening is None
    assert [p.place.file for p in cohort.warnings if p.code == "table-left-out"] == [
        "screening.csv"
    ]
    (folder / "lesion_followup.csv").unlink()
    assert "missing-table" in codes(folder)


def test_a_folder_without_tables(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no-cohort"):
        Cohort.read(tmp_path)
    with pytest.raises(InputError, match="no-cohort"):
        Cohort.read(tmp_path / "nowhere")


def test_names_of_columns_ignore_case_and_know_cc(draft: Draft, small: Cohort) -> None:
    draft.rename("lesions", "gtv_ml", "GTV_cc").rename("lesions", "ptv_ml", "PTV_CM3")
    draft.rename("patients", "sex", "Sex")
    cohort = draft.read()
    assert cohort.lesions == small.lesions
    assert {p.place.column for p in cohort.warnings if p.code == "column-alias"} == {
        "GTV_cc",
        "PTV_CM3",
        "Sex",
    }


def test_hashes_are_those_of_the_files(draft: Draft, small: Cohort) -> None:
    assert set(small.sha256) == {f"{name}.csv" for name in draft.tables}
    changed = draft.set("patients", 0, age_at_sbrt_years="61").read()
    differ = {name for name in small.sha256 if small.sha256[name] != changed.sha256[name]}
    assert differ == {"patients.csv"}
