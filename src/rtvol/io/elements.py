"""The elements of a DICOM data set, straight from its bytes, each length checked.

Every element and item must end inside its parent and inside the file (PS3.5 section 7): a cut
file is noticed here, not half read. One walk serves the index (a few attributes of many files),
the contours (raw bytes for the number parser) and the check that the pixels are all there.
"""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rtvol import _kernels
from rtvol.errors import CaseRejected
from rtvol.io import contour_columns, tags

if TYPE_CHECKING:
    from io import RawIOBase
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

DEFLATED = "1.2.840.10008.1.2.1.99"
BIG_ENDIAN = "1.2.840.10008.1.2.2"
NATIVE = frozenset({"", "1.2.840.10008.1.2", "1.2.840.10008.1.2.1", BIG_ENDIAN, DEFLATED})

#: A deflated file may grow to this many bytes; a structure set or dose needs a tenth of it.
INFLATE_LIMIT = 1 << 28
#: Sequences nest five deep in a structure set; deeper than this is an attack or an accident.
DEPTH_LIMIT = 24
#: Headers of CT, MR and RTDOSE files end within this many bytes of the file, as a rule.
HEAD_BYTES = 1 << 14

_AGAIN = "export or copy the file again"
_UNDEFINED = 0xFFFFFFFF
_ITEM, _ITEM_END, _SEQUENCE_END = 0xFFFEE000, 0xFFFEE00D, 0xFFFEE0DD
#: Value representations with a 32-bit length behind two reserved bytes (PS3.5 table 7.1-1).
_LONG = frozenset(
    {b"OB", b"OD", b"OF", b"OL", b"OV", b"OW", b"SQ", b"SV", b"UC", b"UN", b"UR", b"UT", b"UV"}
)

#: A value is where its bytes lie (start, stop); a sequence is its items, or what is wanted of them
#: as columns (`contour_columns`); an item is its elements.
Node = dict[int, "tuple[int, int] | list[Node] | NDArray[np.int64]"]


class MoreNeeded(Exception):
    """The part of the file read so far ends inside the header."""


@dataclass(frozen=True)
class Coding:
    """How elements are written: with or without value representation, and the byte order."""

    implicit: bool
    big: bool = False


_IMPLICIT = Coding(implicit=True)
_STRUCTS = {
    False: (struct.Struct("<HHI"), struct.Struct("<HH2sH"), struct.Struct("<I")),
    True: (struct.Struct(">HHI"), struct.Struct(">HH2sH"), struct.Struct(">I")),
}


@dataclass(frozen=True)
class DataSet:
    """The bytes of one file, where its elements lie, and how they are written.

    `fault` says what is wrong with the file; `node` then holds what came before.
    """

    data: bytes
    node: Node
    coding: Coding
    transfer_syntax: str
    fault: CaseRejected | None = None

    @property
    def is_native(self) -> bool:
        """Whether pixels are stored as they are, neither compressed nor encapsulated."""
        return self.transfer_syntax in NATIVE


def cut(tag: int, seen: str) -> CaseRejected:
    """Make the error for an element that ends behind its parent or behind the file."""
    code = "truncated-pixels" if tag == tags.PIXEL_DATA else "truncated-file"
    return CaseRejected(code, where=_place(tag), seen=seen, mend=_AGAIN)


def _place(tag: int) -> str:
    return tags.name_of(tag) if tag else "element (0000,0000)"


