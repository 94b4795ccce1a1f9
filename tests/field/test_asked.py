"""What is asked for and cannot be given costs its own row; --strict is the other way."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import field.kinds  # noqa: F401 - the kinds are registered there
from field.patient import contours_of
from field.register import member, members
from rtvol.cli import main

if TYPE_CHECKING:
    from collections.abc import Callable

    import pytest
    from pydicom.dataset import Dataset

    from field.patient import Patient1

    Capture = pytest.CaptureFixture[str]


def absent(rs: Dataset) -> None:
    items = [one for one in rs.StructureSetROISequence if one.ROIName != "Kidney_L"]
    rs.StructureSetROISequence = items


def empty(rs: Dataset) -> None:
    del contours_of(rs, "Kidney_L").ContourSequence


def refused(rs: Dataset) -> None:
    contours_of(rs, "Kidney_L").ContourSequence[0].NumberOfContourPoints = 7


def dvh_of(p1: Patient1, capsys: Capture, *words: str) -> tuple[int, dict[str, Any]]:
    code = main(["dvh", str(p1.folder), "--metric", "Mean", "--json", *words])
    (case,) = json.loads(capsys.readouterr().out)["cases"]
    return code, case


@members(
    "B3",
    {
        "absent": (absent, "roi-not-found"),
        "empty": (empty, "roi-empty"),
        "refused, for a contour cannot be read": (refused, "contour-points-mismatch"),
    },
)
def test_one_roi_that_is_missing_has_a_row_without_number(
    p1: Patient1, member: tuple[Callable[[Dataset], None], str], capsys: Capture
) -> None:
    spoil, why = member
    rs = p1.read("RS.dcm")
    spoil(rs)
    p1.write("RS.dcm", rs)
    words = ("--roi", "GTV*", "--roi", "Kidney_L")
    code, case = dvh_of(p1, capsys, *words)
    rows = {row["name"]: row for row in case["structures"]}
    assert (code, case["status"]) == (0, "warn")
    assert rows["GTV"]["metrics"]["Mean[Gy]"] > 40
    assert (rows["Kidney_L"]["volume_cc"], rows["Kidney_L"]["metrics"]) == (
        None,
        {"Mean[Gy]": None},
    )
    assert f"[{why}]" in rows["Kidney_L"]["notes"]["Mean[Gy]"]
    code, case = dvh_of(p1, capsys, *words, "--strict")
    assert (code, case["status"], case["structures"]) == (1, "reject", [])
    assert case["findings"][-1]["code"] == why


@member("B3", "the only one that is asked for")
def test_the_only_roi_that_is_asked_for_rejects_the_case(p1: Patient1, capsys: Capture) -> None:
    code, case = dvh_of(p1, capsys, "--roi", "Nowhere")
    assert (code, case["status"]) == (1, "reject")
    assert case["findings"][-1]["code"] == "roi-not-found"


@members(
    "C9",
    {
        "a structure that is not there": ("Spleen Mean[Gy] <= 10 Gy", 1),
        "a volume the structure does not hold": ("Duodenum DC700cc[Gy] <= 10 Gy", 1),
        "a goal that is met": ("Liver Mean[Gy] <= 70 Gy", 0),
        "a goal that fails": ("Liver Mean[Gy] <= 0.1 Gy", 1),
    },
)
def test_strict_is_for_goals_that_cannot_be_judged_too(
    p1: Patient1, member: tuple[str, int], capsys: Capture
) -> None:
    goal, strict = member
    assert dvh_of(p1, capsys, "--goals", goal)[0] == 0
    assert dvh_of(p1, capsys, "--goals", goal, "--strict")[0] == strict


@member("B16", "through `rtvol dvh --rtstruct`, and each shown by `rtvol inspect`")
def test_the_flag_chooses_the_structure_set(p1: Patient1, capsys: Capture) -> None:
    from field.test_files import second_set

    second_set(p1)
    words = ("--roi", "GTV")
    assert main(["dvh", str(p1.folder), *words]) == 1
    capsys.readouterr()
    code, case = dvh_of(p1, capsys, *words, "--rtstruct", "REPLAN")
    assert (code, case["status"]) == (0, "warn")
    assert main(["inspect", str(p1.folder), "--json"]) == 0
    cases = json.loads(capsys.readouterr().out)["cases"]
    assert [(one["status"], one["roi_count"]) for one in cases] == [("warn", 9)] * 2
    assert max(one["structure_set"] for one in cases) == "REPLAN"
