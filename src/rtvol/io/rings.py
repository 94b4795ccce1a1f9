"""ContourData -> rings: all numbers of a structure set at once, then each ring checked."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from rtvol import _kernels
from rtvol.errors import CaseRejected
from rtvol.frames import AXIAL
from rtvol.geometry import SAME_COSINE
from rtvol.io.contour_columns import COUNT, DATA
from rtvol.io.headers import printable, strict_float

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from rtvol.frames import PlaneFrame
    from rtvol.io.raw_contours import RawContours

    #: Corners (M, 2), where those of each ring begin, spread in z, twice its area, its reach.
    _Facts = tuple[
        NDArray[np.float64],
        NDArray[np.int64],
        NDArray[np.float64],
        NDArray[np.float64],
        NDArray[np.float64],
    ]
    _Read = tuple[NDArray[np.float64], NDArray[np.int64], list[tuple[int, bytes]]]

#: Points of one contour may differ this much in z: systems print rotated planes with noise.
PLANE_NOISE_MM = 0.05
#: On turned planes all three numbers of a point are rounded, to 0.1 mm by some systems.
TURNED_NOISE_MM = 0.2
#: No point of a patient lies farther from the origin, along any axis, than ten metres.
PATIENT_REACH_MM = 1e4
#: A ring no wider than this encloses nothing: below the last decimal that systems print.
LINE_MM = 1e-4

#: All that a decimal string may hold (PS3.5 6.2, DS), between backslashes.
_NUMBER_BYTES = b"0123456789+-.eE \\"

_AGAIN = "export the structure set again"


@dataclass(frozen=True, eq=False)
class Rings:
    """Checked contours, in the order of the items they were read from.

    Attributes
    ----------
    corners
        Corners (N, 2) of each in plane, mm, without repeated neighbours.
    z_mm
        Plane of each (R,), mm along the frame's normal: the median of its points.
    is_flat
        Whether each has fewer than three corners, or has them all on one line (R,).
    frame
        The frame of its planes: patient LPS for axial ones.
    """

    corners: tuple[NDArray[np.float64], ...]
    z_mm: NDArray[np.float64]
    is_flat: NDArray[np.bool_]
    frame: PlaneFrame = AXIAL

    def part(self, start: int, stop: int) -> Rings:
        """Return the rings from number `start` to before `stop`."""
        part = slice(start, stop)
        return Rings(self.corners[part], self.z_mm[part], self.is_flat[part], self.frame)


def parse_contours(
    data: bytes, spans: NDArray[np.int64], place: Callable[[int], str]
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Numbers of ContourData values, each equal to what float() gives, bit for bit.

    Parameters
    ----------
    data
        Bytes that hold the values.
    spans
        Start and stop (R, 2) of each value in `data`.
    place
        Says where value number n belongs, for the error.

    Returns
    -------
    numbers, starts
        All numbers (N,), and (R + 1,) where those of each value begin.

    Raises
    ------
    CaseRejected
        `bad-number` when a number is blank, no decimal string (PS3.5 6.2, DS), or not finite.
    """
    numbers, starts, doubts = _read(data, spans)
    for index, token in doubts:
        text = token.decode("latin-1").strip(" \0")
        numbers[index] = strict_float(text)
        if not np.isfinite(numbers[index]):
            raise CaseRejected(
                "bad-number",
                where=place(int(np.searchsorted(starts, index, side="right")) - 1),
                seen=f"'{printable(text[:32])}' is no finite number",
                mend=_AGAIN,
            )
    return numbers, starts


def _read(data: bytes, spans: NDArray[np.int64]) -> _Read:
    return (_read_compiled if _kernels.are_loaded() else _read_plainly)(data, spans)


def _read_compiled(data: bytes, spans: NDArray[np.int64]) -> _Read:
    """Numbers, where those of each value begin, and what is not plainly a number."""
    from rtvol._kernels.decimal import parse_numbers

    buffer = np.frombuffer(data, np.uint8)
    numbers, starts, doubts = parse_numbers(buffer, spans)
    return numbers, starts, [(index, data[start:stop]) for index, start, stop in doubts.tolist()]


