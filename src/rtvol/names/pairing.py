"""Which name of one structure set belongs to which of another: as a call or a file says."""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING

from rtvol.errors import InputError, UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

#: What may part two names on one line of a file, the first that is there.
SEPARATORS = "\t;,=:"
FORM = "write it NAME_IN_A:NAME_IN_B, or NAME_IN_A=NAME_IN_B where a name holds a colon"


def parse_pairs(texts: Sequence[str]) -> tuple[tuple[str, str], ...]:
    """Return the names that `GTV_1:GTV_2` or `GTV_1=GTV_2` part.

    Raises
    ------
    UsageError
        `bad-pair` when there is no such sign, or more than one, or a name is missing.
    """
    return tuple(_parted(text, next((s for s in "=:" if text.count(s) == 1), "")) for text in texts)


def read_pairs(path: Path) -> tuple[tuple[str, str], ...]:
    """Read a map of names: TOML (`"GTV_1" = "GTV_2"`), or a pair on each line.

    On a line the names are parted by a tab, a semicolon, a comma, an equals sign or a colon;
    empty lines, those that begin with # and a heading `a,b` are passed over.

    Raises
    ------
    InputError
        `unreadable-file`.
    UsageError
        `bad-pair`, with the line.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        seen = getattr(error, "strerror", None) or type(error).__name__
        raise InputError("unreadable-file", where=path.name, seen=seen) from error
    pairs = _of_toml(text, path) if path.suffix.lower() == ".toml" else _of_lines(text, path)
    if not pairs:
        raise UsageError("bad-pair", where=path.name, seen="no pair of names", mend=FORM)
    return pairs


def _of_toml(text: str, path: Path) -> tuple[tuple[str, str], ...]:
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise UsageError("bad-pair", where=path.name, seen=str(error), mend=FORM) from error
    for name, partner in table.items():
        if not isinstance(partner, str):
            seen = f"{name} is no text"
            raise UsageError("bad-pair", where=path.name, seen=seen, mend='"GTV_1" = "GTV_2"')
    return tuple(table.items())


def _of_lines(text: str, path: Path) -> tuple[tuple[str, str], ...]:
    found = []
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        pair = _parted(
            line, next((s for s in SEPARATORS if s in line), ""), f"{path.name}, line {number}"
        )
        if tuple(name.casefold() for name in pair) != ("a", "b"):
            found.append(pair)
    return tuple(found)


def _parted(text: str, sign: str, where: str = "--pair") -> tuple[str, str]:
    one, _, other = text.partition(sign) if sign else (text, "", "")
    names = one.strip().strip('"'), other.strip().strip('"')
    if not all(names):
        raise UsageError("bad-pair", where=where, seen=text.strip(), mend=FORM)
    return names
