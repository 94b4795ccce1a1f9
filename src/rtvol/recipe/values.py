"""What the values of a recipe may be: each is checked by the function that reads it later."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field

from rtvol.dvh import parse_metrics
from rtvol.dvh.goals import parse_goal, read_goals
from rtvol.dvh.grammar import one_line
from rtvol.errors import UsageError
from rtvol.margins import Clip, parse_margin
from rtvol.names.aliases import Alias
from rtvol.names.definitions import Definition, in_order
from rtvol.net.peers import checked_aet, parse_peer
from rtvol.recipe.units import megabytes_of, seconds_of
from rtvol.solids.reading import parse_caps
from rtvol.verbs.terms import parse_linear


class SaidError(ValueError):
    """What is wrong with a word, and how to write it, in one line.

    Attributes
    ----------
    usage
        The same as the error of a call.
    """

    def __init__(self, usage: UsageError) -> None:
        self.usage = usage
        finding = usage.finding
        super().__init__("; ".join(filter(None, (one_line(finding.seen), finding.mend))))


def _margin(value: object) -> str:
    """Return a margin as text, from one number, six letters with numbers, or a table of the six."""
    if isinstance(value, dict):
        if not all(isinstance(v, int | float) and not isinstance(v, bool) for v in value.values()):
            raise ValueError("each of L, R, A, P, S, I is a number of mm")
        value = ",".join(f"{key}{number:g}" for key, number in value.items())
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise ValueError("4, or { L = 5, R = 3, A = 4, P = 2, S = 5, I = 3 }, in mm")  # noqa: TRY004
    text = f"{value:g}" if isinstance(value, int | float) else value
    try:
        parse_margin(text, allow_large=True)
    except UsageError as error:
        raise SaidError(error) from None
    return text


def _gaps(value: object) -> dict[str, float]:
    """Return organs and their gaps in mm, from a table or a list of names."""
    if isinstance(value, list) and all(isinstance(name, str) for name in value):
        value = dict.fromkeys(value, 0.0)
    if not isinstance(value, dict) or not all(
        isinstance(gap, int | float) and not isinstance(gap, bool) for gap in value.values()
    ):
        raise ValueError('{ Duodenum = 3.0 } with the gap in mm, or ["Duodenum"]')
    try:
        return {name: Clip("avoid", name, float(gap)).gap_mm for name, gap in value.items()}
    except UsageError as error:
        raise SaidError(error) from None


def _words(value: object) -> object:
    return [value] if isinstance(value, str) else value


def _metric(text: str) -> str:
    try:
        parse_metrics([text])
    except UsageError as error:
        raise SaidError(error) from None
    return text


def _goal(text: str) -> str:
    """Check a set's name or file, or a goal."""
    try:
        if any(sign in text for sign in "<>"):
            parse_goal(text)
        else:
            read_goals(text)
    except UsageError as error:
        raise SaidError(error) from None
    return text


def _caps(text: object) -> str:
    try:
        parse_caps(str(text))
    except UsageError as error:
        raise SaidError(error) from None
    return str(text)


def _linear(words: list[str]) -> list[str]:
    try:
        parse_linear(words)
    except UsageError as error:
        raise SaidError(error) from None
    return words


def _spellings(table: dict[str, list[str]]) -> dict[str, list[str]]:
    for name, words in table.items():
        try:
            Alias(name, tuple(words))
        except UsageError as error:
            raise ValueError(f"{name}: {error.finding.seen}") from None
    return table


def _definitions(table: dict[str, str]) -> dict[str, str]:
    try:
        in_order([Definition(name, text) for name, text in table.items()])
    except UsageError as error:
        raise SaidError(error) from None
    return table


def _peer(text: str) -> str:
    try:
        return str(parse_peer(text))
    except UsageError as error:
        raise SaidError(error) from None


def _title(text: str) -> str:
    try:
        return checked_aet(text, "aet")
    except UsageError as error:
        raise SaidError(error) from None


def _time(text: str) -> str:
    seconds_of(text)
    return text


def _memory(text: str) -> str:
    megabytes_of(text)
    return text


Margin = Annotated[str, BeforeValidator(_margin)]
Gaps = Annotated[dict[str, float], BeforeValidator(_gaps)]
Words = Annotated[list[str], BeforeValidator(_words)]
Metric = Annotated[str, AfterValidator(_metric)]
Goals = Annotated[list[Annotated[str, AfterValidator(_goal)]], BeforeValidator(_words)]
Linear = Annotated[list[str], BeforeValidator(_words), AfterValidator(_linear)]
Caps = Annotated[str, BeforeValidator(_caps)]
Spellings = Annotated[dict[str, Words], AfterValidator(_spellings)]
Definitions = Annotated[dict[str, str], AfterValidator(_definitions)]
Duration = Annotated[str, AfterValidator(_time)]
Memory = Annotated[str, AfterValidator(_memory)]
Ratio = Annotated[float, Field(gt=0, lt=1000)]
Peers = Annotated[list[Annotated[str, AfterValidator(_peer)]], BeforeValidator(_words)]
AeTitle = Annotated[str, AfterValidator(_title)]
