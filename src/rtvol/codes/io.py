"""Codes of what is read: files, references, images, structure sets."""

from __future__ import annotations

from rtvol.codes.kinds import Code

#: Mends that several codes share.
_FILE = "export or copy the file again"
_SERIES = "export the series again"
_STRUCTURES = "export the structure set again"
_ONE_SERIES = "export one series at a time"

CODES: dict[str, Code] = {
    # files and data sets
    "path-not-found": Code(
        "refused", "a path given is neither a file nor a folder", "check the path"
    ),
    "no-dicom": Code(
        "reject", "no file below the paths given is DICOM", "give the folder of the DICOM export"
    ),
    "no-rtstruct": Code(
        "reject",
        "there is no structure set, or images without one",
        "export the RTSTRUCT together with its images",
    ),
    "truncated-file": Code(
        "reject", "an element ends behind its parent or the file: the file was cut", _FILE
    ),
    "truncated-pixels": Code("reject", "pixels are missing at the end of a file", _FILE),
    "pixel-length-mismatch": Code(
        "reject", "the size of the image does not fit the number of its pixel bytes", _FILE
    ),
    "bad-encoding": Code("reject", "the bytes do not follow the DICOM encoding", _FILE),
    "inflate-limit": Code(
        "reject",
        "a deflated file holds more than any plan object needs",
        "export the object without deflation",
    ),
    "sop-class-conflict": Code(
        "warn",
        "Modality and SOP class contradict each other; the class decides what is read",
        "export the object again, by software that names what it writes",
    ),
    "duplicate-file-skipped": Code(
        "warn", "a file is there twice; it is used once", "remove the copy"
    ),
    "duplicate-sop-conflict": Code(
        "reject",
        "two different objects have one SOP Instance UID",
        "remove the one that does not belong",
    ),
    "archive-not-opened": Code(
        "warn",
        "an archive lies among the files; it is not opened",
        "name it as PATH itself if it is a zip, or unpack it",
    ),
    "archive-unsafe": Code(
        "refused",
        "names in an archive lead out of it; none of it is read",
        "do not trust it; pack the folder again with a tool you know",
    ),
    "archive-too-large": Code(
        "refused",
        "an archive holds more than any export does, or claims to",
        "unpack it yourself, and give its folder",
    ),
    "archive-encrypted": Code(
        "refused",
        "an archive is encrypted",
        "unpack it with its password, and give its folder",
    ),
    "archive-damaged": Code(
        "refused",
        "an archive is cut, damaged or packed in an unknown way",
        "copy it again, or unpack it yourself and give its folder",
    ),
    "archive-member-skipped": Code(
        "warn",
        "links and devices in an archive are left out",
        "unpack it yourself, and give its folder, if they lead to objects of a case",
    ),
    "not-dicom": Code(
        "note",
        "files that are no DICOM objects lie among the others; they are not used",
        "none needed, unless one of them should have been an object of a case",
    ),
    "kind-not-read": Code(
        "note", "DICOM objects of kinds that rtvol does not read; they are not used", "none needed"
    ),
    "dicomdir-followed": Code(
        "note", "a DICOMDIR: the files it names were looked for", "none needed"
    ),
    "dicomdir-incomplete": Code(
        "warn", "files that a DICOMDIR names are not there", "copy the whole medium"
    ),
    # what belongs to what
    "dose-not-paired": Code(
        "warn",
        "a dose goes with no structure set found; it is not used",
        "export structure set, plan and dose together",
    ),
    "plan-not-paired": Code(
        "warn",
        "a plan was made on no structure set found; it is not used",
        "export structure set, plan and dose together",
    ),
    "images-not-used": Code(
        "note",
        "images beside a structure set lie in another frame of reference; they are not used",
        "none needed, unless the contours were drawn on them",
    ),
    "ambiguous-rtstruct": Code(
        "reject",
        "several structure sets were drawn on the same images",
        "pass the one file wanted together with the folder of its images",
    ),
    "rtstruct-not-chosen": Code(
        "warn",
        "another structure set of the same images was named, this one is left out",
        "name this one to use it",
    ),
    "own-output-skipped": Code(
        "warn",
        "a structure set rtvol wrote lies beside its source; the source is used",
        "name the file itself to use it instead of its source",
    ),
    "patient-mismatch": Code(
        "reject", "objects of two patients lie together", "put each patient's files together"
    ),
    "patient-id-missing": Code(
        "warn",
        "no Patient ID: nothing tells that the files are of one patient",
        "let the anonymiser give each patient an ID of its own",
    ),
    "study-mismatch": Code(
        "warn",
        "a dose or plan is of another study than images and structure set",
        "check that it is of this plan, or export all objects of the plan together",
    ),
    "structure-set-mismatch": Code(
        "warn",
        "the plan or dose was made on another structure set than the one found",
        "export the structure set of the plan, or check that the contours are the same",
    ),
    "frame-missing": Code(
        "warn",
        "an object names no frame of reference; it is taken to be that of the case",
        "export images and structure set again",
    ),
    "identity-conflict": Code(
        "warn", "one Patient ID with two names or birth dates", "check whose files these are"
    ),
    "reference-broken": Code(
        "warn",
        "the structure set refers to images that are not the ones found",
        "check that these are the images the contours were drawn on",
    ),
    "reference-contradicts": Code(
        "warn",
        "contours refer to a slice at another place than their own",
        "check the contours against the images; their own position is used",
    ),
    # images
    "no-ct": Code(
        "warn",
        "no images belong to the structure set; planes are those of the contours",
        "add the CT series",
    ),
    "ambiguous-ct": Code(
        "reject",
        "several image series fit the structure set equally well",
        "leave only the series the contours were drawn on",
    ),
    "ct-split-series": Code(
        "warn", "two series together make one stack of slices", "export the images as one series"
    ),
    "ct-no-position": Code(
        "reject", "an image does not say where it lies", "export the images with their geometry"
    ),
    "ct-no-orientation": Code("reject", "an image does not say how it is turned", _SERIES),
    "ct-no-spacing": Code("reject", "an image does not say how large its pixels are", _SERIES),
    "ct-bad-spacing": Code(
        "reject", "the pixel spacing is zero or negative", "export the series from its source"
    ),
    "ct-inconsistent": Code(
        "reject", "slices of one series differ in matrix, spacing or orientation", _ONE_SERIES
    ),
    "ct-duplicate-position": Code(
        "reject", "two different slices lie at one position", _ONE_SERIES
    ),
    "ct-missing-slice": Code(
        "warn", "a slice is missing from the series", "export the missing slices"
    ),
    "ct-irregular-spacing": Code(
        "warn",
        "slices of the series are not equally far apart",
        "check that the whole series was exported",
    ),
    "ct-gantry-tilt": Code(
        "reject",
        "slices are tilted against the direction in which they are stacked: where they slide "
        "evenly, each is taken where it lies; else the series is refused",
        "export the series again, or untilted, where it is refused",
    ),
    "ct-single-slice": Code(
        "warn", "the image series has one slice", "export all slices of the series"
    ),
    "localizer-skipped": Code(
        "warn",
        "localizer images share the series; they are not used",
        "leave localizers out of the export",
    ),
    "image-multi-frame": Code(
        "reject", "a multi-frame image is not read", "export the series as single slices"
    ),
    "image-bit-depth": Code(
        "reject", "pixels have a number of bits that is not read", "export in another pixel format"
    ),
    "image-not-linear": Code(
        "reject",
        "pixel values cannot be turned into numbers by slope and intercept",
        "export the images as stored by the scanner",
    ),
    "pixel-codec": Code(
        "reject",
        "no decoder here reads the compressed pixels",
        "install pylibjpeg with its plugins, or export the object uncompressed",
    ),
    "roi-outside-ct": Code(
        "warn", "contours reach beyond the images", "export the whole image series"
    ),
    # structure sets
    "no-rois": Code("reject", "the structure set defines no ROI", "export the ROIs with it"),
    "roi-type-ambiguous": Code(
        "warn",
        "observations of one ROI name different types; the first is taken",
        "give the ROI one type in the planning system",
    ),
    "no-observations": Code(
        "warn", "ROIs have no type: the RT ROI Observations Sequence is absent", _STRUCTURES
    ),
    "roi-number-duplicate": Code(
        "reject", "two ROIs share a number, or one has none", "give each ROI its own number"
    ),
    "roi-number-mismatch": Code(
        "warn", "contours belong to an ROI that is not defined; they are not used", _STRUCTURES
    ),
    "roi-name-duplicate": Code(
        "warn", "several ROIs have the same name", "rename them, so that each is unique"
    ),
    "roi-no-name": Code(
        "warn", "an ROI has no name: no call can ask for it", "name it in the planning system"
    ),
    "roi-renamed": Code(
        "note",
        "regions are called otherwise in the structure set written",
        "none needed: planning systems take at most 16 characters",
    ),
    "roi-not-closed": Code(
        "warn",
        "contours are points or open lines; they are not used",
        "an ROI with a volume needs closed contours",
    ),
    "contour-not-triples": Code("reject", "contour data are not x, y, z triples", _STRUCTURES),
    "contour-points-mismatch": Code(
        "reject", "a contour has more or fewer points than it declares", _STRUCTURES
    ),
    "contour-not-planar": Code(
        "reject",
        "the points of a contour do not lie on one plane, however turned",
        "draw it on one slice, and export again",
    ),
    "contour-planes-mixed": Code(
        "reject",
        "the contours of a region lie on planes of different orientations; it is not used",
        "draw each orientation as an ROI of its own",
    ),
    "roi-without-images": Code(
        "warn",
        "regions lie on planes on which no images of the case lie",
        "export the images they were drawn on",
    ),
    "registration-not-used": Code(
        "warn", "a registration cannot be applied; its own finding says why", "see the finding"
    ),
    # segmentations
    "segmentation-not-chosen": Code(
        "note",
        "a segmentation of a patient whose structure set is here; the structure set is used",
        "name its file, or --rtstruct LABEL, to use the segmentation",
    ),
    "segmentations-joined": Code(
        "note", "segmentations of the same images are read as one set of regions", "none needed"
    ),
    "segmentation-unclear": Code(
        "reject",
        "a segmentation does not say what its voxels mean",
        "export the segmentation again",
    ),
    "segment-frames-conflict": Code(
        "reject",
        "a segment has two frames on one plane that differ; it is not used",
        "export the segmentation again",
    ),
    "segment-planes-uneven": Code(
        "warn",
        "planes of a segmentation lie at uneven distances; thickness is that of contours there",
        "export the segmentation with the spacing of its slices",
    ),
    "segment-thresholded": Code(
        "note",
        "voxels covered by half or more are the region of a fractional segment",
        "none needed",
    ),
    "registration-not-paired": Code(
        "warn",
        "a registration of a patient without a structure set that is used",
        "export what belongs together",
    ),
    "registration-deformable": Code(
        "reject",
        "a deformable registration: it is never applied",
        "register rigidly, or draw on the images of the plan",
    ),
    "registration-not-rigid": Code(
        "reject",
        "the matrix of a registration does not only turn and move",
        "register rigidly, without scaling, shearing or mirroring",
    ),
    "registration-ambiguous": Code(
        "reject",
        "two registrations carry one frame of reference to different places",
        "leave only the one that holds",
    ),
    "frame-registered": Code(
        "warn",
        "contours, images or doses were carried from another frame of reference by a rigid "
        "registration, which is named",
        "check the registration",
    ),
    "unreadable-file": Code(
        "reject",
        "a file could not be read",
        "check that it still exists and that you may read it",
    ),
}
