"""What is to be sent: the DICOM files among files, folders and archives."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from rtvol import codes
from rtvol.errors import Finding, InputError
from rtvol.io.elements import HEAD_BYTES, begins_like_dicom
from rtvol.io.headers import printable
from rtvol.io.tree import regular_files
from rtvol.net.kinds import CLASSES, IMAGES

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from rtvol.io.tree import FoundFile

_DIRECTORY = "1.2.840.10008.1.3.10"


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
        What else lies in a folder is passed over.

    Raises
    ------
    InputError
        `path-not-found`; `no-dicom` when there is nothing to send.
    """
    found, _ = regular_files(paths)
    files: list[Outgoing] = []
    refused: list[tuple[str, Finding]] = []
    for file in found:
        one = _read(file)
        if isinstance(one, Outgoing):
            files.append(one)
        elif one is not None:
            refused.append((printable(file.path.name), one))
    if not files and not refused:
        seen = f"none of {len(found)} files is DICOM"
        raise InputError("no-dicom", seen=seen, mend="name DICOM files, or folders of them")
    return sorted(files, key=_order), refused


def _order(one: Outgoing) -> tuple[int, str]:
    ranks = {"RTSTRUCT": 1, "RTPLAN": 2, "RTDOSE": 3}
    return (0 if one.kind in IMAGES else ranks.get(one.kind, 4), one.path.as_posix())


def _read(file: FoundFile) -> Outgoing | Finding | None:
    from pydicom.errors import InvalidDicomError
    from pydicom.filereader import read_file_meta_info

    try:
        with file.path.open("rb") as stream:
            head = stream.read(HEAD_BYTES)
        if not begins_like_dicom(head):
            seen = "it does not begin as a DICOM file does"
            return codes.NOT_SENDABLE.error(seen=seen) if file.is_named else None
        meta = read_file_meta_info(file.path)
        uids = [
            str(meta.get(word, ""))
            for word in ("MediaStorageSOPClassUID", "MediaStorageSOPInstanceUID")
        ]
        syntax = str(meta.get("TransferSyntaxUID", ""))
    except OSError as error:
        return codes.NOT_SENDABLE.error(seen=error.strerror or "it cannot be read")
    except (InvalidDicomError, ValueError, KeyError, EOFError, NotImplementedError):
        return codes.NOT_SENDABLE.error(seen="its file meta information cannot be read")
    if not all((*uids, syntax)):
        return codes.NOT_SENDABLE.error(seen="its file meta information does not name it")
    if uids[0] == _DIRECTORY:
        return None
    return Outgoing(file.path, printable(file.path.name), uids[0], uids[1], syntax)
