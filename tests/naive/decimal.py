"""Plain twin of the number parser: split, strip, float()."""

from __future__ import annotations

#: Characters of a decimal string (PS3.5 6.2, DS): float() reads more than these.
ALLOWED = set("0123456789+-.eE")


def parse(value: bytes) -> list[float | None]:
    """Numbers of one backslash-separated value; None where there is no decimal string."""
    if not value:
        return []
    found: list[float | None] = []
    for token in value.decode("latin-1").split("\\"):
        plain = token.strip(" \0")
        try:
            found.append(float(plain) if set(plain) <= ALLOWED else None)
        except ValueError:
            found.append(None)
    return found
