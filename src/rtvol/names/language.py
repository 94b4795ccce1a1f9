"""The one grammar of structure algebra: text -> tree of words. No case is needed to read it.

A + B   A & B   A - B    either, both, the first without the second
A + 5   A - 3            grown and shrunk, mm
A + (L5,R3,A4,P2,S5,I3)  grown by six margins, mm
[45 Gy]  [4500 cGy]  [95 %]   what receives as much; % of the prescription
(A + B) - C              brackets first; all signs are applied from left to right
"PTV-1"  'Kidney L'      a name as it is; GTV*: all it fits, joined; #3: the ROI of that number
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from itertools import count
from typing import TYPE_CHECKING, Literal

from rtvol.dvh.grammar import CGY_IN_GY, marked
from rtvol.errors import UsageError
from rtvol.margins.algebra import Combined, Leaf, Resized
from rtvol.margins.margin import Margin, negated, parse_margin

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rtvol.margins.algebra import Tree
    from rtvol.solids.combine import Operation

OPERATORS: dict[str, Operation] = {"+": "union", "-": "subtract", "&": "intersect"}
#: What stands behind a whole operand.
_ENDS = frozenset({*OPERATORS, ")"})
#: Nothing a person writes holds more.
MOST_BRACKETS, MOST_PARTS = 30, 200
#: So many characters before and behind the place of an error are shown.
MOST_SHOWN = 100
#: No margin is larger, mm: centimetres or metres were meant to be something else.
FARTHEST_MM = 500.0

_NUMBER = r"(?:\d+\.?\d*|\.\d+)"
_MARGIN = re.compile(rf"(?P<number>{_NUMBER})\s*(?P<unit>[a-z]*)", re.IGNORECASE)
_SIX = re.compile(rf"\(\s*[LRAPSI]\s*[+-]?{_NUMBER}\s*,[^()]*\)?", re.IGNORECASE)
_ISODOSE = re.compile(rf"\[\s*(?P<number>{_NUMBER})\s*(?P<unit>c?Gy|%)\s*\]", re.IGNORECASE)
#: What was meant to be an isodose: a number, or something with a unit of dose.
_LIKE_ISODOSE = re.compile(r"\[\s*(?:[-+]?[\d.][^\]]*|[^\]]*(?:Gy|%)\s*)(?:\]|$)", re.IGNORECASE)
#: A name or a pattern; what stands in square brackets is a choice of letters.
_NAME = re.compile(r"(?:\[[^\]]*\]|[^-+&()])*")


@dataclass(frozen=True)
class NameWord:
    """A name, a pattern or a number (`#3`) in an expression.

    Attributes
    ----------
    text
        The word, without quotes.
    is_quoted
        Whether it is a name as it is, neither pattern nor type.
    at
        Where it stands.
    """

    text: str
    is_quoted: bool = False
    at: int = field(default=0, compare=False)


@dataclass(frozen=True)
class IsodoseWord:
    """All that receives a dose: `amount` in Gy, or in % of the prescription."""

    amount: float
    unit: Literal["Gy", "%"]

    def __str__(self) -> str:
        """Return it as it is written."""
        return f"[{self.amount:.10g} {self.unit}]"


Word = NameWord | IsodoseWord


@dataclass(frozen=True)
class _Source:
    """A text, the names in it that are taken whole, longest first, and a count of its parts."""

    text: str
    names: tuple[str, ...]
    count: Iterator[int]


def parse_expression(text: str, names: Sequence[str] = ()) -> Tree[Word]:
    """Read an expression.

    Parameters
    ----------
    text
        The expression.
    names
        Names a case has: one that holds signs is taken whole where it stands (the longest that
        fits, ignoring case).

    Raises
    ------
    UsageError
        `bad-expression`, with a caret under the first character that does not fit.
    """
    known = sorted({name for name in names if name.strip()}, key=len, reverse=True)
    tree, at = _sum(_Source(text, tuple(known), count(2)), 0, 0)
    if at < len(text):
        raise _bad(text, at, "no bracket is open here")
    return tree


def is_isodose(text: str) -> bool:
    """Whether a text is, or was meant to be, one isodose."""
    return _LIKE_ISODOSE.fullmatch(text.strip()) is not None


def _sum(source: _Source, at: int, depth: int) -> tuple[Tree[Word], int]:
    """Operands and signs up to the end or the bracket that closes, from left to right."""
    text = source.text
    tree, at = _operand(source, at, depth)
    while True:
        at = _skip(text, at)
        if at == len(text) or text[at] == ")":
            return tree, at
        if text[at] not in OPERATORS:
            raise _bad(text, at, "+, - or & must stand here")
        if next(source.count) > MOST_PARTS:
            raise _bad(text, at, f"more than {MOST_PARTS} parts: join them by a pattern (GTV*)")
        sign, place = text[at], _skip(text, at + 1)
        margin, at = _margin(source, place, sign)
        if margin is not None:
            tree = Resized(tree, margin)
            continue
        other, at = _operand(source, place, depth)
        tree = Combined(OPERATORS[sign], tree, other)


def _operand(source: _Source, at: int, depth: int) -> tuple[Tree[Word], int]:
    text = source.text
    at = _skip(text, at)
    if name := _known(source, at):
        return Leaf(NameWord(text[at : at + len(name)].strip(), at=at)), at + len(name)
    first = text[at : at + 1]
    if first in {'"', "'"} and first:
        return _quoted(text, at)
    if first == "(":
        if depth == MOST_BRACKETS:
            raise _bad(text, at, f"more than {MOST_BRACKETS} brackets within one another")
        tree, end = _sum(source, at + 1, depth + 1)
        if end == len(text):
            raise _bad(text, at, "this bracket is not closed")
        return tree, end + 1
    if first == "[" and (found := _isodose(text, at)):
        return found
    found_name = _NAME.match(text, at)
    end = found_name.end() if found_name else at
    word = text[at:end].strip()
    if not word:
        raise _bad(text, at, "a name is missing")
    if _MARGIN.fullmatch(word) and word[0] in "0123456789.":
        raise _bad(text, at, "a margin stands behind what it grows: PTV + 5; a name in quotes")
    if quote := re.search("[\"']", word):
        raise _bad(text, at + quote.start(), "a sign must stand before a name in quotes")
    return Leaf(NameWord(word, at=at)), end


def _quoted(text: str, at: int) -> tuple[Tree[Word], int]:
    end = text.find(text[at], at + 1)
    if end < 0:
        raise _bad(text, at, "the quote is not closed")
    name = text[at + 1 : end]
    if not name.strip():
        raise _bad(text, at, "a name is missing")
    return Leaf(NameWord(name, is_quoted=True, at=at)), end + 1


def _known(source: _Source, at: int) -> str:
    """Return the longest name a case has that stands here whole; empty for none."""
    text = source.text
    for name in source.names:
        end = at + len(name)
        rest = text[end:].lstrip()[:1]
        if text[at:end].casefold() == name.casefold() and (not rest or rest in _ENDS):
            return name
    return ""


def _margin(source: _Source, at: int, sign: str) -> tuple[Margin | None, int]:
    """Return the margin behind a sign and where it ends; None where an operand stands."""
    text = source.text
    if at < len(text) and text[at] in "+-" and _MARGIN.match(text, at + 1):
        raise _bad(text, at, "one sign is enough: A + 5 grows, A - 5 shrinks")
    if six := _SIX.match(text, at):
        margin, end = _six_margins(text, at, six.group()), six.end()
    else:
        found = _MARGIN.match(text, at)
        rest = text[found.end() :].lstrip()[:1] if found else ""
        longer = len(_known(source, at)) > len(found.group().strip()) if found else True
        if found is None or longer or (rest and rest not in _ENDS):
            return None, at
        unit = found["unit"].lower()
        if unit not in {"", "mm"}:
            raise _bad(text, found.start("unit"), "a margin is in mm; a name in quotes")
        margin, end = Margin.uniform(float(found["number"])), found.end()
    if sign == "&":
        raise _bad(text, at, "a margin stands behind + or -")
    if max(map(abs, margin.six_mm)) > FARTHEST_MM:
        raise _bad(text, at, f"a margin above {FARTHEST_MM:g} mm: check the unit")
    return margin if sign == "+" else negated(margin), end


def _six_margins(text: str, at: int, six: str) -> Margin:
    if not six.endswith(")"):
        raise _bad(text, at, "this bracket is not closed")
    try:
        return parse_margin(six[1:-1].strip(), allow_large=True)
    except UsageError:
        raise _bad(text, at, "all six directions once: (L5,R3,A4,P2,S5,I3)") from None


def _isodose(text: str, at: int) -> tuple[Tree[Word], int] | None:
    """Return an isodose and where it ends; None where a pattern begins with such a bracket."""
    found = _ISODOSE.match(text, at)
    end = found.end() if found else text.find("]", at) + 1
    is_whole = text[end:].lstrip()[:1] in {*_ENDS, ""}
    if found and is_whole:
        number, unit = float(found["number"]), found["unit"].lower()
        if not number:
            raise _bad(text, found.start("number"), "an isodose is above 0")
        if unit == "%":
            return Leaf(IsodoseWord(number, "%")), end
        return Leaf(IsodoseWord(number / (CGY_IN_GY if unit == "cgy" else 1), "Gy")), end
    if end == 0 and _LIKE_ISODOSE.match(text, at):
        raise _bad(text, at, "this bracket is not closed")
    if is_whole and _LIKE_ISODOSE.fullmatch(text[at:end]):
        raise _bad(text, at + 1, "an isodose is a number above 0 with Gy, cGy or %: [45 Gy]")
    return None


def _skip(text: str, at: int) -> int:
    return at + len(text[at:]) - len(text[at:].lstrip())


def _bad(text: str, at: int, why: str) -> UsageError:
    """Return the error; of a long text what stands around the place is shown."""
    first = max(at - MOST_SHOWN, 0)
    text, at = text[first : at + MOST_SHOWN], at - first
    return UsageError(
        "bad-expression",
        where="expression",
        seen=marked(text, at, why),
        mend='write it like Liver-GTV, (PTV + 20) - (PTV + 5), [45 Gy] & Liver or "PTV-1" + 3',
    )
