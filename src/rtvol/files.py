"""Safe files: names that are never paths, and files that are whole or not there."""

from __future__ import annotations

import errno
import hashlib
import hmac
import itertools
import json
import os
import re
import secrets
import shutil
from collections import Counter
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rtvol.errors import OutputRefused

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

#: Unfinished files start with this; a killed run may leave some, and they may be deleted.
TEMPORARY_PREFIX = ".rtvol-"

#: 12 hexadecimal digits: two of 10 000 share a pseudonym once in 5 million runs.
PSEUDONYM_DIGITS = 12
#: For fault tests: `end:7` ends the process before the 7th step of the writer, `ENOSPC:7` lets the
#: file system refuse it.
FAULT_VARIABLE = "RTVOL_FAULT"
FAULT_EXIT = 66
_steps = itertools.count(1)

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


def step(handle: int | None = None, data: bytes = b"") -> None:
    """Count an open, write, fsync or rename; fault tests let it be the last (`FAULT_VARIABLE`).

    Before a write that is not to succeed, half of its data reaches the file.
    """
    fault = os.environ.get(FAULT_VARIABLE)
    if not fault:
        return
    what, _, number = fault.partition(":")
    if next(_steps) != int(number):
        return
    if handle is not None:
        os.write(handle, data[: len(data) // 2])
    if what == "end":
        os._exit(FAULT_EXIT)
    code = getattr(errno, what)
    raise OSError(code, os.strerror(code))


def _put(handle: int, data: bytes) -> None:
    step(handle, data)
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(handle, rest) :]


def _sync(path: Path, flags: int) -> None:
    step()
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
        step()
        yield temporary
        _sync(temporary, os.O_RDWR)
        _refuse_existing(path, overwrite=overwrite)
        step()
        temporary.replace(path)
        if os.name == "posix":  # Windows cannot open a folder, and needs no such step
            _sync(path.parent, os.O_RDONLY)
    except OSError as error:
        raise unwritable(path, error) from error
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
        handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
        try:
            _put(handle, text.encode("utf-8"))
        finally:
            os.close(handle)


def append(path: Path, data: bytes) -> None:
    """Add bytes to the end of a file and force them to disk; what fails is taken back.

    Raises
    ------
    OutputRefused
        `output-unwritable`.
    """
    try:
        step()
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o666)
        try:
            held = os.fstat(handle).st_size
            try:
                _put(handle, data)
                step()
                os.fsync(handle)
            except OSError:
                os.ftruncate(handle, held)
                raise
        finally:
            os.close(handle)
    except OSError as error:
        raise unwritable(path, error) from error


def publish(draft: Path, folder: Path) -> None:
    """Give a folder its name once all files in it are on disk; it replaces what was there.

    Raises
    ------
    OutputRefused
        `output-unwritable`.
    """
    try:
        for place, _, _ in os.walk(draft):
            _sync(Path(place), os.O_RDONLY)
        if folder.exists():
            step()
            # out of sight at once, so that no half-removed folder bears the name
            folder.replace(draft.with_name(f"{draft.name}-old"))
        folder.parent.mkdir(parents=True, exist_ok=True)
        step()
        draft.replace(folder)
        _sync(folder.parent, os.O_RDONLY)
    except OSError as error:
        raise unwritable(folder, error) from error
    finally:
        shutil.rmtree(draft.with_name(f"{draft.name}-old"), ignore_errors=True)


def unwritable(path: Path, error: OSError) -> OutputRefused:
    """Return the refusal that says which file or folder the system would not write."""
    return OutputRefused(
        "output-unwritable",
        where=path.name,
        seen=f"{path.name} cannot be written: {error.strerror or type(error).__name__}",
        mend="check that the output folder exists, is yours to write, and has space",
    )


def digest_of(document: Any) -> str:
    """SHA-256 of a JSON document, whatever the order of its keys."""
    text = json.dumps(document, sort_keys=True, allow_nan=False)
    return hashlib.sha256(text.encode("ascii")).hexdigest()


def pseudonym(salt: str, *words: str) -> str:
    """Salted hash of words: the same every time, and no way back without the salt."""
    text = "\n".join(words).encode("utf-8", "surrogatepass")
    return hmac.new(salt.encode(), text, hashlib.sha256).hexdigest()[:PSEUDONYM_DIGITS]


def toml_value(value: Any) -> str:
    """Return a value as TOML writes it, in one line."""
    if value is None:
        return "not set"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list):
        return f"[{', '.join(map(toml_value, value))}]"
    if isinstance(value, dict):
        return "{}"
    if isinstance(value, str):
        escaped = value.replace("\\", "\\\\").replace('"', '\\"')
        return f'"{escaped}"'
    return f"{value}"
