"""Names that rtvol makes from well-formed names are well-formed (AAPM TG-263)."""

from __future__ import annotations

import pytest

from rtvol.margins import Margin
from rtvol.margins.derived_names import clipped_name, derived_name, part_names, prv_name
from rtvol.names.tg263 import check_names

GTVS = ["GTV", "GTV1", "GTVp", "IGTV2", "GTV_Liver", "GTV_Liver_High", "GTV_Adrenal_Left", "Met2"]
ORGANS = ["SpinalCord", "BileDuct_Common", "Kidney_L", "Bowel_Small", "GreatVes"]


def faults(name: str) -> tuple[str, ...]:
    (checked,) = check_names([name])
    return checked.faults


@pytest.mark.parametrize("gtv", GTVS)
@pytest.mark.parametrize("taken", [(), ("CTV", "PTV", "CTV_Liver_High", "PTV_mod", "PTV^clip")])
def test_targets_pass(gtv: str, taken: tuple[str, ...]) -> None:
    assert not faults(gtv)
    used = [gtv, *taken]
    for kind in ("CTV", "PTV"):
        used.append(derived_name(gtv, kind, Margin.uniform(4), used))
    ptv = used[-1]
    for ending in ("^clip", "_mod"):
        used.append(clipped_name(ptv, used, ending=ending))
    used += part_names(gtv, 9, used)
    made = used[1 + len(taken) :]
    assert {name: faults(name) for name in made if faults(name)} == {}
    assert len({name.casefold() for name in used}) == len(used)
    assert max(map(len, made)) <= 16


@pytest.mark.parametrize("organ", ORGANS)
def test_risk_volumes_pass(organ: str) -> None:
    first = prv_name(organ, Margin.uniform(2), [organ])
    second = prv_name(organ, Margin.uniform(2), [organ, first])
    assert first != second
    assert not faults(first)
    assert not faults(second)


@pytest.mark.parametrize("name", ["PTV_liver", "PTV mod", "PTV_mod_old", "GTV_Adrenal_Left_2cm_x"])
def test_others_still_fail(name: str) -> None:
    assert faults(name)


def test_a_long_name_keeps_its_words() -> None:
    assert (
        derived_name("GTV liver segment VII", "PTV", Margin.uniform(4), ())
        == "PTV liver segment VII"
    )
