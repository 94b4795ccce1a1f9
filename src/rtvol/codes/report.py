"""Codes of pages to look at."""

from __future__ import annotations

from rtvol.codes.kinds import Code

CODES: dict[str, Code] = {
    "page-without-images": Code(
        "warn",
        "the pixels of the images cannot be read: the page shows contours and doses without them",
        "export the images uncompressed",
    ),
}
