"""The models beside R (survival, cmprsk, glm, nlm), value by value."""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING, Any

import pytest

from outcomes_models import MODEL_LIMITS, compare_models
from outcomes_r import Row, apart, load_reference

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

REFERENCE = load_reference("outcomes_models.json")


@pytest.fixture(scope="module")
def every_row() -> list[Row]:
    """Our values beside the stored ones."""
    return compare_models(REFERENCE)


@pytest.mark.parametrize("family", MODEL_LIMITS)
def test_stored_values_of_r_are_met(every_row: list[Row], family: str) -> None:
    rows = [row for row in every_row if row.family == family]
    assert rows, f"no reference value of {family}: this test would see nothing"
    assert [row for row in rows if not row.error <= MODEL_LIMITS[family]] == []


def test_every_row_belongs_to_a_promise(every_row: list[Row]) -> None:
    assert {row.family for row in every_row} == set(MODEL_LIMITS)


def test_the_script_still_writes_what_is_stored(
    require_tool: Callable[[str], Path], project_root: Path
) -> None:
    script = project_root / "tests" / "agreement" / "outcomes_models.R"
    ran = subprocess.run(
        [str(require_tool("Rscript")), str(script)],
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert ran.returncode == 0, ran.stderr

    def same(stored: Any, fresh: Any, where: str) -> None:
        if isinstance(stored, dict):
            assert stored.keys() == fresh.keys(), where
            for name in stored:
                same(stored[name], fresh[name], f"{where}/{name}")
        else:
            assert apart(fresh, stored) < 1e-6, where

    fresh = json.loads(ran.stdout)
    same(
        {k: v for k, v in REFERENCE.items() if k != "versions"},
        {k: v for k, v in fresh.items() if k != "versions"},
        "",
    )
