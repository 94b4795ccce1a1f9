"""The organs that a target recipe names, in a case."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

from rtvol import codes
from rtvol.errors import CaseRejected, Finding
from rtvol.margins.algebra import operations_in
from rtvol.margins.derived_names import given_name
from rtvol.names.expressions import regions_meant
from rtvol.names.find import is_absent
from rtvol.verbs.grounds import case_ground, setting_of
from rtvol.verbs.made_regions import make_structure

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rtvol.case import Case
    from rtvol.margins import Clip, TargetRecipe
    from rtvol.margins.recipe import Prv
    from rtvol.names.regions import Region
    from rtvol.structures import Roi

Named = TypeVar("Named", "Clip", "Prv")


def organs_meant(
    case: Case, recipe: TargetRecipe, *, skip_missing: bool = False
) -> tuple[TargetRecipe, dict[str, Roi], tuple[Finding, ...]]:
    """Return the recipe with organs under their own names, these organs, and those left out.

    A pattern (`Bowel*`) or a sum (`Bowel_L+Bowel_R`) is each ROI it means, all cut in the same way:
    what several grown organs take is what their union takes, grown. Another expression is made a
    structure on the planes of the images first. With `skip_missing` an
    organ that a case does not have is left out, with a finding.

    Raises
    ------
    CaseRejected
        `roi-not-found`, `roi-ambiguous` or `roi-empty`; `nothing-left`.
    """
    organs: dict[str, Roi] = {}
    meant: dict[str, tuple[str, ...]] = {}
    findings: list[Finding] = []
    for text in recipe.organs:
        try:
            is_within = any(one.roi == text and one.step.keeps_inside for one in recipe.clips)
            rois, noticed = rois_meant(case, [text], as_one=is_within)
            own, findings = {roi.name: roi for roi in rois}, [*findings, *noticed]
        except CaseRejected as fault:
            if not skip_missing or not is_absent(fault):
                raise
            seen = f"the case has no {text}: nothing was cut or grown there"
            findings.append(codes.ROI_NOT_FOUND.warn(where=f'"{text}" of the recipe', seen=seen))
            own = {}
        organs |= own
        meant[text] = tuple(own)
    return _with_names(recipe, meant), organs, tuple(findings)


def rois_meant(
    case: Case, texts: Sequence[str], *, name: str = "", as_one: bool = False
) -> tuple[tuple[Roi, ...], tuple[Finding, ...]]:
    """Return the ROIs that texts mean, each once; an expression is made a structure first.

    Parameters
    ----------
    case
        The case.
    texts
        Names, patterns, expressions.
    name
        What an expression is called; empty for its own text.
    as_one
        Whether a sum is one structure too, not each of its parts.

    Raises
    ------
    CaseRejected
        `roi-not-found` and its like; `nothing-left` for an expression that leaves nothing.
    """
    found: dict[Roi, None] = {}
    findings: list[Finding] = []
    for text in texts:
        for region in regions_meant(case.structures, text):
            findings += region.findings
            if region.roi is not None:
                found[region.roi] = None
            elif not (name or as_one) and operations_in(region.tree) <= {"union"} and region.rois:
                found |= dict.fromkeys(region.rois)
            else:
                called = given_name(name, case.structures.names) if name else region.name
                roi, noticed = structure_of(case, replace(region, name=called), text)
                found[roi] = None
                findings += noticed
    return tuple(found), tuple(findings)


def structure_of(case: Case, region: Region, text: str) -> tuple[Roi, tuple[Finding, ...]]:
    """Return an expression made a structure, with what was noticed.

    Raises
    ------
    CaseRejected
        `nothing-left`.
    """
    setting, noticed = setting_of(case, region.rois)
    made, findings = make_structure(region, text, case_ground(case), setting)
    if not made.roi.contours:
        raise CaseRejected(
            "nothing-left",
            where=f'"{text}"',
            seen="nothing is left of it: 0 cc",
            mend="check which structures are combined, and the margins",
        )
    return made.roi, (*noticed, *findings)


def _with_names(recipe: TargetRecipe, names: Mapping[str, Sequence[str]]) -> TargetRecipe:
    """Return the recipe with each organ under the names of the ROIs it stands for."""

    def renamed(parts: tuple[Named, ...]) -> tuple[Named, ...]:
        return tuple(replace(part, roi=name) for part in parts for name in names[part.roi])

    return replace(
        recipe,
        clips=renamed(recipe.clips),
        prvs=renamed(recipe.prvs),
    )
