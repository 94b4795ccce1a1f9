"""What one case may do to a worker, and that nobody else pays for it."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from naive.verbs import meet
from rtvol.batch.pool import Limits, finished_cases, in_pool
from rtvol.io.search import CaseFiles

if TYPE_CHECKING:
    from rtvol.batch.pool import Spread
    from rtvol.errors import Finding

CASES = [CaseFiles(name, Path(name), Path()) for name in "abcdef"]


def lost(files: CaseFiles, finding: Finding) -> str:
    return f"{files.name} {finding.code}"


def fates(
    notes: Path, spread: Spread, limits: Limits, **job: str
) -> tuple[list[str], Counter[str]]:
    """What became of each case, in order, and how often each was begun."""
    found = finished_cases(
        CASES, meet, {"notes": str(notes), **job}, spread=spread, limits=limits, lost=lost
    )
    done = [outcome for _, outcome in sorted(found)]
    return done, Counter(notes.read_text().split())


@pytest.mark.parametrize(
    ("fate", "limits", "code"),
    [
        ("die", Limits(2), "worker-died"),
        ("crash", Limits(2), "worker-died"),
        ("exit", Limits(2), "worker-died"),
        ("spin", Limits(2, timeout_s=3), "time-limit"),
        ("eat", Limits(2, memory_mb=400), "memory-limit"),
    ],
)
def test_a_case_that_takes_its_worker_down_is_tried_again_alone_and_costs_itself_only(
    tmp_path: Path, fate: str, limits: Limits, code: str
) -> None:
    done, begun = fates(tmp_path / "notes", in_pool, limits, c=fate)
    assert done == ["a", "b", f"c {code}", "d", "e", "f"]
    assert begun == {**dict.fromkeys("abdef", 1), "c": 2}
    assert (tmp_path / "notes").read_text().split()[-1] == "c"


def test_without_retries_it_is_tried_once(tmp_path: Path) -> None:
    done, begun = fates(tmp_path / "notes", in_pool, Limits(2, retries=0), c="die")
    assert done[2] == "c worker-died"
    assert begun["c"] == 1


def test_when_every_case_dies_every_case_is_named(tmp_path: Path) -> None:
    every = dict.fromkeys("abcdef", "die")
    done, begun = fates(tmp_path / "notes", in_pool, Limits(2), **every)
    assert done == [f"{name} worker-died" for name in "abcdef"]
    assert set(begun.values()) == {2}
