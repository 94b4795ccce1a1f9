"""Turned worlds: a page shows a case on its own planes, and reads patient coordinates there."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from report.conftest import TUMOUR, page_file, phantom
from rtvol.cli import main
from rtvol.frames import PlaneFrame, Rigid
from rtvol.phantoms import WriteOptions, write_case

if TYPE_CHECKING:
    from pathlib import Path

    from report.conftest import Browser

FRAMES = {
    "tilted": PlaneFrame.around((0.0, -0.34, 0.94)),
    "sagittal": PlaneFrame.along((0, 1, 0), (0, 0, -1)),
    "coronal": PlaneFrame.along((1, 0, 0), (0, 0, -1)),
    "oblique": PlaneFrame.around((0.5, 0.6, 0.62)),
}
#: What stands around the first view: left, right, top, bottom.
EDGES = {
    "tilted": ["R", "L", "A", "P"],
    "sagittal": ["A", "P", "S", "I"],
    "coronal": ["R", "L", "S", "I"],
    "oblique": ["RS", "LI", "AS", "PI"],
}
PAGE = """
const data = rtvolPage.data, packed = await rtvolPage.arrays("arrays", data.arrays);
return [data, Array.from(packed.image), Array.from(packed.u), Array.from(packed.v)]
"""


def data_of(page: Path) -> dict[str, Any]:
    found = re.search(r'id="data">(.*?)</script>', page.read_text("utf-8"), re.DOTALL)
    assert found is not None
    data: dict[str, Any] = json.loads(found[1])
    return data


@pytest.fixture(scope="module")
def straight(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return page_file(tmp_path_factory.mktemp("straight"), phantom())


@pytest.fixture(scope="module")
def turned(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    pages = {}
    for name, frame in FRAMES.items():
        folder = tmp_path_factory.mktemp(name)
        options = WriteOptions(motion=Rigid.of(frame.axes.T, (0.0, 0.0, 0.0)))
        write_case(folder / "case", phantom(), options=options)
        pages[name] = folder / "page.html"
        assert main(["report", str(folder / "case"), "-o", str(pages[name]), "--quiet"]) == 0
    return pages


@pytest.mark.parametrize("name", FRAMES)
def test_a_turned_world_has_the_page_of_the_straight_one(
    browser: Browser, straight: Path, turned: dict[str, Path], name: str
) -> None:
    browser.open(straight)
    data, image, *outlines = browser.run(PAGE)
    browser.open(turned[name])
    there, image_there, *outlines_there = browser.run(PAGE)
    assert there["view"]["x"] == pytest.approx(data["view"]["x"], abs=1e-6)
    assert there["view"]["z"] == pytest.approx(data["view"]["z"], abs=1e-3)
    # a voxel in the middle between two levels may go either way
    assert np.abs(np.subtract(image, image_there)).max() <= 1
    assert np.mean(np.not_equal(image, image_there)) < 0.001
    assert len(outlines[0]) == len(outlines_there[0])
    for one, other in zip(outlines, outlines_there, strict=True):
        assert np.abs(np.subtract(one, other)).max() <= 2
    assert np.allclose(there["view"]["frame"]["axes"], FRAMES[name].axes, atol=1e-9)
    for ours, theirs in zip(data["places"], there["places"], strict=True):
        assert ours["kind"] == theirs["kind"]
        assert theirs["at_mm"] == pytest.approx(ours["at_mm"], abs=0.05)
    assert browser.complaints() == []


@pytest.mark.parametrize("name", FRAMES)
def test_the_crosshair_reads_the_patient_and_the_edges_say_where_it_goes(
    browser: Browser, turned: dict[str, Path], name: str
) -> None:
    browser.open(turned[name])
    browser.run("document.querySelector('#places [data-kind=target]').click()")
    browser.settled()
    at = np.array(data_of(turned[name])["places"][0]["at_mm"])
    text = browser.text("#readout")
    read = [float(value) for _, value in re.findall(r"([xyz]) (-?[\d.]+) mm", text)]
    assert read == pytest.approx(FRAMES[name].axes.T @ at, abs=0.051)
    assert "Tumour" in text
    # the middle of the tumour, up to half a plane
    assert np.linalg.norm(at - np.array(TUMOUR.centre_mm)) < 1.5
    edges = browser.run(
        "return [...document.querySelectorAll('.view.axial .way')].map((one) => one.textContent)"
    )
    assert edges == EDGES[name]
    assert browser.text(".view.axial figcaption span").startswith("In plane  w = ")
    assert "patient coordinates" in browser.text("#turned")


def test_a_straight_page_says_nothing_of_turned_planes(straight: Path) -> None:
    assert 'id="turned"' not in straight.read_text("utf-8")
    assert data_of(straight)["view"]["frame"]["is_axial"]
