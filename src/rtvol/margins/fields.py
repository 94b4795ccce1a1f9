"""GTV -> CTV -> PTV -> PTV^clip of one lesion, on distance fields throughout."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from rtvol.errors import CaseRejected
from rtvol.margins.clip import Cutter, OrganCut
from rtvol.margins.grow import grow, runs_of
from rtvol.margins.levels import LevelSet
from rtvol.margins.margin import one_after_the_other
from rtvol.solids.distance import FAR_MM, signed_distance
from rtvol.solids.loft import loft

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rtvol.margins.margin import Margin
    from rtvol.margins.recipe import TargetRecipe
    from rtvol.solids.lattice import Lattice
    from rtvol.solids.pieces import Body
    from rtvol.solids.sections import Run


@dataclass(frozen=True, eq=False)
class Surface:
    """A solid with what is needed to grow it.

    Attributes
    ----------
    level
        Its signed distance in mm, exact as far as the recipe reaches on both sides.
    runs
        Its sections.
    """

    level: LevelSet
    runs: Sequence[Run]

    def grown(self, margin: Margin) -> LevelSet:
        """Grow by a margin: below the voxel, nothing is traced where all six are equal."""
        if margin.is_uniform:
            return self.level.moved(margin.left_mm)
        return LevelSet(grow(self.runs, self.level.lattice, margin), self.level.lattice)


@dataclass(frozen=True, eq=False)
class LesionFields:
    """The targets of one lesion on its lattice.

    Attributes
    ----------
    gtv, ctv, ptv, ptv_clip
        The targets; `ptv_clip` is None when no organ is avoided. `gtv` is a distance in mm.
    ctv_mm
        Signed distance to the surface of the CTV, mm.
    ctv_cuts, ptv_cuts
        What the organs took, in the order they were cut.
    """

    gtv: LevelSet
    ctv: LevelSet
    ptv: LevelSet
    ptv_clip: LevelSet | None
    ctv_mm: LevelSet
    ctv_cuts: tuple[OrganCut, ...]
    ptv_cuts: tuple[OrganCut, ...]

    @property
    def lattice(self) -> Lattice:
        """Points of all fields."""
        return self.gtv.lattice


def grow_lesion(
    body: Body, organs: Mapping[str, Body], recipe: TargetRecipe, lattice: Lattice
) -> LesionFields:
    """Follow the steps of a recipe for one lesion.

    The PTV is grown from the CTV. Where the CTV was not cut and both margins are bodies of one
    shape, that is the GTV grown by their sum, without any detour.

    Parameters
    ----------
    body
        Contours of the GTV.
    organs
        The organs of the recipe, by name.
    recipe
        What to grow and cut.
    lattice
        Points; they must hold the whole PTV (`Setting.lattice`).

    Raises
    ------
    CaseRejected
        `nothing-left` when a negative margin leaves nothing.
    """
    out_mm, in_mm = recipe.reach_mm + 3 * lattice.step_mm, recipe.depth_mm + 3 * lattice.step_mm
    gtv = surface_of(loft(body, lattice, band_mm=FAR_MM, reach_mm=0.0), lattice, out_mm, in_mm)
    cutter = Cutter(organs, gtv.level)
    whole_ctv = _not_empty(gtv.grown(recipe.ctv), "CTV", recipe.ctv)
    ctv, ctv_cuts = cutter.cut(whole_ctv, recipe.cutting("ctv"))
    if ctv is whole_ctv and recipe.ctv.is_uniform:
        from_ctv = Surface(gtv.level.moved(recipe.ctv.left_mm), ())
    else:
        from_ctv = surface_of(runs_of(ctv.values, lattice, band_mm=FAR_MM), lattice, out_mm, in_mm)
    both = one_after_the_other(recipe.ctv, recipe.ptv)
    if recipe.ptv_from == "gtv":
        ptv = gtv.grown(recipe.ptv)
    elif recipe.ptv.is_zero:
        ptv = ctv
    elif ctv is whole_ctv and both is not None:
        ptv = gtv.grown(both)
    else:
        if not from_ctv.runs:
            runs = runs_of(ctv.values, lattice, band_mm=FAR_MM)
            from_ctv = surface_of(runs, lattice, out_mm, in_mm)
        ptv = from_ctv.grown(recipe.ptv)
    cut, ptv_cuts = cutter.cut(_not_empty(ptv, "PTV", recipe.ptv), recipe.cutting("ptv"))
    return LesionFields(
        gtv=gtv.level,
        ctv=ctv,
        ptv=ptv,
        ptv_clip=cut if ptv_cuts else None,
        ctv_mm=from_ctv.level,
        ctv_cuts=ctv_cuts,
        ptv_cuts=ptv_cuts,
    )


def surface_of(runs: Sequence[Run], lattice: Lattice, out_mm: float, in_mm: float) -> Surface:
    """Measure distances to a solid, exact as far as given on both sides of its surface, mm."""
    distance = signed_distance(runs, lattice, outside_mm=out_mm, inside_mm=in_mm)
    return Surface(LevelSet(distance, lattice), runs)


def _not_empty(target: LevelSet, kind: str, margin: Margin) -> LevelSet:
    if target.is_empty:
        raise CaseRejected(
            "nothing-left",
            where=kind,
            seen=f"a margin of {margin} leaves nothing of it",
            mend="shrink by less",
        )
    return target
