"""`rtvol dvh` as a whole: expressions, indices, goals, BED, prescriptions, and bad input."""

from __future__ import annotations

import csv
import json
from math import pi
from typing import TYPE_CHECKING, Any

import numpy as np
import pydicom
import pytest

from rtvol.dvh.goals import read_goals

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Run = Callable[..., Any]

GOALS = """
schema = "rtvol/goals@1"
title = "Test goals"
{head}
[names]
Leber = ["liv*"]
[[goal]]
goal = "Leber-GTV Mean[Gy] <= 50 Gy"
priority = 1
source = "a paper"
table = "2"
verified = true
[[goal]]
goal = "GTV D95% >= 60 Gy"
[[goal]]
goal = "Duodenum D20cc <= 10 Gy"
[[goal]]
goal = "Bowel Max <= 10 Gy"
"""


def case_of(run: Any) -> dict[str, Any]:
    (case,) = json.loads(run.out)["cases"]
    return case


def rows_of(run: Any) -> dict[str, dict[str, Any]]:
    return {row["name"]: row for row in case_of(run)["structures"]}


def rename(path: Path, names: dict[str, str], kinds: dict[str, str] | None = None) -> None:
    data = pydicom.dcmread(path)
    numbers = {}
    for item in data.StructureSetROISequence:
        item.ROIName = names.get(item.ROIName, item.ROIName)
        numbers[item.ROINumber] = item.ROIName
    for item in data.RTROIObservationsSequence:
        name = numbers[item.ReferencedROINumber]
        item.RTROIInterpretedType = (kinds or {}).get(name, item.RTROIInterpretedType)
    data.save_as(path)


@pytest.fixture
def goals_file(tmp_path: Path) -> Callable[[str], Path]:
    def write(head: str = "") -> Path:
        path = tmp_path / "goals.toml"
        path.write_text(GOALS.format(head=head), encoding="utf-8")
        return path

    return write


def test_expressions_combine_volumes_exactly(rtvol: Run, exports: Path) -> None:
    words = ["Liver-GTV", "GTV+Duodenum", "Liver & GTV", "Liver-GTV+GTV", '"GTV"', "Liver"]
    asked = [part for word in [*words, "GTV", "Duodenum"] for part in ("--roi", word)]
    rows = rows_of(rtvol("dvh", exports, *asked, "--metric", "Mean", "--json"))
    assert list(rows) == ["Liver", "GTV", "Duodenum", *words[:4]]
    cc = {name: row["volume_cc"] for name, row in rows.items()}
    # the GTV lies in the liver
    assert cc["Liver-GTV"] == pytest.approx(cc["Liver"] - cc["GTV"], rel=1e-9)
    assert cc["Liver & GTV"] == pytest.approx(cc["GTV"], rel=1e-9)
    assert cc["Liver-GTV+GTV"] == pytest.approx(cc["Liver"], rel=1e-9)
    mean = {name: row["metrics"]["Mean[Gy]"] for name, row in rows.items()}
    whole = mean["Liver-GTV"] * cc["Liver-GTV"] + mean["GTV"] * cc["GTV"]
    assert whole == pytest.approx(mean["Liver"] * cc["Liver"], rel=1e-4)


def test_a_name_with_signs_in_it_is_that_name(rtvol: Run, exports: Path) -> None:
    rename(exports / "good" / "RS.dcm", {"GTV": "GTV-1", "Duodenum": "1"})
    asked = ("--roi", "Liver-GTV-1", "--roi", "GTV-1", "--roi", '"GTV-1"+"1"')
    rows = rows_of(rtvol("dvh", exports, *asked, "--metric", "Volume", "--json"))
    assert list(rows) == ["GTV-1", "Liver-GTV-1", '"GTV-1"+"1"']
    both = rows['"GTV-1"+"1"']["volume_cc"]
    assert rows["GTV-1"]["volume_cc"] == pytest.approx(4 / 3 * pi * 0.343, rel=0.02)
    assert both == pytest.approx(4 / 3 * pi * (0.343 + 0.064), rel=0.04)


