"""Why a DICOM file goes with no case: damaged, of a kind not read, another patient's, unpaired."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rtvol.io.fates import Aside

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from pathlib import Path

    from rtvol.errors import Severity
    from rtvol.io.index import Entry
    from rtvol.io.links import Links

_UNPAIRED = {
    "registration": ("registration-not-paired", "it is of no patient whose structure set is used"),
    "dose": ("dose-not-paired", "it belongs to no structure set that is used"),
    "plan": ("plan-not-paired", "it was made on no structure set that is used"),
}


def is_unknown(entry: Entry) -> bool:
    """Whether a file is damaged so that not even its kind is known."""
    return entry.fault is not None and entry.role == "other"


def left_aside(
    entries: Sequence[Entry], owners: Collection[Entry], links: Links, *, mismatched: bool
) -> list[Aside]:
    """Say of each file that goes with no case why.

    Parameters
    ----------
    entries
        The files.
    owners
        Structure sets that are cases.
    links
        What belongs to what.
    mismatched
        Whether a case was rejected because its images are not its own.
    """
    return [_aside(entry, owners, links, mismatched=mismatched) for entry in entries]


def _aside(entry: Entry, owners: Collection[Entry], links: Links, *, mismatched: bool) -> Aside:
    near = links.neighbours.of(entry)
    beside = near if near in owners else None
    if is_unknown(entry) and entry.fault is not None:
        reason = f"they cannot be read: {entry.fault.seen}" if entry.fault.seen else "damaged"
        return Aside(entry, entry.fault.code, reason, mend=entry.fault.mend, beside=beside)
    if entry.role == "other":
        reason = "objects of this kind are not read"
        return Aside(entry, "kind-not-read", reason, "note", "none needed")
    if beside is not None and not _is_near(entry, beside):
        beside = None
    named = [one for uid in entry.structure_refs for one in links.by_uid.get(uid, [])]
    referred = next((one for one in named if one in owners), None)
    theirs = referred or beside
    if theirs is not None and entry.patient_id != theirs.patient_id:
        how = "it refers to" if referred else "beside it"
        reason = f"of another patient than the structure set {how}; not used"
        severity: Severity = "note" if entry.role == "image" else "warning"
        mend = "put each patient's files together"
        return Aside(entry, "patient-mismatch", reason, severity, mend, theirs)
    if entry.role == "image":
        mend = "compare with the rejected cases" if mismatched else "add the RTSTRUCT file"
        if beside is not None:
            mend = "none needed, unless the contours were drawn on them"
            return Aside(
                entry,
                "images-not-used",
                "images of another frame of reference",
                "note",
                mend,
                beside,
            )
        return Aside(entry, "no-rtstruct", "images of no structure set found", mend=mend)
    code, reason = _UNPAIRED[entry.role]
    return Aside(
        entry, code, f"{reason}; not used", mend="export what belongs together", beside=beside
    )


def _is_near(entry: Entry, owner: Entry) -> bool:
    """Whether a file lies in the folder of a structure set, below it, or above it."""
    own, theirs = _folder(entry), _folder(owner)
    return own == theirs or own in theirs.parents or theirs in own.parents


def _folder(entry: Entry) -> Path:
    return entry.path.absolute().parent
