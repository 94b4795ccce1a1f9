"""Pages without a mouse: every control has a name, and Tab reaches each of them, in their order."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from report.conftest import page_file, phantom
from rtvol.cli import main
from rtvol.phantoms import write_case

if TYPE_CHECKING:
    from pathlib import Path

    from report.conftest import Browser

#: What someone can act on and see; details that are closed have their summary alone.
CONTROLS = """
const seen = (one) =>
  one.checkVisibility({ visibilityProperty: true }) && one.tabIndex >= 0 && !one.disabled;
const kinds = "a[href], button, input, select, summary, [tabindex]";
window.controls = [...document.querySelectorAll(kinds)].filter(seen);
const labels = (one) => [...(one.labels || [])].map((label) => label.textContent).join(" ");
const own = (one) => (["A", "BUTTON", "SUMMARY"].includes(one.tagName) ? one.textContent : "");
const name = (one) => one.getAttribute("aria-label") || labels(one) || own(one) || one.title;
return window.controls.map((one) => [one.outerHTML.slice(0, 80), name(one).trim()]);
"""
PLACE = "return window.controls.indexOf(document.activeElement)"
#: More than any page here has.
MOST_TABS = 400


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("pages")
    drawn = page_file(folder / "drawn", phantom("GTV"))
    write_case(folder / "second", phantom("GTV"), seed=1)
    out = folder / "out"
    exports = str(folder / "drawn" / "case"), str(folder / "second")
    assert main(["expand", *exports, "--ctv", "2", "--ptv", "4", "-o", str(out), "-q"]) == 0
    overview = folder / "overview.html"
    assert main(["report", str(out), "-o", str(overview), "-q"]) == 0
    compared = folder / "compared.html"
    words = ["compare", exports[0], "--pair", "GTV:Duodenum", "-o", str(compared), "-q"]
    assert main(words) == 0
    return {"case": drawn, "overview": overview, "compared": compared}


@pytest.mark.parametrize("kind", ["case", "overview", "compared"])
def test_every_control_has_a_name_and_is_reached_by_tab(
    kind: str, pages: dict[str, Path], browser: Browser
) -> None:
    from selenium.webdriver import ActionChains, Keys

    browser.driver.get(pages[kind].as_uri())
    browser.until("return document.body.dataset.ready === 'yes'")
    controls = browser.run(CONTROLS)
    assert len(controls) > 10
    assert [html for html, name in controls if not name] == []
    reached: list[int] = []
    for _ in range(MOST_TABS):
        ActionChains(browser.driver).send_keys(Keys.TAB).perform()
        place = browser.run(PLACE)
        if place >= 0 and place in reached:
            break
        reached.append(place)
    order = [place for place in reached if place >= 0]
    assert order == sorted(order)
    assert [controls[n][0] for n in sorted(set(range(len(controls))) - set(order))] == []
