"""Many small synthetic exports, each a patient of its own with its own volumes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rtvol.phantoms import Gaussian, Organ, PhantomCase, Shell, Sphere, VoxelLattice, write_case

if TYPE_CHECKING:
    from pathlib import Path

RECIPE = """\
schema = "rtvol/recipe@1"
[prescription]
dose_gy = 45
fractions = 3
[targets.CTV]
margin_mm = 2
[targets.PTV]
margin_mm = 4
avoid = { Duodenum = -1 }
[dvh]
rois = ["Liver-GTV"]
metrics = ["D95%"]
goals = ["PTV D95% >= 10 Gy"]
"""
#: A structure set of a few bytes: a case that is rejected.
TORN = b"\0" * 128 + b"DICM" + b"\2\0\0\0UL\4\0"


def write_export(folder: Path, number: int) -> Path:
    """Write one patient whose GTV has a radius of 5 mm and `number` hundredths."""
    centre = (0.0, 0.0, 0.0)
    case = PhantomCase(
        f"SYNTHETIC^NO{number}",
        f"RTVOL-SMALL-{number}",
        (
            Organ("Liver", Shell(centre, 18.0, 3.0), 60, points=24),
            Organ("GTV", Sphere((8.0, 0.0, 0.0), 5.0 + number / 100), 40, "GTV", points=24),
            Organ("Duodenum", Sphere((8.0, 11.0, 0.0), 4.0), 20, points=16),
        ),
        VoxelLattice.around(centre, (48.0, 48.0, 42.0), (3.0, 3.0, 3.0)),
        Gaussian(centre, 50.0, (20.0, 20.0, 20.0)),
        VoxelLattice.around(centre, (48.0, 48.0, 48.0), (6.0, 6.0, 6.0)),
    )
    folder.mkdir(parents=True)
    write_case(folder, case)
    return folder


def write_exports(folder: Path, count: int) -> Path:
    """Write patients `case00`, `case01`, ... and return the folder."""
    for number in range(count):
        write_export(folder / f"case{number:02d}", number)
    return folder
