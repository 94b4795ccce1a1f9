"""The page of a case, opened from disk in a browser and used as its reader would use it.

What it must read is known of the phantom in closed form; where outlines must lie is told by the
picture itself, whose bright spots are found by their pixels.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from report.conftest import (
    HOSTILE,
    ORGAN,
    SPACING_MM,
    TUMOUR,
    Browser,
    gy_at,
    page_file,
    phantom,
)
from rtvol.cli import main
from rtvol.phantoms import write_case

if TYPE_CHECKING:
    from pathlib import Path

#: Along which patient axes a view runs, and which way down.
VIEWS = {"axial": ("x", "y", 1), "coronal": ("x", "z", -1), "sagittal": ("y", "z", -1)}
#: Noise of the phantom and rounding of the page, HU.
GRAIN_HU = 30.0
#: Where the picture is bright, and where the outline is: boxes in pixels of the stage.
LOOK = """
const stage = document.querySelector(`.view.${arguments[0]} .stage`), name = arguments[1];
const canvas = stage.querySelector("canvas"), box = stage.getBoundingClientRect();
const pen = canvas.getContext("2d");
const data = pen.getImageData(0, 0, canvas.width, canvas.height).data;
const [wide, high] = [box.width / canvas.width, box.height / canvas.height];
let bright = [Infinity, Infinity, -Infinity, -Infinity];
for (let row = 0; row < canvas.height; row++) {
  for (let column = 0; column < canvas.width; column++) {
    // halfway from the body (0 HU) to the tumour (300 HU) in the window 40 / 400
    if (data[4 * (row * canvas.width + column)] < 198) continue;
    bright = [
      Math.min(bright[0], column * wide), Math.min(bright[1], row * high),
      Math.max(bright[2], (column + 1) * wide), Math.max(bright[3], (row + 1) * high)];
  }
}
const paths = [...stage.querySelectorAll(".outlines path")];
const line = paths.find((one) => one.dataset.structure === name).getBoundingClientRect();
const [left, top] = [line.left - box.left, line.top - box.top];
return { bright, line: [left, top, left + line.width, top + line.height], size: box.width };
"""
#: Press and release at a place of a view, in pixels of its stage.
CLICK = """
const stage = document.querySelector(`.view.${arguments[0]} .stage`);
const box = stage.getBoundingClientRect();
stage.setPointerCapture = () => {};
const [clientX, clientY] = [box.left + arguments[1], box.top + arguments[2]];
for (const kind of ["pointerdown", "pointerup"])
  stage.dispatchEvent(new PointerEvent(kind, { bubbles: true, pointerId: 1, clientX, clientY }));
"""
SWITCH = """
const items = [...document.querySelectorAll("#legend li")];
const box = items.find((one) => one.textContent === arguments[0]).querySelector("input");
if (box.checked !== arguments[1]) box.click();
"""
KEY = """
document.querySelector(".view.axial .stage").dispatchEvent(
  new KeyboardEvent("keydown", { key: arguments[0], bubbles: true, cancelable: true }))
"""
#: Width of a view in units of its bar of 20 mm.
BARS = """
const stage = document.querySelector(`.view.${arguments[0]} .stage`);
const wide = (one) => one.getBoundingClientRect().width;
return wide(stage) / wide(stage.querySelector(".scale"));
"""
SAID = """
const words = document.getElementById("solid-words").textContent;
return words && words !== "starting ..." && words
"""
ALL_TEXTS = "return [...document.querySelectorAll(arguments[0])].map((one) => one.textContent)"


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return page_file(tmp_path_factory.mktemp("drawn"), phantom())


@pytest.fixture(scope="module")
def grown(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of targets: PTV 6 mm around the tumour, cut 4 mm before the organ."""
    folder = tmp_path_factory.mktemp("grown")
    write_case(folder / "case", phantom("GTV"))
    words = ["--ctv", "2", "--ptv", "4", "--avoid", "Duodenum:4", "--report", "-o"]
    goals = ["--goals", "PTV D95% >= 20 Gy", "--goals", "Duodenum Max <= 15 Gy"]
    assert main(["expand", str(folder / "case"), *words, str(folder / "out"), *goals]) == 0
    return folder / "out" / "case" / "report.html"


def read_out(browser: Browser) -> dict[str, float]:
    """What stands below the slices: coordinates, HU, Gy."""
    text = browser.text("#readout")
    found = {axis: float(value) for axis, value in re.findall(r"([xyz]) (-?[\d.]+) mm", text)}
    for unit in ("HU", "Gy"):
        match = re.search(rf"(-?[\d.]+) {unit}", text)
        assert match is not None, text
        found[unit] = float(match[1])
    return found


