"""The kinds, and what rtvol does with each (docs/messy-exports.md is made from this)."""

from __future__ import annotations

from field.register import kind

kind(
    "B2",
    "a part of the structure set that cannot be read, beside good ROIs",
    "the ROI is refused by name and has no contours; all other ROIs stand",
    "bad-number",
    "contour-not-triples",
    "contour-points-mismatch",
    "contour-not-planar",
    "roi-number-duplicate",
    "frame-mismatch",
    "contour-planes-mixed",
)
kind(
    "C11",
    "ROIs that are points: isocentres, markers, reference points; ROIs without contours",
    "one note for all of them, none for types that are points by nature; targets still warn",
    "roi-not-closed",
    "roi-empty",
)
kind(
    "B8",
    "Modality and SOP class that contradict each other",
    "the SOP class decides; a warning names both values; only ROIs in another class are refused",
    "sop-class-conflict",
)
kind(
    "B10",
    "one structure set stored twice: another transfer syntax, other lengths, an older export",
    "used once, the copy is named; structure sets that differ stay two",
    "duplicate-file-skipped",
)
kind(
    "B16",
    "several structure sets of one patient",
    "`scan` and `inspect` show each; `--rtstruct LABEL|FILE` chooses one, the others are named",
    "ambiguous-rtstruct",
    "rtstruct-not-chosen",
)
kind(
    "C1",
    "a file that may not be read, or is cut so that its kind is not known",
    "named with the reason, by the case in whose folder it lies",
    "unreadable-file",
    "truncated-file",
)
kind(
    "C2",
    "files beside a case that are no part of it",
    "each file is accounted for: used, or named with the reason, in groups with counts; a DICOMDIR "
    "is followed; what is of another patient is named by the case",
    "archive-not-opened",
    "not-dicom",
    "kind-not-read",
    "dicomdir-followed",
    "dicomdir-incomplete",
    "patient-mismatch",
    "plan-not-paired",
    "dose-not-paired",
    "images-not-used",
)
kind(
    "B4",
    "a structure set that lists several series, drawn on one of them",
    "the series that contours refer to is used; the others stay available",
)
kind(
    "B5",
    "several phases in one image series",
    "the phase that contours refer to is used, the other slices are named; without references the "
    "case is refused in a sentence that is true",
    "ct-duplicate-position",
)
kind(
    "B6",
    "frame of reference UIDs that are missing",
    "images and contours that refer to them are taken to be in one frame, and this is said",
    "frame-missing",
)
kind(
    "B7",
    "a Patient ID that is missing in some objects of a case",
    "used with a warning where name and birth date do not contradict; else another patient's",
    "patient-id-missing",
    "patient-mismatch",
)
kind(
    "B13",
    "one image of a series that cannot be used",
    "the others are used; the file is named, and the gap where there is one",
    "ct-no-position",
    "ct-inconsistent",
    "truncated-pixels",
    "truncated-file",
    "frame-mismatch",
)
kind(
    "C13a",
    "contours beyond the scan, upright slices that are shifted, images of kinds not read",
    "each is called what it is",
    "roi-outside-ct",
    "ct-inconsistent",
    "no-ct",
    "reference-broken",
)
kind(
    "B11",
    "bytes of padding behind the last pixel",
    "up to 16 bytes of zeros are stepped over (PS3.5 8.1.1); anything else is refused",
    "pixel-length-mismatch",
)
kind(
    "C3",
    "a dose cut off at the largest value the file can store",
    "used with a warning that says how many samples hold it",
    "dose-saturated",
)
kind(
    "C15",
    "a dose exported as one file for each plane",
    "planes at equal distances are one dose; others are not used, in one line",
    "dose-planes-joined",
    "dose-planes-apart",
)
kind(
    "B14",
    "a structure set made from another one, evaluated beside its source's folder",
    "plans and doses of the source are its own",
)
kind(
    "D1",
    "a structure set written into the study of its source",
    "the study's date, time, ID, accession number and referring physician are copied; without "
    "images the source's references to series and slices are kept",
)
kind(
    "D2",
    "names longer than 16 characters, with blanks, or alike but for their case",
    "shortened word by word and unique whatever the case; a note and the tables say which is which",
    "roi-renamed",
)
kind(
    "B1",
    "an ROI that lies in part outside the dose grid",
    "volumes and doses above the dose on the grid's border are given; `--outside ignore` gives all "
    "metrics of the part inside, marked; `--compare` knows the reading `in grid`",
)
kind(
    "B12",
    "rings of one slice that lie a few hundredths of a mm apart in z",
    "one plane: up to 0.1 mm apart",
)
kind(
    "C12",
    "rings stored twice, holes joined by keyholes, MR or PET in place of CT, in `inspect`",
    "a copy is no hole, a keyhole's hole is one, and images are called by their modality",
    "contour-duplicate",
)
kind(
    "B3",
    "one of several ROIs that are asked for is absent, empty or refused",
    "it has a row without number and with the reason, the others stand; with `--strict` the case "
    "is rejected",
    "roi-not-found",
    "roi-empty",
)
kind(
    "C9",
    "goals that cannot be judged",
    "`--strict` ends with exit code 1, as for goals that fail",
)
kind(
    "A7",
    "a named dose that is of one fraction, one beam or one session",
    "its doses are given; goals, prescription and EQD2 of the course are not judged on it, and a "
    "finding says so",
    "dose-is-part",
)
kind(
    "D3",
    "masks that cannot be written: without images, or on planes that are not equally far apart",
    "a finding says so, and no path is named that does not exist",
    "masks-not-written",
)
kind(
    "C8",
    "a gap that is written with its unit, in another unit, or behind another sign",
    "`Duodenum:3mm` is 3 mm; `Duodenum=3` and `Duodenum:0.3cm` are refused, and the mend keeps the "
    "gap",
)
kind(
    "C13b",
    "doses that are weighted for their biological effect",
    "their table is headed by what they are, not as a physical dose",
    "dose-type-effective",
)
kind(
    "C14",
    "stored DVHs and observations that contradict the structure set",
    "stored DVHs of ROIs that are not there are named; of types that differ the first is taken, "
    "and this is said",
    "stored-dvh-not-used",
    "roi-type-ambiguous",
)
kind(
    "C18",
    "a limit of memory that no worker can keep",
    "refused in words before anything is read; each worker needs 300 MB",
)
kind(
    "C19",
    "`--json` of every command, and mends in it",
    "a mend that the screen shows is in the document too; `names suggest` and `recipe check` write "
    "documents",
)
kind(
    "C6",
    "a call of `rtvol expand` that rejects all cases, or is stopped",
    "nothing of an all-rejected call stays, and what a stopped call left does not block the next",
)
kind(
    "C7",
    "results of other cases, or of another recipe, in the folder that is written to",
    "`rtvol expand` refuses a call that names a part of them, for its tables would not tell of the "
    "others; `rtvol run` replaces results of another recipe with `--overwrite` alone, and all of "
    "them or none",
    "output-mixed",
    "output-exists",
)
kind(
    "D4",
    "names that rtvol makes from names that follow TG-263",
    "they have 16 characters at most and pass `rtvol names check`; `PTV_mod` is taken as SBRT "
    "practice has it",
)
kind(
    "B9",
    "two ROIs of one name",
    "both can be used, told apart by number (`#3`); as GTVs they are two lesions",
)
kind(
    "B15",
    "two plans with a dose each in one folder",
    "a dose that is named goes with its own plan: prescription and fractions are that plan's",
)
kind(
    "C16",
    "conformity, gradient and homogeneity asked of what is no target",
    "no number, and the reason beside it",
)
kind(
    "C10",
    "findings about one of many files, ROIs or values",
    "file, ROI, contour and element are named by their names; lists say how many they leave out, "
    "and targets stand first in them",
)
