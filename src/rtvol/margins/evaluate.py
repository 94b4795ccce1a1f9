"""Expressions of solids -> fields on a lattice -> sections, volumes and outlines.

Solids as drawn are lofted, their distances are exact, and a margin is a level of the distance: of
`(PTV + 20) - (PTV + 5)` the distance to the PTV is found once. Only what cannot be put like that
(`algebra.simplified`) is traced below the lattice step and measured again.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from rtvol.frames import AXIAL, box_in
from rtvol.geometry import continue_planes, subdivide
from rtvol.margins.algebra import Combined, Leaf, Resized, box_of, leaves, simplified
from rtvol.margins.grow import STEPS_BEYOND, grow, runs_of
from rtvol.margins.margin import Margin, along_frame
from rtvol.margins.setting import COARSEST_MM, FINEST_MM, PITCH_PER_STEP
from rtvol.margins.sources import Drawn
from rtvol.solids.distance import FAR_MM, signed_distance
from rtvol.solids.doubts import signed_areas_mm2
from rtvol.solids.lattice import Lattice
from rtvol.solids.planes import PlaneStack
from rtvol.solids.sections import Run, trace_sections

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from rtvol.frames import Box, PlaneFrame
    from rtvol.margins.algebra import Tree
    from rtvol.margins.setting import Setting
    from rtvol.margins.sources import Source

#: Points of a lattice at most, where its step need not be finer for the thinnest shell.
MOST_POINTS = 16_000_000
#: Points worked on at a time: some 150 MB with all that is held beside them.
BLOCK_POINTS = 4_000_000
#: A lattice of what is large against its step may be coarser than that of a target, mm.
WIDEST_MM = 1.5
#: Lattice steps across a shell between two margins: the field between them bends in its middle.
STEPS_ACROSS = 2.5
#: Where more than this part of a plane's points changes from one plane to the next, sections stand
#: between them, at these shares of the way: many faces lie on a plane itself.
STEEP_PART, STEEP_SHARES = 0.03, (0.002, 0.2, 0.4, 0.6, 0.8, 0.998)
#: Two planes nearer to each other are one, mm.
_SAME_MM = 1e-6


#: Picks planes out of a field, or makes planes between its own.
Picked = Callable[["NDArray[np.float32]"], "NDArray[np.float32]"]


def lattice_of(tree: Tree[Source], setting: Setting, *, coarser: float = 1.0) -> Lattice | None:
    """Return the lattice that holds an expression; None where nothing can be left of it.

    Its planes divide the planes that contours are written on. Its step suits the finest structure
    and the thinnest shell, and is coarser where the whole would hold more than `MOST_POINTS`; it
    is `coarser` times as wide where only ratios are asked for.
    """
    frame = _frame(tree)
    box = box_of(tree, partial(_source_box, frame), partial(_turned, frame))
    if box is None:
        return None
    volume_mm3 = math.prod(high - low for low, high in box)
    affordable = math.cbrt(volume_mm3 / (PITCH_PER_STEP * MOST_POINTS))
    finest = _finest_mm(tree, box, frame)
    step = coarser * min(max(min(finest, COARSEST_MM), affordable), WIDEST_MM)
    finer = max(_shell_mm(tree) / STEPS_ACROSS, FINEST_MM)
    step, pitch = min(step, finer), min(PITCH_PER_STEP * step, finer)
    x, y, z = ((low - 4 * step, high + 4 * step) for low, high in box)
    every = subdivide(continue_planes(setting.planes_mm, *z), pitch)
    first, last = np.searchsorted(every, z)
    return Lattice.around(x, y, every[max(int(first) - 1, 0) : int(last) + 1], step, frame)


def _finest_mm(tree: Tree[Source], box: Box, frame: PlaneFrame) -> float:
    """Step, mm, of the finest part; finer as what is left is narrower in plane than all of them.

    What two bodies share, or is left of one, has sharp edges, of which a lattice loses more the
    smaller it is.
    """
    boxes = [own for source in leaves(tree) if (own := _source_box(frame, source)) is not None]
    own_mm = min((high - low for one in boxes for low, high in one[:2]), default=math.inf)
    left_mm = min(high - low for low, high in box[:2])
    finest = min(source.step_mm for source in leaves(tree))
    return min(finest, max(finest * left_mm / own_mm, FINEST_MM))


def _frame(tree: Tree[Source]) -> PlaneFrame:
    """Return the frame that an expression is worked out in: that of its first contours."""
    return next((one.frame for one in leaves(tree) if isinstance(one, Drawn)), AXIAL)


def _source_box(frame: PlaneFrame, source: Source) -> Box | None:
    box, own = source.bounds_mm, source.frame if isinstance(source, Drawn) else AXIAL
    return box if box is None or own == frame else box_in(box, own, frame)


def _turned(frame: PlaneFrame, margin: Margin) -> Margin:
    """Return a margin along the axes of a frame; between them no less than what it may reach."""
    return along_frame(margin, frame) or Margin.uniform(max(margin.largest_mm, 0.0))


def sections_of(tree: Tree[Source], lattice: Lattice, *, is_rough: bool = False) -> PlaneStack:
    """Return the sections of an expression on the planes of a lattice, and at its ends.

    The slabs of the stack are the solid: their volume is its volume. Planes are worked on block by
    block, which changes nothing: what lies within reach of a block is as dense as in it. `is_rough`
    leaves out sections between these planes, where only ratios are asked for.
    """
    tree, parts = simplified(tree), []
    dense_mm = _more_planes(lattice.z_mm, _reach_mm(tree, _coarse_mm(lattice)))
    count = max(BLOCK_POINTS // math.prod(lattice.shape_ji), 4)
    for first in range(0, max(lattice.z_mm.size - 1, 1), count):
        block = lattice.on(lattice.z_mm[first : first + count + 1].copy())
        fields = _Fields(tree, block, dense_mm)
        z_mm, field = (block.z_mm, fields.field(tree)) if is_rough else fields.whole(tree)
        parts += trace_sections(field, block, z_mm, ends=True)
    return _one_stack(parts, lattice.frame)


def sections_volume_cc(stack: PlaneStack) -> float:
    """Volume, cc, of traced sections: their rings run anticlockwise, holes the other way."""
    if not stack.z_mm.size:
        return 0.0
    thickness_mm = np.repeat(stack.thickness_mm, np.diff(stack.plane_rings))
    return float(np.dot(signed_areas_mm2(stack), thickness_mm)) / 1000


class _Fields:
    """Fields of an expression and its parts on one lattice; distances are found once each.

    `dense_mm`: all planes that solids have sections on, those of the lattice among them.
    """

    def __init__(self, tree: Tree[Source], lattice: Lattice, dense_mm: NDArray[np.float64]) -> None:
        self.lattice, self.dense_mm = lattice, dense_mm
        self.reaches = dict(_reaches(tree))
        self.known: dict[tuple[str, int], NDArray[np.float32]] = {}

    def whole(self, tree: Tree[Source]) -> tuple[NDArray[np.float64], NDArray[np.float32]]:
        """Return planes and field, with planes between two where much begins or ends.

        What is between is interpolated part by part, and combined then: what one part of a cut
        loses the other has.
        """
        z_mm, field = self.lattice.z_mm, self.field(tree)
        inside = field < 0
        changes = (inside[1:] != inside[:-1]).sum(axis=(1, 2))
        most = math.prod(self.lattice.shape_ji)
        shares = np.array(STEEP_SHARES)
        heights, planes = [z_mm], [field]
        for k in np.flatnonzero(changes > STEEP_PART * most).tolist():
            heights.append(z_mm[k] + shares * (z_mm[k + 1] - z_mm[k]))
            planes.append(self.field(tree, partial(_between, k, shares.astype(np.float32))))
        order = np.argsort(np.concatenate(heights), kind="stable")
        return np.concatenate(heights)[order], np.concatenate(planes)[order]

    def field(self, tree: Tree[Source], at: Picked = lambda own: own) -> NDArray[np.float32]:
        """Field (K, J, I), negative inside; `at` picks planes out of the fields of the parts."""
        match tree:
            case Leaf(what) if not isinstance(what, Drawn):
                return at(self._known(("field", _key(tree)), lambda: what.field(self.lattice)))
            case Leaf():
                return at(self._distance(tree))
            case Resized(part, margin) if margin.is_uniform:
                return at(self._distance(part)) - np.float32(margin.left_mm)
            case Resized(part, margin):
                return at(self._known(("field", id(tree)), lambda: self._grown_six(part, margin)))
            case Combined(operation, one, other):  # pragma: no branch - there is no fourth kind
                first, second = self.field(one, at), self.field(other, at)
                if operation == "union":
                    return np.minimum(first, second)
                return np.maximum(first, second if operation == "intersect" else -second)

    def _known(
        self, key: tuple[str, int], find: Callable[[], NDArray[np.float32]]
    ) -> NDArray[np.float32]:
        if key not in self.known:
            self.known[key] = find()
        return self.known[key]

    def _grown_six(self, part: Tree[Source], margin: Margin) -> NDArray[np.float32]:
        """Field of a part grown by six margins: its outlines are traced beyond the lattice too."""
        reach_mm = max(map(abs, margin.six_mm)) + self._more_mm
        wide = _wider(self.lattice, reach_mm)
        runs = _Fields(part, wide, self.dense_mm).runs(part, reach_mm)
        return _inner(grow(runs, wide, margin), wide, self.lattice)

    def _distance(self, tree: Tree[Source]) -> NDArray[np.float32]:
        """Signed distance, mm, exact as far as any margin of this part reaches."""

        def find() -> NDArray[np.float32]:
            reaches = self.reaches.get(_key(tree), (0.0, 0.0))
            out_mm, in_mm = (far + self._more_mm for far in reaches)
            if (other := self._turned_solid(tree)) is not None:
                return other.distance_across(self.lattice, max(out_mm, in_mm))
            runs = self.runs(tree, max(out_mm, in_mm))
            return signed_distance(runs, self.lattice, outside_mm=out_mm, inside_mm=in_mm)

        return self._known(("distance", _key(tree)), find)

    def runs(self, tree: Tree[Source], reach_mm: float) -> list[Run]:
        """Return sections with exact in-plane distances, as far as the reach beyond the lattice."""
        low, high = self.lattice.z_mm[0] - reach_mm, self.lattice.z_mm[-1] + reach_mm
        first, last = np.searchsorted(self.dense_mm, (low, high))
        planes = self.dense_mm[max(int(first) - 1, 0) : int(last) + 1].copy()
        other = self._turned_solid(tree)
        if other is None and isinstance(tree, Leaf) and isinstance(tree.what, Drawn):
            return tree.what.runs(self.lattice.on(planes), reach_mm)
        wide = _wider(self.lattice, reach_mm).on(planes)
        runs = runs_of(_Fields(tree, wide, self.dense_mm).field(tree), wide, band_mm=FAR_MM)
        return [replace(run, field=_inner(run.field, wide, self.lattice)) for run in runs]

    def _turned_solid(self, tree: Tree[Source]) -> Drawn | None:
        """Return a part that is drawn on planes turned against those of the lattice."""
        if not isinstance(tree, Leaf) or not isinstance(tree.what, Drawn):
            return None
        return tree.what if tree.what.frame != self.lattice.frame else None

    @property
    def _more_mm(self) -> float:
        return STEPS_BEYOND * _coarse_mm(self.lattice)


def _between(k: int, shares: NDArray[np.float32], own: NDArray[np.float32]) -> NDArray[np.float32]:
    """Interpolate a field between plane k and the next."""
    between: NDArray[np.float32] = own[k] + shares[:, None, None] * (own[k + 1] - own[k])
    return between


def _coarse_mm(lattice: Lattice) -> float:
    return max(lattice.step_mm, float(np.diff(lattice.z_mm).max(initial=0.0)))


def _reach_mm(tree: Tree[Source], coarse_mm: float) -> float:
    """How far beyond a place anything may lie that tells what an expression is there, mm."""
    match tree:
        case Leaf():
            return (STEPS_BEYOND + 1) * coarse_mm
        case Combined(_, one, other):
            return max(_reach_mm(one, coarse_mm), _reach_mm(other, coarse_mm))
        case Resized(part, margin):  # pragma: no branch - there is no fourth kind
            own = max(map(abs, margin.six_mm)) + (STEPS_BEYOND + 1) * coarse_mm
            return own + _reach_mm(part, coarse_mm)


def _key(tree: Tree[Source]) -> int:
    """Return what tells parts apart: a leaf by its solid, which several margins share."""
    return id(tree.what) if isinstance(tree, Leaf) else id(tree)


def _reaches(tree: Tree[Source]) -> Iterator[tuple[int, tuple[float, float]]]:
    """Yield how far, mm, out of and into each part its uniform margins reach, the widest last."""
    found: dict[int, tuple[float, float]] = {}
    for part, mm in _margins(tree):
        out_mm, in_mm = found.get(_key(part), (0.0, 0.0))
        found[_key(part)] = max(out_mm, mm), max(in_mm, -mm)
    yield from found.items()


def _margins(tree: Tree[Source]) -> Iterator[tuple[Tree[Source], float]]:
    match tree:
        case Combined(_, one, other):
            yield from _margins(one)
            yield from _margins(other)
        case Resized(part, margin):
            if margin.is_uniform:
                yield part, margin.left_mm
        case Leaf():  # pragma: no branch - there is no fourth kind
            yield tree, 0.0


def _shell_mm(tree: Tree[Source]) -> float:
    """Thickness, mm, of the thinnest shell between two margins of one part; infinite for none."""
    found: dict[int, set[float]] = {}
    for part, mm in _margins(simplified(tree)):
        found.setdefault(_key(part), set()).add(mm)
    gaps = [gap for own in found.values() for gap in np.diff(sorted(own)).tolist()]
    return min(gaps, default=math.inf)


def _wider(lattice: Lattice, reach_mm: float) -> Lattice:
    """Widen a lattice in plane so that whatever is within reach of its points lies on it."""
    more = int(np.ceil(reach_mm / lattice.step_mm)) + 2
    return replace(
        lattice,
        first=(lattice.first[0] - more, lattice.first[1] - more),
        shape_ji=(lattice.shape_ji[0] + 2 * more, lattice.shape_ji[1] + 2 * more),
    )


def _more_planes(z_mm: NDArray[np.float64], reach_mm: float) -> NDArray[np.float64]:
    """Continue planes at the spacing of each end as far as the reach."""
    return continue_planes(z_mm, z_mm[0] - reach_mm, z_mm[-1] + reach_mm)


def _inner(field: NDArray[np.float32], wide: Lattice, lattice: Lattice) -> NDArray[np.float32]:
    """Cut the in-plane points of a lattice out of a field on a wider one."""
    j, i = lattice.first[0] - wide.first[0], lattice.first[1] - wide.first[1]
    rows, columns = lattice.shape_ji
    return np.ascontiguousarray(field[:, j : j + rows, i : i + columns])


def _one_stack(parts: Sequence[PlaneStack], frame: PlaneFrame) -> PlaneStack:
    """Lay runs end to end; two that meet on one plane, where a block ended, are one lobe."""
    if not parts:
        return PlaneStack.of([], z_mm=np.empty(0), below_mm=np.empty(0), above_mm=np.empty(0))
    whole: list[_Layers] = []
    for part in parts:
        layers = _Layers.of(part)
        if whole and abs(whole[-1].z_mm[-1] - layers.z_mm[0]) <= _SAME_MM:
            whole[-1] = whole[-1].joined(layers)
        else:
            whole.append(layers)
    return PlaneStack.of(
        [plane for one in whole for plane in one.rings],
        z_mm=np.concatenate([one.z_mm for one in whole]),
        below_mm=np.concatenate([one.below_mm for one in whole]),
        above_mm=np.concatenate([one.above_mm for one in whole]),
        lobe=np.repeat(np.arange(len(whole)), [one.z_mm.size for one in whole]),
        frame=frame,
    )


@dataclass(frozen=True, eq=False)
class _Layers:
    """Sections plane by plane, as `PlaneStack` holds them flat."""

    rings: list[list[NDArray[np.float64]]]
    z_mm: NDArray[np.float64]
    below_mm: NDArray[np.float64]
    above_mm: NDArray[np.float64]

    @classmethod
    def of(cls, stack: PlaneStack) -> _Layers:
        return cls(stack.rings, stack.z_mm, stack.below_mm, stack.above_mm)

    def joined(self, upper: _Layers) -> _Layers:
        """Go on with the upper part from the plane both have."""
        return _Layers(
            [*self.rings, *upper.rings[1:]],
            np.concatenate([self.z_mm, upper.z_mm[1:]]),
            np.concatenate([self.below_mm, upper.below_mm[1:]]),
            np.concatenate([self.above_mm[:-1], upper.above_mm]),
        )
