"""RTSTRUCT, RTDOSE and CT cut at every 64th byte: a named error, or the true numbers."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from faults.export import make_export, phantom, stack_cc
from rtvol.errors import InputError
from rtvol.io import find, read_case, read_dose
from rtvol.phantoms import Box, Sphere, VoxelLattice, WriteOptions
from rtvol.solids import slab_volume_cc, stack_planes

if TYPE_CHECKING:
    from pathlib import Path

    from rtvol.case import Case

STEP = 64
GTV = Sphere((0.0, 0.0, 0.0), 9.0)
CT = VoxelLattice.around((0.0, 0.0, 0.0), (40.0, 36.0, 21.0), (4.0, 4.0, 3.0))
SMALL = replace(
    phantom(gtv=GTV),
    ct=CT,
    dose_lattice=VoxelLattice.around((0.0, 0.0, 0.0), (40.0, 36.0, 21.0), (4.0, 4.0, 3.0)),
)
SMALL = replace(
    SMALL,
    organs=(
        replace(SMALL.organs[0], solid=Box((0.0, 0.0, 0.0), (36.0, 32.0, 18.0))),
        replace(SMALL.organs[1], solid=Sphere((0.0, 0.0, 0.0), 10.0), points=24),
        replace(SMALL.organs[2], points=48),
    ),
)
#: What a cut file may be called; an object whose first bytes are gone is not DICOM, or not found.
NAMED = {
    "truncated-file",
    "truncated-pixels",
    "pixel-length-mismatch",
    "bad-encoding",
    "no-rtstruct",
}
NAMED |= {"no-dicom", "no-rois", "bad-number", "dose-no-units", "dose-no-scaling"}
#: Cut just between two elements, what is left reads well and lacks what it must have.
NAMED |= {"patient-mismatch", "frame-mismatch", "ct-no-position", "ct-no-orientation"}
NAMED |= {"ct-no-spacing", "dose-no-position", "dose-no-orientation", "dose-no-spacing"}
#: How the files of a case are encoded: sequences with lengths, with delimiters, and implicit.
CODINGS = {
    "explicit": WriteOptions(),
    "delimited": WriteOptions(undefined_lengths=True),
    "implicit": WriteOptions(transfer="implicit"),
    "deflated": WriteOptions(transfer="deflated"),
}


def volume_cc(case: Case) -> float:
    (gtv,) = (roi for roi in case.structures.rois if roi.name == "GTV")
    return slab_volume_cc(stack_planes(gtv, spacing_mm=3.0)[0])


def read_or_name(path: Path) -> Case | None:
    """Read the one case below a path; None when it is refused by a name that fits."""
    with suppress(InputError):
        return read_case(find([path]).cases[0])
    with pytest.raises(InputError) as refused:
        read_case(find([path]).cases[0])
    assert refused.value.finding.code in NAMED
    return None


@pytest.fixture(params=CODINGS)
def folder(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    export = make_export("truncation", case=SMALL, options=CODINGS[request.param])
    return export.write(tmp_path / request.param)


def cuts(path: Path) -> list[bytes]:
    data = path.read_bytes()
    return [data[:stop] for stop in range(0, len(data), STEP)]


def test_a_cut_structure_set(folder: Path) -> None:
    path = folder / "RS.dcm"
    whole = volume_cc(read_case(find([folder]).cases[0]))
    assert whole == pytest.approx(stack_cc(GTV, CT.planes_mm), rel=1e-3)
    for data in cuts(path):
        path.write_bytes(data)
        case = read_or_name(path)
        assert case is None or volume_cc(case) == whole, len(data)


def test_a_cut_dose(folder: Path) -> None:
    path = folder / "RD.dcm"
    (files,) = find([folder / "RS.dcm", path]).cases
    highest = read_dose(read_case(files).doses[0]).max_gy
    for data in cuts(path):
        path.write_bytes(data)
        found = find([folder / "RS.dcm", path])
        (files,) = found.cases
        case = read_case(files)
        codes = {one.code for one in (*case.findings, *found.findings)}
        if case.doses:
            assert read_dose(case.doses[0]).max_gy == highest
        else:
            assert codes & NAMED or len(data) < 512, len(data)


def test_a_cut_slice(folder: Path) -> None:
    path = folder / "CT.004.dcm"
    whole = volume_cc(read_case(find([folder]).cases[0]))
    for data in cuts(path):
        path.write_bytes(data)
        case = read_or_name(folder)
        if case is not None:
            assert volume_cc(case) == whole
            codes = {one.code for one in case.findings}
            named = {"ct-missing-slice", "reference-broken", "truncated-pixels"}
            assert codes & named, len(data)
