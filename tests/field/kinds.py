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
kind(
    "B8",
    "Modality and SOP class that contradict each other",
    "the SOP class decides; a warning names both values; only ROIs in another class are refused",
    "sop-class-conflict",
)
kind(
    "B10",
    "one structure set stored twice: another transfer syntax, other lengths, an older export",
    "used once, the copy is named; structure sets that differ stay two",
    "duplicate-file-skipped",
)
kind(
    "B16",
    "several structure sets of one patient",
    "`scan` and `inspect` show each; `--rtstruct LABEL|FILE` chooses one, the others are named",
    "ambiguous-rtstruct",
    "rtstruct-not-chosen",
)
kind(
    "C1",
    "a file that may not be read, or is cut so that its kind is not known",
    "named with the reason, by the case in whose folder it lies",
    "unreadable-file",
    "truncated-file",
)
kind(
    "C2",
    "files beside a case that are no part of it",
    "each file is accounted for: used, or named with the reason, in groups with counts; a DICOMDIR "
    "is followed; what is of another patient is named by the case",
    "archive-not-opened",
    "not-dicom",
    "kind-not-read",
    "dicomdir-followed",
    "dicomdir-incomplete",
    "patient-mismatch",
    "plan-not-paired",
    "dose-not-paired",
    "images-not-used",
)
