"""Every fault ends honestly: accepted, warned about by name, or rejected; never a wrong number."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from faults.all import FAULTS
from faults.judge import answers_of, judge

if TYPE_CHECKING:
    from pathlib import Path

    from faults.judge import Verdict


@pytest.mark.parametrize("name", FAULTS)
def test_fault(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], verdicts: list[Verdict]
) -> None:
    fault = FAULTS[name]
    folder = fault.build().write(tmp_path / name)
    out = tmp_path / "out"
    answers = answers_of(fault, folder, out, capsys)
    verdict = judge(fault, answers, out)
    verdicts.append(verdict)
    assert not verdict.complaints
