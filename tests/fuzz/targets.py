"""What is fuzzed: for each target its seeds, how they are spoilt, and what must hold.

A check may refuse its input with an error of rtvol's own; whatever else is raised is a fault. What
rtvol accepts must be what a slow, plain reader (tests/naive) makes of the same bytes.
"""

from __future__ import annotations

import importlib.util
import io
import tempfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from fuzz import cohort
from fuzz.mutate import mutate
from naive import elements as twin
from naive import export, reader
from rtvol.errors import RtvolError
from rtvol.io import elements, find, read_case, read_dose, read_dose_source, tags
from rtvol.io.rtstruct import read_structures
from rtvol.solids.stack import stack_planes
from rtvol.solids.volume import slab_volume_cc

if TYPE_CHECKING:
    import random
    from collections.abc import Callable

    from pydicom.dataset import Dataset

    from rtvol.structures import Roi

#: Parts the files of a folder in one input.
NEXT_FILE = b"\n--next-file--\n"
#: The exact twin is asked about structures no larger than this.
TWIN_EDGES, TWIN_REACH_MM = 80, 1e5
LONE_MM = 2.5


@dataclass(frozen=True)
class Target:
    """One thing to be fuzzed."""

    check: Callable[[bytes], None]
    seeds: Callable[[], list[bytes]]
    spoil: Callable[[bytes, random.Random], bytes]


@cache
def _desk() -> Path:
    """Folder for the files the readers are given; gone at the end of the process."""
    folder = tempfile.TemporaryDirectory(prefix="rtvol-fuzz-")
    _KEPT.append(folder)
    return Path(folder.name)


_KEPT: list[tempfile.TemporaryDirectory[str]] = []


def _file(data: bytes) -> Path:
    path = _desk() / "one.dcm"
    path.write_bytes(data)
    return path


def _bytes_of(*datasets: Dataset, syntax: str = export.ExplicitVRLittleEndian) -> list[bytes]:
    return [export.save(one, _desk() / "seed.dcm", syntax).read_bytes() for one in datasets]


def _small_structures() -> Dataset:
    """A target with a hole, an island and a gap; an organ; a point."""
    planes = [5.0, 7.5, 10.0, 20.0]
    target = [export.contour(export.square(z, half)) for z in planes for half in (9.0, 5.0, 2.0)]
    organ = [export.contour(export.square(z, 6.0, (7.0, 1.0)), k) for k, z in enumerate(planes)]
    marker = [export.contour([1.0, 2.0, 3.0], kind="POINT")]
    return export.structure_set({"GTV": target, "Liver": organ, "ISO": marker})


@cache
def structure_seeds() -> list[bytes]:
    plain = _small_structures()
    found = _bytes_of(plain, export.structure_set())
    found += _bytes_of(export.undefined_lengths(_small_structures()))
    return found + _bytes_of(_small_structures(), syntax="1.2.840.10008.1.2")


@cache
def dose_seeds() -> list[bytes]:
    down, absolute, short = export.dose(count=3), export.dose(count=3), export.dose(count=2)
    down.GridFrameOffsetVector = [0.0, -3.0, -7.0]
    absolute.GridFrameOffsetVector = [4.0, 7.0, 10.0]
    turned = export.dose(count=3)
    turned.ImageOrientationPatient = [-1, 0, 0, 0, -1, 0]
    short.BitsAllocated, short.BitsStored, short.HighBit = 16, 12, 11
    short.PixelData = (np.arange(48) * 80).astype("<u2").tobytes()
    found = _bytes_of(export.dose(), down, absolute, turned, short)
    short.compress("1.2.840.10008.1.2.5", encoding_plugin="pydicom", generate_instance_uid=False)
    return found + _bytes_of(short, syntax="1.2.840.10008.1.2.5")


@cache
def folder_seeds() -> list[bytes]:
    whole = _bytes_of(*export.ct(3), export.structure_set(), export.dose(count=2), export.plan())
    alone = _bytes_of(export.structure_set(), export.structure_set(number="51"))
    return [NEXT_FILE.join(whole), NEXT_FILE.join(alone), NEXT_FILE.join(whole[:4] + alone)]


def spoil_folder(data: bytes, dice: random.Random) -> bytes:
    """Spoil one or two files of a folder; now and then lose or double one."""
    files = data.split(NEXT_FILE)
    for _ in range(dice.choice([1, 1, 2])):
        at = dice.randrange(len(files))
        way = dice.random()
        if way < 0.8:
            files[at] = mutate(files[at], dice)
        elif way < 0.9 and len(files) > 1:
            del files[at]
        elif len(files) < 12:
            files.append(files[at])
    return NEXT_FILE.join(files)


def check_scan(data: bytes) -> None:
    """A folder: every structure set found is a case with a name of its own, read or refused."""
    folder = _desk() / "folder"
    folder.mkdir(exist_ok=True)
    for old in folder.iterdir():
        old.unlink()
    parts = data.split(NEXT_FILE)
    for number, part in enumerate(parts):
        (folder / f"{number}.dcm").write_bytes(part)
    try:
        found = find([folder])
    except RtvolError as error:
        is_empty = error.finding.code in {"no-dicom", "no-rtstruct"}
        if not is_empty:  # one bad file never stops a tree
            raise AssertionError(error.finding) from error
        return
    names = [case.name for case in found.cases]
    assert len(set(names)) == len(names)
    assert all(name.isprintable() for name in names)
    assert found.dicom_count <= found.file_count == len(parts)
    for files in found.cases:
        try:
            case = read_case(files)
        except RtvolError:
            continue
        for roi in case.structures.rois:
            assert all(np.isfinite(contour.xy_mm).all() for contour in roi.contours)


