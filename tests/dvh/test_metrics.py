"""The metric grammar, and metrics of a distribution whose answers are known by hand."""

from __future__ import annotations

import numpy as np
import pytest

from rtvol.dvh import DVH, evaluate, parse_metric, parse_metrics
from rtvol.errors import UsageError

#: 40 cc, spread evenly from 10 to 50 Gy: 1 cc per Gy.
EVEN = DVH(np.linspace(10, 50, 4001), np.linspace(0, 40, 4001), 40.0, 0.0)


@pytest.mark.parametrize(
    ("text", "normal"),
    [
        ("D95%", "D95%[Gy]"),
        ("D95%[Gy]", "D95%[Gy]"),
        ("d95%", "D95%[Gy]"),
        (" D0.03cc ", "D0.03cc[Gy]"),
        ("D2.0CC[gy]", "D2cc[Gy]"),
        ("D.5cc", "D0.5cc[Gy]"),
        ("V20Gy", "V20Gy[%]"),
        ("v20gy[CC]", "V20Gy[cc]"),
        ("V100%", "V100%[%]"),
        ("V100%[cc]", "V100%[cc]"),
        ("V107.5%", "V107.5%[%]"),
        ("CV15Gy", "CV15Gy[cc]"),
        ("CV15Gy[%]", "CV15Gy[%]"),
        ("DC700cc", "DC700cc[Gy]"),
        ("DC5%", "DC5%[Gy]"),
        ("Mean", "Mean[Gy]"),
        ("Dmean", "Mean[Gy]"),
        ("DMAX", "Max[Gy]"),
        ("Dmin[Gy]", "Min[Gy]"),
        ("gEUD(8)", "gEUD(8)"),
        ("geud( -10 )[Gy]", "gEUD(-10)"),
        ("HI", "HI"),
        ("ci", "CI"),
        ("Ci_Rtog", "CI_RTOG"),
        ("GI", "GI"),
        ("volume", "Volume[cc]"),
        ("NearMin", "NearMin[Gy]"),
        ("DnearMax[Gy]", "NearMax[Gy]"),
    ],
)
def test_every_form_has_one_normal_form(text, normal):
    metric = parse_metric(text)
    assert metric.text == str(metric) == normal
    assert parse_metric(metric.text) == metric


@pytest.mark.parametrize(
    ("text", "caret"),
    [
        ("", 0),
        ("X95%", 0),
        ("95%", 0),
        ("D", 1),
        ("D%", 1),
        ("D95", 3),
        ("D95Gy", 3),
        ("D105%", 1),
        ("D95%[cc]", 5),
        ("D95%[Gy", 7),
        ("D95%[Gy]x", 8),
        ("D95%x", 4),
        ("V20cc", 3),
        ("V20Gy[Gy]", 6),
        ("V-20Gy", 1),
        ("V1e3Gy", 2),
        ("Dmedian", 1),
        ("Mean95%", 4),
        ("gEUD", 4),
        ("gEUD(0)", 5),
        ("HI[%]", 2),
        ("CI[cc]", 2),
        ("CIX", 2),
        ("CI_RTOGS", 7),
        ("GI5", 2),
        ("Volume[%]", 7),
        ("NearMin5", 7),
        ("Near", 0),
        ("D95%; rm", 4),
    ],
)
def test_a_wrong_metric_is_refused_with_a_caret(text, caret):
    with pytest.raises(UsageError) as caught:
        parse_metric(text)
    finding = caught.value.finding
    assert finding.code == "bad-metric"
    line, mark = finding.seen.split("\n")
    assert line == text
    assert mark.index("^") == caret
    assert finding.mend.startswith("write it like ")


def test_near_forms_are_offered():
    with pytest.raises(UsageError) as caught:
        parse_metric("D95[Gy]")
    assert "D95%[Gy]" in caught.value.finding.mend


def test_control_characters_do_not_reach_the_screen():
    with pytest.raises(UsageError) as caught:
        parse_metric("D95%\x1b[31m\n2030-01-01")
    assert caught.value.finding.seen.split("\n")[0] == "D95%?[31m?2030-01-01"


