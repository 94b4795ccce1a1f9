"""The kinds, and what rtvol does with each (docs/messy-exports.md is made from this)."""

from __future__ import annotations

from field.register import kind

kind(
    "B2",
    "a part of the structure set that cannot be read, beside good ROIs",
    "the ROI is refused by name and has no contours; all other ROIs stand",
    "bad-number",
    "contour-not-triples",
    "contour-points-mismatch",
    "contour-not-planar",
    "roi-number-duplicate",
    "frame-mismatch",
)
kind(
    "C11",
    "ROIs that are points: isocentres, markers, reference points; ROIs without contours",
    "one note for all of them, none for types that are points by nature; targets still warn",
    "roi-not-closed",
    "roi-empty",
)
