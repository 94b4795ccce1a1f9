"""The corpus of each target: its seeds, what once was a fault, and inputs spoilt by fixed dice."""

from __future__ import annotations

import random
from pathlib import Path
from typing import TYPE_CHECKING

from fuzz.targets import targets

if TYPE_CHECKING:
    from collections.abc import Iterator

FAULTS = Path(__file__).parent / "faults"
SPOILT = 500


def corpus(name: str) -> list[bytes]:
    """Seeds of a target and the inputs that once were faults (tests/fuzz/faults)."""
    once = sorted((FAULTS / name).glob("*"))
    return [*targets()[name].seeds(), *(path.read_bytes() for path in once)]


def spoilt(name: str, count: int = SPOILT) -> Iterator[bytes]:
    """Inputs spoilt one to three times, the same on every machine."""
    target = targets()[name]
    inputs = corpus(name)
    for number in range(count):
        dice = random.Random(number)  # noqa: S311 - dice, no secrets
        data = dice.choice(inputs)
        for _ in range(dice.choice([1, 1, 2, 3])):
            data = target.spoil(data, dice)
        yield data
