"""Pages of phantoms whose anatomy and dose are known everywhere, and a browser to open them in."""

from __future__ import annotations

import json
import shutil
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from rtvol.cli import main
from rtvol.phantoms import Linear, Organ, PhantomCase, Sphere, VoxelLattice, write_case

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path
    from types import ModuleType

    from rtvol.phantoms.patient import Position

#: Bright, so that it stands out of the noise (9 HU): where its picture is, its contour must be.
TUMOUR = Sphere((12.0, -9.0, 4.0), 11.0)
ORGAN = Sphere((12.0, 10.0, 4.0), 6.0)
#: Of the page's own pixels; no two alike.
SPACING_MM = (1.5, 1.0, 2.5)
#: 30 Gy in the middle of the tumour, more to the left, the back and the head.
GRADIENT = (0.25, 0.125, 0.05)
DOSE = Linear(TUMOUR.centre_mm, 30.0, GRADIENT)
HOSTILE = "<img src=x onerror=hacked=1>"
FLAGS = (
    *("--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--hide-scrollbars"),
    *("--window-size=1280,1400", "--force-device-scale-factor=1"),
    *("--use-gl=angle", "--use-angle=swiftshader", "--enable-unsafe-swiftshader"),
)
PATIENCE_S = 40.0


def phantom(name: str = "Tumour", kind: str = "GTV") -> PhantomCase:
    """Return a body with a bright tumour and a dark organ 19 mm behind its middle."""
    centre = (5.0, 0.0, 2.0)
    return PhantomCase(
        "SYNTHETIC^PAGE",
        "RTVOL-PAGE-1234",
        (
            Organ("Body", Sphere(centre, 44.0), 0, "EXTERNAL"),
            Organ(name, TUMOUR, 300, kind),
            Organ("Duodenum", ORGAN, -200),
        ),
        VoxelLattice.around(centre, (90.0, 90.0, 90.0), SPACING_MM),
        DOSE,
        VoxelLattice.around(centre, (100.0, 100.0, 100.0), (4.0, 4.0, 4.0)),
    )


def page_file(folder: Path, case: PhantomCase, *words: str, position: Position = "HFS") -> Path:
    """Write a phantom and return the page of it as it is drawn."""
    write_case(folder / "case", case, position=position)
    path = folder / "page.html"
    assert main(["report", str(folder / "case"), "-o", str(path), "--quiet", *words]) == 0
    return path


@dataclass(frozen=True)
class Browser:
    """Chromium with a page in it."""

    driver: Any

    def open(self, path: Path) -> None:
        """Open a page from disk and wait until it is drawn."""
        self.driver.get(path.as_uri())
        self.until("return document.body.dataset.ready === 'yes'")
        self.run("return new Promise((done) => requestAnimationFrame(() => setTimeout(done)))")

    def at(self, path: Path) -> None:
        """Open a page unless it is the one that is open."""
        if self.driver.current_url != path.as_uri():
            self.open(path)

    def run(self, script: str, *arguments: Any) -> Any:
        """Run a script in the page; its promise is awaited."""
        return self.driver.execute_script(script, *arguments)

    def until(self, script: str) -> Any:
        """Run a script until it returns something."""
        end = time.monotonic() + PATIENCE_S
        while time.monotonic() < end:
            found = self.run(script)
            if found:
                return found
            time.sleep(0.05)
        pytest.fail(f"never came true: {script}")

    def settled(self) -> None:
        """Wait for the next picture."""
        self.run(
            "return new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"
        )

    def text(self, selector: str) -> str:
        """Return the text of an element."""
        found: str = self.run("return document.querySelector(arguments[0]).textContent", selector)
        return found

    def complaints(self) -> list[str]:
        """Return what the console holds since the last call."""
        return [line["message"] for line in self.driver.get_log("browser")]

    def requests(self) -> list[str]:
        """Return every address asked for since the last call."""
        messages = (
            json.loads(line["message"])["message"] for line in self.driver.get_log("performance")
        )
        return [
            one["params"]["request"]["url"]
            for one in messages
            if one["method"] == "Network.requestWillBeSent"
        ]


@pytest.fixture(scope="module")
def browser(
    require_tool: Callable[[str], Path], require_module: Callable[[str], ModuleType]
) -> Iterator[Browser]:
    """One session of headless Chromium."""
    chromium, server = programs(require_tool)
    require_module("selenium")
    from selenium.webdriver import Chrome
    from selenium.webdriver.chrome.options import Options
    from selenium.webdriver.chrome.service import Service

    options = Options()
    options.binary_location = chromium
    for flag in FLAGS:
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    driver = Chrome(options=options, service=Service(server))
    try:
        yield Browser(driver)
    finally:
        driver.quit()


def programs(require_tool: Callable[[str], Path]) -> tuple[str, str]:
    """Return browser and driver; what is not missing is not started, as `require_tool` would."""
    found = [shutil.which(name) or str(require_tool(name)) for name in ("chromium", "chromedriver")]
    return found[0], found[1]


def gy_at(x: float, y: float, z: float) -> float:
    """The phantom's dose."""
    return float(DOSE.at(np.array([x, y, z])))
