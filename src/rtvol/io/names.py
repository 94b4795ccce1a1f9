"""Text that planning systems accept: short, unique ROI names and clean strings."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING

from rtvol.structures import TARGET_KINDS

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

#: Longest ROI name and structure set label that all systems take (an SH value, PS3.5 6.2).
SHORT = 16
_TAIL = 7
#: A word keeps so many letters.
_LEAST = 3


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
    plain = [_short("_".join(clean(name, len(name)).split())) or "ROI" for name in names]
    result: list[str] = [""] * len(names)
    # names that can stay come first, so that no shortened one takes their place
    order = sorted(range(len(names)), key=lambda index: plain[index] != names[index])
    for index in order:
        result[index] = _free(plain[index], used)
        used.add(result[index].casefold())
    return tuple(result)


def _short(name: str) -> str:
    """Shorten the later words of a name, the longest first, then leave some out, until it fits.

    `GTV_liver_segment_VII` is `GTV_live_seg_VII`. The first word, numbers, kinds of target and what
    stands behind a caret stay whole: a segment VIII must not become a II. Where that is not enough,
    the first 9 and the last 7 characters are kept.
    """
    head, caret, ending = name.partition("^")
    words, spare = head.split("_"), SHORT - len(caret + ending)
    while len("_".join(words)) > spare:
        at = max(range(len(words)), key=lambda index: (_spare_letters(words, index), index))
        if not _spare_letters(words, at):
            break
        words[at] = words[at][:-1]
    while len("_".join(words)) > spare:
        loose = [at for at in range(1, len(words)) if _is_loose(words[at])]
        if not loose:
            break
        del words[loose[-1]]
    short = "_".join(words) + caret + ending
    return short if len(short) <= SHORT else name[: SHORT - _TAIL] + name[-_TAIL:]


def _is_loose(word: str) -> bool:
    """Whether a word may be cut or left out: no number, no kind of target, no sign."""
    is_number = any(char.isdigit() for char in word) or set(word) <= set("IVX")
    return not is_number and len(word) >= _LEAST and word.upper() not in TARGET_KINDS


def _spare_letters(words: Sequence[str], at: int) -> int:
    """How many letters may be cut off the end of a word."""
    return max(len(words[at]) - _LEAST, 0) if at and _is_loose(words[at]) else 0


def _free(name: str, used: set[str]) -> str:
    candidate, number = name, 1
    while candidate.casefold() in used:
        number += 1
        ending = f"_{number}"
        if len(name) + len(ending) <= SHORT:
            candidate = name + ending
        else:
            candidate = name[: SHORT - _TAIL - len(ending)] + ending + name[-_TAIL:]
    return candidate
