"""Text cells to values: numbers, days, codes; each cell that cannot be read is named."""

from __future__ import annotations

import math
import re
from datetime import date
from difflib import get_close_matches
from typing import TYPE_CHECKING

from rtvol.outcomes.fields import TABLES
from rtvol.outcomes.problems import Place

if TYPE_CHECKING:
    from collections.abc import Callable

    from rtvol.outcomes.fields import Column
    from rtvol.outcomes.problems import Problems
    from rtvol.outcomes.reading import RawTable

Value = str | int | float | date | tuple[str, ...] | None

_ID = re.compile(r"[A-Za-z0-9_.-]{1,32}")
# each digit has one place in it: a cell of a thousand digits is answered at once
_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?")
_DECIMAL_COMMA = re.compile(r"[+-]?\d+,\d+")
_SPREADSHEET_ID = re.compile(r"\d+(\.\d+)?[eE]\+\d+|\d+\.0")
_ISO = re.compile(r"\d{4}-\d{2}-\d{2}")
_WORDS = {"yes": "1", "y": "1", "true": "1", "no": "0", "n": "0", "false": "0"}
#: Ten times the bound below which a dose may still be one in Gy: 4500 is 45 Gy in cGy.
_CGY = 100.0


def time_form(tables: dict[str, RawTable], problems: Problems) -> str:
    """Return whether the data set holds days or dates; both together are an error."""
    days, dates = [], []
    for name, raw in tables.items():
        wanted = [column.name for column in TABLES[name] if column.kind == "day"]
        days += [Place(raw.file, 1, c) for c in wanted if c in raw.columns]
        ends = [f"{c.removesuffix('_day')}_date" for c in wanted]
        dates += [Place(raw.file, 1, c) for c in ends if c in raw.columns]
    if days and dates:
        fewer = min(dates, days, key=len)
        others = "days" if fewer is dates else "dates"
        for place in fewer:
            rule = "a data set holds *_day or *_date columns, never both"
            problems.error("mixed-time", place, place.column, rule, f"give {others} everywhere")
    return "date" if len(dates) > len(days) else "day"


def parse_table(
    name: str, raw: RawTable, form: str, problems: Problems
) -> tuple[tuple[int, dict[str, Value]], ...]:
    """Turn a table's cells into values by the dictionary; None where there is none.

    Parameters
    ----------
    name
        Which of the five tables.
    raw
        Its text.
    form
        "day" or "date": how the time columns are called and read.
    problems
        Where to note what is wrong.
    """
    present = []
    for column in TABLES[name]:
        source = _source(column, form)
        if source in raw.columns:
            present.append((column, source))
        elif column.required:
            rule = f"the column is required ({column.about})"
            close = get_close_matches(source, raw.columns, 1)
            mend = f"is it {close[0]}?" if close else f"add {source}"
            problems.error("missing-column", Place(raw.file, 1, source), "", rule, mend)
    twelve = {c.name for c, source in present if c.kind == "flag" and _is_one_two(raw, source)}
    rows = []
    for number, cells in raw.rows:
        values: dict[str, Value] = {column.name: None for column in TABLES[name]}
        for column, source in present:
            place = Place(raw.file, number, source)
            if column.name not in twelve:
                values[column.name] = _value(column, cells[source], form, place, problems)
        rows.append((number, values))
    for column, source in present:
        if column.name in twelve:
            rule = "0 = no, 1 = yes; this column holds 1 and 2 and no 0"
            mend = "recode the whole column: a 1 may mean no here"
            problems.error("coded-one-two", Place(raw.file, 0, source), "1, 2", rule, mend)
    return tuple(rows)


def _source(column: Column, form: str) -> str:
    stem = column.name.removesuffix("_day")
    return f"{stem}_date" if column.kind == "day" and form == "date" else column.name


def _is_one_two(raw: RawTable, source: str) -> bool:
    values = {cells[source] for _, cells in raw.rows} - {""}
    return "2" in values and values <= {"1", "2"}


def _value(column: Column, text: str, form: str, place: Place, problems: Problems) -> Value:
    if not text:
        if column.required:
            mend = "fill it, or leave the row out"
            problems.error("missing-value", place, "", "every cell of it is filled", mend)
        return None
    if column.kind == "day":
        return _time(text, form, place, problems)
    read = _READERS[column.kind]
    return read(column, text, place, problems)


def _text(column: Column, text: str, place: Place, problems: Problems) -> str:  # noqa: ARG001
    return text


