"""Attributes of one DICOM object by tag: text, numbers, items; checked when they are asked for."""

from __future__ import annotations

import math
import re
import struct
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rtvol.errors import CaseRejected
from rtvol.geometry import FARTHEST_MM
from rtvol.io import elements, tags

if TYPE_CHECKING:
    from pathlib import Path

    from rtvol.io.elements import DataSet, Node

#: Character sets decoded without pydicom (PS3.3 C.12.1.1.2); the others are its job.
_CODECS = {"": "ascii", "ISO_IR 6": "ascii", "ISO_IR 100": "latin-1", "ISO_IR 192": "utf-8"}
#: An integer string holds less than this (PS3.5 table 6.2-1, IS).
_IS_LIMIT = 1 << 31


def printable(text: str) -> str:
    """Text of a file made safe for messages: control characters become escapes."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def names_patient(text: str, *identity: str) -> bool:
    """Whether a text holds a part of the patient's name or number: it is then not for messages."""
    parts = re.split(r"[\W_]+", " ".join(identity).casefold())
    shown = text.casefold()
    return any(part in shown for part in parts if len(part) > 2)


@dataclass(frozen=True, eq=False)
class Header:
    """The attributes of a data set, or of one item of a sequence."""

    source: DataSet
    node: Node
    charset: str = ""

    def has(self, tag: int) -> bool:
        """Whether the attribute is there, empty or not."""
        return tag in self.node

    def span(self, tag: int) -> tuple[int, int]:
        """Start and stop of a value in the data set's bytes; equal when absent."""
        span = self.node.get(tag, (0, 0))
        return span if isinstance(span, tuple) else (0, 0)

    def raw(self, tag: int) -> bytes:
        """Bytes of a value; empty when the attribute is absent."""
        start, stop = self.span(tag)
        return self.source.data[start:stop]

    def text(self, tag: int) -> str:
        """Value as text without padding; empty when absent."""
        return text_of(self.raw(tag), self.charset)

    def uid(self, tag: int) -> str:
        """Value of a UID."""
        return self.raw(tag).rstrip(b"\0 ").decode("ascii", "replace").strip()

    def label(self, tag: int) -> str:
        """Text for messages: empty when it holds a part of the patient's name or number."""
        text = self.text(tag)
        whose = (self.text(tags.PATIENT_NAME), self.text(tags.PATIENT_ID))
        return "" if names_patient(text, *whose) else text

    def numbers(self, tag: int) -> tuple[float, ...]:
        """Values of a decimal string; `bad-number` when one is no finite number."""
        text = self.raw(tag).strip(b" \0").decode("ascii", "replace")
        if not text:
            return ()
        values = tuple(strict_float(part.strip(" \0")) for part in text.split("\\"))
        if not all(map(math.isfinite, values)):
            raise _bad_number(text, tag)
        return values

    def lengths_mm(self, tag: int) -> tuple[float, ...]:
        """Values of a decimal string in mm; `bad-number` when one is beyond any patient."""
        values = self.numbers(tag)
        far = [value for value in values if abs(value) > FARTHEST_MM]
        if far:
            raise _bad_number(f"{far[0]:g} mm", tag, "lies more than a kilometre away")
        return values

    def number(self, tag: int) -> float | None:
        """Single number, or None when absent; `bad-number` when there are several."""
        values = self.numbers(tag)
        if len(values) > 1:
            raise _bad_number(self.text(tag), tag)
        return values[0] if values else None

    def whole(self, tag: int) -> int | None:
        """Integer string (IS), or None when absent; `bad-number` when it is no 32-bit integer."""
        raw = self.raw(tag).strip(b" \0")
        if raw.isdigit() and len(raw) < 10:  # as nearly always; thousands of contours ask
            return int(raw)
        value = self.number(tag)
        if value is not None and not (value.is_integer() and abs(value) < _IS_LIMIT):
            raise _bad_number(f"{value:g}", tag, "is no integer string")
        return None if value is None else int(value)

    def short(self, tag: int, default: int = 0) -> int:
        """Return the unsigned 16-bit value (US), or the default when absent."""
        raw = self.raw(tag)[:2]
        order = "big" if self.source.coding.big else "little"
        return int.from_bytes(raw, order) if len(raw) == 2 else default  # type: ignore[arg-type]

    def items(self, tag: int) -> list[Header]:
        """Items of a sequence; empty when absent."""
        nodes = self.node.get(tag, ())
        if isinstance(nodes, tuple):
            return []
        if not isinstance(nodes, list):
            raise TypeError(f"{tags.name_of(tag)} was read as columns")
        return [Header(self.source, node, self.charset) for node in nodes]


