"""What looks like a name, a birth date, a record number or a UID does not belong in the tables."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from rtvol.outcomes.fields import column_of
from rtvol.outcomes.problems import HIDDEN, Place

if TYPE_CHECKING:
    from rtvol.outcomes.problems import Problems
    from rtvol.outcomes.reading import RawTable

_NAMES = re.compile(
    r"(^|_)(name|surname|forename|firstname|lastname|initials|mrn|record_?number|chart_?(no|number)|"
    r"dob|birth_?(date|day)?|birth|address|street|phone|e?mail|ssn|insurance|accession|uid)($|_)"
    r"|patient_?name|date_of_birth|hospital_?(id|no|number)|medical_record",
    re.IGNORECASE,
)
_UID = re.compile(r"[0-2](\.\d+){4,}")
_DICOM_NAME = re.compile(r"[^\W\d_][^\^\d]*\^.*")
_PERSON = re.compile(r"[A-Z][a-zà-ÿ'-]+,? +[A-Z][a-zà-ÿ'-]+( [A-Z][a-zà-ÿ'-]+)?")
_RECORD_NUMBER = re.compile(r"[A-Za-z]{0,3}-?\d{6,}")
_DATE = re.compile(r"(18|19|20)\d{2}[-/.]?\d{2}[-/.]?\d{2}|\d{1,2}[/.]\d{1,2}[/.](\d{2}|\d{4})")

_MEND = "remove the column; ids are pseudonyms made with a salted hash kept elsewhere"
#: Part of the filled cells of a column of unknown meaning that must look alike to count.
_MOST = 0.5


def check_identity(tables: dict[str, RawTable], problems: Problems) -> None:
    """Note columns and values that may tell who a patient is; the values are not repeated.

    A column nobody knows that passes is kept out of the analysis with a warning.
    """
    for name, raw in tables.items():
        for column in raw.columns:
            known = _known(name, column)
            if not known and _NAMES.search(column):
                rule = "no names, birth dates, record numbers or UIDs"
                problems.error(
                    "identifying-column", Place(raw.file, 1, column), HIDDEN, rule, _MEND
                )
            elif not _check_values(raw, column, problems, known=known) and not known:
                rule = "not in the data dictionary: not used"
                place = Place(raw.file, 1, column)
                problems.warn("extra-column", place, column, rule, "remove or rename it")


def _known(table: str, column: str) -> bool:
    if column.endswith("_date"):
        day = column_of(table, f"{column.removesuffix('_date')}_day")
        return day is not None and day.kind == "day"
    return column_of(table, column) is not None


def _check_values(raw: RawTable, column: str, problems: Problems, *, known: bool) -> bool:
    """Note the first value of a column that looks like a person's; True when there is one."""
    cells = [(row, cells[column]) for row, cells in raw.rows if cells[column]]
    patterns = [("a UID", _UID, 0.0), ("a DICOM person name", _DICOM_NAME, 0.0)]
    if column in {"patient_id", "lesion_id"} or not known:
        patterns.append(("a record number", _RECORD_NUMBER, 0.0))
    if not known:
        patterns += [("a person's name", _PERSON, _MOST), ("a date", _DATE, _MOST)]
    for what, pattern, share in patterns:
        rows = [row for row, text in cells if pattern.fullmatch(text)]
        if rows and len(rows) > share * len(cells) - 1e-9:
            rule = f"{len(rows)} cells look like {what}"
            place = Place(raw.file, rows[0], column)
            problems.error("identifying-value", place, HIDDEN, rule, _MEND)
            return True
    return False
