"""Codes of calls."""

from __future__ import annotations

from rtvol.codes.kinds import Code

CODES: dict[str, Code] = {
    "bad-call": Code(
        "usage",
        "the call is not one that rtvol knows",
        "see `rtvol COMMAND --help`",
    ),
    "no-salt": Code(
        "usage",
        "pseudonyms need a salt that stays the same from run to run",
        "set RTVOL_SALT to a secret of your own",
    ),
    "compare-no-partner": Code(
        "reject",
        "a case has no other to be compared with",
        "give both folders the same cases, named alike or in one frame of reference",
    ),
}
