"""Targets against closed forms: balls, prisms, caps, lenses, octant bodies."""

from dataclasses import astuple

import numpy as np
import pytest
from scipy.spatial import ConvexHull

from naive.shapes import (
    box_ring,
    cap_cc,
    circle,
    directions,
    octant_support,
    planes,
    prism,
    sphere,
    sphere_cc,
)
from rtvol.margins import Clip, TargetRecipe, build_targets, parse_margin
from rtvol.structures import Contour, Roi

PHASES = (0.0625, 0.3125, 0.5625, 0.8125)


def recipe(ctv="2", ptv="4", **clips):
    return TargetRecipe(parse_margin(ctv), parse_margin(ptv), **clips)


def build(gtvs, how, z, **organs):
    return build_targets(gtvs, organs, how, planes_mm=z)


def errors(radius, spacing, how, target, truth):
    found = []
    for phase in PHASES:
        z = planes(spacing, phase)
        lesion = build([sphere(radius, z, centre=(0.3, 0.7, 0.0))], how, z).lesions[0]
        found.append(getattr(lesion, target).volume_cc / truth - 1)
    return np.array(found)


def test_sphere_of_15_mm_grown_by_4_mm():
    grown = errors(15, 2.5, recipe("0", "4"), "ptv", sphere_cc(19))
    assert np.abs(grown).max() < 0.01
    assert np.abs(grown).mean() < 0.005


def test_sphere_of_a_third_of_a_cc_over_sub_voxel_positions():
    grown = errors(4.1528, 2.5, recipe("0", "4"), "ptv", sphere_cc(8.1528))
    assert np.abs(grown).mean() < 0.03


def test_two_then_four_is_six():
    chain = errors(12, 2.5, recipe("2", "4"), "ptv", sphere_cc(18))
    once = errors(12, 2.5, recipe("6", "0"), "ctv", sphere_cc(18))
    assert np.abs(chain - once).max() < 1e-3
    assert np.abs(chain).mean() < 0.005


def test_margin_from_the_gtv():
    z = planes(2.5)
    how = TargetRecipe(parse_margin("2"), parse_margin("5"), ptv_from="gtv")
    lesion = build([sphere(12, z)], how, z).lesions[0]
    assert lesion.ptv.volume_cc == pytest.approx(sphere_cc(17), rel=0.01)


def test_nothing_grown_is_the_gtv_contour_by_contour():
    z = planes(2.5)
    lesion = build([sphere(12, z)], recipe("0", "0"), z).lesions[0]
    for target in (lesion.ctv, lesion.ptv):
        assert target.roi.contours == lesion.gtv.roi.contours
        assert (target.volume_cc, target.solid) == (lesion.gtv.volume_cc, "slab")
        assert target.achieved.whole.max_mm == 0


@pytest.mark.parametrize(
    ("ctv", "ptv"),
    [("L5,R3,A4,P2,S5,I3", "4"), ("L5,R0,A4,P2,S0,I3", "0"), ("1", "L2,R3,A4,P2,S1,I3")],
)
def test_six_directions_grow_octants_of_ellipsoids(ctv, ptv):
    normals = directions()
    body = 12 * normals
    for margin in (ctv, ptv):
        body = body + octant_support(normals, *astuple(parse_margin(margin)))
    truth = ConvexHull(body).volume / 1000
    grown = errors(12, 2.5, recipe(ctv, ptv), "ptv", truth)
    assert np.abs(grown).mean() < 0.008


def test_prism_keeps_its_flat_ends_and_rounds_its_edges():
    z = planes(2.0)
    ring = box_ring((-10, 10), (-8, 8))
    gtv = Roi("GTV", 1, "GTV", tuple(Contour(np.array(ring, float), k) for k in z if abs(k) < 11))
    lesion = build([gtv], recipe("0", "4"), z).lesions[0]
    a, b, c, m = 20, 16, 22, 4
    steiner = a * b * c + 2 * m * (a * b + b * c + c * a) + np.pi * m * m * (a + b + c)
    steiner += 4 / 3 * np.pi * m**3
    assert lesion.gtv.volume_cc == pytest.approx(a * b * c / 1000, rel=1e-9)
    # marching squares cut the four corners of the rectangle, by less than half a cell each
    assert lesion.gtv.lofted_cc == pytest.approx(a * b * c / 1000, rel=3e-3)
    assert lesion.ptv.volume_cc == pytest.approx(steiner / 1000, rel=3e-3)


