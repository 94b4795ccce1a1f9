"""The organs of a target recipe under other names, or without those that a case lacks."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rtvol.margins import Clip, TargetRecipe
    from rtvol.margins.recipe import Prv

Named = TypeVar("Named", "Clip", "Prv")


def with_organs(recipe: TargetRecipe, names: Mapping[str, Sequence[str]]) -> TargetRecipe:
    """Return the recipe with each organ under the names given for it; without one for none.

    Parameters
    ----------
    recipe
        Margins and clips.
    names
        For each organ of the recipe the ROIs it stands for.
    """

    def renamed(parts: tuple[Named, ...]) -> tuple[Named, ...]:
        return tuple(replace(part, roi=name) for part in parts for name in names[part.roi])

    return replace(
        recipe,
        avoid=renamed(recipe.avoid),
        barrier=renamed(recipe.barrier),
        inside=renamed(recipe.inside),
        prvs=renamed(recipe.prvs),
    )
