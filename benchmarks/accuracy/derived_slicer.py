"""Union, intersection and difference of Bladder and PTV on a real export, beside SlicerRT's masks.

    python benchmarks/accuracy/derived_slicer.py SHARED_DATA

SHARED_DATA is the folder with `eclipse-prostate` and `expected.json`. `combined` are the polygons,
by `rtvol derive`; `loft` the same expression of the lofted solids; `centres` counts voxels of
SlicerRT's size whose centres lie in the combined polygons: what a binary mask can know.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np

from rtvol.geometry import Grid
from rtvol.io import find, read_case
from rtvol.names.definitions import Definition
from rtvol.solids import fill, stack_planes
from rtvol.verbs.derive import DeriveJob, case_structures

#: Our expression, and the baseline of SlicerRT.
PAIRS = {
    "Bladder + PTV": "Bladder_Union_PTV",
    "Bladder & PTV": "Bladder_Intersect_PTV",
    "Bladder - PTV": "Bladder_Subtract_PTV",
}
VOXEL_MM = (0.9765625, 0.9765625)
SLICES_MM = 2.5


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("shared_data", type=Path)
    folder = parser.parse_args().shared_data
    stored = json.loads((folder / "expected.json").read_text())["margins"]["slicerrt_baselines"]
    case = read_case(find([folder / "eclipse-prostate"]).cases[0])
    definitions = tuple(Definition(f"S{n}", text) for n, text in enumerate(PAIRS))
    made, _ = case_structures(case, DeriveJob(definitions))
    print("| | combined | loft | centres | SlicerRT |\n| --- | --- | --- | --- | --- |")
    for (text, name), one in zip(PAIRS.items(), made, strict=True):
        loft = one.notes["volume_cc"].split("loft ")[1].split(" cc")[0]
        slicer = stored[f"EclipseProstate_{name}.seg.nrrd"]["volume_cc"]
        stack, _ = stack_planes(one.roi, spacing_mm=SLICES_MM)
        x, y, _ = stack.bounds_mm
        shape = tuple(int((b - a) / mm) + 3 for (a, b), mm in zip((y, x), VOXEL_MM, strict=True))
        start = (x[0] - VOXEL_MM[1], y[0] - VOXEL_MM[0], float(stack.z_mm[0]))
        grid = Grid(start, (1, 0, 0), (0, 1, 0), VOXEL_MM, stack.z_mm - stack.z_mm[0], shape)
        held = fill(stack, grid).values.sum(axis=(1, 2)) * np.prod(VOXEL_MM)
        centres = float(np.dot(held, stack.thickness_mm)) / 1000
        print(
            f"| `{text}` | {one.volume_cc:.3f} | {float(loft):.3f} | {centres:.3f} | {slicer:.3f} |"
        )


if __name__ == "__main__":
    main()