def test_hole_is_filled_from_within():
    z = planes(2.0)
    rings = (circle(20), circle(10))
    gtv = Roi("GTV", 1, "GTV", tuple(Contour(r, k) for k in z if abs(k) < 31 for r in rings))
    lesion = build([gtv], recipe("0", "4"), z).lesions[0]
    height, m = 62, 4
    middle = np.pi * (24**2 - 6**2) * height
    # rounded rims at both ends: a quarter disc swept round 20 mm (outwards) and 10 mm (inwards)
    quarter = np.pi * m * m / 4
    arm = 4 * m / (3 * np.pi)
    ends = np.pi * (20**2 - 10**2) * m + 2 * np.pi * quarter * ((20 + arm) + (10 - arm))
    assert lesion.ptv.volume_cc == pytest.approx((middle + 2 * ends) / 1000, rel=4e-3)


def wall(x_low, z, y=(-60, 60)):
    return prism(box_ring((x_low, x_low + 80), y), z)


@pytest.mark.parametrize(("gap", "face"), [(0.0, 14.0), (2.0, 14.0), (-2.0, 14.0)])
def test_avoiding_a_flat_organ_takes_a_cap(gap, face):
    z = planes(2.5, 0.3)
    how = recipe("2", "4", clips=(Clip("avoid", "Wall", gap),))
    lesion = build([sphere(12, z)], how, z, Wall=wall(face, z)).lesions[0]
    cap = cap_cc(18, face - gap)
    assert lesion.ptv.volume_cc == pytest.approx(sphere_cc(18), rel=0.01)
    assert lesion.ptv_clip.lost_cc["Wall"] == pytest.approx(cap, rel=0.02)
    whole = lesion.ptv_clip.volume_cc + lesion.ptv_clip.lost_cc["Wall"]
    assert whole == pytest.approx(lesion.ptv.volume_cc, rel=1e-6)
    toward = lesion.ptv_clip.achieved.toward
    assert toward["left"].min_mm == pytest.approx(face - gap - 14, abs=0.1)
    assert toward["right"].min_mm == pytest.approx(4, abs=0.05)
    (clip,) = lesion.ptv_clip.clips
    assert clip.toward == "left"
    assert clip.least_mm == pytest.approx(face - gap - 14, abs=0.1)


def test_barrier_cuts_the_ctv_before_the_ptv_is_grown():
    z = planes(2.5, 0.3)
    how = recipe("4", "3", clips=(Clip("barrier", "Wall"),))
    lesion = build([sphere(12, z)], how, z, Wall=wall(13.0, z)).lesions[0]
    assert lesion.ctv.lost_cc["Wall"] == pytest.approx(cap_cc(16, 13), rel=0.03)
    # the PTV is the cut ball grown by 3 mm: it reaches 3 mm into the wall
    points = 16 * directions()
    points[:, 0] = np.minimum(points[:, 0], 13)
    cut = ConvexHull(points)
    rim = directions(1500) * 3
    corners = points[cut.vertices]
    far = corners[::6]
    truth = ConvexHull((far[:, None] + rim[None]).reshape(-1, 3)).volume / 1000
    assert lesion.ptv.volume_cc == pytest.approx(truth, rel=0.012)


def test_inside_keeps_the_ctv_within_and_off_the_surface():
    z = planes(2.5, 0.3)
    how = recipe("4", "3", clips=(Clip("inside", "Liver", 1.0),))
    liver = prism(box_ring((-60, 14.0), (-60, 60)), z)
    lesion = build([sphere(12, z)], how, z, Liver=liver).lesions[0]
    assert lesion.ctv.lost_cc["Liver"] == pytest.approx(cap_cc(16, 13), rel=0.03)


