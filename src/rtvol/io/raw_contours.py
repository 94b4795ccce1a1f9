"""Contours before their numbers are read: whose each is, its kind, and where its bytes lie."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from rtvol.case import image_key
from rtvol.io import tags
from rtvol.io.contour_columns import COUNT, FRAME, IMAGE, IMAGES, KIND, columns_of
from rtvol.io.headers import Header, text_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from rtvol.io.elements import Node

#: Closed geometry (PS3.3 C.8.8.6.3), and the exclusive-or form in both spellings met.
CLOSED = frozenset({"CLOSED_PLANAR", "CLOSEDPLANAR_XOR", "CLOSED_PLANAR_XOR"})
#: A number of an IS element, 12 characters at most (PS3.5 6.2).
WHOLE = re.compile(r"[0-9]{1,12}")


@dataclass(frozen=True, eq=False)
class RawContours:
    """Items of Contour Sequences, in the order of the file.

    Attributes
    ----------
    header
        The data set they are of.
    regions
        Number of the region of each (R,).
    indices
        Which contour of its region each is (R,), from 1.
    columns
        Where the values of each lie (R, 6, 2): `contour_columns`.
    kinds
        Contour Geometric Type of each, in capitals.
    images
        The image each says it was drawn on, and its frame; empty where it names none, or several.
    """

    header: Header
    regions: NDArray[np.int64]
    indices: NDArray[np.int64]
    columns: NDArray[np.int64]
    kinds: tuple[str, ...]
    images: tuple[str, ...]

    @classmethod
    def of(cls, header: Header, items: Mapping[int, Sequence[Header]]) -> RawContours:
        """Return the contours of items of the ROI Contour Sequence, by number of their region."""
        found = [
            np.concatenate([contour_columns_of(item) for item in own]) for own in items.values()
        ]
        columns = np.concatenate([np.zeros((0, 6, 2), np.int64), *found])
        counts = [len(one) for one in found]
        regions = np.repeat(np.array(list(items), np.int64), counts)
        indices = np.concatenate([np.zeros(0, np.int64), *(np.arange(1, n + 1) for n in counts)])
        return cls(
            header, regions, indices, columns, _kinds(header, columns), _images(header, columns)
        )

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self.columns)

    def part(self, start: int, stop: int) -> RawContours:
        """Return the contours from number `start` to before `stop`."""
        part = slice(start, stop)
        arrays = (self.regions[part], self.indices[part], self.columns[part])
        return RawContours(self.header, *arrays, self.kinds[part], self.images[part])

    @cached_property
    def is_closed(self) -> NDArray[np.bool_]:
        """Whether each is of a kind that encloses an area (R,)."""
        return np.array([kind in CLOSED for kind in self.kinds], np.bool_)

    def spans(self, column: int) -> NDArray[np.int64]:
        """Start and stop of the values of a column (R, 2)."""
        return np.ascontiguousarray(self.columns[:, column])

    def declared(self, at: int) -> int | None:
        """Return the Number of Contour Points of one; `bad-number` where it is none."""
        start, stop = self.columns[at, COUNT].tolist()
        item: Node = {tags.NUMBER_OF_CONTOUR_POINTS: (start, stop)}
        return Header(self.header.source, item).whole(tags.NUMBER_OF_CONTOUR_POINTS)


def _values(header: Header, columns: NDArray[np.int64], column: int) -> list[bytes]:
    data = header.source.data
    return [data[start:stop] for start, stop in columns[:, column].tolist()]


def _kinds(header: Header, columns: NDArray[np.int64]) -> tuple[str, ...]:
    raw = _values(header, columns, KIND)
    known = {one: text_of(one, header.charset).upper() for one in set(raw)}
    return tuple(known[one] for one in raw)


def _images(header: Header, columns: NDArray[np.int64]) -> tuple[str, ...]:
    both = list(zip(*(_values(header, columns, column) for column in (IMAGE, FRAME)), strict=True))
    known = {one: _image(header, *one) for one in set(both)}
    counts = columns[:, IMAGES, 1].tolist()
    return tuple(known[one] if count == 1 else "" for one, count in zip(both, counts, strict=True))


def _image(header: Header, uid: bytes, frame: bytes) -> str:
    text = uid.rstrip(b"\0 ").decode("ascii", "replace").strip()
    number = text_of(frame, header.charset)
    return image_key(text, int(number) if WHOLE.fullmatch(number) else 0) if text else ""


def contour_columns_of(item: Header) -> NDArray[np.int64]:
    """Return the columns of the contours of one item of the ROI Contour Sequence."""
    found = item.node.get(tags.CONTOUR_SEQUENCE, ())
    if isinstance(found, np.ndarray):
        return found
    return columns_of(found if isinstance(found, list) else ())


def contour_count(item: Header) -> int:
    """Return how many contours an item of the ROI Contour Sequence has."""
    found = item.node.get(tags.CONTOUR_SEQUENCE, ())
    return 0 if isinstance(found, tuple) else len(found)
