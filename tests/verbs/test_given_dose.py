"""Which dose a case's numbers are of, and what is refused."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pydicom
import pytest

from rtvol.errors import CaseRejected, UsageError
from rtvol.names.regions import region_of
from rtvol.structures import Roi
from rtvol.verbs.given_dose import case_dose, dose_for, parse_alpha_beta

if TYPE_CHECKING:
    from rtvol.case import Case, DoseSource


def named(name: str, kind: str = "") -> Any:
    return region_of(Roi(name, 1, kind, ()))


def with_doses(case: Case, *changes: dict[str, Any]) -> Case:
    """Case with one dose per set of changes of its own."""
    (source,) = case.doses
    return replace(case, doses=tuple(replace(source, **one) for one in changes))


def refused(case: Case, code: str, *wanted: Path, **how: Any) -> CaseRejected:
    with pytest.raises(CaseRejected, match=code) as caught:
        case_dose(case, wanted, **how)
    return caught.value


def source_of(case: Case) -> DoseSource:
    return case.doses[0]


def test_the_dose_of_the_plan_is_taken_as_it_is(plane: Case) -> None:
    given = case_dose(plane)
    assert given.sources == plane.doses
    assert given.parts[0].fractions == 3
    assert dose_for(given, None) is given.parts[0].dose
    assert given.text_for(named("Liver")) == "physical"


def test_a_dose_is_named_by_its_path_or_by_its_name_in_the_case(plane: Case) -> None:
    path = source_of(plane).path
    assert case_dose(plane, [path]).sources == plane.doses
    assert case_dose(plane, [Path(path.name)]).sources == plane.doses
    assert "1 usable doses" in refused(plane, "no-dose", Path("other.dcm")).finding.seen


def test_a_file_in_another_frame_says_so(plane: Case, tmp_path: Path) -> None:
    other = tmp_path / "RD.dcm"
    shutil.copy(source_of(plane).path, other)
    refused(plane, "no-dose", other)
    data = pydicom.dcmread(other)
    data.FrameOfReferenceUID = "1.2.3"
    data.save_as(other)
    refused(plane, "frame-mismatch", other)


def test_doses_of_plans_are_added_in_gy_and_in_eqd2(plane: Case) -> None:
    second = {"sop_uid": "1.9", "plan_uid": "1.8"}
    plans = (*plane.plans, replace(plane.plans[0], sop_uid="1.8", fractions=5))
    twice = replace(with_doses(plane, {}, second), plans=plans)
    one = case_dose(plane).parts[0].dose.values_gy
    added = case_dose(twice, add="physical")
    assert np.array_equal(dose_for(added, None).values_gy, 2 * one)
    eqd2 = case_dose(twice, add="eqd2", alpha_beta=(("Liver", 3.0), ("*", 10.0)))
    assert (eqd2.ratio_for(named("Liver")), eqd2.ratio_for(named("GTV"))) == (3.0, 10.0)
    assert eqd2.text_for(named("Liver")) == "EQD2, a/b 3 Gy"
    wanted = sum(one * (one / n + 3.0) / (2 + 3.0) for n in (3, 5))
    assert dose_for(eqd2, 3.0).values_gy == pytest.approx(wanted, rel=1e-5)
    with pytest.raises(CaseRejected, match="no-alpha-beta"):
        dose_for(eqd2, None)
    both = with_doses(plane, {}, {"sop_uid": "1.9"})
    assert "one would count twice" in refused(both, "ambiguous-dose", add="physical").finding.seen


BEAMS = [{"summation": "BEAM", "beams": (n,), "sop_uid": f"1.{n}"} for n in (1, 2)]


def test_beams_of_one_plan_are_its_dose(plane: Case) -> None:
    (plan,) = plane.plans
    both = replace(with_doses(plane, *BEAMS), plans=(replace(plan, beams=(1, 2)),))
    given = case_dose(both)
    assert [finding.code for finding in given.findings] == ["dose-summed"]
    assert "all beams of the plan" in given.findings[0].seen
    assert (len(given.parts), given.parts[0].fractions) == (1, 3)
    one = case_dose(plane).parts[0].dose.values_gy
    assert np.array_equal(given.parts[0].dose.values_gy, 2 * one)
    unknown = replace(both, plans=(replace(plan, beams=()),))
    assert "no plan says" in case_dose(unknown).findings[0].seen
    named_one = case_dose(both, [source_of(both).path])
    assert np.array_equal(named_one.parts[0].dose.values_gy, one)


def test_beams_that_are_not_the_whole_plan_are_refused(plane: Case) -> None:
    (plan,) = plane.plans
    three = (replace(plan, beams=(1, 2, 3)),)
    missing = replace(with_doses(plane, *BEAMS), plans=three)
    assert "2 of 3" in refused(missing, "beams-missing").finding.seen
    silent = replace(with_doses(plane, *({**one, "beams": ()} for one in BEAMS)), plans=three)
    assert "do not say" in refused(silent, "beams-missing").finding.seen
    same = with_doses(plane, BEAMS[0], {**BEAMS[1], "beams": (1,)})
    assert "several doses" in refused(same, "ambiguous-dose").finding.seen
    others = with_doses(plane, BEAMS[0], {**BEAMS[1], "plan_uid": "1.7"})
    assert "several plans" in refused(others, "ambiguous-dose").finding.seen
    refused(replace(plane, doses=()), "no-dose")


def test_the_ratio_that_names_a_structure_wins_over_that_of_targets_and_of_all(
    plane: Case,
) -> None:
    ratios = parse_alpha_beta(["3", "target=10", "GTV*=8", "gtv_2=6"])
    given = replace(case_dose(plane), alpha_beta=ratios)
    names = {"Liver": 3.0, "PTV": 10.0, "zCTV": 10.0, "GTV": 8.0, "GTV_2": 6.0}
    assert {name: given.ratio_for(named(name)) for name in names} == names
    assert replace(given, alpha_beta=()).ratio_for(named("Liver")) is None


@pytest.mark.parametrize("text", ["", "x", "0", "-1", "inf", "GTV=", "GTV=nan"])
def test_a_ratio_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="bad-fractionation"):
        parse_alpha_beta([text])
