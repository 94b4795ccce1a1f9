"""Times and memory as a recipe writes them."""

from __future__ import annotations

import re

_DURATION = re.compile(r"(\d+(?:\.\d+)?)\s*(s|m|min|h)?")
#: A limit of memory below this, in MB, would end every worker before its first case.
LEAST_MB = 300
_MEMORY = re.compile(r"(\d+(?:\.\d+)?)\s*(MB|GB)", re.IGNORECASE)
_SECONDS = {"s": 1.0, "m": 60.0, "min": 60.0, "h": 3600.0, None: 1.0}


def seconds_of(text: str) -> float:
    """Read `10m`, `90s`, `1.5h`.

    Raises
    ------
    ValueError
        It is none of these, or nothing.
    """
    found = _DURATION.fullmatch(text.strip())
    seconds = float(found[1]) * _SECONDS[found[2]] if found else 0.0
    if seconds <= 0:
        raise ValueError("a time is written 10m, 90s or 1.5h")
    return seconds


def megabytes_of(text: str) -> int:
    """Read `800 MB`, `4GB`.

    Raises
    ------
    ValueError
        It is none of these, or nothing.
    """
    found = _MEMORY.fullmatch(text.strip())
    megabytes = float(found[1]) * (1000 if found[2].upper() == "GB" else 1) if found else 0.0
    if megabytes < 1:
        raise ValueError("memory is written 800MB or 4GB")
    if megabytes < LEAST_MB:
        raise ValueError(f"a worker holds some 200 MB before it reads a case: {LEAST_MB}MB or more")
    return int(megabytes)
