"""Codes of files that are to be written."""

from __future__ import annotations

from rtvol.codes.kinds import Code

CODES: dict[str, Code] = {
    "output-exists": Code(
        "refused",
        "results are there already",
        "--overwrite to replace them, or choose another place with -o",
    ),
    "output-unwritable": Code(
        "refused",
        "the output cannot be written",
        "check that the place exists, is yours to write, and has space",
    ),
}
