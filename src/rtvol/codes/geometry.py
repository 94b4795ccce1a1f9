"""Codes of geometry: grids, contours, margins."""

from __future__ import annotations

from rtvol.codes.kinds import Code

CODES: dict[str, Code] = {
    # geometry
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
    "grid-not-axial": Code(
        "reject",
        "the planes of a grid are not perpendicular to the patient's long axis",
        "use an axial series or dose; contours are drawn on axial planes",
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
    # contours (solids)
    "contour-duplicate": Code(
        "warn",
        "identical rings are stored twice on a plane; each counted once",
        "delete the copies in the planning system",
    ),
    "contour-gap": Code(
        "warn",
        "a gap above 1.5 x the usual spacing separates the contours into parts",
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
        "the structure is drawn on one plane; the CT's slice spacing is its thickness",
        "check that the contours on the other slices are not missing",
    ),
    "roi-empty": Code(
        "reject",
        "the structure has no closed contour",
        "contour it, or name another ROI",
    ),
    # margins
    "bad-margin": Code(
        "usage",
        "a margin is not a number of millimetres of 0 or more",
        "give one number, or all six directions: L5,R3,A4,P2,S5,I3",
    ),
    "large-margin": Code(
        "usage",
        "a margin is above 50 mm",
        "check the unit (mm); if it is meant, add --allow-large-margins",
    ),
    "bad-gap": Code(
        "usage",
        "the gap kept from an organ is not a number between -50 and 50 mm",
        "write ROI:gap with the gap in mm: Duodenum:3",
    ),
    "bad-clip": Code(
        "usage",
        "there is no such way for an organ to cut a target",
        "take barrier or inside for the CTV, avoid for the PTV",
    ),
    "name-not-tg263": Code(
        "warn",
        "a name asked for does not follow AAPM TG-263: systems may cut, refuse or misread it",
        "give a name of at most 16 characters such as PTV_4800 or PTV^mod",
    ),
    "nothing-left": Code(
        "reject",
        "a shrunk, cut or intersected structure has no volume left",
        "use a smaller margin or gap, or check which structures are cut",
    ),
    "gtv-overlaps-organ": Code(
        "warn",
        "the GTV and an organ that cuts overlap; the GTV was not cut",
        "check the two contours where they overlap",
    ),
    "avoided-zone-holds-target": Code(
        "warn",
        "an avoided organ with its gap reaches into the CTV or the GTV: no margin is left there",
        "take a smaller gap, or accept that no margin is left there",
    ),
    "margin-short": Code(
        "warn",
        "an organ leaves less of the CTV's margin than was asked for",
        "check that the disease does not cross it",
    ),
    "margin-off": Code(
        "warn",
        "a margin was not reached, or exceeded, by more than 0.3 mm though nothing cut it",
        "look at the contours there; report it if they are sound",
    ),
    "volume-in-doubt": Code(
        "warn",
        "the readings that the contours allow differ by more than 30 % of the volume",
        "contour it on thinner slices, or state the range with the volume",
    ),
    "gtv-is-union": Code(
        "warn",
        "a GTV is the union of others, or another one once more; it is not a further lesion",
        "to grow it as one target, name it alone with --gtv",
    ),
    "margin-truncated": Code(
        "warn",
        "a target reaches beyond the images; its contours end there, its volume does not",
        "scan further, or take the volume that was written",
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
    "policy-conflict": Code(
        "usage",
        "the policy and the organs to avoid contradict each other",
        "icru needs nothing; modified_ptv needs --avoid; ctv_only takes --barrier only",
    ),
    "ctv-cut-to-gtv": Code(
        "warn",
        "barriers and containers took all of the CTV but the GTV",
        "check the gap, and that the right structure is named",
    ),
}
