"""`rtvol names`: local names to canonical ones (TG-263)."""

import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import Parameter

from rtvol.cli.options import DEFAULT_LOUDNESS, Json, Loudness, Switch

if TYPE_CHECKING:
    from collections.abc import Sequence


def names(
    action: Annotated[Literal["suggest", "check"], Parameter(help="What to do.")],
    *words: Annotated[str, Parameter(help="Folders; for check also recipes, or names.")],
    strict: Annotated[bool, Switch] = False,
    json: Json = False,
    loudness: Loudness = DEFAULT_LOUDNESS,
) -> int:
    """Suggest a table of names from what is there, or check names against TG-263.

    For example:
        rtvol names suggest exports/ > names.toml
        rtvol names check liver.toml
        rtvol names check exports/ --strict
        rtvol names check PTV^4mm "GTV liver"

    Parameters
    ----------
    strict
        End with exit code 1 when a name does not follow TG-263.
    """
    from rtvol.cli import gather, screen
    from rtvol.errors import UsageError

    if not words:
        raise UsageError("bad-call", seen="nothing named", mend="name folders, a recipe or names")
    if action == "suggest":
        from rtvol.names.suggest import alias_table, count_names

        cases = gather.gather([Path(word) for word in words], loudness).cases
        counts, unread = count_names(cases)
        if unread and not loudness.quiet:
            screen.tell(f"note: {unread} of {len(cases)} structure sets could not be read")
        text = alias_table(counts, len(cases) - unread).rstrip("\n")
        if json:
            table = tomllib.loads(text)
            screen.show_json({"schema": "rtvol/suggested@1", **table})
        else:
            screen.show(text)
        return 0
    from dataclasses import asdict

    from rtvol.names.tg263 import check_names

    checked = check_names(_named(words, loudness))
    if json:
        rows = [asdict(one) for one in checked]
        screen.show_json({"schema": "rtvol/names@1", "names": rows})
    else:
        grid = screen.table("name", "TG-263", "suggestion", prose=("TG-263",))
        for one in checked:
            cells = (one.name, "; ".join(one.faults) or "ok", one.suggestion or "-")
            grid.add_row(*map(screen.clean, cells))
        screen.show(grid)
    return 1 if strict and any(one.faults for one in checked) else 0


def _named(words: "Sequence[str]", loudness: Loudness) -> list[str]:
    """Names that words mean: those of a folder's structures, of a recipe, or themselves."""
    from rtvol.cli import gather
    from rtvol.names.suggest import count_names
    from rtvol.recipe.read import read_recipe

    found: list[str] = []
    for word in words:
        path = Path(word)
        if path.suffix == ".toml" and path.is_file():
            found += read_recipe(path).recipe.names
        elif path.exists():
            counts, _ = count_names(gather.gather([path], loudness).cases)
            found += sorted(counts)
        else:
            found.append(word)
    return found
