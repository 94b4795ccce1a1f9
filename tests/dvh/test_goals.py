"""Goals: their grammar, their files, and what a value makes of them."""

from __future__ import annotations

import pytest

from rtvol.dvh.goals import judge, parse_goal, parse_goals, read_goals, shipped_sets
from rtvol.errors import UsageError

HEAD = 'schema = "rtvol/goals@1"\ntitle = "T"\n'


@pytest.mark.parametrize(
    ("text", "normal"),
    [
        ("Liver-GTV CV15Gy[cc] >= 700 cc", "Liver-GTV CV15Gy[cc] >= 700 cc"),
        ("Liver-GTV  cv15gy>=700cc", "Liver-GTV CV15Gy[cc] >= 700 cc"),
        ("PTV D95% >= 45 Gy", "PTV D95%[Gy] >= 45 Gy"),
        ("Bowel V20Gy <= 50 cc", "Bowel V20Gy[cc] <= 50 cc"),
        ("Bowel V20Gy <= 5 %", "Bowel V20Gy[%] <= 5 %"),
        ("Bowel V20Gy[%] < 5.5%", "Bowel V20Gy[%] < 5.5 %"),
        ("GTV 1 CI > 0.8", "GTV 1 CI > 0.8"),
        ("Lung L + Lung R Dmean < 8 gy", "Lung L + Lung R Mean[Gy] < 8 Gy"),
    ],
)
def test_every_goal_has_one_normal_form(text, normal):
    goal = parse_goal(text)
    assert goal.text == normal
    assert parse_goal(goal.text) == goal


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "bad-goal"),
        ("PTV D95%", "bad-goal"),
        ("D95% >= 45 Gy", "bad-goal"),
        ("PTV D95 >= 45 Gy", "bad-metric"),
        ("PTV D95% = 45 Gy", "bad-goal"),
        ("PTV D95% >= 45", "bad-goal"),
        ("PTV D95% >= 95 cc", "bad-goal"),
        ("PTV V20Gy[%] <= 5 cc", "bad-goal"),
        ("PTV D95% >= many Gy", "bad-goal"),
        ("PTV D95% >= -4 Gy", "bad-goal"),
        ("PTV CI >= 1 Gy", "bad-goal"),
    ],
)
def test_a_wrong_goal_is_refused_with_a_caret(text, code):
    with pytest.raises(UsageError) as caught:
        parse_goal(text)
    assert caught.value.finding.code == code
    assert "^" in caught.value.finding.seen


@pytest.mark.parametrize(
    ("op", "low", "same", "high"),
    [
        ("<", "pass", "fail", "fail"),
        ("<=", "pass", "pass", "fail"),
        (">", "fail", "fail", "pass"),
        (">=", "fail", "pass", "pass"),
    ],
)
def test_a_value_passes_or_fails_and_nothing_is_neither(op, low, same, high):
    goal = parse_goal(f"PTV D95% {op} 52.8 Gy")
    # 52.8 Gy as a 32-bit float is the limit
    values = (52.79, 52.79999923706055, 52.81)
    assert [judge(goal, value) for value in values] == [low, same, high]
    assert judge(goal, None) == "cannot say"


@pytest.mark.parametrize(
    ("text", "is_reversed"),
    [
        ("Liver-GTV V15Gy[cc] < 700 cc", True),
        ("Liver V15Gy <= 700 cc", True),
        ("Liver-GTV CV15Gy[cc] <= 700 cc", True),
        ("Liver-GTV CV15Gy[cc] >= 700 cc", False),
        ("Bowel V20Gy[cc] <= 5 cc", False),
        ("Liver V15Gy[%] < 50 %", False),
    ],
)
def test_the_classic_reversal_is_seen(text, is_reversed):
    assert parse_goal(text).is_reversed is is_reversed


def test_shipped_sets_are_read_and_not_called_verified():
    assert shipped_sets() == ("liver-sbrt-3fx", "liver-sbrt-5fx")
    for name, fractions in zip(shipped_sets(), (3, 5), strict=True):
        found = read_goals(name)
        assert found.fractions == fractions
        assert found.goals
        for goal in found.goals:
            assert goal.source
            assert goal.table or "no limit of a paper" in goal.source
            assert not goal.verified
            assert not goal.is_reversed
            assert (
                f"{fractions} fractions" in goal.source
                or goal.prescribed_gy is not None
                or ("3-5 fractions" in goal.source)
            )
    texts = {goal.text for goal in read_goals("liver-sbrt-3fx").goals}
    # QUANTEC and TG-101 as the project's notes give them
    assert "Liver-GTV CV15Gy[cc] >= 700 cc" in texts
    assert "Liver CV19.2Gy[cc] >= 700 cc" in texts
    assert "Duodenum D0.035cc[Gy] <= 22.2 Gy" in texts


