"""Codes of phantoms."""

from __future__ import annotations

from rtvol.codes.kinds import Code

CODES: dict[str, Code] = {
    "bad-solid": Code(
        "reject",
        "a phantom solid has a length that is not above 0, or an inner one beyond the outer",
        "give lengths above 0, the outer ones larger than the inner",
    ),
    "no-closed-form": Code(
        "usage",
        "the grown volume of this solid is not known in closed form",
        "take a convex solid, or a margin that closes no hole",
    ),
    "bad-phantom": Code(
        "usage",
        "a phantom case that cannot be written as DICOM",
        "give dose and dose grid together, and a dose that is nowhere below 0 on it",
    ),
}