def go(browser: Browser, selector: str, value: float) -> None:
    script = """
    const slider = document.querySelector(arguments[0]);
    slider.value = arguments[1];
    slider.dispatchEvent(new Event("input", { bubbles: true }));
    """
    browser.run(script, selector, value)
    browser.settled()


def click(browser: Browser, view: str, at: tuple[float, float]) -> None:
    browser.run(CLICK, view, *at)
    browser.settled()


def switch(browser: Browser, name: str, *, on: bool) -> None:
    browser.run(SWITCH, name, on)
    browser.settled()


def test_it_opens_from_disk_without_a_complaint_or_a_request(browser: Browser, grown: Path) -> None:
    browser.complaints()
    browser.requests()
    browser.open(grown)
    assert browser.complaints() == []
    assert browser.requests() == [grown.as_uri()]


def test_the_slider_and_the_wheel_go_through_the_slices(browser: Browser, drawn: Path) -> None:
    browser.at(drawn)
    before = browser.run(LOOK, "axial", "Tumour")["line"]
    go(browser, ".view.axial input", 0)
    lowest = read_out(browser)["z"]
    assert (
        browser.text(".view.axial figcaption")
        == f"Axial  z = {lowest:.1f} mm1 of {slices(browser)}"
    )
    assert browser.run(LOOK, "axial", "Tumour")["line"] != before
    wheel = """
    document.querySelector(".view.axial .stage").dispatchEvent(
      new WheelEvent("wheel", { deltaY: -100, cancelable: true }))
    """
    browser.run(wheel)
    browser.settled()
    assert read_out(browser)["z"] == pytest.approx(lowest + SPACING_MM[2], abs=0.051)


def slices(browser: Browser) -> int:
    return int(browser.run("return document.querySelector('.view.axial input').max")) + 1


def test_the_keyboard_moves_crosshair_and_slices(browser: Browser, drawn: Path) -> None:
    browser.at(drawn)
    steps = {
        "ArrowRight": ("x", 1), "ArrowLeft": ("x", -1), "ArrowDown": ("y", 1), "ArrowUp": ("y", -1),
        "PageUp": ("z", 1), "PageDown": ("z", -1),
    }  # fmt: skip
    for key, (axis, sign) in steps.items():
        before = read_out(browser)
        browser.run(KEY, key)
        browser.settled()
        moved = {one: round(read_out(browser)[one] - before[one], 1) for one in "xyz"}
        step = SPACING_MM["xyz".index(axis)]
        assert moved == pytest.approx({**dict.fromkeys("xyz", 0.0), axis: sign * step}, abs=0.11)


@pytest.mark.parametrize("view", VIEWS)
def test_the_crosshair_reads_position_hu_and_dose_where_it_is_put(
    view: str, browser: Browser, drawn: Path
) -> None:
    """The page opens in the middle of the tumour; its picture's middle is the tumour's."""
    browser.open(drawn)
    seen = browser.run(LOOK, view, "Tumour")
    left, top, right, bottom = seen["bright"]
    click(browser, view, ((left + right) / 2, (top + bottom) / 2))
    found = read_out(browser)
    for axis, true in zip("xyz", TUMOUR.centre_mm, strict=True):
        assert found[axis] == pytest.approx(true, abs=1.3), axis
    assert found["HU"] == pytest.approx(300, abs=GRAIN_HU)
    place = (found["x"], found["y"], found["z"])
    # the page says tenths of a mm; the dose rises by 0.28 Gy per mm
    assert found["Gy"] == pytest.approx(gy_at(*place), abs=0.03)
    assert "in Tumour, Body" in browser.text("#readout").replace("Body, Tumour", "Tumour, Body")


