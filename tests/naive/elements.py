"""Plain twin of the length walker: a DICOM file as nested lists, or Broken at the first doubt."""

from __future__ import annotations

import struct
from dataclasses import dataclass

ITEM, ITEM_END, SEQUENCE_END, PIXELS = 0xFFFEE000, 0xFFFEE00D, 0xFFFEE0DD, 0x7FE00010
NO_LENGTH = 0xFFFFFFFF
#: PS3.5 table 7.1-1.
LONG = {b"OB", b"OD", b"OF", b"OL", b"OV", b"OW", b"SQ", b"SV", b"UC", b"UN", b"UR", b"UT", b"UV"}


class BrokenError(Exception):
    """The bytes are no whole data set."""


@dataclass
class Element:
    """One element: its value is bytes, or the items of an opened sequence."""

    tag: int
    vr: bytes
    value: bytes | list[list[Element]]


@dataclass(frozen=True)
class Style:
    """How the elements are written, and which sequences are opened."""

    explicit: bool
    order: str
    into: frozenset[int]


def head(data: bytes, at: int, style: Style) -> tuple[int, bytes, int, int]:
    """Tag, representation, length, and where the value begins."""
    if at + 8 > len(data):
        raise BrokenError("no room for an element")
    group, number = struct.unpack(style.order + "HH", data[at : at + 4])
    tag, vr = group << 16 | number, data[at + 4 : at + 6]
    if style.explicit and vr in LONG:
        if at + 12 > len(data):
            raise BrokenError("no room for a length")
        return tag, vr, *struct.unpack(style.order + "I", data[at + 8 : at + 12]), at + 12
    if style.explicit and vr.isalpha():
        return tag, vr, *struct.unpack(style.order + "H", data[at + 6 : at + 8]), at + 8
    return tag, b"", *struct.unpack(style.order + "I", data[at + 4 : at + 8]), at + 8


def read_items(data: bytes, at: int, end: int | None, tag: int, style: Style):  # type: ignore[no-untyped-def]
    """Items up to `end`, or up to the sequence delimiter; and where they end."""
    items, bare = [], Style(explicit=False, order=style.order, into=style.into)
    while end is None or at < end:
        mark, _, length, at = head(data, at, bare)
        if mark == SEQUENCE_END and end is None:
            return items, at
        if mark != ITEM:
            raise BrokenError("no item")
        if tag == PIXELS:
            if length == NO_LENGTH or at + length > len(data):
                raise BrokenError("a fragment has no end")
            at += length
            continue
        stop = None if length == NO_LENGTH else at + length
        item, at = read_elements(data, at, stop, style)
        items.append(item)
    if at != end:
        raise BrokenError("an item ends behind its sequence")
    return items, at


def read_elements(data: bytes, at: int, end: int | None, style: Style):  # type: ignore[no-untyped-def]
    """Elements up to `end`, or up to the item delimiter; and where they end."""
    found = []
    while end is None or at < end:
        tag, vr, length, start = head(data, at, style)
        if end is None and tag == ITEM_END:
            return found, start
        inner = Style(explicit=False, order="<", into=style.into) if vr == b"UN" else style
        if length == NO_LENGTH:
            items, at = read_items(data, start, None, tag, inner)
            value = items if tag in style.into else data[start:at]
        else:
            at = start + length
            if at > (len(data) if end is None else end):
                raise BrokenError("an element ends behind its parent")
            value = data[start:at]
            if tag in style.into:
                value, _ = read_items(data, start, at, tag, inner)
        found.append(Element(tag, vr, value))
    if at != end:
        raise BrokenError("an element ends behind its parent")
    return found, at


def read_file(data: bytes, into: frozenset[int]) -> tuple[str, list[Element]]:
    """Transfer syntax and elements of a file that is not deflated.

    Zeros behind the last element are padding. Whether values have representations is taken from
    the first element, not from the transfer syntax.
    """
    at, syntax = (132 if data[128:132] == b"DICM" else 0), ""
    meta = Style(explicit=True, order="<", into=frozenset())
    while data[at : at + 2] == b"\x02\x00" and len(data) - at >= 8:
        tag, _, length, start = head(data, at, meta)
        at = start + length
        if tag == 0x00020010:
            syntax = data[start:at].rstrip(b"\0 ").decode("ascii", "replace")
    end = len(data.rstrip(b"\0"))
    big = syntax == "1.2.840.10008.1.2.2"
    if not syntax:
        group, _, length = struct.unpack(">HHI", data[at : at + 8])
        looks = data[at + 4 : at + 6].isupper() or length <= 1024
        big = group in (2, 8) and looks
    style = Style(data[at + 4 : at + 6].isupper(), ">" if big else "<", into)
    found = []
    while at < end:
        # the last value may end in zeros, which are its own
        _, _, length, start = head(data, at, style)
        stop = None if length == NO_LENGTH else start + length
        if stop is not None and stop > len(data):
            raise BrokenError("an element ends behind the file")
        if stop is None:
            one, at = _one_open(data, at, style)
        else:
            (one,), at = read_elements(data, at, stop, style)
        found.append(one)
    return syntax, found


def _one_open(data: bytes, at: int, style: Style) -> tuple[Element, int]:
    tag, vr, _, start = head(data, at, style)
    inner = Style(explicit=False, order="<", into=style.into) if vr == b"UN" else style
    items, stop = read_items(data, start, None, tag, inner)
    return Element(tag, vr, items if tag in style.into else data[start:stop]), stop


def write_elements(elements: list[Element], *, explicit: bool, open_ended: bool) -> bytes:
    """Bytes of elements, little endian; sequences and items without lengths on demand."""
    out = []
    for element in elements:
        value = element.value
        if not isinstance(value, bytes):
            value = _written_items(value, explicit=explicit, open_ended=open_ended)
        is_open = open_ended and not isinstance(element.value, bytes)
        length = NO_LENGTH if is_open else len(value)
        vr = element.vr or b"UN"
        out.append(struct.pack("<HH", element.tag >> 16, element.tag & 0xFFFF))
        if not explicit:
            out.append(struct.pack("<I", length))
        elif vr in LONG:
            out.append(vr + b"\0\0" + struct.pack("<I", length))
        else:
            out.append(vr + struct.pack("<H", min(length, 0xFFFF)))
        out.append(value + (struct.pack("<HHI", 0xFFFE, 0xE0DD, 0) if is_open else b""))
    return b"".join(out)


def _written_items(items: list[list[Element]], *, explicit: bool, open_ended: bool) -> bytes:
    out = []
    for item in items:
        inside = write_elements(item, explicit=explicit, open_ended=open_ended)
        length = NO_LENGTH if open_ended else len(inside)
        end = struct.pack("<HHI", 0xFFFE, 0xE00D, 0) if open_ended else b""
        out.append(struct.pack("<HHI", 0xFFFE, 0xE000, length) + inside + end)
    return b"".join(out)
