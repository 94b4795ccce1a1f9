"""Which regions a call means: by exact name, by type, by pattern; never by guess."""

from __future__ import annotations

import numpy as np
import pytest

from rtvol.errors import CaseRejected
from rtvol.names.find import choose_gtvs, find_roi, match_rois, near_names
from rtvol.structures import Contour, Roi, StructureSet

TRIANGLE = Contour(np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0]]), 0.0)


def roi(name: str, kind: str = "", number: int = 0, *, empty: bool = False) -> Roi:
    return Roi(name, number, kind, () if empty else (TRIANGLE,))


def structures(*rois: Roi) -> StructureSet:
    return StructureSet(rois, label="Plan B")


LIVER = structures(
    roi("Leber", "ORGAN", 1),
    roi("GTV_liver", "GTV", 2),
    roi("gtv_node", "", 3),
    roi("Duodenum", "ORGAN", 4),
    roi("PTV 45", "PTV", 5),
    roi("Couch", "", 6, empty=True),
)


def names(rois: tuple[Roi, ...]) -> list[str]:
    return [each.name for each in rois]


def refusal(code: str, call: object, *arguments: object) -> CaseRejected:
    with pytest.raises(CaseRejected) as caught:
        call(*arguments)
    assert caught.value.finding.code == code
    assert caught.value.exit_code == 1
    return caught.value


def test_exact_name_wins_over_one_that_differs_in_case() -> None:
    both = structures(roi("gtv", number=1), roi("GTV", number=2))
    assert find_roi(both, "GTV").number == 2
    assert find_roi(both, "gtv").number == 1
    refusal("roi-ambiguous", find_roi, both, "Gtv")


def test_a_unique_name_is_found_whatever_its_case() -> None:
    assert find_roi(LIVER, "duodenum").name == "Duodenum"


def test_two_regions_of_one_name_are_ambiguous_and_both_are_named() -> None:
    twice = structures(roi("GTV", number=4), roi("GTV", number=9))
    seen = refusal("roi-ambiguous", find_roi, twice, "GTV").finding.seen
    assert "number 4" in seen
    assert "number 9" in seen


def test_an_unknown_name_lists_near_ones_and_says_the_best() -> None:
    finding = refusal("roi-not-found", find_roi, LIVER, "Duodenm").finding
    assert finding.seen.startswith("Duodenum")
    assert finding.mend == 'did you mean "Duodenum"?'
    assert 'RTSTRUCT "Plan B" (6 ROIs)' in finding.where


def test_an_unknown_name_far_from_all_lists_what_there_is() -> None:
    finding = refusal("roi-not-found", find_roi, LIVER, "Xyzzy").finding
    assert finding.seen == "GTV_liver, gtv_node, PTV 45, Leber, Duodenum, Couch"
    assert "no ROI at all" in refusal("roi-not-found", find_roi, structures(), "x").finding.seen


def test_an_empty_region_is_no_zero_volume() -> None:
    refusal("roi-empty", find_roi, LIVER, "Couch")


def test_near_names_ignore_case_and_find_parts() -> None:
    assert near_names("liver", LIVER.names) == ("GTV_liver", "Leber")
    assert near_names("PTV", LIVER.names)[0] == "PTV 45"


def test_targets_without_a_name_are_those_of_type_gtv() -> None:
    assert names(choose_gtvs(LIVER, ())) == ["GTV_liver"]


def test_targets_without_a_type_are_those_whose_name_begins_with_gtv() -> None:
    untyped = structures(roi("x"), roi("GTV 1"), roi("gTv2"), roi("PTV-GTV"), roi("iGTV"))
    assert names(choose_gtvs(untyped, ())) == ["GTV 1", "gTv2"]


def test_nothing_is_guessed_beyond_type_and_name() -> None:
    finding = refusal("roi-not-found", choose_gtvs, structures(roi("Tumor_c40"), roi("LN")), ())
    assert "Tumor_c40" in finding.finding.seen
    assert "--gtv" in finding.finding.mend


def test_named_targets_are_taken_in_the_order_given_and_once() -> None:
    wanted = ("PTV 45", "Leber", "PTV 45")
    assert names(choose_gtvs(LIVER, wanted)) == ["PTV 45", "Leber"]


def test_an_undrawn_target_beside_a_drawn_one_is_left_to_its_finding() -> None:
    both = structures(roi("GTV1", "GTV", empty=True), roi("GTV2", "GTV"))
    assert names(choose_gtvs(both, ())) == ["GTV2"]
    refusal("roi-empty", choose_gtvs, structures(roi("GTV1", "GTV", empty=True)), ())


def test_patterns_match_drawn_regions_in_file_order() -> None:
    assert names(match_rois(LIVER, ("*TV*", "Leber"))) == [
        "Leber",
        "GTV_liver",
        "gtv_node",
        "PTV 45",
    ]
    assert "Couch" not in names(match_rois(LIVER, ()))
    refusal("roi-not-found", match_rois, LIVER, ("Bowel*",))
    refusal("roi-empty", match_rois, LIVER, ("Couch",))


def test_a_name_with_pattern_signs_is_a_name_first() -> None:
    odd = structures(roi("GTV*"), roi("GTV1"))
    assert names(match_rois(odd, ("GTV*",))) == ["GTV*"]


def test_region_algebra_is_no_name() -> None:
    refusal("roi-not-found", match_rois, LIVER, ("Leber-GTV_liver",))
