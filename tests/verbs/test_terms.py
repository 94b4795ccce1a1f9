"""What 100 % is and in how many fractions: the call's word, else that of the dose's plan."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from rtvol.errors import UsageError
from rtvol.verbs.given_dose import case_dose
from rtvol.verbs.terms import Prescribed, Terms, parse_linear, prescribed_of

if TYPE_CHECKING:
    from rtvol.case import Case


def test_the_plan_speaks_where_the_call_does_not(plane: Case) -> None:
    given = case_dose(plane)
    own = Prescribed(45.0, 3, "RTPLAN", "RTPLAN")
    assert prescribed_of(plane, Terms(), given) == prescribed_of(plane, Terms(), None) == own
    mixed = prescribed_of(plane, Terms(prescription_gy=50.0), given)
    assert mixed.text == "50 Gy (given) in 3 fractions (RTPLAN)"
    assert prescribed_of(plane, Terms(50.0, 5), None).text == "50 Gy in 5 fractions (given)"


def test_the_plan_is_that_of_the_dose(plane: Case) -> None:
    given = case_dose(plane)
    other = replace(plane.plans[0], sop_uid="1.8", prescription_gy=30.0, fractions=5)
    two = replace(plane, plans=(*plane.plans, other), plan=None)
    moved = replace(given, sources=(replace(given.sources[0], plan_uid="1.8"),))
    moved = replace(moved, parts=(replace(moved.parts[0], fractions=5),))
    assert prescribed_of(two, Terms(), moved) == Prescribed(30.0, 5, "RTPLAN", "RTPLAN")
    unknown = replace(given, sources=(replace(given.sources[0], plan_uid="1.7"),))
    assert prescribed_of(plane, Terms(), unknown).dose_gy is None
    silent = replace(given, sources=(replace(given.sources[0], plan_uid=""),))
    assert prescribed_of(plane, Terms(), silent).dose_gy == 45.0
    without = replace(plane, plan=None, plans=())
    none = replace(given, parts=(replace(given.parts[0], fractions=None),))
    assert prescribed_of(without, Terms(), none) == Prescribed(None, None)


def test_of_sums_no_plan_tells_the_fractions(plane: Case) -> None:
    given = case_dose(plane)
    both = (*given.sources, replace(given.sources[0], plan_uid="1.8"))
    summed = replace(given, sources=both, parts=given.parts * 2, sum="physical")
    assert prescribed_of(plane, Terms(), summed) == Prescribed(None, None)
    eqd2 = replace(given, sum="eqd2")
    assert prescribed_of(plane, Terms(), eqd2).dose_gy is None
    assert prescribed_of(plane, Terms(45.0, 3), eqd2).text == "45 Gy in 3 fractions (given)"


def test_what_is_not_known_is_not_said() -> None:
    assert Prescribed(None, 3).text == ""
    assert Prescribed(45.0, None, "RTPLAN").text == "45 Gy (RTPLAN)"


def test_linear_parts_are_read() -> None:
    assert parse_linear(["6.2", "GTV*=6:1.8"]) == (("*", 6.2, None), ("GTV*", 6.0, 1.8))
    for text in ("", "x", "0", "6:-1", "GTV=6:x", "inf"):
        with pytest.raises(UsageError, match="bad-fractionation"):
            parse_linear([text])
