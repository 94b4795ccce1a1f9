"""What results depend on: the bytes of the input, the recipe, and the versions that made them."""

from __future__ import annotations

import hashlib
from dataclasses import asdict
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any

from rtvol.files import digest_of
from rtvol.version import __version__

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from rtvol.io import CaseFiles

#: Libraries whose version may change a number or a written byte.
NUMERIC = ("numpy", "numba", "scipy", "scikit-image", "pydicom", "SimpleITK", "pyarrow")


@cache
def versions() -> Mapping[str, str]:
    """Versions of rtvol and of the libraries that make its numbers."""
    found = {"rtvol": __version__}
    for name in NUMERIC:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "-"
    return found


def look_of(files: CaseFiles) -> tuple[str, int]:
    """Digest of sizes and times of a case's files, and the newest of the times in ns.

    Raises
    ------
    OSError
        A file is gone.
    """
    seen, newest = [], 0
    for path in files.paths:
        status = path.stat()
        seen.append((status.st_size, status.st_mtime_ns, status.st_ctime_ns))
        newest = max(newest, status.st_mtime_ns, status.st_ctime_ns)
    return digest_of([seen, *_indexed(files)]), newest


def content_of(files: CaseFiles) -> str:
    """SHA-256 over the contents of a case's files, wherever they lie and whatever their names.

    Raises
    ------
    OSError
        A file cannot be read.
    """
    return digest_of([files.name, _digests(files.paths), *_indexed(files)])


def source_of(files: CaseFiles) -> str:
    """Digest of where a case's structure set lies."""
    from rtvol.io.archives import origin_of

    place = origin_of(files.rtstruct)
    return hashlib.sha256(place.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def key_of(content: str, settings: str) -> str:
    """SHA-256 that is the same for the same input, recipe and versions."""
    return digest_of([content, settings])


def _digests(paths: tuple[Path, ...]) -> list[str]:
    return sorted(map(content_digest, paths))


def content_digest(path: Path) -> str:
    """SHA-256 of a file.

    Raises
    ------
    OSError
        It cannot be read.
    """
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _indexed(files: CaseFiles) -> list[Any]:
    """Return what the index said: a second structure set beside it may have come since."""
    return [
        [asdict(finding) for finding in files.findings],
        asdict(files.rejection) if files.rejection else None,
    ]
