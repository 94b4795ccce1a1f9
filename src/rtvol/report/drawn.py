"""What a page draws, structure by structure: which, with which pen, and its rings on all planes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from rtvol.errors import RtvolError
from rtvol.margins.recipe import CLIP_STEPS
from rtvol.report.cuts import Outlines, as_grown, cut, drawn_rings, lofted
from rtvol.report.gaps import gap_level, gap_outlines
from rtvol.report.palette import BODY, NAMES, Pen, gap_pen
from rtvol.report.pens import Subject, numbered, pen_entry, pens_for
from rtvol.report.surfaces import TriangleSurface, surface_of
from rtvol.solids.pieces import Body
from rtvol.solids.stack import stack_planes
from rtvol.structures import COLOURS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from numpy.typing import NDArray

    from rtvol.margins.levels import LevelSet
    from rtvol.report.cuts import SolidSections
    from rtvol.report.pens import Pens
    from rtvol.report.shown import ShownCase
    from rtvol.report.view import View
    from rtvol.structures import Roi

#: Outlines are stored in whole steps of so many mm, or coarser ones where these would not reach.
STEP_MM, MOST_STEPS = 0.01, 32000
#: Corners of surfaces are stored in whole steps of so many mm.
SURFACE_MM = 0.05
#: How much hides what lies behind, by the colour: a GTV is seen through all that is grown of it.
OPACITIES = {COLOURS["GTV"]: 1.0, COLOURS["CTV"]: 0.25, BODY: 0.08} | dict.fromkeys(
    (COLOURS["PTV"], COLOURS["PTV^clip"]), 0.15
)
USUAL_OPACITY = 0.3
#: What stands under no target in the legend.
OTHERS = "Structures"
PLANES = ("axial", "coronal", "sagittal")


@dataclass(frozen=True, eq=False)
class DrawnStructure:
    """A structure of a page.

    Attributes
    ----------
    name, label
        The structure, and its words in the legend.
    group, heading
        "target", "gap" or "organ"; what it stands under in the legend.
    pen, outlines
        How and where it is drawn.
    is_on
        Whether it is seen when the page opens.
    surface
        Its surface in 3-D; None where it has none.
    """

    name: str
    label: str
    group: str
    heading: str
    pen: Pen
    outlines: Outlines
    is_on: bool = True
    surface: TriangleSurface | None = None


@dataclass(frozen=True, eq=False)
class Gap:
    """An organ grown by the gap that a target keeps from it."""

    organ: str
    label: str
    level: LevelSet


def body_of(roi: Roi, images_mm: NDArray[np.float64] | None) -> Body | None:
    """Return the pieces of a structure; None where its contours make no solid."""
    try:
        return Body.of(stack_planes(roi, images_mm=images_mm)[0])
    except RtvolError:  # no solid: its contours are drawn all the same, and a finding has said why
        return None


def gaps_of(shown: ShownCase, view: View) -> list[Gap]:
    """Grow each organ that cuts by its gap, within a view."""
    clips = {
        (clip.organ, clip.kind, clip.gap_mm): clip
        for row in shown.result.structures
        for clip in row.clips
    }
    rois = {roi.name: roi for roi in shown.case.structures.rois}
    gaps = []
    for organ, kind, gap_mm in clips:
        body = body_of(rois[organ], shown.case.planes_of(rois[organ])) if organ in rois else None
        sign = -1 if CLIP_STEPS[kind].keeps_inside else 1
        level = gap_level(body, sign * gap_mm, view) if body else None
        if level is not None:
            gaps.append(Gap(organ, f"{organ} {sign * gap_mm:+g} mm ({kind})", level))
    return gaps


def pens_of(shown: ShownCase) -> Pens:
    """Return the pen of each structure of a page: one for its outlines and its curve."""
    made = [target for target in shown.targets if target.role != "roi"]
    subjects = [Subject(target.name, NAMES[target.role], is_made=True) for target in made]
    subjects += [Subject(roi.name, roi.kind) for roi, _ in _organ_rois(shown)]
    rows = [Subject(row.name) for row in shown.rows]
    known = dict(zip(numbered(one.name for one in rows), rows, strict=True))
    known |= dict(zip(numbered(one.name for one in subjects), subjects, strict=True))
    return dict(zip(known, pens_for(list(known.values())), strict=True))


def _organ_rois(shown: ShownCase) -> list[tuple[Roi, LevelSet | None]]:
    """Return what is drawn and no target made here, with its solid where that was grown."""
    made = {target.name for target in shown.targets}
    prvs = [(target.roi, target.level) for target in shown.targets if target.role == "roi"]
    rest = [roi for roi in shown.case.structures.rois if roi.name not in made and roi.contours]
    return [*prvs, *((roi, None) for roi in rest)]


def draw_all(shown: ShownCase, view: View, gaps: Sequence[Gap], pens: Pens) -> list[DrawnStructure]:
    """Return all structures that a view meets: targets, then organs that cut, then the others."""
    drawn = [*_targets(shown, view, pens), *_organs(shown, view, gaps, pens)]
    return sorted(drawn, key=lambda one: one.heading == OTHERS)


def _targets(shown: ShownCase, view: View, pens: Pens) -> Iterator[DrawnStructure]:
    made = [target for target in shown.targets if target.role != "roi"]
    for target, key in zip(made, numbered(one.name for one in made), strict=True):
        outlines, surface = _outlined(target.roi, target.level, shown, view)
        heading = f"Lesion {target.lesion}" if target.lesion else "Targets"
        name = target.name
        yield DrawnStructure(name, name, "target", heading, pens[key], outlines, surface=surface)


def _organs(
    shown: ShownCase, view: View, gaps: Sequence[Gap], pens: Pens
) -> Iterator[DrawnStructure]:
    """Yield what is no target made here; the planner's own are off beside others."""
    organs = _organ_rois(shown)
    keyed = list(zip(organs, numbered(roi.name for roi, _ in organs), strict=True))
    prvs = [target.name for target in shown.targets if target.role == "roi"]
    order = [*prvs, *dict.fromkeys(gap.organ for gap in gaps)]
    keyed.sort(key=lambda one: order.index(one[1][0]) if one[1][0] in order else len(order))
    for (roi, level), key in keyed:
        pen = pens[key]
        outlines, surface = _outlined(roi, level, shown, view)
        if not (outlines.axial or outlines.coronal or outlines.sagittal):
            continue
        is_main = roi.is_target and not shown.targets
        group, heading = ("target", "Targets") if is_main else ("organ", OTHERS)
        is_on = is_main or not roi.is_target
        yield DrawnStructure(roi.name, roi.name, group, heading, pen, outlines, is_on, surface)
        for gap in (gap for gap in gaps if gap.organ == roi.name):
            rings = gap_outlines(gap.level, view)
            yield DrawnStructure(gap.label, gap.label, "gap", heading, gap_pen(pen), rings)


