"""`rtvol compare A B -o page.html`: the numbers of the document, both outlines, any name."""

from __future__ import annotations

import json
import re
import shutil
from html import unescape
from typing import TYPE_CHECKING, Any

import pytest

from cli.test_compare import moved
from report.conftest import HOSTILE, phantom
from rtvol.cli import main
from rtvol.phantoms import write_case

if TYPE_CHECKING:
    from pathlib import Path

    from report.conftest import Browser

#: Of the columns behind both names, in their order.
FIGURES = {
    "a_volume_cc": 2,
    "b_volume_cc": 2,
    "shared_volume_cc": 2,
    "dice": 3,
    "mean_mm": 2,
    "p95_mm": 2,
    "hausdorff_mm": 2,
    "added_path_mm": 0,
    "path_mm": 0,
    "shift_left_mm": 2,
    "shift_posterior_mm": 2,
    "shift_superior_mm": 2,
    "shift_mm": 2,
    "surface_dice_2mm": 3,
}
PATHS = """
return Object.fromEntries([...document.querySelectorAll(".view.axial path[data-structure]")].map(
  (one) => [one.dataset.structure, [one.getBBox().x, one.getAttribute("stroke-dasharray")]]))
"""


def two_sets(folder: Path, name: str = "Tumour", seed: int = 0) -> tuple[Path, Path]:
    """Two structure sets of one phantom: the second lies 2 mm farther to the left."""
    write_case(folder, phantom(name), seed=seed)
    return folder / "RS.dcm", moved(folder / "RS.dcm", folder / "RS.second.dcm", 2.0)


def page_of(page: Path, *sides: Path) -> str:
    assert main(["compare", *map(str, sides), "-o", str(page), "--quiet"]) == 0
    return page.read_text("utf-8")


def tables(text: str) -> list[list[list[str]]]:
    """Return the texts of the cells of each table of pairs."""
    found = re.findall(r'<table class="pairs">.*?</table>', text, re.DOTALL)
    return [
        [
            [unescape(re.sub(r"<.*?>", "", cell)) for cell in re.findall(r"<td.*?</td>", row)]
            for row in re.findall(r"<tr>.*?</tr>", table.partition("<tbody>")[2])
        ]
        for table in found
    ]


def document(capsys: pytest.CaptureFixture[str], *sides: Path) -> list[dict[str, Any]]:
    capsys.readouterr()
    assert main(["compare", *map(str, sides), "--json", "--quiet"]) == 0
    return list(json.loads(capsys.readouterr().out)["cases"])


def test_numbers_are_those_of_the_document(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sides = two_sets(tmp_path / "case")
    (case,) = document(capsys, *sides)
    (rows,) = tables(page_of(tmp_path / "page.html", *sides))
    assert len(rows) == len(case["pairs"]) == 3
    heads = list(FIGURES)
    for row, pair in zip(rows, case["pairs"], strict=True):
        assert row[:2] == [pair["a"], pair["b"]]
        for text, name in zip(row[2:], heads, strict=False):
            assert float(text) == pytest.approx(pair[name], abs=0.51 * 10 ** -FIGURES[name])
        # the phantom's structures are moved 2 mm to the left, and nowhere else
        at = heads.index("shift_left_mm") + 2
        assert row[at : at + 4] == ["2.00", "0.00", "0.00", "2.00"]


def test_both_outlines_lie_on_the_image_where_they_were_drawn(
    browser: Browser, tmp_path: Path
) -> None:
    page_of(tmp_path / "page.html", *two_sets(tmp_path / "case", HOSTILE))
    browser.complaints()
    browser.requests()
    browser.open(tmp_path / "page.html")
    assert browser.complaints() == []
    assert browser.requests() == [(tmp_path / "page.html").as_uri()]
    assert browser.run("return window.hacked") is None
    assert browser.run("return document.images.length") == 0
    browser.run("document.querySelector('#places button').click()")
    for _ in range(3):  # through the pairs, wherever they are farthest apart
        browser.settled()
        paths = browser.run(PATHS)
        a, b = paths[f"{HOSTILE} (A)"], paths[f"{HOSTILE} (B)"]
        if a[0] and b[0]:
            assert b[0] - a[0] == pytest.approx(2.0, abs=0.02)
        assert (a[1], bool(b[1])) == ("", True)
        browser.run("document.querySelector('#places button').click()")
    assert HOSTILE in browser.text("#pairs tbody")


def test_several_cases_are_tables_with_their_quartiles(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for seed, name in enumerate(("one", "two")):
        first, second = two_sets(tmp_path / "a" / name, seed=seed)
        shutil.copytree(tmp_path / "a" / name, tmp_path / "b" / name)
        second.unlink()
        (tmp_path / "b" / name / first.name).unlink()
    sides = tmp_path / "a", tmp_path / "b"
    text = page_of(tmp_path / "page.html", *sides)
    cases = document(capsys, *sides)
    assert [len(rows) for rows in tables(text)] == [len(case["pairs"]) for case in cases] == [3, 3]
    assert "Over all cases" in text
    assert 'id="views"' not in text
    assert "script-src 'none'" in unescape(text)


def test_a_case_of_b_alone_is_told(tmp_path: Path) -> None:
    """All cases of A have their own of the same name in B, which has one more."""
    for seed, name in enumerate(("one", "two", "three")):
        two_sets(tmp_path / "b" / name, seed=seed)[1].unlink()
    for name in ("one", "two"):
        shutil.copytree(tmp_path / "b" / name, tmp_path / "a" / name)
    page, sides = tmp_path / "page.html", (str(tmp_path / "a"), str(tmp_path / "b"))
    assert main(["compare", *sides, "-o", str(page), "--quiet"]) == 1
    text = page.read_text("utf-8")
    assert "compare-no-partner" in text
    assert [len(rows) for rows in tables(text)] == [3, 3, 0]


def test_what_was_rejected_has_a_page_that_says_why(tmp_path: Path) -> None:
    a, _ = two_sets(tmp_path / "case")
    write_case(tmp_path / "other", phantom(), seed=3)
    page = tmp_path / "page.html"
    assert main(["compare", str(a), str(tmp_path / "other"), "-o", str(page), "--quiet"]) == 1
    assert "frame-mismatch" in page.read_text("utf-8")


def test_an_expression_is_drawn_too(tmp_path: Path) -> None:
    write_case(tmp_path / "case", phantom())
    page, pair = tmp_path / "page.html", "Tumour:Tumour + 3"
    assert main(["compare", str(tmp_path / "case"), "--pair", pair, "-o", str(page), "-q"]) == 0
    found = re.search(r'id="data">(.*?)</script>', page.read_text("utf-8"), re.DOTALL)
    assert found is not None
    drawn = json.loads(found[1])["structures"]
    assert [one["name"] for one in drawn] == ["Tumour (A)", "Tumour + 3 (B)"]
    assert all(one["planes"]["axial"] for one in drawn)
