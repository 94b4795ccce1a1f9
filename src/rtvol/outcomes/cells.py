"""Text cells to values: numbers, days, codes; each cell that cannot be read is named."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

from rtvol.outcomes.fields import YES_NO
from rtvol.outcomes.nearness import nearest, nearest_code
from rtvol.outcomes.problems import Place

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from rtvol.outcomes.fields import Column
    from rtvol.outcomes.problems import Problems
    from rtvol.outcomes.reading import RawTable

Value = str | int | float | date | tuple[str, ...] | None

_ID = re.compile(r"[A-Za-z0-9_.-]{1,32}")
# each digit has one place in it: a cell of a thousand digits is answered at once
_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?")
_DECIMAL_COMMA = re.compile(r"[+-]?\d+,\d+")
#: 1,234 is 1234 to one reader and 1.234 to the next.
_THOUSANDS = re.compile(r"[+-]?[1-9]\d{0,2}(,\d{3})+(\.\d+)?")
_SPREADSHEET_ID = re.compile(r"\d+(\.\d+)?[eE]\+\d+|\d+\.0")
_ISO = re.compile(r"(\d{4}-\d{2}-\d{2})(?:[ T]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?Z?)?")
_WORDS = {"yes": "1", "y": "1", "true": "1", "no": "0", "n": "0", "false": "0"}
#: Ten times the bound below which a dose may still be one in Gy: 4500 is 45 Gy in cGy.
_CGY = 100.0
#: Days since the last day of 1899, as spreadsheets count: 1954 to 2064.
_SERIAL = (20_000, 60_000)
_SERIAL_ZERO = date(1899, 12, 30)


@dataclass(frozen=True)
class _Bad:
    """Why a cell cannot be read; `part` is the word of it that is meant, empty for all of it."""

    code: str
    rule: str
    mend: str
    part: str = ""


def time_form(
    tables: Mapping[str, RawTable], columns: Mapping[str, tuple[Column, ...]], problems: Problems
) -> str:
    """Return whether the data set holds days or dates; both together are an error."""
    days, dates = [], []
    for name, raw in tables.items():
        wanted = [column.name for column in columns[name] if column.kind == "day"]
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
    columns: tuple[Column, ...], raw: RawTable, form: str, problems: Problems
) -> tuple[tuple[int, dict[str, Value]], ...]:
    """Turn a table's cells into values by the dictionary; None where there is none.

    Parameters
    ----------
    columns
        The dictionary of this table.
    raw
        Its text.
    form
        "day" or "date": how the time columns are called and read.
    problems
        Where to note what is wrong.
    """
    present = []
    for column in columns:
        source = _source(column, form)
        if source in raw.columns:
            present.append((column, source))
        elif column.required:
            known = {_source(one, form) for one in columns}
            rule = f"the column is required ({column.about})"
            close = nearest(source, [name for name in raw.columns if name not in known])
            mend = f"is it {close}?" if close else f"add {source}"
            problems.error("missing-column", Place(raw.file, 1, source), "", rule, mend)
    blank = dict.fromkeys((column.name for column in columns), None)
    rows: list[tuple[int, dict[str, Value]]] = [(number, dict(blank)) for number, _ in raw.rows]
    for column, source in present:
        if column.allowed == YES_NO and _is_one_two(raw, source):
            rule = "0 = no, 1 = yes; this column holds 1 and 2 and no 0"
            mend = "recode the whole column: a 1 may mean no here"
            problems.error("coded-one-two", Place(raw.file, 0, source), "1, 2", rule, mend)
            continue
        values = _column_values(column, source, raw, form, problems)
        for (_, row), value in zip(rows, values, strict=True):
            row[column.name] = value
    return tuple(rows)


def _source(column: Column, form: str) -> str:
    stem = column.name.removesuffix("_day")
    return f"{stem}_date" if column.kind == "day" and form == "date" else column.name


def _is_one_two(raw: RawTable, source: str) -> bool:
    values = {cells[source] for _, cells in raw.rows} - {""}
    return "2" in values and values <= {"1", "2"}


def _column_values(
    column: Column, source: str, raw: RawTable, form: str, problems: Problems
) -> Iterable[Value]:
    """Read a column: each distinct text once, each bad cell named."""
    read: dict[str, Value | _Bad] = {}
    serials = []
    for number, cells in raw.rows:
        text = cells[source]
        if text not in read:
            read[text] = _value(column, text, form)
        value = read[text]
        if isinstance(value, _Bad):
            seen = problems.cell(value.part or text)
            place = Place(raw.file, number, source)
            problems.error(value.code, place, seen, value.rule, value.mend)
            value = None
        elif isinstance(value, date) and not _ISO.fullmatch(text):
            serials.append(number)
        yield value
    if serials:
        place = Place(raw.file, serials[0], source)
        rule = "read as days since 1899-12-30, as Excel counts them"
        seen = f"{len(serials)} serial numbers"
        problems.warn("excel-serial", place, seen, rule, "check one of them, or write YYYY-MM-DD")


def _value(column: Column, text: str, form: str) -> Value | _Bad:
    if not text:
        if column.required:
            rule = "every cell of it is filled"
            mend = (
                "fill it, or leave the row out; in a workbook cells merged with another, and "
                "formulas stored without their value, are empty"
            )
            return _Bad("missing-value", rule, mend)
        return None
    if column.kind == "day":
        return _date(text) if form == "date" else _day(text)
    return _READERS[column.kind](column, text)


def _text(column: Column, text: str) -> Value | _Bad:  # noqa: ARG001
    return text


def _id(column: Column, text: str) -> Value | _Bad:  # noqa: ARG001
    if _SPREADSHEET_ID.fullmatch(text):
        rule = "ids are text; a spreadsheet has read this one as a number"
        return _Bad("id-is-number", rule, "export the ids as text")
    if not _ID.fullmatch(text):
        rule = "1 to 32 letters, digits, _ . -"
        return _Bad("bad-pseudonym", rule, "give the patient or lesion a pseudonym")
    return text


def _code(column: Column, text: str) -> Value | _Bad:
    if _NUMBER.fullmatch(text):  # 4 and 4.0 are one version of the criteria
        text = next((code for code in column.allowed if _is_same(code, text)), text)
    if text in column.allowed:
        return int(text) if column.kind == "flag" else text
    is_yes_no = column.allowed == YES_NO
    close = _WORDS.get(text.lower()) if is_yes_no else nearest_code(text, column.allowed)
    rule = f"one of {', '.join(column.allowed)}"
    return _Bad("unknown-code", rule, f"is it {close}?" if close else "use one of the codes")


def _is_same(code: str, text: str) -> bool:
    return _NUMBER.fullmatch(code) is not None and float(code) == float(text)


def _codes(column: Column, text: str) -> Value | _Bad:
    words = [word.strip() for word in text.split(";") if word.strip()]
    for word in words:
        if word.removeprefix("known:") not in column.allowed:
            rule = f"any of {', '.join(column.allowed)}, joined by ;, known: before the old site"
            near = nearest_code(word.removeprefix("known:"), column.allowed)
            mend = f"is it {near}?" if near else "use the codes"
            return _Bad("unknown-code", rule, mend, word)
    return tuple(words)


def _day(text: str) -> Value | _Bad:
    if re.fullmatch(r"[+-]?[0-9]{1,9}(\.0+)?", text):
        day = int(float(text))
        if not _SERIAL[0] <= day:
            return day
        rule = "days from the patient's first SBRT fraction; this one is over 50 years later"
        mend = "if these are dates as Excel stores them, call the columns *_date, in every table"
        return _Bad("day-is-date", rule, mend)
    rule = "whole days from the patient's first SBRT fraction"
    looks = _ISO.fullmatch(text) is not None
    mend = "call the columns *_date, in every table" if looks else "give whole days"
    return _Bad("not-a-day", rule, mend)


def _date(text: str) -> Value | _Bad:
    try:
        if found := _ISO.fullmatch(text):
            return date.fromisoformat(found[1])
    except ValueError:  # 2010-02-30
        pass
    serial = re.fullmatch(r"(\d{5})(\.\d*)?", text)
    if serial and _SERIAL[0] <= int(serial[1]) <= _SERIAL[1]:
        return _SERIAL_ZERO + timedelta(days=int(serial[1]))
    rule = "dates are ISO 8601, 2010-03-31, or as Excel stores them, 40268"
    return _Bad("not-iso-date", rule, "write YYYY-MM-DD: 3/4/2010 is in March or in April")


def _number(column: Column, text: str) -> Value | _Bad:
    if (comma := _comma(text)) is not None:
        return comma
    if not _NUMBER.fullmatch(text) or not math.isfinite(number := float(text)):
        rule = f"a number{f' in {column.unit}' if column.unit else ''}"
        mend = "give the number alone, or leave the cell empty when it is missing"
        return _Bad("not-a-number", rule, mend)
    if column.kind == "whole" and not number.is_integer():
        mend = "look it up: is it another column's value, or a slip?"
        return _Bad("not-whole", "a whole number", mend)
    if column.unit == "Gy" and _is_cgy(column, number):
        mend = f"cGy ({number / _CGY:g} Gy), or a slip? if cGy, convert the whole column"
        return _Bad("dose-in-cgy", f"at most {column.high or 450:g} Gy", mend)
    low, high = column.low, column.high
    if (low is not None and number < low) or (high is not None and number > high):
        rule = f">= {low:g}" if high is None else f"{low or 0:g} to {high:g}"
        rule = f"{rule} {column.unit}".rstrip()
        return _Bad("out-of-range", rule, "check the value and its unit")
    return int(number) if column.kind == "whole" else number


def _comma(text: str) -> _Bad | None:
    """Say what is wrong with a number that has commas; the number itself is never guessed."""
    rule = "the decimal sign is a point, and nothing stands between thousands"
    if _THOUSANDS.fullmatch(text):
        whole = text.replace(",", "")
        if text.count(",") == 1 and "." not in text:
            mend = f"is it {whole} or {text.replace(',', '.')}? ask who wrote it"
        else:
            mend = f"write {whole} if the commas separate thousands"
        return _Bad("decimal-comma", rule, mend)
    if _DECIMAL_COMMA.fullmatch(text):
        return _Bad("decimal-comma", rule, f"write {text.replace(',', '.')}")
    return None


def _is_cgy(column: Column, number: float) -> bool:
    limit = column.high or 450.0  # three times the largest prescription, for measured doses
    return number > limit and (column.low or 0) <= number / _CGY <= limit


_READERS: dict[str, Callable[[Column, str], Value | _Bad]] = {
    "id": _id,
    "text": _text,
    "code": _code,
    "flag": _code,
    "list": _codes,
    "whole": _number,
    "number": _number,
}
