"""The statistics beside R (survival, cmprsk, maxstat) and firthmodels, value by value."""

from __future__ import annotations

import json
import math
import subprocess
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from outcomes_r import LIMITS, Row, apart, compare, load_reference, three
from rtvol.outcomes import stats

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from types import ModuleType

REFERENCE = load_reference()


@pytest.fixture(scope="module")
def every_row() -> list[Row]:
    """Our values beside the stored ones."""
    return compare(REFERENCE)


@pytest.mark.parametrize("family", LIMITS)
def test_stored_values_of_r_are_met(every_row: list[Row], family: str) -> None:
    rows = [row for row in every_row if row.family == family]
    assert rows, f"no reference value of {family}: this test would see nothing"
    assert [row for row in rows if not row.error <= LIMITS[family]] == []


def test_every_row_belongs_to_a_promise(every_row: list[Row]) -> None:
    assert {row.family for row in every_row} == set(LIMITS)


def test_a_wrong_value_would_be_seen() -> None:
    assert apart([1.0, 2.0], [1.0, 2.001]) > 1e-4
    assert apart([1.0, None], [1.0, 2.0]) == math.inf
    assert apart([1.0], [1.0, 2.0]) == math.inf


@pytest.fixture(scope="module")
def live(require_tool: Callable[[str], Path], project_root: Path) -> dict[str, Any]:
    """What the R of this machine makes of the reference script."""
    script = project_root / "tests" / "agreement" / "outcomes_reference.R"
    ran = subprocess.run(
        [str(require_tool("Rscript")), str(script)],
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert ran.returncode == 0, ran.stderr
    found: dict[str, Any] = json.loads(ran.stdout)
    return found


@pytest.fixture(scope="module")
def live_rows(live: dict[str, Any]) -> list[Row]:
    """Our values beside those of the R of this machine."""
    return compare(live)


@pytest.mark.parametrize("family", LIMITS)
def test_r_of_this_machine_agrees(live_rows: list[Row], family: str) -> None:
    rows = [row for row in live_rows if row.family == family]
    assert rows
    assert [row for row in rows if not row.error <= LIMITS[family]] == []


def test_stored_values_are_what_the_script_writes(live: dict[str, Any]) -> None:
    def same(stored: Any, fresh: Any, where: str) -> None:
        if isinstance(stored, dict):
            assert stored.keys() == fresh.keys(), where
            for name in stored:
                same(stored[name], fresh[name], f"{where}/{name}")
        else:
            assert apart(fresh, stored) < 1e-7, where

    same(
        {k: v for k, v in REFERENCE.items() if k != "versions"},
        {k: v for k, v in live.items() if k != "versions"},
        "",
    )


def test_lung_has_its_published_values(require_module: Callable[[str], ModuleType]) -> None:
    lung = require_module("lifelines.datasets").load_lung()
    time, event, sex = lung["time"].to_numpy(), lung["status"].to_numpy(), lung["sex"].to_numpy()
    event = event - event.min()
    r = REFERENCE["lung"]
    test = stats.logrank(time, event, sex)
    fit = stats.cox(time, event, sex, names=["sex"])
    assert round(test.statistic, 2) == 10.33
    assert round(fit["sex"].hr, 3) == 0.588
    assert apart(test.statistic, r["logrank"]) < 1e-8
    assert apart([fit["sex"].hr, fit["sex"].se], [r["hr"], r["se"]]) < 1e-6
    assert apart(stats.ph_test(fit).overall.statistic, r["ph"]) < 1e-6
    assert three(stats.median_time(stats.kaplan_meier(time, event))) == r["median"]
    assert three(stats.median_time(stats.reverse_km(time, event))) == r["follow_up"]


def test_searching_a_cut_of_age_in_lung_costs_its_significance(
    require_module: Callable[[str], ModuleType],
) -> None:
    lung = require_module("lifelines.datasets").load_lung()
    event = lung["status"].to_numpy() - lung["status"].min()
    found = stats.optimal_cut(lung["time"].to_numpy(), event, lung["age"].to_numpy())
    assert found.cut == 70
    assert round(found.naive.p, 2) == 0.03
    assert round(found.corrected.p, 2) == 0.45


def test_where_lifelines_is_right_it_agrees(require_module: Callable[[str], ModuleType]) -> None:
    lifelines = require_module("lifelines")
    require_module("lifelines.statistics")
    data = REFERENCE["survival"]["large"]["data"]
    time, event, group = (np.array(data[k]) for k in ("time", "event", "group"))
    ours = stats.kaplan_meier(time, event)
    km = lifelines.KaplanMeierFitter().fit(time, event)
    theirs = km.survival_function_at_times(ours.time).to_numpy()
    assert np.max(np.abs(ours.survival - theirs)) < 1e-12
    both = group < 2
    test = lifelines.statistics.multivariate_logrank_test(time[both], group[both], event[both])
    mine = stats.logrank(time[both], event[both], group[both])
    assert apart(mine.statistic, test.test_statistic) < 1e-8
