"""Codes of calls, runs and outputs."""

from __future__ import annotations

from rtvol.codes.kinds import Code

CODES: dict[str, Code] = {
    # cases, calls and outputs (cli, batch, report)
    "bad-call": Code(
        "usage",
        "the call is not one that rtvol knows",
        "see `rtvol COMMAND --help`",
    ),
    "internal-error": Code(
        "reject",
        "a bug in rtvol; this case has no number",
        "report it with the output of the same command and --debug",
    ),
    "worker-died": Code(
        "reject",
        "the process that worked on the case ended before it was done",
        "run the case alone; if it fails again, check its files and the memory",
    ),
    "time-limit": Code(
        "reject",
        "the case took longer than one case may",
        "run it alone, or allow more with --timeout",
    ),
    "memory-limit": Code(
        "reject",
        "the case took more memory than a worker may",
        "allow more with --memory, or fewer cases at a time with -j",
    ),
    "input-changed": Code(
        "reject",
        "files of the case changed while the run was under way",
        "wait until the export is complete, then give the same command again",
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
    "output-exists": Code(
        "refused",
        "results are there already",
        "--overwrite to replace them, or choose another place with -o",
    ),
    "output-unwritable": Code(
        "refused",
        "the output cannot be written",
        "check that the place exists, is yours to write, and has space",
    ),
    "extra-missing": Code(
        "refused",
        "an optional dependency is not installed",
        "install the extra that the message names",
    ),
    "unreadable-file": Code(
        "reject",
        "a file could not be read",
        "check that it still exists and that you may read it",
    ),
    "bad-file-name": Code(
        "usage",
        "the name does not say what kind of file is wanted",
        "give one of the endings that the message names",
    ),
    # runs and recipes
    "bad-recipe": Code(
        "usage",
        "the recipe cannot be meant",
        "see `rtvol recipe new` for one that works",
    ),
    "prescription-differs": Code(
        "warn",
        "the recipe prescribes something else than the plan",
        "check which of the two is meant",
    ),
    "no-salt": Code(
        "usage",
        "pseudonyms need a salt that stays the same from run to run",
        "set RTVOL_SALT to a secret of your own",
    ),
    "output-busy": Code(
        "refused",
        "another run writes into this output",
        "wait for it, or choose another place with -o",
    ),
    "output-foreign": Code(
        "refused",
        "the folder holds what no run of rtvol wrote",
        "choose an empty or a new folder with -o",
    ),
    "output-mixed": Code(
        "refused",
        "results of different inputs, recipes or versions would stand side by side",
        "give the same command as before, or another folder with -o",
    ),
    "journal-damaged": Code(
        "refused",
        "the journal of the run is not as it was written",
        "restore it from a backup, or begin anew in another folder",
    ),
    "journal-newer": Code(
        "refused",
        "the output was written by a newer version of rtvol",
        "go on with that version, or begin anew in another folder",
    ),
    "stale-lock": Code(
        "warn",
        "a run that is no longer there had left its lock; it was taken over",
        "nothing to do; if that run does go on elsewhere, stop it",
    ),
    "torn-journal": Code(
        "warn",
        "the last line of the journal was not whole; it was dropped",
        "nothing to do: that case is worked on again",
    ),
    "result-damaged": Code(
        "warn",
        "results are not as the journal says; these cases are worked on again",
        "check the disk, if nobody changed them by hand",
    ),
    "worker-version": Code(
        "refused",
        "a worker of the cluster has other versions than the run",
        "install the same versions on all workers",
    ),
    "no-scheduler": Code(
        "refused",
        "no dask scheduler answers at that address",
        "check the address, and that `dask scheduler` runs there",
    ),
    "nothing-to-collect": Code(
        "reject",
        "the output holds no finished case",
        "give the `rtvol run` command again, then collect",
    ),
    # writing
    "output-not-verified": Code(
        "refused",
        "what was written does not read back as it was given",
        "write to another disk or folder",
    ),
    "irregular-planes": Code(
        "reject",
        "a file of equal steps cannot hold planes that are not equally far apart",
        "resample first, or use the contours",
    ),
    "not-rt-utils": Code(
        "usage",
        "the object given is not a rt_utils.RTStruct",
        "pass what rt_utils.RTStructBuilder made",
    ),
    "contour-degenerate": Code(
        "warn",
        "a contour encloses no area and is not used",
        "delete stray points in the planning system",
    ),
    "contour-off-plane": Code(
        "warn",
        "contours lie on planes that hold no image",
        "redraw them on the slices, or export the images they were drawn on",
    ),
    "bad-number": Code(
        "reject", "a number is missing, not finite, or cannot be", "export the object again"
    ),
    "bad-uid": Code(
        "reject",
        "a UID that must be referred to is not one",
        "export again, or let the anonymiser keep valid UIDs",
    ),
    "frame-mismatch": Code(
        "reject",
        "objects lie in different frames of reference",
        "export the objects of one plan together",
    ),
    "ct-not-axial": Code(
        "reject",
        "the image planes are not perpendicular to the patient's long axis",
        "export the axial series",
    ),
    # phantoms
    "bad-solid": Code(
        "reject",
        "a phantom solid has a length that is not above 0, or an inner one beyond the outer",
        "give lengths above 0, the outer ones larger than the inner",
    ),
    "no-closed-form": Code(
        "usage",
        "the grown volume of this solid is not known in closed form",
        "take a convex solid, or a margin that closes no hole",
    ),
    "bad-phantom": Code(
        "usage",
        "a phantom case that cannot be written as DICOM",
        "give dose and dose grid together, and a dose that is nowhere below 0 on it",
    ),
}
