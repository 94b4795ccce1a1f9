"""Numbers for structures by name or pattern, as they are written after a flag."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from rtvol.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence


def positive_by_name(
    words: Sequence[str], flag: str, mend: str, *, most: int = 1
) -> tuple[tuple[str, tuple[float, ...]], ...]:
    """Parse `3` (all structures, "*") and `GTV*=3`: numbers above 0, up to `most` as `6.2:1.8`.

    Parameters
    ----------
    words
        What was written, word by word.
    flag, mend
        The flag it was written after, and how it is written rightly.
    most
        How many numbers a word may hold.

    Returns
    -------
    Name or pattern and its numbers, in the order given.

    Raises
    ------
    UsageError
        `bad-fractionation`.
    """
    found = []
    for word in words:
        pattern, _, text = word.rpartition("=")
        parts = text.split(":")
        try:
            numbers = tuple(map(float, parts))
        except ValueError:
            numbers = ()
        if not 0 < len(numbers) <= most or not all(0 < one < math.inf for one in numbers):
            raise UsageError("bad-fractionation", where=flag, seen=word, mend=mend)
        found.append((pattern or "*", numbers))
    return tuple(found)