class _Walk:
    """One pass over a data set: `data` may be only the head of the `size` bytes there are."""

    def __init__(
        self, data: bytes, size: int, into: frozenset[int], until: int, in_columns: bool = False
    ) -> None:
        self.data, self.size, self.into, self.until = data, size, into, until
        self.in_columns = in_columns
        self.top: Node = {}

    def need(self, stop: int, tag: int) -> None:
        """Make sure that the bytes before `stop` are at hand."""
        if stop > self.size:
            raise cut(tag, f"needs {stop} bytes where {self.size} are")
        if stop > len(self.data):
            raise MoreNeeded

    def padding(self, at: int) -> None:
        """Accept zeros behind the data set; anything else is the torn head of an element."""
        self.need(self.size, 0)
        if any(self.data[at : self.size]):
            raise cut(0, f"{self.size - at} bytes behind the last element are no element")

    def element(self, at: int, coding: Coding) -> tuple[int, bytes, int, int]:
        """Tag, value representation, value start and length of the element at `at`."""
        self.need(at + 8, 0)
        implicit, explicit, long = _STRUCTS[coding.big]
        if not coding.implicit:
            group, number, vr, length = explicit.unpack_from(self.data, at)
            tag = group << 16 | number
            if vr in _LONG:
                self.need(at + 12, tag)
                return tag, vr, at + 12, long.unpack_from(self.data, at + 8)[0]
            if vr.isalpha():
                return tag, vr, at + 8, length
            # items, and private elements some writers leave without a representation
        group, number, length = implicit.unpack_from(self.data, at)
        return group << 16 | number, b"", at + 8, length

    def elements(self, at: int, stop: int, coding: Coding, depth: int) -> tuple[Node, int]:
        """Elements of one data set or item; returns them and where they end."""
        node: Node = {} if depth else self.top
        open_ended = stop < 0
        end = self.size if open_ended else stop
        while at < end:
            if depth == 0 and end - at < 8:
                self.padding(at)
                break
            tag, vr, start, length = self.element(at, coding)
            if open_ended and tag == _ITEM_END:
                return node, start
            if depth == 0 and tag >= self.until:
                break
            if depth == 0 and tag == 0:
                self.padding(at)
                break
            if length == _UNDEFINED or vr == b"SQ" or tag in self.into:
                inner = _IMPLICIT if vr == b"UN" else coding  # PS3.5 6.2.2, note 2
                found, at = self.nested(tag, (start, length), end, inner, depth)
            else:
                found, at = (start, start + length), start + length
            if at > end:
                raise cut(tag, f"would end at byte {at}; what holds it ends at {end}")
            if tag in node:
                seen = "it is there twice, and which one counts is not known"
                raise CaseRejected("bad-encoding", where=_place(tag), seen=seen, mend=_AGAIN)
            node[tag] = found
        if open_ended:
            raise cut(_ITEM, "the item has no end")
        return node, at

    def nested(
        self, tag: int, span: tuple[int, int], end: int, coding: Coding, depth: int
    ) -> tuple[list[Node] | tuple[int, int] | NDArray[np.int64], int]:
        """Items of a sequence, or the span of a value of undefined length."""
        start, length = span
        stop = start + length
        if length != _UNDEFINED and stop > end:
            raise cut(tag, f"would end at byte {stop}; what holds it ends at {end}")
        if length != _UNDEFINED and tag not in self.into:
            return (start, stop), stop
        if depth >= DEPTH_LIMIT:
            raise CaseRejected("bad-encoding", seen=f"sequences nest deeper than {DEPTH_LIMIT}")
        end = stop if length != _UNDEFINED else -1
        if self.in_columns and tag == tags.CONTOUR_SEQUENCE and not coding.big:
            found = contour_columns.walked(self.data, (start, end), coding.implicit, self.into)
            if found is not None:
                return found
        items, stop = self.items(tag, start, end, coding, depth)
        return (items if tag in self.into else (start, stop)), stop

    def items(
        self, tag: int, at: int, stop: int, coding: Coding, depth: int
    ) -> tuple[list[Node], int]:
        """Items from `at` to `stop`, or to the sequence delimiter when `stop` is negative."""
        found: list[Node] = []
        end = self.size if stop < 0 else stop
        while at < end:
            self.need(at + 8, tag)
            group, number, length = _STRUCTS[coding.big][0].unpack_from(self.data, at)
            mark, at = group << 16 | number, at + 8
            if mark == _SEQUENCE_END and stop < 0:
                return found, at
            if mark != _ITEM:
                seen = f"({group:04X},{number:04X}) where an item should begin"
                raise CaseRejected("bad-encoding", where=_place(tag), seen=seen, mend=_AGAIN)
            is_fragment = tag == tags.PIXEL_DATA  # of a compressed image: it holds no elements
            inside = at + length
            if length == _UNDEFINED and not is_fragment:
                inside = -1
            if inside > end:
                raise cut(tag, f"an item would end at byte {inside}; what holds it ends at {end}")
            if is_fragment:
                at = inside
                continue
            node, at = self.elements(at, inside, coding, depth + 1)
            if at > end:
                raise cut(tag, f"an item would end at byte {at}; what holds it ends at {end}")
            found.append(node)
        if stop < 0:
            raise cut(tag, "the sequence has no end")
        return found, at


def _inflate(data: bytes) -> bytes:
    """Undo the deflated transfer syntax (PS3.5 A.5), never beyond INFLATE_LIMIT."""
    inflater = zlib.decompressobj(-zlib.MAX_WBITS)
    try:
        plain = inflater.decompress(data, INFLATE_LIMIT)
    except zlib.error as error:
        raise cut(0, f"the deflated data set is damaged: {error}") from error
    if inflater.eof:
        return plain
    if inflater.unconsumed_tail or len(plain) >= INFLATE_LIMIT:
        raise CaseRejected(
            "inflate-limit",
            seen=f"the deflated data set holds more than {INFLATE_LIMIT >> 20} MiB",
            mend="export the object without deflation",
        )
    raise cut(0, "the deflated data set has no end")


def _plausible(data: bytes, at: int, big: bool) -> bool:
    """Whether a data set seems to begin at `at`: group 2 or 8, and a sensible first length."""
    if len(data) < at + 8:
        return False
    group, _, length = _STRUCTS[big][0].unpack_from(data, at)
    return group in (2, 8) and (data[at + 4 : at + 6].isupper() or length <= 1024)


