"""Items of a Contour Sequence as columns: where the values lie that contours are made of."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from rtvol.io import tags

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

#: Columns, by name.
KIND, COUNT, DATA, IMAGES, IMAGE, FRAME = range(6)
#: The element in each column, and the sequence in the item that it lies in; 0 for the item itself,
#: and for the number of that sequence's items in place of an element.
WANTED = (
    (0, tags.CONTOUR_GEOMETRIC_TYPE),
    (0, tags.NUMBER_OF_CONTOUR_POINTS),
    (0, tags.CONTOUR_DATA),
    (tags.CONTOUR_IMAGE_SEQUENCE, 0),
    (tags.CONTOUR_IMAGE_SEQUENCE, tags.REFERENCED_SOP_INSTANCE_UID),
    (tags.CONTOUR_IMAGE_SEQUENCE, tags.REFERENCED_FRAME_NUMBER),
)


def walked(
    data: bytes, where: tuple[int, int], implicit: bool, into: frozenset[int]
) -> tuple[NDArray[np.int64], int] | None:
    """Walk a Contour Sequence compiled: ten times as fast as item by item.

    Parameters
    ----------
    data
        Bytes of the data set.
    where
        First byte of the first item, and the end of the sequence; -1 where a delimiter ends it.
    implicit
        Whether elements are written without value representation.
    into
        Sequences whose items are looked into.

    Returns
    -------
    Columns (R, 6, 2), a start and a stop each, and where the sequence ends. None where the bytes
    are not plainly in order: the walk item by item then says what is wrong, or reads them.
    """
    from rtvol._kernels.walk import walk_items

    buffer, opened = np.frombuffer(data, np.uint8), np.array(sorted(into), np.int64)
    columns, stop = walk_items(buffer, where, implicit, opened, np.array(WANTED, np.int64))
    return (columns, int(stop)) if stop >= 0 else None


def columns_of(items: Sequence[Mapping[int, object]]) -> NDArray[np.int64]:
    """Return the columns (R, 6, 2) of items that were walked one by one."""
    columns = [[_span(item, *wanted) for wanted in WANTED] for item in items]
    return np.array(columns, np.int64).reshape(-1, len(WANTED), 2)


def _span(item: Mapping[int, object], within: int, tag: int) -> tuple[int, int]:
    if within:
        inner = item.get(within)
        if not isinstance(inner, list) or not inner:
            return 0, 0
        if not tag:
            return 0, len(inner)
        item = inner[-1]
    span = item.get(tag, (0, 0))
    return span if isinstance(span, tuple) else (0, 0)
