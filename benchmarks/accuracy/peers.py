"""What scripts use today, on the same contours: a mask on the CT's voxels and a distance map.

Masks: `centre` takes the voxels whose centres lie inside (exact coverage is not needed for that);
`fill` rounds the corners to pixels and fills them, edge included, as rt-utils does.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import edt
import numpy as np
import SimpleITK as sitk
from scipy import ndimage

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from cases import Case
    from rtvol.structures import Roi

    Mask = NDArray[np.bool_]

PIXEL_MM = 0.977
#: Half the side of the peers' images, mm.
HALF_MM = 36.0
OPERATIONS = ("grow 2", "grow 4", "2 then 4", "clip box 0", "clip box 2", "shrink 2")


def mask_of(roi: Roi, case: Case, *, fill: bool) -> Mask:
    """Boolean mask on the CT planes near the shape, pixels of 0.977 mm."""
    count = int(HALF_MM / PIXEL_MM)
    axis = np.arange(-count, count + 1) * PIXEL_MM
    planes = case.planes_mm
    mask = np.zeros((planes.size, axis.size, axis.size), np.uint8)
    rings: dict[int, list[NDArray[np.float64]]] = {}
    for contour in roi.contours:
        k = int(np.argmin(abs(planes - contour.z_mm)))
        rings.setdefault(k, []).append((contour.xy_mm - axis[0]) / PIXEL_MM)
    for k, pixels in rings.items():
        if fill:  # all polygons of a plane in one call, as rt-utils does
            cv2.fillPoly(mask[k], [np.rint(ring).astype(np.int32) for ring in pixels], 1)
        else:
            for ring in pixels:
                mask[k] ^= _centres_inside(ring, axis.size)
    return mask.astype(bool)


def _centres_inside(pixels: NDArray[np.float64], size: int) -> NDArray[np.uint8]:
    toggles = np.zeros((size, size + 1), np.uint8)
    for a, b in zip(pixels, np.roll(pixels, -1, axis=0), strict=True):
        low, high = (a, b) if a[1] <= b[1] else (b, a)
        rows = np.arange(max(int(np.ceil(low[1])), 0), min(int(np.ceil(high[1])), size))
        x = low[0] + (high[0] - low[0]) * (rows - low[1]) / max(high[1] - low[1], 1e-12)
        np.add.at(toggles, (rows, np.clip(np.ceil(x).astype(int), 0, size)), 1)
    return (np.cumsum(toggles, axis=1)[:, :size] % 2).astype(np.uint8)


def grow_by(name: str, spacing: tuple[float, float, float]) -> Callable[[Mask, float], Mask]:
    """How a peer grows a mask by some mm."""
    ways: dict[str, Callable[[Mask, float], Mask]] = {
        "scipy": lambda m, r: ndimage.distance_transform_edt(~m, sampling=spacing) <= r,
        "edt": lambda m, r: edt.edt(~m, anisotropy=spacing, parallel=1) <= r,
        "maurer": lambda m, r: _maurer(m, spacing) <= r,
        "dilate": lambda m, r: _dilate(m, r, spacing),
        "plastimatch": lambda m, r: _plastimatch(m, spacing) <= r,
    }
    return ways[name]


def volumes_cc(case: Case, peer: str, *, fill: bool) -> dict[str, float]:
    """Volume, cc, of each operation a peer can do; masks are cut into voxels at each step."""
    spacing = (case.spacing_mm, PIXEL_MM, PIXEL_MM)
    voxel_cc = float(np.prod(spacing)) / 1000
    grow = grow_by(peer, spacing)
    mask, organ = mask_of(case.roi(), case, fill=fill), mask_of(case.organ("box"), case, fill=fill)
    two = grow(mask, 2.0)
    both = grow(two, 4.0)
    found = {
        "grow 2": two,
        "grow 4": grow(mask, 4.0),
        "2 then 4": both,
        "clip box 0": both & ~organ,
        "clip box 2": both & ~grow(organ, 2.0),
        "shrink 2": ~grow(~mask, 2.0),
    }
    return {operation: float(m.sum()) * voxel_cc for operation, m in found.items()}


def _image(mask: Mask, spacing: tuple[float, float, float]) -> sitk.Image:
    image = sitk.GetImageFromArray(mask.astype(np.uint8))
    image.SetSpacing(spacing[::-1])
    return image


def _maurer(mask: Mask, spacing: tuple[float, float, float]) -> NDArray[np.float32]:
    distance = sitk.SignedMaurerDistanceMap(
        _image(mask, spacing), insideIsPositive=False, squaredDistance=False, useImageSpacing=True
    )
    return sitk.GetArrayFromImage(distance)


def _dilate(mask: Mask, radius: float, spacing: tuple[float, float, float]) -> Mask:
    voxels = [round(radius / s) for s in spacing[::-1]]
    return sitk.GetArrayFromImage(sitk.BinaryDilate(_image(mask, spacing), voxels)) > 0


def _plastimatch(mask: Mask, spacing: tuple[float, float, float]) -> NDArray[np.float32]:
    program = Path(sys.executable).with_name("plastimatch")
    with tempfile.TemporaryDirectory() as folder:
        given, made = f"{folder}/mask.mha", f"{folder}/map.mha"
        sitk.WriteImage(_image(mask, spacing), given)
        call = [str(program), "dmap", "--algorithm", "maurer", "--input", given, "--output", made]
        subprocess.run(call, check=True, capture_output=True)
        return sitk.GetArrayFromImage(sitk.ReadImage(made))
