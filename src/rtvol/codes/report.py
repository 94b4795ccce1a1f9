"""Codes of pages to look at."""

from __future__ import annotations

from rtvol.codes.kinds import Code

CODES: dict[str, Code] = {
    "results-of-others": Code(
        "reject",
        "the results in the output folder were not made from the structure set found",
        "name the folder of the exports they were made from, or run `rtvol expand` again",
    ),
    "no-contours-written": Code(
        "reject",
        "the output folder holds no structure set of this case",
        "run `rtvol expand` again with --write rtstruct",
    ),
    "output-unreadable": Code(
        "usage",
        "the folder looks like an output of rtvol, and its tables cannot be read",
        "run `rtvol expand` or `rtvol run` again",
    ),
    "page-without-images": Code(
        "warn",
        "the pixels of the images cannot be read: the page shows contours and doses without them",
        "export the images uncompressed",
    ),
}
