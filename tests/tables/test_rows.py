"""Rows are sound once they exist."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import pytest

from rtvol.errors import Finding
from rtvol.margins.targets import ClipRecord
from rtvol.tables.rows import CaseResult, DosePart, GoalRow, TargetPart, VolumePart
from tables.sample_rows import CLIP, FINDING, GTV

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.mark.parametrize(
    "made",
    [
        lambda: VolumePart(math.nan, "slab", 1),
        lambda: VolumePart(1.0, "slab", 1, math.inf),
        lambda: DosePart("slab", "half", "linear", "physical", {"Mean[Gy]": math.nan}),
        lambda: DosePart(
            "slab", "half", "linear", "physical", {}, range={"Max[Gy]": (0, math.inf)}
        ),
        lambda: TargetPart(clips=(ClipRecord("Duodenum", "avoid", 3.0, -math.inf, 1.0),)),
        lambda: TargetPart({"min": math.nan}),
        lambda: GoalRow("Liver", "Mean[Gy] <= 15 Gy", math.nan, "Gy", "cannot say"),
    ],
)
def test_a_row_with_a_number_that_is_none_cannot_be(made: Callable[[], object]) -> None:
    with pytest.raises(ValueError, match="not finite"):
        made()


@pytest.mark.parametrize(
    ("status", "findings", "numbers"),
    [
        ("accept", (Finding("contour-gap"),), {}),
        ("accept", (FINDING,), {}),
        ("warn", (), {}),
        ("reject", (Finding("contour-gap"),), {}),
        ("reject", (FINDING,), {"structures": (GTV,)}),
        ("reject", (FINDING,), {"sum_ptv_cc": 3.0}),
    ],
)
def test_a_result_cannot_contradict_itself(
    status: Any, findings: tuple[Finding, ...], numbers: dict[str, Any]
) -> None:
    with pytest.raises(ValueError, match="case1"):
        CaseResult("case1", status, findings, **numbers)


def test_a_result_says_by_its_findings_how_the_case_ended() -> None:
    noticed = Finding("contour-gap")
    assert CaseResult.of("a", [], structures=[GTV]).status == "accept"
    assert CaseResult.of("a", [noticed, noticed], structures=[GTV]).findings == (noticed,)
    assert CaseResult.of("a", [noticed], structures=[GTV]).status == "warn"
    assert CaseResult.rejected("a", [noticed, FINDING, FINDING]).findings == (noticed, FINDING)


def test_what_organs_took_is_said_once_and_added_by_organ() -> None:
    assert CLIP.lost_cc == {"Duodenum": 1.7, "Stomach": 0.25}
    twice = TargetPart(clips=(*CLIP.clips, ClipRecord("Stomach", "barrier", 0.0, 0.5, 1.0)))
    assert twice.lost_cc == {"Duodenum": 1.7, "Stomach": 0.75}
    assert (GTV.lost_cc, GTV.clips, GTV.achieved_mm, CLIP.metrics) == ({}, (), {}, {})
