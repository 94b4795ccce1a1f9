"""Laws of exported files on ragged stacks: closed surfaces, voxel sums, each in its place.

What is exported is written to files and read from their bytes by another reader; the solid it is
held against is built here, of right prisms and polygons by shapely.
"""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pydicom
import pytest
import shapely
import SimpleITK as sitk
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from pydicom.uid import MRImageStorage, PositronEmissionTomographyImageStorage

import rtvol
from naive.small_ct import SmallCt, make_case, write_series
from naive.surfaces import prisms_of
from naive.triangles import boundary_of, triangles_of, winding_numbers
from naive.turns import quaternion_turn
from rtvol.errors import GeometryError
from rtvol.geometry import Grid, grid_frame
from rtvol.solids import stack_planes
from rtvol.structures import Contour, Roi

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType

    from numpy.typing import NDArray

    from rtvol.case import Case
    from rtvol.solids.reading import SolidName
    from rtvol.verbs.export import Format

FEW = settings(max_examples=1, phases=[Phase.generate], deadline=None)
SEEDS = st.integers(0, 10**6)
CT = SmallCt(spacing_mm=1.5, size=48, count=12)
#: Row and column of images: head first prone, feet first, and where no axis of the patient leads.
TURNED = quaternion_turn((0.9, 0.2, -0.4, 0.3))
LAID = {
    "HFS": ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0)),
    "HFP": ((-1.0, 0.0, 0.0), (0.0, -1.0, 0.0)),
    "FFS": ((-1.0, 0.0, 0.0), (0.0, 1.0, 0.0)),
    "oblique": (tuple(TURNED[0].tolist()), tuple(TURNED[1].tolist())),
}
SPACINGS = {"even": np.full(11, 3.0), "uneven": np.array([3, 3, 2, 4, 3, 1.5, 3, 5, 2, 3, 3])}


@dataclass(frozen=True, eq=False)
class Drawn:
    """A case on images that lie as asked, and one ragged region in it."""

    case: Case
    roi: Roi

    @property
    def grid(self) -> Grid:
        assert self.case.ct is not None
        return self.case.ct.grid

    @property
    def volume_cc(self) -> float:
        return sum((high - low) * area.area for low, high, area in self.prisms) / 1000

    @property
    def prisms(self) -> list[tuple[float, float, shapely.Geometry]]:
        stack, _ = stack_planes(self.roi, images_mm=self.case.planes_of(self.roi))
        found: list[tuple[float, float, shapely.Geometry]] = prisms_of(stack)
        return found


def ragged(seed: int, grid: Grid) -> tuple[Contour, ...]:
    """Stars with islands and holes on some planes, of other corners and places on each.

    A plane is left out now and then, and what lies on it need not meet what lies on the next.
    """
    rng = np.random.default_rng(seed)
    frame = grid_frame(grid)
    corner = np.array(grid.origin_mm)
    found = []
    for k in range(2, grid.shape[0] - 2):
        if k not in (4, 5) and rng.random() < 0.15:
            continue
        middle = corner + np.array(grid.normal) * grid.offsets_mm[k] + centre_of(grid)
        about = frame.from_patient(middle)
        parts = [(rng.uniform(-2, 2, 2), rng.uniform(8, 14))]
        if rng.random() < 0.5:
            parts.append((parts[0][0] + rng.uniform(-1, 1, 2), rng.uniform(2, 5)))
        if rng.random() < 0.4:
            parts.append((np.array([25.0, 0]) + rng.uniform(-2, 2, 2), rng.uniform(2, 6)))
        for shift, radius in parts:
            angle = np.sort(rng.uniform(0, 2 * np.pi / 40, 40) + 2 * np.pi * np.arange(40) / 40)
            size = radius * rng.uniform(0.8, 1.0, angle.size)
            ring = (
                about[:2] + shift + np.column_stack([np.cos(angle), np.sin(angle)]) * size[:, None]
            )
            found.append(Contour(ring, float(about[2])))
    return tuple(found)


