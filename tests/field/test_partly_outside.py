"""ROIs that leave the dose grid: a box in a linear dose, so that every value has a closed form."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import pytest

import field.kinds  # noqa: F401 - the kinds are registered there
from field.register import member, members
from rtvol.dvh import dose_volume, evaluate, parse_metric
from rtvol.dvh.compare import compare_dvh
from rtvol.geometry import Grid
from rtvol.solids import stack_planes
from rtvol.structures import Contour, Roi
from rtvol.volumes import Dose

if TYPE_CHECKING:
    from field.patient import Patient1

STEP = 2.0
PLANES = np.arange(-9.0, 9.1, STEP)
#: Half the length of the box along x; 20 mm wide, 20 mm high: 16 cc.
HALF = 20.0


def box() -> Roi:
    ring = np.array([[-HALF, -10], [HALF, -10], [HALF, 10], [-HALF, 10]])
    return Roi("BOX", 1, "ORGAN", tuple(Contour(ring, float(z)) for z in PLANES))


def distribution(slope: float, reach_mm: float) -> object:
    """DVH of the box in 50 Gy + slope x, on a grid that ends at x = reach."""
    x = np.arange(-30.0, reach_mm + 0.1, STEP)
    grid = Grid(
        (-30.0, -30.0, -30.0),
        (1.0, 0.0, 0.0),
        (0.0, 1.0, 0.0),
        (STEP, STEP),
        np.arange(0, 61.0, STEP),
        (31, x.size),
    )
    values = np.broadcast_to((50 + slope * x).astype(np.float32), grid.shape).copy()
    stack, _ = stack_planes(box(), spacing_mm=STEP)
    return dose_volume(stack, Dose(values, grid))


def value(curve: object, metric: str, outside: str = "null") -> float | None:
    return evaluate(curve, parse_metric(metric), outside=outside).value


#: The dose falls with x: 70 Gy at -20, 40 Gy at the border of the grid (x = 10), 25 % outside.
FALLING = {
    "V50Gy[cc]": 16 * 20 / 40,
    "V50Gy[%]": 50.0,
    "CV50Gy[cc]": 8.0,
    "D2cc": 70 - 40 * 2 / 16,
    "D50%": 50.0,
    "Max": 70.0,
}


@members("B1", {f"{metric}, whose isodose lies inside": metric for metric in FALLING})
def test_what_does_not_depend_on_the_part_outside_is_given(member: str) -> None:
    found = evaluate(distribution(-1.0, 10.0), parse_metric(member))
    assert found.value == pytest.approx(FALLING[member], rel=2e-3)
    assert found.note.startswith("25.0 % of the structure lies outside the dose grid, where no")


@members(
    "B1",
    {
        f"{metric}, which needs the part outside": metric
        for metric in ("Mean", "Min", "D95%", "V35Gy[cc]", "V39Gy[%]", "DC1cc", "HI", "gEUD(2)")
    },
)
def test_what_depends_on_it_is_not(member: str) -> None:
    found = evaluate(distribution(-1.0, 10.0), parse_metric(member))
    assert (found.value, found.note) == (
        None,
        "25.0 % of the structure lies outside the dose grid",
    )


def test_where_the_dose_rises_to_the_border_nothing_is_known() -> None:
    curve = distribution(1.0, 10.0)
    assert [value(curve, one) for one in FALLING] == [None] * len(FALLING)


#: Of the part inside, x from -20 to 10: 70 to 40 Gy, 12 cc.
INSIDE = {
    "Mean": 55.0,
    "Min": 40.0,
    "Max": 70.0,
    "D95%": 41.5,
    "D2cc": 65.0,
    "V50Gy[cc]": 8.0,
    "V50Gy[%]": 200 / 3,
}


@members("B1", {f"--outside ignore: {metric}": metric for metric in INSIDE})
def test_the_part_inside_is_given_on_request_and_marked(member: str) -> None:
    found = evaluate(distribution(-1.0, 10.0), parse_metric(member), outside="ignore")
    assert found.value == pytest.approx(INSIDE[member], rel=2e-3)
    assert found.note.startswith("of the part inside the dose grid: 25.0 % of the structure")


@members("B1", {"1.0 % outside": 0.4, "0.7 % outside": 0.28, "5 % outside": 2.0})
def test_a_little_outside(member: float) -> None:
    curve = distribution(-1.0, 20.0)
    assert curve.outside_fraction == 0
    stack, _ = stack_planes(box(), spacing_mm=STEP)
    grid = Grid(
        (-30.0 - member, -30.0, -30.0),
        (1.0, 0.0, 0.0),
        (0.0, 1.0, 0.0),
        (STEP, STEP),
        np.arange(0, 61.0, STEP),
        (31, 26),
    )
    x = np.arange(26) * STEP + grid.origin_mm[0]
    values = np.broadcast_to((50 - x).astype(np.float32), grid.shape).copy()
    curve = dose_volume(stack, Dose(values, grid))
    assert curve.outside_fraction == pytest.approx(member / 40, rel=1e-3)
    assert value(curve, "V50Gy[cc]") == pytest.approx(8.0, rel=2e-3)
    assert value(curve, "D2cc") == pytest.approx(65.0, rel=1e-3)
    assert value(curve, "Mean") is None
    inside_mm = 40 - member
    assert value(curve, "Mean", "ignore") == pytest.approx(70 - inside_mm / 2, rel=1e-3)


def test_a_stored_dvh_of_the_part_inside_is_explained() -> None:
    from rtvol.case import StoredDvh

    edges = np.arange(0, 70.11, 0.1)
    cumulative = 12 * np.clip((70 - edges) / 30, 0, 1)
    cumulative[-1] = 0.0
    stored = StoredDvh(1, edges, cumulative, 0.1)
    rows = compare_dvh(distribution(-1.0, 10.0), stored)
    assert {row.verdict for row in rows} == {"in grid"}


@member("B1", "through `rtvol dvh`, a cord that leaves the grid")
def test_the_flag_reaches_the_table(p1: Patient1, capsys: pytest.CaptureFixture[str]) -> None:
    from rtvol.cli import main

    def cord(*words: str) -> dict[str, object]:
        command = ["dvh", str(p1.folder), "--roi", "SpinalCord", "--json", *words]
        metrics = ["--metric", "Mean", "--metric", "D0.1cc", "--metric", "V20Gy[cc]"]
        assert main([*command, *metrics]) == 0
        (case,) = json.loads(capsys.readouterr().out)["cases"]
        (row,) = case["structures"]
        return row

    rd = p1.read("RD.dcm")
    kept = 20
    values = rd.pixel_array[:kept]
    before = cord("--outside", "ignore")
    rd.PixelData, rd.NumberOfFrames = values.tobytes(), kept
    rd.GridFrameOffsetVector = rd.GridFrameOffsetVector[:kept]
    p1.write("RD.dcm", rd)
    null, ignore = cord(), cord("--outside", "ignore")
    assert null["metrics"]["Mean[Gy]"] is None
    assert ignore["metrics"]["Mean[Gy]"] is not None
    assert "of the part inside the dose grid" in ignore["notes"]["Mean[Gy]"]
    assert before["metrics"]["Mean[Gy]"] is not None
