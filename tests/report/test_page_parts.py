"""What a page is made of: voxels in patient order, outlines, gaps, surfaces, marks, safe text."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import re
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from report.conftest import ORGAN, TUMOUR, gy_at, phantom
from rtvol.io import find, read_case, read_dose
from rtvol.phantoms import write_case
from rtvol.phantoms.patient import COSINES
from rtvol.report import webpage
from rtvol.report.curves import goal_marks
from rtvol.report.cuts import as_grown, cut, drawn_rings, lofted, thinned
from rtvol.report.drawn import body_of
from rtvol.report.gaps import gap_level, gap_outlines
from rtvol.report.pack import pack
from rtvol.report.places import cut_places, hot_spot, least_margin
from rtvol.report.surfaces import surface_of
from rtvol.report.view import HU_LEVELS, View, code_dose, make_view
from rtvol.structures import Contour, Roi
from rtvol.tables.rows import GoalRow

if TYPE_CHECKING:
    from pathlib import Path

    from rtvol.case import Case

BOX = ((-28.0, 52.0), (-49.0, 31.0), (-36.0, 44.0))


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> Case:
    folder = tmp_path_factory.mktemp("parts")
    write_case(folder, phantom())
    return read_case(find([folder]).cases[0])


@pytest.fixture(scope="module")
def view(case: Case) -> View:
    return make_view(case, BOX, np.empty(0))


def roi_of(case: Case, name: str) -> Roi:
    return next(roi for roi in case.structures.rois if roi.name == name)


@pytest.mark.parametrize("position", COSINES)
def test_voxels_and_doses_are_in_patient_order_in_every_position(
    position: Any, tmp_path: Path
) -> None:
    write_case(tmp_path, phantom(), position=position)
    case = read_case(find([tmp_path]).cases[0])
    view = make_view(case, BOX, np.empty(0))
    assert view.pixels is not None
    for axis in (view.x_mm, view.y_mm, view.planes_mm):
        assert (np.diff(axis) > 0).all()
    z, y, x = np.meshgrid(view.planes_mm, view.y_mm, view.x_mm, indexing="ij")
    away = np.sqrt(sum((a - c) ** 2 for a, c in zip((x, y, z), TUMOUR.centre_mm, strict=True)))
    inside = away <= TUMOUR.radius_mm
    hu = view.pixels.levels[view.pixels.codes]
    # noise of 9 HU; the body around is 0 HU, the air -1000
    assert (hu[inside] > 200).all()
    assert not (hu[~inside] > 100).any()
    dose = code_dose(read_dose(case.doses[0]), BOX)
    assert dose is not None
    z, y, x = np.meshgrid(dose.z_mm, dose.y_mm, dose.x_mm, indexing="ij")
    true = np.vectorize(gy_at)(x, y, z)
    # stored in 16 bits, by the file and by the page
    assert dose.codes * dose.step_gy == pytest.approx(true, abs=0.002)


def test_hu_are_rounded_to_the_nearest_level() -> None:
    soft = HU_LEVELS[(HU_LEVELS > -200) & (HU_LEVELS < 250)]
    assert HU_LEVELS.size == 256
    assert (np.diff(HU_LEVELS) > 0).all()
    assert np.diff(soft).max() == 2.5


def test_coronal_and_sagittal_outlines_cut_the_solid(case: Case, view: View) -> None:
    """A sphere's sections are circles, on planes that no contour lies on."""
    body = body_of(roi_of(case, "Tumour"), case.ct.planes_mm)
    assert body is not None
    solid = lofted(body, view)
    assert solid is not None
    coronal, sagittal = cut(solid, view)
    for rings, axis, through in ((coronal, view.y_mm, 1), (sagittal, view.x_mm, 0)):
        middle = np.array(TUMOUR.centre_mm)[[1 - through, 2]]
        assert len(rings) > 10
        for number, ring in rings:
            off = axis[number] - TUMOUR.centre_mm[through]
            true = np.sqrt(max(TUMOUR.radius_mm**2 - off**2, 0.0))
            found = np.hypot(*(ring - middle).T)
            if true > 5:  # near its pole the surface between contours is less sure
                assert found == pytest.approx(true, abs=0.45)


@pytest.mark.parametrize("phase_mm", [0.0, 0.6, 1.2, 1.8, 2.4])
def test_sections_reach_the_poles_wherever_the_planes_lie(phase_mm: float) -> None:
    """The last contour may lie more than half a spacing below the pole: the loft closes there."""
    radius = 14.0
    zs = np.arange(-15.0, 15.0, 2.5) + phase_mm
    zs = zs[np.abs(zs) < radius - 0.1]
    t = np.linspace(0, 2 * np.pi, 361)[:-1]
    circle = np.column_stack([np.cos(t), np.sin(t)])
    ball = Roi(
        "GTV", 1, "GTV", tuple(Contour(np.sqrt(radius**2 - z**2) * circle, float(z)) for z in zs)
    )
    body = body_of(ball, zs)
    assert body is not None
    axis = np.arange(-30.0, 31.0)
    solid = lofted(body, View(axis, axis, np.arange(-30.0, 31.0, 2.5)))
    assert solid is not None
    for rings in cut(solid, View(axis, axis, zs)):
        (middle,) = [ring for number, ring in rings if axis[number] == 0]
        assert middle[:, 1].min() == pytest.approx(-radius, abs=0.3)
        assert middle[:, 1].max() == pytest.approx(radius, abs=0.3)


