"""The organs that a target recipe names, in a case."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

from rtvol import codes
from rtvol.errors import CaseRejected, Finding
from rtvol.names.find import find_rois, is_absent

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rtvol.margins import Clip, TargetRecipe
    from rtvol.margins.recipe import Prv
    from rtvol.structures import Roi, StructureSet

Named = TypeVar("Named", "Clip", "Prv")


def organs_meant(
    structures: StructureSet, recipe: TargetRecipe, *, skip_missing: bool = False
) -> tuple[TargetRecipe, dict[str, Roi], tuple[Finding, ...]]:
    """Return the recipe with organs under their own names, these organs, and those left out.

    A pattern (`Bowel*`) is each ROI it means, all cut in the same way. With `skip_missing` an
    organ that a case does not have is left out, with a finding.

    Raises
    ------
    CaseRejected
        `roi-not-found`, `roi-ambiguous` or `roi-empty`.
    """
    organs: dict[str, Roi] = {}
    meant: dict[str, tuple[str, ...]] = {}
    findings: list[Finding] = []
    for text in recipe.organs:
        try:
            own = {roi.name: roi for roi in find_rois(structures, text)}
        except CaseRejected as fault:
            if not skip_missing or not is_absent(fault):
                raise
            seen = f"the case has no {text}: nothing was cut or grown there"
            findings.append(codes.ROI_NOT_FOUND.warn(where=f'"{text}" of the recipe', seen=seen))
            own = {}
        organs |= own
        meant[text] = tuple(own)
    return _with_names(recipe, meant), organs, tuple(findings)


def _with_names(recipe: TargetRecipe, names: Mapping[str, Sequence[str]]) -> TargetRecipe:
    """Return the recipe with each organ under the names of the ROIs it stands for."""

    def renamed(parts: tuple[Named, ...]) -> tuple[Named, ...]:
        return tuple(replace(part, roi=name) for part in parts for name in names[part.roi])

    return replace(
        recipe,
        clips=renamed(recipe.clips),
        prvs=renamed(recipe.prvs),
    )
