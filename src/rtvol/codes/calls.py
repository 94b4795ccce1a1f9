"""Codes of the calls in Python."""

from __future__ import annotations

from rtvol.codes.kinds import Code

CODES: dict[str, Code] = {
    "several-cases": Code(
        "usage",
        "one case is to be read, and there are several",
        "read each of rtvol.find(tree).cases, or name the folder of one",
    ),
    "no-number": Code(
        "reject",
        "a metric of a region cannot be given",
        "the message says why; ask for another metric, or mend what it names",
    ),
}