def centre_of(grid: Grid) -> NDArray[np.float64]:
    (down, along), (rows, columns) = grid.spacing_mm, grid.shape_ji
    across = np.array(grid.row) * along * (columns - 1) + np.array(grid.column) * down * (rows - 1)
    return across / 2


def drawn(seed: int, laid: str, spacing: str = "even", folder: Path = Path("none")) -> Drawn:
    """Lay the small CT as asked, with its files where a folder is given, and draw in it."""
    case = make_case(CT, folder)
    assert case.ct is not None
    row, column = LAID[laid]
    offsets = np.concatenate([[0.0], np.cumsum(SPACINGS[spacing])])
    grid = replace(case.ct.grid, origin_mm=(11.0, -42.0, 87.0), row=row, column=column,
                   offsets_mm=offsets)  # fmt: skip
    images = replace(case.ct, grid=grid)
    roi = Roi("GTV", 1, "GTV", ragged(seed, grid), frame=grid_frame(grid))
    structures = replace(case.structures, rois=(roi,))
    if folder.is_dir():
        write_series(CT, folder)
        for k, path in enumerate(sorted(folder.glob("ct*"), key=lambda one: int(one.stem[2:]))):
            image = pydicom.dcmread(path)
            image.ImageOrientationPatient = [*row, *column]
            place = np.array(grid.origin_mm) + np.array(grid.normal) * offsets[k]
            image.ImagePositionPatient = [round(value, 9) for value in place.tolist()]
            image.save_as(path)
    return Drawn(replace(case, structures=structures, ct=images, images=(images,)), roi)


@pytest.mark.parametrize("laid_spacing", ["HFS even", "HFP uneven", "oblique uneven"])
@pytest.mark.parametrize("solid", ["slab", "loft"])
@FEW
@given(seed=SEEDS)
def test_surfaces_are_closed_turned_outwards_and_hold_the_solid(
    laid_spacing: str, solid: SolidName, seed: int
) -> None:
    one = drawn(seed, *laid_spacing.split())
    with tempfile.TemporaryDirectory() as name:
        form: Format = "obj" if seed % 2 else "stl"
        files = rtvol.export(one.case, Path(name) / form, form, solid=solid)
        (row,) = files.result.structures
        triangles = triangles_of(files["GTV"])
    assert boundary_of(triangles) == []
    assert row.volume.written_cc == pytest.approx(volume_cc(triangles), rel=1e-5)
    assert volume_cc(triangles) == pytest.approx(row.volume.cc, rel=5e-3)
    if solid == "slab":
        assert row.volume.cc == pytest.approx(one.volume_cc, rel=1e-6)
        check_places(one, triangles)


def volume_cc(triangles: NDArray[np.float64]) -> float:
    a, b, c = (triangles[:, n] - triangles.mean(axis=(0, 1)) for n in range(3))
    return float(np.einsum("nc,nc->", a, np.cross(b, c))) / 6000


def check_places(one: Drawn, triangles: NDArray[np.float64]) -> None:
    """Points well inside the prisms are gone round once, points well outside not at all."""
    rng, prisms = np.random.default_rng(1), one.prisms
    low = np.array([*np.min([p[2].bounds[:2] for p in prisms], axis=0), prisms[0][0]]) - 4
    high = np.array([*np.max([p[2].bounds[2:] for p in prisms], axis=0), prisms[-1][1]]) + 4
    inside = []
    kept = []
    for point in rng.uniform(low, high, (300, 3)):
        flat, z = shapely.Point(point[:2]), point[2]
        near = [p for p in prisms if p[0] - 0.8 < z < p[1] + 0.8]
        if any(p[2].boundary.distance(flat) < 0.8 for p in near):
            continue
        holds = {p[2].contains(flat) for p in near}
        faced = any(abs(z - face) < 0.8 for p in near for face in p[:2])
        if len(holds) > 1 or (faced and holds == {True} and not is_deep(prisms, z)):
            continue
        kept.append(point)
        inside.append(holds == {True})
    found = winding_numbers(one.roi.frame.to_patient(np.array(kept)), triangles)
    assert sum(inside) > 5
    assert found == pytest.approx(np.array(inside, float), abs=1e-3)


