"""Pages to look at: drawing that of a case, its size, and sorting an overview in Chromium.

    python benchmarks/bench_page.py [--json] [--smoke]

The case is a CT of 512 x 512 x 150 with 24 organs, targets and a dose; it is read and its targets
are made before the clock starts. Drawing reads the images, cuts every solid in three planes,
measures the organs nobody asked about, and writes the file. The overview has 5000 cases. There is
no peer: beside each figure stands what it may be (1.5 CPU s, 5 MB, 0.3 s), as a ratio.
"""

from __future__ import annotations

import argparse
import json
import shutil
import tempfile
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np

from rtvol import _kernels, io
from rtvol.batch.pages import PageMaking
from rtvol.margins import Clip, TargetRecipe, parse_margin
from rtvol.phantoms import Ellipsoid, Organ, VoxelLattice, write_case
from rtvol.phantoms.liver import one_lesion
from rtvol.report.cohort import CohortCase
from rtvol.report.cohort_curves import CurveBook
from rtvol.report.overview_page import CohortWords, overview_page
from rtvol.tables.rows import CaseResult, DosePart, StructureRow, VolumePart
from rtvol.verbs.dose_volume import DvhJob
from rtvol.verbs.expand import ExpandJob, expand_read
from rtvol.verbs.output import PAGE_NAME
from turns import cpu_of, take_costs

PAGE_S, PAGE_MB, SORT_S = 1.5, 5.0, 0.3
ORGANS, CASES = 24, 5000
PIXEL_MM, SLICE_MM = 0.9, 2.5
#: Pixels on a side, and slices.
FULL, SMOKE = (512, 150), (128, 40)
FLAGS = ("--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--window-size=1280,1400")
#: A click on a heading until the picture after it, which must hold other numbers, in order.
SORT = """
const heads = [...document.querySelectorAll("#table th")];
const at = heads.findIndex((one) => one.textContent.includes("GTV cc"));
const head = at < 0 ? null : heads[at].querySelector("button");
if (!head) throw new Error("no heading of GTV cc that sorts");
const seen = () => [...document.querySelectorAll("#table tbody tr:not(.space)")]
  .map((row) => Number(row.cells[at].textContent));
const before = seen().join();
const frame = () => new Promise((done) => requestAnimationFrame(done));
await frame();
const began = performance.now();
head.click();
await frame();
const took = (performance.now() - began) / 1000;
const after = seen(), steps = after.slice(1).map((cc, n) => cc - after[n]);
if (after.length < 10 || after.join() === before) throw new Error("not sorted");
const isInOrder = steps.every((step) => step >= 0) || steps.every((step) => step <= 0);
if (!isInOrder) throw new Error("not in order");
return took;
"""


def write_patient(folder: Path, size: tuple[int, int]) -> None:
    """Write the patient of the demo among more organs, on a larger and finer CT."""
    patient, _ = one_lesion()
    rng = np.random.default_rng(7)
    organs = list(patient.organs)
    while len(organs) < ORGANS:
        place, axes = rng.uniform(-60.0, 60.0, 3), rng.uniform(8.0, 25.0, 3)
        organs.append(Organ(f"Organ{len(organs)}", Ellipsoid(tuple(place), tuple(axes)), 30))
    pixels, slices = size
    side = pixels * PIXEL_MM * FULL[0] / pixels
    pitch = (side / pixels, side / pixels, SLICE_MM * FULL[1] / slices)
    lattice = VoxelLattice.around((0.0, 0.0, 0.0), (side, side, SLICE_MM * FULL[1]), pitch)
    write_case(folder, replace(patient, organs=tuple(organs), ct=lattice))


def draw_pages(folder: Path, turns: int) -> tuple[float, float]:
    """CPU seconds for the page of a case that is computed, and its size in MB."""
    (files,) = io.find([folder]).cases
    case = io.read_case(files)
    clip = Clip("avoid", "Duodenum", 3.0)
    recipe = TargetRecipe(parse_margin("2"), parse_margin("4"), clips=(clip,))
    making = PageMaking(recipe=recipe)
    job = ExpandJob(recipe, write=(), dvh=DvhJob(), page=making)
    result, targets = expand_read(case, job)
    draw = partial(making, folder, case, result, targets, job.dvh)
    seconds = take_costs({"page": cpu_of(draw)}, turns)
    return seconds["page"], (folder / PAGE_NAME).stat().st_size / 1e6


def write_overview(path: Path) -> None:
    """Write an overview of cases with a GTV and a PTV of made-up numbers."""
    rng = np.random.default_rng(7)
    cases = []
    for number, cc in enumerate(np.exp(rng.normal(2.5, 0.4, CASES)).tolist()):
        dose = DosePart("slab", "half", "linear", "physical", {"D95%[Gy]": 45 - cc / 50}, cc)
        rows = (
            StructureRow("GTV", "gtv", "GTV", VolumePart(cc, "slab", 9)),
            StructureRow("PTV", "ptv", "GTV", VolumePart(2 * cc, "loft", 11), dose),
        )
        result = CaseResult.of(f"tree/patient{number}", (), structures=rows)
        cases.append(CohortCase(result, prescription_gy=45.0))
    path.write_text(overview_page(cases, CurveBook(), CohortWords("Overview")), encoding="utf-8")


def sort_seconds(path: Path, turns: int) -> float | None:
    """Seconds of a sort in Chromium; None, and a word, where there is none."""
    chromium, server = shutil.which("chromium"), shutil.which("chromedriver")
    if not (chromium and server):
        print("no Chromium here: sorting is not measured")
        return None
    from selenium.webdriver import Chrome
    from selenium.webdriver.chrome.options import Options
    from selenium.webdriver.chrome.service import Service

    options = Options()
    options.binary_location = chromium
    for flag in FLAGS:
        options.add_argument(flag)
    driver = Chrome(options=options, service=Service(server))
    try:
        driver.get(path.as_uri())
        times = [float(driver.execute_script(SORT)) for _ in range(turns + 1)]
    finally:
        driver.quit()
    return float(np.median(times[1:]))


def main() -> None:
    """Measure, print a table and, with --json, the document of the protocol."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--smoke", action="store_true")
    chosen = parser.parse_args()
    size, turns = (SMOKE, 1) if chosen.smoke else (FULL, 5)
    _kernels.load()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_patient(folder / "case", size)
        seconds, mb = draw_pages(folder / "case", turns)
        write_overview(folder / "overview.html")
        sorting = sort_seconds(folder / "overview.html", turns)
    words = f"{size[0]} x {size[0]} x {size[1]}, {ORGANS} organs"
    print(f"page of a case, {words}: {seconds:.2f} CPU s, {mb:.2f} MB")
    ratios = {"draw_vs_1.5_cpu_s": PAGE_S / seconds, "size_vs_5_mb": PAGE_MB / mb}
    if sorting is not None:
        print(f"sort of {CASES} rows in Chromium: {sorting:.3f} s")
        ratios["sort_vs_0.3_s"] = SORT_S / sorting
    if chosen.json:
        print(json.dumps({"bench": "page", "ratios": ratios}))


if __name__ == "__main__":
    main()
