"""Names that are meant where another was written: offered only when they are near."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

#: Slips of the pen that a word of this many letters may have.
_LETTERS_PER_SLIP = 5
_MOST_SLIPS = 2
#: A negation turns a near word into its opposite: related is not unrelated.
_NEGATIONS = ("un", "non", "no", "not", "in")


def nearest(name: str, others: Iterable[str]) -> str | None:
    """Return the name that is the same but for spelling and unit, or a slip or two; else None."""
    wanted = _plain(name)
    best: tuple[int, str] | None = None
    for other in others:
        found = _plain(other)
        slips = 0 if found == wanted else _slips(wanted, found)
        if slips <= min(_MOST_SLIPS, len(wanted) // _LETTERS_PER_SLIP) and (
            best is None or slips < best[0]
        ):
            best = (slips, other)
    return best[1] if best else None


def nearest_code(text: str, codes: Iterable[str]) -> str | None:
    """Return the code a text most likely means, by case, separators or a slip; else None."""
    codes = tuple(codes)
    opposite = {
        code
        for code in codes
        for sign in _NEGATIONS
        if _plain(code) == sign + _plain(text) or _plain(text) == sign + _plain(code)
    }
    initial = [code for code in codes if len(code) == 1 and text.casefold() == _SEX.get(code)]
    return initial[0] if initial else nearest(text, [c for c in codes if c not in opposite])


_SEX = {"M": "male", "F": "female"}


def _plain(name: str) -> str:
    return re.sub(r"[^0-9a-z]", "", name.casefold())


def _slips(first: str, second: str) -> int:
    """Letters to add, drop, change or swap with a neighbour to come from one to the other."""
    before: list[int] = []
    row = list(range(len(second) + 1))
    for i, a in enumerate(first, 1):
        now = [i]
        for j, b in enumerate(second, 1):
            cost = min(row[j] + 1, now[-1] + 1, row[j - 1] + (a != b))
            if i > 1 and j > 1 and a == second[j - 2] and first[i - 2] == b:
                cost = min(cost, before[j - 2] + 1)
            now.append(cost)
        before, row = row, now
    return row[-1]
