"""What an overview reckons: outlying values against a plain twin and laws, bands against numpy."""

from __future__ import annotations

import math
import statistics
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from report.cohorts import cohort, made
from rtvol.report.cohort import CohortCase, measures_of, named_group
from rtvol.report.cohort_curves import CurveBook
from rtvol.report.overview_page import lines_of
from rtvol.report.robust import spread_of
from rtvol.tables.curve_file import STEP_GY
from rtvol.tables.rows import CaseResult

if TYPE_CHECKING:
    from collections.abc import Sequence

VALUES = st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=40)


def twin(values: Sequence[float], resolution: float) -> list[bool]:
    """Iglewicz and Hoaglin by the words of the page."""
    if len(values) < 8:
        return [False] * len(values)
    median = statistics.median(values)
    away = [abs(value - median) for value in values]
    mad = statistics.median(away)
    unit = mad / 0.6745 if mad else 1.253314 * statistics.fmean(away)
    return [far > 3.5 * unit and far > resolution for far in away]


@given(VALUES, st.sampled_from([0.0, 0.1, 5.0]))
def test_outlying_values_are_those_of_the_plain_rule(values: list[float], step: float) -> None:
    found = spread_of(np.array(values), resolution=step).outlying.tolist()
    wanted = twin(values, step)
    scale = max(1.0, *map(abs, values))
    median = statistics.median(values)
    for value, one, other in zip(values, found, wanted, strict=True):
        if one != other:  # a value on the limit itself, to a rounding
            limit = max(abs(value - median), step)
            assert any(
                math.isclose(abs(value - median), end, rel_tol=1e-7, abs_tol=1e-7 * scale)
                for end in (limit, 0.0, _reach(values, step))
            )


def _reach(values: list[float], step: float) -> float:
    median = statistics.median(values)
    away = [abs(value - median) for value in values]
    unit = statistics.median(away) / 0.6745 or 1.253314 * statistics.fmean(away)
    return max(3.5 * unit, step)


@given(st.lists(st.floats(0.01, 1e4), min_size=1, max_size=40), st.floats(0.01, 100))
def test_what_stands_apart_by_ratio_does_so_in_any_unit(values: list[float], unit: float) -> None:
    one = spread_of(np.array(values), resolution=0.02, by_ratio=True)
    other = spread_of(np.array(values) * unit, resolution=0.02, by_ratio=True)
    assert other.median == pytest.approx(one.median * unit, rel=1e-9)
    if math.isfinite(one.high):
        assert (other.low, other.high) == pytest.approx((one.low * unit, one.high * unit), rel=1e-6)
    assert not one.outlying[np.argsort(values)[len(values) // 2]]


@pytest.mark.parametrize("values", [[], [1.0, math.nan], [math.inf]])
def test_a_spread_of_no_number_is_none(values: list[float]) -> None:
    with pytest.raises(ValueError, match="finite"):
        spread_of(np.array(values), resolution=0.1)


def test_a_volume_of_nothing_stands_apart_and_equal_values_do_not() -> None:
    values = np.array([5.0] * 12 + [0.0])
    assert spread_of(values, resolution=0.02, by_ratio=True).outlying.tolist() == [False] * 12 + [
        True
    ]
    assert not spread_of(np.array([4.0] * 20), resolution=0.1).outlying.any()
    # alike to a thousandth of a mm: nobody acts on a hundredth
    assert not spread_of(np.array([3.999, 4.0, 4.001] * 7 + [4.05]), resolution=0.1).outlying.any()


def test_the_cases_worth_a_look_are_those_put_in() -> None:
    cases = cohort(400)
    usual = lines_of(cases, measures_of(cases))
    cases[17] = made("tree/huge", 900.0, 45.0)
    cases[18] = made("tree/cold", 12.0, 31.0)
    lines = lines_of(cases, measures_of(cases))
    assert "GTV volume 900 cc" in lines[17].reasons[0]
    assert any("PTV D95% 31 Gy" in reason for reason in lines[18].reasons)
    ranked = sorted(range(400), key=lambda n: -lines[n].points)
    assert {17, 18} <= set(ranked[: 2 + sum(one.outlying > 0 for one in usual)])
    rejected = [line for line in lines if line.status == "reject"]
    assert rejected
    assert all(line.reasons == ("rejected: no-ct",) and line.points == 3 for line in rejected)
    assert all(line.ptv_cc is None and line.d95_gy is None for line in rejected)


def test_a_number_that_is_not_known_takes_part_in_nothing() -> None:
    cases = [made(f"c{n}", 10.0 + n, None if n % 2 else 45.0) for n in range(20)]
    (d95,) = (one for one in measures_of(cases) if one.quantity == "D95%")
    assert d95.values.tolist() == [45.0] * 10
    lines = lines_of(cases, measures_of(cases))
    assert [line.d95_gy for line in lines] == [None if n % 2 else 45.0 for n in range(20)]


def test_no_case_and_one_case_have_no_measure() -> None:
    assert measures_of([]) == []
    assert measures_of([made("a", 1.0, 45.0)]) == []
    assert measures_of([CohortCase(CaseResult.rejected("a", cohort(10)[9].result.findings))]) == []


@pytest.mark.parametrize(
    ("name", "group"),
    [("liver", "Liver"), ("LEBER", "Liver"), ("left kidney", "Kidney_L"),
     ("zPTV_opt", "PTV (drawn)"), ("Liver-GTV", "Liver-GTV"), ("Couch", "Couch"),
     ("GTV1", "GTV (drawn)")],
)  # fmt: skip
def test_spellings_of_one_organ_are_one(name: str, group: str) -> None:
    assert named_group(name) == group


def test_bands_are_percentiles_over_the_curves_at_each_dose() -> None:
    draw = np.random.default_rng(5)
    tops = draw.integers(800, 5000, 37)
    curves = [100 * np.linspace(1, 0, top) ** draw.uniform(0.3, 3) for top in tops]
    book = CurveBook()
    for number, curve in enumerate(curves):
        book.add("Liver" if number % 2 else "liver", "physical", curve, 0.0)
    book.add("Liver", "physical", curves[0], 0.2)
    book.add("PTV", "EQD2, a/b 3 Gy", curves[1], 0.0)
    first, second = book.bands()
    assert (first["name"], first["cases"], first["beyond"]) == ("liver", 37, 1)
    assert (second["name"], second["cases"]) == ("PTV (EQD2, a/b 3 Gy)", 1)
    for gy in (0.0, 8.0, 21.4, 40.0):
        at = [curve[round(gy / 0.01)] if gy / 0.01 < curve.size else 0.0 for curve in curves]
        for line, share in zip(first["percentiles"], (0.05, 0.25, 0.5, 0.75, 0.95), strict=True):
            ordered = sorted(at)
            place = share * (len(ordered) - 1)
            low = math.floor(place)
            wanted = ordered[low] + (place - low) * (ordered[min(low + 1, 36)] - ordered[low])
            n = round(gy / STEP_GY)
            assert (line[n] if n < len(line) else 0.0) == pytest.approx(wanted, abs=0.006)


def test_a_structure_that_leaves_every_dose_grid_is_named_without_a_band() -> None:
    book = CurveBook()
    book.add("Body", "physical", np.linspace(100, 0, 300), 0.4)
    assert book.bands() == [{"name": "Body", "cases": 0, "beyond": 1, "percentiles": []}]
