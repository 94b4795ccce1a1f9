"""What results depend on: the bytes of the input, the recipe, and the versions that made them."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import asdict
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any

from rtvol.files import digest_of
from rtvol.version import __version__

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from rtvol.io import CaseFiles

#: Libraries whose version may change a number or a written byte.
NUMERIC = ("numpy", "numba", "scipy", "scikit-image", "pydicom", "SimpleITK", "pyarrow")
PSEUDONYM_DIGITS = 12


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
    for path in _paths(files):
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
    series = sorted(_digests(paths) for paths in files.images)
    parts = [_digests((files.rtstruct,)), series, _digests(files.doses), _digests(files.plans)]
    return digest_of([files.name, parts, *_indexed(files)])


def source_of(files: CaseFiles) -> str:
    """Digest of where a case's structure set lies."""
    path = str(files.rtstruct.resolve())
    return hashlib.sha256(path.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def key_of(content: str, settings: str) -> str:
    """SHA-256 that is the same for the same input, recipe and versions."""
    return digest_of([content, settings])


def pseudonym(salt: str, *words: str) -> str:
    """Salted hash of words: the same every time, and no way back without the salt."""
    text = "\n".join(words).encode("utf-8", "surrogatepass")
    return hmac.new(salt.encode(), text, hashlib.sha256).hexdigest()[:PSEUDONYM_DIGITS]


def _paths(files: CaseFiles) -> Iterator[Path]:
    yield files.rtstruct
    for paths in files.images:
        yield from paths
    yield from files.doses
    yield from files.plans


def _digests(paths: tuple[Path, ...]) -> list[str]:
    found = []
    for path in paths:
        with path.open("rb") as stream:
            found.append(hashlib.file_digest(stream, "sha256").hexdigest())
    return sorted(found)


def _indexed(files: CaseFiles) -> list[Any]:
    """Return what the index said: a second structure set beside it may have come since."""
    return [
        [asdict(finding) for finding in files.findings],
        asdict(files.rejection) if files.rejection else None,
    ]
