"""Codes of grids and arrays."""

from __future__ import annotations

from rtvol.codes.kinds import Code

CODES: dict[str, Code] = {
    "irregular-planes": Code(
        "reject",
        "a file of equal steps cannot hold planes that are not equally far apart",
        "resample first, or use the contours",
    ),
    "sheared-planes": Code(
        "reject",
        "a file of upright voxels cannot hold planes that are stacked aslant (tilted gantry)",
        "resample to upright slices first, or use the contours",
    ),
    "bad-grid": Code(
        "reject",
        "positions, directions or spacings do not make a grid of voxels",
        "export the series again; check ImagePositionPatient, ImageOrientationPatient, spacing",
    ),
    "grid-mismatch": Code(
        "reject",
        "an array and its grid, or two grids that must be the same, differ",
        "resample to one grid first",
    ),
}
