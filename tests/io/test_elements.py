"""The length walker at its edges: every element ends inside its parent, or the file is named."""

from __future__ import annotations

import io
import struct
from typing import TYPE_CHECKING

import pytest

from naive import export
from naive.elements import Element, write_elements
from rtvol.errors import CaseRejected
from rtvol.io import elements, find, tags
from rtvol.io.elements import load, parse

if TYPE_CHECKING:
    from pathlib import Path

LABEL, ROIS = tags.STRUCTURE_SET_LABEL, tags.STRUCTURE_SET_ROI_SEQUENCE
INTO = tags.STRUCTURES
CLASS = Element(tags.SOP_CLASS_UID, b"UI", b"1.2 ")
ITEM, ITEM_END, SEQUENCE_END = (
    struct.pack("<HHI", 0xFFFE, number, 0) for number in (0xE000, 0xE00D, 0xE0DD)
)


def head(tag: int, vr: bytes, length: int) -> bytes:
    start = struct.pack("<HH", tag >> 16, tag & 0xFFFF) + vr
    if vr in {b"SQ", b"OW", b"UN"}:
        return start + b"\0\0" + struct.pack("<I", length)
    return start + struct.pack("<H", length)


def plain(*more: Element) -> bytes:
    return write_elements([CLASS, *more], explicit=True, open_ended=False)


def fault(data: bytes) -> tuple[str, str]:
    found = parse(data, into=INTO).fault
    assert found is not None
    return found.finding.code, found.finding.where


def test_zeros_behind_the_data_set_are_padding_and_anything_else_is_not() -> None:
    whole = plain(Element(LABEL, b"SH", b"PLAN"))
    for padding in (b"", b"\0" * 3, b"\0" * 8, b"\0" * 513):
        source = parse(whole + padding, into=INTO)
        assert source.fault is None
        assert list(source.node) == [tags.SOP_CLASS_UID, LABEL]
    for torn in (b"\x06", b"\0" * 6 + b"\x01", b"\0" * 20 + b"\x01", b"\0\0\0\0\x04\0\0\0abcd"):
        assert fault(whole + torn)[0] == "truncated-file"


def test_an_element_twice_is_refused_by_its_place() -> None:
    twice = plain(Element(LABEL, b"SH", b"PLAN"), Element(LABEL, b"SH", b"NALP"))
    assert fault(twice) == ("bad-encoding", "StructureSetLabel (3006,0002)")
    roi = [Element(tags.ROI_NUMBER, b"IS", b"1 "), Element(tags.ROI_NUMBER, b"IS", b"2 ")]
    assert fault(plain(Element(ROIS, b"SQ", [roi]))) == ("bad-encoding", "ROINumber (3006,0022)")


@pytest.mark.parametrize(
    ("inside", "length"),
    [
        # an open item whose delimiter lies behind the end of its sequence
        (struct.pack("<HHI", 0xFFFE, 0xE000, 0xFFFFFFFF) + ITEM_END, 8),
        # a closed item that is longer than its sequence
        (struct.pack("<HHI", 0xFFFE, 0xE000, 64) + b"\0" * 64, 16),
        # an open sequence whose delimiter lies behind the item it is in
        (
            struct.pack("<HHI", 0xFFFE, 0xE000, 12)
            + head(tags.CONTOUR_IMAGE_SEQUENCE, b"SQ", 0xFFFFFFFF)
            + SEQUENCE_END,
            20,
        ),
    ],
)
def test_nothing_ends_behind_its_parent(inside: bytes, length: int) -> None:
    data = plain() + head(ROIS, b"SQ", length) + inside + plain(Element(LABEL, b"SH", b"PLAN"))
    assert fault(data)[0] == "truncated-file"


def test_what_is_no_item_is_bad_encoding() -> None:
    data = plain() + head(ROIS, b"SQ", 8) + ITEM_END
    assert fault(data) == ("bad-encoding", "StructureSetROISequence (3006,0020)")


def test_fragments_of_compressed_pixels_are_stepped_over() -> None:
    pixels = head(tags.PIXEL_DATA, b"OW", 0xFFFFFFFF)
    fragment = struct.pack("<HHI", 0xFFFE, 0xE000, 4) + b"\xff\xd8\xff\xd9"
    source = parse(plain() + pixels + ITEM + fragment + SEQUENCE_END, into=INTO)
    assert source.fault is None
    assert source.node[tags.PIXEL_DATA] == (24, 24 + 8 + 12 + 8)
    endless = struct.pack("<HHI", 0xFFFE, 0xE000, 0xFFFFFFFF)
    assert fault(plain() + pixels + endless + SEQUENCE_END)[0] == "truncated-pixels"
    assert fault(plain() + pixels + ITEM + fragment)[0] == "truncated-pixels"


