"""Options that several commands share, and what their words mean."""

# Annotations are read at run time by the command line library.

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter

#: An option that is on when it is given and has no `--no-` form.
Switch = Parameter(negative="", show_default=False)

Paths = Annotated[Path, Parameter(help="Folders or files, in any number.")]
Json = Annotated[
    bool, Parameter(negative="", show_default=False, help="One JSON document on stdout.")
]
ShowPhi = Annotated[
    bool, Parameter(negative="", show_default=False, help="Show patient name, ID and birth date.")
]
OnMissing = Literal["fail", "skip"]
Rtstruct = Annotated[
    str,
    Parameter(
        name="--rtstruct",
        show_default=False,
        help="Of several structure sets of the same images, the one with this label or file name.",
    ),
]
Names = Annotated[list[str] | None, Parameter(negative="", show_default=False)]


@Parameter(name="*")
@dataclass(frozen=True)
class Loudness:
    """How much a command says on stderr."""

    quiet: Annotated[
        bool,
        Parameter(
            name=["--quiet", "-q"], negative="", show_default=False, help="Errors only on stderr."
        ),
    ] = False
    verbose: Annotated[
        bool,
        Parameter(
            name=["--verbose", "-v"], negative="", show_default=False, help="Findings in full."
        ),
    ] = False
    debug: Annotated[
        bool, Parameter(negative="", show_default=False, help="Show where an error arose.")
    ] = False


DEFAULT_LOUDNESS = Loudness()


@Parameter(name="*")
@dataclass(frozen=True)
class RunFlags:
    """How cases are worked through and shown."""

    jobs: Annotated[
        int,
        Parameter(
            name=["--jobs", "-j"],
            help="Cases worked on at a time; expand: of one case, its organs.",
        ),
    ] = 1
    json: Json = False
    rtstruct: Rtstruct = ""
    pseudonymise: Annotated[
        bool,
        Parameter(
            negative="", show_default=False, help="Name cases by a salted hash (salt: RTVOL_SALT)."
        ),
    ] = False


DEFAULT_RUN = RunFlags()
