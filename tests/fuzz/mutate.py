"""Spoil bytes the way exports are spoilt: values, elements, items, lengths, cuts, bit flips."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from naive.elements import BrokenError, Element, read_file, write_elements
from rtvol.io import tags

if TYPE_CHECKING:
    import random
    from collections.abc import Callable

    Way = Callable[[list[Element], random.Random], None]

#: Every sequence these mutations look into.
INTO = tags.STRUCTURES | tags.PRESCRIPTION | tags.STORED_DVHS
TOKENS = [
    *(b"", b" ", b"0", b"-0", b"1", b"-1", b"+1.5", b"1.5e3", b"1E-3", b".5", b"5.", b"1e", b"e5"),
    *(b"-", b"NaN", b"inf", b"-Infinity", b"9e999", b"1e-400", b"1e308", b"-1e300", b"1e20"),
    *(b"1_0", b"0x10", b"9" * 40, b"1" * 5000, b"0" * 64 + b"1", b"2147483648", b"1.0000000001"),
    *(b"18446744073709551616", b"\\", b"1\\2", b"1\\2\\3", b"1\\\\3", b"0\\0\\0", b"\xff\xfe"),
    *(b"\xd9\xa3", b"1 0", b"\0", b"1\0", b"GY", b"CGY", b"RELATIVE", b"ERROR", b"PLAN", b"POINT"),
    *(b"CLOSED_PLANAR", b"ISO_IR 192", b"ISO 2022 IR 87", b"\\ISO 2022 IR 13", b"LOCALIZER"),
    *(b"../../x", b"=1+1", b"<b>", b"\x1b[31m", b"A\nB"),
]
SHORTS = [0, 1, 2, 7, 8, 12, 15, 16, 31, 32, 33, 64, 255, 256, 32767, 32768, 65535]
LENGTHS = [0, 1, 2, 4, 7, 8, 255, 0xFFFE, 0xFFFF, 1 << 24, 0x7FFFFFFF, 0xFFFFFFFE, 0xFFFFFFFF]
VRS = [b"UN", b"SQ", b"OB", b"OW", b"DS", b"IS", b"US", b"UI", b"  ", b"\0\0", b"zz"]


def mutate(data: bytes, dice: random.Random) -> bytes:
    """Return a spoilt copy of a DICOM file, most of them still data sets."""
    if dice.random() < 0.6:
        try:
            return _mutate_tree(data, dice)
        except (BrokenError, struct.error, RecursionError):
            pass
    return _mutate_bytes(data, dice)


def _mutate_tree(data: bytes, dice: random.Random) -> bytes:
    _, elements = read_file(data, INTO)
    start = data.find(b"\x08\x00", 132) if data[128:132] == b"DICM" else 0
    for _ in range(dice.choice([1, 1, 1, 2, 4])):
        dice.choice(TREE_WAYS)(elements, dice)
    explicit = dice.random() < 0.9
    head = data[:start] if explicit or dice.random() < 0.5 else b""
    return head + write_elements(elements, explicit=explicit, open_ended=dice.random() < 0.3)


def _lists(elements: list[Element]) -> list[list[Element]]:
    """The data set and every item in it."""
    found = [elements]
    for element in elements:
        if not isinstance(element.value, bytes):
            for item in element.value:
                found += _lists(item)
    return found


def _picked(elements: list[Element], dice: random.Random, kind: type) -> Element | None:
    """Any element with bytes, or with items."""
    every = [e for inside in _lists(elements) for e in inside if isinstance(e.value, kind)]
    return dice.choice(every) if every else None


def _new_value(elements: list[Element], dice: random.Random) -> None:
    element = _picked(elements, dice, bytes)
    if element is None or not isinstance(element.value, bytes):
        return
    if element.vr == b"US" and dice.random() < 0.9:
        element.value = struct.pack("<H", dice.choice(SHORTS))
    elif b"\\" in element.value and dice.random() < 0.7:
        parts = element.value.split(b"\\")
        at = dice.randrange(len(parts))
        way = dice.randrange(4)
        if way == 0:
            parts[at] = dice.choice(TOKENS)
        elif way == 1:
            parts.pop(at)
        elif way == 2:
            parts[at] = parts[dice.randrange(len(parts))]
        else:
            parts[at] = b"%.*f" % (dice.randrange(4), dice.uniform(-60, 60))
        element.value = b"\\".join(parts)
    else:
        element.value = dice.choice(TOKENS)
    element.value += b" " * (len(element.value) % 2)


def _drop_or_repeat(elements: list[Element], dice: random.Random) -> None:
    inside = dice.choice(_lists(elements))
    if not inside:
        return
    at = dice.randrange(len(inside))
    if dice.random() < 0.7:
        del inside[at]
    else:
        inside.insert(dice.randrange(len(inside)), inside[at])


def _items(elements: list[Element], dice: random.Random) -> None:
    sequence = _picked(elements, dice, list)
    if sequence is None or not isinstance(sequence.value, list) or not sequence.value:
        return
    at, way = dice.randrange(len(sequence.value)), dice.randrange(4)
    if way == 0:
        del sequence.value[at]
    elif way == 1:
        sequence.value.insert(at, sequence.value[dice.randrange(len(sequence.value))])
    elif way == 2:
        dice.shuffle(sequence.value)
    else:
        sequence.value[at] = [Element(sequence.tag, b"SQ", [list(sequence.value[at])])]


def _swap_values(elements: list[Element], dice: random.Random) -> None:
    one, other = _picked(elements, dice, bytes), _picked(elements, dice, bytes)
    if one is not None and other is not None:
        one.value, other.value = other.value, one.value


def _new_kind(elements: list[Element], dice: random.Random) -> None:
    element = _picked(elements, dice, bytes)
    if element is not None:
        element.vr = dice.choice(VRS)


TREE_WAYS: list[Way] = [_new_value] * 5 + [_drop_or_repeat, _items, _swap_values, _new_kind]


def _mutate_bytes(data: bytes, dice: random.Random) -> bytes:
    spoilt = bytearray(data)
    for _ in range(dice.choice([1, 1, 2, 4])):
        if not spoilt:
            return b""
        at, way = dice.randrange(len(spoilt)), dice.randrange(6)
        if way == 0:
            spoilt[at] ^= 1 << dice.randrange(8)
        elif way == 1:
            spoilt[at : at + 4] = struct.pack("<I", dice.choice(LENGTHS))
        elif way == 2:
            del spoilt[at:]
        elif way == 3:
            del spoilt[at : at + dice.choice([1, 2, 4, 8, 16, 64])]
        elif way == 4:
            spoilt[at:at] = spoilt[dice.randrange(len(spoilt)) :][: dice.choice([1, 8, 64])]
        else:
            spoilt[at : at + 2] = dice.choice(VRS)
    return bytes(spoilt)


def mutate_lines(data: bytes, dice: random.Random) -> bytes:
    """Return a spoilt copy of a table: cells, columns, rows, separators, bytes."""
    rows = [line.split(b",") for line in data.split(b"\n")]
    for _ in range(dice.choice([1, 1, 2, 4])):
        row = dice.choice(rows)
        at, way = dice.randrange(len(row)), dice.randrange(7)
        if way <= 2:
            row[at] = dice.choice([*TOKENS, b'"', b'"a,b"', b"1/2/2020", b"2020-13-01", b"true"])
        elif way == 3:
            del row[at]
            row += [] if row else [b""]
        elif way == 4:
            rows.insert(dice.randrange(len(rows)), list(row))
        elif way == 5:
            other = dice.choice(rows)
            row[at] = other[at % len(other)]
        else:
            dice.shuffle(rows)
    table = (b"\r\n" if dice.random() < 0.1 else b"\n").join(b",".join(row) for row in rows)
    return _mutate_bytes(table, dice) if dice.random() < 0.3 else table