@pytest.mark.parametrize(
    ("expression", "code"),
    [
        ("Liver-Nowhere", "roi-not-found"),
        ('"GTV" Liver', "roi-not-found"),
    ],
)
def test_an_expression_without_a_meaning_has_no_number(
    expression: str, code: str, rtvol: Run, exports: Path
) -> None:
    run = rtvol("dvh", exports, "--roi", expression, "--roi", "GTV", "--json")
    assert run.code == 0
    case = case_of(run)
    assert case["status"] == "warn"
    assert code in [finding["code"] for finding in case["findings"]]
    gtv, odd = case["structures"]
    assert all(isinstance(value, float) for value in gtv["metrics"].values())
    assert odd["name"] == expression
    assert odd["volume_cc"] is None
    for key, value in odd["metrics"].items():
        assert value is None
        assert f"[{code}]" in odd["notes"][key]
    page = rtvol("dvh", exports, "--roi", expression, "--roi", "GTV").out
    assert f"[{code}]" in page


@pytest.mark.parametrize(
    "expression",
    ["Liver-", "Liver &", "Nowhere-", "Liver--GTV", 'Liver-"GTV', "(Liver-GTV", "[45 Gy", "[0 Gy]"],
)
def test_what_is_no_expression_is_refused_with_a_caret(
    expression: str, rtvol: Run, exports: Path
) -> None:
    run = rtvol("dvh", exports, "--roi", expression, "--roi", "GTV")
    assert run.code == 2
    assert run.out == ""
    assert "[bad-expression]" in run.err
    assert "^" in run.err


def test_a_recipe_with_no_expression_is_refused_before_any_work(
    rtvol: Run, exports: Path, tmp_path: Path
) -> None:
    recipe, out = tmp_path / "r.toml", tmp_path / "out"
    recipe.write_text('schema = "rtvol/recipe@1"\n[dvh]\nrois = ["Liver-"]\nmetrics = ["D95%"]\n')
    run = rtvol("run", recipe, exports, "-o", out)
    assert run.code == 2
    assert "^" in run.err
    assert not out.exists()


def test_a_name_that_ends_in_a_sign_is_that_name(rtvol: Run, exports: Path) -> None:
    rename(exports / "good" / "RS.dcm", {"Liver": "Liver-"})
    run = rtvol("dvh", exports, "--roi", "Liver-", "--json")
    assert run.code == 0
    assert rows_of(run)["Liver-"]["volume_cc"] > 0


@pytest.mark.parametrize("expression", ["GTV & Duodenum", "GTV-Liver"])
def test_an_expression_that_leaves_nothing_has_0_cc(
    expression: str, rtvol: Run, exports: Path
) -> None:
    words = ("dvh", exports, "--roi", expression, "--metric", "D95%", "--range")
    case = case_of(rtvol(*words, "--json"))
    assert [one["code"] for one in case["findings"]] == ["nothing-left"]
    (row,) = case["structures"]
    assert (row["volume_cc"], row["planes"], row["metrics"]) == (0.0, 0, {"D95%[Gy]": None})
    assert "[nothing-left]" in row["notes"]["D95%[Gy]"]
    assert "0.00" in rtvol(*words).out
    joined = case_of(rtvol("dvh", exports, "--roi", f"{expression} + Duodenum", "--json"))
    alone = case_of(rtvol("dvh", exports, "--roi", "Duodenum", "--json"))
    assert joined["structures"][0]["volume_cc"] == alone["structures"][0]["volume_cc"]


def lens_cc(one: float, other: float, apart: float) -> float:
    """Volume of the meet of two balls."""
    d = apart
    poly = d * d + 2 * d * (one + other) - 3 * (one - other) ** 2
    return pi * (one + other - d) ** 2 * poly / (12 * d) / 1000


