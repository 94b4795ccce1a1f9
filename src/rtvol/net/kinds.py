"""Which objects are taken and sent (PS3.4 annex B), in which transfer syntaxes (PS3.5 annex A)."""

from __future__ import annotations

from enum import IntEnum

_STORAGE = "1.2.840.10008.5.1.4.1.1."

#: SOP classes that are taken, by what they are called in messages and file names.
CLASSES: dict[str, str] = {
    f"{_STORAGE}2": "CT",
    f"{_STORAGE}2.1": "CT",  # enhanced
    f"{_STORAGE}2.2": "CT",  # legacy converted enhanced
    f"{_STORAGE}4": "MR",
    f"{_STORAGE}4.1": "MR",
    f"{_STORAGE}4.4": "MR",
    f"{_STORAGE}128": "PT",
    f"{_STORAGE}128.1": "PT",
    f"{_STORAGE}130": "PT",
    f"{_STORAGE}481.2": "RTDOSE",
    f"{_STORAGE}481.3": "RTSTRUCT",
    f"{_STORAGE}481.5": "RTPLAN",
    f"{_STORAGE}481.8": "RTPLAN",  # ion plan
    f"{_STORAGE}66.1": "REG",
    f"{_STORAGE}66.3": "REG",  # deformable
    f"{_STORAGE}66.4": "SEG",
}
#: Kinds of which one series is one stack; all others stand for themselves.
IMAGES = frozenset({"CT", "MR", "PT"})

_TRANSFER = "1.2.840.10008.1.2"
IMPLICIT_LITTLE, EXPLICIT_LITTLE = _TRANSFER, f"{_TRANSFER}.1"
#: Pixels and all else as they are: one may be turned into another without loss.
NATIVE = (EXPLICIT_LITTLE, IMPLICIT_LITTLE, f"{_TRANSFER}.2", f"{_TRANSFER}.1.99")
#: Compressed: taken and passed on as they came.
COMPRESSED = (
    f"{_TRANSFER}.5",  # RLE
    *(f"{_TRANSFER}.4.{number}" for number in (50, 51, 57, 70, 80, 81, 90, 91)),
    *(f"{_TRANSFER}.4.{number}" for number in (201, 202, 203)),  # high-throughput JPEG 2000
)
TAKEN = (*NATIVE, *COMPRESSED)


class DicomStatus(IntEnum):
    """Answers to C-STORE (PS3.4 table B.2-1, PS3.7 annex C)."""

    SUCCESS = 0x0000
    DUPLICATE_INSTANCE = 0x0111
    CLASS_NOT_SUPPORTED = 0x0122
    OUT_OF_RESOURCES = 0xA700
    CLASS_MISMATCH = 0xA900
    CANNOT_UNDERSTAND = 0xC000
