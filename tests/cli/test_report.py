"""`rtvol report`: of exports and of outputs; what is asked wrong ends before any work."""

from __future__ import annotations

import json
import re
import shutil
from typing import TYPE_CHECKING, Any

import pytest

from rtvol.phantoms import Organ, PhantomCase, Sphere, VoxelLattice, write_case

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Run = Callable[..., Any]

GROW = ("--ctv", "2", "--ptv", "4", "--avoid", "Duodenum:3")
RECIPE = """\
schema = "rtvol/recipe@1"
[targets.CTV]
margin_mm = 2
[targets.PTV]
margin_mm = 4
avoid = { Duodenum = 3 }
[output]
report = true
"""


def data_of(page: Path) -> dict[str, Any]:
    """What a page's script reads."""
    found = re.search(r'id="data">(.*?)</script>', page.read_text(encoding="utf-8"))
    assert found is not None
    data: dict[str, Any] = json.loads(found[1])
    return data


def names_of(page: Path) -> dict[str, str]:
    """Structures of a page, and in which group each stands."""
    return {one["name"]: one["group"] for one in data_of(page)["structures"]}


def write_another(folder: Path) -> None:
    """Another patient, without a dose."""
    lattice = VoxelLattice.around((0, 0, 0), (40, 40, 40), (2, 2, 4))
    body = Organ("GTV", Sphere((0.0, 0.0, 0.0), 8.0), 40, "GTV")
    write_case(folder, PhantomCase("SYNTHETIC^B", "RTVOL-B", (body,), lattice))


