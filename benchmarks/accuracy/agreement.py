"""`rtvol compare` beside closed forms: python benchmarks/accuracy/agreement.py (Markdown)."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from drawings import ball, balls_dice, balls_mean, box
from rtvol.solids.agreement import agree

CENTRE = np.array([0.3, 0.2, 0.1])
#: Radii and shift, mm.
BALLS = (
    (20.0, 17.0, (0.0, 0.0, 0.0)),
    (20.0, 20.0, (5.0, 0.0, 0.0)),
    (20.0, 20.0, (0.0, 0.0, 4.3)),
    (8.0, 8.0, (1.0, -1.0, 1.0)),
)
SIZE = (40.0, 30.0, 20.0)
#: Shift, size of the other box, mm; Dice, mean and greatest distance (means: 160 000 points).
BOXES = (
    ((5.0, 0.0, 0.0), SIZE, 0.875, 1.1859, 5.0),
    ((0.0, 0.0, 0.0), (46.0, 36.0, 25.0), 48 / 65.4, 2.8516, np.sqrt(9 + 9 + 6.25)),
    ((100.0, 0.0, 0.0), SIZE, 0.0, 80.0, 100.0),
)


def main() -> None:
    """Print the table of docs/agreement.md."""
    print("| bodies | slices mm | Dice, error | mean mm, error | greatest mm, error |")
    print("| --- | --- | --- | --- | --- |")
    for spacing in (1.0, 2.0, 3.0):
        for one, other, shift in BALLS:
            apart = float(np.linalg.norm(shift))
            truth = (
                balls_dice(one, other, apart),
                balls_mean(one, other, apart),
                apart + abs(one - other),
            )
            pair = ball(CENTRE, one, spacing), ball(CENTRE + shift, other, spacing)
            text = f"balls of {one:g} and {other:g} mm, {apart:.3g} mm apart"
            show(text, f"{spacing:g}", pair, truth)
    flat = ball(CENTRE, 20.0, 1.0)
    tall = replace(
        flat, z_mm=flat.z_mm * 1.3, below_mm=flat.below_mm * 1.3, above_mm=flat.above_mm * 1.3
    )
    apart = 0.3 * CENTRE[2]
    show("ball of 20 mm, ellipsoid 20, 20, 26", "1; 1.3", (flat, tall), (2 / 2.3, None, 6 + apart))
    for shift, size, *truth in BOXES:
        pair = box((0.0, 0.0, 0.0), SIZE, 2.5), box(shift, size, 2.5)
        text = "boxes 40 x 30 x 20 and " + " x ".join(f"{side:g}" for side in size)
        show(f"{text}, {np.linalg.norm(shift):g} mm apart", "2.5", pair, truth)


def show(text: str, slices: str, pair, truth) -> None:
    """Print a row: what is found, and how far that is from the truth."""
    found = agree(*pair)
    values = (found.dice, found.mean_mm, found.largest_mm)
    cells = [
        f"{value:.{digits}f}" + ("" if true is None else f", {value - true:+.{digits}f}")
        for value, true, digits in zip(values, truth, (5, 4, 4), strict=True)
    ]
    print(f"| {text} | {slices} | {' | '.join(cells)} |")


if __name__ == "__main__":
    main()
