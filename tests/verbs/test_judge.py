"""Goals pass, fail, or cannot be said; with the reason."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from rtvol.dvh.goals import GoalSet, parse_goal
from rtvol.dvh.readings import Sampling
from rtvol.verbs.bench import bench_of
from rtvol.verbs.given_dose import case_dose
from rtvol.verbs.judge import goal_rows
from rtvol.verbs.terms import Terms

if TYPE_CHECKING:
    from rtvol.case import Case


def goal_set(*texts: str, fractions: int | None = None, **values: Any) -> GoalSet:
    goals = tuple(replace(parse_goal(text), **values) for text in texts)
    return GoalSet("t", goals, fractions, {})


def judged(case: Case, *sets: GoalSet, given: Any = None, **terms: Any) -> tuple[Any, Any]:
    bench = bench_of(case, given or case_dose(case), Sampling(), Terms(goals=sets, **terms))
    return goal_rows(bench)


def test_goals_are_judged_in_gy_whatever_axis_is_shown(plane: Case) -> None:
    wanted = goal_set("Liver Mean <= 41 Gy", "GTV Mean >= 46 Gy", "Liver-GTV Mean <= 39 Gy")
    rows, findings = judged(plane, wanted, axis="bed")
    assert [row.verdict for row in rows] == ["pass", "fail", "fail"]
    # the liver without its GTV: the mean of a ball less a ball of the same dose plane
    rest = (24**3 * 40 - 7**3 * 45) / (24**3 - 7**3)
    assert rows[2].value == pytest.approx(rest, abs=0.05)
    assert findings == ()
    assert judged(plane)[0] == ()


def test_a_goal_of_two_sets_comes_once(plane: Case) -> None:
    one, other = (
        goal_set("Liver Mean <= 41 Gy"),
        goal_set("Liver Mean <= 41 Gy", "Liver Max <= 1 Gy"),
    )
    rows, _ = judged(plane, one, other)
    assert [row.goal for row in rows] == ["Mean[Gy] <= 41 Gy", "Max[Gy] <= 1 Gy"]


def test_what_cannot_be_said_says_why(plane: Case) -> None:
    wanted = goal_set(
        "Spleen Mean <= 9 Gy", "Liver- Mean <= 9 Gy", "Liver & Nowhere Mean <= 9 Gy",
        "Duodenum CV5Gy >= 700 cc", "Liver & Duodenum - Liver V5Gy[cc] >= 5 cc",
    )  # fmt: skip
    rows, _ = judged(plane, wanted)
    assert [row.verdict for row in rows] == ["cannot say"] * 3 + ["fail", "cannot say"]
    assert [row.note.split("]")[0] for row in rows[:3]] == [
        *("[roi-not-found", "[bad-expression", "[roi-not-found")
    ]
    assert "holds 0.2" in rows[3].note
    assert "holds 0 cc" in rows[4].note


def test_goals_for_a_prescription_are_for_that_one(plane: Case) -> None:
    fits, other = (goal_set("Liver Mean <= 41 Gy", prescribed_gy=gy) for gy in (45.0, 60.0))
    assert [len(judged(plane, one)[0]) for one in (fits, other)] == [1, 0]
    unknown = replace(plane, plan=None, plans=())
    (row,) = judged(unknown, fits)[0]
    assert (row.verdict, row.note) == (
        "cannot say",
        "it holds for 45 Gy, and no prescribed dose is known",
    )


def test_goals_for_other_fractions_are_not_judged(plane: Case) -> None:
    rows, findings = judged(plane, goal_set("Liver Mean <= 41 Gy", fractions=5))
    assert rows[0].verdict == "cannot say"
    assert rows[0].note == findings[0].seen == "t: for 5 fractions, not for 3"
    given = case_dose(plane)
    silent = replace(given, parts=(replace(given.parts[0], fractions=None),))
    unknown = replace(plane, plan=None, plans=())
    rows, findings = judged(unknown, goal_set("Liver Mean <= 41 Gy", fractions=5), given=silent)
    assert rows[0].verdict == "pass"
    assert [one.code for one in findings] == ["goal-fractions"]
    same, none = judged(plane, goal_set("Liver Mean <= 41 Gy", fractions=3))
    assert (same[0].verdict, none) == ("pass", ())


def test_goals_are_in_gy_and_a_sum_in_eqd2_is_not(plane: Case) -> None:
    eqd2 = replace(case_dose(plane), sum="eqd2", alpha_beta=(("*", 3.0),))
    rows, _ = judged(plane, goal_set("Liver Mean <= 41 Gy"), given=eqd2)
    assert (rows[0].verdict, rows[0].note) == (
        "cannot say",
        "the dose is a sum in EQD2, the goals are in Gy",
    )


def test_a_rule_turned_round_is_noticed(plane: Case) -> None:
    _, findings = judged(plane, goal_set("Liver V15Gy < 700 cc"))
    (finding,) = [one for one in findings if one.code == "goal-reversed"]
    assert "CV15Gy[cc] >= 700 cc" in finding.mend


def test_a_region_without_a_dose_is_a_goal_without_a_verdict(plane: Case) -> None:
    far = replace(case_dose(plane), sum="eqd2", alpha_beta=())
    bench = bench_of(plane, far, Sampling(), Terms(goals=(goal_set("Liver Mean <= 41 Gy"),)))
    bench = replace(bench, given=replace(far, sum=None))
    rows, _ = goal_rows(bench)
    assert rows[0].note.startswith("[no-alpha-beta]")
