"""What a target is: one rule, by type, else by name."""

from __future__ import annotations

import pytest

from rtvol.margins.algebra import Combined, Leaf, Resized
from rtvol.margins.margin import Margin
from rtvol.names.aliases import Alias
from rtvol.names.regions import Region, region_of
from rtvol.structures import Roi, target_kind

NAMED = {
    "GTV": "GTV",
    "gtv_liver": "GTV",
    "GTVp": "GTV",
    "IGTV": "GTV",
    "iGTV 1": "GTV",
    "ICTV": "CTV",
    "CTV_High": "CTV",
    "HR-CTV": "CTV",
    "HRCTV": "CTV",
    "PTV!": "PTV",
    "PTV_mod": "PTV",
    "zPTV_opt": "PTV",
    "z_PTV": "PTV",
    "_PTV": "PTV",
    "ITV": "ITV",
    "xITV": "ITV",
}
NO_TARGETS = [
    "",
    "Liver",
    "Liver-GTV",
    "Liver-PTV",
    "Body-PTV",
    "Ring_PTV",
    "NotGTV",
    "Tumor",
    "TV",
]


@pytest.mark.parametrize(("name", "kind"), NAMED.items())
def test_a_name_tells_where_the_type_does_not(name: str, kind: str) -> None:
    assert target_kind(name) == target_kind(name, "ORGAN") == kind
    assert target_kind(name, "AVOIDANCE") == target_kind(name, "EXTERNAL") == ""
    assert Roi(name, 1, "", ()).is_target
    assert Alias(name, ()).is_target


@pytest.mark.parametrize("name", NO_TARGETS)
def test_other_names_mean_none(name: str) -> None:
    assert target_kind(name) == ""
    assert target_kind(name, "PTV") == "PTV"
    assert not Roi(name, 1, "", ()).is_target


def test_an_expression_is_what_it_begins_with() -> None:
    gtv, liver = Roi("GTV", 1, "GTV", ()), Roi("Liver", 2, "ORGAN", ())
    left = Region("GTV-Liver", Combined("subtract", Leaf((gtv,)), Leaf((liver,))))
    right = Region("Liver-GTV", Combined("subtract", Leaf((liver,)), Leaf((gtv,))))
    assert (left.is_target, right.is_target) == (True, False)
    assert (left.kind, left.roi, region_of(liver).kind) == ("", None, "ORGAN")


def test_a_guess_is_told_from_a_type() -> None:
    assert region_of(Roi("zPTV", 1, "ORGAN", ())).is_guessed
    assert not region_of(Roi("zPTV", 1, "PTV", ())).is_guessed
    assert not region_of(Roi("PTV", 1, "GTV", ())).is_guessed
    assert not region_of(Roi("Liver", 1, "", ())).is_guessed


def test_a_shell_of_a_target_is_none() -> None:
    ptv, liver = Leaf((Roi("PTV", 1, "PTV", ()),)), Leaf((Roi("Liver", 2, "ORGAN", ()),))
    grown = [Resized(ptv, Margin.uniform(mm)) for mm in (20, 5)]
    assert Region("PTV + 20", grown[0]).is_target
    assert not Region("ring", Combined("subtract", *grown)).is_target
    assert Region("cut", Combined("subtract", grown[0], liver)).is_target