def _id(column: Column, text: str, place: Place, problems: Problems) -> str:  # noqa: ARG001
    if _SPREADSHEET_ID.fullmatch(text):
        rule = "ids are text; a spreadsheet has read this one as a number"
        problems.error("id-is-number", place, text, rule, "export the ids as text")
    elif not _ID.fullmatch(text):
        rule = "1 to 32 letters, digits, _ . -"
        problems.error("bad-pseudonym", place, text, rule, "give the patient or lesion a pseudonym")
    return text


def _code(column: Column, text: str, place: Place, problems: Problems) -> Value:
    if _NUMBER.fullmatch(text):  # 4 and 4.0 are one version of the criteria
        text = next((code for code in column.allowed if _is_same(code, text)), text)
    if text in column.allowed:
        return int(text) if column.kind == "flag" else text
    close = _WORDS.get(text.lower()) if column.kind == "flag" else None
    folded = {code.casefold(): code for code in column.allowed}
    if close is None:
        near = get_close_matches(text.casefold().replace(" ", "_"), folded, 1, 0.5)
        close = folded[near[0]] if near else None
    rule = f"one of {' '.join(column.allowed)}"
    mend = f"is it {close}?" if close else "use one of the codes"
    problems.error("unknown-code", place, text, rule, mend)
    return None


def _is_same(code: str, text: str) -> bool:
    return _NUMBER.fullmatch(code) is not None and float(code) == float(text)


def _codes(column: Column, text: str, place: Place, problems: Problems) -> tuple[str, ...]:
    words = [word.strip() for word in text.split(";") if word.strip()]
    for word in words:
        if word.removeprefix("known:") not in column.allowed:
            rule = f"any of {' '.join(column.allowed)}, joined by ;, known: before the old site"
            near = get_close_matches(word.removeprefix("known:"), column.allowed, 1, 0.5)
            mend = f"is it {near[0]}?" if near else "use the codes"
            problems.error("unknown-code", place, word, rule, mend)
    return tuple(words)


def _time(text: str, form: str, place: Place, problems: Problems) -> Value:
    if form == "day":
        if re.fullmatch(r"[+-]?[0-9]{1,9}(\.0+)?", text):
            return int(float(text))
        rule = "whole days from the patient's first SBRT fraction"
        looks = _ISO.fullmatch(text) is not None
        mend = "call the columns *_date, in every table" if looks else "give whole days"
        problems.error("not-a-day", place, text, rule, mend)
        return None
    try:
        if _ISO.fullmatch(text):
            return date.fromisoformat(text)
    except ValueError:  # 2010-02-30
        pass
    rule = "dates are ISO 8601, 2010-03-31"
    problems.error("not-iso-date", place, text, rule, "write YYYY-MM-DD")
    return None


def _number(column: Column, text: str, place: Place, problems: Problems) -> Value:
    if _DECIMAL_COMMA.fullmatch(text):
        mend = f"write {text.replace(',', '.')}"
        problems.error("decimal-comma", place, text, "the decimal sign is a point", mend)
        return None
    if not _NUMBER.fullmatch(text) or not math.isfinite(number := float(text)):
        rule = f"a number{f' in {column.unit}' if column.unit else ''}"
        mend = "give the number alone, or leave the cell empty when it is missing"
        problems.error("not-a-number", place, text, rule, mend)
        return None
    if column.kind == "whole" and not number.is_integer():
        problems.error("not-whole", place, text, "a whole number", "round it, or check the column")
        return None
    if column.unit == "Gy" and _is_cgy(column, number):
        mend = f"divide by 100: {number / 100:g} Gy"
        problems.error("dose-in-cgy", place, text, f"at most {column.high or 150:g} Gy", mend)
        return None
    low, high = column.low, column.high
    if (low is not None and number < low) or (high is not None and number > high):
        rule = (
            f"{column.low:g} to {column.high:g} {column.unit}".rstrip() if high else f">= {low:g}"
        )
        problems.error("out-of-range", place, text, rule, "check the value and its unit")
        return None
    return int(number) if column.kind == "whole" else number


def _is_cgy(column: Column, number: float) -> bool:
    limit = column.high or 450.0  # three times the largest prescription, for measured doses
    return number > limit and (column.low or 0) <= number / _CGY <= limit


_READERS: dict[str, Callable[[Column, str, Place, Problems], Value]] = {
    "id": _id,
    "text": _text,
    "code": _code,
    "flag": _code,
    "list": _codes,
    "whole": _number,
    "number": _number,
}
