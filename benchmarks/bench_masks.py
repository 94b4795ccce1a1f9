"""Contours to coverage: rtvol against rt-utils' masks and OpenCV's fillPoly used at its best.

    python benchmarks/bench_masks.py [--json] [--smoke]

Ours is `cover`: exact coverage, cropped. OpenCV fills integer polygons from the same stack of
contours, cropped like ours, all rings of a plane in one call: the fastest way to a wrong mask.
rt-utils is `get_roi_mask_by_name` on data sets already in memory; there ours begins, like it, with
the contours of a ROI (`stack_planes`, then `cover`). The protocol is in README.md.
"""

from __future__ import annotations

import argparse
import json
from typing import TYPE_CHECKING

import cv2
import numpy as np
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from pydicom.uid import generate_uid
from rt_utils import RTStruct

from rtvol.geometry import Grid
from rtvol.phantoms import Ellipsoid, Solid, Sphere, contour
from rtvol.solids.coverage import cover
from rtvol.solids.stack import stack_planes
from rtvol.structures import Contour, Roi
from turns import take_turns

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from rtvol.solids.planes import PlaneStack

#: What fillPoly is known to be off by, %, because it paints the pixels a ring touches.
KNOWN_ERROR_PERCENT = {"liver": 4.0, "GTV": 16.0, "small GTV": 60.0}


def grid_of(*, smoke: bool) -> Grid:
    """Build the voxels of the CT: 512 x 512 x 200, or a quarter of its planes."""
    planes = np.arange(50 if smoke else 200) * 2.5
    corner = -255.5 * 0.977
    return Grid(
        (corner, corner, 0.0), (1, 0, 0), (0, 1, 0), (0.977, 0.977), planes, (512, 512), "1.2.3"
    )


def rois_on(grid: Grid, *, smoke: bool) -> dict[str, Roi]:
    """Build targets, liver, body and small organs, written to 0.01 mm as exports are."""
    centre = float(np.mean(grid.offsets_mm)) + 0.4
    half = centre - 1
    solids: dict[str, tuple[Solid, int]] = {
        "liver": (Ellipsoid((30.3, -20.2, centre), (92.0, 70.0, min(60.0, half))), 220),
        "GTV": (Sphere((41.2, -11.7, centre), 13.8), 72),
        "small GTV": (Sphere((12.7, 5.1, centre), 4.2), 40),
    }
    if not smoke:
        solids["body"] = (Ellipsoid((0.0, 0.0, centre), (180.0, 118.0, half)), 400)
        for n in range(21):
            place = (-110.0 + 11 * n, 60 - 7.3 * (n % 9), centre - 100 + 9.1 * n)
            solids[f"organ {n}"] = (Ellipsoid(place, (14.0 + n, 22.0, 40.0 + 2 * n)), 120)
    return {
        name: _rounded(contour(solid, grid.offsets_mm, name, number + 1, points=points))
        for number, (name, (solid, points)) in enumerate(solids.items())
    }


def _rounded(roi: Roi) -> Roi:
    contours = tuple(Contour(np.round(c.xy_mm, 2), c.z_mm) for c in roi.contours)
    return Roi(roi.name, roi.number, roi.kind, contours)


def rt_struct_of(rois: dict[str, Roi], grid: Grid) -> RTStruct:
    """Give rt-utils the same case: data sets in memory, every contour with its image."""
    slices = []
    for z in grid.offsets_mm:
        image = Dataset()
        image.SOPInstanceUID = generate_uid()
        image.Rows, image.Columns = grid.shape_ji
        image.PixelSpacing = list(grid.spacing_mm)
        image.ImagePositionPatient = [grid.origin_mm[0], grid.origin_mm[1], float(z)]
        image.ImageOrientationPatient = [1, 0, 0, 0, 1, 0]
        slices.append(image)
    uid_at = {
        round(float(z), 3): image.SOPInstanceUID
        for z, image in zip(grid.offsets_mm, slices, strict=True)
    }
    structures = Dataset()
    frame = Dataset()
    frame.FrameOfReferenceUID = grid.frame_uid
    structures.ReferencedFrameOfReferenceSequence = Sequence([frame])
    named, drawn = [], []
    for roi in rois.values():
        name = Dataset()
        name.ROIName, name.ROINumber = roi.name, roi.number
        named.append(name)
        item = Dataset()
        item.ReferencedROINumber = roi.number
        item.ContourSequence = Sequence([_contour_item(c, uid_at) for c in roi.contours])
        drawn.append(item)
    structures.StructureSetROISequence = Sequence(named)
    structures.ROIContourSequence = Sequence(drawn)
    return RTStruct(slices, structures)


def _contour_item(ring: Contour, uid_at: dict[float, str]) -> Dataset:
    item, reference = Dataset(), Dataset()
    reference.ReferencedSOPInstanceUID = uid_at[round(ring.z_mm, 3)]
    item.ContourImageSequence = Sequence([reference])
    points = np.column_stack([ring.xy_mm, np.full(len(ring.xy_mm), ring.z_mm)])
    item.ContourData = [f"{value:.2f}" for value in points.ravel()]
    return item


