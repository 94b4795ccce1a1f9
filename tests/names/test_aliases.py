"""Local names to canonical ones: exact, glob, regex; two hits are an error; targets not guessed."""

from __future__ import annotations

import numpy as np
import pytest

from rtvol.errors import CaseRejected
from rtvol.names.aliases import Alias, rename
from rtvol.names.suggest import alias_table
from rtvol.names.tg263 import check_names, suggest
from rtvol.structures import Contour, Roi, StructureSet

SQUARE = np.array([[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0]])


def structures(*names: str, empty: tuple[str, ...] = ()) -> StructureSet:
    return StructureSet(
        tuple(
            Roi(name, number, "", () if name in empty else (Contour(SQUARE, 0.0),))
            for number, name in enumerate(names)
        )
    )


def renamed(given: StructureSet, **table: list[str]) -> tuple[str, ...]:
    return rename(given, [Alias(name, tuple(words)) for name, words in table.items()]).names


def test_by_name_by_pattern_and_by_expression() -> None:
    given = structures("LEBER neu", "duod_1", "GTV alt (3)", "Magen", "x")
    found = renamed(
        given, Liver=["leber*"], Duodenum=["re:duod_\\d"], GTVp=["gtv alt (3)"], Stomach=["magen"]
    )
    assert found == ("Liver", "Duodenum", "GTVp", "Stomach", "x")


def test_the_exact_name_wins_over_any_spelling() -> None:
    assert renamed(structures("Leber", "Liver"), Liver=["leber"]) == ("Leber", "Liver")


def test_an_organ_may_differ_in_case_and_separators() -> None:
    assert renamed(structures("spinal cord"), SpinalCord=[]) == ("SpinalCord",)


@pytest.mark.parametrize("name", ["gtvp", "GTV p", "GTV_p"])
def test_a_target_may_not(name: str) -> None:
    assert renamed(structures(name), GTVp=[]) == (name,)


def test_two_hits_are_an_error_that_names_both() -> None:
    with pytest.raises(CaseRejected) as caught:
        renamed(structures("GTV1", "GTV2"), GTVp=["GTV*"])
    assert caught.value.finding.code == "roi-ambiguous"
    assert '"GTV1" and "GTV2"' in caught.value.finding.seen


def test_one_region_for_two_names_is_an_error_that_names_both() -> None:
    with pytest.raises(CaseRejected) as caught:
        renamed(structures("Darm"), Bowel=["darm"], Colon=["da*"])
    assert "Bowel and Colon" in caught.value.finding.seen


def test_an_empty_region_gives_way_to_a_drawn_one() -> None:
    given = structures("leber", "LEBER 2", empty=("leber",))
    assert renamed(given, Liver=["leber*"]) == ("leber", "Liver")


@pytest.mark.parametrize(
    "name",
    [
        *("GTV", "GTVp", "GTVp1", "PTV_4800", "PTV^4mm", "PTV_High", "PTV!", "CTVn2_Liver"),
        *("PTV_50p4Gy", "PTV-03", "PTVp1x03", "Liver", "Liver-GTV", "SpinalCord_PRV05"),
        *("Kidney_L", "Bowel_Small", "zRing", "~Lung_L", "BileDuct_Common"),
    ],
)
def test_names_of_the_report_pass(name: str) -> None:
    assert check_names([name])[0].faults == ()


@pytest.mark.parametrize(
    ("name", "word", "suggestion"),
    [
        ("CTV_2", "not formed", ""),
        ("gtv", "not formed", ""),
        ("GTV liver", "blanks", ""),
        ("Leber", "Liver in TG-263", "Liver"),
        ("left kidney", "blanks", "Kidney_L"),
        ("SpinalCordAndCanal", "16 at most", ""),
        ("Übel", "ASCII", ""),
    ],
)
def test_other_names_say_why(name: str, word: str, suggestion: str) -> None:
    (checked,) = check_names([name])
    assert word in "; ".join(checked.faults)
    assert checked.suggestion == suggestion


def test_names_that_differ_in_case_only_are_told() -> None:
    assert "in case only" in "; ".join(check_names(["Liver", "LIVER"])[0].faults)


def test_no_target_is_ever_suggested() -> None:
    assert {suggest(name) for name in ("gtv", "PTV 45", "itv liver", "zGTV", "CTV")} == {""}


def test_the_table_suggested_is_toml_and_means_nothing_until_confirmed() -> None:
    import tomllib
    from collections import Counter

    text = alias_table(Counter({"Leber": 12, "liver": 3, 'GTV "x"': 5, "Ding": 1}), 20)
    assert tomllib.loads(text) == {"names": {}}
    assert '# Liver = ["Leber", "liver"]    # 12 + 3 cases' in text
    confirmed = text.replace("# Liver", "Liver")
    assert tomllib.loads(confirmed) == {"names": {"Liver": ["Leber", "liver"]}}
