"""The organs that a target recipe names, in a case."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

from rtvol import codes
from rtvol.errors import CaseRejected, Finding
from rtvol.margins.algebra import operations_in
from rtvol.names.expressions import regions_meant
from rtvol.names.find import is_absent

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

    A pattern (`Bowel*`) or a sum (`Bowel_L+Bowel_R`) is each ROI it means, all cut in the same way:
    what several grown organs take is what their union takes, grown. With `skip_missing` an
    organ that a case does not have is left out, with a finding.

    Raises
    ------
    CaseRejected
        `roi-not-found`, `roi-ambiguous` or `roi-empty`; `bad-expression` for another expression.
    """
    organs: dict[str, Roi] = {}
    meant: dict[str, tuple[str, ...]] = {}
    findings: list[Finding] = []
    for text in recipe.organs:
        try:
            own = {roi.name: roi for roi in _rois_meant(structures, text, recipe)}
        except CaseRejected as fault:
            if not skip_missing or not is_absent(fault):
                raise
            seen = f"the case has no {text}: nothing was cut or grown there"
            findings.append(codes.ROI_NOT_FOUND.warn(where=f'"{text}" of the recipe', seen=seen))
            own = {}
        organs |= own
        meant[text] = tuple(own)
    return _with_names(recipe, meant), organs, tuple(findings)


def _rois_meant(structures: StructureSet, text: str, recipe: TargetRecipe) -> list[Roi]:
    regions = regions_meant(structures, text)
    is_within = any(clip.roi == text and clip.step.keeps_inside for clip in recipe.clips)
    operations = {one for region in regions for one in operations_in(region.tree)}
    if operations - {"union"} or (operations and is_within):
        raise CaseRejected(
            "bad-expression",
            where=f'"{text}"',
            seen="an organ that cuts is one ROI, or for --avoid and --barrier a sum of several",
            mend="name an ROI that is drawn like that, or a sum such as Bowel_L+Bowel_R",
        )
    return [roi for region in regions for roi in region.rois]


def _with_names(recipe: TargetRecipe, names: Mapping[str, Sequence[str]]) -> TargetRecipe:
    """Return the recipe with each organ under the names of the ROIs it stands for."""

    def renamed(parts: tuple[Named, ...]) -> tuple[Named, ...]:
        return tuple(replace(part, roi=name) for part in parts for name in names[part.roi])

    return replace(
        recipe,
        clips=renamed(recipe.clips),
        prvs=renamed(recipe.prvs),
    )
