"""The number parser gives what float() gives, bit for bit, or says that it does not know."""

from __future__ import annotations

import math
import struct
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from naive import decimal as naive
from rtvol import _kernels
from rtvol.errors import CaseRejected
from rtvol.io.rings import parse_contours

if TYPE_CHECKING:
    from collections.abc import Iterator

BLANKS = st.sampled_from(["", " ", "  "])
FINITE = st.floats(allow_nan=False, allow_infinity=False)
FORMS = st.one_of(
    FINITE.map(repr),
    FINITE.map(lambda value: f"{value:.6f}"),
    FINITE.map(lambda value: f"{value:+.9E}"),
    st.decimals(-10000, 10000, places=4).map(str),
    st.integers(-(10**25), 10**25).map(str),
    st.from_regex(r"[+-]?[0-9]{1,20}(\.[0-9]{0,20})?([eE][+-]?[0-9]{1,2})?", fullmatch=True),
    st.from_regex(r"[+-]?\.[0-9]{1,20}", fullmatch=True),
)
TOKENS = st.tuples(BLANKS, FORMS, BLANKS).map("".join)


@pytest.fixture(autouse=True, scope="module", params=["kernel", "float"])
def way(request: pytest.FixtureRequest) -> Iterator[None]:
    """Both ways of reading have to give the same numbers, and to refuse the same."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_kernels, "are_loaded", lambda: request.param == "kernel")
        yield


def bits(values: object) -> list[bytes]:
    return [struct.pack("<d", value) for value in np.asarray(values, float).tolist()]


def parse(*values: bytes) -> list[list[float]]:
    data, spans = b"", []
    for value in values:
        data += b"??"  # bytes between the values belong to nobody
        spans.append((len(data), len(data) + len(value)))
        data += value
    numbers, starts = parse_contours(data, np.array(spans), "value {}".format)
    return [part.tolist() for part in np.split(numbers, starts[1:-1])]


@given(st.lists(st.lists(TOKENS, min_size=1, max_size=8), min_size=1, max_size=4))
def test_numbers_equal_float_bit_for_bit(values: list[list[str]]) -> None:
    texts = [[float(token) for token in tokens] for tokens in values]
    raw = ["\\".join(tokens).encode() for tokens in values]
    if not all(math.isfinite(number) for numbers in texts for number in numbers):
        with pytest.raises(CaseRejected, match="bad-number"):
            parse(*raw)
        return
    for found, expected, value in zip(parse(*raw), texts, raw, strict=True):
        assert bits(found) == bits(expected) == bits(naive.parse(value))


@pytest.mark.parametrize("count", [15, 16, 17, 33, 5000])
def test_however_many_numbers_are_left_to_float(count: int) -> None:
    """Seventeen digits are more than the kernel takes by itself: there is room for all of them."""
    tokens = [f"{one}.{one % 7}2345678901234567" for one in range(count)]
    (found,) = parse("\\".join(tokens).encode())
    assert bits(found) == bits([float(token) for token in tokens])


@pytest.mark.parametrize(
    ("token", "number"),
    [
        (b"0", 0.0),
        (b"-0", -0.0),
        (b"+1.5 ", 1.5),
        (b"  -.25", -0.25),
        (b"7.", 7.0),
        (b"1e-22", 1e-22),
        (b"9007199254740993", 9007199254740992.0),  # 2**53 + 1: a tie, to even
        (b"9007199254740991", 9007199254740991.0),
        (b"123456789012345678901234567890", 1.2345678901234568e29),
        (b"1e-320", 1e-320),
        (b"5e-324", 5e-324),
        (b"0.1\0", 0.1),
        (b"1e0000000000000000001", 10.0),
    ],
)
def test_known_numbers(token: bytes, number: float) -> None:
    assert bits(parse(token)[0]) == bits([number])


@pytest.mark.parametrize(
    "token",
    [
        *(b"", b" ", b"-", b".", b"e5", b"1e", b"1e+", b"1.2.3", b"--1", b"1 2", b"nan", b"NaN"),
        *(b"inf", b"9e999", b"1_000", b"0x10", b"1,5", b"1d5", b"\xff", b"12\x003", b"1e5.5"),
    ],
)
def test_what_is_no_number_is_refused(token: bytes) -> None:
    for value in (b"1\\" + token + b"\\2", token + b"\\1", b"1\\" + token):
        with pytest.raises(CaseRejected) as error:
            parse(b"1\\2\\3", value)
        assert error.value.finding.code == "bad-number"
        assert error.value.finding.where == "value 1"


@given(st.binary(max_size=40))
def test_any_bytes_are_read_as_the_naive_way_or_refused(value: bytes) -> None:
    expected = naive.parse(value)
    is_fine = all(number is not None and math.isfinite(number) for number in expected)
    if is_fine and value.strip(b" \0").isascii():
        assert bits(parse(value)[0]) == bits(expected)
    else:
        with pytest.raises(CaseRejected, match="bad-number"):
            parse(value)


@pytest.mark.parametrize("count", [15, 16, 17, 33, 5000])
def test_any_number_of_doubtful_numbers_is_read(count: int) -> None:
    """Long ones are left to float(): there may be as many as numbers."""
    token = b"0.12345678901234567890123"
    assert parse(b"\\".join([token] * count), b"1") == [[float(token)] * count, [1.0]]


def test_an_empty_value_has_no_numbers() -> None:
    assert parse(b"", b"1\\2", b"") == [[], [1.0, 2.0], []]
