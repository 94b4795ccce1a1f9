"""Files that are no DICOM objects: what they look like by their first bytes alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rtvol.io.tree import FoundFile

#: First bytes of archives, which may hold what is missed beside them.
_ARCHIVES = {
    b"PK\x03\x04": "zip archive",
    b"PK\x05\x06": "zip archive",
    b"\x1f\x8b": "gzip archive",
    b"BZh": "bzip2 archive",
    b"7z\xbc\xaf\x27\x1c": "7z archive",
    b"Rar!\x1a\x07": "rar archive",
    b"\xfd7zXZ\x00": "xz archive",
    b"(\xb5/\xfd": "zstd archive",
}
_OTHERS = {
    b"%PDF": "PDF document",
    b"\x89PNG": "picture",
    b"\xff\xd8\xff": "picture",
    b"GIF8": "picture",
    b"\x00\x05\x16\x07": "AppleDouble companion",
    b"\x00\x00\x00\x01Bud1": "folder view",
}
#: Endings that promise a DICOM object.
DICOM_ENDINGS = (".dcm", ".dicom", ".ima")


@dataclass(frozen=True)
class Outsider:
    """A file that is no DICOM object, and what it looks like: `text file`, `zip archive`, ..."""

    file: FoundFile
    kind: str

    @property
    def is_archive(self) -> bool:
        """Whether it may hold further files."""
        return self.kind.endswith("archive")

    @property
    def promises_dicom(self) -> bool:
        """Whether its name says that it is a DICOM object."""
        return self.file.path.name.casefold().endswith(DICOM_ENDINGS)


def outsider(file: FoundFile, head: bytes) -> Outsider:
    """Tell what a file is by its first bytes."""
    return Outsider(file, _kind(head))


def _kind(head: bytes) -> str:
    if not head:
        return "empty file"
    for start, kind in (*_ARCHIVES.items(), *_OTHERS.items()):
        if head.startswith(start):
            return kind
    if head[257:262] == b"ustar":
        return "tar archive"
    return "text file" if _is_text(head) else "file of unknown content"


def _is_text(head: bytes) -> bool:
    """Whether the bytes are text in UTF-8 (the last letter may be cut) or a code page."""
    if b"\0" in head:
        return False
    controls = sum(byte < 32 and byte not in b"\t\n\r\f\x1b" for byte in head)
    if controls:
        return False
    try:
        head.decode("utf-8")
    except UnicodeDecodeError as error:
        return error.start > len(head) - 4
    return True
