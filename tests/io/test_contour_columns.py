"""The compiled walk over contours finds what the walk item by item does, or leaves it to that."""

from __future__ import annotations

import struct
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from naive.elements import NO_LENGTH, Element, Style, read_items, write_elements
from rtvol import _kernels
from rtvol.errors import CaseRejected
from rtvol.io import contour_columns, tags
from rtvol.io.elements import parse
from rtvol.io.headers import header_of
from rtvol.io.raw_contours import contour_columns_of
from rtvol.io.rtstruct import read_structures

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from rtvol.io.elements import DataSet

INTO = tags.STRUCTURES
VALUES = st.sampled_from(
    [
        *(b"", b"1 ", b"3 ", b" 3", b"CLOSED_PLANAR ", b"closed_planar", b"POINT ", b"1.2.840\0"),
        *(
            b"0\\0\\0\\10\\0\\0\\0\\10\\0 ",
            b"1e1\\ 2.5\\-3",
            b"1\\2\\",
            b"x\\1\\2 ",
            b"\\",
            b"\0\0",
        ),
    ]
)
KNOWN = {
    tags.CONTOUR_GEOMETRIC_TYPE: b"CS",
    tags.NUMBER_OF_CONTOUR_POINTS: b"IS",
    tags.CONTOUR_DATA: b"DS",
    tags.REFERENCED_SOP_INSTANCE_UID: b"UI",
    tags.REFERENCED_FRAME_NUMBER: b"IS",
    0x00091001: b"UN",  # private
    0x30060049: b"IS",
    0x30080000: b"OB",
}
#: Sequences looked into, and others: private, and one nobody opens.
OPEN, SHUT = tags.CONTOUR_IMAGE_SEQUENCE, 0x300600A0


@st.composite
def some_elements(draw: st.DrawFn, depth: int = 0) -> list[Element]:
    found = []
    for tag, vr in KNOWN.items():
        if draw(st.integers(0, 2)):
            found.append(Element(tag, vr, draw(VALUES)))
    for tag in (OPEN, SHUT, 0x00091010) if depth < 2 else ():
        if draw(st.integers(0, 2)) == 2:
            items = draw(st.lists(some_elements(depth + 1), max_size=2))
            found.append(Element(tag, b"SQ", items))
    order = draw(st.sampled_from([sorted, sorted, sorted, list]))
    return list(order(found, key=lambda one: one.tag)) if order is sorted else found


@st.composite
def structure_sets(draw: st.DrawFn) -> tuple[bytes, bool]:
    """Bytes of a structure set of up to three regions, and whether they have representations."""
    explicit, open_ended = draw(st.booleans()), draw(st.booleans())
    names, drawn = [], []
    for number in range(1, draw(st.integers(1, 3)) + 1):
        text = b"%d " % number
        names.append([Element(tags.ROI_NUMBER, b"IS", text), Element(tags.ROI_NAME, b"LO", b"A ")])
        contours = Element(
            tags.CONTOUR_SEQUENCE, b"SQ", draw(st.lists(some_elements(), max_size=4))
        )
        drawn.append([contours, Element(tags.REFERENCED_ROI_NUMBER, b"IS", text)])
    body = [
        Element(tags.SOP_CLASS_UID, b"UI", b"1.2.840.10008.5.1.4.1.1.481.3\0"),
        Element(tags.MODALITY, b"CS", b"RTSTRUCT"),
        Element(tags.STRUCTURE_SET_ROI_SEQUENCE, b"SQ", names),
        Element(tags.ROI_CONTOUR_SEQUENCE, b"SQ", drawn),
    ]
    return write_elements(body, explicit=explicit, open_ended=open_ended), explicit


def told(source: DataSet) -> tuple[object, ...]:
    """All that follows from a walk: columns of each region's contours, other values, the fault."""
    fault = source.fault.finding if source.fault else None
    regions = header_of(source).items(tags.ROI_CONTOUR_SEQUENCE)
    columns = [plain(contour_columns_of(item)).tolist() for item in regions]
    others = [
        {tag: value for tag, value in item.node.items() if tag != tags.CONTOUR_SEQUENCE}
        for item in regions
    ]
    return columns, others, fault, sorted(source.node)


def plain(columns: NDArray[np.int64]) -> NDArray[np.int64]:
    """Columns, but for where what is absent would begin, and images where there are several."""
    columns = columns.copy()
    several = columns[:, contour_columns.IMAGES, 1] != 1
    columns[several, contour_columns.IMAGE :] = 0
    columns[columns[..., 0] == columns[..., 1]] = 0
    return columns


@pytest.fixture(scope="module", autouse=True)
def loaded() -> None:
    _kernels.load()