def bell_radius_mm(level_gy: float) -> float:
    """Radius at a level of the tiny patient's dose, trilinear between samples 4 mm apart.

    Interpolated it is h2/12 times its Laplacian higher on average: d (r2/s4 - 3/s2) for a Gaussian.
    """
    radii = np.linspace(0, 60, 60001)
    bend = 16 / 12 * (radii**2 / 20**4 - 3 / 20**2)
    doses = 50 * np.exp(-(radii**2) / 2 / 20**2) * (1 + bend)
    return float(radii[doses >= level_gy][-1])


def test_indices_of_the_target_in_the_gaussian_dose(rtvol: Run, exports: Path) -> None:
    asked = ("--metric", "CI", "--metric", "CI_RTOG", "--metric", "GI", "--json")
    rows = rows_of(rtvol("dvh", exports, *asked, "--prescription", "40"))
    inner, outer = bell_radius_mm(40), bell_radius_mm(20)
    piv, tv = 4 / 3 * pi * inner**3 / 1000, 4 / 3 * pi * 0.343
    metrics, notes = rows["GTV"]["metrics"], rows["GTV"]["notes"]
    assert rows["GTV"]["volume_cc"] == pytest.approx(tv, rel=0.03)
    assert metrics["CI_RTOG"] * rows["GTV"]["volume_cc"] == pytest.approx(piv, rel=0.01)
    # the square of a lens of slices 3 mm thick; tests/dvh/test_isodose.py has the sharp ones
    assert metrics["CI"] == pytest.approx(lens_cc(inner, 7.0, 14.0) ** 2 / tv / piv, rel=0.08)
    assert metrics["GI"] == pytest.approx((outer / inner) ** 3, rel=0.01)
    assert "Paddick" in notes["CI"]
    assert rows["Liver"]["metrics"]["CI"] is None
    assert rows["Liver"]["notes"]["CI"] == "an ROI of type ORGAN is no target"
    rows = rows_of(rtvol("dvh", exports, *asked, "--prescription", "25"))
    assert rows["GTV"]["metrics"]["CI"] is not None
    assert rows["GTV"]["metrics"]["GI"] is None
    cut = "the isodose of 12.5 Gy is cut by the edge of the dose grid"
    assert rows["GTV"]["notes"]["GI"] == cut


def test_goals_pass_fail_or_cannot_be_said(
    rtvol: Run, exports: Path, goals_file: Callable[[str], Path], tmp_path: Path
) -> None:
    path, table = goals_file(), tmp_path / "long.csv"
    words = ("dvh", exports, "--roi", "GTV", "--goals", path)
    goals = case_of(rtvol(*words, "--json", "-o", table))["goals"]
    assert [(g["structure"], g["goal"], g["verdict"]) for g in goals] == [
        ("Leber-GTV", "Mean[Gy] <= 50 Gy", "pass"),
        ("GTV", "D95%[Gy] >= 60 Gy", "fail"),
        ("Duodenum", "D20cc[Gy] <= 10 Gy", "cannot say"),
        ("Bowel", "Max[Gy] <= 10 Gy", "cannot say"),
    ]
    assert list(goals[0]) == [
        *("structure", "goal", "value", "unit", "verdict", "priority", "source", "verified"),
        "note",
    ]
    assert goals[0]["source"] == "a paper, table 2"
    assert goals[0]["verified"] is True
    assert goals[2]["value"] is None
    assert "less than the 20 cc asked for" in goals[2]["note"]
    assert goals[3]["note"].startswith("[roi-not-found]")
    liver = rows_of(rtvol("dvh", exports, "--roi", "Liver-GTV", "--metric", "Mean", "--json"))
    assert goals[0]["value"] == liver["Liver-GTV"]["metrics"]["Mean[Gy]"]
    with table.open(newline="") as file:
        long = [row for row in csv.DictReader(file) if row["metric"].startswith("goal ")]
    assert [row["note"].split(";")[0] for row in long] == [
        "pass",
        "fail",
        "cannot say",
        "cannot say",
    ]
    page = rtvol(*words)
    assert page.code == 0
    assert [line.split()[-1] for line in page.out.splitlines() if line.endswith(" ?")] == ["?"] * 3
    assert "? nobody has compared" in page.out  # what the sign means stands below
    assert "FAIL" in page.out
    assert rtvol(*words, "--strict").code == 1
    path.write_text(path.read_text().replace(">= 60", ">= 6"), encoding="utf-8")
    assert rtvol(*words, "--strict").code == 1  # some cannot be judged