def _read_plainly(data: bytes, spans: NDArray[np.int64]) -> _Read:
    """Do the same by float() itself: five times slower, but for a look numba costs more."""
    values = [data[start:stop] for start, stop in spans.tolist()]
    counts = [value.count(b"\\") + 1 if value else 0 for value in values]
    starts = np.cumsum([0, *counts], dtype=np.int64)
    together = b"\\".join(filter(None, values))
    tokens = together.split(b"\\") if together else []
    try:
        known = not together.translate(None, _NUMBER_BYTES)
        numbers = np.array(list(map(float, tokens if known else ["nan"] * len(tokens))), np.float64)
    except ValueError:
        numbers = np.full(len(tokens), np.nan)
    return (
        numbers,
        starts,
        [(at, tokens[at]) for at in np.flatnonzero(~np.isfinite(numbers)).tolist()],
    )


def _check_reach(
    numbers: NDArray[np.float64], starts: NDArray[np.int64], place: Callable[[int], str]
) -> None:
    """Refuse coordinates that cannot be: a lost decimal point, a wrong unit."""
    if numbers.size and max(numbers.max(), -numbers.min()) > PATIENT_REACH_MM:
        index = int(np.flatnonzero(np.abs(numbers) > PATIENT_REACH_MM)[0])
        raise CaseRejected(
            "bad-number",
            where=place(int(np.searchsorted(starts, index, side="right")) - 1),
            seen=f"a coordinate of {numbers[index]:.6g} mm: more than ten metres from the origin",
            mend="correct this point in the planning system, and export again",
        )


