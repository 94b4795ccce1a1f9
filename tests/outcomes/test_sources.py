"""The same cohort from Excel and from a REDCap export; what is wrong with such files is said."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

import openpyxl
import pytest

from naive.odd_cohorts import with_dates
from rtvol.outcomes import Cohort, CohortRejected

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Draft


def cell_of(name: str, text: str) -> object:
    """A cell as a spreadsheet holds it: numbers as numbers, ids as text."""
    if not text:
        return None
    if name.endswith("_id"):
        return text
    try:
        return float(text) if "." in text else int(text)
    except ValueError:
        return text


def fill(book: openpyxl.Workbook, title: str, rows: list[dict[str, str]]) -> None:
    sheet = book.create_sheet(title)
    sheet.append(list(rows[0]))
    for row in rows:
        sheet.append([cell_of(name, text) for name, text in row.items()])


def test_a_workbook_with_a_sheet_for_each_table(
    draft: Draft, small: Cohort, tmp_path: Path
) -> None:
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, rows in draft.tables.items():
        fill(book, name, rows)
    (tmp_path / "x").mkdir()
    book.save(tmp_path / "x" / "cohort.xlsx")
    cohort = Cohort.read(tmp_path / "x")
    assert cohort.patients == small.patients
    assert cohort.lesions == small.lesions
    assert cohort.toxicity == small.toxicity
    assert cohort.screening == small.screening


def test_a_workbook_for_one_table_with_dates_as_excel_holds_them(
    draft: Draft, small: Cohort
) -> None:
    from datetime import datetime

    folder = with_dates(draft).write()
    book = openpyxl.Workbook()
    sheet = book.active
    rows = draft.tables["patients"]
    sheet.append([*rows[0], None])  # a column that was once touched
    for row in rows:
        sheet.append(
            [
                datetime.fromisoformat(text)
                if name.endswith("_date") and text
                else cell_of(name, text)
                for name, text in row.items()
            ]
        )
    book.save(folder / "patients.xlsx")
    (folder / "patients.csv").unlink()
    assert Cohort.read(folder).patients == small.patients


def test_ids_that_excel_took_for_numbers_are_refused(draft: Draft) -> None:
    folder = draft.write()
    book = openpyxl.Workbook()
    book.active.append(["patient_id", "term"])
    book.active.append([12, "nausea"])
    (folder / "toxicity.csv").unlink()
    book.save(folder / "toxicity.xlsx")
    with pytest.raises(CohortRejected) as caught:
        Cohort.read(folder)
    assert "id-is-number" in {p.code for p in caught.value.problems}


def test_a_file_that_is_no_workbook(draft: Draft) -> None:
    folder = draft.write()
    (folder / "patients.csv").rename(folder / "patients.xlsx")
    with pytest.raises(CohortRejected) as caught:
        Cohort.read(folder)
    assert [p.code for p in caught.value.problems if p.severity == "error"] == ["not-xlsx"]


def redcap(draft: Draft) -> list[dict[str, str]]:
    """One export: patients in plain rows, lesions and toxicity in repeating instruments."""
    sites = ("lung", "bone", "lymph_node", "peritoneum", "other")
    lines: list[dict[str, str]] = []
    for row in draft.tables["patients"]:
        own = dict(row)
        ticked = own.pop("extrahepatic_failure_sites").split(";")
        own |= {f"extrahepatic_failure_sites___{s}": str(int(s in ticked)) for s in sites}
        lines.append({"record_id": own.pop("patient_id"), "patients_complete": "2", **own})
    followup = {(r["patient_id"], r["lesion_id"]): r for r in draft.tables["lesion_followup"]}
    for table in ("lesions", "toxicity"):
        numbers: dict[str, int] = {}
        for row in draft.tables[table]:
            own = dict(row)
            if table == "lesions":
                own |= followup[own["patient_id"], own["lesion_id"]]
            patient = own.pop("patient_id")
            numbers[patient] = numbers.get(patient, 0) + 1
            own.pop("lesion_id", None)
            lines.append(
                {
                    "record_id": patient,
                    "redcap_repeat_instrument": table,
                    "redcap_repeat_instance": str(numbers[patient]),
                    **own,
                }
            )
    return lines


def write_redcap(folder: Path, lines: list[dict[str, str]]) -> Path:
    names = list(dict.fromkeys(name for line in lines for name in line))
    front = ["record_id", "redcap_repeat_instrument", "redcap_repeat_instance"]
    names = [*front, *(name for name in names if name not in front)]
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, names, restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(lines)
    folder.mkdir()
    (folder / "LiverSBRT_DATA_2024.csv").write_text(text.getvalue(), encoding="utf-8")
    return folder


def test_a_redcap_export(draft: Draft, small: Cohort, tmp_path: Path) -> None:
    cohort = Cohort.read(write_redcap(tmp_path / "r", redcap(draft)))
    assert cohort.patients == small.patients
    assert cohort.lesions == small.lesions
    assert cohort.toxicity == small.toxicity


def test_what_redcap_holds_beyond_the_tables_is_said(draft: Draft, tmp_path: Path) -> None:
    lines = redcap(draft)
    lines.append({"record_id": "P01", "redcap_repeat_instrument": "labs"})
    lines[0]["shoe_size"] = "42"
    told = {(w.code, w.value) for w in Cohort.read(write_redcap(tmp_path / "r", lines)).warnings}
    assert ("extra-column", "shoe_size") in told
    assert "redcap-instrument" in {code for code, _ in told}
    lines[0]["surname"] = "Hong"
    with pytest.raises(CohortRejected) as caught:
        Cohort.read(write_redcap(tmp_path / "s", lines))
    assert "identifying-column" in {p.code for p in caught.value.problems}