def test_goals_on_a_type_are_for_each_lesion(rtvol: Run, exports: Path, tmp_path: Path) -> None:
    rename(
        exports / "good" / "RS.dcm",
        {"Duodenum": "Lesion B", "GTV": "Lesion A"},
        {"Lesion B": "GTV"},
    )
    path = tmp_path / "goals.toml"
    path.write_text(
        'schema = "rtvol/goals@1"\ntitle = "T"\n[[goal]]\ngoal = "GTV Mean > 1 Gy"\n'
        '[[goal]]\ngoal = "Liver-GTV Volume >= 1 cc"\n[[goal]]\ngoal = "PTV Mean > 1 Gy"\n'
    )
    case = case_of(rtvol("dvh", exports, "--goals", path, "--metric", "Volume", "--json"))
    goals = case["goals"]
    names = [goal["structure"] for goal in goals]
    assert sorted(names[:2]) == ["Lesion A", "Lesion B"]
    assert names[2:] == ["Liver-GTV", "PTV"]
    assert goals[3]["verdict"] == "cannot say"
    cc = {row["name"]: row["volume_cc"] for row in case["structures"]}
    assert goals[2]["value"] == pytest.approx(
        cc["Liver"] - cc["Lesion A"] - cc["Lesion B"], rel=1e-6
    )


def test_goals_for_other_fractions_cannot_be_said(
    rtvol: Run, exports: Path, goals_file: Callable[[str], Path]
) -> None:
    words = ("dvh", exports, "--goals", goals_file("fractions = 7"), "--json")
    case = case_of(rtvol(*words, "--fractions", "3"))
    assert {goal["verdict"] for goal in case["goals"]} == {"cannot say"}
    assert "goal-fractions" in [finding["code"] for finding in case["findings"]]
    assert {g["verdict"] for g in case_of(rtvol(*words, "--fractions", "7"))["goals"]} > {"pass"}


def test_the_classic_reversal_is_named(rtvol: Run, exports: Path, tmp_path: Path) -> None:
    path = tmp_path / "goals.toml"
    path.write_text(
        'schema = "rtvol/goals@1"\ntitle = "T"\n[[goal]]\ngoal = "Liver-GTV V15Gy[cc] < 700 cc"\n'
    )
    (finding,) = [
        f
        for f in case_of(rtvol("dvh", exports, "--goals", path, "--json"))["findings"]
        if f["code"] == "goal-reversed"
    ]
    assert "Liver-GTV CV15Gy[cc] >= 700 cc" in finding["mend"]


def test_shipped_goals_run_on_any_case(rtvol: Run, exports: Path) -> None:
    run = rtvol("dvh", exports, "--goals", "liver-sbrt-3fx", "--fractions", "3")
    assert run.code == 0
    rules = [line for line in run.out.splitlines() if "QUANTEC" in line or "TG-101" in line]
    goals = read_goals("liver-sbrt-3fx").goals
    assert len(rules) == sum(bool(goal.table) for goal in goals)
    assert all(line.endswith("?") for line in rules)


