"""Recipes: all that is wrong at once and where, and from where each value is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from naive.exports import RECIPE
from rtvol.errors import UsageError
from rtvol.recipe.jobs import limits_of, of_results, study_job
from rtvol.recipe.read import line_numbers, read_recipe
from rtvol.recipe.template import TEMPLATE
from rtvol.recipe.units import megabytes_of, seconds_of

if TYPE_CHECKING:
    from pathlib import Path

WRONG = """\
schema = "rtvol/recipe@1"
titel = "x"
[prescription]
dose_gy = -3
fractoins = 3
[targets.CTV]
margin_mm = { L = 2, R = 3 }
avoid = { Duodenum = 3 }
[targets.PTV]
margin_mm = "4,5"
[dvh]
metrics = ["D95%", "Dfoo"]
goals = ["Liver D95 > 4", "no-such-set"]
[limits]
timeout = "ten"
"""


def said(path: Path, text: str, **environment: str) -> list[str]:
    path.write_text(text)
    with pytest.raises(UsageError) as caught:
        read_recipe(path, environment=environment)
    assert caught.value.finding.code == "bad-recipe"
    return caught.value.finding.seen.split("\n")


def test_all_that_is_wrong_is_said_at_once_with_line_path_and_near_keys(tmp_path: Path) -> None:
    lines = said(tmp_path / "r.toml", WRONG)
    places = [line.split(": ")[0:2] for line in lines]
    assert [place[0] for place in places] == [
        f"line {n}" for n in (2, 4, 5, 7, 8, 10, 12, 13, 13, 15)
    ]
    assert "titel is not known; did you mean title?" in lines[0]
    assert places[1][1] == "prescription.dose_gy"
    assert "did you mean fractions?" in lines[2]
    assert places[3][1] == "targets.CTV.margin_mm"
    assert "barrier" in lines[4]
    assert places[6][1] == "dvh.metrics.1"


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("", "schema is missing"),
        ('schema = "rtvol/recipe@2"\n[dvh]\n', "rtvol/recipe@1"),
        ('schema = "rtvol/recipe@1"\n', "asks for nothing"),
        ("schema = \n", "line 1"),
        ('schema = "rtvol/recipe@1"\n[dvh]\n[names]\nLiver = ["re:("]\n', "Liver"),
        (RECIPE.replace("margin_mm = 2", "margin_mm = 60"), "large-margin"),
        (RECIPE + '[targets]\npolicy = "x"\n', "targets.policy"),
        (RECIPE.replace("[dvh]", '[targets]\npolicy = "ctv_only"\n[dvh]'), "policy"),
        (RECIPE.replace("margin_mm = 2", 'margin_mm = { L = "2" }'), "each of L, R, A, P, S, I"),
        (RECIPE.replace("margin_mm = 2", "margin_mm = true"), "in mm"),
        (RECIPE.replace("{ Duodenum = -1 }", "{ Duodenum = true }"), "with the gap in mm"),
        (RECIPE.replace("{ Duodenum = -1 }", "[1]"), "with the gap in mm"),
        (RECIPE.replace("{ Duodenum = -1 }", "{ Duodenum = 900 }"), "Duodenum"),
        (RECIPE + 'caps = "some"\n', "half, none"),
        (RECIPE + 'dose = ["a", "b"]\n', "2 doses; say how"),
    ],
)
def test_what_cannot_be_meant_is_refused(tmp_path: Path, text: str, word: str) -> None:
    assert text != RECIPE, "the recipe of the other tests has changed: nothing was replaced here"
    lines = said(tmp_path / "r.toml", text)
    assert word.split("-", maxsplit=1)[0] in "\n".join(lines)


def test_a_recipe_that_is_not_there_is_a_usage_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError) as caught:
        read_recipe(tmp_path / "none.toml")
    assert caught.value.exit_code == 2


def test_the_recipe_that_is_offered_works(tmp_path: Path) -> None:
    (tmp_path / "r.toml").write_text(TEMPLATE)
    recipe = read_recipe(tmp_path / "r.toml", environment={}).recipe
    job = study_job(recipe)
    assert job.expand is not None
    assert str(job.expand.recipe) == "CTV = GTV + 2 mm; PTV = CTV + 4 mm"
    assert limits_of(recipe, 3).timeout_s == 600


def test_the_commented_lines_of_the_recipe_that_is_offered_work_too(tmp_path: Path) -> None:
    import re

    text = re.sub(r"^# (?!itv)", "", TEMPLATE, flags=re.MULTILINE)  # itv stands instead of from
    (tmp_path / "r.toml").write_text(text)
    job = study_job(read_recipe(tmp_path / "r.toml", environment={}).recipe)
    assert job.expand is not None
    assert job.expand.gtvs == ("GTVp",)
    assert job.expand.recipe.organs == ("Duodenum", "Liver")


def test_a_value_is_from_the_strongest_layer_and_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    user = tmp_path / "user.toml"
    user.write_text('[limits]\nmemory = "1GB"\ntimeout = "1m"\nretries = 5\n[dvh]\ncaps = "none"\n')
    monkeypatch.setenv("RTVOL_CONFIG", str(user))
    path = tmp_path / "r.toml"
    path.write_text(RECIPE + '[limits]\ntimeout = "2m"\nretries = 4\n')
    found = read_recipe(
        path,
        flags={"limits.retries": 2},
        environment={"RTVOL_LIMITS_RETRIES": "3", "RTVOL_TARGETS_PTV_MARGIN_MM": "{ L = 1, R = 2, "
                     "A = 3, P = 4, S = 5, I = 6 }"},
    )  # fmt: skip
    lines = {name: (value, origin) for name, value, origin in found.lines()}
    assert lines["limits.retries"] == ("2", "flag")
    assert lines["limits.timeout"] == ('"2m"', "recipe")
    assert lines["limits.memory"] == ('"1GB"', "user file user.toml")
    assert lines["targets.PTV.margin_mm"] == ('"L1,R2,A3,P4,S5,I6"', "environment")
    assert lines["dvh.caps"] == ('"none"', "user file user.toml")
    assert lines["dvh.solid"] == ('"slab"', "default")


def test_a_variable_that_is_no_setting_is_named_with_the_nearest(tmp_path: Path) -> None:
    path = tmp_path / "r.toml"
    path.write_text(RECIPE)
    with pytest.raises(UsageError, match="no setting") as caught:
        read_recipe(path, environment={"RTVOL_LIMITS_TIMOUT": "3m"})
    assert "RTVOL_LIMITS_TIMEOUT" in caught.value.finding.mend


def test_limits_and_title_change_no_result_and_all_else_does(tmp_path: Path) -> None:
    path = tmp_path / "r.toml"

    def document(text: str) -> dict[str, object]:
        path.write_text(text)
        return of_results(read_recipe(path, environment={}).recipe)

    plain = document(RECIPE)
    assert document(RECIPE + '[limits]\ntimeout = "2m"\n') == plain
    assert document('title = "x"\n' + RECIPE) == plain
    assert document(RECIPE.replace("margin_mm = 4", "margin_mm = 4.5")) != plain
    assert document(RECIPE.replace(">= 10 Gy", ">= 11 Gy")) != plain


def test_a_goal_set_that_changed_is_another_recipe(tmp_path: Path) -> None:
    goals, path = tmp_path / "goals.toml", tmp_path / "r.toml"
    text = 'schema = "rtvol/goals@1"\ntitle = "t"\n[[goal]]\ngoal = "PTV D95% >= {} Gy"\n'
    path.write_text(RECIPE.replace('"PTV D95% >= 10 Gy"', f'"{goals}"'))
    documents = []
    for limit in (10, 11):
        goals.write_text(text.format(limit))
        documents.append(of_results(read_recipe(path, environment={}).recipe))
    assert documents[0] != documents[1]


def test_lines_of_keys_and_tables() -> None:
    text = 'a = 1\n\n[b]  # x\n"c d" = 2\ne.f = [\n  "g = 3",\n]\n[b.h]\ni=4\n'
    assert line_numbers(text) == {
        ("a",): 1,
        ("b",): 3,
        ("b", "c d"): 4,
        ("b", "e", "f"): 5,
        ("b", "h"): 8,
        ("b", "h", "i"): 9,
    }


def test_times_and_memory() -> None:
    assert [seconds_of(text) for text in ("10m", "90s", "1.5h", "7")] == [600, 90, 5400, 7]
    assert [megabytes_of(text) for text in ("800MB", "4 GB", "1.5gb")] == [800, 4000, 1500]
    for text in ("0m", "-1s", "ten", ""):
        with pytest.raises(ValueError, match="written"):
            seconds_of(text)
        with pytest.raises(ValueError, match="written"):
            megabytes_of(text)


def test_a_variable_is_plain_text_where_it_is_no_toml_and_says_where_it_is_wrong(
    tmp_path: Path,
) -> None:
    path = tmp_path / "r.toml"
    path.write_text(RECIPE)
    found = read_recipe(path, environment={"RTVOL_DVH_SOLID": "loft", "RTVOL_SALT": "x"}).recipe
    assert found.dvh is not None
    assert found.dvh.solid == "loft"
    (line,) = said(path, RECIPE, RTVOL_DVH_SOLID="cube")
    assert line.startswith("environment: dvh.solid: ")


def test_a_recipe_without_doses_has_no_goals_to_depend_on(tmp_path: Path) -> None:
    path = tmp_path / "r.toml"
    path.write_text(RECIPE[: RECIPE.index("[dvh]")])
    assert of_results(read_recipe(path, environment={}).recipe)["dvh"] is None
