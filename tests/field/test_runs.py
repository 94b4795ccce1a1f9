"""`rtvol run`: one bad part costs itself only, as in `rtvol dvh`."""

from __future__ import annotations

import copy
import json
from typing import TYPE_CHECKING, Any

import pytest

import field.kinds  # noqa: F401 - the kinds are registered there
from field.patient import contours_of, observation_of, roi_item
from field.register import member, members
from rtvol.cli import main

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pydicom.dataset import Dataset

    from field.patient import Patient1

RECIPE = """\
schema = "rtvol/recipe@1"
[targets.CTV]
margin_mm = 2
[targets.PTV]
margin_mm = 4
[dvh]
rois = ["Kidney_L"]
metrics = ["Mean"]
"""


@pytest.fixture(autouse=True)
def _setting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RTVOL_SALT", "salt")
    monkeypatch.setenv("RTVOL_CONFIG", "/nowhere/recipe.toml")


def run(p1: Patient1, tmp_path: Path, recipe: str = RECIPE) -> tuple[int, dict[str, Any]]:
    """Return the exit code, and the case's entry in its record; empty when it was rejected."""
    path, out = tmp_path / "r.toml", tmp_path / "out"
    path.write_text(recipe)
    code = main(["run", str(path), str(p1.folder), "-o", str(out), "--quiet"])
    records = list(out.rglob("record.json"))
    return code, json.loads(records[0].read_text())["result"] if records else {}


def absent(rs: Dataset) -> None:
    items = [one for one in rs.StructureSetROISequence if one.ROIName != "Kidney_L"]
    rs.StructureSetROISequence = items


def empty(rs: Dataset) -> None:
    del contours_of(rs, "Kidney_L").ContourSequence


def refused(rs: Dataset) -> None:
    contours_of(rs, "Kidney_L").ContourSequence[0].NumberOfContourPoints = 7


def twins(rs: Dataset) -> None:
    """Draw each contour once more, a little beside itself."""
    item = contours_of(rs, "Kidney_L")
    others = copy.deepcopy(list(item.ContourSequence))
    for one in others:
        data = [float(value) for value in one.ContourData]
        one.ContourData = [v + 0.004 * (i % 3 == 0) for i, v in enumerate(data)]
    item.ContourSequence.extend(others)


MISSING: dict[str, Callable[[Dataset], None]] = {
    "the only ROI of a recipe beside its targets: absent": absent,
    "the same: empty": empty,
    "the same: refused, for a contour cannot be read": refused,
    "the same: its contours drawn twice, not quite alike": twins,
}


@members("B3", MISSING)
def test_targets_stand_whatever_the_doses_lack(
    p1: Patient1, tmp_path: Path, member: Callable[[Dataset], None]
) -> None:
    rs = p1.read("RS.dcm")
    member(rs)
    p1.write("RS.dcm", rs)
    code, case = run(p1, tmp_path)
    assert code == 0
    rows = {row["name"]: row for row in case["structures"]}
    assert rows["GTV"]["metrics"]["Mean[Gy]"] is not None
    assert rows["PTV"]["metrics"]["Mean[Gy]"] is not None
    kidney = rows.get("Kidney_L")
    assert kidney is None or kidney["metrics"]["Mean[Gy]"] is None
    assert any("Kidney_L" in one["where"] + one["seen"] for one in case["findings"])


@member("B3", '`on_missing_roi = "fail"` in the recipe is the other way')
def test_a_recipe_can_ask_for_all_of_it(p1: Patient1, tmp_path: Path) -> None:
    rs = p1.read("RS.dcm")
    absent(rs)
    p1.write("RS.dcm", rs)
    code, case = run(
        p1, tmp_path, RECIPE.replace("[targets.CTV]", 'on_missing_roi = "fail"\n[targets.CTV]', 1)
    )
    assert (code, case) == (1, {})


@members("B1", {"in a recipe": "null", 'in a recipe, with `outside = "ignore"`': "ignore"})
def test_a_part_outside_costs_its_own_metrics(p1: Patient1, tmp_path: Path, member: str) -> None:
    rd = p1.read("RD.dcm")
    kept = rd.NumberOfFrames // 2
    offsets = [float(v) for v in rd.GridFrameOffsetVector]
    rd.PixelData = rd.pixel_array[:kept].tobytes()
    rd.NumberOfFrames, rd.GridFrameOffsetVector = kept, offsets[:kept]
    p1.write("RD.dcm", rd)
    recipe = RECIPE.replace("Kidney_L", "BODY").replace("[dvh]", f'[dvh]\noutside = "{member}"')
    code, case = run(p1, tmp_path, recipe)
    assert code == 0
    (body,) = [row for row in case["structures"] if row["name"] == "BODY"]
    assert (body["metrics"]["Mean[Gy]"] is None) == (member == "null")
    assert "outside" in body["notes"]["Mean[Gy]"]


@member("B9", "in a recipe: each has its own volume and doses")
def test_two_gtvs_of_one_name_have_each_their_own_doses(p1: Patient1, tmp_path: Path) -> None:
    rs = p1.read("RS.dcm")
    item, drawn, seen = (
        copy.deepcopy(one)
        for one in (roi_item(rs, "GTV"), contours_of(rs, "GTV"), observation_of(rs, "GTV"))
    )
    item.ROINumber = drawn.ReferencedROINumber = seen.ReferencedROINumber = 77
    seen.ObservationNumber = 77
    for contour in drawn.ContourSequence:
        data = [float(value) for value in contour.ContourData]
        contour.ContourData = [v + 40.0 * (i % 3 == 0) for i, v in enumerate(data)]
    rs.StructureSetROISequence.append(item)
    rs.ROIContourSequence.append(drawn)
    rs.RTROIObservationsSequence.append(seen)
    p1.write("RS.dcm", rs)
    code, case = run(p1, tmp_path)
    assert code == 0
    gtvs = [row for row in case["structures"] if row["role"] == "gtv"]
    assert len(gtvs) == 2
    assert gtvs[0]["volume_cc"] == pytest.approx(gtvs[1]["volume_cc"], rel=1e-6)
    near, far = (row["metrics"]["Mean[Gy]"] for row in gtvs)
    assert near > far + 5  # the dose falls off to all sides of the first
