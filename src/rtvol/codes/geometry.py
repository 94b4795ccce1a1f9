"""Codes of grids and arrays."""

from __future__ import annotations

from rtvol.codes.kinds import Code

CODES: dict[str, Code] = {
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
