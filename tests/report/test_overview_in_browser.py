"""The overview, opened from disk in a browser: sorted, filtered, read; the truth is of here."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from report.cohorts import cohort, made
from report.conftest import HOSTILE, Browser, phantom
from rtvol.cli import main
from rtvol.phantoms import write_case
from rtvol.report.cohort import CohortCase
from rtvol.report.cohort_curves import CurveBook
from rtvol.report.overview_page import CohortWords, overview_page
from rtvol.tables.document import document_json, result_document
from rtvol.tables.rows import CaseResult, StructureRow, VolumePart

if TYPE_CHECKING:
    from pathlib import Path

COUNT = 5000
WORDS = CohortWords("Overview of a cohort", (("Made by", "a test"),), "No curves.", "No pages.")
#: Texts of one column of the rows in sight, without the rows that keep the place of others.
IN_SIGHT = """
const rows = [...document.querySelectorAll("#table tbody tr[data-row]")];
return rows.map((row) => row.cells[arguments[0]].textContent)
"""
CLICK = "document.querySelectorAll('#table thead button')[arguments[0]].click()"
SET = """
const one = document.getElementById(arguments[0]);
one.value = arguments[1];
one.dispatchEvent(new Event(one.tagName === "SELECT" ? "change" : "input", { bubbles: true }));
"""
CASE, STATUS, FAILED, GTV, D95 = 0, 1, 4, 8, 14


@pytest.fixture(scope="module")
def cases() -> list[CohortCase]:
    return cohort(COUNT, seed=1)


@pytest.fixture(scope="module")
def page(cases: list[CohortCase], tmp_path_factory: pytest.TempPathFactory) -> Path:
    book = CurveBook()
    for number in range(11):  # straight lines from 100 % to 0 at 20 to 30 Gy
        curve = np.linspace(100, 0, 100 * (20 + number) + 1)
        book.add("PTV", "physical", curve, 0.0)
    path = tmp_path_factory.mktemp("overview") / "overview.html"
    path.write_text(overview_page(cases, book, WORDS), encoding="utf-8")
    return path


@pytest.fixture
def opened(browser: Browser, page: Path) -> Browser:
    browser.at(page)
    browser.run("document.getElementById('reset').click()")
    return browser


def write_two(folder: Path, *cases: str) -> None:
    """Write two patients."""
    for case in cases:
        write_case(folder / case, replace(phantom("GTV"), patient_id=f"RTVOL-{case}"))


def names(cases: list[CohortCase], chosen: list[int]) -> list[str]:
    return [cases[n].result.case for n in chosen]


def gtv_cc(case: CohortCase) -> float | None:
    return next((row.volume.cc for row in case.result.structures if row.role == "gtv"), None)


def d95_gy(case: CohortCase) -> float | None:
    return next((r.metrics["D95%[Gy]"] for r in case.result.structures if r.role == "ptv"), None)


def test_it_opens_from_disk_without_a_complaint_or_a_request(browser: Browser, page: Path) -> None:
    browser.complaints()
    browser.requests()
    browser.open(page)
    assert browser.complaints() == []
    assert browser.requests() == [page.as_uri()]
    # the rows in sight alone are in the document, and it says how many there are
    assert browser.run("return document.querySelectorAll('#table tr').length") < 80
    assert browser.run("return document.getElementById('table').ariaRowCount") == str(COUNT + 1)


@pytest.mark.parametrize(("column", "value"), [(GTV, gtv_cc), (D95, d95_gy)])
def test_numbers_sort_both_ways_and_what_is_not_known_comes_last(
    column: int, value: Any, opened: Browser, cases: list[CohortCase]
) -> None:
    known = [n for n in range(COUNT) if value(cases[n]) is not None]
    down = sorted(known, key=lambda n: (-value(cases[n]), n))
    up = sorted(known, key=lambda n: (value(cases[n]), n))
    for order in (down, up):
        opened.run(CLICK, column)
        assert opened.run(IN_SIGHT, CASE)[:10] == names(cases, order[:10])
    opened.run("const rows = document.getElementById('rows'); rows.scrollTop = rows.scrollHeight")
    opened.settled()
    opened.settled()
    assert set(opened.run(IN_SIGHT, column)[-5:]) == {"–"}


def test_names_sort_as_people_count(opened: Browser) -> None:
    opened.run(CLICK, CASE)
    assert opened.run(IN_SIGHT, CASE)[:12] == [f"tree/patient{n}" for n in range(12)]
    shown = "return document.querySelectorAll('#table th')[0].getAttribute('aria-sort')"
    assert opened.run(shown) == "ascending"


def test_filters_leave_what_they_say(opened: Browser, cases: list[CohortCase]) -> None:
    opened.run(SET, "only", "failed")
    failed = [n for n in range(COUNT) if any(g.verdict == "fail" for g in cases[n].result.goals)]
    assert opened.text("#count").startswith(f"{len(failed)} of {COUNT} cases")
    assert set(opened.run(IN_SIGHT, FAILED)) == {"1"}
    opened.run("document.querySelector('input[value=warn]').click()")
    assert opened.text("#count").startswith("0 of")
    opened.run("document.getElementById('reset').click()")
    opened.run(SET, "find", "Patient12 TREE")
    found = [n for n in range(COUNT) if "patient12" in cases[n].result.case]
    assert opened.text("#count").startswith(f"{len(found)} of")
    opened.run("document.getElementById('reset').click()")
    opened.run(SET, "column", str(GTV))
    opened.run(SET, "from", "10")
    opened.run(SET, "to", "12.5")
    between = [n for n in range(COUNT) if (cc := gtv_cc(cases[n])) and 10 <= cc <= 12.5]
    assert opened.text("#count").startswith(f"{len(between)} of")


def test_a_mark_of_an_outlying_value_leads_to_its_case(browser: Browser, tmp_path: Path) -> None:
    many = cohort(60)
    many[30] = made("tree/huge", 950.0, 45.0)
    path = tmp_path / "overview.html"
    path.write_text(overview_page(many, CurveBook(), WORDS), encoding="utf-8")
    browser.open(path)
    mark = "return document.querySelector('#panels .mark').getAttribute('aria-label')"
    assert browser.run(mark) == "tree/huge, GTV: 950 cc"
    browser.run("document.querySelector('#panels .mark').dispatchEvent(new Event('click'))")
    assert browser.text("#detail").startswith("tree/huge (accept): GTV volume 950 cc")
    assert browser.text("#first tbody tr").startswith("tree/huge")
    assert "No curves." in browser.text("#curves")


def test_bands_are_read_where_the_curves_are(opened: Browser) -> None:
    """Straight curves to 20, 21 ... 30 Gy: at 10 Gy the median has 60 %."""
    opened.run(SET, "band-dose", "10")
    at = sorted(100 * (1 - 10 / (20 + n)) for n in range(11))
    text = opened.text("#band-values")
    assert text.startswith(f"10.00 Gy: median {at[5]:.1f} %")
    quartiles = [np.percentile(at, share) for share in (25, 75)]
    assert f"quartiles {quartiles[0]:.1f} to {quartiles[1]:.1f} %" in text


def test_hostile_names_are_text(browser: Browser, tmp_path: Path) -> None:
    row = StructureRow(HOSTILE, "roi", "", VolumePart(5.0, "slab", 3))
    many = [CohortCase(CaseResult.of(f"{HOSTILE}{n}", (), structures=[row])) for n in range(12)]
    huge = StructureRow(HOSTILE, "roi", "", VolumePart(5e5, "slab", 3))
    many.append(CohortCase(CaseResult.of("</script>" + HOSTILE, (), structures=[huge])))
    book = CurveBook()
    book.add(HOSTILE, "physical", np.linspace(100, 0, 500), 0.0)
    path = tmp_path / "overview.html"
    words = CohortWords(HOSTILE, ((HOSTILE, HOSTILE),))
    path.write_text(overview_page(many, book, words), encoding="utf-8")
    browser.complaints()
    browser.open(path)
    assert browser.run("return window.hacked") is None
    assert browser.run("return document.querySelectorAll('img').length") == 0
    assert browser.complaints() == []
    assert browser.run(IN_SIGHT, CASE)[0] == "</script>" + HOSTILE
    assert HOSTILE in browser.text("#panel figcaption")


@pytest.mark.parametrize("kind", ["none", "one", "all rejected"])
def test_small_cohorts_are_pages_too(kind: str, browser: Browser, tmp_path: Path) -> None:
    some = {
        "none": [],
        "one": [made("alone", 10.0, None)],
        "all rejected": [cohort(10)[9]] * 3,
    }[kind]
    path = tmp_path / "overview.html"
    path.write_text(overview_page(some, CurveBook(), WORDS), encoding="utf-8")
    browser.complaints()
    browser.open(path)
    assert browser.complaints() == []
    assert browser.text("#count").startswith(f"{len(some)} of {len(some)} cases")
    assert "No quantity that two cases have." in browser.text("#spreads")


def test_a_printed_table_has_its_headings(opened: Browser) -> None:
    """They are buttons, which paper has none of elsewhere."""
    seen = "return [...document.querySelectorAll('#table th button')].map((o) => o.offsetWidth)"
    opened.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    try:
        widths = opened.run(seen)
        assert len(widths) > 5
        assert min(widths) > 0
        assert opened.run("return document.getElementById('reset').offsetWidth") == 0
    finally:
        opened.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": ""})


def test_folders_of_runs_and_calls_get_their_overview(
    browser: Browser, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_two(tmp_path / "in", "one", "two words")
    call = ["expand", str(tmp_path / "in"), "--ctv", "2", "--ptv", "4", "--report", "--quiet"]
    assert main([*call, "-o", str(tmp_path / "out")]) == 0
    recipe = tmp_path / "r.toml"
    lines = ["[targets.CTV]", 'margin_mm = "2"', "[targets.PTV]", 'margin_mm = "4"', "[dvh]"]
    lines += ["[output]", 'write = ["curves"]', "report = true"]
    recipe.write_text("\n".join(['schema = "rtvol/recipe@1"', *lines]), encoding="utf-8")
    run = ["run", str(recipe), str(tmp_path / "in"), "-o", str(tmp_path / "run"), "--quiet"]
    assert main(run) == 0
    links = "return [...document.querySelectorAll('#table a')].map((one) => one.href)"
    for folder in ("out", "run"):
        page = tmp_path / "elsewhere" / f"{folder}.html"
        assert main(["report", str(tmp_path / folder), "-o", str(page), "--quiet"]) == 0
        browser.open(page)
        pages = sorted((tmp_path / folder).rglob("report.html"))
        assert sorted(browser.run(links)) == [one.as_uri() for one in pages]
        assert len(pages) == 2
        assert browser.run("return document.querySelectorAll('#band option').length") == 3
    assert main(["report", str(tmp_path / "out"), "-o", str(page), "--quiet"]) == 4
    assert main(["report", str(tmp_path / "out"), "--goals", "liver-sbrt-3fx"]) == 2
    (tmp_path / "out" / "result.json").write_text(json.dumps({"schema": "x"}), encoding="utf-8")
    capsys.readouterr()
    assert main(["report", str(tmp_path / "out"), "-o", str(tmp_path / "no.html")]) == 3
    assert "output-unreadable" in capsys.readouterr().err


def test_a_run_in_which_all_were_rejected_has_an_overview(browser: Browser, tmp_path: Path) -> None:
    results = [replace(cohort(10)[9].result, case=name) for name in "ab"]
    text = document_json(result_document(results))
    (tmp_path / "result.json").write_text(text, encoding="utf-8")
    assert main(["report", str(tmp_path), "-o", str(tmp_path / "o.html"), "--quiet"]) == 0
    browser.open(tmp_path / "o.html")
    assert browser.run(IN_SIGHT, STATUS) == ["reject", "reject"]


def test_a_folder_of_pages_has_an_overview_with_bands(browser: Browser, tmp_path: Path) -> None:
    write_two(tmp_path / "in", "overview", "b")  # a case of the overview's own name
    assert main(["report", str(tmp_path / "in"), "-o", str(tmp_path / "p"), "--quiet"]) == 0
    files = sorted(path.name for path in (tmp_path / "p").iterdir())
    assert files == ["b.html", "overview-of-all.html", "overview.html"]
    browser.open(tmp_path / "p" / "overview-of-all.html")
    options = "return [...document.querySelectorAll('#band option')].map((one) => one.textContent)"
    assert "Duodenum: 2 curves" in browser.run(options)
    link = browser.run("return document.querySelector('#table a').href")
    assert link in {(tmp_path / "p" / name).as_uri() for name in files}
