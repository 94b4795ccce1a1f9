"""`rtvol help`: the pages a script or a puzzled user needs."""

from typing import Annotated

from cyclopts import Parameter

from rtvol.cli import EXIT_CODES
from rtvol.cli.options import Json, Switch
from rtvol.cli.screen import show, show_json, table
from rtvol.codes import CODES, codes_page
from rtvol.errors import UsageError

PAGES = ("codes", "exit-codes")


def help_page(
    page: Annotated[
        str, Parameter(help="codes, exit-codes, or one code: roi-not-found.")
    ] = "codes",
    *,
    markdown: Annotated[bool, Switch] = False,
    json: Json = False,
) -> int:
    """Show what every finding code, one of them, or every exit code means.

    Parameters
    ----------
    page
        codes, exit-codes, or one code.
    markdown
        Write the codes as the page docs/codes.md.

    For example:
        rtvol help codes
        rtvol help roi-not-found
    """
    if page == "exit-codes":
        if json:
            show_json({"schema": "rtvol/exit-codes@1", "exit_codes": EXIT_CODES})
            return 0
        grid = table("exit", "meaning", numbers=("exit",), prose=("meaning",))
        for value, meaning in EXIT_CODES.items():
            grid.add_row(str(value), meaning)
        show(grid)
        return 0
    if page == "codes" and markdown and not json:
        show(codes_page())
        return 0
    names = sorted(CODES) if page == "codes" else [_code(page)]
    if json:
        show_json({"schema": "rtvol/codes@1", "codes": [_entry(name) for name in names]})
    elif page == "codes":
        grid = table("code", "verdict", "meaning", "mend", prose=("meaning", "mend"))
        for name in names:
            grid.add_row(*_entry(name).values())
        show(grid)
    else:
        show(*(f"{key:<8} {text}" for key, text in _entry(names[0]).items()))
    return 0


def _entry(name: str) -> dict[str, str]:
    code = CODES[name]
    return {"code": name, "verdict": code.verdict, "meaning": code.meaning, "mend": code.mend}


def _code(word: str) -> str:
    """Return the code a word means; it may be copied with its brackets."""
    from difflib import get_close_matches

    name = word.strip("[] ").lower()
    if name in CODES:
        return name
    near = get_close_matches(name, [*CODES, *PAGES], n=3)
    mend = f"did you mean {' or '.join(near)}?" if near else "`rtvol help codes` lists them all"
    raise UsageError("bad-call", where="rtvol help", seen=f"no page or code {word!r}", mend=mend)
