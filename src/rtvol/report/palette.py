"""The one palette: what each structure is drawn with, by its type (TG-263) and name."""

from __future__ import annotations

import re
from dataclasses import dataclass

from rtvol.structures import COLOURS

Colour = tuple[int, int, int]

#: What targets are called in the palette, by role.
NAMES = {"gtv": "GTV", "ctv": "CTV", "ptv": "PTV", "ptv_clip": "PTV^clip"}
#: Dashes, in pixels, that an eye tells apart; and two widths.
SOLID: tuple[float, ...] = ()
LONG, SHORT, DOTS = (9.0, 4.0), (5.0, 3.0), (1.5, 3.0)
DASH_DOT, DASH_DOTS = (9.0, 3.0, 2.0, 3.0), (9.0, 3.0, 2.0, 3.0, 2.0, 3.0)
LONG_SHORT, SPARSE = (14.0, 3.0, 5.0, 3.0), (4.0, 8.0)
THIN, THICK = 1.4, 2.6
#: Lines of targets: width and dashes in pixels.
TARGET_LINES: dict[str, tuple[float, tuple[float, ...]]] = {
    "GTV": (THICK, SOLID),
    "CTV": (THIN, LONG),
    "PTV": (THIN, SOLID),
    "PTV^clip": (THICK, DASH_DOT),
    "ITV": (THICK, SHORT),
}
#: Organs as TG-263 names them, by how their name begins.
ORGANS: dict[str, Colour] = {
    "liver": (120, 220, 120),
    "duodenum": (240, 130, 240),
    "stomach": (220, 200, 90),
    "bowel": (205, 145, 95),
    "colon": (205, 145, 95),
    "esophagus": (190, 160, 220),
    "spinal": (150, 200, 255),
    "cord": (150, 200, 255),
    "kidney": (235, 170, 150),
    "heart": (255, 120, 170),
    "lung": (140, 215, 215),
    "bladder": (245, 235, 140),
    "rectum": (180, 130, 80),
    "femur": (230, 225, 200),
    "bile": (90, 190, 130),
}
#: Organs of other names take these in turn.
OTHERS: tuple[Colour, ...] = (
    (170, 235, 90),
    (250, 170, 215),
    (130, 190, 170),
    (215, 215, 235),
    (200, 170, 60),
    (170, 150, 255),
)
BODY: Colour = (190, 190, 190)
OUTER = re.compile(r"body|external|skin|outer", re.IGNORECASE)
#: The palette is for dark images: on paper a colour is darkened until it is no lighter than this.
PAPER_LIGHT = 125.0


@dataclass(frozen=True)
class Pen:
    """How a line is drawn.

    Attributes
    ----------
    colour
        Red, green, blue, 0..255; for a dark ground.
    width, dashes
        Pixels; no dashes are a solid line.
    tag
        Stands on the line and beside its name, where a chart has more lines than pens; else empty.
    """

    colour: Colour
    width: float = THIN
    dashes: tuple[float, ...] = SOLID
    tag: str = ""


def gap_pen(pen: Pen) -> Pen:
    """Return the pen of an organ's gap: the organ's colour, thinner than any structure, dotted."""
    return Pen(pen.colour, 0.9, DOTS)


def organ_colour(name: str) -> Colour | None:
    """Return the colour of an organ that the palette knows; None of others."""
    plain = name.casefold()
    return next((colour for word, colour in ORGANS.items() if word in plain), None)


def target_colour(word: str) -> Colour:
    """Return the colour of a target: GTV, CTV, PTV, PTV^clip or ITV."""
    return COLOURS[word]


def on_paper(colour: Colour) -> Colour:
    """Return a colour as a line on white: darker, until it is seen (as `onPaper` of core.js)."""
    parts: tuple[float, ...] = colour
    while 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2] > PAPER_LIGHT:
        parts = tuple(part * 0.92 for part in parts)
    red, green, blue = (round(part) for part in parts)
    return red, green, blue