def test_an_export_is_shown_as_it_is_drawn(rtvol: Run, exports: Path, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    run = rtvol("report", exports, "-o", page)
    assert (run.code, run.out) == (0, f"wrote {page}\n")
    assert names_of(page) == {"GTV": "target", "Liver": "organ", "Duodenum": "organ"}
    text = page.read_text(encoding="utf-8")
    assert "SYNTHETIC" not in text
    assert "RTVOL-TINY" not in text
    again = rtvol("report", exports, "-o", page)
    assert again.code == 4
    first = page.read_bytes()
    assert rtvol("report", exports, "-o", page, "--overwrite", "--quiet").code == 0
    assert page.read_bytes() == first


def test_who_it_is_stands_there_when_asked_for(rtvol: Run, exports: Path, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    assert rtvol("report", exports, "-o", page, "--show-phi").code == 0
    assert "SYNTHETIC^TINY, ID RTVOL-TINY" in page.read_text(encoding="utf-8")


def test_several_cases_want_a_folder(rtvol: Run, exports: Path, tmp_path: Path) -> None:
    write_another(exports / "other")
    run = rtvol("report", exports, "-o", tmp_path / "page.html")
    assert run.code == 2
    assert "-o page" in run.err
    run = rtvol("report", exports, "-o", tmp_path / "pages")
    assert run.code == 0
    assert sorted(path.name for path in (tmp_path / "pages").iterdir()) == [
        "good.html",
        "other.html",
        "overview.html",
    ]
    # the second has no dose: it is shown all the same
    assert data_of(tmp_path / "pages" / "other.html")["dose"] is None


def test_an_output_is_shown_on_the_images_it_was_made_from(
    rtvol: Run, exports: Path, tmp_path: Path
) -> None:
    out, page = tmp_path / "out", tmp_path / "page.html"
    assert rtvol("expand", exports, *GROW, "-o", out, "--report").code == 0
    assert rtvol("report", out, "-o", page).code == 0
    own = out / "good" / "report.html"
    assert names_of(page) == names_of(own)
    assert {"GTV", "CTV", "PTV", "PTV^clip", "Duodenum +3 mm (avoid)"} <= names_of(page).keys()
    made, before = data_of(page), data_of(own)
    # contours are written in thousandths of a mm
    for one, other in zip(made["chart"]["curves"], before["chart"]["curves"], strict=True):
        assert one["name"] == other["name"]
        assert one["percent"] == pytest.approx(other["percent"], abs=0.1)
    # the buttons of both lead to the same cut
    assert made["places"][0] == before["places"][0]
    assert made["places"][0]["kind"] == "cut"


def test_an_overview_says_why_it_has_no_curves(rtvol: Run, exports: Path, tmp_path: Path) -> None:
    out, pages = tmp_path / "out", tmp_path / "pages"
    assert rtvol("expand", exports / "good", "--ctv", "2", "--ptv", "4", "-o", out).code == 0
    assert rtvol("report", out, "-o", pages).code == 0
    text = (pages / "overview.html").read_text("utf-8")
    assert "The output holds metrics, no curves" in text
    assert "No case has a dose" not in text


def test_an_output_moved_away_from_its_exports_asks_for_them(
    rtvol: Run, exports: Path, tmp_path: Path
) -> None:
    out, page = tmp_path / "out", tmp_path / "page.html"
    assert rtvol("expand", exports, *GROW, "-o", out).code == 0
    exports.rename(tmp_path / "elsewhere")
    run = rtvol("report", out, "-o", page)
    assert run.code == 3
    assert f"rtvol report {out} EXPORTS" in run.err
    assert rtvol("report", out, tmp_path / "elsewhere", "-o", page).code == 0
    assert "PTV^clip" in names_of(page)


def test_results_of_other_contours_are_not_drawn_on_these(
    rtvol: Run, exports: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    assert rtvol("expand", exports, *GROW, "-o", out).code == 0
    shutil.rmtree(exports / "good")
    write_another(exports / "good")
    run = rtvol("report", out, "-o", tmp_path / "page.html")
    assert run.code == 1
    assert "[results-of-others]" in run.err
    assert not (tmp_path / "page.html").exists()


def test_a_recipe_makes_pages_and_its_output_is_shown(
    rtvol: Run, exports: Path, tmp_path: Path
) -> None:
    recipe, out, page = tmp_path / "a.toml", tmp_path / "out", tmp_path / "page.html"
    recipe.write_text(RECIPE)
    assert rtvol("run", recipe, exports, "-o", out).code == 0
    (own,) = (out / "cases").glob("*/report.html")
    assert rtvol("report", out, "-o", page).code == 0
    assert names_of(page) == names_of(own)
    assert "PTV^clip" in names_of(own)


def test_a_hidden_name_is_on_no_page(rtvol: Run, exports: Path, tmp_path: Path) -> None:
    case = exports / "Doe_John_4711"
    (exports / "good").rename(case)
    (case / "CT.001.dcm").rename(case / "Doe-John-slice.dcm")
    (case / "CT.003.dcm").write_bytes(b"broken")
    out = tmp_path / "out"
    run = rtvol("expand", exports, *GROW, "-o", out, "--report", "--pseudonymise")
    assert run.code == 0
    (page,) = out.glob("*/report.html")
    # longer than three letters, and with signs that base64 does not have
    for text in (page.read_text(encoding="utf-8"), (out / "result.json").read_text()):
        assert "Doe_John" not in text
        assert "Doe-John" not in text


def test_images_that_cannot_be_read_cost_the_images_alone(
    rtvol: Run, exports: Path, tmp_path: Path
) -> None:
    import pydicom

    for path in (exports / "good").glob("CT*.dcm"):
        image = pydicom.dcmread(path)
        image.HighBit = image.BitsStored - 2
        image.save_as(path)
    page = tmp_path / "page.html"
    run = rtvol("report", exports, "-o", page)
    assert run.code == 0
    assert "[page-without-images]" in run.err
    assert data_of(page)["view"]["levels"] == []
    assert "GTV" in names_of(page)


def test_contours_that_make_no_solid_are_shown_all_the_same(
    rtvol: Run, tmp_path: Path, exports: Path
) -> None:
    """One contour, no image: nobody knows how thick it is."""
    import pydicom

    for path in (exports / "good").glob("CT*.dcm"):
        path.unlink()
    path = exports / "good" / "RS.dcm"
    drawn = pydicom.dcmread(path)
    for one in drawn.ROIContourSequence:
        del one.ContourSequence[1:]
    drawn.save_as(path)
    page = tmp_path / "page.html"
    run = rtvol("report", exports, "-o", page)
    assert run.code == 0
    assert "[roi-single-slice]" in run.err
    assert names_of(page).keys() == {"GTV", "Liver", "Duodenum"}


def test_a_missing_extra_is_said_before_any_work(
    rtvol: Run, exports: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rtvol.cli.extras.find_spec", lambda _: None)
    for words in (("report", exports), ("expand", exports, *GROW, "--report")):
        run = rtvol(*words, "-o", tmp_path / "page.html")
        assert run.code == 5
        assert 'pip install "rtvol[report]"' in run.err
        assert not (tmp_path / "page.html").exists()


@pytest.mark.parametrize("export", ["4dlung", "dicompyler-example", "eclipse-prostate"])
def test_real_exports_have_pages(
    export: str, rtvol: Run, shared_data: Path, tmp_path: Path
) -> None:
    page = tmp_path / "page.html"
    assert rtvol("report", shared_data / export, "-o", page).code == 0
    assert page.stat().st_size < 5_000_000
    data = data_of(page)
    assert all(one["planes"]["axial"] or one["planes"]["coronal"] for one in data["structures"])
