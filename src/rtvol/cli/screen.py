"""What a command shows: results to stdout, all else to stderr; nothing from a file is trusted."""

from __future__ import annotations

import io
import os
import sys
import unicodedata
from dataclasses import replace
from typing import TYPE_CHECKING

from rtvol.cli.layout import Line, Prose, ScreenTable

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rich.console import Console

    from rtvol.errors import Finding

    #: What can be shown: a text as it is, or what lays itself out on the width there is.
    Part = str | ScreenTable | Prose

#: Wide enough that no table line is cut or folded when the output is a file or a pipe.
PLAIN_WIDTH = 2000


def clean(text: str) -> str:
    """Return text of a file as one harmless line: no control, format or surrogate characters."""
    return "".join(
        character if not unicodedata.category(character).startswith("C") else "?"
        for character in text
    )


def show(*parts: Part) -> None:
    """Write results to stdout; a reader that went away (`| head`) is no error."""
    _write(sys.stdout, *parts)


def tell(*parts: Part) -> None:
    """Write progress, findings and notes to stderr."""
    _write(sys.stderr, *parts)


def show_json(document: Mapping[str, object]) -> None:
    """Write one JSON document, and nothing else, to stdout."""
    from rtvol.tables.document import document_json

    show(document_json(document))


def console_for(stream: object) -> Console:
    """Return a rich console that is plain when the stream is no terminal or NO_COLOR is set."""
    from rich.console import Console

    is_terminal = bool(getattr(stream, "isatty", bool)())
    return Console(
        file=stream,  # type: ignore[arg-type]
        force_terminal=is_terminal,
        width=None if is_terminal else PLAIN_WIDTH,
        markup=False,
        emoji=False,
        highlight=False,
    )


def table(
    *columns: str, numbers: Sequence[str] = (), prose: Sequence[str] = (), keys: int = 1
) -> ScreenTable:
    """Return an empty table (`ScreenTable`)."""
    return ScreenTable(columns, frozenset(numbers), frozenset(prose), keys=keys)


def indent(grid: ScreenTable, spaces: int = 2) -> ScreenTable:
    """Return a table moved to the right."""
    return replace(grid, margin=spaces)


def number(value: float | None, digits: int = 1) -> str:
    """Return a number for a table, `-` when there is none."""
    # 0.0 is added so that a value that rounds to nothing is not shown as minus nothing
    return "-" if value is None else f"{round(value, digits) + 0.0:.{digits}f}"


def volume(value_cc: float | None) -> str:
    """Return cc with three digits that mean something: small targets show 0.01 cc."""
    if value_cc is None:
        return "-"
    return f"{value_cc:.2f}" if abs(value_cc) < 100 else f"{value_cc:.1f}"


def finding_lines(finding: Finding, case: str = "") -> str:
    """Return the four lines of an error or a warning: what, in, seen, mend."""
    from rtvol.codes import CODES

    code = CODES.get(finding.code)
    meaning = code.meaning if code else finding.code.replace("-", " ")
    mend = finding.mend or (code.mend if code else "")
    head = f"{finding.severity}: {meaning}"
    where = finding.where
    if case and not where.startswith(f"case {case}"):
        where = f"case {case}, {where}" if where else f"case {case}"
    lines = [f"{head:<56} [{finding.code}]"]
    # carets stand below words of the call; what comes from a file stays on one line
    seen = finding.seen.split("\n") if code and code.verdict == "usage" else [finding.seen]
    shown = f"\n{' ' * 9}".join(map(clean, seen))
    lines += [
        f"  {label:<6} {text}"
        for label, text in (("in", clean(where)), ("seen", shown), ("mend", clean(mend)))
        if text
    ]
    return "\n".join(lines)


def _write(stream: object, *parts: Part) -> None:
    text = io.StringIO()
    console = console_for(stream)
    console.file = text
    for part in parts:
        # a command or a path that is copied from the screen has to stay one line of text
        lines = [Line(part)] if isinstance(part, str) else part.lines(console.width)
        for line in lines:
            console.print(line.text, style="bold" if line.is_heading else None, soft_wrap=True)
    shown = (line.rstrip(" ") for line in text.getvalue().split("\n"))
    try:
        stream.write("\n".join(shown))  # type: ignore[attr-defined]
        stream.flush()  # type: ignore[attr-defined]
    except BrokenPipeError:
        # Nobody reads any more; what is still to be written goes nowhere, the work goes on.
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())  # type: ignore[attr-defined]
