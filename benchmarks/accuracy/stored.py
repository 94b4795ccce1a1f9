"""Our DVHs beside those Eclipse stored: the tables of docs/compare.md.

    python benchmarks/accuracy/stored.py FOLDER

FOLDER holds the two real exports `dicompyler-example` (histograms in the RTDOSE) and
`eclipse-prostate` (Eclipse's own table as CSV). Structures are compared as rtvol reads them by
default; each difference above 1 % is tried against other readings of the contours.
"""

from __future__ import annotations

import csv
import re
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from rtvol.case import StoredDvh
from rtvol.dvh.compare import our_values
from rtvol.dvh.readings import Sampling, compare_structure, measure
from rtvol.errors import CaseRejected
from rtvol.io import find, pick_dose, read_case, read_dose, read_stored_dvhs
from rtvol.solids import stack_planes
from rtvol.solids.reading import Reading, solid_of

if TYPE_CHECKING:
    from rtvol.case import Case
    from rtvol.solids import PlaneStack
    from rtvol.structures import Roi

TABLE = "baselines/EclipseProstate_DvhTable_Eclipse.csv"
HEAD = re.compile(r"(?P<name>.+)_DvhArray Value \(% of (?P<cc>[\d.]+) cc\)")


def from_table(path: Path, case: Case) -> dict[int, StoredDvh]:
    """Histograms of a planning system's table, by the number of the region of that name."""
    with path.open(newline="") as file:
        head, *rows = list(csv.reader(file))
    numbers = {re.sub(r"\W", "", roi.name).casefold(): roi.number for roi in case.structures.rois}
    found = {}
    for column, title in enumerate(head):
        match = HEAD.fullmatch(title)
        if match is None:
            continue
        cells = [(row[column - 1], row[column]) for row in rows if row[column - 1]]
        doses, percent = np.array(cells, dtype=float).T
        number = numbers[match["name"].casefold()]
        volumes = np.append(percent * float(match["cc"]) / 100, 0.0)
        width = float(np.median(np.diff(doses)))
        found[number] = StoredDvh(number, np.append(doses, doses[-1] + width), volumes, width)
    return found


def body(roi: Roi, spacing_mm: float | None, reading: Reading) -> PlaneStack:
    """Solid of a reading of a region."""
    stack, _ = stack_planes(roi, spacing_mm=spacing_mm, cap_limit_mm=reading.cap_limit_mm)
    return solid_of(stack, reading.solid)


def tables(folder: Path, name: str) -> None:
    """Print one export's table as Markdown."""
    (files,) = find([folder / name]).cases
    case = read_case(files)
    source = pick_dose(case)
    dose = read_dose(source)
    stored = {one.roi_number: one for one in read_stored_dvhs(source.path)[0]}
    if (folder / name / TABLE).is_file():
        stored |= from_table(folder / name / TABLE, case)
    print(f"\n### {name}\n")
    print("| structure | quantity | stored | caps half | % | caps none | % | verdict |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- |")
    spacing = case.ct.grid.plane_spacing_mm if case.ct else 0.0
    for roi in case.structures.rois:
        if roi.number not in stored or roi.is_empty:
            continue
        body_of = partial(body, roi, spacing or None)
        usual = Sampling()
        dvh = measure(body_of(usual.reading), dose, usual)
        try:
            bare = our_values(measure(body_of(Reading("slab", 0.0)), dose, usual))
        except CaseRejected:
            bare = {}
        for one in compare_structure(dvh, stored[roi.number], body_of, dose, usual):
            other = bare.get(one.quantity)
            off = f"{100 * (other / one.stored - 1):+.1f}" if other and one.stored else "-"
            shown = f"{other:.3f}" if other is not None else "-"
            percent = f"{one.percent:+.1f}" if one.percent is not None else "-"
            cells = [roi.name, one.quantity, f"{one.stored:.3f}", f"{one.ours:.3f}", percent]
            print("| " + " | ".join([*cells, shown, off, one.verdict]) + " |")


def main() -> None:
    """Print the tables of both exports."""
    folder = Path(sys.argv[1])
    for name in ("dicompyler-example", "eclipse-prostate"):
        tables(folder, name)


if __name__ == "__main__":
    main()