@pytest.mark.parametrize(
    ("text", "truth"),
    [
        ("D95%", 12.0),
        ("D0%", 50.0),
        ("D100%", 10.0),
        ("D4cc", 46.0),
        ("V20Gy", 75.0),
        ("V20Gy[cc]", 30.0),
        ("V5Gy", 100.0),
        ("V60Gy[cc]", 0.0),
        ("V50%", 62.5),
        ("V50%[cc]", 25.0),
        ("CV15Gy", 5.0),
        ("CV15Gy[%]", 12.5),
        ("CV50%", 15.0),
        ("DC8cc", 18.0),
        ("DC25%", 20.0),
        ("Mean", 30.0),
        ("Min", 10.0),
        ("Max", 50.0),
        ("gEUD(1)", 30.0),
        # mean of d^2 over 10..50 is (50^3 - 10^3) / 3 / 40
        ("gEUD(2)", (124000 / 120) ** 0.5),
        # mean of 1/d is ln(5)/40
        ("gEUD(-1)", 40 / np.log(5)),
        ("HI", (49.2 - 10.8) / 30.0),
        ("Volume", 40.0),
        ("NearMin", 10.8),
        ("NearMax", 49.2),
    ],
)
def test_readings_of_an_even_distribution(text, truth):
    found = evaluate(EVEN, parse_metric(text), prescription_gy=50.0)
    assert found.value == pytest.approx(truth, rel=1e-6)
    assert found.note == ""


def test_more_volume_than_there_is_has_no_dose():
    for text in ("D50cc", "DC50cc"):
        found = evaluate(EVEN, parse_metric(text))
        assert found.value is None
        assert found.note == "the structure holds 40 cc, less than the 50 cc asked for"


def test_percent_of_an_unknown_prescription_is_unknown():
    for prescription in (None, 0.0, float("nan")):
        found = evaluate(EVEN, parse_metric("V100%"), prescription_gy=prescription)
        assert found.value is None
        assert found.note == "no prescribed dose is known for 100 %"


def test_a_gap_between_two_doses_belongs_to_neither():
    two = DVH(np.array([10, 11, 30, 31.0]), np.array([0, 1, 1, 2.0]), 2.0, 0.0)
    assert evaluate(two, parse_metric("D75%")).value == pytest.approx(10.5)
    assert evaluate(two, parse_metric("D25%")).value == pytest.approx(30.5)
    assert evaluate(two, parse_metric("V20Gy")).value == pytest.approx(50)


def test_a_cold_spot_of_zero_makes_a_negative_geud_zero():
    cold = DVH(np.array([0, 1.0]), np.array([0, 1.0]), 1.0, 0.0)
    assert evaluate(cold, parse_metric("gEUD(-10)")).value == 0
    assert (
        evaluate(DVH(np.zeros(2), np.array([0, 1.0]), 1.0, 0.0), parse_metric("HI")).value is None
    )


def test_a_small_part_outside_is_said_with_its_digits():
    barely = DVH(np.array([1, 2.0]), np.array([0, 0.9999]), 1.0, 0.0001)
    found = evaluate(barely, parse_metric("Mean"))
    assert found.note == "0.01 % of the structure lies outside the dose grid"


@pytest.mark.parametrize(("doses", "volumes"), [([1, 2], [0]), ([2, 1], [0, 1]), ([1, 2], [1, 0])])
def test_a_distribution_ascends(doses, volumes):
    with pytest.raises(ValueError, match=r"DVH|ascend"):
        DVH(np.array(doses, float), np.array(volumes, float), 1.0, 0.0)


def test_the_icru_91_block_is_a_group_and_nothing_comes_twice():
    texts = [metric.text for metric in parse_metrics(["d98%", "icru91", "HI"])]
    assert texts == [
        *("D98%[Gy]", "D50%[Gy]", "D2%[Gy]", "NearMin[Gy]", "NearMax[Gy]", "Mean[Gy]"),
        *("Volume[cc]", "HI"),
    ]


