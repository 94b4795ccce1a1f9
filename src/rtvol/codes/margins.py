"""Codes of margins and clips."""

from __future__ import annotations

from rtvol.codes.kinds import Code

CODES: dict[str, Code] = {
    "bad-margin": Code(
        "usage",
        "a margin is not a number of millimetres",
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
    "gtv-outside-container": Code(
        "warn",
        "a part of the GTV lies outside the structure its CTV is kept inside; it was not cut",
        "check the gap, and that the right structure is named with --inside",
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
    "bad-errors": Code(
        "usage",
        "errors, coverage, dose or penumbra of a margin recipe cannot be",
        "write --systematic 2,2,3 --random 2,3,3: standard deviations in mm",
    ),
}
