"""Organs as planning needs them: grown by a margin (PRV), and deep enough to be shrunk."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import chain
from typing import TYPE_CHECKING

import numpy as np

from rtvol.errors import CaseRejected
from rtvol.margins.achieved import OuterSurface
from rtvol.margins.clip import BEYOND_MM
from rtvol.margins.derived_names import prv_name
from rtvol.margins.fields import Surface, surface_of
from rtvol.margins.levels import LevelSet
from rtvol.margins.setting import truncation_findings
from rtvol.margins.tracing import Tracer, as_given
from rtvol.solids.distance import distance_inside, distance_outside, near_mm
from rtvol.solids.lattice import Lattice
from rtvol.solids.loft import loft

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rtvol.errors import Finding
    from rtvol.frames import PlaneFrame
    from rtvol.margins.recipe import Clip, Prv, TargetRecipe
    from rtvol.margins.setting import Setting
    from rtvol.margins.targets import Derived
    from rtvol.solids.pieces import Body
    from rtvol.structures import Roi

#: Lattice steps across an organ when only its depth is asked for.
ACROSS = 60


def grow_organs(
    prvs: Sequence[Prv],
    bodies: Mapping[str, Body],
    given: Mapping[str, Roi],
    settings: Mapping[PlaneFrame, Setting],
    *,
    taken_names: Sequence[str],
    threads: int = 1,
) -> tuple[tuple[Derived, ...], tuple[Finding, ...]]:
    """Grow organs by their margins: `SpinalCord` + 2 mm -> `SpinalCord_PRV02`.

    Parameters
    ----------
    prvs
        Organs and margins.
    bodies, given
        Contours of the organs by name, and the organs as they came.
    settings
        The planes contours are written on, by their frame.
    taken_names
        ROI names in use.
    threads
        Organs worked on at a time.

    Returns
    -------
    The grown organs, and the finding `margin-truncated` for each that reaches beyond the images.

    Raises
    ------
    CaseRejected
        `nothing-left` for a negative margin that leaves nothing.
    """
    names = list(taken_names)
    for prv in prvs:
        names.append(prv_name(prv.roi, prv.margin, names))

    def grown(prv: Prv, name: str) -> tuple[Derived, tuple[Finding, ...]]:
        setting = settings[given[prv.roi].frame]
        return _grow_organ(prv, name, bodies[prv.roi], given[prv.roi], setting)

    named = names[len(taken_names) :]
    if threads == 1:  # here, where a time limit can reach it
        found = list(map(grown, prvs, named))
    else:
        with ThreadPoolExecutor(threads) as pool:
            found = list(pool.map(grown, prvs, named))
    return tuple(one for one, _ in found), tuple(chain(*(seen for _, seen in found)))


def _grow_organ(
    prv: Prv, name: str, body: Body, given: Roi, setting: Setting
) -> tuple[Derived, tuple[Finding, ...]]:
    tracer = Tracer(setting, "", f"{prv.roi} {prv.margin.signed}")
    if prv.margin.is_zero:
        return tracer.same(name, "roi", as_given(given, body.stack, "roi")), ()
    reach, depth = prv.margin.outwards.largest_mm, prv.margin.inwards.largest_mm
    lattice = setting.lattice(body.stack, reach)
    runs = loft(body, lattice, band_mm=max(reach, depth) + BEYOND_MM, reach_mm=0.0)
    out_mm, in_mm = reach + 3 * lattice.step_mm, depth + 3 * lattice.step_mm
    if prv.margin.least_mm > near_mm(lattice):
        # what is read lies well outside: how deep points are inside tells nothing
        outside = distance_outside(runs, lattice, limit=out_mm)
        organ = Surface(LevelSet(outside, lattice), runs)
    else:
        organ = surface_of(runs, lattice, out_mm, in_mm)
    grown = organ.grown(prv.margin)
    if grown.is_empty:
        raise CaseRejected(
            "nothing-left",
            where=f"ROI {prv.roi}",
            seen=f"a margin of {prv.margin} leaves nothing of it",
            mend="shrink by less",
        )
    findings = tuple(truncation_findings(f"ROI {name}", grown, setting))
    achieved = OuterSurface.of(grown, organ.level).achieved()
    level = grown if setting.keep_levels else None
    return replace(tracer.derive(name, "roi", grown), achieved=achieved, level=level), findings


def check_depths(recipe: TargetRecipe, organs: Mapping[str, Body]) -> None:
    """Refuse gaps that would shrink an organ to nothing.

    Raises
    ------
    CaseRejected
        `nothing-left` when a negative gap (a positive one of `inside`) is no less than the depth
        of the organ: the cut would do nothing, or leave nothing.
    """
    for clip in recipe.clips:
        depth_mm = clip.gap_mm if clip.step.keeps_inside else -clip.gap_mm
        if depth_mm > 0 and not _is_deeper(organs[clip.roi], depth_mm):
            raise _too_shallow(clip, depth_mm)


def _is_deeper(body: Body, depth_mm: float) -> bool:
    x, y, z = body.stack.bounds_mm
    step = max(side[1] - side[0] for side in (x, y, z)) / ACROSS
    lattice = Lattice.around(x, y, np.arange(z[0], z[1], step), step, body.stack.frame)
    runs = loft(body, lattice, band_mm=depth_mm + BEYOND_MM, reach_mm=depth_mm)
    return bool((distance_inside(runs, lattice, limit_mm=depth_mm + step) > depth_mm).any())


def _too_shallow(clip: Clip, depth_mm: float) -> CaseRejected:
    return CaseRejected(
        "nothing-left",
        where=f"ROI {clip.roi}",
        seen=f"the gap of {clip.gap_mm:g} mm shrinks it by {depth_mm:g} mm, and it is nowhere "
        "that deep",
        mend="use a smaller gap",
    )
