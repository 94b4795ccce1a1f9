"""GTV -> CTV -> PTV -> PTV^clip of one lesion, on distance fields throughout."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from rtvol.margins.clip import BEYOND_MM, Cutter
from rtvol.margins.grow import grow, runs_of
from rtvol.masks.distance import signed_distance
from rtvol.masks.loft import loft

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from rtvol.margins.recipe import TargetRecipe
    from rtvol.margins.targets import ClipRecord
    from rtvol.masks.lattice import Lattice
    from rtvol.masks.stack import PlaneStack


@dataclass(frozen=True, eq=False)
class LesionFields:
    """Fields (K, J, I) of one lesion on its lattice; each solid is where its field is negative.

    Attributes
    ----------
    gtv, ctv, ptv, ptv_clip
        The targets; `ptv_clip` is None when no organ is avoided.
    from_ctv
        Signed distance to the surface of the CTV, mm. `gtv` is that of the GTV; inside a bound.
    ctv_clips, ptv_clips
        What the organs took, in the order they were cut.
    """

    lattice: Lattice
    gtv: NDArray[np.float32]
    ctv: NDArray[np.float32]
    ptv: NDArray[np.float32]
    ptv_clip: NDArray[np.float32] | None
    from_ctv: NDArray[np.float32]
    ctv_clips: tuple[ClipRecord, ...]
    ptv_clips: tuple[ClipRecord, ...]


def grow_lesion(
    stack: PlaneStack, organs: Mapping[str, PlaneStack], recipe: TargetRecipe, lattice: Lattice
) -> LesionFields:
    """Follow the steps of a recipe for one lesion.

    The PTV is grown from the sections of the CTV. Where the CTV was not cut and both margins are
    bodies of one shape, that is the GTV grown by their sum, without any detour.

    Parameters
    ----------
    stack
        Contours of the GTV.
    organs
        Contours of the organs of the recipe, by name.
    recipe
        What to grow and cut.
    lattice
        Points; they must hold the whole PTV (`Setting.lattice`).
    """
    reach = recipe.ctv.largest_mm + recipe.ptv.largest_mm
    gtv_runs = loft(stack, lattice, band_mm=reach + BEYOND_MM, reach_mm=0.0)
    limit = reach + 3 * lattice.step_mm
    gtv = signed_distance(gtv_runs, lattice, outside_mm=limit)
    cutter = Cutter(organs, lattice, gtv)
    whole_ctv = grow(gtv_runs, lattice, recipe.ctv)
    ctv, barriers = cutter.cut(whole_ctv, recipe.barrier, "barrier", whole_ctv)
    ctv, confines = cutter.cut(ctv, recipe.inside, "inside", whole_ctv)
    ctv_clips = (*barriers, *confines)
    is_whole = not any(clip.lost_cc > 0 for clip in ctv_clips)
    if is_whole and recipe.ctv.is_uniform:
        from_ctv = gtv - np.float32(recipe.ctv.left_mm)
    else:
        ctv_runs = runs_of(ctv, lattice, band_mm=reach + BEYOND_MM)
        from_ctv = signed_distance(ctv_runs, lattice, outside_mm=limit, inside_mm=limit)
    if recipe.ptv_from == "gtv":
        ptv = grow(gtv_runs, lattice, recipe.ptv)
    elif is_whole and recipe.ctv.adds_up_with(recipe.ptv):
        ptv = grow(gtv_runs, lattice, recipe.ctv.plus(recipe.ptv))
    else:
        ptv = grow(runs_of(ctv, lattice, band_mm=reach + BEYOND_MM), lattice, recipe.ptv)
    cut, ptv_clips = cutter.cut(ptv, recipe.avoid, "avoid", ctv)
    return LesionFields(
        lattice=lattice,
        gtv=gtv,
        ctv=ctv,
        ptv=ptv,
        ptv_clip=cut if recipe.avoid else None,
        from_ctv=from_ctv,
        ctv_clips=ctv_clips,
        ptv_clips=ptv_clips,
    )
