"""Sets on turned planes, and masks of them, in other readers: conformant, and in the same place."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import numpy as np
import pytest

from rtvol import io
from rtvol.frames import PlaneFrame, Rigid
from rtvol.margins import TargetRecipe, parse_margin
from rtvol.phantoms import WriteOptions, write_case
from rtvol.phantoms.liver import one_lesion
from rtvol.verbs.expand import ExpandJob, expand_read

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from types import ModuleType

    from numpy.typing import NDArray

RECIPE = TargetRecipe(parse_margin("2"), parse_margin("4"))
SHIFT = (12.0, -34.0, 56.0)
FRAMES = {
    "sagittal": PlaneFrame.along((0, 1, 0), (0, 0, -1)),
    "tilted": PlaneFrame.around((0, -0.34, 0.94)),
    "oblique": PlaneFrame.along((0.6, 0.64, 0.48), (-0.8, 0.48, 0.36)),
}


@pytest.mark.parametrize("name", FRAMES)
def test_written_sets_and_masks_are_where_they_belong(
    tmp_path: Path,
    name: str,
    require_tool: Callable[..., Path],
    require_module: Callable[[str], ModuleType],
) -> None:
    sitk = require_module("SimpleITK")
    dciodvfy = require_tool("dciodvfy")
    motion = Rigid.of(FRAMES[name].axes.T, SHIFT)
    world, _ = one_lesion()
    truth = write_case(tmp_path / "in", world, options=WriteOptions(motion=motion))
    (files,) = io.find([tmp_path / "in"]).cases
    folders = {files.name: tmp_path / "out"}
    job = ExpandJob(RECIPE, folders=folders, write=("rtstruct", "nifti"))
    _, targets = expand_read(io.read_case(files), job)
    (written,) = (tmp_path / "out").rglob("*.dcm")
    checked = subprocess.run(
        [str(dciodvfy), str(written)], capture_output=True, text=True, check=False
    )
    assert [line for line in checked.stderr.splitlines() if line.startswith("Error")] == []
    centre = motion.points(np.array(truth["structures"]["GTV"]["centre_mm"]))
    for one in targets.structures:
        (path,) = (tmp_path / "out").rglob(f"{one.name.split('^')[0]}.nii.gz")
        image = sitk.ReadImage(str(path))
        shape = sitk.LabelShapeStatisticsImageFilter()
        shape.Execute(sitk.Cast(image, sitk.sitkUInt8))
        assert shape.GetPhysicalSize(1) / 1000 == pytest.approx(one.written_volume_cc, rel=0.02)
        assert np.array(shape.GetCentroid(1)) == pytest.approx(centre, abs=0.3)
        assert np.array(image.GetDirection()).reshape(3, 3)[:, 2] == pytest.approx(
            FRAMES[name].normal, abs=1e-5
        )


def test_plastimatch_and_rt_utils_see_the_volumes_of_turned_sets(
    tmp_path: Path, require_tool: Callable[..., Path], require_module: Callable[[str], ModuleType]
) -> None:
    """What `rtvol expand` writes on oblique planes is read by both in its place.

    plastimatch to half a layer of boundary voxels; rt-utils to a whole one and always above, for
    it counts the pixels that the line runs through as inside.
    """
    sitk, rt_utils = require_module("SimpleITK"), require_module("rt_utils")
    motion = Rigid.of(FRAMES["oblique"].axes.T, SHIFT)
    world, _ = one_lesion()
    truth = write_case(tmp_path / "in", world, options=WriteOptions(motion=motion, decimals=6))
    (files,) = io.find([tmp_path / "in"]).cases
    job = ExpandJob(RECIPE, folders={files.name: tmp_path / "out"}, write=("rtstruct",))
    _, targets = expand_read(io.read_case(files), job)
    (written,) = (tmp_path / "out").rglob("*.dcm")
    (tmp_path / "ct").mkdir()
    for path in (tmp_path / "in").glob("CT*"):
        (tmp_path / "ct" / path.name).write_bytes(path.read_bytes())
    command = [require_tool("plastimatch"), "convert", "--input", written]
    command += ["--referenced-ct", tmp_path / "ct", "--output-prefix", tmp_path / "masks"]
    done = subprocess.run(
        [*command, "--prefix-format", "nrrd"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    peer = rt_utils.RTStructBuilder.create_from(str(tmp_path / "ct"), str(written))
    centre = motion.points(np.array(truth["structures"]["GTV"]["centre_mm"]))
    for one in targets.structures:
        (path,) = (tmp_path / "masks").glob(f"{one.name}.nrrd")
        image = sitk.ReadImage(str(path))
        voxel_cc = float(np.prod(image.GetSpacing())) / 1000
        filled = sitk.GetArrayFromImage(image) > 0
        shape = sitk.LabelShapeStatisticsImageFilter()
        shape.Execute(sitk.Cast(image > 0, sitk.sitkUInt8))
        assert np.array(shape.GetCentroid(1)) == pytest.approx(centre, abs=1.0)
        layer_cc = edge_count(filled) * voxel_cc
        assert abs(filled.sum() * voxel_cc - one.written_volume_cc) < layer_cc / 2
        drawn = peer.get_roi_mask_by_name(one.name)
        over = drawn.sum() * voxel_cc - one.written_volume_cc
        assert 0 < over < layer_cc


def edge_count(filled: NDArray[np.bool_]) -> int:
    """Voxels of a mask (k, j, i) with a neighbour in plane outside."""
    inner = filled.copy()
    for axis in (1, 2):
        for step in (-1, 1):
            inner &= np.roll(filled, step, axis)
    return int((filled & ~inner).sum())