def test_gtv_is_never_cut_and_the_overlap_is_said():
    z = planes(2.5, 0.3)
    how = recipe(
        "2",
        "4",
        clips=(
            Clip("avoid", "Wall"),
            Clip("barrier", "Wall"),
        ),
    )
    found = build([sphere(12, z)], how, z, Wall=wall(8.0, z))
    lesion = found.lesions[0]
    assert [f.code for f in found.findings].count("gtv-overlaps-organ") >= 1
    assert lesion.ctv.volume_cc > lesion.gtv.lofted_cc
    touched = lesion.ptv_clip.clips[0].gtv_touched_cc
    assert touched == pytest.approx(cap_cc(12, 8), rel=0.05)
    whole_less_wall = (
        sphere_cc(12) + sphere_cc(18) - cap_cc(18, 8) - (sphere_cc(12) - cap_cc(12, 8))
    )
    assert lesion.ptv_clip.volume_cc < whole_less_wall


def test_cumulative_ptv_is_the_union():
    z = planes(2.5, 0.2)
    gtvs = [sphere(9, z, "GTV1"), sphere(9, z, "GTV2", centre=(22.0, 0.0, 0.0))]
    found = build(gtvs, recipe("2", "4"), z)
    lens = 2 * cap_cc(15, 11)
    assert found.sum_ptv_cc == pytest.approx(2 * sphere_cc(15), rel=0.01)
    assert found.sum_ptv_cc - found.cumulative_ptv_cc == pytest.approx(lens, rel=0.02)
    apart = build([gtvs[0], sphere(9, z, "GTV3", centre=(90.0, 0.0, 0.0))], recipe("2", "4"), z)
    assert apart.cumulative_ptv_cc == pytest.approx(apart.sum_ptv_cc, rel=1e-9)


def test_written_contours_lie_on_the_image_planes_and_read_back():
    z = planes(2.5, 0.3)
    lesion = build([sphere(15, z)], recipe("2", "4"), z).lesions[0]
    on = lesion.ptv.roi.planes_mm
    assert set(np.round(on, 6)) <= set(np.round(z, 6))
    assert on.min() < -18
    discs = sum(np.pi * (21**2 - k * k) * 2.5 for k in z if abs(k) < 21) / 1000
    assert lesion.ptv.written_volume_cc == pytest.approx(discs, rel=0.01)


def test_achieved_margin_is_measured():
    z = planes(2.5, 0.3)
    lesion = build([sphere(15, z)], recipe("L5,R3,A4,P2,S5,I3", "4"), z).lesions[0]
    assert lesion.ctv.achieved.whole.min_mm == pytest.approx(2, abs=0.1)
    assert lesion.ctv.achieved.toward["posterior"].min_mm == pytest.approx(2, abs=0.1)
    assert lesion.ptv.achieved.whole.mean_mm == pytest.approx(4, abs=0.02)
    assert lesion.ptv.achieved.whole.max_mm == pytest.approx(4, abs=0.1)


def test_a_target_beyond_the_images_is_said():
    z = np.arange(-14.0, 15.0, 2.0)
    found = build([sphere(12, z)], recipe("2", "4"), z)
    assert "margin-truncated" in [f.code for f in found.findings]
    assert found.lesions[0].ptv.volume_cc == pytest.approx(sphere_cc(18), rel=0.01)


def test_without_images_the_planes_are_the_contours_own():
    z = planes(2.5, 0.3)
    found = build_targets([sphere(12, z)], {}, recipe(), planes_mm=None)
    assert found.lesions[0].ptv.volume_cc == pytest.approx(sphere_cc(18), rel=0.01)
    assert found.lesions[0].ptv.planes >= 14


def test_names_are_free_ones():
    z = planes(2.5)
    found = build_targets(
        [sphere(9, z, "GTV"), sphere(9, z, "GTVn", centre=(60.0, 0.0, 0.0))],
        {},
        recipe(),
        planes_mm=z,
        taken_names=["GTV", "GTVn", "ptv"],
    )
    names = [t.name for lesion in found.lesions for t in lesion.targets]
    assert names == ["GTV", "CTV", "PTV^4mm", "GTVn", "CTVn", "PTVn"]
