"""rtvol on the cases, the way `rtvol expand` does it: recipe, setting, fields, volumes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cases import GAPS_MM, SIX
from local import local_errors_mm
from rtvol.margins import Clip, Margin, TargetRecipe
from rtvol.margins.clip import Cutter
from rtvol.margins.fields import grow_lesion
from rtvol.margins.grow import grow, runs_of
from rtvol.margins.levels import LevelSet
from rtvol.margins.setting import WrittenPlanes, make_setting
from rtvol.solids import stack_planes
from rtvol.solids.distance import FAR_MM
from rtvol.solids.pieces import Body

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from cases import Case
    from rtvol.margins.fields import LesionFields
    from rtvol.solids.planes import PlaneStack
    from rtvol.structures import Roi

TWO, FOUR, NONE = Margin.uniform(2), Margin.uniform(4), Margin.uniform(0)


def fields_of(
    stack: PlaneStack, recipe: TargetRecipe, planes_mm: NDArray[np.float64] | None
) -> LesionFields:
    """Fields of a GTV as the product makes them."""
    lattice = make_setting([stack], WrittenPlanes(planes_mm)).lattice(stack, recipe.reach_mm)
    return grow_lesion(Body.of(stack), {}, recipe, lattice)


def surfaces(case: Case) -> dict[str, LevelSet]:
    """Solid of every operation of the table."""
    stack = _stack(case.roi(), case)
    both = fields_of(stack, TargetRecipe(TWO, FOUR), case.planes_mm)
    lattice = both.lattice
    found = {"gtv": both.gtv, "grow 2": both.ctv, "2 then 4": both.ptv}
    for operation, margin in (("grow 4", FOUR), ("six", SIX)):
        found[operation] = fields_of(stack, TargetRecipe(margin, NONE), case.planes_mm).ctv
    for organ in ("box", "cord"):
        body = Body.of(_stack(case.organ(organ), case))
        cutter = Cutter({organ: body}, both.gtv)
        for gap in GAPS_MM:
            cut, _ = cutter.cut(both.ptv, (Clip("avoid", organ, gap),))
            found[f"clip {organ} {gap:g}"] = cut
    if case.shape.name != "sphere 5 mm":
        shrunk = TargetRecipe(Margin.uniform(-2), NONE)
        found["shrink 2"] = fields_of(stack, shrunk, case.planes_mm).ctv
    # the way a cut CTV takes: its outline is traced and grown again, not the margins added
    runs = runs_of(both.ctv.values, lattice, band_mm=FAR_MM)
    found["retraced 2 then 4"] = LevelSet(grow(runs, lattice, FOUR), lattice)
    return found


def measure(case: Case) -> tuple[dict[str, float], dict[str, NDArray[np.float64]]]:
    """Volume in cc, and local errors (N,) in mm, of every operation of the table."""
    found = surfaces(case)
    local = {
        name: local_errors_mm(case.shape, name, one.values, one.lattice)
        for name, one in found.items()
    }
    return {name: one.volume_cc for name, one in found.items()}, local


def ptv_cc(roi: Roi, planes_mm: NDArray[np.float64]) -> float:
    """Volume of 2 then 4 mm."""
    stack, _ = stack_planes(roi, images_mm=planes_mm)
    return fields_of(stack, TargetRecipe(TWO, FOUR), planes_mm).ptv.volume_cc


def _stack(roi: Roi, case: Case) -> PlaneStack:
    return stack_planes(roi, images_mm=case.planes_mm)[0]


def once_cc(roi: Roi, planes_mm: NDArray[np.float64], margin_mm: float) -> float:
    """Volume of one growth."""
    stack, _ = stack_planes(roi, images_mm=planes_mm)
    recipe = TargetRecipe(Margin.uniform(margin_mm), NONE)
    return fields_of(stack, recipe, planes_mm).ctv.volume_cc
