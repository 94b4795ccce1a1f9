"""The table of turned phantoms: what turning the whole world does to every number, through files.

Each sample patient is written as DICOM, then once more with images, contours and dose turned and
moved together; both are read, measured and grown. Truth is that nothing changes.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from rtvol import io
from rtvol.frames import PlaneFrame, Rigid
from rtvol.margins import TargetRecipe, parse_margin
from rtvol.phantoms import WriteOptions, write_case
from rtvol.phantoms.liver import abutting_lesion, one_lesion, two_lesions
from rtvol.verbs.dose_volume import DvhJob, dvh_case
from rtvol.verbs.expand import ExpandJob, case_targets

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from rtvol.phantoms.patient import PhantomCase

METRICS = ("Mean", "D95%", "D50%", "D2%", "V20Gy[cc]", "Min", "Max")
RECIPE = TargetRecipe(parse_margin("2"), parse_margin("4"))
COLUMNS = ("volume", "DVH", "2 then 4 mm")


def turned_about(axis: tuple[float, float, float], degrees: float) -> NDArray[np.float64]:
    """Rotation (3, 3) about an axis (Rodrigues)."""
    x, y, z = np.array(axis) / np.linalg.norm(axis)
    cross = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    angle = np.radians(degrees)
    return np.eye(3) + np.sin(angle) * cross + (1 - np.cos(angle)) * cross @ cross


def worlds(seeds: int) -> dict[str, list[Rigid]]:
    """Motions by what they are: named ones, and random ones with a shift."""
    dice = np.random.default_rng(18)
    free = [
        Rigid.of(
            turned_about(tuple(dice.normal(size=3)), dice.uniform(5, 175)),
            dice.uniform(-200, 200, 3).tolist(),
        )
        for _ in range(seeds)
    ]
    still = (0.0, 0.0, 0.0)
    return {
        "tilted by 1, 10, 20 degrees": [
            Rigid.of(turned_about((1, 0, 0), angle), still) for angle in (1, 10, 20)
        ],
        "sagittal, coronal": [
            Rigid.of(np.array([[0.0, 0, 1], [1, 0, 0], [0, 1, 0]]), still),
            Rigid.of(np.array([[1.0, 0, 0], [0, 0, -1], [0, 1, 0]]), still),
        ],
        "45 degrees, and no leading axis": [
            Rigid.of(turned_about((1, 1, 0), 45), still),
            Rigid.of(PlaneFrame.around((1, 1, 1)).axes.T, still),
        ],
        f"{seeds} random turns and shifts": free,
    }


def measured(case: PhantomCase, motion: Rigid | None) -> dict[str, dict[str, float]]:
    """All numbers of a case, by column."""
    with tempfile.TemporaryDirectory() as name:
        write_case(Path(name), case, options=WriteOptions(motion=motion, decimals=6))
        (files,) = io.find([Path(name)]).cases
        rows = dvh_case(files, DvhJob(metrics=METRICS)).structures
        read = io.read_case(files)
        found: dict[str, dict[str, float]] = {column: {} for column in COLUMNS}
        for row in rows:
            found["volume"][row.name] = row.volume.cc or np.nan
            found["DVH"] |= {
                f"{row.name} {metric}": value
                for metric, value in row.metrics.items()
                if value is not None and abs(value) > 0.1
            }
        targets, _ = case_targets(read, ExpandJob(RECIPE))
        found[COLUMNS[2]] = {
            f"{one.role} {one.lesion}": one.volume_cc for one in targets.structures
        }
    return found


def main(seeds: int = 6) -> None:
    """Print the table as markdown."""
    cases = [make()[0] for make in (one_lesion, two_lesions, abutting_lesion)]
    straight = [measured(case, None) for case in cases]
    print("| the world is | n | volumes | DVH metrics | CTV, PTV by 2 then 4 mm |")
    print("| --- | --- | --- | --- | --- |")
    for name, motions in worlds(seeds).items():
        worst = dict.fromkeys(COLUMNS, 0.0)
        for motion in motions:
            for case, wanted in zip(cases, straight, strict=True):
                found = measured(case, motion)
                for column in worst:
                    parts = [
                        abs(found[column][key] / value - 1) for key, value in wanted[column].items()
                    ]
                    worst[column] = max(worst[column], *parts)
        cells = " | ".join(f"{part:.0e}" for part in worst.values())
        print(f"| {name} | {len(motions) * len(cases)} | {cells} |", flush=True)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
