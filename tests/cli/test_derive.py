"""`rtvol derive`, as a whole: what it makes, what it writes, what it refuses."""

from __future__ import annotations

import csv
import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pydicom
import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Run = Callable[..., Any]

RING = "Ring = (GTV + 12) - (GTV + 3)"
CUT = "Liver-GTV = Liver - GTV"


@pytest.fixture(autouse=True)
def _own(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("RTVOL_SALT", "salt")
    monkeypatch.setenv("RTVOL_CONFIG", str(tmp_path / "none.toml"))


def rows_of(run: Any) -> dict[str, dict[str, Any]]:
    (case,) = json.loads(run.out)["cases"]
    return {row["name"]: row for row in case["structures"]}


def codes_of(run: Any) -> set[str]:
    (case,) = json.loads(run.out)["cases"]
    return {one["code"] for one in (*case["findings"], *case.get("notes", ()))}


def written_areas_mm2(path: Path, name: str) -> dict[float, float]:
    """Area of a written structure by plane, from its points alone: keyholes count once."""
    data = pydicom.dcmread(path)
    number = next(i.ROINumber for i in data.StructureSetROISequence if i.ROIName == name)
    (item,) = (i for i in data.ROIContourSequence if i.ReferencedROINumber == number)
    areas: dict[float, float] = {}
    for contour in item.ContourSequence:
        x, y, z = np.array(contour.ContourData, float).reshape(-1, 3).T
        area = abs(np.dot(x, np.roll(y, -1)) - np.dot(np.roll(x, -1), y)) / 2
        areas[z[0]] = areas.get(z[0], 0.0) + area
    return areas


def test_a_ring_is_written_with_its_volumes(rtvol: Run, exports: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    run = rtvol("derive", exports, RING, "Near = Ring & Liver", CUT, "-o", out, "--json")
    rows = rows_of(run)
    assert (run.code, list(rows)) == (0, ["Ring", "Near", "Liver-GTV"])
    ring = rows["Ring"]
    areas = written_areas_mm2(out / "good" / "RS.rtvol.dcm", "Ring")
    planes = sorted(areas)
    spacing = planes[1] - planes[0]
    assert ring["written_volume_cc"] == pytest.approx(
        sum(areas.values()) * spacing / 1000, rel=1e-4
    )
    assert ring["planes"] == len(planes)
    assert ring["volume_range_cc"][0] <= ring["volume_cc"] <= ring["volume_range_cc"][1]
    assert (ring["solid"], rows["Liver-GTV"]["solid"]) == ("loft", "slab")
    assert rows["Near"]["volume_cc"] < ring["volume_cc"]
    with (out / "structures.csv").open() as stream:
        listed = {row["name"]: row for row in csv.DictReader(stream)}
    assert float(listed["Ring"]["volume_cc"]) == ring["volume_cc"]
    assert json.loads((out / "result.json").read_text())["cases"][0]["case"] == "good"


def test_derive_and_roi_mean_the_same(rtvol: Run, exports: Path) -> None:
    texts = ["(GTV + 12) - (GTV + 3)", "Liver - GTV", "Liver & (GTV + 4)", "[20 Gy]", "GTV + 3 - 1"]
    words = [f"S{n} = {text}" for n, text in enumerate(texts)]
    made = list(rows_of(rtvol("derive", exports, *words, "--dry-run", "--json")).values())
    asked = [word for text in texts for word in ("--roi", text)]
    found = rows_of(rtvol("dvh", exports, *asked, "--json"))
    for text, one in zip(texts, made, strict=True):
        assert found[text]["volume_cc"] == pytest.approx(one["volume_cc"], rel=1e-6), text
        assert found[text]["solid"] == one["solid"], text


def test_nothing_is_said_and_not_written(rtvol: Run, exports: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    words = ("derive", exports, "Gone = GTV - Liver", "Less = GTV - 90", "-o", out, "--json")
    run = rtvol(*words)
    rows = rows_of(run)
    assert [row["volume_cc"] for row in rows.values()] == [0, 0]
    assert codes_of(run) >= {"derived-empty"}
    assert [path.name for path in out.rglob("*.dcm")] == []
    run = rtvol("derive", exports, "Gone = GTV - Liver", RING, "-o", tmp_path / "two", "--json")
    (path,) = (tmp_path / "two").rglob("*.dcm")
    names = [item.ROIName for item in pydicom.dcmread(path).StructureSetROISequence]
    assert (run.code, names) == (0, ["Ring"])


def test_the_same_set_keeps_its_structures(rtvol: Run, exports: Path, tmp_path: Path) -> None:
    rtvol("derive", exports, RING, "--into", "same", "-o", tmp_path / "out")
    (path,) = (tmp_path / "out").rglob("*.dcm")
    source = pydicom.dcmread(exports / "good" / "RS.dcm")
    own = [item.ROIName for item in source.StructureSetROISequence]
    written = pydicom.dcmread(path)
    assert [item.ROIName for item in written.StructureSetROISequence] == [*own, "Ring"]
    assert written.RTROIObservationsSequence[-1].RTROIInterpretedType == "CONTROL"
    again = rtvol("derive", path, exports, "--rtstruct", path.name, "More = Ring + 1", "--dry-run")
    assert again.code == 0


def test_planes_may_be_others(rtvol: Run, exports: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    run = rtvol("derive", exports, RING, CUT, "--spacing", "1", "-o", out, "--json")
    planes = sorted(written_areas_mm2(out / "good" / "RS.rtvol.dcm", "Ring"))
    assert np.diff(planes) == pytest.approx(1.0)
    row = rows_of(run)["Ring"]
    assert row["written_volume_cc"] == pytest.approx(row["volume_cc"], rel=0.01)
    own = rows_of(rtvol("derive", exports, RING, "--dry-run", "--json"))["Ring"]
    assert row["volume_cc"] == pytest.approx(own["volume_cc"], rel=0.005)
    refused = rtvol("derive", exports, RING, "--spacing", "0", "--dry-run")
    assert (refused.code, "--spacing" in refused.err) == (2, True)


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (["Ring = (GTV + 12"], 2, "this bracket is not closed"),
        (["A = B + 1", "B = A + 1"], 2, "A needs B needs A"),
        (["A = A + 1"], 2, "derive-cycle"),
        (["A = GTV + 1", "a = GTV + 2"], 2, "defined twice"),
        (["A ="], 2, "bad-definition"),
        ([], 2, "no definition"),
        (["A = Levr + 1"], 1, 'did you mean "Liver"?'),
        (["Liver = GTV + 1"], 1, "derived-name-taken"),
        (["A = [9999 Gy"], 2, "this bracket is not closed"),
        (["A = " + "(" * 500 + "GTV"], 2, "brackets within one another"),
    ],
)
def test_what_cannot_be_is_refused(
    rtvol: Run, exports: Path, tmp_path: Path, words: list[str], code: int, told: str
) -> None:
    run = rtvol("derive", exports, *words, "-o", tmp_path / "out")
    assert (run.code, told in run.err) == (code, True), run.err
    assert not list(tmp_path.rglob("*.rtvol.dcm"))


def test_an_isodose_needs_a_dose_and_percent_a_prescription(rtvol: Run, exports: Path) -> None:
    high = rtvol("derive", exports, "A = [9999 Gy]", "--dry-run", "--json")
    assert rows_of(high)["A"]["volume_cc"] == 0
    for path in exports.rglob("*.dcm"):
        if pydicom.dcmread(path, stop_before_pixels=True).Modality == "RTPLAN":
            path.unlink()
    percent = rtvol("derive", exports, "A = [50 %]", "--dry-run")
    assert (percent.code, "no-prescription" in percent.err) == (1, True)
    given = rows_of(
        rtvol("derive", exports, "A = [50 %]", "--prescription", "40", "--dry-run", "--json")
    )
    gray = rows_of(rtvol("derive", exports, "A = [20 Gy]", "--dry-run", "--json"))
    assert given["A"]["volume_cc"] == gray["A"]["volume_cc"] > 0
    for path in exports.rglob("*.dcm"):
        if pydicom.dcmread(path, stop_before_pixels=True).Modality == "RTDOSE":
            path.unlink()
    assert "no-dose" in rtvol("derive", exports, "A = [20 Gy]", "--dry-run").err


def test_a_case_may_go_on_without_what_it_lacks(rtvol: Run, exports: Path) -> None:
    words = ("derive", exports, "A = Spleen + 2", "B = A + 2", RING, "--dry-run", "--json")
    run = rtvol(*words, "--on-missing", "skip")
    assert (run.code, list(rows_of(run))) == (0, ["Ring"])
    assert rtvol(*words).code == 1


def test_a_recipe_derives_from_its_targets(rtvol: Run, exports: Path, tmp_path: Path) -> None:
    recipe = tmp_path / "r.toml"
    recipe.write_text(
        'schema = "rtvol/recipe@1"\n[targets.CTV]\nmargin_mm = 2\n[targets.PTV]\nmargin_mm = 4\n'
        '[derive]\nNear = "Ring & Liver"\nRing = "(PTV + 1) - PTV"\nGone = "GTV - Liver"\n'
        '[dvh]\nrois = ["Liver"]\nmetrics = ["Mean"]\ngoals = ["Ring Mean <= 99 Gy"]\n'
    )
    out = tmp_path / "out"
    assert rtvol("run", recipe, exports, "-o", out).code == 0
    (record,) = out.rglob("record.json")
    case = json.loads(record.read_text())["result"]
    rows = {row["name"]: row for row in case["structures"]}
    assert list(rows) == ["GTV", "CTV", "PTV", "Near", "Ring", "Gone", "Liver"]
    assert rows["Ring"]["metrics"]["Mean[Gy]"] > 0
    assert rows["Gone"]["volume_cc"] == 0
    assert {goal["structure"]: goal["verdict"] for goal in case["goals"]} == {"Ring": "pass"}
    (path,) = out.rglob("*.dcm")
    names = [item.ROIName for item in pydicom.dcmread(path).StructureSetROISequence]
    assert names == ["GTV", "CTV", "PTV", "Near", "Ring"]


def test_a_page_shows_what_was_derived(
    rtvol: Run, exports: Path, tmp_path: Path, require_module: Callable[[str], Any]
) -> None:
    require_module("jinja2")
    out = tmp_path / "out"
    assert rtvol("derive", exports, RING, "--report", "-o", out).code == 0
    assert "Ring" in (out / "good" / "report.html").read_text(encoding="utf-8")
