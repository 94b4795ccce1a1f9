"""Codes of what is written, and what is written again."""

from __future__ import annotations

from rtvol.codes.kinds import Code

CODES: dict[str, Code] = {
    "extra-missing": Code(
        "refused",
        "an optional dependency is not installed",
        "install the extra that the message names",
    ),
    "bad-file-name": Code(
        "usage",
        "the name does not say what kind of file is wanted",
        "give one of the endings that the message names",
    ),
    "output-not-verified": Code(
        "refused",
        "what was written does not read back as it was given",
        "write to another disk or folder",
    ),
    "not-rt-utils": Code(
        "usage",
        "the object given is not a rt_utils.RTStruct",
        "pass what rt_utils.RTStructBuilder made",
    ),
    "contour-degenerate": Code(
        "warn",
        "a contour encloses no area and is not used",
        "delete stray points in the planning system",
    ),
    "contour-off-plane": Code(
        "warn",
        "contours lie on planes that hold no image",
        "redraw them on the slices, or export the images they were drawn on",
    ),
    "roi-in-own-frame": Code(
        "note",
        "a region on images of another frame of reference is written there, with its own images",
        "send the Spatial Registration with the structure set",
    ),
    "bad-number": Code(
        "reject", "a number is missing, not finite, or cannot be", "export the object again"
    ),
    "bad-uid": Code(
        "reject",
        "a UID that must be referred to is not one",
        "export again, or let the anonymiser keep valid UIDs",
    ),
    "frame-mismatch": Code(
        "reject",
        "objects lie in different frames of reference",
        "export the objects of one plan together",
    ),
}
