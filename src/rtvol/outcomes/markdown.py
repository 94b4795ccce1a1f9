"""The sheets as one Markdown file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rtvol.outcomes.results import shown, tells

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rtvol.outcomes.results import Cell, Sheet

_ESCAPED = str.maketrans(
    {
        "|": r"\|",
        "<": "&lt;",
        ">": "&gt;",
        "*": r"\*",
        "_": r"\_",
        "`": r"\`",
        "\n": " ",
        "[": r"\[",
    }
)


def to_markdown(
    title: str,
    sheets: Sequence[Sheet],
    banner: str = "",
    suppress_below: int = 0,
    captions: Sequence[str] = (),
) -> str:
    """Return the sheets as Markdown tables with their footnotes and sentences.

    Parameters
    ----------
    title
        Heading of the file.
    sheets
        In order.
    banner
        Said on top and under each table when the data is made up.
    suppress_below
        Smaller counts are printed as `< n`.
    captions
        Of the figures, listed at the end.
    """

    def plain(cell: str | Cell) -> str:
        return shown(cell, suppress_below).translate(_ESCAPED)

    parts = [f"# {title.translate(_ESCAPED)}"]
    mark = [f"**{banner}**"] if banner else []
    parts += mark
    for sheet in sheets:
        number = f" ({sheet.number})" if sheet.number else ""
        parts.append(f"## {plain(sheet.title)}{number}")
        parts += [plain(text) for text in sheet.paragraphs]
        if not sheet.header:
            continue
        lines = [f"| {' | '.join(map(plain, sheet.header))} |", "|" + " --- |" * len(sheet.header)]
        lines += [f"| {' | '.join(map(plain, line))} |" for line in sheet.lines]
        parts.append("\n".join(lines))
        parts += mark
        notes = [f"- {plain(note)}" for note in sheet.notes if tells(note, suppress_below)]
        parts += ["\n".join(notes)] if notes else []
        found = [f"- {plain(text)}" for text in sheet.sentences if tells(text, suppress_below)]
        parts += ["\n".join(found)] if found else []
    if captions:
        parts.append("## Captions")
        parts += [text.translate(_ESCAPED) for text in captions]
    return "\n\n".join(parts) + "\n"
