"""`rtvol recipe`: make, check and show recipes."""

from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter

from rtvol.cli.options import DEFAULT_LOUDNESS, Json, Loudness, Switch


def recipe(
    action: Annotated[Literal["new", "check", "show"], Parameter(help="What to do.")],
    file: Annotated[Path, Parameter(help="The recipe, a TOML file.")],
    *,
    resolved: Annotated[bool, Switch] = False,
    overwrite: Annotated[bool, Switch] = False,
    json: Json = False,
    loudness: Loudness = DEFAULT_LOUDNESS,
) -> int:
    """Make a recipe that works, say all that is wrong with one, or show what it comes to.

    A value is from the strongest of: flag, RTVOL_* variable, recipe, user file, default.

    For example:
        rtvol recipe new liver.toml
        rtvol recipe check liver.toml
        rtvol recipe show liver.toml --resolved

    Parameters
    ----------
    resolved
        Show every setting with its value and where that is from.
    overwrite
        Replace the file when it exists.
    """
    from rtvol.cli import screen
    from rtvol.files import write_text
    from rtvol.recipe.template import TEMPLATE

    if action == "new":
        write_text(file, TEMPLATE, overwrite=overwrite)
        if json:
            from rtvol.tables.document import written_document

            screen.show_json(written_document([file]))
        if not loudness.quiet:
            screen.tell(f"wrote {file}; next: rtvol names suggest PATH, rtvol recipe check {file}")
        return 0
    from rtvol.recipe.jobs import study_job
    from rtvol.recipe.read import read_recipe

    found = read_recipe(file)
    job = study_job(found.recipe)
    lines = list(found.lines())
    if action == "check":
        targets = str(job.expand.recipe) if job.expand else "no targets"
        if json:
            document = {"schema": "rtvol/checked@1", "recipe": str(file), "targets": targets}
            screen.show_json(document)
        else:
            screen.show(f"{file}: {targets}")
        return 0
    if json:
        rows = [{"name": name, "value": value, "origin": by} for name, value, by in lines]
        screen.show_json({"schema": "rtvol/resolved@1", "settings": rows})
    elif resolved:
        grid = screen.table("setting", "value", "origin", prose=("value",))
        for row in lines:
            grid.add_row(*map(screen.clean, row))
        screen.show(grid)
    else:
        screen.show(*(f"{name} = {value}" for name, value, by in lines if by != "default"))
    return 0
