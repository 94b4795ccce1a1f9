"""Laws of margins (docs/conventions.md) on random star-shaped targets; no number is expected."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from naive.trees import both, drawn, grown, less, shrunk, union, volume_cc
from rtvol.margins import Clip, Margin, TargetRecipe, build_targets, parse_margin
from rtvol.structures import Contour, Roi

SPACING = 2.5
PLANES = np.arange(-30, 31) * SPACING
EXAMPLES = settings(max_examples=8, deadline=None)


@st.composite
def stars(draw):
    """A star-shaped target of about 5..15 mm, its outline changing smoothly from plane to plane."""
    lobes = draw(st.integers(0, 3))
    depth = draw(st.floats(0, 0.25))
    radius = draw(st.floats(6, 13))
    drift = draw(st.tuples(st.floats(-0.3, 0.3), st.floats(-0.3, 0.3)))
    angle = 2 * np.pi * np.arange(72) / 72
    contours = []
    for z in PLANES[abs(PLANES) < radius - 0.2]:
        size = np.sqrt(radius**2 - z**2) * (1 + depth * np.cos(lobes * angle + 0.1 * z))
        x = drift[0] * z + size * np.cos(angle)
        contours.append(Contour(np.stack([x, drift[1] * z + size * np.sin(angle)], axis=1), z))
    return Roi("GTV", 1, "GTV", tuple(contours))


def move(roi, shift=(0.0, 0.0), mirror=1.0):
    return Roi(
        roi.name,
        1,
        "GTV",
        tuple(Contour(c.xy_mm * (mirror, 1.0) + shift, c.z_mm) for c in roi.contours),
    )


def grow(roi, ctv, ptv="0", **clips):
    how = TargetRecipe(parse_margin(ctv), parse_margin(ptv), **clips)
    return build_targets([roi], {}, how, planes_mm=PLANES).lesions[0]


@EXAMPLES
@given(stars())
def test_two_then_four_is_six(roi):
    assert abs(grow(roi, "2", "4").ptv.volume_cc / grow(roi, "6").ctv.volume_cc - 1) < 1e-3


@EXAMPLES
@given(stars())
def test_a_regrown_outline_grows_like_the_whole(roi):
    """The CTV's traced sections grown by 4 mm are the GTV grown by 6 mm."""
    whole = grow(roi, "2", "4").ptv.volume_cc
    almost = grow(roi, "2", "L4,R4,A4,P4,S4,I4.001").ptv.volume_cc
    assert abs(almost / whole - 1) < 4e-3


@EXAMPLES
@given(stars(), st.floats(0.2, 6), st.floats(0.2, 6))
def test_more_margin_is_more_volume(roi, one, other):
    small, large = sorted((round(one, 2), round(other, 2)))
    lesion, bigger = grow(roi, f"{small}"), grow(roi, f"{large}")
    assert lesion.gtv.lofted_cc <= lesion.ctv.volume_cc <= bigger.ctv.volume_cc + 1e-6


@EXAMPLES
@given(stars(), st.tuples(st.floats(-40, 40), st.floats(-40, 40)))
def test_where_it_lies_does_not_matter(roi, shift):
    here, there = grow(roi, "2", "4").ptv.volume_cc, grow(move(roi, shift), "2", "4").ptv.volume_cc
    assert abs(there / here - 1) < 1e-3


@EXAMPLES
@given(stars())
def test_left_and_right_are_mirror_images(roi):
    one = grow(roi, "L5,R2,A3,P3,S3,I3").ctv
    other = grow(move(roi, mirror=-1.0), "L2,R5,A3,P3,S3,I3").ctv
    assert abs(one.volume_cc / other.volume_cc - 1) < 1e-3


@EXAMPLES
@given(stars(), st.floats(0, 3))
def test_target_and_avoided_organ_share_nothing_but_the_gtv(roi, gap):
    wall = np.array([(11.0, -40.0), (60.0, -40.0), (60.0, 40.0), (11.0, 40.0)])
    organ = Roi("Wall", 2, "ORGAN", tuple(Contour(wall, z) for z in PLANES))
    how = TargetRecipe(
        Margin.uniform(2), Margin.uniform(4), clips=(Clip("avoid", "Wall", round(gap, 2)),)
    )
    lesion = build_targets([roi], {"Wall": organ}, how, planes_mm=PLANES).lesions[0]
    reach = max(c.xy_mm[:, 0].max() for c in lesion.ptv_clip.roi.contours)
    of_gtv = max(c.xy_mm[:, 0].max() for c in roi.contours)
    assert reach <= max(11 - round(gap, 2), of_gtv) + 0.05
    assert lesion.ptv_clip.volume_cc <= lesion.ptv.volume_cc + 1e-9


def solid(roi):
    return drawn(roi, spacing_mm=SPACING)


@EXAMPLES
@given(stars())
def test_no_margin_changes_nothing(roi):
    assert volume_cc(grown(solid(roi), 0), PLANES) == volume_cc(solid(roi), PLANES)


@EXAMPLES
@given(stars(), st.floats(0.5, 3))
def test_what_was_shrunk_and_grown_again_lies_inside(roi, margin):
    whole = solid(roi)
    opened = grown(shrunk(whole, margin), margin)
    assert volume_cc(less(opened, grown(whole, 0.15)), PLANES) < 1e-3


@EXAMPLES
@given(stars(), stars(), st.floats(0.5, 4))
def test_growing_a_union_is_joining_what_was_grown(roi, other, margin):
    """Also where the union is made one solid first, which cannot be grown part by part."""
    one, second = solid(roi), solid(move(other, (9.0, -4.0)))
    joined = union(grown(one, margin), grown(second, margin))
    around = grown(union(one, second), 20)
    whole = grown(both(union(one, second), around), margin)
    assert abs(volume_cc(whole, PLANES) / volume_cc(joined, PLANES) - 1) < 0.01
