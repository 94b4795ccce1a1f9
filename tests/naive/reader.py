"""Plain twin of reading contours and doses: bytes to rings and volumes, bytes to Gy at points."""

from __future__ import annotations

import statistics
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from naive.area import even_odd_area
from naive.decimal import parse
from naive.elements import Element, read_file
from rtvol.io import tags

CLOSED = {"CLOSED_PLANAR", "CLOSEDPLANAR_XOR", "CLOSED_PLANAR_XOR"}


def values(item: list[Element]) -> dict[int, bytes | list[list[Element]]]:
    return {element.tag: element.value for element in item}


def text(item: list[Element], tag: int) -> str:
    value = values(item).get(tag, b"")
    assert isinstance(value, bytes)
    return value.decode("latin-1").strip(" \0")


def numbers(item: list[Element], tag: int) -> list[float]:
    value = values(item).get(tag, b"")
    assert isinstance(value, bytes)
    found = parse(value.strip(b" \0"))
    assert None not in found
    return [number for number in found if number is not None]


def items(item: list[Element], tag: int) -> list[list[Element]]:
    value = values(item).get(tag, [])
    return value if isinstance(value, list) else []


def without_repeats(points: list[tuple[float, float]]) -> list[list[float]]:
    """A ring's corners, each neighbour of itself once, in file order."""
    following = [*points[1:], points[0]]
    return [list(p) for p, after in zip(points, following, strict=True) if p != after]


@dataclass(frozen=True)
class Ring:
    """One contour of the file: its plane and corners in mm."""

    z: float
    points: list[list[float]]


def closed_rings(data: bytes, number: int) -> list[Ring]:
    """Closed contours of one ROI of a structure set, in file order."""
    _, elements = read_file(data, tags.STRUCTURES)
    found = []
    for roi in items(elements, tags.ROI_CONTOUR_SEQUENCE):
        if numbers(roi, tags.REFERENCED_ROI_NUMBER)[:1] != [number]:
            continue
        for contour in items(roi, tags.CONTOUR_SEQUENCE):
            if text(contour, tags.CONTOUR_GEOMETRIC_TYPE).upper() not in CLOSED:
                continue
            flat = numbers(contour, tags.CONTOUR_DATA)
            points = list(zip(flat[::3], flat[1::3], strict=True))
            found.append(Ring(statistics.median(flat[2::3]), without_repeats(points)))
    return found


def slab_volume_cc(rings: list[tuple[float, list[tuple[float, float]]]], lone_mm: float) -> float:
    """Volume of rings (z, corners): exact areas times slabs that reach midway to the neighbours.

    Rings on one plane (within 0.05 mm of its lowest) that have the same corners count once. A gap
    above 1.5 usual steps is none: there, and at the ends, a slab reaches half a step.
    """
    planes: list[list[tuple[float, list[tuple[float, float]]]]] = []
    for z, ring in sorted(rings, key=lambda one: one[0]):
        if planes and z - planes[-1][0][0] < 0.05:
            planes[-1].append((z, ring))
        else:
            planes.append([(z, ring)])
    heights = [float(np.mean([z for z, _ in plane])) for plane in planes]
    steps = [b - a for a, b in pairwise(heights)]
    usual = lone_mm
    if steps:
        usual = statistics.median(steps) if len(steps) > 2 else min(steps)
    volume = 0.0
    for at, plane in enumerate(planes):
        below = steps[at - 1] if at > 0 else (steps[0] if steps else usual)
        above = steps[at] if at < len(steps) else (steps[-1] if steps else usual)
        reach = [usual if step > 1.5 * usual else step for step in (below, above)]
        apart = {ring_key(ring): ring for _, ring in plane}
        volume += float(even_odd_area(list(apart.values()))) * sum(reach) / 2
    return volume / 1000


def ring_key(ring: list[tuple[float, float]]) -> tuple[tuple[float, float], ...]:
    """Return the same key for the same corners (to 0.001 mm), wherever the ring begins."""
    return tuple(sorted((round(x, 3) + 0.0, round(y, 3) + 0.0) for x, y in ring))


def dose_samples(data: bytes) -> list[tuple[tuple[float, float, float], float]]:
    """Every sample of a native little-endian dose: patient position in mm, and Gy."""
    _, elements = read_file(data, frozenset())
    shorts = {
        tag: int.from_bytes(values(elements).get(tag, b"")[:2], "little")
        for tag in (tags.ROWS, tags.COLUMNS, tags.BITS_ALLOCATED, tags.BITS_STORED)
    }
    size, rows, columns = shorts[tags.BITS_ALLOCATED] // 8, shorts[tags.ROWS], shorts[tags.COLUMNS]
    pixels = values(elements)[tags.PIXEL_DATA]
    assert isinstance(pixels, bytes)
    origin = numbers(elements, tags.IMAGE_POSITION_PATIENT)
    directions = np.array(numbers(elements, tags.IMAGE_ORIENTATION_PATIENT)).reshape(2, 3)
    directions /= np.sqrt((directions**2).sum(axis=1))[:, None]
    down, along = numbers(elements, tags.PIXEL_SPACING)
    normal = np.cross(*directions)
    offsets = numbers(elements, tags.GRID_FRAME_OFFSET_VECTOR) or [0.0]
    is_form_b = abs(offsets[0]) > 0.01
    scaling = numbers(elements, tags.DOSE_GRID_SCALING)[0]
    used = shorts[tags.BITS_STORED] or 8 * size
    found = []
    for k, offset in enumerate(offsets):
        away = (offset - offsets[0]) * (np.sign(normal[2]) if is_form_b else 1.0)
        for j in range(rows):
            for i in range(columns):
                at = ((k * rows + j) * columns + i) * size
                stored = int.from_bytes(pixels[at : at + size], "little") % (1 << used)
                point = (
                    origin + along * i * directions[0] + down * j * directions[1] + away * normal
                )
                found.append((tuple(point.tolist()), stored * scaling))
    return found
