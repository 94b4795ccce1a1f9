"""Text on paper: every sign of the font as it is, every other one by its code, and lines that fit.

Names come out of files: nothing in them may be read as a formula, break a line, turn the direction
of writing, or vanish because a font has no such sign.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

#: The font of every picture: matplotlib brings it along.
FONT = "DejaVu Sans"


def printable(text: str) -> str:
    r"""Return a text in one line that the font can draw; other signs by their code (`\u4e2d`)."""
    known = _font(bold=False)
    return "".join(
        sign if sign.isprintable() and known.get_char_index(ord(sign)) else _code(sign)
        for sign in text
    )


def folded(text: str, width: float, size: float, *, bold: bool = False) -> list[str]:
    """Break a text into lines of at most so many points; a word that is longer is cut.

    Parameters
    ----------
    text
        Any text; line feeds are kept as line ends, other signs as `printable` has them.
    width, size
        Of a line and of the letters, points.
    bold
        Whether it is set in bold type.
    """
    lines: list[str] = []
    for part in text.split("\n"):
        lines += _folded(printable(part), width, size, bold=bold)
    return lines


def width_of(text: str, size: float, *, bold: bool = False) -> float:
    """Return how wide a printable text is, points."""
    return sum(_advance(sign, bold) for sign in text) * size


def shortened(text: str, most: int = 60) -> str:
    """Return a printable text of at most so many signs: its middle goes."""
    text = printable(text)
    return text if len(text) <= most else f"{text[: most * 2 // 3]} … {text[-most // 4 :]}"


def _folded(text: str, width: float, size: float, *, bold: bool) -> Iterable[str]:
    line, room = "", width
    for word in text.split(" "):
        piece = f" {word}" if line else word
        need = width_of(piece, size, bold=bold)
        if need <= room:
            line, room = line + piece, room - need
            continue
        if line:
            yield line
        line, room = "", width
        for sign in word:
            need = _advance(sign, bold) * size
            if need > room and line:
                yield line
                line, room = "", width
            line, room = line + sign, room - need
    yield line


def _code(sign: str) -> str:
    number = ord(sign)
    return f"\\x{number:02x}" if number < 256 else f"\\u{number:04x}"


@cache
def _font(*, bold: bool) -> Any:
    from matplotlib.font_manager import FontProperties, findfont, get_font

    weight = "bold" if bold else "normal"
    return get_font(findfont(FontProperties(family=FONT, weight=weight)))


@cache
def _advance(sign: str, bold: bool) -> float:
    """Return the width of a sign in parts of the size of its letters."""
    from matplotlib.ft2font import LoadFlags

    font = _font(bold=bold)
    glyph = font.load_char(ord(sign), flags=LoadFlags.NO_SCALE)
    return float(glyph.horiAdvance / font.units_per_EM)
