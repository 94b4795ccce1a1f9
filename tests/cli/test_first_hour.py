"""Calls a new user gets wrong, and what each is told; units as clinics speak."""

from __future__ import annotations

import csv
import json
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Run = Callable[..., Any]

GROW = ("--ctv", "2", "--ptv", "4", "--dry-run")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--ctv", "2cm", "--ptv", "4"), ("--ctv", "2cm")),
        (("--ctv", "2", "--ptv", "2,5"), ("--ptv", "2,5")),
        (("--ctv", "2", "--ptv", "80"), ("--ptv", "--allow-large-margins")),
        (("--ctv", "2", "--ptv", "4", "--metric", "D2%,D95%"), ("repeat --metric",)),
        ((*GROW, "--avoid", "Duodenum:3,Liver:3"), ("repeat the option",)),
        ((*GROW, "--avoid", "Duodenum:3", "Liver:3"), ("--avoid Liver:3",)),
    ],
)
def test_an_error_names_its_option_and_the_way_out(
    words: tuple[str, ...], told: tuple[str, ...], rtvol: Run, exports: Path
) -> None:
    run = rtvol("expand", exports, *words)
    assert run.code in {1, 2, 3}
    assert all(word in run.err for word in told), run.err


def test_a_gap_may_say_its_unit(rtvol: Run, exports: Path) -> None:
    plain = rtvol("expand", exports, *GROW, "--avoid", "Duodenum:3", "--json")
    with_unit = rtvol("expand", exports, *GROW, "--avoid", "Duodenum:3mm", "--json")
    assert json.loads(plain.out) == json.loads(with_unit.out)


def test_doses_are_shown_in_cgy_where_a_clinic_speaks_so(rtvol: Run, exports: Path) -> None:
    words = ("dvh", exports, "--roi", "GTV", "--metric", "D95%", "--metric", "V20Gy", "--json")
    (gy,) = json.loads(rtvol(*words).out)["cases"][0]["structures"]
    (cgy,) = json.loads(rtvol(*words, "--dose-unit", "cGy").out)["cases"][0]["structures"]
    assert list(cgy["metrics"]) == ["D95%[cGy]", "V20Gy[%]"]
    assert cgy["metrics"]["D95%[cGy]"] == pytest.approx(100 * gy["metrics"]["D95%[Gy]"])
    percent = rtvol(*words[:4], "--metric", "D95%[%]", "--prescription", "50", "--json")
    (row,) = json.loads(percent.out)["cases"][0]["structures"]
    assert row["metrics"]["D95%[%]"] == pytest.approx(2 * gy["metrics"]["D95%[Gy]"])
    grown = rtvol("expand", exports, *GROW, "--dose-unit", "cGy", "--json")
    rows = {one["name"]: one for one in json.loads(grown.out)["cases"][0]["structures"]}
    assert "D95%[cGy]" in rows["PTV"]["metrics"]


def test_goals_may_be_in_cgy(rtvol: Run, exports: Path) -> None:
    words = ("dvh", exports, "--roi", "GTV", "--json", "--goals")
    goals = [
        json.loads(rtvol(*words, goal).out)["cases"][0]["goals"][0]
        for goal in ("GTV Mean <= 30 Gy", "GTV Mean <= 3000 cGy")
    ]
    assert goals[0]["verdict"] == goals[1]["verdict"]
    assert goals[1]["value"] == pytest.approx(100 * goals[0]["value"])
    assert goals[1]["unit"] == "cGy"


def test_a_run_speaks_in_the_unit_of_its_recipe(rtvol: Run, exports: Path, tmp_path: Path) -> None:
    recipe = tmp_path / "r.toml"
    recipe.write_text(
        'schema = "rtvol/recipe@1"\n[prescription]\ndose_gy = 50\n'
        "[targets.CTV]\nmargin_mm = 2\n[targets.PTV]\nmargin_mm = 4\n"
        '[dvh]\nrois = ["Liver"]\nmetrics = ["D95%", "D95%[%]"]\ndose_unit = "cGy"\n'
    )
    assert rtvol("run", recipe, exports, "-o", tmp_path / "out").code == 0
    assert rtvol("collect", tmp_path / "out", "-o", tmp_path / "m.csv").code == 0
    lesions = ("-o", tmp_path / "lesions.csv", "--table", "lesions")
    assert rtvol("collect", tmp_path / "out", *lesions).code == 0
    with (tmp_path / "m.csv").open(newline="") as file:
        values = {(row["structure"], row["metric"]): row["value"] for row in csv.DictReader(file)}
    with (tmp_path / "lesions.csv").open(newline="") as file:
        (lesion,) = csv.DictReader(file)
    assert ("Liver", "D95%[Gy]") not in values
    d95_gy = float(lesion["ptv_d95_gy"])
    assert float(values["PTV", "D95%[cGy]"]) == pytest.approx(100 * d95_gy, rel=1e-3)
    assert float(values["PTV", "D95%[%]"]) == pytest.approx(2 * d95_gy, rel=1e-3)
    assert ("Liver", "D95%[cGy]") in values
