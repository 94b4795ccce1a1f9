"""Folders and files -> cases: put together by what the headers say, never by file names.

    files --sniff--> index --per RTSTRUCT--> its images, doses, plans --> CaseFiles

A structure set, its images and doses share a frame of reference or refer to one another. What
belongs to another patient or frame but lies beside a structure set without images of its own is
no coincidence: that case is rejected, not read without a CT.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from rtvol import codes
from rtvol.io.aside import left_aside
from rtvol.io.fates import (
    Aside,
    FileFate,
    aside_findings,
    directory_fate,
    fate_of,
    place_of,
    used_fates,
)
from rtvol.io.headers import printable
from rtvol.io.index import SETS
from rtvol.io.inventory import Inventory, closed
from rtvol.io.links import OWN, Links
from rtvol.io.rivals import (
    ambiguous_sets,
    chosen_sets,
    drawn_first,
    joined_sets,
    rival_sets,
)
from rtvol.io.same import same_object
from rtvol.io.tree import regular_files

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from rtvol.errors import Finding
    from rtvol.io.index import Entry
    from rtvol.io.rivals import OneSet


@dataclass(frozen=True)
class CaseFiles:
    """Files of one case, told apart by their headers; nothing else has been read.

    Attributes
    ----------
    name
        Folder that holds the RTSTRUCT, relative to the PATH given, or that folder's own name;
        unique among the cases found.
    rtstruct, folder
        The structure set (an RTSTRUCT, or a segmentation), and where it lies.
    images
        Files of each image series of its frame of reference, referenced series first.
    doses, plans
        RTDOSE and RTPLAN files that may belong to it.
    registrations
        Spatial Registration objects of its patient.
    elsewhere
        Files of each image series it refers to in another frame of reference, where there are
        registrations.
    unread
        Images it refers to that are here and of a kind that is not read: `24 US files`.
    joined
        Segmentations of the same images, whose segments are regions of the case too.
    beside
        Files in its folder that go with no case; its findings name them.
    findings
        What was noticed while the files were put together.
    rejection
        Why there can be no number; None when the case can be read.
    """

    name: str
    rtstruct: Path
    folder: Path
    images: tuple[tuple[Path, ...], ...] = ()
    doses: tuple[Path, ...] = ()
    plans: tuple[Path, ...] = ()
    registrations: tuple[Path, ...] = ()
    elsewhere: tuple[tuple[Path, ...], ...] = ()
    unread: str = ""
    joined: tuple[Path, ...] = ()
    beside: tuple[Path, ...] = ()
    findings: tuple[Finding, ...] = ()
    rejection: Finding | None = None

    def __repr__(self) -> str:
        images = sum(map(len, self.images))
        return f"CaseFiles({images} images, {len(self.doses)} doses, {len(self.plans)} plans)"

    @property
    def paths(self) -> tuple[Path, ...]:
        """The files it is read from: what a result depends on."""
        images = (path for series in (*self.images, *self.elsewhere) for path in series)
        own = (self.rtstruct, *self.joined)
        return (*own, *images, *self.doses, *self.plans, *self.registrations)

    @property
    def named_paths(self) -> tuple[Path, ...]:
        """All files that findings may name, and that may name a patient."""
        return (*self.paths, *self.beside)


@dataclass(frozen=True)
class Found:
    """The cases below the paths given, by name, and what was left aside.

    Attributes
    ----------
    cases
        Sorted by name.
    findings
        What concerns no single case.
    file_count, dicom_count
        Files found, and those among them that are DICOM objects.
    files
        What became of every file, in the order of their paths.
    """

    cases: tuple[CaseFiles, ...]
    findings: tuple[Finding, ...]
    file_count: int
    dicom_count: int
    files: tuple[FileFate, ...] = ()

    def __repr__(self) -> str:
        return f"Found({len(self.cases)} cases in {self.file_count} files)"


def _without_copies(entries: Sequence[Entry], asides: list[Aside]) -> list[Entry]:
    """Entries without copies of the same object: byte for byte, or stored in another encoding."""
    kept: dict[str, list[Entry]] = defaultdict(list)
    result = []
    # a copy is left out for the file that was named, or else for the first
    for entry in sorted(entries, key=lambda entry: not entry.file.is_named):
        twins = kept[entry.sop_uid] if entry.sop_uid else []
        if any(same_object(entry, twin) for twin in twins):
            reason = "a copy of a structure set already found; used once"
            asides.append(Aside(entry, "duplicate-file-skipped", reason, mend="remove the copy"))
            continue
        kept[entry.sop_uid].append(entry)
        result.append(entry)
    return [entry for entry in entries if entry in result]


def _without_own_output(entries: Sequence[Entry], asides: list[Aside]) -> list[Entry]:
    """Structure sets without those rtvol wrote from another one that is here too."""
    uids = {entry.sop_uid for entry in entries}
    result = []
    for entry in entries:
        is_own = entry.manufacturer == OWN and bool(uids.intersection(entry.structure_refs))
        if is_own and not entry.file.is_named:
            reason = "rtvol wrote it from another structure set found here"
            mend = "name the file itself to use it instead of its source"
            asides.append(Aside(entry, "own-output-skipped", reason, mend=mend))
            continue
        result.append(entry)
    return result


def _rejection(entry: Entry, links: Links) -> Finding | None:
    """Return why the structure set and the images found cannot belong together."""
    if entry.fault is not None and entry.fault.severity == "error":
        return entry.fault
    strangers = [] if links.own[entry] else links.strangers(entry)
    if not strangers:
        return None
    if all(series[0].patient_id != entry.patient_id for series in strangers):
        seen = "the images that belong to it, or lie beside it, are of another patient"
        if not entry.patient_id:
            seen = "it has no Patient ID; the images that belong to it, or lie beside it, have one"
        mend = "put each patient's images and structure set together"
        return codes.PATIENT_MISMATCH.error(where="RTSTRUCT", seen=seen, mend=mend)
    if not entry.frame_uid:
        seen = "it names no frame of reference and none of the images beside it: nothing tells "
        seen += "that its contours were drawn on them"
        mend = "export the structure set again, with its references"
        return codes.FRAME_MISSING.error(where="RTSTRUCT", seen=seen, mend=mend)
    seen = "the images beside it have another frame of reference, and it does not refer to them"
    mend = "export the structure set with the images it was drawn on"
    return codes.FRAME_MISMATCH.error(where="RTSTRUCT", seen=seen, mend=mend)


def _case_files(
    one: OneSet, links: Links, rivals: Sequence[OneSet], left: Sequence[Entry], wanted: str
) -> CaseFiles:
    entry = one.entry
    ambiguous = ambiguous_sets([one.entry for one in rivals], wanted) if len(rivals) > 1 else None
    doses, plans = links.doses[entry], links.plans_of(entry)
    if not doses and not plans:  # those of a set that was left out for it lie in its frame
        doses = list(dict.fromkeys(dose for one in left for dose in links.doses[one]))
        plans = list(dict.fromkeys(plan for one in left for plan in links.plans_of(one)))
    return CaseFiles(
        name=entry.file.folder_name,
        rtstruct=entry.path,
        joined=tuple(e.path for e in one.joined),
        folder=entry.path.parent,
        images=tuple(tuple(e.path for e in series) for series in links.own[entry]),
        doses=tuple(e.path for e in doses),
        plans=tuple(e.path for e in plans),
        registrations=tuple(e.path for e in links.registrations.get(entry.patient_id, ())),
        elsewhere=_elsewhere(entry, links),
        unread=links.unread(entry),
        rejection=_rejection(entry, links) or ambiguous,
    )


def _elsewhere(entry: Entry, links: Links) -> tuple[tuple[Path, ...], ...]:
    """Series of other frames that a structure set or its ROIs name, where registrations are."""
    if entry.patient_id not in links.registrations:
        return ()
    own = {id(series) for series in links.own[entry]}
    return tuple(
        tuple(one.path for one in series)
        for series in links.reached(entry)
        if id(series) not in own and series[0].patient_id == entry.patient_id
    )


def _stem(entry: Entry) -> str:
    """File name without its ending; the end of the UID where the name tells of the patient."""
    stem = printable(entry.path.stem)
    return stem if entry.label.startswith(stem) else f"RS-{entry.sop_uid[-8:]}"


def _named_apart(cases: Sequence[CaseFiles], stems: Mapping[Path, str]) -> tuple[CaseFiles, ...]:
    """Cases with unique names, sorted: the file's stem, then a number, tells twins apart."""
    count = Counter(case.name for case in cases)
    taken: set[str] = set()
    result = []
    for case in sorted(cases, key=lambda case: (case.name, case.rtstruct.as_posix())):
        stem = stems[case.rtstruct]
        wanted = case.name if count[case.name] == 1 else f"{case.name}-{stem}"
        name, number = wanted, 1
        while name in taken:
            number += 1
            name = f"{wanted}-{number}"
        taken.add(name)
        result.append(replace(case, name=name))
    return tuple(sorted(result, key=lambda case: case.name))


