"""What a message may repeat of a file: numbers, codes and pseudonyms; never what tells a person."""

from __future__ import annotations

import re

from rtvol.outcomes.fields import TABLES

#: Shown instead of a value that may tell a person.
HIDDEN = "(not shown)"
#: Shown instead of free text, unless it is asked for.
WITHHELD = "(text not shown)"
A_DATE = "(a date)"

UID = re.compile(r"[0-2](\.\d+){4,}")
DICOM_NAME = re.compile(r"[^\W\d_][^\^\d]*\^.*")
PERSON = re.compile(
    r"[A-Z][a-zà-ÿ'-]+,? +[A-Z][a-zà-ÿ'-]+( [A-Z][a-zà-ÿ'-]+)?|[A-Z]{2,}[, ] *[A-Z][A-Z-]+"
    r"|[가-힣]{2,4}|[\u4e00-\u9fff]{2,4}"
)
#: Two words joined as a pseudonym would be: Hong_Gildong.
PERSON_ID = re.compile(r"[A-Z][a-z]+[._-]?[A-Z][a-z]+([._-]?[A-Z][a-z]+)?")
RECORD_NUMBER = re.compile(r"[A-Za-z]{0,3}-?\d{6,}|\d{6}-?\d{7}")
DATE = re.compile(
    r"(18|19|20)\d{2}[-/.]?\d{2}[-/.]?\d{2}([ T][\d:.]*)?|\d{1,2}[/.-]\d{1,2}[/.-](\d{2}|\d{4})"
)
#: Anywhere in a text: long runs of digits (with the separators of phone and resident numbers),
#: mail addresses, names with a title.
WITHIN = re.compile(
    r"\d{6,}|\d(?:[-. /]?\d){8,}|[^\s@]+@[^\s@]+|\^|\b(Mr|Mrs|Ms|Dr|Prof|Herr|Frau)\b\.? ?[A-Z]"
)
#: Salted hashes as rtvol makes them; some have digits only.
HASH = re.compile(r"[0-9a-f]{12}")

_NUMBER = re.compile(r"[<>~≤≥]? ?[+-]?(\d{1,5}|\d{1,3}(,\d{3})*)([.,]\d*)?([eE][+-]?\d{1,2})? ?%?")
_WITH_UNIT = re.compile(r"[+-]?\d{1,5}([.,]\d{1,4})? ?(m[lL]|cc|cm3|mm3|l|L|c?Gy(10)?|[dyw]|%)")
_PSEUDONYM = re.compile(r"[A-Za-z]{0,8}[_.-]?\d{1,5}[A-Za-z]?([_.-][A-Za-z]?\d{1,3})?")
_PLAIN = (
    "yes no y n true false male female m f na n/a none unknown missing nan null x - ? . nd "
    "related not_related"
)
_WORDS = frozenset(_PLAIN.split()) | {
    code.casefold() for columns in TABLES.values() for one in columns for code in one.allowed
}


def looks_personal(text: str) -> bool:
    """Tell whether a text holds what may tell a person: a long number, a name, an address."""
    if HASH.fullmatch(text):
        return False
    return bool(
        WITHIN.search(text)
        or UID.fullmatch(text)
        or PERSON.fullmatch(text)
        or PERSON_ID.fullmatch(text)
        or RECORD_NUMBER.fullmatch(text)
    )


def shown(text: str, *, free_text: bool = False) -> str:
    """Return a cell as a message may repeat it.

    Parameters
    ----------
    text
        What stands in the cell.
    free_text
        Whether words that are no codes may be repeated; what looks like a person's name or
        number is not shown even then.
    """
    if text.casefold() in _WORDS or _NUMBER.fullmatch(text) or _WITH_UNIT.fullmatch(text):
        return text
    if DATE.fullmatch(text):
        return A_DATE
    if looks_personal(text) or text.isdecimal():  # a number of twelve digits may also be no hash
        return HIDDEN
    if free_text or HASH.fullmatch(text) or _PSEUDONYM.fullmatch(text):
        return text
    return WITHHELD if text else ""


def shown_column(name: str) -> str:
    """Return the name of a column nobody knows as a message may repeat it.

    A file without a header has its first row of values there.
    """
    plain = re.fullmatch(r"[A-Za-z][A-Za-z0-9_ ()%./-]{0,39}", name)
    personal = looks_personal(name) and not re.fullmatch(r"[A-Z]?[a-z]+([A-Z][a-z]+)+", name)
    return name if plain and not personal and not DATE.fullmatch(name) else HIDDEN
