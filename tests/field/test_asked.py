"""What is asked for and cannot be given costs its own row; --strict is the other way."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

import field.kinds  # noqa: F401 - the kinds are registered there
from field.patient import contours_of
from field.register import member, members
from rtvol.cli import main

if TYPE_CHECKING:
    from collections.abc import Callable

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


def part(kind: str) -> Callable[[Patient1], None]:
    def spoil(p1: Patient1) -> None:
        rd = p1.read("RD.dcm")
        rd.DoseSummationType = kind
        rd.DoseGridScaling = f"{float(rd.DoseGridScaling) / 3:.10g}"
        p1.write("RD.dcm", rd)

    return spoil


@members(
    "A7",
    {
        "a fraction": (part("FRACTION"), "it is the dose of one fraction of 3"),
        "a beam": (part("BEAM"), "it is the dose of 1 beam"),
        "a session": (part("FRACTION_SESSION"), "it is the dose of one session of a fraction of 3"),
    },
)
def test_the_course_is_not_judged_on_a_part(
    p1: Patient1, member: tuple[Callable[[Patient1], None], str], capsys: Capture
) -> None:
    spoil, what = member
    words = ("--roi", "GTV", "--goals", "liver-sbrt-3fx", "--metric", "V100%")
    plain = dvh_of(p1, capsys, *words)[1]
    spoil(p1)
    named = (*words, "--dose", str(p1.folder / "RD.dcm"))
    _, case = dvh_of(p1, capsys, *named)
    (finding,) = [one for one in case["findings"] if one["code"] == "dose-is-part"]
    assert finding["seen"].startswith(what)
    (row,), (before,) = case["structures"], plain["structures"]
    assert row["metrics"]["Mean[Gy]"] == pytest.approx(before["metrics"]["Mean[Gy]"] / 3, rel=1e-5)
    assert row["metrics"]["V100%[%]"] is None
    assert {goal["verdict"] for goal in case["goals"]} == {"cannot say"}
    assert main(["dvh", str(p1.folder), *named[2:], "--strict"]) == 1
    capsys.readouterr()
    _, case = dvh_of(p1, capsys, "--roi", "GTV", "--as", "eqd2", *named[-2:])
    (row,) = case["structures"]
    assert row["metrics"]["Mean[Gy]"] is None
    assert what in row["notes"]["Mean[Gy]"]


@member("A7", "a fraction that is said to be all there was")
def test_who_says_the_fractions_is_believed(p1: Patient1, capsys: Capture) -> None:
    part("FRACTION")(p1)
    words = ("--dose", str(p1.folder / "RD.dcm"), "--roi", "GTV", "--fractions", "1")
    _, physical = dvh_of(p1, capsys, *words)
    _, eqd2 = dvh_of(p1, capsys, *words, "--as", "eqd2", "--metric", "D50%")
    gy = physical["structures"][0]["metrics"]["Mean[Gy]"]
    assert eqd2["structures"][0]["metrics"]["Mean[Gy]"] == pytest.approx(
        gy * (gy + 10) / 12, rel=0.02
    )