def test_axial_outlines_are_the_contours_themselves(case: Case, view: View) -> None:
    roi = roi_of(case, "Tumour")
    shown = drawn_rings(roi, view)
    assert len(shown) == len(roi.contours)
    for (number, ring), contour in zip(shown, roi.contours, strict=True):
        assert ring is contour.xy_mm
        assert view.planes_mm[number] == pytest.approx(contour.z_mm, abs=0.01)


def test_of_contours_finer_than_the_planes_the_nearest_are_shown(view: View) -> None:
    square = np.array([[-1.0, -1.0], [1.0, -1.0], [1.0, 1.0], [-1.0, 1.0]])
    heights = np.arange(-20.0, 20.0, 0.2)
    roi = Roi("fine", 1, "", tuple(Contour(square, float(z)) for z in heights))
    shown = [number for number, _ in drawn_rings(roi, view)]
    met = view.planes_mm[(view.planes_mm > -20) & (view.planes_mm < 19.8)]
    assert sorted(set(shown)) == sorted(shown)
    assert len(shown) >= met.size


@pytest.mark.parametrize("gap_mm", [4.0, 0.0, -2.0])
def test_a_gap_is_the_organ_grown_by_it_in_all_planes(
    gap_mm: float, case: Case, view: View
) -> None:
    body = body_of(roi_of(case, "Duodenum"), case.ct.planes_mm)
    assert body is not None
    level = gap_level(body, gap_mm, view)
    assert level is not None
    outlines = gap_outlines(level, view)
    axes = {"axial": (view.planes_mm, 2), "coronal": (view.y_mm, 1), "sagittal": (view.x_mm, 0)}
    for plane, (axis, through) in axes.items():
        rings = getattr(outlines, plane)
        assert rings
        middle = np.delete(np.array(ORGAN.centre_mm), through)
        number, ring = min(rings, key=lambda one: abs(axis[one[0]] - ORGAN.centre_mm[through]))
        off = axis[number] - ORGAN.centre_mm[through]
        true = np.sqrt((ORGAN.radius_mm + gap_mm) ** 2 - off**2)
        assert np.hypot(*(ring - middle).T) == pytest.approx(true, abs=0.5), plane


def test_a_surface_encloses_the_volume_and_is_seen_from_outside(case: Case, view: View) -> None:
    body = body_of(roi_of(case, "Tumour"), case.ct.planes_mm)
    assert body is not None
    solid = lofted(body, view)
    assert solid is not None
    surface = surface_of(solid)
    assert surface is not None
    a, b, c = (surface.corners_mm[surface.triangles[:, n]] for n in range(3))
    volume = np.einsum("ij,ij->i", a - TUMOUR.centre_mm, np.cross(b - a, c - a)).sum() / 6
    assert volume == pytest.approx(4 / 3 * np.pi * TUMOUR.radius_mm**3, rel=0.03)


def test_thinning_leaves_the_line_where_it_was() -> None:
    t = np.linspace(0, 2 * np.pi, 721)[:-1]
    circle = 20 * np.column_stack([np.cos(t), np.sin(t)])
    thin = thinned(circle)
    assert len(thin) < len(circle) / 3
    middles = (thin + np.roll(thin, 1, axis=0)) / 2
    assert np.hypot(*middles.T) == pytest.approx(20, abs=0.1)


def disc(name: str, radius_mm: float, zs: np.ndarray, cut_at: float | None = None) -> Roi:
    """Discs on planes; cut where x exceeds a limit."""
    t = np.linspace(0, 2 * np.pi, 361)[:-1]
    ring = radius_mm * np.column_stack([np.cos(t), np.sin(t)])
    if cut_at is not None:
        ring = np.column_stack([np.minimum(ring[:, 0], cut_at), ring[:, 1]])
    return Roi(name, 1, "PTV", tuple(Contour(ring, float(z)) for z in zs))


def test_cuts_are_found_plane_by_plane_the_largest_first() -> None:
    """Discs of 20 mm; at z = 6 a segment beyond x = 12 is missing, at z = -6 one beyond 16."""
    zs = np.arange(-10.0, 11.0, 2.0)
    whole = disc("PTV", 20.0, zs)
    parts = {
        6.0: disc("", 20.0, np.array([6.0]), 12.0),
        -6.0: disc("", 20.0, np.array([-6.0]), 16.0),
    }
    left = tuple(
        parts[contour.z_mm].contours[0] if contour.z_mm in parts else contour
        for contour in whole.contours
    )
    places = cut_places(whole, Roi("clip", 2, "PTV", left), {}, zs)
    assert [place.at_mm[2] for place in places] == [6.0, -6.0]
    for place, limit in zip(places, (12.0, 16.0), strict=True):
        angle = np.arccos(limit / 20)
        assert place.weight == pytest.approx(400 * (angle - np.sin(2 * angle) / 2), rel=0.05)
        assert place.at_mm[0] > limit