def fill_poly(stack: PlaneStack, grid: Grid) -> NDArray[np.uint8]:
    """OpenCV at its best: cropped to the structure, one call per plane, integer pixels."""
    pixels = (stack.xy_mm - np.array(grid.origin_mm[:2])) / np.array(grid.spacing_mm[::-1])
    corners = np.rint(pixels).astype(np.int32)
    low = corners.min(axis=0)
    width, height = (corners.max(axis=0) - low + 1).tolist()
    corners -= low
    rings = np.split(corners, stack.ring_starts[1:-1])
    mask = np.zeros((stack.z_mm.size, height, width), np.uint8)
    for plane, first, end in zip(mask, stack.plane_rings, stack.plane_rings[1:], strict=False):
        cv2.fillPoly(plane, rings[first:end], 1)
    return mask


def check(name: str, errors_percent: dict[str, float]) -> None:
    """Stop when a side's volume is off by more than it is known to be."""
    if abs(errors_percent["rtvol"]) > 1e-3:
        raise SystemExit(f"{name}: coverage is {errors_percent['rtvol']:.5f} % off the contours")
    for peer in ("cv2", "rt_utils"):
        if abs(errors_percent[peer]) > KNOWN_ERROR_PERCENT[name]:
            raise SystemExit(f"{name}: {peer} is {errors_percent[peer]:.1f} % off the contours")


def one_structure(
    roi: Roi, grid: Grid, peer: RTStruct, *, turns: int
) -> tuple[dict[str, float], dict[str, float]]:
    """Seconds and volume errors (%, against the shoelace of the contours) of the three sides."""
    stack, _ = stack_planes(roi)
    pixel_mm2 = grid.spacing_mm[0] * grid.spacing_mm[1]
    pixels = sum(c.area_mm2 for c in roi.contours) / pixel_mm2
    painted = {
        "rtvol": float(cover(stack, grid).values.sum(dtype=np.float64)),
        "cv2": float(fill_poly(stack, grid).sum()),
        "rt_utils": float(peer.get_roi_mask_by_name(roi.name).sum()),
    }
    errors = {side: 100 * (count / pixels - 1) for side, count in painted.items()}
    check(roi.name, errors)
    from_stack: dict[str, Callable[[], object]] = {
        "rtvol": lambda: cover(stack, grid),
        "cv2": lambda: fill_poly(stack, grid),
    }
    from_roi: dict[str, Callable[[], object]] = {
        "rtvol from ROI": lambda: cover(stack_planes(roi)[0], grid),
        "rt_utils": lambda: peer.get_roi_mask_by_name(roi.name),
    }
    return take_turns(from_stack, 3 * turns) | take_turns(from_roi, turns), errors


def all_structures(rois: dict[str, Roi], grid: Grid, *, turns: int) -> dict[str, float]:
    """Seconds for all structures, rtvol and OpenCV."""
    stacks = [stack_planes(roi)[0] for roi in rois.values()]
    jobs: dict[str, Callable[[], object]] = {
        "rtvol": lambda: [cover(stack, grid) for stack in stacks],
        "cv2": lambda: [fill_poly(stack, grid) for stack in stacks],
    }
    return take_turns(jobs, turns)


def main() -> None:
    """Measure, print a table and, with --json, the document of the protocol."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--smoke", action="store_true")
    chosen = parser.parse_args()
    turns = 3 if chosen.smoke else 5
    grid = grid_of(smoke=chosen.smoke)
    rois = rois_on(grid, smoke=chosen.smoke)
    peer = rt_struct_of({name: rois[name] for name in KNOWN_ERROR_PERCENT}, grid)
    ratios: dict[str, float] = {}
    print(f"{'structure':12} {'side':15} {'ms':>9} {'x rtvol':>9} {'volume error %':>15}")
    for name in KNOWN_ERROR_PERCENT:
        seconds, errors = one_structure(rois[name], grid, peer, turns=turns)
        ours = {"cv2": "rtvol", "rt_utils": "rtvol from ROI"}
        for side, took in seconds.items():
            ratio = took / seconds[ours.get(side, side)]
            error = errors[side.removesuffix(" from ROI")]
            print(f"{name:12} {side:15} {1e3 * took:9.2f} {ratio:9.2f} {error:15.6f}")
            if side in ours:
                ratios[f"{name.replace(' ', '_')}_vs_{side}"] = round(ratio, 4)
    seconds = all_structures(rois, grid, turns=turns)
    ratios[f"{len(rois)}_rois_vs_cv2"] = round(seconds["cv2"] / seconds["rtvol"], 4)
    for side, took in seconds.items():
        print(f"{f'all {len(rois)}':12} {side:15} {1e3 * took:9.2f} {took / seconds['rtvol']:9.2f}")
    if chosen.json:
        print(json.dumps({"bench": "masks", "ratios": ratios}))


if __name__ == "__main__":
    main()
