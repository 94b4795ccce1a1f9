"""Parts, policies, organs with a margin, shared volumes: against closed forms."""

import numpy as np
import pytest

from naive.shapes import box_ring, cap_cc, circle, planes, prism, sphere, sphere_cc
from rtvol.errors import CaseRejected, UsageError
from rtvol.frames import AXIAL
from rtvol.margins import Clip, Margin, Prv, TargetRecipe, build_targets, parse_margin, parse_prv
from rtvol.margins.parts import split_parts
from rtvol.margins.setting import WrittenPlanes
from rtvol.structures import Contour, Roi

Z = planes(2.5, 0.2)


def recipe(ctv="2", ptv="4", **more):
    return TargetRecipe(parse_margin(ctv), parse_margin(ptv), **more)


def joined(*rois, name="GTV"):
    return Roi(name, 1, "GTV", tuple(c for roi in rois for c in roi.contours))


def test_parts_are_lesions_of_their_own():
    both = joined(sphere(6, Z), sphere(9, Z, centre=(30.0, 0.0, 5.0)))
    found = build_targets([both], {}, recipe(split=True), planes_mm=Z)
    assert [lesion.gtv.name for lesion in found.lesions] == ["GTV1", "GTV2"]
    sizes = [lesion.ptv.volume_cc for lesion in found.lesions]
    assert sizes == pytest.approx([sphere_cc(15), sphere_cc(12)], rel=0.012)
    whole = build_targets([both], {}, recipe(), planes_mm=Z)
    assert len(whole.lesions) == 1
    assert whole.cumulative_ptv_cc == pytest.approx(found.cumulative_ptv_cc, rel=4e-3)


def test_a_hole_stays_with_its_part_and_one_piece_stays_itself():
    shell = Roi("GTV", 1, "", tuple(Contour(circle(r), z) for z in Z[20:30] for r in (12, 5)))
    assert split_parts(shell) == (shell,)
    parts = split_parts(joined(shell, sphere(6, Z, centre=(40.0, 0.0, 0.0))))
    assert [len(part.contours) for part in parts] == [20, len(sphere(6, Z).contours)]


def test_parts_above_each_other_with_a_gap():
    low = prism(circle(8), Z[10:14])
    high = prism(circle(6), Z[20:24])
    assert [len(p.contours) for p in split_parts(joined(low, high))] == [4, 4]


def test_a_name_in_use_is_not_taken_by_a_part():
    both = joined(sphere(6, Z), sphere(6, Z, centre=(30.0, 0.0, 0.0)))
    assert [p.name for p in split_parts(both, taken_names=["gtv1"])] == ["GTV1_2", "GTV2"]


def test_a_merged_volume_belongs_to_the_nearer_lesion():
    pair = [sphere(9, Z, "GTV1"), sphere(9, Z, "GTV2", centre=(22.0, 0.0, 0.0))]
    found = build_targets(pair, {}, recipe(), planes_mm=Z)
    half_lens = cap_cc(15, 11)
    for lesion in found.lesions:
        note = lesion.ptv.notes["volume_cc"]
        assert float(note.split()[0]) == pytest.approx(half_lens, abs=0.03)
        own = float(note.split("cumulative PTV ")[1].split()[0])
        assert own == pytest.approx(found.cumulative_ptv_cc / 2, abs=0.03)


def wall(x_low):
    return prism(box_ring((x_low, x_low + 80), (-60, 60)), Z)


def test_modified_ptv_is_what_counts():
    how = recipe(clips=(Clip("avoid", "Wall"),), policy="modified_ptv")
    found = build_targets([sphere(12, Z)], {"Wall": wall(14.0)}, how, planes_mm=Z)
    lesion = found.lesions[0]
    assert lesion.ptv_clip.name == "PTV_mod"
    assert found.cumulative_ptv_cc == pytest.approx(sphere_cc(18) - cap_cc(18, 14), rel=0.01)
    assert found.sum_ptv_cc == lesion.ptv_clip.volume_cc
    assert lesion.ptv.volume_cc == pytest.approx(sphere_cc(18), rel=0.01)


def test_policies_that_contradict_the_clips_are_refused():
    for policy, clips in (
        ("ctv_only", (Clip("avoid", "Wall"),)),
        ("modified_ptv", ()),
        ("best", ()),
    ):
        with pytest.raises(UsageError) as caught:
            recipe(clips=clips, policy=policy)
        assert caught.value.finding.code == "policy-conflict"