@pytest.mark.parametrize("position", ["HFS", "HFP", "FFS", "HFDR"])
def test_outlines_lie_on_the_anatomy_in_all_planes_and_positions(
    position: Any, browser: Browser, tmp_path: Path
) -> None:
    """A contour's pixels against the pixels of what was contoured: within one image pixel."""
    browser.open(page_file(tmp_path, phantom(), position=position))
    browser.run(
        "document.getElementById('isodoses').click(); document.getElementById('cross').click()"
    )
    browser.settled()
    for view, (across, down, sign) in VIEWS.items():
        seen = browser.run(LOOK, view, "Tumour")
        mm_per_pixel = page_width_mm(browser, view) / seen["size"]
        spacing = [SPACING_MM["xyz".index(axis)] for axis in (across, down)] * 2
        for edge, bright, line in zip(range(4), seen["bright"], seen["line"], strict=True):
            assert abs(bright - line) * mm_per_pixel < spacing[edge] + 0.4, (view, edge)
        # the organ lies behind: down in axial views, to the right (posterior) in sagittal ones
        widths = (seen["line"][2] - seen["line"][0]) * mm_per_pixel
        assert widths == pytest.approx(2 * TUMOUR.radius_mm, abs=1.2), view
        assert sign in (1, -1)


def page_width_mm(browser: Browser, view: str) -> float:
    """Width of a view in mm, by its 20 mm bar."""
    return 20.0 * float(browser.run(BARS, view))


def test_left_is_on_the_right_and_the_head_is_up(browser: Browser, drawn: Path) -> None:
    """The organ, 19 mm behind the tumour, is below it in axial, beside it in sagittal views."""
    browser.open(drawn)
    away = ORGAN.centre_mm[1] - TUMOUR.centre_mm[1]
    for view, edge in (("axial", 1), ("sagittal", 0)):
        tumour, organ = (browser.run(LOOK, view, name)["line"] for name in ("Tumour", "Duodenum"))
        scale = page_width_mm(browser, view) / browser.run(LOOK, view, "Tumour")["size"]
        middles = [(one[edge] + one[edge + 2]) / 2 * scale for one in (tumour, organ)]
        assert middles[1] - middles[0] == pytest.approx(away, abs=1.0), view
    ways = browser.run(
        "return [...document.querySelectorAll('.way')].map((one) => one.textContent)"
    )
    assert ways == ["R", "L", "A", "P", "R", "L", "S", "I", "A", "P", "S", "I"]


def test_the_dvh_cursor_reads_the_curve(browser: Browser, drawn: Path) -> None:
    """A sphere in a dose that rises evenly: the part above a dose is a cap of it.

    The slab of its contours stands for the sphere, to about 1 %.
    """
    browser.at(drawn)
    slope, radius = float(np.linalg.norm((0.25, 0.125, 0.05))), TUMOUR.radius_mm
    for gy in (28.5, 30.0, 31.0, 32.0):
        go(browser, "#chart-dose", gy)
        height = radius - (gy - 30.0) / slope
        cap = np.pi * height**2 * (radius - height / 3) / (4 / 3 * np.pi * radius**3)
        match = re.search(r"Tumour ([\d.]+) %", browser.text("#chart-values"))
        assert match is not None
        assert float(match[1]) == pytest.approx(100 * cap, abs=1.0), gy
        # the chart's own legend stands at the nearest point of its curve
        legend = " ".join(browser.run(ALL_TEXTS, ".u-series"))
        at = re.search(r"Dose([\d.]+) Gy.* Tumour([\d.]+) %", legend)
        assert at is not None, legend
        assert float(at[1]) == pytest.approx(gy, abs=0.05)
        assert float(at[2]) == pytest.approx(100 * cap, abs=2.0)


def test_structures_are_switched_off_and_on(browser: Browser, drawn: Path) -> None:
    browser.at(drawn)
    outline = """
    return [...document.querySelectorAll(".view.axial .outlines path")]
      .find((one) => one.dataset.structure === "Tumour").getAttribute("d")
    """
    assert browser.run(outline)
    switch(browser, "Tumour", on=False)
    assert not browser.run(outline)
    assert "Tumour" not in browser.text("#chart-values")
    switch(browser, "Tumour", on=True)
    assert browser.run(outline)


def test_it_opens_where_an_organ_cuts_most_and_shows_what_cut(
    browser: Browser, grown: Path
) -> None:
    """The organ's middle plane cuts most; its gap is a circle 4 mm around it."""
    browser.open(grown)
    assert abs(read_out(browser)["z"] - ORGAN.centre_mm[2]) <= SPACING_MM[2]
    words = browser.text("#place-words")
    assert words.startswith("Duodenum +4 mm (avoid) takes ")
    there = browser.text("#readout").split("in ")[1].split(", ")
    assert "PTV" in there
    assert "PTV^clip" not in there
    gap = browser.run(LOOK, "axial", "Duodenum +4 mm (avoid)")["line"]
    scale = page_width_mm(browser, "axial") / browser.run(LOOK, "axial", "PTV")["size"]
    off = read_out(browser)["z"] - ORGAN.centre_mm[2]
    true = 2 * np.sqrt((ORGAN.radius_mm + 4.0) ** 2 - off**2)
    assert (gap[2] - gap[0]) * scale == pytest.approx(true, abs=0.5)
    for kind in ("cut", "margin", "hot", "target"):
        browser.run(f"document.querySelector('#places button[data-kind={kind}]').click()")
        browser.settled()
        assert browser.text("#place-words")


