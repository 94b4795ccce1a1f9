"""What looks like a name, a birth date, a record number or a UID does not belong in the tables."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from rtvol.outcomes.fields import source_of
from rtvol.outcomes.privacy import (
    DATE,
    DICOM_NAME,
    HASH,
    HIDDEN,
    PERSON,
    PERSON_ID,
    RECORD_NUMBER,
    UID,
    WITHIN,
    shown_column,
)
from rtvol.outcomes.problems import Place

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from rtvol.outcomes.fields import Column, Dictionary
    from rtvol.outcomes.problems import Problems
    from rtvol.outcomes.reading import RawTable

_NAMES = re.compile(
    r"(^|_)(name|surname|forename|firstname|lastname|initials|mrn|record_?number|chart_?(no|number)|"
    r"dob|birth_?(date|day)?|birth|address|street|phone|e?mail|ssn|insurance|accession|uid|rrn|"
    r"resident|passport|nhs|vorname|nachname|geburtsdatum|jumin)($|_)"
    r"|patient_?name|date_of_birth|hospital_?(id|no|number)|medical_record|national_?id"
    r"|이름|성명|주민|姓名",
    re.IGNORECASE,
)

_MEND = "remove the column; ids are pseudonyms made with a salted hash kept elsewhere"
_MEND_TEXT = "take it out of the text"
#: Part of the filled cells of a column that must look alike to count.
_MOST = 0.5
#: Texts that anybody writes; a hash or a version is no such text.
_FREE = frozenset({"reason", "term"})


def check_identity(tables: Mapping[str, RawTable], columns: Dictionary, problems: Problems) -> None:
    """Note columns and values that may tell who a patient is; the values are not repeated.

    A column nobody knows that passes is kept out of the analysis with a warning.
    """
    for name, raw in tables.items():
        for column in raw.columns:
            known = source_of(columns[name], column)
            shown = column if known else shown_column(column)
            if known is None and _NAMES.search(column):
                rule = "no names, birth dates, record numbers or UIDs"
                place = Place(raw.file, 1, shown)
                problems.error("identifying-column", place, HIDDEN, rule, _MEND)
                continue
            cells = [cells[column] for _, cells in raw.rows]
            is_noted = _check_values(Place(raw.file, 0, shown), raw, cells, (known, problems))
            if not is_noted and known is None:
                rule = "not in the data dictionary: not used"
                place = Place(raw.file, 1, shown)
                mend = "remove or rename it, or declare it in analysis.toml under [[covariates]]"
                problems.warn("extra-column", place, shown, rule, mend)


def _check_values(
    place: Place, raw: RawTable, cells: list[str], how: tuple[Column | None, Problems]
) -> bool:
    """Note the first value of a column that looks like a person's; True when there is one."""
    known, problems = how
    distinct = set(cells) - {""}
    for what, is_such, share in _patterns(known, distinct):
        alike = {text for text in distinct if is_such(text)}
        if not alike:
            continue
        rows = [row for (row, _), text in zip(raw.rows, cells, strict=True) if text in alike]
        if len(rows) > share * sum(map(bool, cells)) - 1e-9:
            rule = f"{len(rows)} cells look like {what}"
            mend = _MEND_TEXT if known is not None and known.name in _FREE else _MEND
            spot = Place(place.file, rows[0], place.column)
            problems.error("identifying-value", spot, HIDDEN, rule, mend)
            return True
    return False


def _patterns(
    known: Column | None, distinct: set[str]
) -> list[tuple[str, Callable[[str], object], float]]:
    """List what a column is looked through for, and the part of its cells that must match."""
    found: list[tuple[str, Callable[[str], object], float]] = [
        ("a UID", UID.fullmatch, 0.0),
        ("a DICOM person name", DICOM_NAME.fullmatch, 0.0),
    ]
    if known is None:
        found.append(("a record number", RECORD_NUMBER.fullmatch, 0.0))
        found.append(("a person's name", PERSON.fullmatch, _MOST))
        found.append(("a date", DATE.fullmatch, _MOST))
    elif known.kind == "id":
        hashes = sum(HASH.fullmatch(text) is not None for text in distinct)
        if hashes <= _MOST * len(distinct):  # a salted hash may happen to have digits only
            found.append(("a record number", RECORD_NUMBER.fullmatch, 0.0))
        found.append(("a person's name", PERSON_ID.fullmatch, _MOST))
        found.append(("a person's name", PERSON.fullmatch, 0.0))
    elif known.name in _FREE:
        found.append(("a name, a number or an address of a person", WITHIN.search, 0.0))
        found.append(("a date", _DATE_WITHIN.search, 0.0))
    return found


_DATE_WITHIN = re.compile(rf"(?<![\d.])({DATE.pattern})(?![\d.])")