def is_deep(prisms: list[tuple[float, float, shapely.Geometry]], z: float) -> bool:
    """Whether slabs meet around z: no level face of an end or a gap lies near."""
    return all(any(p[0] <= z + d <= p[1] for p in prisms) for d in (-0.8, -0.4, 0.0, 0.4, 0.8))


def indices_of(grid: Grid, roi: Roi, area: shapely.Geometry, z: float) -> shapely.Geometry:
    """An area on a plane as numbers of voxels (i, j), by the vectors of the images."""

    def flat(xy: NDArray[np.float64]) -> NDArray[np.float64]:
        off = roi.frame.to_patient(np.column_stack([xy, np.full(len(xy), z)]))
        off = off - np.array(grid.origin_mm)
        return np.column_stack([off @ np.array(grid.row), off @ np.array(grid.column)]) / 1.5

    return shapely.transform(area, flat)


def half_layers(one: Drawn) -> list[tuple[float, float, int]]:
    """Of each slab: its place along the normal, its own volume, voxels, and voxels it cuts."""
    rows, columns = one.grid.shape_ji
    j, i = (part.ravel() for part in np.indices((rows, columns)))
    voxels = shapely.STRtree(shapely.box(i - 0.5, j - 0.5, i + 0.5, j + 0.5))
    found = []
    for low, high, area in one.prisms:
        flat = indices_of(one.grid, one.roi, area, (low + high) / 2)
        cut = np.unique(voxels.query(flat.boundary, predicate="intersects"))
        found.append((high - low, flat.area, cut.size))
    return found


@pytest.mark.parametrize("laid", LAID)
@pytest.mark.parametrize("form", ["nifti", "nrrd", "seg"])
@FEW
@given(seed=SEEDS)
def test_sums_of_voxels_are_the_volume_within_half_a_layer(
    laid: str, form: Format, seed: int, require_module: Callable[[str], ModuleType]
) -> None:
    hd = require_module("highdicom")
    with tempfile.TemporaryDirectory() as name:
        (Path(name) / "in").mkdir()
        one = drawn(seed, laid, folder=Path(name) / "in")
        sums = {}
        for fractional in (False, True):
            out = Path(name) / f"out{fractional:d}"
            files = rtvol.export(one.case, out, form, fractional=fractional)
            (row,) = files.result.structures
            sums[fractional], voxel_mm3, middle = read_back(files["GTV"], hd)
            assert voxel_mm3 == pytest.approx(1.5 * 1.5 * 3.0, rel=1e-5)
            assert row.volume.written_cc == pytest.approx(sums[fractional] * voxel_mm3 / 1000,
                                                          rel=1e-5)  # fmt: skip
            assert np.abs(middle - centroid(one)).max() < 0.3
        layers = half_layers(one)
        exact = sum(thick / 3.0 * area for thick, area, _ in layers)
        cut = sum(count for *_, count in layers)
        # a slab beside a gap is thicker than the voxels of its plane
        assert abs(sums[False] - exact) <= cut / 2 + 1e-6
        assert sums[True] == pytest.approx(exact, abs=cut / 510 + 1e-4 * exact)


