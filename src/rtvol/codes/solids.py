"""Codes of contours and what they are read as."""

from __future__ import annotations

from rtvol.codes.kinds import Code

CODES: dict[str, Code] = {
    "no-volume": Code(
        "reject",
        "a structure on one plane has no volume without end caps",
        "use --caps half",
    ),
    "bad-caps": Code(
        "usage", "the end caps are neither half, none nor a length", "half, none, or MM"
    ),
    "roi-outside-grid": Code(
        "reject",
        "nothing of the structure lies on the grid of voxels",
        "check that the structure set and the images are of the same series",
    ),
    "bad-lattice": Code(
        "reject",
        "values and coordinates do not make a lattice whose level lines can be traced",
        "check shapes, ascending coordinates and that every value is a number",
    ),
    "contour-duplicate": Code(
        "warn",
        "rings repeat one another on a plane: copies are left out, doubtful twins refused",
        "delete the copies in the planning system",
    ),
    "contour-gap": Code(
        "warn",
        "contours lie farther apart than usual: planes are missing, or were left out throughout",
        "contour the slices between if the parts belong together",
    ),
    "contour-near-planes": Code(
        "reject",
        "contours of one slice lie on two heights; each height would count as a slice",
        "draw all contours of a slice on it, and export again",
    ),
    "contour-spike": Code(
        "warn",
        "a contour runs far out and straight back: a spike without area, which margins grow",
        "redraw the contour in the planning system",
    ),
    "roi-single-slice": Code(
        "warn",
        "the structure is drawn on one plane; the slice spacing is its thickness",
        "check that the contours on the other slices are not missing",
    ),
    "roi-empty": Code(
        "reject",
        "the structure has no closed contour",
        "contour it, or name another ROI",
    ),
    "nothing-left": Code(
        "reject",
        "a shrunk, cut or intersected structure has no volume left",
        "use a smaller margin or gap, or check which structures are cut",
    ),
    "contour-self-crossing": Code(
        "warn",
        "a contour crosses itself; even-odd parity decides what it encloses",
        "redraw it in the planning system",
    ),
    "contour-overlap": Code(
        "warn",
        "contours of one plane overlap; even-odd parity leaves out what two of them enclose",
        "join or separate them in the planning system",
    ),
}