def test_a_sequence_of_unknown_representation_is_implicit_inside() -> None:
    """PS3.5 6.2.2, note 2: UN of undefined length holds implicit little endian."""
    number = [Element(tags.ROI_NUMBER, b"", b"7 ")]
    inside = write_elements(number, explicit=False, open_ended=False)
    item = struct.pack("<HHI", 0xFFFE, 0xE000, len(inside)) + inside
    data = plain() + head(ROIS, b"UN", 0xFFFFFFFF) + item + SEQUENCE_END
    (roi,) = parse(data, into=INTO).node[ROIS]
    assert isinstance(roi, dict)
    assert data[slice(*roi[tags.ROI_NUMBER])] == b"7 "  # type: ignore[arg-type]


def test_sequences_nobody_asked_for_are_stepped_over_whatever_is_in_them() -> None:
    data = plain() + head(tags.DVH_SEQUENCE, b"SQ", 4) + b"junk"
    source = parse(data, into=INTO)
    assert source.fault is None
    assert source.node[tags.DVH_SEQUENCE] == (len(data) - 4, len(data))


def test_an_open_sequence_without_items_until_the_file_ends() -> None:
    assert fault(plain() + head(ROIS, b"SQ", 0xFFFFFFFF))[0] == "truncated-file"
    endless = struct.pack("<HHI", 0xFFFE, 0xE000, 0xFFFFFFFF)
    assert fault(plain() + head(ROIS, b"SQ", 0xFFFFFFFF) + endless)[0] == "truncated-file"


def test_meta_information_that_is_all_there_is(tmp_path: Path) -> None:
    preamble = b"\0" * 128 + b"DICM"
    syntax = Element(tags.TRANSFER_SYNTAX_UID, b"UI", b"1.2.840.10008.1.2.1\0")
    meta = preamble + write_elements([syntax], explicit=True, open_ended=False)
    assert fault(meta) == ("truncated-file", "element (0000,0000)")
    torn = meta + b"\x02\x00\x02\x01OB\0\0"  # 8 of the 12 bytes such an element begins with
    assert fault(torn) == ("truncated-file", "element (0002,0102)")
    # in a tree such a file is one damaged file, and the case beside it is read, and says so
    export.write_case(tmp_path)
    (tmp_path / "torn.dcm").write_bytes(torn)
    found = find([tmp_path])
    (case,) = found.cases
    assert [finding.code for finding in case.findings] == ["truncated-file"]


@pytest.mark.parametrize("reach", [8, 40, 132, 140, 150, 160, 300])
def test_a_head_is_enough_or_more_is_read(reach: int, tmp_path: Path) -> None:
    data = export.save(export.structure_set(), tmp_path / "rs.dcm").read_bytes()
    stream = io.BytesIO(data)
    by_head = elements.load_open(stream, stream.read(reach), into=INTO)  # type: ignore[arg-type]
    assert by_head.node == parse(data, into=INTO).node
    assert by_head.transfer_syntax == "1.2.840.10008.1.2.1"


def test_a_deflated_head_is_read_whole(tmp_path: Path) -> None:
    path = export.deflate(export.structure_set(), tmp_path / "rs.dcm")
    data = path.read_bytes()
    stream = io.BytesIO(data)
    by_head = elements.load_open(stream, stream.read(400), into=INTO)  # type: ignore[arg-type]
    assert by_head.fault is None
    assert by_head.node == load(path, into=INTO).node
    start = len(data) - 40
    for damaged in (data[:start] + b"\xff" * 40, data[:400] + b"\xff" * 400 + data[800:]):
        assert fault(damaged)[0] == "truncated-file"
    assert fault(data[:-40])[0] == "truncated-file"


def test_a_file_that_cannot_be_opened_says_why(tmp_path: Path) -> None:
    with pytest.raises(CaseRejected) as error:
        load(tmp_path / "gone.dcm", into=INTO)
    assert error.value.finding.code == "unreadable-file"
    assert error.value.finding.seen == "No such file or directory"
