"""The regular files below the paths given: each once, whatever links and loops there are."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from rtvol import codes
from rtvol.errors import Finding, InputError
from rtvol.io.headers import printable

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rtvol.io.archives import Unpacked


@dataclass(frozen=True)
class FoundFile:
    """A regular file: where, below which path given, and whether it was itself the path given."""

    path: Path
    root: Path
    is_named: bool

    @property
    def folder_name(self) -> str:
        """Folder of the file relative to the path given, or that folder's own name."""
        folder = self.path.parent
        if folder != self.root:
            return printable(folder.relative_to(self.root).as_posix())
        return printable(folder.resolve().name) or "case"


class _Seen:
    """Files and folders met so far, by device and inode."""

    def __init__(self) -> None:
        self.keys: set[tuple[int, int]] = set()
        self.closed: list[str] = []

    def first(self, path: str | Path, kind: int) -> bool:
        """Whether `path` leads to something of this kind that was not met before."""
        try:
            status = os.stat(path)  # noqa: PTH116 - ten thousand strings, not Paths
        except (OSError, ValueError):
            return False  # a broken link, or one to itself
        key = (status.st_dev, status.st_ino)
        if stat.S_IFMT(status.st_mode) != kind or key in self.keys:
            return False
        self.keys.add(key)
        return True


def _entries(folder: str, seen: _Seen) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as found:
            return sorted(found, key=lambda entry: entry.name)
    except OSError:
        seen.closed.append(folder)
        return []


def _walk(root: Path, seen: _Seen) -> Iterator[FoundFile]:
    """Files of a folder by name, real folders before linked ones."""
    waiting: list[str] = [str(root)]
    linked: list[str] = []
    while waiting or linked:
        folder = waiting.pop() if waiting else linked.pop(0)
        if not seen.first(folder, stat.S_IFDIR):
            continue
        inner = []
        for entry in _entries(folder, seen):
            if entry.is_dir(follow_symlinks=False):
                inner.append(entry.path)
            elif entry.is_symlink() and os.path.isdir(entry.path):  # noqa: PTH112 - a string
                linked.append(entry.path)
            elif seen.first(entry.path, stat.S_IFREG):
                yield FoundFile(Path(entry.path), root, is_named=False)
        waiting += reversed(inner)


def regular_files(paths: Sequence[Path]) -> tuple[list[FoundFile], tuple[Finding, ...]]:
    """List the regular files below `paths`, files named themselves first.

    Pipes and devices are never opened, link loops cost nothing. Zip archives are entered when they
    are named themselves, and not when they lie in a folder.

    Raises
    ------
    InputError
        `path-not-found` when a path given is neither a file nor a folder; what `unpacked` raises.
    """
    seen, files = _Seen(), []
    findings: list[Finding] = []
    folders = [path for path in paths if path.is_dir()]
    for path in paths:
        if not path.is_dir() and not path.is_file():
            raise InputError(
                "path-not-found",
                where=str(path),
                seen="there is no such file or folder",
                mend=_path_mend(path),
            )
        if path.is_file() and seen.first(path, stat.S_IFREG):
            inner = _opened(path)
            if inner is None:
                files.append(FoundFile(path, path.parent, is_named=True))
            else:
                folders.append(inner.folder)
                findings += inner.findings
    for folder in folders:
        files += _walk(folder, seen)
    if seen.closed:
        count = len(seen.closed)
        text = f"{count} folders could not be opened"
        findings.append(codes.UNREADABLE_FILE.warn(seen=text, mend="check the folders' rights"))
    return files, tuple(findings)


def _opened(path: Path) -> Unpacked | None:
    """Unpack a zip archive; None for any other file."""
    from rtvol.io.archives import is_archive, unpacked

    return unpacked(path) if is_archive(path) else None


def _path_mend(path: Path) -> str:
    """Say what to do about a path that is not there; `Stomach:3` is the second of two organs."""
    name, colon, gap = path.name.rpartition(":")
    if colon and name and gap[:1].isdigit():
        return f"an organ needs its option each time: --avoid {path.name}; else check the path"
    return "check the path"
