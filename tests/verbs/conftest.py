"""A patient whose truth is closed: balls in a dose that is a plane."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from rtvol.io import find, read_case
from rtvol.phantoms import Linear, Organ, PhantomCase, Shell, Sphere, VoxelLattice, write_case

if TYPE_CHECKING:
    from pathlib import Path

    from rtvol.case import Case
    from rtvol.io import CaseFiles

CENTRE = (0.0, 0.0, 0.0)
#: Gy at the centre, and per mm along x: the mean of a ball is the dose at its middle.
AT_CENTRE_GY, SLOPE_GY = 40.0, 0.5


@pytest.fixture(scope="session")
def plane_files(tmp_path_factory: pytest.TempPathFactory) -> CaseFiles:
    case = PhantomCase(
        "SYNTHETIC^PLANE",
        "RTVOL-PLANE",
        (
            Organ("Liver", Shell(CENTRE, 24.0, 3.0), 60),
            Organ("GTV", Sphere((10.0, 0.0, 0.0), 7.0), 40, "GTV"),
            Organ("Duodenum", Sphere((10.0, 13.0, 0.0), 4.0), 20),
        ),
        VoxelLattice.around(CENTRE, (64.0, 64.0, 60.0), (2.0, 2.0, 3.0)),
        Linear(CENTRE, AT_CENTRE_GY, (SLOPE_GY, 0.0, 0.0)),
        VoxelLattice.around(CENTRE, (64.0, 64.0, 60.0), (4.0, 4.0, 4.0)),
    )
    folder = tmp_path_factory.mktemp("plane")
    write_case(folder / "plane", case)
    (files,) = find([folder]).cases
    return files


@pytest.fixture
def plane(plane_files: CaseFiles) -> Case:
    return read_case(plane_files)


@pytest.fixture
def draft(tmp_path: Path) -> Path:
    folder = tmp_path / "draft"
    folder.mkdir()
    return folder
