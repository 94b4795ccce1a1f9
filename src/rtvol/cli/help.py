"""`rtvol help`: the pages a script or a puzzled user needs."""

from typing import Annotated, Literal

from cyclopts import Parameter

from rtvol.cli import EXIT_CODES
from rtvol.cli.options import Switch
from rtvol.cli.screen import show, table
from rtvol.codes import CODES, codes_page


def help_page(
    page: Annotated[Literal["codes", "exit-codes"], Parameter(help="Which page.")],
    *,
    markdown: Annotated[bool, Switch] = False,
) -> int:
    """Show what every finding code, or every exit code, means.

    Parameters
    ----------
    page
        Which page.
    markdown
        Write the codes as the page docs/codes.md.
    """
    if page == "codes" and markdown:
        show(codes_page())
        return 0
    if page == "codes":
        grid = table("code", "verdict", "meaning", "mend")
        for name, code in sorted(CODES.items()):
            grid.add_row(name, code.verdict, code.meaning, code.mend)
    else:
        grid = table("exit", "meaning", numbers=("exit",))
        for value, meaning in EXIT_CODES.items():
            grid.add_row(str(value), meaning)
    show(grid)
    return 0
