"""Distance histograms and dosimetric margins beside closed forms (Markdown)."""

from __future__ import annotations

import numpy as np

from drawings import ball, lens_cc
from rtvol.dvh.grammar import parse_metric
from rtvol.dvh.space import TargetSurface, distance_value, distances_in
from rtvol.geometry import Grid
from rtvol.verbs.dose_margin import dose_margin
from rtvol.volumes import Dose

CENTRE = (1.0, -2.0, 3.0)
#: Spacing of the dose samples and number along each axis.
STEP_MM, COUNT = 2.0, 50


def main() -> None:
    """Print the tables of docs/space.md."""
    print("| organ and target | metric | found | true |\n| --- | --- | --- | --- |")
    target = TargetSurface.of(ball((20.0, 0.0, 0.0), 12.0, 1.0))
    curve = distances_in(ball((0.0, 0.0, 0.0), 10.0, 1.0), [target])
    for mm in (-2, 0, 5, 10):
        found = distance_value(parse_metric(f"OVH{mm}mm[cc]"), curve).value or 0.0
        true = lens_cc(10.0, 12.0 + mm, 20.0)
        print(f"| balls of 10 and 12 mm, 20 mm apart | OVH{mm}mm[cc] | {found:.3f} | {true:.3f} |")
    for percent, true in ((0, -2.0), (100, 18.0)):
        found = distance_value(parse_metric(f"DTH{percent}%"), curve).value or 0.0
        print(f"| the same | DTH{percent}%[mm] | {found:.2f} | {true:.2f} |")
    print("\n| dose | target | least mm | greatest mm | true mm |\n| --- | --- | --- | --- | --- |")
    for level in (10.0, 18.0, 26.0):
        for radius in (6.0, 15.0, 22.0):
            if radius >= level + 10:
                continue
            found = dose_margin(ball(CENTRE, radius, 1.0), dose(cone), 60 - 2 * level).whole
            row = f"{found.min_mm:.2f} | {found.max_mm:.2f} | {level - radius:.2f}"
            print(f"| round, isodose of {level:g} mm | ball of {radius:g} mm | {row} |")
    found = dose_margin(ball((14.0, 0.0, 0.0), 8.0, 1.0), dose(ramp), 20.0).whole
    print(f"| linear | ball of 8 mm | {found.min_mm:.2f} | {found.max_mm:.2f} | 11.00, 27.00 |")


def cone(*at):
    """60 Gy in the middle, 2 Gy / mm less outwards."""
    return 60 - 2 * np.sqrt(sum((a - c) ** 2 for a, c in zip(at, CENTRE, strict=True)))


def ramp(*at):
    """2 Gy / mm along x; 20 Gy at x = -5 mm."""
    return 30 + 2 * at[0] + 0 * at[1] + 0 * at[2]


def dose(function) -> Dose:
    """Sample a dose every STEP_MM."""
    z, y, x = (np.arange(COUNT) * STEP_MM - COUNT * STEP_MM / 2 for _ in range(3))
    values = function(x, y[:, None], z[:, None, None]).astype(np.float32)
    corner = (float(x[0]), float(y[0]), float(z[0]))
    grid = Grid(corner, (1, 0, 0), (0, 1, 0), (STEP_MM, STEP_MM), z - z[0], (COUNT, COUNT))
    return Dose(values, grid)


if __name__ == "__main__":
    main()
