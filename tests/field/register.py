"""Kinds of messy exports, each with the members it is tried with: what docs/messy-exports.md tells.

A kind says what rtvol does; each test of it registers its members when it is collected.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from rtvol.codes import CODES

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True)
class Kind:
    """One kind of messy export.

    Attributes
    ----------
    what, does
        What is met, and what rtvol does with it, in one line each.
    codes
        Findings by which it is named; none where there is nothing to say.
    members
        What it was tried with, filled by the tests: file, line and words.
    """

    what: str
    does: str
    codes: tuple[str, ...] = ()
    members: list[tuple[str, int, str]] = field(default_factory=list)

    @property
    def tried(self) -> list[str]:
        """Members in the order of the tests, whichever of them was collected first."""
        return list(dict.fromkeys(text for _, _, text in sorted(self.members)))

    def __post_init__(self) -> None:
        unknown = [code for code in self.codes if code not in CODES]
        if unknown:
            raise ValueError(f"{unknown} are no finding codes")


KINDS: dict[str, Kind] = {}


def kind(number: str, what: str, does: str, *codes: str) -> None:
    """Register a kind under its number."""
    if number in KINDS:
        raise ValueError(f"{number} is there already")
    KINDS[number] = Kind(what, does, codes)


def _register(number: str, tried: list[str]) -> None:
    caller = sys._getframe(2)
    place = Path(caller.f_code.co_filename).name
    KINDS[number].members.extend(
        (place, 1000 * caller.f_lineno + at, text) for at, text in enumerate(tried)
    )


def members(number: str, tried: Mapping[str, Any]) -> pytest.MarkDecorator:
    """Run a test with each member of a kind; its argument `member` is what the text stands for."""
    _register(number, list(tried))
    names = [f"{number}: {text}" for text in tried]
    return pytest.mark.parametrize("member", tried.values(), ids=names)


def member(number: str, text: str) -> pytest.MarkDecorator:
    """Run a test that is one member of a kind by itself."""
    _register(number, [text])
    return pytest.mark.field(number)
