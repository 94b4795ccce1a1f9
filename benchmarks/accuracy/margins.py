"""`make accuracy`: margins, clips and chains against ideal solids, with the peers' columns.

    python benchmarks/accuracy/margins.py [--smoke]

Truth is the ideal solid, not its contours. In the first table an error in mm is the error in volume
spread over the true surface; in the second it is a distance of the surface's own points. Groups:
`tapered` solids on four planes or more; `2-3 contours`; `aligned`, flat ends that lie on slab
faces; `flat`, flat ends anywhere between two planes, which contours cannot tell.
"""

from __future__ import annotations

import argparse
from collections import defaultdict

import numpy as np

import ours
import peers
from cases import Case, cases, truth_of

#: Peers, and whether their mask is painted as rt-utils paints it.
PEERS = (
    ("scipy", False), ("edt", False), ("maurer", False), ("dilate", False),
    ("edt", True), ("dilate", True),
)  # fmt: skip
Errors = dict[tuple[str, str], list[tuple[float, float]]]

#: Fewer contours than this say too little of a shape: rows of their own.
ENOUGH_CONTOURS = 4
OURS = (
    "gtv", "grow 2", "grow 4", "2 then 4", "retraced 2 then 4", "six",
    "clip box 0", "clip box 2", "clip cord 0", "clip cord 2", "shrink 2",
)  # fmt: skip


def note(errors: Errors, rows: tuple[str, ...], case: Case, volumes: dict[str, float]) -> None:
    """Enter the errors of a case, % and mm, into its rows."""
    for operation, volume in volumes.items():
        truth = truth_of(case.shape, operation.removeprefix("retraced "))
        if truth.volume_cc <= 0:
            continue
        error = (100 * (volume / truth.volume_cc - 1), truth.error_mm(volume))
        for row in rows:
            errors[row, operation].append(error)


def has_enough(case: Case) -> bool:
    """Whether a tapered shape is drawn on enough planes to be known."""
    return case.group != "tapered" or case.roi().planes_mm.size >= ENOUGH_CONTOURS


def rows_of(case: Case) -> tuple[str, ...]:
    """Rows of the table that a case counts in."""
    group = case.group if has_enough(case) else "2-3 contours"
    spacing = f"{group}, {case.spacing_mm:g} mm slices"
    shape = f"{case.shape.name}, {case.spacing_mm:g} mm"
    return (group, spacing, shape) if case.group == "tapered" else (group, spacing)


def show(title: str, errors: Errors, operations: tuple[str, ...]) -> None:
    """Print mean |%|, bias mm and max |mm| of each row and operation."""
    print(f"\n{title}\nmean |error| %, bias mm, max |error| mm; n in brackets")
    rows = list(dict.fromkeys(row for row, _ in errors))
    print(f"{'':38}" + "".join(f"{operation:>22}" for operation in operations))
    for row in rows:
        line = f"{row:32}"
        count = max(len(errors[row, operation]) for operation in operations)
        line += f"{f'({count})':>6}"
        for operation in operations:
            found = np.array(errors[row, operation])
            if not found.size:
                line += f"{'-':>22}"
                continue
            percent, mm = np.abs(found[:, 0]).mean(), found[:, 1]
            line += f"{percent:10.2f}{mm.mean():+6.2f}{np.abs(mm).max():6.2f}"
        print(line)


def show_local(chosen: list[Case], found: list[dict[str, np.ndarray]]) -> None:
    """Print mean, 99th percentile and max of the local |error|, mm, of each row and operation."""
    title = "rtvol, local: distance of points of the surface to the ideal one"
    print(f"\n{title}\nmean, 99th percentile, max, mm")
    print(f"{'':32}" + "".join(f"{operation:>22}" for operation in OURS))
    errors: dict[tuple[str, str], list[np.ndarray]] = defaultdict(list)
    for case, local in zip(chosen, found, strict=True):
        for row in rows_of(case):
            for operation, mm in local.items():
                errors[row, operation].append(np.abs(mm))
    for row in dict.fromkeys(row for row, _ in errors):
        line = f"{row:32}"
        for operation in OURS:
            mm = np.concatenate([np.empty(0), *errors[row, operation]])
            if mm.size:
                line += f"{mm.mean():10.3f}{np.quantile(mm, 0.99):6.2f}{mm.max():6.2f}"
            else:
                line += f"{'-':>22}"
        print(line)


def chain_against_once(chosen: list[Case]) -> None:
    """Print grow 2 then 4 against grow 6, and how the volume changes with where the GTV lies."""
    chain, moved = [], []
    for case in chosen:
        roi, z = case.roi(), case.planes_mm
        two_four = ours.ptv_cc(roi, z)
        chain.append(abs(two_four / ours.once_cc(roi, z, 6.0) - 1))
        shifted = case.roi(shift_mm=(0.31, -0.47, 0.0))
        moved.append(abs(ours.ptv_cc(shifted, z) / two_four - 1))
    print(
        f"\n2 then 4 against 6 mm: mean {100 * np.mean(chain):.3f} %, max {100 * max(chain):.3f} %"
    )
    print(f"moved in plane by parts of a pixel: mean {100 * np.mean(moved):.3f} %, ", end="")
    print(f"max {100 * max(moved):.3f} %; the CT's pixels take no part (n = {len(moved)})")


def main() -> None:
    """Measure and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--smoke", action="store_true")
    smoke = parser.parse_args().smoke
    chosen = cases(smoke=smoke)
    errors: Errors = defaultdict(list)
    measured = [ours.measure(case) for case in chosen]
    found = [volumes for volumes, _ in measured]
    for case, volumes in zip(chosen, found, strict=True):
        note(errors, rows_of(case), case, volumes)
    show("rtvol", errors, OURS)
    show_local(chosen, [local for _, local in measured])
    chain_against_once([case for case in chosen if case.group == "tapered"])
    beside: Errors = defaultdict(list)
    shared = set(peers.OPERATIONS)
    sound = [
        (case, shared & volumes.keys(), volumes)
        for case, volumes in zip(chosen, found, strict=True)
        if case.group == "tapered" and has_enough(case)
    ]
    for number, (case, operations, volumes) in enumerate(sound):
        rows = [("rtvol", volumes)]
        for peer, fill in PEERS:
            row = f"{peer}, {'rt-utils mask' if fill else 'voxel centres'}"
            rows.append((row, peers.volumes_cc(case, peer, fill=fill)))
        if number % (2 if smoke else 6) == 0:
            masks = peers.volumes_cc(case, "plastimatch", fill=False)
            rows.append(("plastimatch, voxel centres", masks))
        for row, of_row in rows:
            kept = {name: of_row[name] for name in peers.OPERATIONS if name in operations}
            note(beside, (row,), case, kept)
    show("peers, tapered solids, CT pixels of 0.977 mm", beside, peers.OPERATIONS)


if __name__ == "__main__":
    main()