#: TG-101, table III, as a page of Wikibooks copies it: cc, threshold and maximum in Gy for 3 and 5
#: fractions.
SERIAL = {
    "SpinalCord": [(0.35, 18, 21.9, 23, 30), (1.2, 12.3, 21.9, 14.5, 30)],
    "Esophagus": [(5, 17.7, 25.2, 19.5, 35)],
    "Heart": [(15, 24, 30, 32, 38)],
    "ChestWall": [(1, 28.8, 36.9, 35, 43), (30, 30, 36.9, None, None)],
    "Skin": [(10, 30, 33, 36.5, 39.5)],
    "Stomach": [(10, 16.5, 22.2, 18, 32)],
    "Duodenum": [(5, 16.5, 22.2, 18, 32), (10, 11.4, 22.2, 12.5, 32)],
    "Bowel_Small": [(5, 17.7, 25.2, 19.5, 35)],
    "Colon": [(20, 24, 28.2, 25, 38)],
}


@pytest.mark.parametrize(("name", "at"), [("liver-sbrt-3fx", 1), ("liver-sbrt-5fx", 3)])
def test_limits_of_serial_organs_are_those_of_the_copied_table(name: str, at: int) -> None:
    expected = set()
    for organ, rows in SERIAL.items():
        for row in rows:
            if row[at] is not None:
                expected.add(f"{organ} D{row[0]:g}cc[Gy] <= {row[at]:g} Gy")
                expected.add(f"{organ} D0.035cc[Gy] <= {row[at + 1]:g} Gy")
    found = {goal.text for goal in read_goals(name).goals if goal.structure in SERIAL}
    assert found == expected


def test_a_set_speaks_of_targets_and_of_both_kidneys_together() -> None:
    texts = {goal.text for name in shipped_sets() for goal in read_goals(name).goals}
    assert "PTV D95%[%] >= 100 %" in texts
    assert "Kidney_L+Kidney_R CV16Gy[cc] >= 200 cc" in texts
    assert "Kidney_L+Kidney_R CV17.5Gy[cc] >= 200 cc" in texts


def test_all_that_is_wrong_with_a_file_is_said_at_once():
    text = 'titel = "x"\nfractions = 0\n[names]\nLiver = "liver"\n'
    text += '[[goal]]\ngoal = "PTV D95 >= 45 Gy"\n[[goal]]\nverified = 1\n'
    with pytest.raises(UsageError) as caught:
        parse_goals(text)
    finding = caught.value.finding
    assert finding.code == "bad-goals"
    for part in (
        "titel is not known",
        "schema is missing",
        "title is missing",
        "fractions: a number",
        "names.Liver: a list",
        "goal 1: PTV D95",
        "goal 2: goal is missing",
        "goal 2: verified: true or false",
    ):
        assert part in finding.seen, part


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("goal = [", "no TOML"),
        (HEAD, "goal is missing"),
        (HEAD + "goal = []\n", "at least one"),
        (HEAD + "goal = 3\n", "at least one"),
        (HEAD.replace("@1", "@9") + '[[goal]]\ngoal = "A CI > 1"\n', "rtvol/goals@1 is read"),
        (HEAD + "names = 3\n" + '[[goal]]\ngoal = "A CI > 1"\n', "names: a table"),
    ],
)
def test_a_file_of_another_form_is_refused(text, part):
    with pytest.raises(UsageError) as caught:
        parse_goals(text)
    assert part in caught.value.finding.seen


def test_a_name_that_is_no_set_and_no_file_lists_the_sets(tmp_path):
    (tmp_path / "binary.toml").write_bytes(b"\xff\xfe\x00")
    for name in ("liver-sbrt-8fx", str(tmp_path), str(tmp_path / "binary.toml")):
        with pytest.raises(UsageError) as caught:
            read_goals(name)
        assert "liver-sbrt-3fx" in caught.value.finding.mend