@given(structure_sets(), st.data())
@settings(max_examples=150)
def test_both_walks_tell_the_same_of_any_bytes(
    made: tuple[bytes, bool], data: st.DataObject
) -> None:
    whole, _ = made
    spoilt = bytearray(whole)
    for _ in range(data.draw(st.integers(0, 3))):
        spoilt[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    stop = data.draw(st.one_of(st.just(len(whole)), st.integers(8, len(whole))))
    cut = bytes(spoilt[:stop])
    slow, fast = parse(cut, into=INTO), parse(cut, into=INTO, in_columns=True)
    assert told(fast) == told(slow)


@given(structure_sets())
@settings(max_examples=60)
def test_columns_are_those_of_the_plain_twin(made: tuple[bytes, bool]) -> None:
    whole, explicit = made
    region = header_of(parse(whole, into=INTO, in_columns=True)).items(tags.ROI_CONTOUR_SEQUENCE)
    twin, _ = read_items(
        *_where(whole, tags.ROI_CONTOUR_SEQUENCE),
        tags.ROI_CONTOUR_SEQUENCE,
        Style(explicit, "<", INTO),
    )
    for item, expected in zip(region, twin, strict=True):
        contours = next(one.value for one in expected if one.tag == tags.CONTOUR_SEQUENCE)
        found = contour_columns_of(item)
        assert len(found) == len(contours)
        for columns, contour in zip(found, contours, strict=True):
            values = {one.tag: one.value for one in contour}
            for column, (within, tag) in enumerate(contour_columns.WANTED[:3]):
                assert not within
                start, stop = columns[column]
                assert whole[start:stop] == values.get(tag, b"")


def _where(data: bytes, tag: int) -> tuple[bytes, int, int | None]:
    """Bytes, where the items of the last sequence of a data set begin, and where it ends."""
    at = data.index(struct.pack("<HH", tag >> 16, tag & 0xFFFF))
    start = at + (12 if data[at + 4 : at + 6] == b"SQ" else 8)
    length = int.from_bytes(data[start - 4 : start], "little")
    return data, start, None if length == NO_LENGTH else start + length


@pytest.mark.parametrize("explicit", [True, False])
@pytest.mark.parametrize("open_ended", [True, False])
def test_what_is_in_order_is_walked_compiled(explicit: bool, open_ended: bool) -> None:
    image = [Element(tags.REFERENCED_SOP_INSTANCE_UID, b"UI", b"1.2\0")]
    private = Element(0x00091010, b"SQ", [[Element(0x00091011, b"UN", b"ab")]])
    item = [
        private,
        Element(tags.CONTOUR_IMAGE_SEQUENCE, b"SQ", [image]),
        Element(tags.CONTOUR_GEOMETRIC_TYPE, b"CS", b"POINT "),
        Element(tags.CONTOUR_DATA, b"DS", b"1\\2\\3 "),
    ]
    body = [Element(tags.CONTOUR_SEQUENCE, b"SQ", [item, [], item])]
    data = write_elements(body, explicit=explicit, open_ended=open_ended)
    at, end = 12 if explicit else 8, -1 if open_ended else len(data)
    found = contour_columns.walked(data, (at, end), not explicit, INTO)
    assert found is not None
    columns, stop = found
    assert stop == len(data)
    texts = [[data[start:stop] for start, stop in item] for item in columns[:, [0, 1, 2, 4, 5]]]
    assert texts == [[b"POINT ", b"", b"1\\2\\3 ", b"1.2\0", b""], [b""] * 5, texts[0]]
    assert columns[:, contour_columns.IMAGES, 1].tolist() == [1, 0, 1]
    for cut in range(at, len(data)):
        assert contour_columns.walked(data[:cut], (at, end), not explicit, INTO) is None


@pytest.mark.parametrize("count", [0, 255, 256, 257, 2000])
def test_any_number_of_contours_is_walked(count: int) -> None:
    item = [Element(tags.NUMBER_OF_CONTOUR_POINTS, b"IS", b"3 ")]
    body = [Element(tags.CONTOUR_SEQUENCE, b"SQ", [item] * count)]
    data = write_elements(body, explicit=True, open_ended=True)
    found = contour_columns.walked(data, (12, -1), implicit=False, into=INTO)
    assert found is not None
    texts = [data[start:stop] for start, stop in found[0][:, contour_columns.COUNT]]
    assert texts == [b"3 "] * count


def outcome(data: bytes) -> tuple[object, ...]:
    """What a reader hands on: contours to the bit and findings; or its rejection."""
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "RS.dcm"
        path.write_bytes(data)
        try:
            found = read_structures(path)
        except CaseRejected as fault:
            return (fault.finding,)
    contours = [
        [(one.xy_mm.tobytes(), one.z_mm, one.image_uid) for one in roi.contours]
        for roi in found.structures.rois
    ]
    return contours, [roi.refusal for roi in found.structures.rois], found.findings


@given(structure_sets(), st.data())
@settings(max_examples=100)
def test_both_ways_give_the_same_structures_or_the_same_rejection(
    made: tuple[bytes, bool], data: st.DataObject
) -> None:
    whole, _ = made
    stop = data.draw(st.one_of(st.just(len(whole)), st.integers(8, len(whole))))
    found = []
    for compiled in (True, False):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(_kernels, "are_loaded", lambda answer=compiled: answer)
            found.append(outcome(whole[:stop]))
    assert found[0] == found[1]
