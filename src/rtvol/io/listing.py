"""Lists in messages: how many are left out is said, and what matters comes first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rtvol.io.headers import printable

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from rtvol.structures import Roi

#: A list in a message shows so many.
SHOWN = 8


def listed(words: Sequence[str], shown: int = SHOWN) -> str:
    """Return `a, b, c and 12 more`; one that would stand for a single more is shown instead."""
    if len(words) <= shown + 1:
        return ", ".join(words)
    return f"{', '.join(words[:shown])} and {len(words) - shown} more"


def targets_first(rois: Iterable[Roi]) -> list[Roi]:
    """Regions in file order, targets before all others: a list must not end before them."""
    return sorted(rois, key=lambda roi: not roi.is_target)


def names_of(rois: Iterable[Roi]) -> str:
    """Names of regions as a list for a message, targets first."""
    return listed([printable(roi.name) or f"number {roi.number}" for roi in targets_first(rois)])
