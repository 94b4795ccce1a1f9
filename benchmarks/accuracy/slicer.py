"""Bladder and Rectum +-5 mm on a real export: rtvol, SlicerRT and a fine lattice side by side.

    python benchmarks/accuracy/slicer.py SHARED_DATA

SHARED_DATA is the folder with `eclipse-prostate` and `expected.json`. The fine lattice is a
Euclidean distance map of the slab stack on 0.5 mm voxels; SlicerRT's masks have the voxels its
baselines were stored with. None of the three is the truth: the patient is real.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING

from rtvol.io import find, read_case
from rtvol.margins import Margin
from rtvol.margins.algebra import Leaf, Resized
from rtvol.margins.evaluate import lattice_of, sections_of, sections_volume_cc
from rtvol.margins.setting import make_setting
from rtvol.margins.sources import Drawn
from rtvol.solids import slab_volume_cc, stack_planes
from rtvol.solids.pieces import Body

if TYPE_CHECKING:
    from rtvol.margins.algebra import Tree
    from rtvol.margins.setting import Setting
    from rtvol.margins.sources import Source

#: Baseline that SlicerRT stores for each structure and way.
BASELINES = {
    ("Bladder", "expand"): "Expanded_5_5_5_Bladder",
    ("Bladder", "shrink"): "Shrunk_5_5_5_Bladder",
    ("Rectum", "expand"): "Expanded_5_5_5_Rectum",
}
MARGIN_MM = 5.0


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("shared_data", type=Path)
    folder = parser.parse_args().shared_data
    expected = json.loads((folder / "expected.json").read_text())["margins"]
    case = read_case(find([folder / "eclipse-prostate"]).cases[0])
    rois = {roi.name: roi for roi in case.structures.rois}
    print(f"{'':22}{'slab':>9}{'loft':>9}{'rtvol':>9}{'0.5 mm EDT':>12}{'SlicerRT':>10}   cc")
    for name in ("Bladder", "Rectum"):
        stack, _ = stack_planes(rois[name])
        solid, setting = Leaf(Drawn(Body.of(stack))), make_setting([stack], None)
        loft = _volume_cc(solid, setting)
        for way, margin_mm in (("expand", MARGIN_MM), ("shrink", -MARGIN_MM)):
            volume = _volume_cc(Resized(solid, Margin.uniform(margin_mm)), setting)
            fine = expected["edt_0.5mm_eclipse_prostate"][name][f"{way}5mm_cc"]
            stored = BASELINES.get((name, way))
            slicer = "-"
            if stored:
                baseline = f"EclipseProstate_{stored}.seg.nrrd"
                slicer = f"{expected['slicerrt_baselines'][baseline]['volume_cc']:.2f}"
            print(
                f"{name + ' ' + way + ' 5 mm':22}{slab_volume_cc(stack):9.2f}{loft:9.2f}"
                f"{volume:9.2f}{fine:12.2f}{slicer:>10}"
            )


def _volume_cc(tree: Tree[Source], setting: Setting) -> float:
    lattice = lattice_of(tree, setting)
    return 0.0 if lattice is None else sections_volume_cc(sections_of(tree, lattice))


if __name__ == "__main__":
    main()
