"""Codes of doses and plans: what is read of them, and what is asked of them."""

from __future__ import annotations

from rtvol.codes.kinds import Code

#: A mend that several codes share.
_DOSE = "export the dose again"

CODES: dict[str, Code] = {
    # doses and plans (io)
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
    "dose-is-part": Code(
        "warn",
        "the dose named is of a part of the course: a fraction, a beam, a session",
        "name the dose of the whole plan; or give --fractions, if this is all there was",
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
    # doses
    "stored-dvh-not-used": Code(
        "warn",
        "a stored DVH is not in Gy and cc of one region; it is not compared",
        "compare this one in the planning system",
    ),
    "stored-dvh-tags": Code(
        "warn",
        "maximum doses of stored DVHs are not those of their own data",
        "none: the data are compared, not the attribute",
    ),
    "no-stored-dvh": Code(
        "warn", "there is no stored DVH to compare with", "export the RTDOSE with its DVHs"
    ),
    "dose-summed": Code(
        "warn",
        "the dose is the sum of the doses of the plan's beams",
        "compare the maximum with the planning system",
    ),
    "beams-missing": Code(
        "reject",
        "beams of the plan have no dose, or doses do not say which beams they are of",
        "export the doses of all beams, or the dose of the whole plan",
    ),
    "no-fractions": Code(
        "reject",
        "EQD2 is asked of a dose whose plan does not say the fractions",
        "export the RTPLAN too, or add the doses in Gy",
    ),
    "no-alpha-beta": Code(
        "reject",
        "EQD2 is asked for, and no alpha/beta was given for a structure",
        "give --alpha-beta 3, or --alpha-beta NAME=3",
    ),
    "no-volume": Code(
        "reject",
        "a structure on one plane has no volume without end caps",
        "use --caps half",
    ),
    "bad-caps": Code(
        "usage", "the end caps are neither half, none nor a length", "half, none, or MM"
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
    "bad-expression": Code(
        "usage",
        "an expression of ROI names is not one",
        'write it like Liver-GTV, Kidney_L+Kidney_R or "PTV-1" & Liver',
    ),
    "goal-reversed": Code(
        "warn",
        "a goal limits a volume from above that is usually to be spared at least",
        "write it as CV...[cc] >= ..., if so much volume is to be spared",
    ),
    "goal-fractions": Code(
        "warn",
        "the goals are for a number of fractions that is not the plan's, or not known to be",
        "take the set of these fractions, or give --fractions",
    ),
    "no-number": Code(
        "reject",
        "a metric of a region cannot be given",
        "the message says why; ask for another metric, or mend what it names",
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