def test_bed_transforms_the_dose_axis(rtvol: Run, exports: Path) -> None:
    metrics = ("D98%", "D50%", "D2%", "Max", "V100%", "Mean")
    words = ["dvh", exports, "--roi", "GTV", "--json", "--prescription", "45"]
    words += [part for metric in metrics for part in ("--metric", metric)]
    words += ["--fractions", "3"]
    plain = rows_of(rtvol(*words))["GTV"]["metrics"]
    for options, ratio in (((), 10.0), (("--alpha-beta", "3"), 3.0)):
        row = rows_of(rtvol(*words, "--as", "bed", *options))["GTV"]
        assert row["dose"]["axis"] == f"BED, a/b {ratio:g} Gy, 3 fractions"
        for key in ("D98%[Gy]", "D50%[Gy]", "D2%[Gy]", "Max[Gy]"):
            bed = plain[key] * (1 + plain[key] / 3 / ratio)
            assert row["metrics"][key] == pytest.approx(bed, rel=1e-5)
        assert row["metrics"]["V100%[%]"] == pytest.approx(plain["V100%[%]"], abs=1e-3)
        assert row["metrics"]["Mean[Gy]"] > plain["Mean[Gy]"] * (1 + plain["Mean[Gy]"] / 3 / ratio)
    eqd2 = rows_of(rtvol(*words, "--as", "eqd2"))["GTV"]["metrics"]
    d50 = plain["D50%[Gy]"]
    assert eqd2["D50%[Gy]"] == pytest.approx(d50 * (10 + d50 / 3) / 12, rel=1e-5)
    linear = rows_of(rtvol(*words, "--as", "bed", "--lql", "GTV=8:2"))["GTV"]
    assert linear["metrics"]["D50%[Gy]"] == pytest.approx(
        3 * (8 * 1.8 + 2 * (d50 / 3 - 8)), rel=1e-5
    )
    assert "LQ-L from 8 Gy, slope 2" in linear["dose"]["axis"]


@pytest.mark.parametrize(
    ("dose", "fractions", "bed", "eqd2"), [(48, 4, "105.6", "88"), (45, 3, "112.5", "93.75")]
)
def test_the_prescription_stands_beside_each_lesion(
    dose: int, fractions: int, bed: str, eqd2: str, rtvol: Run, exports: Path
) -> None:
    words = ("dvh", exports, "--prescription", dose, "--fractions", fractions)
    text = f"{dose} Gy in {fractions} fractions (given): BED {bed} Gy, EQD2 {eqd2} Gy (a/b 10 Gy)"
    rows = rows_of(rtvol(*words, "--json"))
    assert rows["GTV"]["notes"]["prescription"] == text
    assert "prescription" not in rows["Liver"]["notes"]
    assert f"  prescription, GTV: {text}" in rtvol(*words).out.splitlines()


def test_without_fractions_there_is_no_bed(rtvol: Run, exports: Path) -> None:
    (exports / "good" / "RP.dcm").unlink()
    words = ("--roi", "GTV", "--metric", "D95%", "--metric", "Volume", "--as", "bed", "--json")
    row = rows_of(rtvol("dvh", exports, *words))["GTV"]
    assert row["metrics"]["D95%[Gy]"] is None
    assert row["notes"]["D95%[Gy]"] == "BED needs the number of fractions: give --fractions"
    assert row["metrics"]["Volume[cc]"] == row["volume_cc"]


def test_doses_in_long_tables_say_that_they_are_bed(
    rtvol: Run, exports: Path, tmp_path: Path
) -> None:
    path = tmp_path / "long.csv"
    words = ("--roi", "GTV", "--metric", "D95%", "--as", "bed", "--fractions", "3")
    assert rtvol("dvh", exports, *words, "-o", path).code == 0
    with path.open(newline="") as file:
        units = {row["metric"]: row["unit"] for row in csv.DictReader(file)}
    assert units["D95%[Gy]"] == "Gy (BED, a/b 10 Gy, 3 fractions)"
