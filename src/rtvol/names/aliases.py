"""Local names -> canonical names (TG-263), as a recipe's table says; targets are never guessed."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from rtvol.errors import CaseRejected, UsageError
from rtvol.names.plain import fits, plain
from rtvol.structures import target_kind

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rtvol.structures import Roi, StructureSet

#: A spelling that begins like this is a regular expression for the whole name.
REGEX = "re:"


@dataclass(frozen=True)
class Alias:
    """One canonical name and the local spellings that mean it.

    A spelling is a name (case ignored), a glob pattern (`liver*`) or, after `re:`, a regular
    expression for the whole name.

    Raises
    ------
    UsageError
        At birth: `bad-recipe` for a regular expression that is none.
    """

    name: str
    spellings: tuple[str, ...]

    def __post_init__(self) -> None:
        for spelling in self.spellings:
            if spelling.startswith(REGEX):
                try:
                    re.compile(spelling.removeprefix(REGEX))
                except re.error as error:
                    raise UsageError(
                        "bad-recipe", where=f"names.{self.name}", seen=f"{spelling}: {error}"
                    ) from None

    @property
    def is_target(self) -> bool:
        """Whether it names a target: only what the table says means one."""
        return target_kind(self.name) != ""

    def fits(self, name: str) -> bool:
        """Whether one of the spellings means a name."""
        return any(_fits(spelling, name) for spelling in self.spellings)


def rename(structures: StructureSet, aliases: Sequence[Alias]) -> StructureSet:
    """Give regions their canonical names.

    For each canonical name: the region of exactly that name; else the one that a spelling fits;
    else, never for a target, the one that differs in case and separators only. Regions without
    contours count only when no other one fits.

    Raises
    ------
    CaseRejected
        `roi-ambiguous`: two regions fit one name, or one region fits two.
    """
    owner: dict[int, str] = {}
    for alias in aliases:
        hits = _hits(structures, alias)
        if len(hits) > 1:
            raise CaseRejected(
                "roi-ambiguous",
                where=f'"{alias.name}" of the recipe',
                seen=" and ".join(f'"{roi.name}"' for roi in hits),
                mend=f"let names.{alias.name} in the recipe fit one of them only",
            )
        for roi in hits:
            index = structures.rois.index(roi)
            if index in owner:
                raise CaseRejected(
                    "roi-ambiguous",
                    where=f'ROI "{roi.name}"',
                    seen=f"it fits {owner[index]} and {alias.name} of the recipe",
                    mend="let one of the two in the recipe fit it only",
                )
            owner[index] = alias.name
    rois = tuple(
        replace(roi, name=owner[index]) if index in owner else roi
        for index, roi in enumerate(structures.rois)
    )
    return replace(structures, rois=rois)


def _hits(structures: StructureSet, alias: Alias) -> list[Roi]:
    exact = [roi for roi in structures.rois if roi.name == alias.name]
    hits = exact or [roi for roi in structures.rois if alias.fits(roi.name)]
    if not hits and not alias.is_target:
        hits = [roi for roi in structures.rois if plain(roi.name) == plain(alias.name)]
    return [roi for roi in hits if not roi.is_empty] or hits


def _fits(spelling: str, name: str) -> bool:
    if spelling.startswith(REGEX):
        return re.fullmatch(spelling.removeprefix(REGEX), name, re.IGNORECASE) is not None
    return fits(spelling, name)
