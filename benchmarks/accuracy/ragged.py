"""Stacks of contours as people and programs draw them: jumps, limbs, islands, fins, holes, drifts.

Every stack is made from a seed alone. Nothing about them was chosen to suit a rule of rtvol.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import shapely
from shapely.geometry import MultiPolygon, Point, Polygon

from rtvol.structures import Contour, Roi

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.random import Generator
    from numpy.typing import NDArray
    from shapely.geometry.base import BaseGeometry

#: What may happen along a stack; each stack takes some of them.
EVENTS = (
    "jitter", "wobble", "step", "flare", "shift", "drift", "limb", "island", "late lobe", "fork",
    "hole", "fin", "neck", "shrink",
)  # fmt: skip
#: Points along a ring; areas below are no contour a person draws, mm2.
POINTS, LEAST_MM2 = 72, 1.0


@dataclass(frozen=True)
class Stack:
    """Sections (shapely) on planes, mm, ascending, as drawn."""

    name: str
    z_mm: NDArray[np.float64]
    sections: tuple[BaseGeometry, ...]

    def roi(self, name: str = "GTV") -> Roi:
        """Contours: outer rings and holes, combined by parity."""
        contours = [
            Contour(ring, float(z))
            for z, section in zip(self.z_mm, self.sections, strict=True)
            for ring in rings_of(section)
        ]
        return Roi(name, 1, "GTV", tuple(contours))


def rings_of(section: BaseGeometry) -> Iterator[NDArray[np.float64]]:
    """All rings (N, 2) of a section, the first point not repeated."""
    for part in _parts(section):
        for ring in (part.exterior, *part.interiors):
            yield np.ascontiguousarray(np.array(ring.coords)[:-1, :2])


def discs(
    *radii_mm: float, spacing_mm: float = 2.5, shifts_mm: dict[int, float] | None = None
) -> Stack:
    """Discs one above the other, with shifts along x of some."""
    moved = shifts_mm or {}
    sections = [
        _polygon(Point(moved.get(k, 0.0), 0.0).buffer(r, quad_segs=36))
        for k, r in enumerate(radii_mm)
    ]
    return Stack("discs", np.arange(len(radii_mm)) * spacing_mm, tuple(sections))


def ragged(seed: int) -> Stack:
    """Draw a random ragged stack.

    Parameters
    ----------
    seed
        Any number; the same stack each time.
    """
    rng = np.random.default_rng(seed)
    z = _planes(rng)
    chosen = rng.choice(EVENTS, size=min(rng.integers(1, 5), len(EVENTS)), replace=False)
    sections = _base(rng, z, chosen)
    for event in chosen:
        _happen(event, rng, z, sections)
    kept = [(at, _clean(section)) for at, section in zip(z, sections, strict=True)]
    kept = _one_run([(at, section) for at, section in kept if not section.is_empty], z)
    return Stack("+".join(chosen), np.array([at for at, _ in kept]), tuple(s for _, s in kept))


def _planes(rng: Generator) -> NDArray[np.float64]:
    count = int(rng.choice([1, 2, 3, 5, 8, 12], p=[0.04, 0.08, 0.12, 0.26, 0.3, 0.2]))
    spacing = float(rng.choice([1.0, 1.5, 2.0, 2.5, 3.0, 5.0]))
    gaps = np.full(max(count - 1, 0), spacing)
    if count >= 5 and rng.random() < 0.25:  # two scans joined
        gaps[count // 2 :] = float(rng.choice([1.0, 2.0, 3.0, 5.0]))
    return np.round(rng.uniform(-50, 50) + np.concatenate([[0.0], np.cumsum(gaps)]), 2)


def _base(rng: Generator, z: NDArray[np.float64], chosen: NDArray[np.str_]) -> list[BaseGeometry]:
    radius, waves = rng.uniform(4, 14), rng.normal(0, 0.06, (2, 5))
    rises = rng.normal(0, 1.5) * np.linspace(-1, 1, z.size) if "drift" in chosen else 0 * z
    sections = []
    for k in range(z.size):
        own, centre = radius, np.array([rises[k], -rises[k] / 2])
        if "jitter" in chosen:
            own += rng.normal(0, 1.0)
            centre = centre + rng.normal(0, 1.0, 2)
        shape = waves + (rng.normal(0, 0.05, waves.shape) if "wobble" in chosen else 0)
        sections.append(_blob(max(own, 2.0), centre, shape))
    return sections


def _blob(radius: float, centre: NDArray[np.float64], waves: NDArray[np.float64]) -> Polygon:
    angle = np.linspace(0, 2 * np.pi, POINTS, endpoint=False)
    order = np.arange(2, 2 + waves.shape[1])[:, None] * angle
    r = radius * np.maximum(1 + waves[0] @ np.cos(order) + waves[1] @ np.sin(order), 0.3)
    return Polygon(np.stack([centre[0] + r * np.cos(angle), centre[1] + r * np.sin(angle)], axis=1))


def _happen(
    event: str, rng: Generator, z: NDArray[np.float64], sections: list[BaseGeometry]
) -> None:
    """Change the sections as one event does, in place."""
    first, last = sorted(int(k) for k in rng.integers(0, z.size, 2))
    turn = rng.uniform(0, 2 * np.pi)
    place = Place(
        first,
        last,
        z.size - 1 if rng.random() < 0.5 else 0,
        float(np.sqrt(sections[first].area / np.pi)),
        np.array([np.cos(turn), np.sin(turn)]),
    )
    if event in HAPPENS:
        HAPPENS[event](rng, sections, place)


@dataclass(frozen=True)
class Place:
    """Where something happens: planes from first to last, an end, how large, which way."""

    first: int
    last: int
    end: int
    size_mm: float
    way: NDArray[np.float64]


def _step(rng: Generator, sections: list[BaseGeometry], at: Place) -> None:
    factor = rng.uniform(0.45, 2.0)
    for k in range(at.first, len(sections)):
        sections[k] = _sized(sections[k], factor)


def _flare(rng: Generator, sections: list[BaseGeometry], at: Place) -> None:
    sections[at.end] = _sized(sections[at.end], rng.uniform(1.3, 2.2))


def _shrink(rng: Generator, sections: list[BaseGeometry], at: Place) -> None:
    sections[at.end] = _sized(sections[at.end], rng.uniform(0.1, 0.6))


def _neck(rng: Generator, sections: list[BaseGeometry], at: Place) -> None:
    middle = (at.first + at.last) // 2
    sections[middle] = _sized(sections[middle], rng.uniform(0.15, 0.6))


def _shift(rng: Generator, sections: list[BaseGeometry], at: Place) -> None:
    by = at.way * rng.uniform(0.3, 1.4) * at.size_mm
    for k in range(at.first, len(sections)):
        sections[k] = _moved(sections[k], by)


def _limb(rng: Generator, sections: list[BaseGeometry], at: Place) -> None:
    wide, far = rng.uniform(0.15, 0.5) * at.size_mm, rng.uniform(0.8, 1.6) * at.size_mm
    for k in range(at.first, at.last + 1):
        sections[k] = sections[k].union(_arm(sections[k], at.way * far, wide))


def _islands(rng: Generator, sections: list[BaseGeometry], at: Place, where: range) -> None:
    far = at.way * (at.size_mm * rng.uniform(1.6, 2.6) + 3)
    for k in where:
        disc = Point(*(_middle(sections[k]) + far)).buffer(rng.uniform(1.0, 0.7 * at.size_mm + 1.0))
        sections[k] = sections[k].union(disc)


def _fork(rng: Generator, sections: list[BaseGeometry], at: Place) -> None:
    apart = rng.uniform(0.2, 0.5) * at.size_mm
    for number, k in enumerate(range(at.first, len(sections))):
        half = at.way * apart * number
        one, other = _sized(sections[k], 0.7), _sized(sections[k], 0.6)
        sections[k] = _moved(one, half).union(_moved(other, -half))


def _hole(rng: Generator, sections: list[BaseGeometry], at: Place) -> None:
    for k in range(at.first, at.last + 1):
        middle = _middle(sections[k]) + at.way * 0.2 * at.size_mm
        hole = Point(*middle).buffer(rng.uniform(0.15, 0.5) * at.size_mm)
        sections[k] = sections[k].difference(hole)


def _fin(rng: Generator, sections: list[BaseGeometry], at: Place) -> None:
    k = int(rng.integers(0, len(sections)))
    far, wide = at.way * rng.uniform(1.5, 2.5) * at.size_mm, rng.uniform(0.4, 1.5)
    sections[k] = sections[k].union(_arm(sections[k], far, wide))


#: What each event does; jitter, wobble and drift are in the base already.
HAPPENS: dict[str, Callable[[Generator, list[BaseGeometry], Place], None]] = {
    "step": _step,
    "flare": _flare,
    "shrink": _shrink,
    "neck": _neck,
    "shift": _shift,
    "limb": _limb,
    "island": lambda rng, s, at: _islands(rng, s, at, range(at.first, at.last + 1)),
    "late lobe": lambda rng, s, at: _islands(rng, s, at, range(at.end, at.end + 1)),
    "fork": _fork,
    "hole": _hole,
    "fin": _fin,
}


def _arm(section: BaseGeometry, to: NDArray[np.float64], wide: float) -> BaseGeometry:
    start = _middle(section)
    return shapely.LineString([start, start + to]).buffer(wide, quad_segs=6)


def _middle(section: BaseGeometry) -> NDArray[np.float64]:
    return np.array(section.representative_point().coords[0])


def _moved(section: BaseGeometry, by: NDArray[np.float64]) -> BaseGeometry:
    return shapely.affinity.translate(section, float(by[0]), float(by[1]))


def _sized(section: BaseGeometry, factor: float) -> BaseGeometry:
    return shapely.affinity.scale(section, factor, factor, origin=tuple(_middle(section)))


def _polygon(geometry: BaseGeometry) -> BaseGeometry:
    return MultiPolygon(list(_parts(geometry)))


def _parts(geometry: BaseGeometry) -> list[Polygon]:
    parts = getattr(geometry, "geoms", [geometry])
    return [part for part in parts if isinstance(part, Polygon) and part.area >= LEAST_MM2]


def _clean(section: BaseGeometry) -> BaseGeometry:
    """Rings a system can write: hundredths of a mm, nothing that touches itself in a point."""
    opened = section.buffer(-0.02).buffer(0.02).simplify(0.01)
    return _polygon(shapely.set_precision(opened, 0.01).buffer(0))


def _one_run(
    kept: list[tuple[float, BaseGeometry]], z: NDArray[np.float64]
) -> list[tuple[float, BaseGeometry]]:
    """The first run of planes without a missing one."""
    run = kept[:1]
    for before, after in pairwise(kept):
        if np.searchsorted(z, after[0]) - np.searchsorted(z, before[0]) > 1:
            break
        run.append(after)
    return run
