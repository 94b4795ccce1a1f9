"""The ends of the slab solid, and the loft as fine sections."""

from __future__ import annotations

import math

import numpy as np
import pytest

from naive import dose as naive
from rtvol.dvh import dose_volume
from rtvol.errors import CaseRejected, UsageError
from rtvol.phantoms import Cylinder, Sphere, contour
from rtvol.solids import slab_volume_cc, stack_planes
from rtvol.solids.reading import Reading, parse_caps, solid_of
from rtvol.structures import Contour, Roi

PLANES = np.arange(-20, 21) * 2.5


@pytest.mark.parametrize(
    ("text", "limit"),
    [("half", math.inf), ("none", 0.0), (" None ", 0.0), ("1.5", 1.5), ("1.5mm", 1.5), ("0", 0.0)],
)
def test_caps_are_words_or_a_length(text, limit):
    assert parse_caps(text) == limit


@pytest.mark.parametrize("text", ["", "all", "-1", "nan", "inf", "1,5"])
def test_other_caps_are_refused(text):
    with pytest.raises(UsageError) as caught:
        parse_caps(text)
    assert caught.value.finding.code == "bad-caps"


def test_readings_say_what_they_are():
    assert str(Reading()) == "slab, caps half"
    assert str(Reading("loft", 0.0)) == "loft, caps none"
    assert Reading("slab", 1.5).caps == "1.5 mm"


@pytest.mark.compiled
@pytest.mark.parametrize(("limit", "ends"), [(math.inf, 1.25), (0.0, 0.0), (0.8, 0.8)])
@pytest.mark.parametrize("solid", ["slab", "loft"])
def test_a_cylinder_ends_where_its_caps_say(solid, limit, ends):
    roi = contour(Cylinder((0.3, 0.2, 0.0), 10.0, 20.0), PLANES, "GTV", 1, points=360)
    stack, _ = stack_planes(roi, cap_limit_mm=limit)
    found = solid_of(stack, solid)
    height = np.ptp(stack.z_mm) + 2 * ends
    # the polygon of 360 corners is 5e-5 smaller than the circle it is drawn on, or level with it
    assert slab_volume_cc(found) == pytest.approx(np.pi * 100 * height / 1000, rel=2e-3)
    low, high = found.bounds_mm[2]
    assert (low, high) == pytest.approx((stack.z_mm[0] - ends, stack.z_mm[-1] + ends), abs=1e-6)


@pytest.mark.compiled
@pytest.mark.parametrize("radius", [6.0, 15.0])
def test_the_loft_of_a_ball_is_nearer_to_it_than_its_slabs(radius):
    errors = {"slab": [], "loft": []}
    for phase in (0.2, 0.9, 1.6, 2.2):
        roi = contour(Sphere((0.0, 0.0, phase), radius), PLANES, "GTV", 1, points=180)
        stack, _ = stack_planes(roi)
        for solid, found in errors.items():
            volume = slab_volume_cc(solid_of(stack, solid))
            found.append(abs(volume / (4 / 3 * np.pi * radius**3 / 1000) - 1))
    assert np.mean(errors["loft"]) < np.mean(errors["slab"])
    assert np.mean(errors["loft"]) < 0.015


def test_lobes_stay_apart_and_jumps_stay_sharp():
    box = naive.box((-10, 10), (-8, 8))
    small = naive.box((-3, 3), (-3, 3))
    places = [0.0, 2.5, 5.0, 20.0, 22.5, 25.0]
    rings = tuple(Contour(box if z < 22 else small, z) for z in places)
    stack, findings = stack_planes(Roi("GTV", 1, "GTV", rings))
    assert "contour-gap" in {finding.code for finding in findings}
    found = solid_of(stack, "loft")
    assert set(found.lobe) == {0, 1}
    assert slab_volume_cc(found) == pytest.approx(slab_volume_cc(stack), rel=0.02)
    assert not ((found.z_mm > 8) & (found.z_mm < 17)).any()


def test_one_plane_without_caps_has_no_volume():
    stack, _ = stack_planes(
        Roi("GTV", 1, "GTV", (Contour(naive.box((0, 5), (0, 5)), 3.0),)),
        spacing_mm=2.0,
        cap_limit_mm=0.0,
    )
    for solid in ("slab", "loft"):
        with pytest.raises(CaseRejected) as caught:
            solid_of(stack, solid)
        assert caught.value.finding.code == "no-volume"


def test_the_dose_of_a_loft_is_that_of_its_shape():
    roi = contour(Sphere((0.0, 0.0, 0.4), 12.0), PLANES, "GTV", 1, points=180)
    stack, _ = stack_planes(roi)
    dose = naive.dose_of(lambda x, y, z: 30 + 0.9 * (z - 0.4) + 0 * (x + y), spacing_mm=2.0)
    dvh = dose_volume(solid_of(stack, "loft"), dose)
    # half a ball lies above its middle; 95 % of it above z = -0.7292 radii ((1+u)^2(2-u)/4 = 0.05)
    roots = np.roots([-1, 0, 3, 2 - 0.2])
    depth = float(roots[(abs(roots.imag) < 1e-12) & (abs(roots.real) < 1)].real[0])
    below = np.interp(0.05 * dvh.volume_cc, dvh.below_cc, dvh.dose_gy)
    assert below == pytest.approx(30 + 0.9 * depth * 12, abs=0.12)
    assert dvh.mean_gy == pytest.approx(30, abs=0.03)


def test_a_loft_keeps_all_sides_of_what_was_drawn():
    ring = naive.box((-14, 17), (-9, 12))
    stack, _ = stack_planes(Roi("GTV", 1, "GTV", tuple(Contour(ring, z) for z in (0.0, 2.0, 4.0))))
    for found, drawn in zip(solid_of(stack, "loft").bounds_mm, stack.bounds_mm, strict=True):
        assert found == pytest.approx(drawn, abs=0.02)


def test_one_plane_is_a_slab_as_thick_as_it_says():
    stack, _ = stack_planes(
        Roi("GTV", 1, "GTV", (Contour(naive.box((-5, 5), (-4, 4)), 0.0),)), spacing_mm=0.6
    )
    assert slab_volume_cc(solid_of(stack, "slab")) == pytest.approx(80 * 0.6 / 1000)


@pytest.mark.compiled
@pytest.mark.parametrize("gap", [4.5, 6.0, 7.5])
def test_parts_whose_ends_reach_past_each_other_count_once(gap):
    """Two cylinders side by side, one above the other: their lofts are as long as their slabs."""
    low = np.array([93.0, 95.0, 99.0, 102.0])
    high = 102.0 + gap + np.array([0.0, 5.0, 10.0])
    parts = [
        contour(Cylinder((x, 0.0, z[0]), 9.0, 80.0), z, "GTV", 1, points=90)
        for x, z in ((0.0, low), (30.0, high))
    ]
    roi = Roi("GTV", 1, "GTV", parts[0].contours + parts[1].contours)
    stack, _ = stack_planes(roi, images_mm=np.concatenate([low, [102.0 + gap / 2], high]))
    assert set(stack.lobe) == {0, 1}
    slabs = slab_volume_cc(stack)
    assert slabs == pytest.approx(np.pi * 0.81 * stack.thickness_mm.sum() / 10, rel=1e-3)
    assert slab_volume_cc(solid_of(stack, "loft")) == pytest.approx(slabs, rel=3e-3)
