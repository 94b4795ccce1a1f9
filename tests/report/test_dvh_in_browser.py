"""The page of `rtvol dvh --plot` in Chromium: each case is drawn, and its key shows the pens."""

from __future__ import annotations

from typing import TYPE_CHECKING

from report.conftest import phantom
from rtvol.cli import main
from rtvol.phantoms import PhantomCase, write_case

if TYPE_CHECKING:
    from pathlib import Path

    from report.conftest import Browser

KEY = """
return [...document.querySelectorAll('.chart')].map((chart) =>
  [...chart.querySelectorAll('.u-series .key')].map((key) => {
    const line = key.querySelector('svg line');
    const pen = ['stroke-dasharray', 'stroke-width'].map((name) => line.getAttribute(name));
    return [key.textContent.trim(), ...pen];
  }));
"""
BOXES = """
const boxes = [...document.querySelectorAll('.u-marker')];
return boxes.filter((one) => one.offsetParent !== null).length;
"""


def test_each_case_has_its_curves_and_a_key_of_pens(browser: Browser, tmp_path: Path) -> None:
    known = phantom()
    rest = (known.organs, known.ct, known.dose, known.dose_lattice)
    for case in ("one", "two"):
        patient = PhantomCase(f"SYNTHETIC^{case}", f"RTVOL-{case}", *rest)
        write_case(tmp_path / "cases" / case, patient)
    page = tmp_path / "dvh.html"
    assert main(["dvh", str(tmp_path / "cases"), "--plot", str(page), "--quiet"]) == 0
    browser.complaints()
    browser.requests()
    browser.driver.get(page.as_uri())
    browser.until("return document.querySelectorAll('.chart canvas').length > 0")
    # the second is drawn when it comes into view, or for a print
    browser.run("dispatchEvent(new Event('beforeprint'))")
    browser.until("return document.querySelectorAll('.chart canvas').length === 2")
    data = browser.run("return rtvolPage.data.charts")
    keys = browser.run(KEY)
    assert len(keys) == len(data) == 2
    for key, chart in zip(keys, data, strict=True):
        drawn = [
            [one["name"], " ".join(f"{part:g}" for part in one["dashes"]), f"{one['width']:g}"]
            for one in chart["curves"]
        ]
        assert key == drawn
        assert len({(dashes, width) for _, dashes, width in key}) == len(key) == 3
    assert browser.run(BOXES) == 0
    assert not browser.complaints()
    assert set(browser.requests()) == {page.as_uri()}
    # each chart reads its own doses
    browser.run(
        "const box = document.querySelectorAll('.chart-dose')[1]; box.value = '30';"
        "box.dispatchEvent(new Event('input'))"
    )
    said = browser.run(
        "return [...document.querySelectorAll('.chart-values')].map((o) => o.textContent)"
    )
    assert said[0] == ""
    assert said[1].startswith("30.00 Gy: ")
