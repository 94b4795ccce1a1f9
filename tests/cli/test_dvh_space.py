"""Distances, surfaces and shifts as `rtvol dvh` gives them: table, JSON, goals, recipe, CSV."""

from __future__ import annotations

import csv
import json
from typing import TYPE_CHECKING, Any

import pytest

from rtvol.tables.document import case_entry, parse_case

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Run = Callable[..., Any]

ASKED = ("--metric", "OVH5mm", "--metric", "DTH0%", "--metric", "DSH20Gy[cm2]", "--metric", "Mean")


def test_table_json_and_goals(rtvol: Run, tiny_patient: Path) -> None:
    """A GTV of 7 mm at (14, 0, 0), a duodenum of 4 mm at (14, 13, 0): 2 mm lie between them."""
    call = ("dvh", tiny_patient, "--target", "GTV", *ASKED, "--shift", 2, "--json")
    goals = ("--goals", "Duodenum DTH0% >= 1 mm", "--goals", "Duodenum OVH1mm[%] <= 0.5 %")
    done = rtvol(*call, *goals)
    assert done.code == 0, done.err
    (case,) = json.loads(done.out)["cases"]
    rows = {row["name"]: row for row in case["structures"]}
    duodenum = rows["Duodenum"]
    assert duodenum["metrics"]["DTH0%[mm]"] == pytest.approx(2.0, abs=0.3)
    assert duodenum["notes"]["DTH0%[mm]"] == "distance to GTV"
    # the lens of balls of 4 and 12 mm, 13 mm apart; on slices of 3 mm
    assert duodenum["metrics"]["OVH5mm[%]"] == pytest.approx(26.6, abs=4)
    # 50 Gy in the middle, 20 mm wide: all of the GTV's surface gets 20 Gy
    area = rows["GTV"]["metrics"]["DSH20Gy[cm2]"]
    assert area == pytest.approx(4 * 3.14159 * 0.49, rel=0.05)
    span = duodenum["shift"]["metrics"]["Mean[Gy]"]
    assert duodenum["shift"]["length_mm"] == 2.0
    assert span["low"] < duodenum["metrics"]["Mean[Gy]"] < span["high"]
    # nearer to the middle, at (0, 0, 0), lies to the right and in front
    assert (set(span["high_toward"]) | {"R", "A"}, "P" in span["low_toward"]) == ({"R", "A"}, True)
    assert [goal["verdict"] for goal in case["goals"]] == ["pass", "pass"]
    again = parse_case(case)
    assert case_entry(again)["structures"] == case["structures"]


def test_long_table_has_the_shifts(rtvol: Run, tiny_patient: Path, tmp_path: Path) -> None:
    file = tmp_path / "dvh.csv"
    call = ("dvh", tiny_patient, "--roi", "GTV", "--metric", "D98%", "--shift", 3, "-o", file)
    done = rtvol(*call)
    assert done.code == 0, done.err
    assert "the dose held fixed" in done.out
    with file.open() as stream:
        rows = {row["metric"]: row for row in csv.DictReader(stream)}
    low = rows["lowest D98%[Gy], shifted 3 mm"]
    assert low["note"].startswith("towards L")
    assert float(low["value"]) < float(rows["D98%[Gy]"]["value"])


def test_without_a_target_the_number_is_missing_and_says_why(
    rtvol: Run, tiny_patient: Path
) -> None:
    done = rtvol("dvh", tiny_patient, "--roi", "Liver", "--metric", "OVH5mm", "--json")
    assert done.code == 0
    (case,) = json.loads(done.out)["cases"]
    (row,) = case["structures"]
    assert row["metrics"]["OVH5mm[%]"] is None
    assert "name one with --target" in row["notes"]["OVH5mm[%]"]


def test_new_targets_are_measured_to(rtvol: Run, tiny_patient: Path) -> None:
    call = ("expand", tiny_patient, "--ctv", 1, "--ptv", 2, "--avoid", "Duodenum", "--dry-run")
    done = rtvol(*call, "--metric", "DTH0%", "--metric", "Mean", "--json")
    assert done.code == 0, done.err
    rows = {row["name"]: row for row in json.loads(done.out)["cases"][0]["structures"]}
    # the PTV reaches 3 mm beyond the GTV, 1 mm into the duodenum
    assert rows["Duodenum"]["metrics"]["DTH0%[mm]"] == pytest.approx(-1.0, abs=0.4)


@pytest.mark.parametrize("words", [("--shift", -1), ("--shift", 1000), ("--metric", "OVH5")])
def test_what_cannot_be_meant(rtvol: Run, tiny_patient: Path, words: tuple[object, ...]) -> None:
    assert rtvol("dvh", tiny_patient, *words).code == 2


def test_curves_of_distance_and_surface(rtvol: Run, tiny_patient: Path, tmp_path: Path) -> None:
    """They agree with the metrics, rise with the distance, and fall with the dose."""
    file = tmp_path / "space.csv"
    call = ("dvh", tiny_patient, "--roi", "Duodenum", "--target", "GTV", "--space-curves", file)
    done = rtvol(*call, "--metric", "OVH5mm", "--metric", "DSH20Gy", "--json")
    assert done.code == 0, done.err
    metrics = json.loads(done.out)["cases"][0]["structures"][0]["metrics"]
    with file.open() as stream:
        rows = list(csv.DictReader(stream))
    by_kind = {
        kind: {
            round(float(row["at"]), 6): float(row["percent"]) for row in rows if row["kind"] == kind
        }
        for kind in ("OVH", "DSH")
    }
    assert by_kind["OVH"][5.0] == pytest.approx(metrics["OVH5mm[%]"])
    assert by_kind["DSH"][20.0] == pytest.approx(metrics["DSH20Gy[%]"], abs=0.5)
    overlap, surface = (list(values.values()) for values in by_kind.values())
    assert overlap == sorted(overlap)
    assert surface == sorted(surface, reverse=True)
    assert (overlap[-1], surface[0]) == pytest.approx((100, 100))
    assert {row["amount_unit"] for row in rows} == {"cc", "cm2"}
