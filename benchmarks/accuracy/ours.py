"""rtvol on the cases, the way `rtvol expand` does it: recipe, setting, fields, volumes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cases import GAPS_MM, SIX
from local import local_errors_mm
from rtvol.margins import Clip, Margin, TargetRecipe
from rtvol.margins.algebra import drawn, shrink
from rtvol.margins.clip import BEYOND_MM, Cutter
from rtvol.margins.evaluate import field_of
from rtvol.margins.fields import grow_lesion
from rtvol.margins.grow import grow, runs_of
from rtvol.margins.setting import make_setting
from rtvol.masks import level_volume_cc, stack_planes

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from cases import Case
    from rtvol.margins.fields import LesionFields
    from rtvol.masks import Lattice
    from rtvol.masks.stack import PlaneStack
    from rtvol.structures import Roi

    Surface = tuple[NDArray[np.float32], Lattice]

TWO, FOUR, NONE = Margin.uniform(2), Margin.uniform(4), Margin.uniform(0)


def fields_of(
    stack: PlaneStack, recipe: TargetRecipe, planes_mm: NDArray[np.float64]
) -> LesionFields:
    """Fields of a GTV as the product makes them."""
    setting = make_setting([stack], recipe, planes_mm)
    return grow_lesion(stack, {}, recipe, setting.lattice(stack, recipe))


def surfaces(case: Case) -> dict[str, Surface]:
    """Field, negative inside, and lattice of every operation of the table."""
    stack = _stack(case.roi(), case)
    both = fields_of(stack, TargetRecipe(TWO, FOUR), case.planes_mm)
    lattice = both.lattice
    found = {
        "gtv": (both.gtv, lattice),
        "grow 2": (both.ctv, lattice),
        "2 then 4": (both.ptv, lattice),
    }
    for operation, margin in (("grow 4", FOUR), ("six", SIX)):
        one = fields_of(stack, TargetRecipe(margin, NONE), case.planes_mm)
        found[operation] = (one.ctv, one.lattice)
    for organ in ("box", "cord"):
        cutter = Cutter({organ: _stack(case.organ(organ), case)}, lattice, both.gtv)
        for gap in GAPS_MM:
            cut, _ = cutter.cut(both.ptv, (Clip("avoid", organ, gap),), both.ctv)
            found[f"clip {organ} {gap:g}"] = (cut, lattice)
    if case.shape.name != "sphere 5 mm":
        found["shrink 2"] = (field_of(shrink(drawn(stack), 2.0), lattice), lattice)
    # the way a cut CTV takes: its outline is traced and grown again, not the margins added
    retraced = grow(runs_of(both.ctv, lattice, band_mm=6 + BEYOND_MM), lattice, FOUR)
    found["retraced 2 then 4"] = (retraced, lattice)
    return found


def measure(case: Case) -> tuple[dict[str, float], dict[str, NDArray[np.float64]]]:
    """Volume in cc, and local errors (N,) in mm, of every operation of the table."""
    found = surfaces(case)
    volumes = {name: level_volume_cc(*surface) for name, surface in found.items()}
    return volumes, {name: local_errors_mm(case.shape, name, *found[name]) for name in found}


def ptv_cc(roi: Roi, planes_mm: NDArray[np.float64]) -> float:
    """Volume of 2 then 4 mm."""
    stack, _ = stack_planes(roi, spacing_mm=float(planes_mm[1] - planes_mm[0]))
    fields = fields_of(stack, TargetRecipe(TWO, FOUR), planes_mm)
    return level_volume_cc(fields.ptv, fields.lattice)


def _stack(roi: Roi, case: Case) -> PlaneStack:
    return stack_planes(roi, spacing_mm=case.spacing_mm)[0]


def once_cc(roi: Roi, planes_mm: NDArray[np.float64], margin_mm: float) -> float:
    """Volume of one growth."""
    stack, _ = stack_planes(roi, spacing_mm=float(planes_mm[1] - planes_mm[0]))
    fields = fields_of(stack, TargetRecipe(Margin.uniform(margin_mm), NONE), planes_mm)
    return level_volume_cc(fields.ctv, fields.lattice)