def test_prv_is_the_organ_grown():
    cord = prism(circle(5), Z[10:40], "SpinalCord")
    how = recipe(prvs=(parse_prv("SpinalCord:2"),))
    found = build_targets(
        [sphere(9, Z, centre=(40.0, 0.0, 0.0))], {"SpinalCord": cord}, how, planes_mm=Z
    )
    (prv,) = found.prvs
    assert (prv.name, prv.role, prv.lesion) == ("SpinalCord_PRV02", "roi", "")
    r, h, m = 5, 75, 2
    steiner = np.pi * r * r * h + (2 * np.pi * r * h + 2 * np.pi * r * r) * m
    steiner += (np.pi * h + np.pi**2 * r) * m * m + 4 / 3 * np.pi * m**3
    assert prv.volume_cc == pytest.approx(steiner / 1000, rel=5e-3)
    assert prv.achieved.whole.mean_mm == pytest.approx(2, abs=0.05)


def test_organs_grown_side_by_side_are_the_same():
    cord = prism(circle(5), Z[10:40], "SpinalCord")
    gland = sphere(9, Z, "Gland", centre=(-40.0, 0.0, 0.0))
    how = recipe(prvs=(parse_prv("SpinalCord:2"), parse_prv("Gland:3"), parse_prv("Gland:4")))
    organs = {"SpinalCord": cord, "Gland": gland}
    one, two = (
        build_targets([sphere(9, Z)], organs, how, planes_mm=Z, threads=threads)
        for threads in (1, 2)
    )
    assert [prv.name for prv in two.prvs] == ["SpinalCord_PRV02", "Gland_PRV03", "Gland_PRV04"]
    assert [prv.volume_cc for prv in two.prvs] == [prv.volume_cc for prv in one.prvs]


def test_prv_text():
    assert parse_prv("Cord: left:3") == Prv("Cord: left", Margin.uniform(3))
    for text in ("SpinalCord", "SpinalCord:", "SpinalCord:nan", ":2"):
        with pytest.raises(UsageError):
            parse_prv(text)


@pytest.mark.parametrize(("kind", "gap"), [("avoid", -9.0), ("barrier", -9.0), ("inside", 9.0)])
def test_a_gap_deeper_than_the_organ_is_refused(kind, gap):
    organ = prism(box_ring((8, 16), (-60, 60)), Z)
    how = recipe(clips=(Clip(kind, "Organ", gap),))
    with pytest.raises(CaseRejected) as caught:
        build_targets([sphere(6, Z)], {"Organ": organ}, how, planes_mm=Z)
    assert caught.value.finding.code == "nothing-left"
    assert "Organ" in caught.value.finding.where


def test_a_ctv_cut_back_to_the_gtv_is_said():
    around = prism(box_ring((-60, 60), (-60, 60)), Z)
    how = recipe(clips=(Clip("barrier", "Around"),))
    found = build_targets([sphere(9, Z)], {"Around": around}, how, planes_mm=Z)
    codes = [finding.code for finding in found.findings]
    assert "ctv-cut-to-gtv" in codes
    assert "gtv-overlaps-organ" in codes
    assert found.lesions[0].ctv.volume_cc == pytest.approx(sphere_cc(9), rel=0.01)


def test_a_target_beyond_the_side_of_the_images_is_said():
    images = ((-15.0, 60.0), (-60.0, 60.0))
    found = build_targets(
        [sphere(12, Z)], {}, recipe(), planes_mm={AXIAL: WrittenPlanes(Z, edges_mm=images)}
    )
    (finding,) = [f for f in found.findings if f.code == "margin-truncated"]
    # the last lattice column inside, within a step of 18 mm
    assert float(finding.seen.split()[3]) == pytest.approx(-18, abs=0.7)


def test_a_prv_beyond_the_images_is_said():
    z = Z[50:72]
    cord = prism(circle(5), z, "SpinalCord")
    how = recipe(prvs=(parse_prv("SpinalCord:4"),))
    found = build_targets([sphere(6, z)], {"SpinalCord": cord}, how, planes_mm=z)
    (finding,) = [f for f in found.findings if f.code == "margin-truncated"]
    assert finding.where == "ROI SpinalCord_PRV04"
