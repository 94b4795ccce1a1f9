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

from rtvol.errors import Finding, InputError
from rtvol.io.headers import printable
from rtvol.io.index import Entry, read_entry
from rtvol.io.links import OWN, Links
from rtvol.io.tree import regular_files

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence


@dataclass(frozen=True)
class CaseFiles:
    """Files of one case, told apart by their headers; nothing else has been read.

    Attributes
    ----------
    name
        Folder that holds the RTSTRUCT, relative to the PATH given, or that folder's own name;
        unique among the cases found.
    rtstruct, folder
        The structure set, and where it lies.
    images
        Files of each image series of its frame of reference, referenced series first.
    doses, plans
        RTDOSE and RTPLAN files that may belong to it.
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
    findings: tuple[Finding, ...] = ()
    rejection: Finding | None = None

    @property
    def paths(self) -> tuple[Path, ...]:
        """All its files: what a result depends on, and what may name a patient."""
        images = (path for series in self.images for path in series)
        return (self.rtstruct, *images, *self.doses, *self.plans)


@dataclass(frozen=True)
class Found:
    """The cases below the paths given, by name, and what was left aside."""

    cases: tuple[CaseFiles, ...]
    findings: tuple[Finding, ...]
    file_count: int
    dicom_count: int


def _warn(code: str, where: str, seen: str, mend: str) -> Finding:
    return Finding(code, "warning", where, seen, mend)


def _same_file(one: Entry, other: Entry) -> bool:
    return (
        bool(one.sop_uid)
        and one.sop_uid == other.sop_uid
        and one.path.stat().st_size == other.path.stat().st_size
        and one.path.read_bytes() == other.path.read_bytes()
    )


def _without_copies(entries: Sequence[Entry], findings: list[Finding]) -> list[Entry]:
    """Entries without byte-identical copies of the same object."""
    kept: dict[str, list[Entry]] = defaultdict(list)
    result = []
    for entry in entries:
        if any(_same_file(entry, other) for other in kept[entry.sop_uid]):
            seen = "it is a copy of a file already found"
            where = f"{entry.file.folder_name}/{entry.label}"
            findings.append(_warn("duplicate-file-skipped", where, seen, "remove the copy"))
            continue
        kept[entry.sop_uid].append(entry)
        result.append(entry)
    return result


def _without_own_output(entries: Sequence[Entry], findings: list[Finding]) -> list[Entry]:
    """Structure sets without those rtvol wrote from another one that is here too."""
    uids = {entry.sop_uid for entry in entries}
    result = []
    for entry in entries:
        is_own = entry.manufacturer == OWN and bool(uids.intersection(entry.structure_refs))
        if is_own and not entry.file.is_named:
            where = f"{entry.file.folder_name}/{entry.label}"
            seen = "rtvol wrote this structure set from another one found here"
            mend = "name the file itself to use it instead of its source"
            findings.append(_warn("own-output-skipped", where, seen, mend))
            continue
        result.append(entry)
    return result


def _rejection(entry: Entry, links: Links) -> Finding | None:
    """Return why the structure set and the images found cannot belong together."""
    if entry.fault is not None:
        return replace(entry.fault, severity="error")
    strangers = [] if links.own[entry] else links.strangers(entry)
    if not strangers:
        return None
    if all(series[0].patient_id != entry.patient_id for series in strangers):
        seen = "the images that belong to it, or lie beside it, are of another patient"
        mend = "put each patient's images and structure set together"
        return Finding("patient-mismatch", "error", "RTSTRUCT", seen, mend)
    seen = "the images beside it have another frame of reference, and it does not refer to them"
    mend = "export the structure set with the images it was drawn on"
    return Finding("frame-mismatch", "error", "RTSTRUCT", seen, mend)


def _rivals(structures: Sequence[Entry], links: Links) -> list[list[Entry]]:
    """Structure sets of the same images (of the same frame, where there are none)."""
    groups: dict[tuple[str, str, frozenset[object]], list[Entry]] = defaultdict(list)
    for entry in structures:
        referenced = {id(series) for series in links.referenced(entry)}
        own = [series for series in links.own[entry] if id(series) in referenced]
        drawn_on: frozenset[object] = frozenset(map(id, own or links.own[entry]))
        drawn_on = drawn_on or frozenset(entry.series_refs)
        frame = entry.frame_uid or entry.sop_uid
        groups[entry.patient_id, frame, drawn_on].append(entry)
    return list(groups.values())


def _chosen(rivals: list[Entry], findings: list[Finding]) -> list[Entry]:
    """Return the one structure set named itself among rivals; else all of them."""
    named = [entry for entry in rivals if entry.file.is_named]
    if len(named) != 1 or len(rivals) == 1:
        return rivals
    for entry in rivals:
        if entry is not named[0]:
            where = f"{entry.file.folder_name}/{entry.label}"
            seen = "another structure set of the same images was named"
            findings.append(_warn("rtstruct-not-chosen", where, seen, "name this one to use it"))
    return named


def _ambiguous(rivals: Sequence[Entry]) -> Finding:
    shown = ", ".join(sorted(f"{e.file.folder_name}/{e.label}" for e in rivals)[:6])
    return Finding(
        "ambiguous-rtstruct",
        "error",
        "RTSTRUCT",
        f"{len(rivals)} structure sets of the same images: {shown}",
        "pass the one file wanted together with the folder of its images",
    )


def _case_files(entry: Entry, links: Links, rivals: Sequence[Entry]) -> CaseFiles:
    ambiguous = _ambiguous(rivals) if len(rivals) > 1 else None
    return CaseFiles(
        name=entry.file.folder_name,
        rtstruct=entry.path,
        folder=entry.path.parent,
        images=tuple(tuple(e.path for e in series) for series in links.own[entry]),
        doses=tuple(e.path for e in links.doses[entry]),
        plans=tuple(e.path for e in links.plans_of(entry)),
        rejection=_rejection(entry, links) or ambiguous,
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


def _damaged(group: Sequence[Entry], where: str) -> Finding:
    fault = group[0].fault
    code = fault.code if fault else "truncated-file"
    seen, mend = f"{len(group)} DICOM files are damaged", "export or copy them again"
    return Finding(code, "warning", where, seen, mend)


def _with_damaged(
    cases: Sequence[CaseFiles], entries: Sequence[Entry], links: Links
) -> tuple[tuple[CaseFiles, ...], set[Entry]]:
    """Cases that say which damaged files lie beside them, as one may have been theirs."""
    beside: dict[Path, list[Entry]] = defaultdict(list)
    for entry in entries:
        owner = links.neighbours.of(entry) if _is_unknown(entry) else None
        if owner is not None:
            beside[owner.path].append(entry)
    told = tuple(
        replace(case, findings=(*case.findings, _damaged(beside[case.rtstruct], "files beside it")))
        if case.rtstruct in beside
        else case
        for case in cases
    )
    owners = {case.rtstruct for case in cases}
    return told, {e for path, group in beside.items() if path in owners for e in group}


def _is_unknown(entry: Entry) -> bool:
    return entry.fault is not None and entry.role == "other"


def _left_aside(entries: Sequence[Entry], cases: Sequence[CaseFiles]) -> Iterator[Finding]:
    """Yield a finding for each folder with damaged files, or with images of no structure set."""
    used = {path for case in cases for series in case.images for path in series}
    mismatched = any(case.rejection is not None and not case.images for case in cases)
    damaged: dict[str, list[Entry]] = defaultdict(list)
    alone: dict[str, list[Entry]] = defaultdict(list)
    for entry in entries:
        if _is_unknown(entry):
            damaged[entry.file.folder_name].append(entry)
        elif entry.role == "image" and entry.path not in used:
            alone[entry.file.folder_name].append(entry)
    for folder, group in damaged.items():
        yield _damaged(group, folder)
    for folder, group in alone.items():
        seen = f"{len(group)} images belong to no structure set found"
        mend = "compare with the rejected cases" if mismatched else "add the RTSTRUCT file"
        yield _warn("no-rtstruct", folder, seen, mend)


def find(paths: Sequence[Path]) -> Found:
    """Index files and folders, and put what belongs together into cases.

    Parameters
    ----------
    paths
        Folders (searched through) and files, in any number.

    Returns
    -------
    Found
        One case per structure set, sorted by name; a case that cannot be has its `rejection`.

    Raises
    ------
    InputError
        `path-not-found`; `no-dicom` when no file is DICOM; `no-rtstruct` when none of the
        DICOM files is a structure set.
    """
    files, noticed = regular_files([Path(path) for path in paths])
    findings = list(noticed)
    entries = [entry for entry in map(read_entry, files) if entry is not None]
    if not entries:
        seen = f"none of {len(files)} files is DICOM"
        raise InputError("no-dicom", seen=seen, mend="give the folder of the DICOM export")
    structures = [entry for entry in entries if entry.role == "structures"]
    if not structures:
        damaged = sum(entry.fault is not None for entry in entries)
        seen = f"none of {len(entries)} DICOM files is a structure set ({damaged} are damaged)"
        raise InputError("no-rtstruct", seen=seen, mend="export the RTSTRUCT with the images")
    structures = _without_own_output(_without_copies(structures, findings), findings)
    links = Links(entries, structures)
    cases = []
    for rivals in _rivals(structures, links):
        chosen = _chosen(rivals, findings)
        cases += [_case_files(entry, links, chosen) for entry in chosen]
    told, placed = _with_damaged(cases, entries, links)
    findings += _left_aside([entry for entry in entries if entry not in placed], told)
    stems = {entry.path: _stem(entry) for entry in structures}
    return Found(_named_apart(told, stems), tuple(findings), len(files), len(entries))
