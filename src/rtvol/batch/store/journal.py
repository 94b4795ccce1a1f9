"""The journal: one line per finished case, each with its checksum, forced to disk at once.

    <16 digits of the SHA-256 of the rest> {"n": 3, "case": "a", "status": "accept", ...}

Lines are numbered, so that one that is missing shows. A last line that is not whole is what a
kill or a power loss leaves: it is dropped, and its case is worked on again. Any other line that
does not fit its checksum is damage, and the output is refused.
"""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from rtvol.errors import Finding, OutputRefused
from rtvol.files import append, unwritable

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

FORMAT, VERSION = "rtvol/journal", 1
_DIGITS = 16

#: "gone": an earlier result was taken out, because its input, recipe or version changed.
EntryStatus = Literal["accept", "warn", "reject", "gone"]


@dataclass(frozen=True)
class JournalEntry:
    """What became of one case.

    Attributes
    ----------
    case, status
        The case, and how it ended.
    content
        SHA-256 over the contents of its input files; empty when they could not be read.
    settings
        SHA-256 over recipe and versions alone.
    stat, hashed_ns
        Digest of sizes and times of the input files, and when they were read: files that look the
        same and are older need not be read again.
    source
        Digest of where the structure set lies.
    folder
        Its folder under `cases`; empty for a rejected case.
    files
        SHA-256 of every file in it.
    findings
        Of a rejected case.
    seconds, peak_mb
        What it took.
    at_ns
        When it was finished, ns since 1970.
    """

    case: str
    status: EntryStatus
    content: str = ""
    settings: str = ""
    stat: str = ""
    hashed_ns: int = 0
    source: str = ""
    folder: str = ""
    files: Mapping[str, str] = field(default_factory=dict)
    findings: tuple[Mapping[str, str], ...] = ()
    seconds: float = 0.0
    peak_mb: float = 0.0
    at_ns: int = 0

    @property
    def is_done(self) -> bool:
        """Whether there are results."""
        return self.status in {"accept", "warn"}

    def noticed(self) -> tuple[Finding, ...]:
        """Return the findings of a rejected case."""
        return tuple(Finding(**one) for one in self.findings)  # type: ignore[arg-type]


@dataclass(frozen=True)
class Journal:
    """A journal as read.

    Attributes
    ----------
    entries
        Lines in the order they were written.
    whole_bytes
        Length of what is whole; what follows is a torn line.
    is_torn
        Whether something follows.
    """

    entries: tuple[JournalEntry, ...] = ()
    whole_bytes: int = 0
    is_torn: bool = False

    @property
    def lines(self) -> int:
        """Number of lines, the head included; 0 for a journal that is not begun."""
        return len(self.entries) + 1 if self.whole_bytes else 0


def read_journal(path: Path) -> Journal:
    """Read a journal; an absent or empty one has no entries.

    Raises
    ------
    OutputRefused
        `journal-damaged`, `journal-newer`, `output-unwritable` when it cannot be read.
    """
    try:
        data = path.read_bytes() if path.exists() else b""
    except OSError as error:
        raise unwritable(path, error) from error
    entries: list[JournalEntry] = []
    at, number = 0, 0
    while at < len(data):
        end = data.find(b"\n", at) + 1
        line = data[at : end or len(data)]
        content = _content(line) if end else None
        if content is None:
            # a torn write is a part of a line, or blocks of zeros, and nothing comes after it
            if end and b"\0" not in line:
                raise _damaged(path, f"line {number + 1} does not fit its checksum")
            if _any_whole(data[at:]):
                raise _damaged(path, f"line {number + 1} is not whole, and others follow")
            break
        if number == 0:
            _check_head(path, content)
        elif content.pop("n", None) != number:
            raise _damaged(path, f"line {number + 1} has another number: lines are missing")
        else:
            entries.append(_entry(path, content))
        at, number = end, number + 1
    return Journal(tuple(entries), at, at < len(data))


def begin(path: Path, journal: Journal) -> Journal:
    """Cut off a torn line, and write the head of a new journal; returns what then stands there.

    Raises
    ------
    OutputRefused
        `output-unwritable`.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if journal.is_torn:
            with path.open("r+b") as stream:
                stream.truncate(journal.whole_bytes)
                os.fsync(stream.fileno())
    except OSError as error:
        raise unwritable(path, error) from error
    if journal.lines:
        return Journal(journal.entries, journal.whole_bytes)
    head = _line({"schema": f"{FORMAT}@{VERSION}"})
    append(path, head)
    return Journal((), len(head))


def add(path: Path, number: int, entries: Iterable[JournalEntry]) -> int:
    """Append entries, the first of which is line `number` (the head is 0); returns the next.

    Raises
    ------
    OutputRefused
        `output-unwritable`.
    """
    lines = [_line({"n": n, **asdict(entry)}) for n, entry in enumerate(entries, start=number)]
    if lines:
        append(path, b"".join(lines))
    return number + len(lines)


def latest(journals: Iterable[Sequence[JournalEntry]]) -> dict[str, JournalEntry]:
    """Return the last entry of each case over all journals, by when it was written."""
    found: dict[str, JournalEntry] = {}
    for entries in journals:
        for entry in entries:
            if entry.case not in found or entry.at_ns >= found[entry.case].at_ns:
                found[entry.case] = entry
    return {case: entry for case, entry in sorted(found.items()) if entry.status != "gone"}


def _line(content: Mapping[str, Any]) -> bytes:
    text = json.dumps(content, allow_nan=False, separators=(",", ":"))
    return f"{_digest(text)} {text}\n".encode("ascii")


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("ascii")).hexdigest()[:_DIGITS]


def _content(line: bytes) -> dict[str, Any] | None:
    """Return what a whole line holds; None when it does not fit its checksum."""
    if not line.isascii():
        return None
    digest, _, text = line.decode("ascii").rstrip("\n").partition(" ")
    if digest != _digest(text):
        return None
    content: dict[str, Any] = json.loads(text)
    return content


def _any_whole(data: bytes) -> bool:
    return any(_content(line) is not None for line in data.split(b"\n")[1:])


def _check_head(path: Path, content: Mapping[str, Any]) -> None:
    kind, _, version = str(content.get("schema", "")).partition("@")
    if kind != FORMAT or not version.isdigit():
        raise _damaged(path, "it does not begin as a journal does")
    if int(version) > VERSION:
        seen = f"{path.name}: {kind}@{version}, and this version knows {FORMAT}@{VERSION}"
        raise OutputRefused("journal-newer", where=path.name, seen=seen)


def _entry(path: Path, content: dict[str, Any]) -> JournalEntry:
    try:
        return JournalEntry(**{**content, "findings": tuple(content["findings"])})
    except (TypeError, KeyError):
        raise _damaged(path, "a line holds other fields than it should") from None


def _damaged(path: Path, seen: str) -> OutputRefused:
    return OutputRefused("journal-damaged", where=path.name, seen=seen)
