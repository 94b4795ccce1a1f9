"""The one palette: what each structure is drawn with, by its type (TG-263) and name.

Lines differ too, so that nothing rests on colour alone.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rtvol.structures import COLOURS, target_kind

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

Colour = tuple[int, int, int]

#: What targets are called in the palette, by role.
NAMES = {"gtv": "GTV", "ctv": "CTV", "ptv": "PTV", "ptv_clip": "PTV^clip"}
SOLID: tuple[float, ...] = ()
LONG, SHORT, DASH_DOT, DOTS = (9.0, 4.0), (5.0, 3.0), (9.0, 3.0, 2.0, 3.0), (1.5, 3.0)
#: Lines of targets: width and dashes in pixels.
TARGET_LINES: dict[str, tuple[float, tuple[float, ...]]] = {
    "GTV": (2.4, SOLID),
    "CTV": (1.8, LONG),
    "PTV": (1.8, SOLID),
    "PTV^clip": (2.2, DASH_DOT),
    "ITV": (1.8, SHORT),
}
#: Organs as TG-263 names them, by how their name begins; left and right differ by their line.
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
ORGAN_LINES = (SHORT, DOTS, DASH_DOT, LONG)


@dataclass(frozen=True)
class Pen:
    """How an outline is drawn: colour (red, green, blue), width and dashes in pixels."""

    colour: Colour
    width: float = 1.4
    dashes: tuple[float, ...] = SOLID


def target_pen(word: str) -> Pen:
    """Return the pen of a target: GTV, CTV, PTV, PTV^clip or ITV."""
    width, dashes = TARGET_LINES[word]
    return Pen(COLOURS[word], width, dashes)


def gap_pen(pen: Pen) -> Pen:
    """Return the pen of an organ's gap: the organ's colour, thin and dotted."""
    return Pen(pen.colour, 1.1, DOTS)


def organ_pens(named: Sequence[tuple[str, str]]) -> tuple[Pen, ...]:
    """Return a pen for each (name, type) of regions that are no targets made here."""
    others: Iterable[int] = iter(range(len(named)))
    return tuple(_pen(name, kind, others) for name, kind in named)


def _pen(name: str, kind: str, others: Iterable[int]) -> Pen:
    word = target_kind(name, kind)
    if word:  # the planner's own: as ours, but thin
        return Pen(COLOURS[word], 1.0, TARGET_LINES[word][1])
    if kind == "EXTERNAL" or OUTER.match(name):
        return Pen(BODY, 1.0, SOLID)
    plain = name.casefold()
    line = ORGAN_LINES[sum(map(ord, plain)) % 2] if not re.search(r"_l\b|left", plain) else LONG
    known = next((colour for word, colour in ORGANS.items() if word in plain), None)
    if known is not None:
        return Pen(known, 1.4, line)
    place = next(iter(others))
    return Pen(OTHERS[place % len(OTHERS)], 1.4, ORGAN_LINES[place // len(OTHERS) % 4])