def begins_like_dicom(head: bytes) -> bool:
    """Whether the first bytes of a file look like DICOM, with or without a preamble."""
    if head[128:132] == b"DICM":
        return True
    return _plausible(head, 0, big=False) or _plausible(head, 0, big=True)


def data_set_of(data: bytes) -> tuple[str, int]:
    """Return the transfer syntax of a whole file, and where its data set begins.

    Raises
    ------
    CaseRejected
        `truncated-file`.
    """
    return _meta(data, len(data))


def _meta(data: bytes, size: int) -> tuple[str, int]:
    """Transfer syntax and where the data set begins (PS3.10 section 7.1)."""
    at = 132 if data[128:132] == b"DICM" else 0
    walk, syntax = _Walk(data, size, frozenset(), 0), ""
    while len(data) - at >= 8 and data[at : at + 2] == b"\x02\x00":
        tag, _, start, length = walk.element(at, Coding(implicit=False))
        at = start + length  # the group length is often wrong: it is not used
        if tag == tags.TRANSFER_SYNTAX_UID:
            syntax = data[start:at].rstrip(b"\0 ").decode("ascii", "replace")
    return syntax, at


def parse(
    data: bytes,
    *,
    size: int | None = None,
    into: frozenset[int],
    until: int = 1 << 32,
    syntax: str | None = None,
    in_columns: bool = False,
) -> DataSet:
    """Find the elements of a DICOM file.

    Parameters
    ----------
    data
        The file, or its head.
    size
        Bytes of the whole file; the length of `data` when not given.
    into
        Sequences to open; others are stepped over.
    until
        Stop before the first top-level element with this tag or a higher one.
    syntax
        Transfer syntax of a data set that stands without file meta information.
    in_columns
        Whether contours may come as columns, where kernels are loaded.

    Returns
    -------
    DataSet
        Its `fault` is `truncated-file` or `truncated-pixels` when something ends behind its
        parent, `bad-encoding` when it is no DICOM data set, or `inflate-limit`.

    Raises
    ------
    MoreNeeded
        `data` is only a head and does not reach far enough.
    """
    size = len(data) if size is None else size
    try:
        syntax, at = _meta(data, size) if syntax is None else (syntax, 0)
    except CaseRejected as error:
        return DataSet(data, {}, _IMPLICIT, "", error)
    if syntax == DEFLATED:
        if size > len(data):
            raise MoreNeeded
        try:
            data, at = _inflate(data[at:]), 0
        except CaseRejected as error:
            return DataSet(b"", {}, _IMPLICIT, syntax, error)
        size = len(data)
    if at + 8 > size:
        nothing = cut(0, "there is no data set behind the file meta information")
        return DataSet(data, {}, _IMPLICIT, syntax, nothing)
    if at + 8 > len(data):
        raise MoreNeeded
    # what the bytes say goes before what the transfer syntax claims
    claims_big = syntax in ("", BIG_ENDIAN)
    big = claims_big and _plausible(data, at, big=True)
    coding = Coding(implicit=not data[at + 4 : at + 6].isupper(), big=big)
    walk = _Walk(data, size, into, until, in_columns and _kernels.are_loaded())
    try:
        walk.elements(at, size, coding, 0)
    except CaseRejected as error:
        return DataSet(data, walk.top, coding, syntax, error)
    return DataSet(data, walk.top, coding, syntax)


def load_open(
    file: RawIOBase,
    head: bytes,
    *,
    into: frozenset[int],
    until: int = 1 << 32,
    in_columns: bool = False,
) -> DataSet:
    """Find the elements of an open file whose `head` was read: more is read only when needed."""
    size = file.seek(0, 2)
    try:
        return parse(head, size=size, into=into, until=until, in_columns=in_columns)
    except MoreNeeded:
        file.seek(0)
        return parse(file.read() or b"", into=into, until=until, in_columns=in_columns)


def load(
    path: Path,
    *,
    into: frozenset[int],
    until: int = 1 << 32,
    in_columns: bool = False,
    is_whole: bool = False,
) -> DataSet:
    """Read a file and find its elements: the head alone when that is enough (see `parse`).

    With `is_whole` all of it is read at once, for a caller that wants its pixels next.

    Raises
    ------
    CaseRejected
        `unreadable-file` when the file cannot be read.
    """
    try:
        with path.open("rb", buffering=0) as file:
            head = (file.read() if is_whole else file.read(HEAD_BYTES)) or b""
            return load_open(file, head, into=into, until=until, in_columns=in_columns)
    except OSError as error:
        reason = error.strerror or "it cannot be read"
        raise CaseRejected("unreadable-file", seen=reason, mend="check the file's rights") from None