def _same_tree(node: elements.Node, data: bytes, expected: list[twin.Element]) -> None:
    wanted = {element.tag: element.value for element in expected}
    assert list(node) == list(wanted)
    for tag, value in node.items():
        other = wanted[tag]
        if isinstance(value, list):
            assert isinstance(other, list)
            assert len(value) == len(other)
            for one, item in zip(value, other, strict=True):
                _same_tree(one, data, item)
        elif tag != tags.PIXEL_DATA:
            assert data[slice(*value)] == other


def check_elements(data: bytes) -> None:
    """Bytes: what the walker accepts is what the plain one finds, in one go or head first."""
    whole = elements.parse(data, into=tags.STRUCTURES)
    stream = io.BytesIO(data)
    by_head = elements.load_open(stream, stream.read(256), into=tags.STRUCTURES)  # type: ignore[arg-type]
    assert by_head.node == whole.node
    assert (by_head.fault is None) == (whole.fault is None)
    if whole.fault is not None:
        assert whole.fault.finding.code
    elif whole.transfer_syntax != elements.DEFLATED:
        syntax, expected = twin.read_file(data, tags.STRUCTURES)
        assert syntax == whole.transfer_syntax
        _same_tree(whole.node, data, expected)


def check_contours(data: bytes) -> None:
    """A structure set: its rings are those of the file, its volumes those of exact fractions."""
    try:
        read = read_structures(_file(data))
    except RtvolError:
        return
    if read.header.source.transfer_syntax == elements.DEFLATED or read.header.source.coding.big:
        return
    is_loose = any("ReferencedROINumber" in finding.where for finding in read.findings)
    is_in_one_frame = all(finding.code != "frame-mismatch" for finding in read.findings)
    for roi in read.structures.rois:
        # a region refused by name, and contours that are said to be of none, give no number
        if is_in_one_frame and not is_loose and roi.refusal is None:
            _same_rings(roi, reader.closed_rings(data, roi.number))
        _same_volume(roi)


def _same_rings(roi: Roi, expected: list[reader.Ring]) -> None:
    """Each ring of the file is used as it is, or encloses nothing, or is not closed."""
    used = list(roi.contours)
    for ring in expected:
        if used and used[0].z_mm == ring.z and used[0].xy_mm.tolist() == ring.points:
            used.pop(0)
            continue
        corners = np.array(ring.points or [(0.0, 0.0)])
        reach = float(np.ptp(corners, axis=0).max())
        narrow = 0.0
        if len(ring.points) > 2:
            flat = corners - corners.mean(axis=0)
            narrow = float(np.linalg.svd(flat / (reach or 1.0), compute_uv=False)[-1] * reach)
        assert narrow <= 1e-3 * len(corners) + 1e-9 * np.abs(corners).max(), "a ring is lost"
    assert not used


def _same_volume(roi: Roi) -> None:
    try:
        stack, _ = stack_planes(roi, spacing_mm=LONE_MM)
    except RtvolError:
        return
    volume_cc = slab_volume_cc(stack)
    assert np.isfinite(volume_cc)
    assert volume_cc >= 0
    reach = float(np.abs(stack.xy_mm).max())
    if len(stack.xy_mm) > TWIN_EDGES or reach > TWIN_REACH_MM:
        return
    rings = [(c.z_mm, [(x, y) for x, y in c.xy_mm.tolist()]) for c in roi.contours]
    expected = reader.slab_volume_cc(rings, LONE_MM)
    size = sum(float(np.ptp(c.xy_mm, axis=0).prod()) for c in roi.contours)
    doubt = 1e-12 * reach**2 * len(rings) + 1e-9 * size
    assert abs(volume_cc - expected) <= 1e-9 * expected + doubt * stack.thickness_mm.max() / 1000


def check_dose(data: bytes) -> None:
    """A dose: every sample is where the plain reader puts it, and as high."""
    try:
        source, _ = read_dose_source(_file(data))
        dose = read_dose(source)
    except RtvolError:
        return
    assert np.isfinite(dose.values_gy).all()
    assert dose.values_gy.min() >= 0
    whole = elements.parse(data, into=frozenset())
    if whole.transfer_syntax not in elements.NATIVE - {elements.DEFLATED} or whole.coding.big:
        return
    if dose.values_gy.size > 2000:
        return
    expected = reader.dose_samples(data)
    assert len(expected) == dose.values_gy.size
    points = np.array([point for point, _ in expected])
    local = dose.grid.to_plane_frame(points)
    k = np.abs(local[:, 2:] - dose.grid.offsets_mm).argmin(axis=1)
    i, j = np.rint(local[:, 0]).astype(int), np.rint(local[:, 1]).astype(int)
    slack = 1e-4 + 1e-9 * np.abs(points).max()
    assert np.abs(local[:, 2] - dose.grid.offsets_mm[k]).max() <= slack
    gy = np.array([value for _, value in expected])
    assert np.allclose(dose.values_gy[k, j, i], gy, rtol=1e-6, atol=1e-30)


def check_cohort(data: bytes) -> None:
    """Outcome tables (see `fuzz.cohort`)."""
    folder = _desk() / "cohort"
    folder.mkdir(exist_ok=True)
    cohort.check(data, folder)


def targets() -> dict[str, Target]:
    """All targets that can run here, by name."""
    found = {
        "scan": Target(check_scan, folder_seeds, spoil_folder),
        "elements": Target(check_elements, structure_seeds, mutate),
        "contours": Target(check_contours, structure_seeds, mutate),
        "dose": Target(check_dose, dose_seeds, mutate),
    }
    if importlib.util.find_spec("rtvol.outcomes") is not None:
        found["cohort"] = Target(check_cohort, cohort.seeds, cohort.spoil)
    return found