def _check_counts(
    raws: RawContours, counts: NDArray[np.int64], place: Callable[[int], str]
) -> None:
    """Refuse values that are no triples, or not as many points as the item declares."""
    for at in np.flatnonzero((counts == 0) | (counts % 3 != 0))[:1].tolist():
        seen = f"{counts[at]} values are not x, y, z triples"
        raise CaseRejected("contour-not-triples", where=place(at), seen=seen, mend=_AGAIN)
    numbers, starts, _ = _read(raws.header.source.data, raws.spans(COUNT))
    told = np.full(len(counts), np.nan)
    alone = np.diff(starts) == 1
    told[alone] = numbers[starts[:-1][alone]]
    for at in np.flatnonzero(told != counts // 3).tolist():
        count = counts[at] // 3
        try:
            declared = raws.declared(at)
        except CaseRejected as fault:
            raise fault.at(place(at)) from None
        if declared is not None and declared != count:
            seen = f"{count} points where {declared} are declared"
            raise CaseRejected("contour-points-mismatch", where=place(at), seen=seen, mend=_AGAIN)


def plane_noise_mm(frame: PlaneFrame) -> float:
    """How far points of one contour may lie apart across planes of a frame, mm."""
    is_axial = abs(frame.normal[2]) > 1 - SAME_COSINE
    return PLANE_NOISE_MM if is_axial else TURNED_NOISE_MM


def _check_planes(
    raws: RawContours,
    spread_mm: NDArray[np.float64],
    counts: NDArray[np.int64],
    place: Callable[[int], str],
    noise_mm: float,
) -> None:
    """Refuse a closed contour that does not lie on one plane."""
    for at in np.flatnonzero((spread_mm > noise_mm) & raws.is_closed & (counts > 2))[:1].tolist():
        raise not_planar(place(at), float(spread_mm[at]))


def _planes(
    z: NDArray[np.float64], first: NDArray[np.int64], spread_mm: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Plane of each contour in mm: the median of its points."""
    planes: NDArray[np.float64] = z[first[:-1]].copy()
    for at in np.flatnonzero(spread_mm > 0).tolist():
        planes[at] = np.median(z[first[at] : first[at + 1]])
    return planes


def not_planar(where: str, apart_mm: float) -> CaseRejected:
    """Make the error of a contour that lies on no plane."""
    return CaseRejected(
        "contour-not-planar",
        where=where,
        seen=f"its points lie {apart_mm:.2f} mm apart across the plane nearest to them",
        mend="draw it on one slice, and export again",
    )


def _is_line(xy: NDArray[np.float64]) -> bool:
    """Fewer than three corners, or all on one line (within LINE_MM)."""
    if len(xy) < 3:
        return True
    away = xy - xy[0]
    far = away[np.argmax(np.abs(away).sum(axis=1))]
    across = np.abs(away[:, 0] * far[1] - away[:, 1] * far[0]) / np.hypot(*far)
    return bool(across.max() <= LINE_MM)


def read_points(
    raws: RawContours, place: Callable[[int], str]
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Read the points (N, 3), patient LPS mm, of contour items, and where (R + 1,) each begins.

    Raises
    ------
    CaseRejected
        `bad-number`, `contour-not-triples`, `contour-points-mismatch`.
    """
    numbers, starts = parse_contours(raws.header.source.data, raws.spans(DATA), place)
    _check_counts(raws, np.diff(starts), place)
    _check_reach(numbers, starts, place)
    return numbers.reshape(-1, 3), starts // 3


def read_rings(raws: RawContours, place: Callable[[int], str], frame: PlaneFrame = AXIAL) -> Rings:
    """Read and check the numbers of contour items.

    Parameters
    ----------
    raws
        The items.
    place
        Says where item number n belongs, for errors.
    frame
        The frame of the planes they lie on.

    Raises
    ------
    CaseRejected
        `bad-number`, `contour-not-triples`, `contour-points-mismatch`, `contour-not-planar`.
    """
    if not len(raws):
        return Rings((), np.zeros(0), np.zeros(0, np.bool_), frame)
    points, first = read_points(raws, place)
    facts = _facts_compiled if _kernels.are_loaded() else _facts_plainly
    placed = frame.from_patient(points)
    xy, starts, spread_mm, twice_area_mm2, reach_mm = facts(placed, first)
    _check_planes(raws, spread_mm, np.diff(first), place, plane_noise_mm(frame))
    xy.setflags(write=False)
    corners = tuple(xy[start:stop] for start, stop in pairwise(starts.tolist()))
    # only a ring with next to no area can be a line: look closely at those alone
    is_flat = twice_area_mm2 <= 8 * LINE_MM * reach_mm * np.diff(starts)
    for at in np.flatnonzero(is_flat).tolist():
        is_flat[at] = _is_line(corners[at])
    return Rings(corners, _planes(placed[:, 2], first, spread_mm), is_flat, frame)


def _facts_compiled(points: NDArray[np.float64], first: NDArray[np.int64]) -> _Facts:
    """Return what `ring_facts` says of rings."""
    from rtvol._kernels.outline import ring_facts

    found: _Facts = ring_facts(np.ascontiguousarray(points), first)
    return found


def _facts_plainly(points: NDArray[np.float64], first: NDArray[np.int64]) -> _Facts:
    """Do the same in whole vectors."""
    x, y, z = np.ascontiguousarray(points.T)
    dx, dy = _steps(x, first), _steps(y, first)
    goes_on = (dx != 0) | (dy != 0)
    begin, counts = first[:-1], np.diff(first)
    starts = np.cumsum([0, *np.add.reduceat(goes_on, begin, dtype=np.int64)])
    spread_mm = np.maximum.reduceat(z, begin) - np.minimum.reduceat(z, begin)
    xy = np.column_stack([x, y])[goes_on]
    x -= np.repeat(x[begin], counts)
    y -= np.repeat(y[begin], counts)
    twice_area_mm2 = np.abs(np.add.reduceat(x * dy - y * dx, begin))
    reach_mm = np.maximum.reduceat(np.abs(x) + np.abs(y), begin)
    return xy, starts, spread_mm, twice_area_mm2, reach_mm


def _steps(values: NDArray[np.float64], first: NDArray[np.int64]) -> NDArray[np.float64]:
    """From each point to the next of its ring, which closes by itself."""
    steps = np.empty_like(values)
    np.subtract(values[1:], values[:-1], out=steps[:-1])
    steps[first[1:] - 1] = values[first[:-1]] - values[first[1:] - 1]
    return steps
