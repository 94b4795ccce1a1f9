"""Codes of runs over many cases."""

from __future__ import annotations

from rtvol.codes.kinds import Code

CODES: dict[str, Code] = {
    "results-of-others": Code(
        "reject",
        "the results in the output folder were not made from the structure set found",
        "name the folder of the exports they were made from, or run `rtvol expand` again",
    ),
    "no-contours-written": Code(
        "reject",
        "the output folder holds no structure set of this case",
        "run `rtvol expand` again with --write rtstruct",
    ),
    "output-unreadable": Code(
        "usage",
        "the folder looks like an output of rtvol, and its tables cannot be read",
        "run `rtvol expand` or `rtvol run` again",
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
    "input-changed": Code(
        "reject",
        "files of the case changed while the run was under way",
        "wait until the export is complete, then give the same command again",
    ),
}