def test_least_margin_and_hot_spot_lead_to_where_they_are(browser: Browser, grown: Path) -> None:
    """13 mm from the tumour's middle to the CTV; the organ's gap begins 9 mm behind it."""
    browser.at(grown)
    browser.run("document.querySelector('#places button[data-kind=margin]').click()")
    browser.settled()
    found = read_out(browser)
    away = np.array([found[axis] for axis in "xyz"]) - TUMOUR.centre_mm
    # there the zone has reached into the tumour, whose surface ends the target
    assert np.linalg.norm(away) == pytest.approx(TUMOUR.radius_mm, abs=0.4)
    assert away[1] > 7
    browser.run("document.querySelector('#places button[data-kind=hot]').click()")
    browser.settled()
    highest = read_out(browser)
    match = re.match(r"([\d.]+) Gy, the highest in view", browser.text("#place-words"))
    assert match is not None
    assert highest["Gy"] == pytest.approx(float(match[1]), abs=0.02)
    assert highest["Gy"] == pytest.approx(gy_at(*(highest[axis] for axis in "xyz")), abs=0.03)


def test_goals_stand_in_a_table_with_their_verdicts(browser: Browser, grown: Path) -> None:
    browser.at(grown)
    rows = browser.run(
        "return [...document.querySelectorAll('#goals tbody tr')].map((row) => row.innerText)"
    )
    assert len(rows) == 2
    assert "PTV" in rows[0]
    assert "FAIL" in rows[1] or "fail" in rows[1]


def test_a_hostile_name_is_shown_as_text(browser: Browser, tmp_path: Path) -> None:
    browser.complaints()
    path = page_file(tmp_path, phantom(HOSTILE))
    browser.open(path)
    assert (
        browser.run(
            "return [...document.querySelectorAll('#legend li')].map((one) => one.textContent)"
        )[1]
        == HOSTILE
    )
    assert HOSTILE in browser.text("#structures tbody")
    assert browser.run("return window.hacked") is None
    assert browser.run("return document.images.length") == 0
    assert browser.complaints() == []


def test_no_table_has_to_be_scrolled_sideways_and_all_is_said_below_its_row(
    browser: Browser, grown: Path
) -> None:
    browser.open(grown)
    wide = (
        "return [...document.querySelectorAll('.wide')].map((o) => o.scrollWidth - o.clientWidth)"
    )
    over = browser.run(wide)
    assert len(over) > 1
    assert max(over) <= 0
    below = browser.text("#structures tr.below")
    assert browser.run("return document.querySelectorAll('#structures tr.above').length") == (
        browser.run("return document.querySelectorAll('#structures tr.above + tr.below').length")
    )
    assert below.strip()
    assert "Lost to Duodenum" in browser.text("#structures tbody")


def test_3d_starts_where_there_is_webgl_and_says_so_where_there_is_none(
    browser: Browser, grown: Path
) -> None:
    browser.open(grown)
    browser.complaints()
    off = """
    const get = HTMLCanvasElement.prototype.getContext;
    HTMLCanvasElement.prototype.getContext = function (kind, ...rest) {
      return kind.startsWith("webgl") ? null : get.call(this, kind, ...rest);
    };
    document.getElementById("solid-start").click();
    """
    browser.run(off)
    said = browser.until(SAID)
    assert "shows no 3-D here (no WebGL2)" in said
    assert browser.run("return document.querySelector('.solid').hidden")
    assert read_out(browser)["Gy"] > 0
    browser.open(grown)
    browser.requests()
    browser.run("document.getElementById('solid-start').click()")
    said = browser.until(SAID)
    assert said.startswith("Drag turns")
    # GTV, CTV, PTV, PTV^clip, Body, Duodenum
    assert browser.run("return document.querySelector('.solid').dataset.meshes") == "6"
    assert [one for one in browser.requests() if not one.startswith("data:")] == []
    assert [one for one in browser.complaints() if "GL Driver Message" not in one] == []
