"""Pens for the lines of one chart: colours of the palette; without colour no two are alike."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from rtvol.report.palette import (
    BODY,
    DASH_DOT,
    DASH_DOTS,
    DOTS,
    LONG,
    LONG_SHORT,
    OTHERS,
    OUTER,
    SHORT,
    SOLID,
    SPARSE,
    TARGET_LINES,
    THICK,
    THIN,
    Pen,
    organ_colour,
    target_colour,
)
from rtvol.structures import target_kind

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from rtvol.report.palette import Colour

    Stroke = tuple[float, tuple[float, ...]]
    #: By name, and how many of the same name stand before.
    Pens = Mapping[tuple[str, int], Pen]

DASHED = (SHORT, DASH_DOT, LONG, DOTS, LONG_SHORT, DASH_DOTS, SPARSE)
#: Lines in the order in which organs take them; solid ones are for targets as long as others last.
ORGAN_STROKES: tuple[Stroke, ...] = (
    *((THIN, dashes) for dashes in DASHED),
    *((THICK, dashes) for dashes in DASHED),
    (THIN, SOLID),
    (THICK, SOLID),
)
#: So many lines differ by dashes and width; where a chart has more, each bears a tag.
MOST_STROKES = len(ORGAN_STROKES)


@dataclass(frozen=True)
class Subject:
    """What a line is of.

    Attributes
    ----------
    name
        Of the structure.
    kind
        Its RT ROI Interpreted Type, or the palette's word for a target; empty where not known.
    is_made
        Whether rtvol made it: its targets have the first choice of lines, before the planner's.
    """

    name: str
    kind: str = ""
    is_made: bool = False

    @property
    def word(self) -> str:
        """The target that it is, as the palette calls it; empty where it is none."""
        return self.kind if self.kind in TARGET_LINES else target_kind(self.name, self.kind)

    @property
    def is_outer(self) -> bool:
        """Whether it is the skin."""
        return self.kind == "EXTERNAL" or bool(OUTER.match(self.name))


def pens_for(subjects: Sequence[Subject]) -> tuple[Pen, ...]:
    """Return the pen of each line of one chart.

    No two share dashes and width, up to `MOST_STROKES` lines; of more, each has a tag of its own.
    The pens depend on the set of subjects, not on their order.
    """
    order = sorted(range(len(subjects)), key=lambda n: (*_rank(subjects[n]), n))
    is_tagged = len(subjects) > MOST_STROKES
    colours = iter(range(len(subjects)))
    left: list[Stroke] = []
    pens = {}
    for place, n in enumerate(order, start=1):
        left = left or list(ORGAN_STROKES)
        width, dashes = next(one for one in _wishes(subjects[n]) if one in left)
        left.remove((width, dashes))
        colour = _colour(subjects[n])
        pen = Pen(colour or OTHERS[next(colours) % len(OTHERS)], width, dashes)
        pens[n] = replace(pen, tag=str(place)) if is_tagged else pen
    return tuple(pens[n] for n in range(len(subjects)))


def numbered(names: Iterable[str]) -> list[tuple[str, int]]:
    """Return each name with how many before it are the same: files hold equal names."""
    seen: Counter[str] = Counter()
    found = []
    for name in names:
        found.append((name, seen[name]))
        seen[name] += 1
    return found


def pen_entry(pen: Pen) -> dict[str, Any]:
    """Return a pen as a page's script and template take it."""
    red, green, blue = pen.colour
    return {
        "colour": f"rgb({red},{green},{blue})",
        "width": pen.width,
        "dashes": list(pen.dashes),
        "tag": pen.tag,
    }


def _rank(subject: Subject) -> tuple[int, str, str, str]:
    """Return who chooses first: targets made, those drawn, then organs, by their names."""
    first = 0 if subject.word and subject.is_made else 1 if subject.word else 2
    return first, subject.name.casefold(), subject.name, subject.kind


def _wishes(subject: Subject) -> tuple[Stroke, ...]:
    """Return all lines, those first that suit best."""
    if subject.word:
        own = TARGET_LINES[subject.word]
        heavy = sorted(ORGAN_STROKES, key=lambda one: (one[0] != own[0], one[1] != own[1]))
        return (own, *heavy)
    if subject.is_outer:
        return ((THIN, SPARSE), *ORGAN_STROKES)
    return ORGAN_STROKES


def _colour(subject: Subject) -> Colour | None:
    if subject.word:
        return target_colour(subject.word)
    return BODY if subject.is_outer else organ_colour(subject.name)
