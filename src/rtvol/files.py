"""Safe files: names that are never paths, and files that are whole or not there."""

from __future__ import annotations

import hashlib
import os
import re
import secrets
from collections import Counter
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from rtvol.errors import OutputRefused

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

#: Unfinished files start with this; a killed run may leave some, and they may be deleted.
TEMPORARY_PREFIX = ".rtvol-"

_SLUG_LENGTH = 64
_HASH_LENGTH = 8
#: Device names that Windows opens instead of a file, whatever the ending.
_RESERVED = re.compile(r"(con|prn|aux|nul|com[0-9]|lpt[0-9])", re.IGNORECASE)
_LOOKS_HASHED = re.compile(rf"-[0-9a-f]{{{_HASH_LENGTH}}}")


def _hash(name: str) -> str:
    return hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:_HASH_LENGTH]


def _hashed(text: str, name: str) -> str:
    return f"{text[: _SLUG_LENGTH - _HASH_LENGTH - 1]}-{_hash(name)}"


def slug(name: str) -> str:
    """Turn any name into one that is safe as part of a file name.

    Parameters
    ----------
    name
        Any text, such as a ROI name out of a file.

    Returns
    -------
    str
        1 to 64 of the characters A-Z a-z 0-9 - _, not starting with a dash and no device name
        of Windows. A name that already is like that stays as it is; any other gets a hash of the
        whole name at its end, so that two names do not fall together (on file systems that
        ignore case, `slugs` keeps them apart).
    """
    text = re.sub(r"[^A-Za-z0-9_-]+", "_", name)[:_SLUG_LENGTH]
    text = re.sub(r"^-", "_", text)
    unsafe = text != name or not text or _RESERVED.fullmatch(text)
    # a stored name that imitates a hashed one could otherwise overwrite it
    if unsafe or _LOOKS_HASHED.fullmatch(text[-_HASH_LENGTH - 1 :]):
        return _hashed(text or "_", name)
    return text


def slugs(names: Sequence[str]) -> tuple[str, ...]:
    """Slugs of several different names, distinct even where the file system ignores case.

    Parameters
    ----------
    names
        Names in any order; equal names get equal slugs.

    Returns
    -------
    tuple of str
        One per name, in the same order. A slug depends on the set of names, not on their order.
    """
    plain = {name: slug(name) for name in names}
    count = Counter(text.casefold() for text in plain.values())
    return tuple(
        plain[name] if count[plain[name].casefold()] == 1 else _hashed(plain[name], name)
        for name in names
    )


def _refuse_existing(path: Path, *, overwrite: bool) -> None:
    if not overwrite and os.path.lexists(path):
        raise OutputRefused(
            "output-exists",
            where=path.name,
            seen=f"{path.name} is there already",
            mend="choose another output folder, or allow it with --overwrite",
        )


def _sync(path: Path, flags: int) -> None:
    handle = os.open(path, flags)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextmanager
def new_file(path: Path, *, overwrite: bool = False) -> Iterator[Path]:
    """Give a temporary path to write to; when the block ends well, it becomes `path`.

    At every moment, also after a kill or a power loss, `path` is either what it was before or
    the whole new file: the data is forced to disk, renamed within its folder, and the folder is
    forced to disk. When the block fails, nothing is left behind.

    Parameters
    ----------
    path
        The file to make, in a folder that exists.
    overwrite
        Whether a file that is there already may be replaced.

    Yields
    ------
    Path
        A new name in the same folder, with the same ending.

    Raises
    ------
    OutputRefused
        `output-exists`; or `output-unwritable` when the system refuses (no space, no right).
    """
    _refuse_existing(path, overwrite=overwrite)
    temporary = path.with_name(f"{TEMPORARY_PREFIX}{secrets.token_hex(8)}-{path.name[-32:]}")
    try:
        yield temporary
        _sync(temporary, os.O_RDWR)
        _refuse_existing(path, overwrite=overwrite)
        temporary.replace(path)
        if os.name == "posix":  # Windows cannot open a folder, and needs no such step
            _sync(path.parent, os.O_RDONLY)
    except OSError as error:
        raise OutputRefused(
            "output-unwritable",
            where=path.name,
            seen=f"{path.name} cannot be written: {error.strerror or type(error).__name__}",
            mend="check that the output folder exists, is yours to write, and has space",
        ) from error
    finally:
        with suppress(OSError):  # there is none when all went well, or when none could be made
            temporary.unlink()


def write_text(path: Path, text: str, *, overwrite: bool = False) -> None:
    """Write `text` as UTF-8, with its line ends as they are, all or nothing.

    Parameters
    ----------
    path
        The file to make, in a folder that exists.
    text
        Its content.
    overwrite
        Whether a file that is there already may be replaced.

    Raises
    ------
    OutputRefused
        `output-exists` or `output-unwritable`; see `new_file`.
    """
    with new_file(path, overwrite=overwrite) as temporary:
        temporary.write_bytes(text.encode("utf-8"))
