"""One self-contained HTML page: figures inside, nothing fetched, all text escaped."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from rtvol.outcomes.results import shown, tells

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rtvol.outcomes.problems import Problem
    from rtvol.outcomes.results import Cell, Sheet


@dataclass(frozen=True)
class Picture:
    """A figure of a page: its sheet, words for those who cannot see it, its SVG, its caption."""

    sheet: str
    alt: str
    svg: bytes
    number: str = ""
    caption: str = ""


@dataclass(frozen=True)
class Head:
    """What a page says before its tables."""

    title: str
    lead: str
    banner: str = ""
    suppress_below: int = 0


def to_html(
    head: Head,
    sheets: Sequence[Sheet],
    pictures: Sequence[Picture],
    warnings: Sequence[Problem],
    run: Mapping[str, object],
) -> str:
    """Return the page.

    Parameters
    ----------
    head
        Title, lead, banner.
    sheets
        Tables in order.
    pictures
        Figures, shown above the sheet they belong to.
    warnings
        Of the data check.
    run
        Inputs, settings and versions, shown at the end.
    """
    from jinja2 import Environment, StrictUndefined

    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True)
    source = (files("rtvol.outcomes") / "page.html.j2").read_text(encoding="utf-8")
    below = head.suppress_below
    page: str = environment.from_string(source).render(
        title=head.title,
        lead=head.lead,
        banner=head.banner,
        parts=[_part(sheet, pictures, below) for sheet in sheets],
        warnings=warnings,
        run=[(name, _text(value)) for name, value in run.items()],
    )
    return page + "\n"


def _part(sheet: Sheet, pictures: Sequence[Picture], below: int) -> dict[str, Any]:
    def plain(cell: str | Cell) -> str:
        return shown(cell, below)

    images = [
        {
            "alt": one.alt,
            "data": base64.b64encode(one.svg).decode("ascii"),
            "number": one.number,
            "caption": one.caption,
        }
        for one in pictures
        if one.sheet == sheet.name
    ]
    texts = [text for text in sheet.sentences if tells(text, below)]
    return {
        "name": sheet.name,
        "title": sheet.heading,
        "paragraphs": sheet.paragraphs,
        "short": sheet.title.split(".")[0].split(":")[0],
        "images": images,
        "header": [plain(cell) for cell in sheet.header],
        "lines": [[plain(cell) for cell in line] for line in sheet.lines],
        "notes": [note for note in sheet.notes if tells(note, below)],
        "sentences": [plain(text) for text in texts],
    }


def _text(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, sort_keys=True)