def _outlined(
    roi: Roi, level: LevelSet | None, shown: ShownCase, view: View
) -> tuple[Outlines, TriangleSurface | None]:
    """Cut a solid as it was grown, else the surface between its contours."""
    axial = drawn_rings(roi, view)
    if level is not None:
        solid: SolidSections | None = as_grown(level)
    else:
        body = body_of(roi, shown.case.planes_of(roi))
        solid = lofted(body, view) if body is not None else None
    if solid is None:
        return Outlines(axial), None
    return Outlines(axial, *cut(solid, view)), surface_of(solid)


def encode(
    drawn: Sequence[DrawnStructure], view: View
) -> tuple[list[dict[str, Any]], dict[str, Any], dict[str, NDArray[np.generic]]]:
    """Return structures, how their rings are coded, and the arrays with the rings."""
    middle = {
        axis: float(line[line.size // 2])
        for axis, line in zip("xyz", (view.x_mm, view.y_mm, view.planes_mm), strict=True)
    }
    u0 = {"axial": middle["x"], "coronal": middle["x"], "sagittal": middle["y"]}
    v0 = {"axial": middle["y"], "coronal": middle["z"], "sagittal": middle["z"]}
    rings = [
        ring - np.array([u0[plane], v0[plane]])
        for one in drawn
        for plane in PLANES
        for _, ring in getattr(one.outlines, plane)
    ]
    points = np.concatenate(rings) if rings else np.empty((0, 2))
    step = max(STEP_MM, float(abs(points).max(initial=0.0)) / MOST_STEPS)
    whole = np.rint(points / step).astype(np.int16)
    arrays: dict[str, NDArray[np.generic]] = {
        "u": whole[:, 0],
        "v": whole[:, 1],
        "counts": np.array([len(ring) for ring in rings], np.int32),
        **_surface_arrays([one.surface for one in drawn if one.surface], list(middle.values())),
    }
    entries = [
        {
            "name": one.name,
            "label": one.label,
            "group": one.group,
            "heading": one.heading,
            **pen_entry(one.pen),
            "on": one.is_on,
            "opacity": OPACITIES.get(one.pen.colour, USUAL_OPACITY),
            "corners": len(one.surface.corners_mm) if one.surface else 0,
            "triangles": len(one.surface.triangles) if one.surface else 0,
            "planes": {plane: _numbers(getattr(one.outlines, plane)) for plane in PLANES},
        }
        for one in drawn
    ]
    coding = {"step_mm": step, "u0": u0, "v0": v0, "middle": middle, "surface_mm": SURFACE_MM}
    return entries, coding, arrays


def _surface_arrays(
    surfaces: Sequence[TriangleSurface], middle: Sequence[float]
) -> dict[str, NDArray[np.generic]]:
    """Return corners, in steps of SURFACE_MM from the middle of the view, and triangles."""
    nothing = np.empty((0, 3))
    corners = [nothing, *(one.corners_mm - np.array(middle) for one in surfaces)]
    triangles = [nothing.astype(np.int64), *(one.triangles for one in surfaces)]
    whole = np.rint(np.concatenate(corners) / SURFACE_MM).clip(-MOST_STEPS, MOST_STEPS)
    return {
        "corners": whole.astype(np.int16).T.copy(),
        "triangles": np.concatenate(triangles).astype(np.int32),
    }


def _numbers(rings: Iterable[tuple[int, NDArray[np.float64]]]) -> list[int]:
    return [number for number, _ in rings]
