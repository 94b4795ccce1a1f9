"""Asked, achieved and dosimetric margins on a page are those of `rtvol margin dose --json`."""

from __future__ import annotations

import json
import re
from html import unescape
from typing import TYPE_CHECKING, Any

import pytest

from report.conftest import HOSTILE, page_file, phantom
from rtvol.cli import main
from rtvol.margins.achieved import DIRECTIONS
from rtvol.phantoms import write_case

if TYPE_CHECKING:
    from pathlib import Path

#: 27 Gy beyond the tumour's cooler side in the linear dose of the phantom: a margin on every side.
PRESCRIBED_GY = "27"
LEVEL = ("--isodose", "95 %")


def cells(page: Path) -> list[list[str]]:
    """Return the texts of the rows of a page's table of margins."""
    (table,) = re.findall(r'<table class="margins">.*?</table>', page.read_text("utf-8"), re.DOTALL)
    body = table.partition("<tbody>")[2]
    rows = re.findall(r"<tr.*?</tr>", body, re.DOTALL)
    found = [re.findall(r"<td.*?</td>", row, re.DOTALL) for row in rows]
    return [[unescape(re.sub(r"<.*?>", "", cell)).strip() for cell in row] for row in found]


def margins_of(capsys: pytest.CaptureFixture[str], *words: str) -> list[dict[str, Any]]:
    """Return what `rtvol margin dose --json` says of a case."""
    capsys.readouterr()
    assert main(["margin", "dose", *words, *LEVEL, "--json", "--quiet"]) == 0
    (case,) = json.loads(capsys.readouterr().out)["cases"]
    return list(case["margins"])


def directions(entry: dict[str, Any], key: str) -> list[str]:
    """Return a line of a table, as a page rounds it."""
    values = [entry["directions"][way][key] for way in DIRECTIONS]
    return ["–" if mm is None else f"{mm:.2f}" for mm in values]


def test_margins_of_targets_made_are_those_of_the_command(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_case(tmp_path / "case", phantom())
    targets = ("--ctv", "2", "--ptv", "L5,R3,A4,P2,S5,I3", "--avoid", "Duodenum:3")
    case, out = str(tmp_path / "case"), tmp_path / "out"
    dosed = ("--prescription", PRESCRIBED_GY)
    assert main(["expand", case, *targets, *dosed, "--report", "-o", str(out), "-q"]) == 0
    (entry,) = margins_of(capsys, case, *targets, *dosed)
    made, again = out / "case" / "report.html", tmp_path / "again.html"
    assert main(["report", str(out), "-o", str(again), *dosed, "-q"]) == 0
    for page in (made, again):
        asked, achieved, dose = cells(page)
        assert asked[:2] == [entry["target"], "asked"]
        assert asked[2:8] == ["5.00", "3.00", "4.00", "2.00", "5.00", "3.00"]
        assert achieved == [f"achieved, {entry['outer']}", *directions(entry, "achieved_mm")]
        read = [float(text.removeprefix("short ")) for text in dose[1:]]
        # contours are stored thinned to 0.02 mm: chords of 1.5 mm turn what faces two ways by 3
        # degrees, and the isodose is nearer by up to 1 mm for each mm along the surface
        within = 0.0051 if page == made else 0.1
        ways = entry["directions"]
        assert read == pytest.approx([ways[way]["dose_mm"] for way in DIRECTIONS], abs=within)
        short = [way for way, text in zip(DIRECTIONS, dose[1:], strict=True) if "short" in text]
        assert short == [way for way in DIRECTIONS if ways[way]["dose_mm"] < ways[way]["asked_mm"]]
        assert f"least {entry['least_mm']:.2f} mm, {entry['least_toward']}" in asked[8]


def test_a_drawn_target_of_any_name_has_its_dosimetric_margin(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    page = page_file(tmp_path, phantom(HOSTILE), "--prescription", PRESCRIBED_GY)
    (entry,) = margins_of(capsys, str(tmp_path / "case"), "--prescription", PRESCRIBED_GY)
    ((name, head, *values, words),) = cells(page)
    assert (name, values) == (HOSTILE, directions(entry, "dose_mm"))
    assert "95 % isodose" in head
    assert f"mean {entry['mean_mm']:.2f} mm" in words
    assert HOSTILE not in page.read_text("utf-8")


def test_without_a_prescription_the_page_says_why_there_is_no_isodose(tmp_path: Path) -> None:
    write_case(tmp_path / "case", phantom())
    for plan in (tmp_path / "case").glob("RP*"):
        plan.unlink()
    page = tmp_path / "page.html"
    assert main(["report", str(tmp_path / "case"), "-o", str(page), "-q"]) == 0
    ((name, _, *values, words),) = cells(page)
    assert (name, values) == ("Tumour", ["–"] * 6)
    assert words == "no prescribed dose is known for 100 %"


def test_an_isodose_that_no_part_reaches_is_said(tmp_path: Path) -> None:
    ((_, _, *values, words),) = cells(page_file(tmp_path, phantom(), "--prescription", "90"))
    assert values == ["–"] * 6
    assert "no part of it gets 85.5 Gy" in words
