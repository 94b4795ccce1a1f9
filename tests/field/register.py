"""Kinds of messy exports, each with the members it is tried with: what docs/messy-exports.md tells.

A kind says what rtvol does; each test of it registers its members when it is collected.
"""

from __future__ import annotations

from dataclasses import dataclass, field
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
        What it was tried with, filled by the tests.
    """

    what: str
    does: str
    codes: tuple[str, ...] = ()
    members: list[str] = field(default_factory=list)

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


def members(number: str, tried: Mapping[str, Any]) -> pytest.MarkDecorator:
    """Run a test with each member of a kind; its argument `member` is what the text stands for."""
    KINDS[number].members.extend(tried)
    names = [f"{number}: {text}" for text in tried]
    return pytest.mark.parametrize("member", tried.values(), ids=names)


def member(number: str, text: str) -> pytest.MarkDecorator:
    """Run a test that is one member of a kind by itself."""
    KINDS[number].members.append(text)
    return pytest.mark.field(number)
