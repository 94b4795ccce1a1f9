"""DICOMDIR -> the files it names, those below its own folder alone (PS3.10 8.6)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rtvol.io.tree import FoundFile

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from rtvol.io.index import Entry


def follow(
    directories: Iterable[Entry], known: Iterable[FoundFile]
) -> tuple[list[FoundFile], dict[Entry, int]]:
    """Find the files that directories name and that were not found before.

    Returns
    -------
    files, missing
        Further files; how many named files are not there, by directory.
    """
    seen = {_key(file.path) for file in known}
    files: list[FoundFile] = []
    missing: dict[Entry, int] = {}
    for entry in directories:
        missing[entry] = 0
        for path in _named(entry.path.parent, entry.file_ids):
            if path is None:
                missing[entry] += 1
            elif _key(path) not in seen:
                seen.add(_key(path))
                files.append(FoundFile(path, entry.path.parent, is_named=False))
    return files, missing


def _named(folder: Path, ids: Sequence[tuple[str, ...]]) -> Iterator[Path | None]:
    for parts in ids:
        yield _below(folder, parts)


def _below(folder: Path, parts: tuple[str, ...]) -> Path | None:
    """Regular file `parts` lead to below a folder; media are often copied in lower case."""
    if any(part in ("", ".", "..") or "/" in part or "\0" in part for part in parts):
        return None
    path = folder
    for part in parts:
        exact = path / part
        if not exact.exists():
            wanted = part.casefold().rstrip(".")
            try:
                near = [one for one in path.iterdir() if one.name.casefold() == wanted]
            except OSError:
                return None
            if not near:
                return None
            exact = near[0]
        path = exact
    return path if path.is_file() else None


def _key(path: Path) -> tuple[int, int]:
    status = path.stat()
    return status.st_dev, status.st_ino
