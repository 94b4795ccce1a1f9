"""Text that planning systems accept: short, unique ROI names and clean strings."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING

from rtvol.structures import LONGEST_NAME, NAME_TAIL, short_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

#: Longest structure set label that all systems take (an SH value, PS3.5 6.2).
SHORT = LONGEST_NAME


def clean(text: str, limit: int, *, lines: bool = False) -> str:
    """Text fit for a DICOM string value.

    Parameters
    ----------
    text
        Any text.
    limit
        Most characters the value representation holds (PS3.5 table 6.2-1).
    lines
        Whether line feeds and backslashes may stay, as they may in ST and LT values.

    Returns
    -------
    str
        `text` with control characters (and, unless `lines`, backslashes, which would split the
        value) replaced by an underscore, without blanks at its ends, cut to `limit`.
    """
    kept = "\n\\" if lines else ""
    replaced = "".join(
        "_"
        if char not in kept and (char == "\\" or unicodedata.category(char) in {"Cc", "Cs"})
        else char
        for char in unicodedata.normalize("NFC", text.strip())
    )
    return replaced[:limit].strip()


def dicom_names(names: Sequence[str], taken: Iterable[str] = ()) -> tuple[str, ...]:
    """ROI names of at most 16 characters, without blanks, unique whatever their case.

    Longer names fail to import in Eclipse, blanks are against AAPM TG-263, and names that differ
    by case alone are one name to some systems. A name that fits stays as it is. Of a longer one
    the longest words are cut short, so that numbers and `^clip` stay in sight; one that is taken
    gets `_2`, `_3`, ...

    Parameters
    ----------
    names
        Names as rtvol or the source file has them, in any number.
    taken
        Names already in use.

    Returns
    -------
    tuple of str
        One per name, in the same order; the same names always give the same result.
    """
    used = {name.casefold() for name in taken}
    plain = [short_name("_".join(clean(name, len(name)).split())) or "ROI" for name in names]
    result: list[str] = [""] * len(names)
    # names that can stay come first, so that no shortened one takes their place
    order = sorted(range(len(names)), key=lambda index: plain[index] != names[index])
    for index in order:
        result[index] = _free(plain[index], used)
        used.add(result[index].casefold())
    return tuple(result)


def _free(name: str, used: set[str]) -> str:
    candidate, number = name, 1
    while candidate.casefold() in used:
        number += 1
        ending = f"_{number}"
        if len(name) + len(ending) <= SHORT:
            candidate = name + ending
        else:
            candidate = name[: SHORT - NAME_TAIL - len(ending)] + ending + name[-NAME_TAIL:]
    return candidate
