"""A clinical case from contours to targets: 24 organs grown by 5 mm, GTV -> CTV -> PTV.

    python benchmarks/bench_case.py [--json] [--smoke]

Ours builds CTV, PTV and 24 PRVs from contours, traced back to contours on the CT's planes, with
volumes and the margins achieved, on two threads. The peer is the least a script does for the same
organs: masks from contours by scikit-image on the CT's pixels, cropped, then edt within 5 mm; no
contours back, no report.
"""

from __future__ import annotations

import argparse
import json
from typing import TYPE_CHECKING

import edt
import numpy as np
from skimage.draw import polygon2mask

from rtvol.margins import Prv, TargetRecipe, build_targets, parse_margin
from rtvol.phantoms import Ellipsoid, Sphere, contour
from turns import take_turns

if TYPE_CHECKING:
    from rtvol.structures import Roi

MARGIN_MM = 5.0
PIXEL_MM, SLICE_MM = 0.977, 2.5
ORGANS = 24
PLANES_MM = np.arange(-40, 41) * SLICE_MM
#: Share of the volume by which a distance map on voxels may miss a grown organ.
PEERS_MISS = 0.1


def make_case(count: int) -> tuple[Roi, dict[str, Roi]]:
    """Draw a GTV and ellipsoid organs of 8 to 30 mm half axes."""
    rng = np.random.default_rng(25)
    organs = {}
    for number in range(1, count + 1):
        place, axes = rng.uniform(-60.0, 60.0, 3), rng.uniform(8.0, 30.0, 3)
        name = f"Organ{number}"
        solid = Ellipsoid(tuple(place), tuple(axes))
        organs[name] = contour(solid, PLANES_MM, name, number + 1)
    return contour(Sphere((0.3, -0.2, 0.7), 13.8), PLANES_MM, "GTV", 1), organs


def grow_ours(gtv: Roi, organs: dict[str, Roi]) -> dict[str, float]:
    """Build all targets and PRVs; return the PRVs' volumes, cc, by organ."""
    prvs = tuple(Prv(name, parse_margin(f"{MARGIN_MM}")) for name in organs)
    recipe = TargetRecipe(parse_margin("2"), parse_margin("4"), prvs=prvs)
    found = build_targets([gtv], organs, recipe, planes_mm=PLANES_MM, threads=2)
    return {name: prv.volume_cc for name, prv in zip(organs, found.prvs, strict=True)}


def grow_peer(roi: Roi) -> float:
    """Mask of an organ, cropped, and the voxels within the margin, cc."""
    points = np.concatenate([one.xy_mm for one in roi.contours])
    heights = np.array([one.z_mm for one in roi.contours])
    low = points.min(axis=0) - MARGIN_MM - 2 * PIXEL_MM
    columns, rows = np.ceil((points.max(axis=0) - low + MARGIN_MM) / PIXEL_MM).astype(int) + 3
    beyond = int(np.ceil(MARGIN_MM / SLICE_MM)) + 1
    places = np.rint((heights - heights.min()) / SLICE_MM).astype(int) + beyond
    mask = np.zeros((places.max() + beyond + 1, rows, columns), bool)
    for one, place in zip(roi.contours, places, strict=True):
        mask[place] ^= polygon2mask((rows, columns), (one.xy_mm - low)[:, ::-1] / PIXEL_MM)
    outside = ~mask
    near = edt.edt(outside, anisotropy=(SLICE_MM, PIXEL_MM, PIXEL_MM), parallel=2) <= MARGIN_MM
    return float(near.sum()) * PIXEL_MM**2 * SLICE_MM / 1000


def main() -> None:
    """Measure, print a table and, with --json, the document of the protocol."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--smoke", action="store_true")
    chosen = parser.parse_args()
    gtv, organs = make_case(3 if chosen.smoke else ORGANS)
    ours = grow_ours(gtv, organs)
    for name, volume in ours.items():
        off = grow_peer(organs[name]) / volume - 1
        if abs(off) > PEERS_MISS:
            raise SystemExit(f"{name}: the peer's {100 * off:+.1f} % is another job than ours")
    seconds = take_turns(
        {
            "rtvol": lambda: grow_ours(gtv, organs),
            "skimage_edt": lambda: [grow_peer(roi) for roi in organs.values()],
        },
        3 if chosen.smoke else 7,
    )
    ratio = seconds["skimage_edt"] / seconds["rtvol"]
    print(f"{len(organs)} PRVs, CTV and PTV: rtvol {seconds['rtvol']:.3f} s on 2 threads")
    print(f"{len(organs)} PRV masks: skimage + edt {seconds['skimage_edt']:.3f} s, {ratio:.2f} x")
    if chosen.json:
        print(json.dumps({"bench": "case", "ratios": {"case_prvs_vs_skimage_edt": ratio}}))


if __name__ == "__main__":
    main()
