"""All files of a call, told apart: DICOM objects, directories of such, and what is neither."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rtvol.errors import InputError
from rtvol.io.directory import follow
from rtvol.io.fates import Strangers
from rtvol.io.index import SETS, Entry, index_file
from rtvol.io.listing import listed
from rtvol.io.outsiders import Outsider

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rtvol.io.tree import FoundFile


@dataclass(frozen=True)
class Inventory:
    """The files of a call by what they are.

    Attributes
    ----------
    entries
        DICOM objects, damaged ones included.
    outsiders
        All other files.
    directories
        DICOMDIRs that were followed, and how many of the files they name are not there.
    """

    entries: list[Entry]
    outsiders: list[Outsider]
    directories: dict[Entry, int]

    @classmethod
    def of(cls, files: Sequence[FoundFile]) -> Inventory:
        """Index files, and those that a DICOMDIR among them names."""
        indexed = [index_file(file) for file in files]
        entries = [one for one in indexed if isinstance(one, Entry)]
        outsiders = [one for one in indexed if isinstance(one, Outsider)]
        directories = [one for one in entries if one.role == "directory"]
        entries = [one for one in entries if one.role != "directory"]
        if not directories:
            return cls(entries, outsiders, {})
        more, missing = follow(directories, files)
        inner = cls.of([one for one in more if one.path.name != "DICOMDIR"])
        return cls([*entries, *inner.entries], [*outsiders, *inner.outsiders], missing)

    @property
    def strangers(self) -> Strangers:
        """Files that are no DICOM objects, for messages."""
        people = {(entry.patient_name, entry.patient_id) for entry in self.entries}
        return Strangers(self.outsiders, people)

    def require(self) -> None:
        """Refuse a call without any DICOM object, or without anything that holds regions."""
        damaged = [entry for entry in self.entries if entry.fault is not None]
        if not self.entries or len(damaged) == len(self.entries) == len(closed(damaged)):
            what = [self.strangers.counts()] if self.outsiders else []
            what += [_closed_text(damaged)] if damaged else []
            count = len(self.outsiders) + len(damaged)
            seen = f"none of {count} files is DICOM{': ' * bool(what)}{', '.join(what)}"
            mend = "give the folder of the DICOM export"
            if any(one.is_archive for one in self.outsiders):
                mend = "name the zip archive itself as PATH, or unpack it and give its folder"
            elif damaged:
                mend = "check the rights of the files"
            raise InputError("no-dicom", seen=seen, mend=mend)
        if any(entry.role in SETS for entry in self.entries):
            return
        kinds = Counter(entry.kind for entry in self.entries)
        seen = ", ".join(f"{count} {kind}" for kind, count in sorted(kinds.items()))
        seen = f"none of {len(self.entries)} DICOM files is a structure set ({seen})"
        shut = closed(damaged)
        if shut:
            seen += f"; {_closed_text(shut)}"
        others = len(damaged) - len(shut)
        seen += f"; {others} are damaged" if others else ""
        mend = "check the rights of the files" if shut else "export the RTSTRUCT with the images"
        raise InputError("no-rtstruct", seen=seen, mend=mend)


def closed(entries: Sequence[Entry]) -> list[Entry]:
    """Return the files that may not be read."""
    return [one for one in entries if one.fault and one.fault.code == "unreadable-file"]


def _closed_text(entries: Sequence[Entry]) -> str:
    reasons = dict.fromkeys(one.fault.seen for one in entries if one.fault)
    names = listed([one.label for one in entries], 3)
    return f"{len(entries)} cannot be opened ({', '.join(reasons)}): {names}"
