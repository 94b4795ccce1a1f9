"""The command line: one small module per command; `main` is the one place errors end.

parse (app, options) -> verb (rtvol.batch, rtvol.io, rtvol.report) -> print (screen, tables)
"""

from __future__ import annotations

import gc
import io
import logging
import re
import sys
import traceback
from typing import TYPE_CHECKING

from rtvol.errors import RtvolError, UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

#: Exit codes (DESIGN.md section 5), shown by `rtvol help exit-codes`.
EXIT_CODES: dict[int, str] = {
    0: "done",
    1: "done, with rejected cases (they are named; the others are written)",
    2: "usage: the call itself is wrong",
    3: "no usable input",
    4: "output refused: it exists already, or cannot be written",
    5: "an optional dependency is missing; the message gives the install line",
    70: "a bug in rtvol; `--debug` shows where",
    130: "stopped by the user",
}

#: Importing and loading kernels makes some hundred thousand objects that stay: looking through them
#: for rings as often as usual (700, 10, 10) costs some 5 % of a short command.
GC_THRESHOLD = (50_000, 20, 20)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code (`EXIT_CODES`).

    Parameters
    ----------
    arguments
        What stands behind `rtvol`; the process's own arguments when None.
    """
    from cyclopts import CycloptsError

    from rtvol.cli.app import build_app
    from rtvol.cli.screen import finding_lines, tell

    if arguments is None:  # a process of its own
        gc.set_threshold(*GC_THRESHOLD)
    words = list(sys.argv[1:] if arguments is None else arguments)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    if "--debug" in words:
        logging.basicConfig(format="%(name)s: %(message)s")
        logging.getLogger("rtvol").setLevel(logging.DEBUG)
    try:
        return int(build_app(words)(words) or 0)
    except RtvolError as error:
        _trace(words)
        tell(finding_lines(error.finding))
        _show_error(error, error.exit_code, words)
        return error.exit_code
    except CycloptsError as error:
        fault = _call_fault(error, words)
        tell(finding_lines(fault.finding))
        _show_error(fault, fault.exit_code, words)
        return fault.exit_code
    except KeyboardInterrupt:
        tell("stopped")
        return 130
    except Exception as error:  # noqa: BLE001  the last line of defence: a bug is reported as one
        _trace(words)
        seen = f"{type(error).__name__} in rtvol; this is not your fault"
        mend = "report it with the output of the same command and --debug"
        tell(f"bug: {seen}.\n  mend   {mend}")
        _show_error(RtvolError("internal-error", seen=seen, mend=mend), 70, words)
        return 70


def _trace(words: Sequence[str]) -> None:
    if "--debug" in words:
        traceback.print_exc()


def _show_error(error: RtvolError, exit_code: int, words: Sequence[str]) -> None:
    """Write the error as a document too, on one line, where `--json` promised one on stdout."""
    if "--json" not in words:
        return
    import json

    from rtvol.cli.screen import show
    from rtvol.tables.document import error_document

    show(json.dumps(error_document(error, exit_code)))


def _call_fault(error: Exception, words: Sequence[str]) -> UsageError:
    """Say in rtvol's own words what is wrong with the call."""
    from rtvol.cli.app import COMMANDS

    command = f"rtvol {words[0]}" if words and words[0] in COMMANDS else "rtvol"
    seen = " ".join(str(error).split()).partition(" Available commands:")[0]
    # said as well where the option was left out
    seen = re.sub(
        r'^Command "[^"]*" parameter (\S+) requires an argument\.$',
        r"\1 is missing, or has no value",
        seen,
    )
    return UsageError("bad-call", where=command, seen=seen, mend=f"see `{command} --help`")