def test_the_least_margin_is_where_the_target_comes_nearest() -> None:
    zs = np.arange(-20.0, 21.0, 2.0)
    ctv = body_of(disc("CTV", 10.0, zs[3:-3]), zs)
    assert ctv is not None
    place = least_margin(ctv, disc("PTV", 20.0, zs, 13.0))
    assert place is not None
    assert place.weight == pytest.approx(3.0, abs=0.3)
    assert place.at_mm[0] == pytest.approx(13.0, abs=0.1)


def test_the_hot_spot_is_the_highest_dose_of_the_box(case: Case) -> None:
    dose = read_dose(case.doses[0])
    spot = hot_spot(dose, BOX)
    assert spot is not None
    # the dose rises to the left, the back and the head: the last samples within the box
    assert spot.weight == pytest.approx(gy_at(*spot.at_mm), abs=0.002)
    for value, (_, high) in zip(spot.at_mm, BOX, strict=True):
        assert high - 4.0 < value <= high
    assert "elsewhere in the dose grid" in spot.label
    assert hot_spot(dose, ((900.0, 910.0), (0.0, 1.0), (0.0, 1.0))) is None


GOALS = {
    "D95%[Gy] >= 45 Gy": (45.0, 95.0, "right"),
    "D95%[cGy] >= 4500 cGy": (45.0, 95.0, "right"),
    "D2%[%] <= 110 %": (49.5, 2.0, "left"),
    "V20Gy[%] <= 30 %": (20.0, 30.0, "down"),
    "V100%[%] >= 95 %": (45.0, 95.0, "up"),
    "Mean[Gy] <= 15 Gy": (15.0, 50.0, "left"),
    "Max[Gy] <= 50 Gy": (50.0, 0.0, "left"),
    "HI <= 0.2": None,
    "D2cc[Gy] <= 20 Gy": None,  # nothing is known of the structure's volume
}


@pytest.mark.parametrize("goal", GOALS)
def test_goals_have_their_place_on_the_chart(goal: str) -> None:
    unit = goal.rsplit(" ", 1)[1] if goal[-1] in "y%c" else ""
    row = GoalRow("PTV", goal, 1.0, unit, "pass")
    marks = [(m["dose_gy"], m["percent"], m["way"]) for m in goal_marks([row], [], 45.0)]
    assert marks == ([] if GOALS[goal] is None else [pytest.approx(GOALS[goal])])


def test_arrays_come_back_as_they_went() -> None:
    dice = np.random.default_rng(5)
    arrays = {
        "a": dice.integers(0, 256, 1001).astype(np.uint8),
        "b": dice.integers(-32768, 32768, (7, 3)).astype(np.int16),
        "c": dice.integers(-(2**31), 2**31, 9).astype(np.int32),
        "d": np.array([], np.uint16),
    }
    text, index = pack(arrays)
    data = gzip.decompress(base64.b64decode(text))
    for name, array in arrays.items():
        entry = index[name]
        found = np.frombuffer(data, array.dtype, entry["count"], entry["at"])
        if entry["differs"]:
            found = np.cumsum(found, dtype=array.dtype)
        assert np.array_equal(found, array.ravel())
        assert entry["at"] % 4 == 0
    assert pack(arrays) == (text, index)


@pytest.mark.parametrize("text", ["</script><script>alert(1)", "<!--", "]]>", "&lt;", "a\u2028b"])
def test_no_text_ends_the_element_it_stands_in(text: str) -> None:
    written = webpage.json_text({"name": text})
    assert not re.search(r"[<>&\u2028]", written)
    assert json.loads(written) == {"name": text}


def test_the_policy_names_every_script_and_style_of_a_page() -> None:
    parts = webpage.PageParts("base.html.j2", ("page.css",), ("core.js",), {"late": webpage.UPLOT})
    page = webpage.make_page(parts, {"title": "<b>"}, {}, {})
    assert "<title>&lt;b&gt;</title>" in page
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', page)
    assert policy is not None
    allowed = policy[1].replace("&#39;", "'")
    assert "unsafe" not in allowed
    assert "default-src 'none'" in allowed
    ran = [
        *re.findall(r"<style>(.*?)</style>", page, re.DOTALL),
        *re.findall(r"<script>(.*?)</script>", page, re.DOTALL),
    ]
    for text in [*ran, webpage.asset(webpage.UPLOT)]:
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert f"'sha256-{digest}'" in allowed


def test_a_grown_solid_is_cut_as_it_is(case: Case, view: View) -> None:
    body = body_of(roi_of(case, "Tumour"), case.ct.planes_mm)
    assert body is not None
    level = gap_level(body, 0.0, view)
    assert level is not None
    coronal, _ = cut(as_grown(level), view)
    tops = [ring[:, 1].max() for _, ring in coronal]
    assert max(tops) == pytest.approx(TUMOUR.centre_mm[2] + TUMOUR.radius_mm, abs=1.0)
