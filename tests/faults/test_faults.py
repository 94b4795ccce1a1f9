"""Every fault ends honestly: accepted, warned about by name, or rejected; never a wrong number."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from faults.all import FAULTS
from faults.judge import judge

if TYPE_CHECKING:
    from pathlib import Path

    from faults.judge import Verdict
    from faults.suite import Suite


@pytest.mark.parametrize("name", FAULTS)
def test_fault(name: str, suite: Suite, tmp_path: Path, verdicts: list[Verdict]) -> None:
    fault = FAULTS[name]
    answers = suite.answers(fault, tmp_path)
    verdict = judge(fault, answers, suite.out / name)
    verdicts.append(verdict)
    assert not verdict.complaints


def test_there_are_enough_faults() -> None:
    assert len(FAULTS) >= 120