def test_near_extremes_of_small_targets_are_by_35_mm3():
    # 1.4 cc spread evenly from 10 to 50 Gy: 35 mm3 are a fortieth, 1 Gy
    small = DVH(np.linspace(10, 50, 4001), np.linspace(0, 1.4, 4001), 1.4, 0.0)
    for text, truth, form in (("NearMin", 11.0, "DC0.035cc"), ("NearMax", 49.0, "D0.035cc")):
        found = evaluate(small, parse_metric(text))
        assert found.value == pytest.approx(truth)
        assert found.note == f"{form}, for the structure holds less than 2 cc (ICRU 91)"
    assert evaluate(EVEN, parse_metric("NearMin")).note == ""
    tiny = DVH(np.linspace(10, 50, 41), np.linspace(0, 0.03, 41), 0.03, 0.0)
    found = evaluate(tiny, parse_metric("NearMax"))
    assert found.value is None
    assert found.note == "the structure holds 0.03 cc, less than 35 mm3"


def test_a_volume_needs_no_dose_and_an_index_needs_isodoses():
    outside = DVH(np.empty(0), np.empty(0), 3.0, 3.0)
    assert evaluate(outside, parse_metric("Volume")).value == 3.0
    assert evaluate(EVEN, parse_metric("CI"), prescription_gy=50.0).value is None


def test_a_mass_at_one_dose_is_reached_in_whole():
    # 1 cc from 0 to 10 Gy, 2 cc at exactly 20 Gy, 1 cc from 20 to 30 Gy
    dvh = DVH(np.array([0, 10, 20, 20, 30.0]), np.array([0, 1, 1, 3, 4.0]), 4.0, 0.0)
    readings = {"V20Gy[cc]": 3.0, "CV20Gy[cc]": 1.0, "D1.5cc": 20.0, "D2.9cc": 20.0, "D3.5cc": 5.0}
    for text, truth in {**readings, "V20.1Gy[cc]": 0.99, "Mean": (5 + 40 + 25) / 4}.items():
        assert evaluate(dvh, parse_metric(text)).value == pytest.approx(truth, abs=1e-5), text


EXAMPLES = "D95%[Gy] D2cc[Gy] V20Gy[%] V20Gy[cc] V100%[%] CV15Gy[cc] DC700cc[Gy] Mean[Gy] Min[Gy]"
EXAMPLES += " Max[Gy] gEUD(8) HI CI GI"


@pytest.mark.parametrize("example", EXAMPLES.split())
def test_a_metric_misspelt_is_shown_what_it_may_have_been(example):
    with pytest.raises(UsageError) as caught:
        parse_metric(f"{example}x")
    words = caught.value.finding.mend.removeprefix("write it like ").split(", ")
    assert example in words
    assert str(parse_metric(example)) == example


def test_doses_in_cgy_and_in_percent_of_the_prescription() -> None:
    # 10 to 30 Gy, evenly over 100 cc: D95% is 11 Gy, the mean 20 Gy
    even = DVH(np.array([10.0, 30.0]), np.array([0.0, 100.0]), 100.0, 0.0)
    assert parse_metric("V2000cGy") == parse_metric("V20Gy")
    assert parse_metric("d95%[cgy]").text == "D95%[cGy]"
    assert evaluate(even, parse_metric("D95%[cGy]")).value == pytest.approx(1100)
    assert evaluate(even, "Mean[cGy]").value == pytest.approx(2000)
    assert evaluate(even, "D95%[%]", prescription_gy=20).value == pytest.approx(55)
    assert evaluate(even, "D95%[%]").note == "no prescribed dose is known for 100 %"
    assert evaluate(even, "V2000cGy[cc]").value == pytest.approx(50)
    shown = [metric.text for metric in parse_metrics(["D95%", "V20Gy", "Mean[%]", "CI"], "cGy")]
    assert shown == ["D95%[cGy]", "V20Gy[%]", "Mean[%]", "CI"]
