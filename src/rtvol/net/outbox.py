"""What is to be sent: the DICOM files among files, folders and archives."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from rtvol import codes
from rtvol.errors import Finding, InputError
from rtvol.io.fates import place_of
from rtvol.io.headers import printable
from rtvol.io.inventory import Inventory
from rtvol.io.tree import regular_files
from rtvol.net.kinds import CLASSES, IMAGES

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


@dataclass(frozen=True)
class Outgoing:
    """A file that is to be sent, as its file meta information says (PS3.10 section 7.1).

    Attributes
    ----------
    path
        The file.
    name
        What it is called in messages.
    sop_class, sop_uid, transfer_syntax
        UIDs.
    """

    path: Path
    name: str
    sop_class: str
    sop_uid: str
    transfer_syntax: str

    @property
    def kind(self) -> str:
        """What an object of its class is called."""
        return CLASSES.get(self.sop_class, "other")


def outgoing(paths: Sequence[Path]) -> tuple[list[Outgoing], list[tuple[str, Finding]]]:
    """Find what can be sent: images first, then what refers to them.

    Returns
    -------
    files, refused
        Files; names and findings of those that look like DICOM, or were named, and cannot be sent.
        What else lies in a folder is passed over; a DICOMDIR stands for the files it names.

    Raises
    ------
    InputError
        `path-not-found`; `no-dicom` when there is nothing to send; what archives are refused for.
    """
    found, _ = regular_files(paths)
    held = Inventory.of(found)
    files: list[Outgoing] = []
    refused: list[tuple[str, Finding]] = []
    for entry in held.entries:
        one = _read(entry.path)
        if isinstance(one, Outgoing):
            files.append(one)
        else:
            refused.append((printable(entry.path.name), one))
    for other in held.outsiders:
        if other.file.is_named:
            finding = codes.NOT_SENDABLE.error(seen=f"it is no DICOM object: {other.kind}")
            refused.append((printable(other.file.path.name), finding))
    for entry, missing in held.directories.items():
        if missing:
            seen = f"{missing} of {len(entry.file_ids)} files that it names are not here"
            refused.append((place_of(entry), codes.DICOMDIR_INCOMPLETE.error(seen=seen)))
    if not files and not refused:
        seen = f"none of {len(found)} files is DICOM"
        raise InputError("no-dicom", seen=seen, mend="name DICOM files, or folders of them")
    return sorted(files, key=_order), refused


def _order(one: Outgoing) -> tuple[int, str]:
    ranks = {"RTSTRUCT": 1, "RTPLAN": 2, "RTDOSE": 3}
    return (0 if one.kind in IMAGES else ranks.get(one.kind, 4), one.path.as_posix())


def _read(path: Path) -> Outgoing | Finding:
    from pydicom.errors import InvalidDicomError
    from pydicom.filereader import read_file_meta_info

    try:
        meta = read_file_meta_info(path)
        words = ("MediaStorageSOPClassUID", "MediaStorageSOPInstanceUID", "TransferSyntaxUID")
        sop_class, sop_uid, syntax = (str(meta.get(word, "")) for word in words)
    except OSError as error:
        return codes.NOT_SENDABLE.error(seen=error.strerror or "it cannot be read")
    except (InvalidDicomError, ValueError, KeyError, EOFError, NotImplementedError):
        return codes.NOT_SENDABLE.error(seen="its file meta information cannot be read")
    if not (sop_class and sop_uid and syntax):
        return codes.NOT_SENDABLE.error(seen="it has no file meta information that names it")
    return Outgoing(path, printable(path.name), sop_class, sop_uid, syntax)