@pytest.mark.parametrize("modality", ["MR", "PT"])
@pytest.mark.parametrize("laid", ["HFS", "oblique"])
def test_a_seg_of_mr_and_pet_lies_where_the_region_does(
    tmp_path: Path, modality: str, laid: str, require_module: Callable[[str], ModuleType]
) -> None:
    """By SimpleITK too: a region without gaps has a frame on each of its planes."""
    hd = require_module("highdicom")
    one = drawn(3, laid, folder=tmp_path)
    sop_class = {"MR": MRImageStorage, "PT": PositronEmissionTomographyImageStorage}[modality]
    for path in tmp_path.glob("ct*"):
        image = pydicom.dcmread(path)
        image.Modality, image.SOPClassUID = modality, sop_class
        image.file_meta.MediaStorageSOPClassUID = sop_class
        image.save_as(path)
    assert one.case.ct is not None
    slices = tuple(replace(image, sop_class_uid=str(sop_class)) for image in one.case.ct.slices)
    images = replace(one.case.ct, modality=modality, slices=slices)
    ring = Contour(one.roi.contours[0].xy_mm.copy(), one.roi.contours[0].z_mm)
    way = one.roi.contours[0].z_mm
    roi = replace(one.roi, contours=tuple(replace(ring, z_mm=way + 3.0 * k) for k in range(5)))
    structures = replace(one.case.structures, rois=(roi,))
    one = Drawn(replace(one.case, structures=structures, ct=images, images=(images,)), roi)
    files = rtvol.export(one.case, tmp_path / "out", "seg", fractional=False)
    (row,) = files.result.structures
    voxels, voxel_mm3, middle = read_back(files["GTV"], hd)
    assert voxels * voxel_mm3 / 1000 == pytest.approx(row.volume.written_cc, rel=1e-5)
    assert row.volume.written_cc == pytest.approx(one.volume_cc, rel=0.03)
    assert np.abs(middle - centroid(one)).max() < 0.3
    image = sitk.ReadImage(str(files["GTV"]))
    shape = sitk.LabelShapeStatisticsImageFilter()
    shape.Execute(sitk.Cast(image > 0, sitk.sitkUInt8))
    assert np.abs(np.array(shape.GetCentroid(1)) - centroid(one)).max() < 0.3
    data = pydicom.dcmread(files["GTV"])
    (series,) = data.ReferencedSeriesSequence
    assert {ref.ReferencedSOPClassUID for ref in series.ReferencedInstanceSequence} == {sop_class}


def read_back(path: Path, hd: ModuleType) -> tuple[float, float, NDArray[np.float64]]:
    """Sum of the voxels, the volume of one, mm3, and the centre of mass, LPS mm.

    By highdicom for a segmentation, which has no frames where there is nothing; SimpleITK else.
    """
    if path.suffix == ".dcm":
        volume = hd.seg.segread(path).get_volume(combine_segments=False)
        values, affine = volume.array[..., 0].astype(float), volume.affine
        edges = volume.spacing
    else:
        image = sitk.ReadImage(str(path))
        values, edges = sitk.GetArrayFromImage(image).astype(float).T, image.GetSpacing()
        axes = [image.TransformIndexToPhysicalPoint(i) for i in np.eye(3, dtype=int).tolist()]
        affine = np.eye(4)
        affine[:3, 3] = image.GetOrigin()
        affine[:3, :3] = (np.array(axes) - image.GetOrigin()).T
    middle = np.average(np.argwhere(values), axis=0, weights=values[values != 0])
    place: NDArray[np.float64] = (affine @ [*middle, 1])[:3]
    return float(values.sum()), float(np.prod(edges)), place


def centroid(one: Drawn) -> NDArray[np.float64]:
    total, moment = 0.0, np.zeros(3)
    for low, high, area in one.prisms:
        weight = (high - low) * area.area
        middle = np.array([area.centroid.x, area.centroid.y, (low + high) / 2])
        moment, total = moment + weight * middle, total + weight
    return one.roi.frame.to_patient((moment / total)[None])[0]


@pytest.mark.parametrize("form", ["nifti", "nrrd"])
def test_no_mask_of_uneven_planes_is_written_as_if_they_were_even(
    tmp_path: Path, form: Format
) -> None:
    one = drawn(3, "oblique", "uneven")
    with pytest.raises(GeometryError) as caught:
        rtvol.export(one.case, tmp_path / "out", form)
    assert caught.value.finding.code == "irregular-planes"
    assert not list(tmp_path.rglob("GTV*"))
