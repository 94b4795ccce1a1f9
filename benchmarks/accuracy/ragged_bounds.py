"""`make accuracy`: margins on ragged contours under the two bounds, beside the peers.

    python benchmarks/accuracy/ragged_bounds.py [--stacks N]

Truth is not known for such stacks, but its bounds are (`bounds.py`): a target grown by m may reach
m beyond the outer body and holds all within m of the inner one. Both are printed in mm: how far
beyond, how far short; median and largest over the stacks. A peer's section is the outline of its
mask between pixel centres; rtvol is looked at on the contour planes, as they, and between them too.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from skimage.measure import find_contours

import ours
import peers
from bounds import Bounds, section_of
from ragged import ragged
from rtvol.margins import Margin, TargetRecipe
from rtvol.solids import stack_planes
from rtvol.solids.trace import trace_rings
from rtvol.structures import Contour, Roi

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray
    from shapely.geometry.base import BaseGeometry

    from ragged import Stack
    from rtvol.margins.levels import LevelSet

#: Margin, mm: the CTV by 2, the PTV by 4 from it.
STEPS_MM = (2.0, 4.0)
#: Peers, and whether their mask is painted as rt-utils paints it; plastimatch on every so manieth.
PEERS = (("edt", False), ("edt", True), ("maurer", True), ("dilate", True), ("plastimatch", False))
RARELY = 6
#: Planes beyond the stack on which peers can grow.
MORE_PLANES = 10


@dataclass(frozen=True)
class Centred:
    """A stack moved to the middle of the peers' images, with planes to grow on."""

    contours: Roi
    planes_mm: NDArray[np.float64]
    spacing_mm: float

    @classmethod
    def of(cls, stack: Stack) -> Centred | None:
        """Centre a stack; None for what the peers' images cannot hold or space evenly."""
        gaps = np.diff(stack.z_mm)
        boxes = np.array([section.bounds for section in stack.sections])
        low, high = boxes[:, :2].min(axis=0), boxes[:, 2:].max(axis=0)
        fits = (high - low).max() / 2 + sum(STEPS_MM) < peers.HALF_MM - 1
        if gaps.size == 0 or np.ptp(gaps) > 1e-6 or not fits:
            return None
        middle, spacing = (low + high) / 2, float(gaps[0])
        moved = tuple(Contour(c.xy_mm - middle, c.z_mm) for c in stack.roi().contours)
        steps = np.arange(-MORE_PLANES, stack.z_mm.size + MORE_PLANES)
        return cls(Roi("GTV", 1, "GTV", moved), stack.z_mm[0] + spacing * steps, spacing)

    def limits(self) -> Bounds:
        """Bounds of the moved contours."""
        stack, _ = stack_planes(self.contours)
        parted = (np.diff(stack.lobe) > 0).tolist()
        sections = [
            section_of([c.xy_mm for c in self.contours.contours if abs(c.z_mm - z) < 1e-3])
            for z in stack.z_mm
        ]
        return Bounds.of(stack.z_mm.tolist(), sections, parted=parted)


def outlines(level: LevelSet) -> Iterator[tuple[float, BaseGeometry]]:
    """Sections of a target of rtvol at every second height of its lattice."""
    x, y = level.lattice.x_mm, level.lattice.y_mm
    for z, plane in zip(level.lattice.z_mm[::2], level.values[::2], strict=True):
        yield float(z), section_of(trace_rings(plane, x_mm=x, y_mm=y) if plane.min() < 0 else [])


def of_mask(
    mask: NDArray[np.bool_], planes_mm: NDArray[np.float64]
) -> Iterator[tuple[float, BaseGeometry]]:
    """Sections of a peer's mask on its planes."""
    half = (mask.shape[1] - 1) / 2
    for z, plane in zip(planes_mm, mask, strict=True):
        rings = find_contours(plane.astype(float), 0.5)
        yield float(z), section_of([(ring[:-1, ::-1] - half) * peers.PIXEL_MM for ring in rings])


def measure(limits: Bounds, sections: Iterator[tuple[float, BaseGeometry]]) -> tuple[float, float]:
    """Largest excess and largest shortfall, mm."""
    margin = sum(STEPS_MM)
    found = [
        (limits.beyond_mm(z, section, margin), limits.short_mm(z, section, margin))
        for z, section in sections
    ]
    beyond, short = np.array(found).max(axis=0)
    return float(beyond), float(short)


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--stacks", type=int, default=60)
    recipe = TargetRecipe(*(Margin.uniform(mm) for mm in STEPS_MM))
    found: dict[str, list[tuple[float, float]]] = {}
    for seed in range(parser.parse_args().stacks):
        case = Centred.of(ragged(seed))
        if case is None:
            continue
        limits = case.limits()
        stack, _ = stack_planes(case.contours)
        grown = ours.fields_of(stack, recipe, case.planes_mm).ptv
        found.setdefault("rtvol", []).append(measure(limits, outlines(grown)))
        spacing = (case.spacing_mm, peers.PIXEL_MM, peers.PIXEL_MM)
        for peer, fill in PEERS:
            if peer == "plastimatch" and seed % RARELY:
                continue
            grow = peers.grow_by(peer, spacing)
            mask = peers.mask_of(case.contours, case, fill=fill)
            for margin in STEPS_MM:
                mask = grow(mask, margin)
            name = f"{peer}, {'rt-utils mask' if fill else 'voxel centres'}"
            found.setdefault(name, []).append(measure(limits, of_mask(mask, case.planes_mm)))
    print("\nragged stacks, 2 then 4 mm: mm beyond the outer bound, mm short of the inner one")
    print(f"{'':32}{'n':>5}{'beyond':>10}{'max':>7}{'short':>9}{'max':>7}")
    for name, pairs in found.items():
        values = np.array(pairs)
        (beyond, short), (most, least) = np.median(values, axis=0), values.max(axis=0)
        print(f"{name:32}{len(pairs):5}{beyond:10.2f}{most:7.2f}{short:9.2f}{least:7.2f}")


if __name__ == "__main__":
    main()
