"""Codes of what a name, a pattern or an expression means."""

from __future__ import annotations

from rtvol.codes.kinds import Code

CODES: dict[str, Code] = {
    "bad-expression": Code(
        "usage",
        "an expression of ROI names is not one",
        'write it like Liver-GTV, Kidney_L+Kidney_R or "PTV-1" & Liver',
    ),
    "name-taken-whole": Code(
        "note",
        "an ROI bears a name that could be read as an expression: the ROI is meant",
        'none, if the ROI is meant; for the expression quote its names: "Liver" - "GTV"',
    ),
    "derive-cycle": Code(
        "usage",
        "derived structures are defined by one another, or by themselves",
        "define each by ROIs, or by structures that do not need it",
    ),
    "bad-definition": Code(
        "usage",
        "a derived structure is not defined as NAME = EXPRESSION",
        'write it like "Ring = (PTV + 20) - (PTV + 5)"',
    ),
    "roi-not-found": Code(
        "reject",
        "no ROI has that name",
        "give a name that `rtvol inspect` lists",
    ),
    "roi-ambiguous": Code(
        "reject",
        "more than one ROI is meant by that name",
        "give the exact name, or rename one of them",
    ),
    "bad-recipe": Code(
        "usage",
        "the recipe cannot be meant",
        "see `rtvol recipe new` for one that works",
    ),
    "bad-pair": Code(
        "usage",
        "two names that belong together are not written as such",
        "write it NAME_IN_A:NAME_IN_B",
    ),
    "planes-cut-anew": Code(
        "warn",
        "structures on planes of different orientations are combined: the solids are cut along the "
        "planes of the first, every 0.3 to 1.25 mm by their size",
        "none needed; some tenths of a per cent of a volume",
    ),
}
