"""What became of every file below the paths given: used for a case, or why not."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rtvol.errors import Finding
from rtvol.io.headers import names_patient, printable
from rtvol.io.listing import listed

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence
    from pathlib import Path

    from rtvol.errors import Severity
    from rtvol.io.index import Entry
    from rtvol.io.outsiders import Outsider


_UNKNOWN = "files of unknown content"


@dataclass(frozen=True)
class FileFate:
    """What became of one file.

    Attributes
    ----------
    path
        The file.
    name
        Folder and file name for messages, without the patient's name.
    kind
        Modality, or what a file that is no DICOM object looks like.
    cases
        Cases it belongs to, by the path of their structure set; none when it was left aside.
    code, reason
        Why it is not used; empty when it belongs to a case.
    """

    path: Path
    name: str
    kind: str
    cases: tuple[Path, ...] = ()
    code: str = ""
    reason: str = ""

    @property
    def is_used(self) -> bool:
        """Whether it belongs to a case, as far as the headers tell."""
        return not self.code


@dataclass(frozen=True)
class Aside:
    """A DICOM file that goes with no case, why, and the structure set in whose folder it lies."""

    entry: Entry
    code: str
    reason: str
    severity: Severity = "warning"
    mend: str = ""
    beside: Entry | None = None


def place_of(entry: Entry) -> str:
    """Return folder and name of a file for messages."""
    return f"{entry.file.folder_name}/{entry.label}"


def fate_of(aside: Aside) -> FileFate:
    """Return the fate of a file that was left aside."""
    entry = aside.entry
    return FileFate(entry.path, place_of(entry), entry.kind, (), aside.code, aside.reason)


def directory_fate(entry: Entry) -> FileFate:
    """Return the fate of a DICOMDIR: followed."""
    reason = f"{len(entry.file_ids)} files that it names were looked for"
    return FileFate(entry.path, place_of(entry), entry.kind, (), "dicomdir-followed", reason)


def aside_findings(asides: Sequence[Aside]) -> Iterable[tuple[Entry | None, Finding]]:
    """Yield one finding for all files of one case or folder that were left aside for one reason."""
    groups: dict[object, list[Aside]] = defaultdict(list)
    for one in asides:
        whose = one.beside.path if one.beside else one.entry.file.folder_name
        groups[whose, one.code, one.reason, one.severity, one.mend].append(one)
    for group in groups.values():
        first, kinds = group[0], dict.fromkeys(one.entry.kind for one in group)
        count = f"{len(group)} {'/'.join(kinds)} file{'s' * (len(group) > 1)}"
        names = listed([one.entry.label for one in group])
        where = names if first.beside and len(group) == 1 else first.entry.file.folder_name
        seen = f"{count}: {first.reason} ({names})"
        yield first.beside, Finding(first.code, first.severity, where, seen, first.mend)


@dataclass(frozen=True)
class Strangers:
    """Files that are no DICOM objects: their names, where no patient of the call is named."""

    outsiders: Sequence[Outsider]
    people: Collection[tuple[str, str]]

    def name(self, one: Outsider) -> str:
        """Return a file's name for messages."""
        name = one.file.path.name
        known = any(names_patient(name, *person) for person in self.people)
        return f"{one.kind}, name not shown" if known else printable(name)

    def counts(self, shown: int = 3) -> str:
        """Return `2 zip archives (a.zip, b.zip), 12 text files (...)`."""
        groups: dict[str, list[Outsider]] = defaultdict(list)
        for one in self.outsiders:
            groups[one.kind].append(one)
        return ", ".join(self._group(kind, group, shown) for kind, group in sorted(groups.items()))

    def _group(self, kind: str, group: Sequence[Outsider], shown: int) -> str:
        names = listed([self.name(one) for one in group], shown)
        kinds = (
            kind if len(group) == 1 else f"{kind}s".replace("file of unknown contents", _UNKNOWN)
        )
        return f"{len(group)} {kinds} ({names})"

    def findings(self) -> Iterable[Finding]:
        """Yield what to say of them: archives and false DICOM names as warnings, the rest once."""
        parts = (
            ([one for one in self.outsiders if one.is_archive], "archive-not-opened", "warning"),
            ([one for one in self._plain() if one.promises_dicom], "not-dicom", "warning"),
            ([one for one in self._plain() if not one.promises_dicom], "not-dicom", "note"),
        )
        mends = {
            "archive-not-opened": "name it as PATH itself if it is a zip, or unpack it",
            "not-dicom": "none needed, unless one of them should have been an object of a case",
        }
        severity: Severity
        for group, code, severity in parts:  # type: ignore[assignment]
            if group:
                seen = f"not used: {Strangers(group, self.people).counts()}"
                yield Finding(code, severity, "", seen, mends[code])

    def _plain(self) -> list[Outsider]:
        return [one for one in self.outsiders if not one.is_archive]

    def fates(self) -> Iterable[FileFate]:
        """Yield the fate of each."""
        for one in self.outsiders:
            code = "archive-not-opened" if one.is_archive else "not-dicom"
            name = f"{one.file.folder_name}/{self.name(one)}"
            yield FileFate(
                one.file.path, name, one.kind, (), code, f"it is no DICOM object: {one.kind}"
            )


def used_fates(
    entries: Iterable[Entry], cases: Mapping[Path, Sequence[Path]]
) -> Iterable[FileFate]:
    """Yield the fate of each file that belongs to a case; `cases` are structure sets by file."""
    for entry in entries:
        if entry.path in cases:
            owners = tuple(dict.fromkeys(cases[entry.path]))
            yield FileFate(entry.path, place_of(entry), entry.kind, owners)
