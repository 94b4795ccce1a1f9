import numpy as np
import pytest

from naive.shapes import box_ring, circle, planes, prism, sphere
from rtvol.errors import CaseRejected
from rtvol.solids.stack import stack_planes
from rtvol.solids.volume import slab_readings_cc, slab_volume_cc
from rtvol.structures import Contour, Roi

SQUARE = box_ring((0, 10), (0, 10))


def codes(findings):
    return [finding.code for finding in findings]


def test_ends_reach_half_a_spacing():
    stack, findings = stack_planes(prism(SQUARE, [0.0, 2.5, 5.0]))
    assert not findings
    assert stack.below_mm.tolist() == [1.25, 1.25, 1.25]
    assert stack.above_mm.tolist() == [1.25, 1.25, 1.25]
    assert slab_volume_cc(stack) == pytest.approx(0.1 * 7.5)


def test_irregular_planes_meet_midway():
    stack, _ = stack_planes(prism(SQUARE, [0.0, 2.0, 5.0, 7.0]))
    assert stack.thickness_mm.tolist() == [2.0, 2.5, 2.5, 2.0]


@pytest.mark.parametrize(("limit", "end"), [(0.0, 0.0), (0.5, 0.5), (9.0, 1.25)])
def test_cap_limit_only_touches_the_ends(limit, end):
    stack, _ = stack_planes(prism(SQUARE, [0.0, 2.5, 5.0]), cap_limit_mm=limit)
    assert stack.below_mm.tolist() == [end, 1.25, 1.25]
    assert stack.above_mm.tolist() == [1.25, 1.25, end]


def test_a_wide_gap_separates_lobes():
    stack, findings = stack_planes(prism(SQUARE, [0.0, 2.0, 4.0, 20.0, 22.0]))
    assert codes(findings) == ["contour-gap"]
    assert stack.lobe.tolist() == [0, 0, 0, 1, 1]
    assert stack.thickness_mm.tolist() == [2.0] * 5


def test_identical_rings_count_once_whatever_their_start_and_direction():
    ring = np.array(SQUARE, float)
    again = np.roll(ring, 1, axis=0)[::-1]
    roi = Roi("GTV", 1, "GTV", tuple(Contour(r, z) for z in (0.0, 2.0) for r in (ring, again)))
    stack, findings = stack_planes(roi)
    assert codes(findings) == ["contour-duplicate"]
    assert slab_volume_cc(stack) == pytest.approx(0.1 * 4)


def test_one_plane_needs_a_spacing():
    with pytest.raises(CaseRejected, match="thickness"):
        stack_planes(prism(SQUARE, [0.0]))
    stack, findings = stack_planes(prism(SQUARE, [0.0]), spacing_mm=3.0)
    assert codes(findings) == ["roi-single-slice"]
    assert slab_volume_cc(stack) == pytest.approx(0.3)


def test_no_contour_is_no_volume():
    with pytest.raises(CaseRejected) as caught:
        stack_planes(Roi("Liver", 1, "ORGAN", ()))
    assert caught.value.finding.code == "roi-empty"


def test_holes_and_islands_by_parity_and_order_is_no_matter():
    rings = [circle(20), circle(14)[::-1], circle(7)]
    roi = Roi("shell", 1, "", tuple(Contour(r, z) for z in (4.0, 0.0, 2.0) for r in rings))
    stack, _ = stack_planes(roi)
    expected = np.pi * (20**2 - 14**2 + 7**2) * 6 / 1000
    assert slab_volume_cc(stack) == pytest.approx(expected, rel=1e-9)


def test_sphere_is_the_sum_of_its_discs():
    z = planes(2.5, 0.3)
    stack, _ = stack_planes(sphere(15, z))
    discs = sum(np.pi * (225 - zk**2) for zk in z if abs(zk) < 15) * 2.5 / 1000
    assert slab_volume_cc(stack) == pytest.approx(discs, rel=1e-9)


