"""Organs as planning needs them: grown by a margin (PRV), and deep enough to be shrunk."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from itertools import chain
from typing import TYPE_CHECKING

import numpy as np

from rtvol.errors import CaseRejected
from rtvol.margins.clip import BEYOND_MM
from rtvol.margins.grow import grow
from rtvol.margins.margin import Margin
from rtvol.margins.names import prv_name
from rtvol.margins.recipe import TargetRecipe
from rtvol.margins.setting import make_setting, truncation_findings
from rtvol.margins.tracing import Tracer
from rtvol.masks.distance import distance_inside, signed_distance
from rtvol.masks.lattice import Lattice
from rtvol.masks.loft import loft

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from rtvol.errors import Finding
    from rtvol.margins.recipe import Clip, Prv
    from rtvol.margins.targets import Derived
    from rtvol.masks.stack import PlaneStack

#: Lattice steps across an organ when only its depth is asked for.
ACROSS = 60


def grow_organs(
    prvs: Sequence[Prv],
    stacks: Mapping[str, PlaneStack],
    taken_names: Sequence[str],
    *,
    planes_mm: NDArray[np.float64] | None,
    images_mm: tuple[tuple[float, float], tuple[float, float]] | None = None,
    threads: int = 1,
) -> tuple[tuple[Derived, ...], tuple[Finding, ...]]:
    """Grow organs by their margins: `SpinalCord` + 2 mm -> `SpinalCord_PRV02`.

    Parameters
    ----------
    prvs
        Organs and margins.
    stacks
        Contours of the organs by name.
    taken_names
        ROI names in use.
    planes_mm
        Planes contours are written on, patient z in mm; None for each organ's own.
    images_mm
        How far the images reach along x and along y, mm; None without images.
    threads
        Organs worked on at a time.

    Returns
    -------
    The grown organs, and the finding `margin-truncated` for each that reaches beyond the images.
    """
    names = list(taken_names)
    for prv in prvs:
        names.append(prv_name(prv.roi, prv.margin, names))

    def grown(prv: Prv, name: str) -> tuple[Derived, tuple[Finding, ...]]:
        return _grow_organ(prv, name, stacks[prv.roi], planes_mm, images_mm)

    named = names[len(taken_names) :]
    if threads == 1:  # here, where a time limit can reach it
        found = list(map(grown, prvs, named))
    else:
        with ThreadPoolExecutor(threads) as pool:
            found = list(pool.map(grown, prvs, named))
    return tuple(one for one, _ in found), tuple(chain(*(seen for _, seen in found)))


def _grow_organ(
    prv: Prv,
    name: str,
    stack: PlaneStack,
    planes_mm: NDArray[np.float64] | None,
    images_mm: tuple[tuple[float, float], tuple[float, float]] | None,
) -> tuple[Derived, tuple[Finding, ...]]:
    recipe = TargetRecipe(prv.margin, Margin.uniform(0.0))
    setting = make_setting([stack], recipe, planes_mm, images_mm)
    lattice = setting.lattice(stack, recipe)
    reach = prv.margin.largest_mm
    runs = loft(stack, lattice, band_mm=reach + BEYOND_MM, reach_mm=0.0)
    field = grow(runs, lattice, prv.margin)
    distance = signed_distance(runs, lattice, outside_mm=reach + 3 * lattice.step_mm)
    tracer = Tracer(lattice, setting, "", f"{prv.roi} + {prv.margin}")
    findings = tuple(truncation_findings(f"ROI {name}", lattice, field, setting))
    return tracer.derive(name, "roi", field, distance), findings


def check_depths(recipe: TargetRecipe, organs: Mapping[str, PlaneStack]) -> None:
    """Refuse gaps that would shrink an organ to nothing.

    Raises
    ------
    CaseRejected
        `nothing-left` when a negative gap (a positive one of `inside`) is no less than the depth
        of the organ: the cut would do nothing, or leave nothing.
    """
    shrinking = [*((c, -c.gap_mm) for c in (*recipe.barrier, *recipe.avoid))]
    shrinking += [(c, c.gap_mm) for c in recipe.inside]
    for clip, depth_mm in shrinking:
        if depth_mm > 0 and not _is_deeper(organs[clip.roi], depth_mm):
            raise _too_shallow(clip, depth_mm)


def _is_deeper(stack: PlaneStack, depth_mm: float) -> bool:
    x, y, z = stack.bounds_mm
    step = max(side[1] - side[0] for side in (x, y, z)) / ACROSS
    lattice = Lattice.around(x, y, np.arange(z[0], z[1], step), step)
    runs = loft(stack, lattice, band_mm=depth_mm + BEYOND_MM, reach_mm=depth_mm)
    return bool((distance_inside(runs, lattice, limit_mm=depth_mm + step) > depth_mm).any())


def _too_shallow(clip: Clip, depth_mm: float) -> CaseRejected:
    return CaseRejected(
        "nothing-left",
        where=f"ROI {clip.roi}",
        seen=f"the gap of {clip.gap_mm:g} mm shrinks it by {depth_mm:g} mm, and it is nowhere "
        "that deep",
        mend="use a smaller gap",
    )
