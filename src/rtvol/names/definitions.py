"""Structures that are defined by others: `Ring = (PTV + 20) - (PTV + 5)`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from rtvol.errors import UsageError
from rtvol.margins.algebra import leaves
from rtvol.names.language import NameWord, parse_expression

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

#: Longest ROIName (a LO value, PS3.5 6.2).
LONGEST_LO = 64


@dataclass(frozen=True)
class Definition:
    """A name, and the expression that it stands for.

    Raises
    ------
    UsageError
        At birth: `bad-definition` for a name that cannot be one.
    """

    name: str
    expression: str

    def __post_init__(self) -> None:
        if not self.name or len(self.name) > LONGEST_LO or not self.name.isprintable():
            seen = f"{self.name!r} cannot be the name of an ROI"
            raise UsageError("bad-definition", where="derive", seen=seen)

    def __str__(self) -> str:
        """Return it as it is written."""
        return f"{self.name} = {self.expression}"


def parse_definition(text: str) -> Definition:
    """Read `NAME = EXPRESSION`; the name may stand in quotes.

    Raises
    ------
    UsageError
        `bad-definition`, `bad-expression`.
    """
    name, sign, expression = text.partition("=")
    if not sign or not expression.strip():
        raise UsageError(
            "bad-definition",
            where="derive",
            seen=f"{text.strip()!r}: {'nothing stands behind =' if sign else 'no ='}",
        )
    return Definition(_unquoted(name.strip()), expression.strip())


def in_order(definitions: Sequence[Definition]) -> tuple[Definition, ...]:
    """Return definitions so that each comes behind those it needs, else in the order given.

    Raises
    ------
    UsageError
        `bad-expression`; `bad-definition` for a name that is defined twice; `derive-cycle`.
    """
    by_name: dict[str, Definition] = {}
    for one in definitions:
        if one.name.casefold() in by_name:
            seen = f"{one.name} is defined twice"
            raise UsageError("bad-definition", where="derive", seen=seen)
        by_name[one.name.casefold()] = one
    ordered: dict[str, Definition] = {}
    for name in by_name:
        _put(name, by_name, ordered, ())
    return tuple(ordered.values())


def named_words(definitions: Sequence[Definition]) -> tuple[str, ...]:
    """Return all names and patterns that definitions use, each once."""
    names = [one.name for one in definitions]
    words = [
        word for one in definitions for word in leaves(parse_expression(one.expression, names))
    ]
    return tuple(dict.fromkeys(word.text for word in words if isinstance(word, NameWord)))


def _put(
    name: str,
    by_name: Mapping[str, Definition],
    ordered: dict[str, Definition],
    path: tuple[str, ...],
) -> None:
    """Put a definition behind all it needs; `path` leads to it."""
    if name in ordered:
        return
    if name in path:
        chain = [by_name[one].name for one in (*path[path.index(name) :], name)]
        raise UsageError("derive-cycle", where="derive", seen=" needs ".join(chain))
    for needed in _needed(by_name[name], by_name):
        _put(needed, by_name, ordered, (*path, name))
    ordered[name] = by_name[name]


def _needed(one: Definition, by_name: Mapping[str, Definition]) -> list[str]:
    try:
        read = parse_expression(one.expression, [other.name for other in by_name.values()])
    except UsageError as error:
        raise error.at(one.name) from None
    words = [word.text.casefold() for word in leaves(read) if isinstance(word, NameWord)]
    return [word for word in dict.fromkeys(words) if word in by_name]


def _unquoted(name: str) -> str:
    is_quoted = len(name) > 1 and name[0] == name[-1] and name[0] in {'"', "'"}
    return name[1:-1].strip() if is_quoted else name
