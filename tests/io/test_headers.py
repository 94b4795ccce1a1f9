"""Attributes: text in its character set, numbers as DICOM writes them, nothing guessed."""

from __future__ import annotations

import pytest

from naive.elements import Element, write_elements
from rtvol.errors import CaseRejected
from rtvol.io import tags
from rtvol.io.elements import parse
from rtvol.io.headers import Header, header_of, printable

NAME, NUMBER, SPACING = tags.PATIENT_NAME, tags.NUMBER_OF_FRAMES, tags.PIXEL_SPACING


def header(*more: Element, big: bool = False) -> Header:
    first = Element(tags.SOP_CLASS_UID, b"UI", b"1.2 ")
    data = write_elements([first, *more], explicit=True, open_ended=False)
    source = parse(data, into=tags.STRUCTURES)
    assert source.fault is None
    return header_of(source)


def value(tag: int, raw: bytes) -> Header:
    return header(Element(tag, b"DS", raw))


def refused(one: Header, tag: int, read: str = "numbers") -> str:
    with pytest.raises(CaseRejected) as error:
        getattr(one, read)(tag)
    assert error.value.finding.code == "bad-number"
    assert error.value.finding.where.endswith(f" ({tag >> 16:04X},{tag & 0xFFFF:04X})")
    return error.value.finding.seen


@pytest.mark.parametrize(
    "raw",
    [
        *(b"\r10.0", b"1_0", b"nan", b"inf", b"9e999", b"0x10", b"1 0", b"1\\\\2", b"--1", b"1,5"),
        b"9" * 5000,
    ],
)
def test_what_python_reads_and_dicom_does_not_is_no_number(raw: bytes) -> None:
    assert "is no number" in refused(value(SPACING, raw), SPACING)


@pytest.mark.parametrize(
    ("raw", "numbers"),
    [(b" 1.5 \\+2e1\\-.5 ", (1.5, 20.0, -0.5)), (b"  ", ()), (b"", ()), (b"3\0", (3.0,))],
)
def test_decimal_strings(raw: bytes, numbers: tuple[float, ...]) -> None:
    assert value(SPACING, raw).numbers(SPACING) == numbers


def test_lengths_beyond_any_patient_are_refused() -> None:
    assert value(SPACING, b"1000000\\-1e6").lengths_mm(SPACING) == (1e6, -1e6)
    assert "kilometre" in refused(value(SPACING, b"0\\1000001"), SPACING, "lengths_mm")


@pytest.mark.parametrize(
    ("raw", "whole"),
    [(b"12 ", 12), (b"-3", -3), (b"5.0 ", 5), (b"2147483647", 2**31 - 1), (b" ", None)],
)
def test_integer_strings(raw: bytes, whole: int | None) -> None:
    assert value(NUMBER, raw).whole(NUMBER) == whole


@pytest.mark.parametrize("raw", [b"1.5 ", b"2147483648", b"-2147483648", b"9" * 12])
def test_integers_beyond_32_bits_or_with_a_fraction_are_refused(raw: bytes) -> None:
    assert "is no integer string" in refused(value(NUMBER, raw), NUMBER, "whole")


def test_absent_is_absent() -> None:
    nothing = header()
    assert not nothing.has(NAME)
    assert nothing.text(NAME) == nothing.uid(NAME) == ""
    assert nothing.number(SPACING) is None
    assert nothing.whole(NUMBER) is None
    assert nothing.short(tags.ROWS) == 0
    assert nothing.short(tags.ROWS, 7) == 7
    assert nothing.items(tags.ROI_CONTOUR_SEQUENCE) == []


def test_a_value_is_no_sequence_and_a_sequence_is_no_value() -> None:
    rois = Element(tags.STRUCTURE_SET_ROI_SEQUENCE, b"SQ", [[Element(NUMBER, b"IS", b"1 ")]])
    one = header(Element(NAME, b"PN", b"Doe "), rois)
    assert one.items(NAME) == []
    assert one.span(rois.tag) == (0, 0)
    assert one.text(rois.tag) == ""
    assert [item.whole(NUMBER) for item in one.items(rois.tag)] == [1]


def test_a_short_of_the_wrong_length_is_not_there() -> None:
    assert header(Element(tags.ROWS, b"US", b"\x05")).short(tags.ROWS, 9) == 9
    assert header(Element(tags.ROWS, b"US", b"\x01\x02")).short(tags.ROWS) == 0x201


@pytest.mark.parametrize(
    ("charset", "raw", "text"),
    [
        (b"", "Köln".encode(), "Köln"),  # nothing said: UTF-8 where it is UTF-8
        (b"", "Köln".encode("latin-1"), "Köln"),  # else Latin-1
        (b"ISO_IR 6", b"plain", "plain"),
        (b"ISO_IR 100", "Zürich".encode("latin-1"), "Zürich"),
        (b"ISO_IR 192", "東京".encode(), "東京"),
        (b"ISO_IR 192", b"\xff", "�"),
        (b"ISO_IR 144", "Москва".encode("iso8859-5"), "Москва"),
        (b"\\ISO 2022 IR 87", b"Yamada\x1b$B;3ED\x1b(B", "Yamada山田"),
        (b"NO SUCH SET", b"K\xf6ln", "Köln"),  # as if nothing were said
    ],
)
def test_text_in_its_character_set(charset: bytes, raw: bytes, text: str) -> None:
    said = [Element(tags.SPECIFIC_CHARACTER_SET, b"CS", charset)] if charset else []
    one = header(*said, Element(NAME, b"PN", raw))
    assert one.text(NAME) == text


def test_control_characters_become_escapes() -> None:
    assert printable("a\nb\x1b[31m\x00é") == "a\\nb\\x1b[31m\\x00é"
