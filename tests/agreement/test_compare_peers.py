"""`agree` beside SimpleITK and plastimatch on ever finer voxels: they come to what it says."""

from __future__ import annotations

import re
import subprocess
from typing import TYPE_CHECKING

import numpy as np
import pytest
import SimpleITK as sitk

from naive.surfaces import prisms_of
from ragged import ragged
from rtvol.solids.agreement import agree
from rtvol.solids.stack import stack_planes
from rtvol.structures import Contour, Roi

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from rtvol.solids.planes import PlaneStack


def drawings(seed: int) -> tuple[PlaneStack, PlaneStack]:
    roi = ragged(seed).roi()
    move = np.array([1.3, -0.9])
    rings = tuple(Contour(c.xy_mm * 1.04 + move, c.z_mm + 0.5) for c in roi.contours)
    return stack_planes(roi)[0], stack_planes(Roi("other", 2, "", rings))[0]


def mask(stack: PlaneStack, box: np.ndarray, step: float) -> sitk.Image:
    """Voxels whose centre lies in a slab, by shapely alone."""
    import shapely

    # no row of centres lies on a face of a slab
    x, y, z = (np.arange(low - 2 + 0.3717 * step, high + 2, step) for low, high in box)
    grid = np.stack(np.meshgrid(x, y), axis=-1)
    values = np.zeros((z.size, y.size, x.size), np.uint8)
    for low, high, region in prisms_of(stack):
        values[(z > low) & (z < high)] |= shapely.contains_xy(region, grid[..., 0], grid[..., 1])
    image = sitk.GetImageFromArray(values)
    image.SetSpacing((step, step, step))
    return image


def boxed(one: PlaneStack, other: PlaneStack) -> np.ndarray:
    both = np.array([one.bounds_mm, other.bounds_mm])
    return np.stack([both[..., 0].min(axis=0), both[..., 1].max(axis=0)], axis=1)


@pytest.mark.parametrize("seed", [1, 7])
def test_simpleitk_converges(seed: int) -> None:
    """Halved voxels bring Dice, mean and Hausdorff distance nearer, to within a voxel's part."""
    one, other = drawings(seed)
    found = agree(one, other, solid="slab")
    off = []
    for step in (1.0, 0.5, 0.25):
        masks = [mask(stack, boxed(one, other), step) for stack in (one, other)]
        overlap = sitk.LabelOverlapMeasuresImageFilter()
        overlap.Execute(*masks)
        apart = sitk.HausdorffDistanceImageFilter()
        apart.Execute(*masks)
        dice = overlap.GetDiceCoefficient()
        off.append((abs(dice - found.dice), abs(apart.GetHausdorffDistance() - found.largest_mm)))
    assert off[-1][0] < 2e-3
    assert off[-1][0] < off[0][0] + 1e-4
    assert off[-1][1] < 0.3  # it counts from centre to centre of voxels


def test_plastimatch_converges(require_tool: Callable[[str], Path], tmp_path: Path) -> None:
    one, other = drawings(11)
    found = agree(one, other, solid="slab")
    step = 0.25
    for name, stack in (("one", one), ("other", other)):
        sitk.WriteImage(mask(stack, boxed(one, other), step), tmp_path / f"{name}.mha")
    command = [require_tool("plastimatch"), "dice", "--all", tmp_path / "one.mha"]
    done = subprocess.run(
        [*command, tmp_path / "other.mha"], capture_output=True, text=True, check=True, timeout=120
    )
    said = {
        name.strip(): float(value)
        for name, value in re.findall(r"([A-Za-z0-9() .]+?)\s*[:=]\s*([\d.]+)", done.stdout)
    }
    assert said["DICE"] == pytest.approx(found.dice, abs=2e-3)
    hausdorff = next(value for name, value in said.items() if name == "Hausdorff distance")
    # from centre to centre of voxels
    assert hausdorff == pytest.approx(found.largest_mm, abs=2 * step)