def test_crossing_rings_are_said():
    slip = [(0, 0), (10, 0), (10, 10), (0, 10), (1, -1)]
    _, findings = stack_planes(prism(slip, [0.0, 2.0]))
    assert codes(findings) == ["contour-self-crossing"]
    eight = [(0, 0), (10, 10), (10, 0), (0, 10)]
    with pytest.raises(CaseRejected) as refused:
        stack_planes(prism(eight, [0.0, 2.0]))
    assert refused.value.finding.code == "contour-self-crossing"
    shifted = [(x + 5, y) for x, y in SQUARE]
    roi = Roi(
        "two",
        1,
        "",
        tuple(Contour(np.array(r, float), z) for z in (0.0, 2.0) for r in (SQUARE, shifted)),
    )
    stack, findings = stack_planes(roi)
    assert codes(findings) == ["contour-overlap"]
    assert slab_volume_cc(stack) == pytest.approx(0.1 * 4)
    nested = Roi("ring", 1, "", tuple(Contour(circle(r), z) for z in (0.0, 2.0) for r in (9, 4)))
    assert not stack_planes(nested)[1]


def test_contours_of_one_box_that_differ_are_no_twins():
    square = box_ring((-5, 5), (-5, 5))
    diamond = [(5, 0), (0, 5), (-5, 0), (0, -5)]
    roi = Roi(
        "GTV", 1, "", tuple(Contour(np.array(ring, float), 0.0) for ring in (square, diamond))
    )
    stack, _ = stack_planes(roi, spacing_mm=2.0)
    assert slab_volume_cc(stack) == pytest.approx((100 - 50) * 2 / 1000)


@pytest.mark.parametrize(("gap", "lobes"), [(1.4, 1), (1.6, 2), (2.0, 2), (2.4, 2)])
def test_a_gap_of_more_than_one_and_a_half_spacings_parts_two_lobes(gap, lobes):
    places = np.concatenate([np.arange(4) * 2.0, 6.0 + 2.0 * gap + np.arange(4) * 2.0])
    stack, findings = stack_planes(prism(SQUARE, places))
    assert np.unique(stack.lobe).size == lobes
    assert ("contour-gap" in codes(findings)) == (lobes == 2)


MIXED = np.r_[-33:-14:3, -14:15.5:1, 18:34:3]


@pytest.mark.parametrize("images", [MIXED, None], ids=["with images", "without"])
def test_mixed_spacings_meet_midway(images):
    """Field report A5: a cylinder of 55 mm and a ball of 12 mm at z 15, each slice contoured."""
    body, _ = stack_planes(prism(circle(55.0), MIXED), images_mm=images)
    assert body.lobe.max() == 0
    assert slab_volume_cc(body) == pytest.approx(655.7, rel=1e-3)
    ball, _ = stack_planes(sphere(12.0, MIXED, centre=(0.0, 0.0, 15.0)), images_mm=images)
    assert ball.lobe.max() == 0
    assert slab_volume_cc(ball) == pytest.approx(7.18, rel=2e-3)


@pytest.mark.parametrize(
    ("drawn", "images", "parts"),
    [
        ([0, 3, 9, 12], np.arange(-3, 16, 3.0), 2),  # a slice without contour
        ([0, 3, 9, 12], np.array([0, 3, 9, 12.0]), 1),  # no slice there: contoured throughout
        ([0, 6, 12, 18], np.arange(0, 19, 3.0), 1),  # every other slice, throughout
        ([0, 1, 4, 5], np.array([0, 1, 4, 5.0]), 1),
        ([0, 1, 4, 5], None, 2),  # without images the gaps beside it tell
        ([0, 3, 4, 5, 8], None, 3),  # at an end the one gap beside it tells
        ([0, 20], None, 1),
        ([0, 20], np.arange(0, 21, 2.5), 2),
    ],
)
def test_only_missing_planes_part_a_structure(drawn, images, parts):
    stack, findings = stack_planes(prism(SQUARE, [float(z) for z in drawn]), images_mm=images)
    assert stack.lobe.max() + 1 == parts
    assert ("contour-gap" in [finding.code for finding in findings]) or parts == 1


def test_readings_of_rings_that_overlap():
    """Two squares of 100 mm2 that share 50: 100 by parity, 150 joined; three planes 2 mm apart."""
    rings = (box_ring((0, 10), (0, 10)), box_ring((5, 15), (0, 10)))
    contours = tuple(Contour(ring, z) for z in (0.0, 2.0, 4.0) for ring in rings)
    stack, findings = stack_planes(Roi("GTV", 1, "GTV", contours))
    assert "contour-overlap" in codes(findings)
    readings = slab_readings_cc(stack)
    assert readings == pytest.approx({"slab": 0.6, "slab without caps": 0.4, "joined": 0.9})
    plain, _ = stack_planes(prism(SQUARE, [0.0, 2.0, 4.0]))
    assert slab_readings_cc(plain) == pytest.approx({"slab": 0.6, "slab without caps": 0.4})
