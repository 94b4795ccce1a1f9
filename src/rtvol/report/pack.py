"""Arrays in a page: one gzip stream in base64, and the index by which scripts find each."""

from __future__ import annotations

import base64
import gzip
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

#: Array types that a page's script knows by these names.
TYPES = {"uint8": "u1", "int16": "i2", "uint16": "u2", "int32": "i4", "float32": "f4"}
#: Arrays begin at multiples of so many bytes: typed arrays of a script must.
ALIGNED = 4
LEVEL = 5


def pack(arrays: Mapping[str, NDArray[np.generic]]) -> tuple[str, dict[str, Any]]:
    """Put arrays into one text.

    Integers of 8 and 16 bits go as differences from one to the next, modulo their range: images and
    outlines change little from one number to the next, and gzip makes less of small numbers.

    Returns
    -------
    The text (base64 of gzip, the same for the same arrays), and by name the type, whether it holds
    differences, where the array begins (bytes) and how many numbers it has.
    """
    parts, index, at = [], {}, 0
    for name, array in arrays.items():
        kind = TYPES[array.dtype.name]
        flat = np.ascontiguousarray(array).ravel()
        differs = array.dtype.itemsize < 4
        if differs:
            flat = np.diff(flat, prepend=flat.dtype.type(0))
        data = flat.astype(flat.dtype.newbyteorder("<")).tobytes()
        index[name] = {"type": kind, "differs": differs, "at": at, "count": int(flat.size)}
        padding = -len(data) % ALIGNED
        parts += [data, bytes(padding)]
        at += len(data) + padding
    return squeeze(b"".join(parts)), index


def squeeze(data: bytes) -> str:
    """Return bytes as base64 of gzip, without a time: equal bytes give equal texts."""
    return base64.b64encode(gzip.compress(data, LEVEL, mtime=0)).decode("ascii")
