"""`rtvol expand` gives doses of what it made: those `rtvol dvh` reads from what it wrote."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Run = Callable[..., Any]

GROW = ("--ctv", "2", "--ptv", "4", "--avoid", "Duodenum:3")
TARGETS = {"D98%[Gy]", "D95%[Gy]", "D50%[Gy]", "D2%[Gy]", "Mean[Gy]"}


def rows_of(run: Any) -> dict[str, dict[str, Any]]:
    (case,) = json.loads(run.out)["cases"]
    return {row["name"]: row for row in case["structures"]}


def test_targets_and_named_organs_have_their_doses(
    rtvol: Run, exports: Path, tmp_path: Path
) -> None:
    rows = rows_of(rtvol("expand", exports, *GROW, "-o", tmp_path / "out", "--json"))
    assert list(rows) == ["GTV", "CTV", "PTV", "PTV^clip", "Duodenum"]
    assert all(set(rows[name]["metrics"]) == TARGETS for name in list(rows)[:4])
    assert set(rows["Duodenum"]["metrics"]) == {"Mean[Gy]", "Max[Gy]"}
    assert {row["dose"]["solid"] for row in rows.values()} == {"slab"}
    again = rtvol(
        "dvh", exports, tmp_path / "out" / "good" / "RS.rtvol.dcm", "--roi", "PTV", "--json"
    )
    (read,) = rows_of(again).values()
    assert rows["PTV"]["metrics"]["D95%[Gy]"] == pytest.approx(read["metrics"]["D95%[Gy]"], 2e-4)
    assert rows["PTV"]["dose"]["volume_cc"] == pytest.approx(read["volume_cc"], rel=2e-4)


def test_the_dose_of_a_grown_sphere_is_the_one_of_its_edge(rtvol: Run, exports: Path) -> None:
    # the phantom's dose is 50 Gy exp(-r^2/(2 20^2)) about the origin: least where the PTV, a ball
    # of 13 mm about x = 14 mm, lies farthest out, at r = 27 mm; highest at the origin, 1 mm off it
    rows = rows_of(
        rtvol(
            "expand", exports, "--ctv", "2", "--ptv", "4", "--dry-run", "--json",
            "--metric", "Min", "--metric", "Max",
        )
    )  # fmt: skip
    least = 50 * math.exp(-(27**2) / 800)
    assert rows["PTV"]["metrics"]["Min[Gy]"] == pytest.approx(least, abs=0.6)
    assert rows["PTV"]["metrics"]["Max[Gy]"] == pytest.approx(50 * math.exp(-1 / 800), abs=0.6)
    assert rows["CTV"]["metrics"]["Max[Gy]"] < rows["PTV"]["metrics"]["Max[Gy]"]


def test_goals_are_judged_on_the_targets_made(rtvol: Run, exports: Path) -> None:
    words = ("expand", exports, *GROW, "--dry-run", "--goals", "PTV Max[Gy] <= 10 Gy")
    run = rtvol(*words)
    assert run.code == 0
    assert "FAIL" in run.out
    assert "? nobody has compared" in run.out
    assert rtvol(*words, "--strict").code == 1


def test_without_a_dose_nothing_is_said_unless_it_was_asked_for(rtvol: Run, exports: Path) -> None:
    for path in (exports / "good").glob("RD*"):
        path.unlink()
    plain = rtvol("expand", exports, *GROW, "--dry-run", "--json")
    assert all(not row["metrics"] for row in rows_of(plain).values())
    asked = rtvol("expand", exports, *GROW, "--dry-run", "--json", "--metric", "D95%")
    (case,) = json.loads(asked.out)["cases"]
    assert "no-dose" in {finding["code"] for finding in case["findings"]}
    assert rows_of(asked)["PTV"]["metrics"] == {"D95%[Gy]": None}
    assert rows_of(asked)["PTV"]["notes"]["D95%[Gy]"] == "there is no dose to read"
    assert rows_of(asked)["PTV"]["volume_cc"] > 0
