"""Codes of what one case is asked for."""

from __future__ import annotations

from rtvol.codes.kinds import Code

CODES: dict[str, Code] = {
    "dose-kinds-mixed": Code(
        "reject",
        "doses weighted for their biological effect and others are not added",
        "export all of them as PHYSICAL, or all as EFFECTIVE, and add those",
    ),
    "name-not-tg263": Code(
        "warn",
        "a name of a target does not follow AAPM TG-263: systems may cut, refuse or misread it",
        "name it with --name: at most 16 characters such as PTV_4800 or PTV^mod",
    ),
    "derived-name-taken": Code(
        "reject",
        "the case has an ROI of the name a derived structure is to have",
        "give it another name on the left of =",
    ),
    "derived-empty": Code(
        "warn",
        "nothing is left of a derived structure: 0 cc; it is not written",
        "none, if that is what is meant; else check names and margins",
    ),
    "itv-joined": Code(
        "note",
        "a structure set is a phase whose GTVs were joined into another case's",
        "none: the targets are that case's",
    ),
    "itv-one-phase": Code(
        "reject",
        "an internal GTV is asked for, and only one GTV is meant",
        "give a pattern that fits the GTVs of all phases, or all their structure sets",
    ),
    "itv-frames-differ": Code(
        "reject",
        "GTVs to be joined lie in different frames of reference",
        "name the structure sets of one scan, or register the phases first",
    ),
    "itv-tilts-differ": Code(
        "reject",
        "GTVs to be joined lie on planes that are turned against each other",
        "resample the phases to the planes of one of them",
    ),
    "dose-is-part": Code(
        "warn",
        "the dose named is of a part of the course: a fraction, a beam, a session",
        "name the dose of the whole plan; or give --fractions, if this is all there was",
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
    "no-alpha-beta": Code(
        "reject",
        "EQD2 is asked for, and no alpha/beta was given for a structure",
        "give --alpha-beta 3, or --alpha-beta NAME=3",
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
    "planes-from-contours": Code(
        "warn",
        "no CT covers the GTV; targets lie on the planes of the structure set",
        "export the CT together with the structure set",
    ),
    "masks-not-written": Code(
        "warn",
        "masks were asked for, but the CT grid cannot hold them",
        "use the RTSTRUCT, or export the whole CT with equally spaced slices",
    ),
    "prescription-differs": Code(
        "warn",
        "the recipe prescribes something else than the plan",
        "check which of the two is meant",
    ),
    "export-volume-off": Code(
        "warn",
        "what was written of a structure does not have its volume, to 5 %",
        "use contours (RTSTRUCT) for numbers; or --fractional, finer images, images that hold it",
    ),
    "dose-cropped": Code(
        "note",
        "a sum of doses is written where all of them are known",
        "none needed; export the doses on larger grids, if more of the sum is wanted",
    ),
    "dvh-not-written": Code(
        "warn",
        "a structure has no DVH in the RTDOSE written",
        "name single ROIs that lie inside the dose grid",
    ),
    "dose-outside-images": Code(
        "note",
        "voxels of the images lie outside the dose grid: they hold NaN, not 0 Gy",
        "none needed; read NaN as not known",
    ),
    "compare-no-pair": Code(
        "reject",
        "no structure of one set is named like one of the other",
        "say which belong together: --pair NAME_IN_A:NAME_IN_B, or --map FILE",
    ),
    "compare-unpaired": Code(
        "warn",
        "structures of one set are not in the other, and not compared",
        "say which belong together: --pair NAME_IN_A:NAME_IN_B, or --map FILE",
    ),
    "compare-patients": Code(
        "warn",
        "the two sets compared name different patients",
        "check that both are of one patient",
    ),
    "bad-isodose": Code(
        "usage",
        "an isodose is not one",
        'a dose above 0 with its unit: 45Gy, or "95 %" of the prescription',
    ),
    "isodose-not-reached": Code(
        "reject",
        "no part of a target gets the isodose asked for",
        "ask for a lower isodose",
    ),
    "outside-dose-grid": Code(
        "reject",
        "a part of a target lies outside the dose grid",
        "export a dose grid that holds the target",
    ),
    "no-prescription": Code(
        "reject",
        "an isodose in % is asked for, and no prescribed dose is known",
        "give --prescription, or the isodose in Gy",
    ),
    "written-off": Code(
        "warn",
        "contours read back from a written structure set are not those that were to be written",
        "do not use the file; write it again to another disk, and tell us if it happens again",
    ),
}
