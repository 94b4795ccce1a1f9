"""Codes of doses and plans as they are read."""

from __future__ import annotations

from rtvol.codes.kinds import Code

#: Mends that several codes share.
_DOSE = "export the dose again"

CODES: dict[str, Code] = {
    "ambiguous-dose": Code(
        "reject", "several doses of the whole plan were found", "name the dose file to use"
    ),
    "dose-no-position": Code("warn", "the dose does not say where it lies; it is not used", _DOSE),
    "dose-no-orientation": Code(
        "warn", "the dose does not say how it is turned; it is not used", _DOSE
    ),
    "dose-no-spacing": Code("warn", "the dose has no usable pixel spacing; it is not used", _DOSE),
    "dose-no-offsets": Code("warn", "the dose does not say where its frames lie; not used", _DOSE),
    "dose-offsets-count": Code("warn", "there are more or fewer frame offsets than frames", _DOSE),
    "dose-offsets-order": Code(
        "warn", "frame offsets neither ascend nor descend; the dose is not used", _DOSE
    ),
    "dose-too-coarse": Code(
        "warn",
        "samples of the dose lie more than 20 mm apart; the dose is not used",
        "check the unit of the grid (mm), and export the dose again",
    ),
    "dose-coverage": Code(
        "warn",
        "a target reaches beyond the dose grid; metrics that depend on that part are absent",
        "compute the dose on a grid that holds the targets",
    ),
    "dose-no-scaling": Code("warn", "Dose Grid Scaling is absent; the dose is not used", _DOSE),
    "dose-bad-scaling": Code(
        "warn", "Dose Grid Scaling is not positive; the dose is not used", _DOSE
    ),
    "dose-relative": Code("warn", "the dose is not in Gy; it is not used", "export the dose in Gy"),
    "dose-no-units": Code(
        "warn", "the dose names no units; it is not used", "export the dose in Gy"
    ),
    "dose-type-error": Code(
        "warn", "the dose is a difference of doses; it is not used", "export the plan's dose"
    ),
    "dose-type-effective": Code(
        "warn",
        "the dose is weighted for its biological effect; no metric is physical Gy",
        "export the physical dose, or read all values as what the dose is",
    ),
    "dose-type-missing": Code(
        "warn",
        "the dose does not say whether it is a physical dose",
        "check in the planning system what was exported",
    ),
    "dose-saturated": Code(
        "warn",
        "many samples hold the largest value the file can store: higher doses were cut off",
        "export the dose with a larger Dose Grid Scaling, or with 32 bits",
    ),
    "dose-planes-joined": Code(
        "note", "doses of one plane each make one grid, and are used as one", "none needed"
    ),
    "dose-planes-apart": Code(
        "warn",
        "doses of one plane each do not make one grid; they are not used",
        "export the dose as one multi-frame RTDOSE",
    ),
    "dose-negative": Code("warn", "the dose is negative in places; it is not used", _DOSE),
    "dose-signed": Code(
        "warn",
        "the dose is stored as signed integers, none of them negative",
        "compare the maximum with the planning system",
    ),
    "dose-implausible": Code(
        "warn",
        "the highest dose is 0, above 1000 Gy, or does not fit the prescription",
        "check the units (Gy or cGy), and whether it is the dose of one fraction or of a part",
    ),
    "input-changed": Code(
        "reject", "a file changed while it was read", "run again when the export is complete"
    ),
    "ambiguous-plan": Code(
        "warn", "several plans belong to the structure set; none is used", "leave only one plan"
    ),
    "plan-mismatch": Code(
        "warn", "a dose refers to another plan than the one found", "export plan and dose together"
    ),
    "prescription-ambiguous": Code(
        "warn",
        "the plan prescribes different doses to several targets",
        "give the prescription of the target you evaluate",
    ),
    "fractions-ambiguous": Code(
        "warn",
        "the plan has several fraction groups",
        "give the number of fractions, or one plan per group",
    ),
    "stored-dvh-not-used": Code(
        "warn",
        "a stored DVH is not in Gy and cc of one region; it is not compared",
        "compare this one in the planning system",
    ),
    "no-dose": Code(
        "reject",
        "no dose to read belongs to the structure set",
        "export the RTDOSE of the plan with the structure set",
    ),
    "dose-not-plan": Code(
        "warn",
        "the dose is not the sum of a plan",
        "export the dose of the whole plan",
    ),
}
