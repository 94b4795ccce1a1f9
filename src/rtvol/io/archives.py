"""Zip archives named as a path: read from a folder of this process's own, which goes with it.

    PATH.zip --checked, member by member--> temporary folder --> found as if it had been named

Nothing a name in an archive says decides where a file lies: members with names that would lead
out of the folder refuse the whole archive. What an archive may hold is limited before and while
it is read, whatever it declares. Archives inside an archive are not opened.
"""

from __future__ import annotations

import atexit
import errno
import lzma
import os
import re
import shutil
import stat
import tempfile
import threading
import zipfile
import zlib
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from rtvol import codes
from rtvol.errors import InputError
from rtvol.files import unwritable
from rtvol.io.headers import printable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rtvol.errors import Finding

#: Members, and bytes once unpacked: a course of treatment with cone-beam scans has a tenth.
MEMBER_LIMIT, BYTES_LIMIT = 200_000, 32 << 30
#: Beyond this many bytes, more than so many times the packed size is no image data.
RATIO_FROM_BYTES, RATIO_LIMIT = 1 << 28, 200
#: First bytes of a zip archive, also of an empty one.
SIGNATURES = (b"PK\x03\x04", b"PK\x05\x06")
PREFIX = "rtvol-zip-"
_ENCRYPTED = 0x1
_CHUNK = 1 << 20
#: What a damaged archive, or one packed in an unknown way, or one with a file for a folder raises.
_DAMAGE = (
    zipfile.BadZipFile,
    zipfile.LargeZipFile,
    zlib.error,
    lzma.LZMAError,
    EOFError,
    NotImplementedError,
    FileExistsError,
    NotADirectoryError,
)
_DRIVE = re.compile(r"[A-Za-z]:")
_LOCK_NAME = ".lock"


@dataclass(frozen=True)
class Unpacked:
    """An archive that was unpacked.

    Attributes
    ----------
    archive
        The archive.
    folder
        Where its members lie; called like the archive.
    findings
        Members that were left out.
    """

    archive: Path
    folder: Path
    findings: tuple[Finding, ...] = ()


_LOCK = threading.Lock()
_UNPACKED: dict[tuple[str, int, int], Unpacked] = {}


def is_archive(path: Path) -> bool:
    """Whether a file is a zip archive by its first bytes; False when it cannot be read."""
    try:
        with path.open("rb") as stream:
            return stream.read(4) in SIGNATURES
    except OSError:
        return False


def unpacked(path: Path) -> Unpacked:
    """Unpack an archive, once in the life of this process.

    Raises
    ------
    InputError
        `archive-unsafe` when names lead out of it, `archive-too-large`, `archive-encrypted`,
        `archive-damaged`.
    OutputRefused
        `output-unwritable` when there is no room for it.
    """
    status = path.stat()
    key = (str(path.resolve()), status.st_size, status.st_mtime_ns)
    with _LOCK:
        if key not in _UNPACKED or not _UNPACKED[key].folder.is_dir():
            _UNPACKED[key] = _unpack(path)
        return _UNPACKED[key]


def origin_of(path: Path) -> str:
    """Return where a file is for a user: of one from an archive, that archive and the member."""
    found = path.resolve()
    for one in _UNPACKED.values():
        folder = one.folder.resolve()
        if found.is_relative_to(folder):
            return f"{one.archive.resolve()}!/{found.relative_to(folder).as_posix()}"
    return str(found)


def _unpack(path: Path) -> Unpacked:
    place = Path(tempfile.mkdtemp(dir=_home()))
    folder = place / (path.stem or "archive")
    try:
        with zipfile.ZipFile(path) as archive:
            members = list(_checked(path, archive))
            findings = _links(path, archive)
            folder.mkdir()
            _extract(path, archive, members, folder)
    except _DAMAGE as error:
        shutil.rmtree(place, ignore_errors=True)
        seen = printable(str(error)) or "it is cut"
        raise _refused("archive-damaged", path, seen) from None
    except OSError as error:
        shutil.rmtree(place, ignore_errors=True)
        if error.errno == errno.ENAMETOOLONG:
            raise _refused("archive-unsafe", path, "a member's name is too long") from None
        raise unwritable(place, error) from error
    except InputError:
        shutil.rmtree(place, ignore_errors=True)
        raise
    return Unpacked(path, folder, findings)