def shorts_of(header: Header, tag: int) -> tuple[int, ...]:
    """Unsigned 16-bit values (US) of an attribute that has several."""
    raw = header.raw(tag)
    order = ">" if header.source.coding.big else "<"
    return struct.unpack(f"{order}{len(raw) // 2}H", raw[: len(raw) // 2 * 2])


def file_label(path: Path, header: Header, what: str = "") -> str:
    """File name for messages; what it is and its UID's end, where the name tells of the patient."""
    whose = (header.text(tags.PATIENT_NAME), header.text(tags.PATIENT_ID))
    if names_patient(path.name, *whose):
        return f"{what or header.text(tags.MODALITY)} file, UID ending in {_uid_end(header)}"
    return printable(path.name)


def _uid_end(header: Header) -> str:
    return header.uid(tags.SOP_INSTANCE_UID)[-8:]


def header_of(source: DataSet) -> Header:
    """Header of a whole data set, with its character set."""
    charset = Header(source, source.node).uid(tags.SPECIFIC_CHARACTER_SET)
    return Header(source, source.node, charset)


def read_header(
    path: Path,
    *,
    into: frozenset[int] = tags.REFERENCES,
    until: int = 1 << 32,
    in_columns: bool = False,
    is_whole: bool = False,
) -> Header:
    """Read the attributes of one DICOM file; pixels are stepped over (see `elements.parse`).

    With `is_whole` their bytes are kept: `stored_values` then opens no file.

    Raises
    ------
    CaseRejected
        `truncated-file`, `truncated-pixels`, `bad-encoding`, `inflate-limit`,
        `unreadable-file`.
    """
    return sound_header(
        elements.load(path, into=into, until=until, in_columns=in_columns, is_whole=is_whole)
    )


def sound_header(source: DataSet) -> Header:
    """Header of a data set without a fault; the fault is raised."""
    if source.fault is not None:
        raise source.fault
    return header_of(source)


def text_of(raw: bytes, charset: str) -> str:
    """Bytes of a value as text without padding, in a character set."""
    return _decode(raw, charset).strip(" \0")


def _decode(raw: bytes, charset: str) -> str:
    names = [name.strip() for name in charset.split("\\")]
    codec = _CODECS.get(names[0]) if len(names) == 1 else None
    if raw.isascii() and b"\x1b" not in raw:
        return raw.decode("ascii")
    if codec not in (None, "ascii"):
        return raw.decode(codec, "replace")
    if codec == "ascii":  # the file says nothing and writes more: what such files mean in practice
        try:
            return raw.decode("utf-8")
        except UnicodeDecodeError:
            return raw.decode("latin-1")
    from pydicom.charset import convert_encodings, decode_bytes

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # an unknown set falls back; names stay readable
        return str(decode_bytes(raw, convert_encodings(names), set(map(ord, "\\^="))))


def strict_float(text: str) -> float:
    """float() of what DICOM calls a decimal string (PS3.5 6.2, DS); NaN for anything else.

    Python also reads 1_000, and takes a control character for a blank.
    """
    if text.strip("0123456789+-.eE"):
        return math.nan
    try:
        return float(text)
    except ValueError:
        return math.nan


def _bad_number(text: str, tag: int, why: str = "is no number") -> CaseRejected:
    return CaseRejected(
        "bad-number",
        where=tags.name_of(tag),
        seen=f"{printable(text[:32])!r} {why}",
        mend="export the object again",
    )
