"""Codes of metrics, goals and doses in structures."""

from __future__ import annotations

from rtvol.codes.kinds import Code

CODES: dict[str, Code] = {
    "isodose-open": Code(
        "warn",
        "an isodose reaches the edge of the dose grid, and ends there",
        "export the dose on a larger grid, or take a higher isodose",
    ),
    "no-fractions": Code(
        "reject",
        "EQD2 is asked of a dose whose plan does not say the fractions",
        "export the RTPLAN too, or add the doses in Gy",
    ),
    "bad-metric": Code(
        "usage",
        "a metric is not of the grammar",
        "write it like D95%, D2cc, V20Gy[cc], V100%, Mean",
    ),
    "bad-goal": Code(
        "usage",
        "a goal is not of the form STRUCTURE METRIC OPERATOR VALUE UNIT",
        'write it like "Liver-GTV CV15Gy[cc] >= 700 cc"',
    ),
    "bad-goals": Code(
        "usage",
        "a set of goals cannot be read",
        "mend what the message lists; docs/guide.md shows the form",
    ),
    "bad-step": Code(
        "usage",
        "the sampling step is not a length above 0",
        "give a step above 0 mm",
    ),
    "bad-fractionation": Code(
        "usage",
        "dose, fractions or alpha/beta cannot be",
        "give a dose of 0 Gy or more, and fractions and alpha/beta above 0",
    ),
}