def _directory_findings(directories: Mapping[Entry, int]) -> Iterator[Finding]:
    """Say that files a DICOMDIR names are not there."""
    for entry, missing in directories.items():
        if missing:
            seen = f"{missing} of {len(entry.file_ids)} files that it names are not here"
            mend = "copy the whole medium"
            yield codes.DICOMDIR_INCOMPLETE.warn(where=place_of(entry), seen=seen, mend=mend)


def _told(
    cases: Sequence[CaseFiles], asides: Sequence[Aside], findings: list[Finding]
) -> list[CaseFiles]:
    """Cases that say which files beside them are not used; what is beside none goes to findings."""
    said: dict[Path, list[Finding]] = defaultdict(list)
    for owner, finding in aside_findings(asides):
        (said[owner.path] if owner else findings).append(finding)
    beside: dict[Path, list[Path]] = defaultdict(list)
    for one in asides:
        if one.beside is not None:
            beside[one.beside.path].append(one.entry.path)
    return [
        replace(
            case,
            beside=tuple(beside[case.rtstruct]),
            findings=(*case.findings, *said[case.rtstruct]),
        )
        if case.rtstruct in said
        else case
        for case in cases
    ]


def _owners(cases: Sequence[CaseFiles]) -> dict[Path, list[Path]]:
    """Structure sets of the cases that a file belongs to, by file."""
    owners: dict[Path, list[Path]] = defaultdict(list)
    for case in cases:
        for path in case.paths:
            owners[path].append(case.rtstruct)
    return owners


