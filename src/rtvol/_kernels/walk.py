"""The items of one DICOM sequence in one pass over its bytes, little endian (PS3.5 section 7)."""

from __future__ import annotations

import numpy as np

from rtvol._kernels.jit import BARE, JIT, njit

_ITEM, _ITEM_END, _SEQUENCE_END = 0xFFFEE000, 0xFFFEE00D, 0xFFFEE0DD
_PIXELS = 0x7FE00010
_UNDEFINED = 0xFFFFFFFF
#: Sequences and items held open at once; a deeper nest is left to the plain walk.
_DEPTH = 16


#: Representations with a 32-bit length behind two reserved bytes (PS3.5 table 7.1-1).
_LONG = tuple(
    first << 8 | second
    for first, second in (
        *(b"OB", b"OD", b"OF", b"OL", b"OV", b"OW", b"SQ", b"SV"),
        *(b"UC", b"UN", b"UR", b"UT", b"UV"),
    )
)
_UN = ord("U") << 8 | ord("N")


@njit(**BARE)
def _u16(data, at):
    return np.int64(data[at]) | np.int64(data[at + 1]) << 8


@njit(**BARE)
def _u32(data, at):
    return _u16(data, at) | _u16(data, at + 2) << 16


@njit(**BARE)
def _is_letter(byte):
    return 65 <= byte <= 90 or 97 <= byte <= 122


@njit(**BARE)
def _head(data, at, end, implicit):
    """Representation (0 for none), where the value begins (-1 if behind `end`), and its length."""
    if not implicit and _is_letter(data[at + 4]) and _is_letter(data[at + 5]):
        vr = np.int64(data[at + 4]) << 8 | np.int64(data[at + 5])
        if vr not in _LONG:
            return vr, at + 8, _u16(data, at + 6)
        if at + 12 > end:
            return vr, -1, 0
        return vr, at + 12, _u32(data, at + 8)
    return 0, at + 8, _u32(data, at + 4)


@njit(**BARE)
def _column(wanted, level, tag):
    """Which of the wanted values an element is; -1 for none."""
    for one in range(wanted.shape[0]):
        if wanted[one, 0] == level and wanted[one, 1] == tag:
            return one
    return -1


@njit(**BARE)
def _count_inner(row, wanted, level):
    """One more item of an inner sequence: its values replace those of the one before."""
    for one in range(wanted.shape[0]):
        if wanted[one, 0] == level:
            row[one, 0] = 0
            row[one, 1] = row[one, 1] + 1 if wanted[one, 1] == 0 else 0


@njit(**JIT)
def _with_room(spans, count):
    """Return the spans with room for one more item."""
    if count < spans.shape[0]:
        return spans
    more = np.zeros((2 * count, spans.shape[1], 2), np.int64)
    for item in range(count):
        for one in range(spans.shape[1]):
            more[item, one, 0], more[item, one, 1] = spans[item, one, 0], spans[item, one, 1]
    return more


@njit(**JIT)
def walk_items(data, where, implicit, opened, wanted):
    """Find where values lie in the items of a sequence.

    `data` (N,) uint8. `where`: first byte of the first item, and the end of the sequence, -1 where
    a delimiter ends it. `implicit`: without representations. `opened` (T,) int64: tags of the
    sequences whose items are looked into. `wanted` (W, 2) int64: the tag of an opened sequence
    right in the item, or 0 for the item itself; and the tag of an element in it, or 0.

    Returns spans (R, W, 2) int64 of the wanted values of each item, start and stop; equal where
    absent, of the last one where the inner sequence has several items; for a tag of 0, 0 and the
    number of those. And where the sequence ends: -1 when the bytes are anything but plainly in
    order (tags ascending, all inside their parents); only the plain walk says what is wrong then.
    """
    at, items = where[0], np.int64(0)
    limit = where[1] if where[1] >= 0 else data.size
    spans = np.zeros((256, wanted.shape[0], 2), np.int64)
    failed = spans[:0].copy(), -1
    # sequences at even places, items at odd ones; an open one ends with its parent at the latest
    ends, bounds = np.full(_DEPTH + 2, -1), np.full(_DEPTH + 2, limit)
    last, within, column = np.full(_DEPTH + 2, -1), np.full(_DEPTH + 2, -1), np.full(_DEPTH + 2, -1)
    bare = np.full(_DEPTH + 2, implicit)
    ends[0], within[0], depth = where[1], 0, 0
    while limit <= data.size:
        is_item, closing = depth % 2 == 1, at == ends[depth]
        if not closing:
            if at + 8 > bounds[depth]:
                return failed
            tag = _u16(data, at) << 16 | _u16(data, at + 2)
            closing = ends[depth] < 0 and tag == (_ITEM_END if is_item else _SEQUENCE_END)
            if closing and _u32(data, at + 4) != 0:
                return failed
            at += 8 if closing else 0
        if closing:
            if column[depth] >= 0:
                spans[items - 1, column[depth], 1] = at
            if depth == 0:
                return spans[:items].copy(), at
            depth -= 1
            continue
        vr, start, length = _head(data, at, bounds[depth], not is_item or bare[depth])
        is_open = length == _UNDEFINED
        if start < 0 or depth == _DEPTH or (not is_open and start + length > bounds[depth]):
            return failed
        level, place, nested, at = within[depth], -1, True, start
        if is_item:
            if tag <= last[depth] or tag >> 16 == _ITEM >> 16 or (is_open and tag == _PIXELS):
                return failed
            last[depth] = tag
            is_opened = False
            for one in opened:
                is_opened = is_opened or one == tag
            if not is_opened:
                place = _column(wanted, level, tag)
                if place >= 0:
                    spans[items - 1, place, 0], spans[items - 1, place, 1] = start, start + length
            level = tag if is_opened and level == 0 else -1
            nested = is_opened or is_open
        elif tag != _ITEM:
            return failed
        elif depth == 0:
            spans = _with_room(spans, items)
            items += 1
        elif level > 0:
            _count_inner(spans[items - 1], wanted, level)
        if not nested:
            at += length
            continue
        depth += 1
        ends[depth] = -1 if is_open else at + length
        bounds[depth] = bounds[depth - 1] if is_open else at + length
        last[depth], within[depth], column[depth] = -1, level, place
        bare[depth] = bare[depth - 1] or vr == _UN
    return failed