def _checked(path: Path, archive: zipfile.ZipFile) -> Iterator[tuple[zipfile.ZipInfo, Path]]:
    """Yield the files of an archive and where they go, once all of it is known to be harmless."""
    infos = archive.infolist()
    size = sum(info.file_size for info in infos)
    packed = max(path.stat().st_size, 1)
    if len(infos) > MEMBER_LIMIT:
        raise _refused("archive-too-large", path, f"{len(infos)} members")
    room = min(BYTES_LIMIT, shutil.disk_usage(_home()).free)
    if size > room:
        seen = f"{size >> 20} MiB once unpacked, and there is room for {room >> 20} MiB"
        raise _refused("archive-too-large", path, seen)
    if size > RATIO_FROM_BYTES and size > RATIO_LIMIT * packed:
        seen = f"{size >> 20} MiB once unpacked, {size // packed} times its size"
        raise _refused("archive-too-large", path, seen)
    members = []
    for info in infos:
        place = _place(path, info)
        if info.is_dir() or not _is_plain(info):
            continue
        if info.flag_bits & _ENCRYPTED:
            raise _refused("archive-encrypted", path, f"{printable(info.filename[:64])} is")
        members.append((info, place))
    yield from members


def _place(path: Path, info: zipfile.ZipInfo) -> Path:
    """Where a member goes within the folder; one that would go elsewhere refuses the archive."""
    name = info.orig_filename.replace("\\", "/")
    parts = PurePosixPath(name).parts
    is_odd = any(part in ("..", "/") or "\0" in part for part in parts)
    if is_odd or not parts or name.startswith("/") or _DRIVE.match(name):
        seen = f"a member is called {printable(info.orig_filename[:64])!r}"
        raise _refused("archive-unsafe", path, seen)
    return Path(*parts)


def _is_plain(info: zipfile.ZipInfo) -> bool:
    """Whether a member is a file: no link, pipe or device (its Unix mode, where it has one)."""
    kind = stat.S_IFMT(info.external_attr >> 16)
    return kind in (0, stat.S_IFREG)


def _links(path: Path, archive: zipfile.ZipFile) -> tuple[Finding, ...]:
    odd = [info for info in archive.infolist() if not info.is_dir() and not _is_plain(info)]
    if not odd:
        return ()
    seen = f"{len(odd)} members are links or devices ({printable(odd[0].filename[:64])})"
    return (codes.ARCHIVE_MEMBER_SKIPPED.warn(where=printable(path.name), seen=seen),)


def _extract(
    path: Path, archive: zipfile.ZipFile, members: list[tuple[zipfile.ZipInfo, Path]], folder: Path
) -> None:
    left = BYTES_LIMIT
    for info, place in members:
        target = folder / place
        target.parent.mkdir(parents=True, exist_ok=True)
        if target.exists():
            seen = f"two members are called {printable(info.filename[:64])!r}"
            raise _refused("archive-damaged", path, seen)
        with archive.open(info) as source, target.open("xb") as written:
            size = 0
            while part := source.read(_CHUNK):
                size += len(part)
                left -= len(part)
                if size > info.file_size or left < 0:
                    raise _refused("archive-too-large", path, "a member holds more than declared")
                written.write(part)


def _refused(code: str, path: Path, seen: str) -> InputError:
    return InputError(code, where=printable(path.name), seen=seen, mend=codes.CODES[code].mend)


@cache
def _home() -> Path:
    """Make this process's temporary folder; what dead processes left is removed.

    A living one holds the lock in its folder, which ends with it however it ends.
    """
    import fcntl

    for left in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        with suppress(OSError):  # another user's, or one that is just being made
            handle = os.open(left / _LOCK_NAME, os.O_RDWR)
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(left, ignore_errors=True)
            finally:
                os.close(handle)
    try:
        home = Path(tempfile.mkdtemp(prefix=PREFIX))
        handle = os.open(home / _LOCK_NAME, os.O_RDWR | os.O_CREAT, 0o600)
        fcntl.flock(handle, fcntl.LOCK_EX)  # held until the process ends
    except OSError as error:
        raise unwritable(Path(tempfile.gettempdir()), error) from error
    atexit.register(_leave, home, os.getpid())
    return home


def _leave(home: Path, owner: int) -> None:
    if os.getpid() == owner:
        shutil.rmtree(home, ignore_errors=True)