def find(paths: Sequence[Path], *, rtstruct: str = "") -> Found:
    """Index files and folders, and put what belongs together into cases.

    Parameters
    ----------
    paths
        Folders (searched through) and files, in any number; a DICOMDIR among them is followed.
    rtstruct
        Label, file name or path of the structure set to use where several were drawn on the same
        images.

    Returns
    -------
    Found
        One case per structure set, sorted by name; a case that cannot be has its `rejection`.
        Every file found is accounted for in `files`.

    Raises
    ------
    InputError
        `path-not-found`; `no-dicom` when no file is DICOM; `no-rtstruct` when none of the
        DICOM files is a structure set.
    """
    files, noticed = regular_files([Path(path) for path in paths])
    findings, asides = list(noticed), list[Aside]()
    indexed = Inventory.of(files)
    indexed.require()
    structures = [entry for entry in indexed.entries if entry.role in SETS]
    structures = _without_own_output(_without_copies(structures, asides), asides)
    structures = drawn_first(structures, indexed.entries, rtstruct, asides)
    links = Links(indexed.entries, structures)
    cases: list[CaseFiles] = []
    chosen: list[Entry] = []
    for rivals in rival_sets(structures, links):
        some = chosen_sets(rivals, rtstruct, asides)
        sets = joined_sets(some)
        left = [entry for entry in rivals if entry not in some]
        cases += [_case_files(one, links, sets, left, rtstruct) for one in sets]
        chosen += some
    owners = _owners(cases)
    done = {one.entry for one in asides}
    rest = [one for one in indexed.entries if one.path not in owners and one not in done]
    mismatched = any(case.rejection is not None and not case.images for case in cases)
    asides += left_aside(rest, chosen, links, mismatched=mismatched)
    findings += _directory_findings(indexed.directories)
    told = _told(cases, asides, findings)
    findings += indexed.strangers.findings()
    fates = [*used_fates(indexed.entries, owners), *map(fate_of, asides)]
    fates += [*indexed.strangers.fates(), *(directory_fate(one) for one in indexed.directories)]
    stems = {entry.path: _stem(entry) for entry in structures}
    return Found(
        _named_apart(told, stems),
        tuple(findings),
        len(indexed.entries) + len(indexed.outsiders) + len(indexed.directories),
        len(indexed.entries) + len(indexed.directories) - len(closed(indexed.entries)),
        tuple(sorted(fates, key=lambda fate: fate.path.as_posix())),
    )
