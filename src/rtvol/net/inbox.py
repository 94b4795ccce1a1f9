"""The folder objects are received into: each a file that is whole or not there.

    IN/received/<study>/<kind>-<series of images, or object>/<kind>-<object>.dcm

All names are hashes of UIDs: nothing that came over the wire is part of a path. What is in the
folder is all that is known: a receiver that was killed reads it again.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import threading
import time
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from rtvol.errors import CaseRejected, OutputRefused
from rtvol.files import TEMPORARY_PREFIX, new_file, unwritable
from rtvol.io.elements import data_set_of
from rtvol.io.index import Entry, index_bytes, index_file
from rtvol.io.links import images_referred_to
from rtvol.io.same import same_elements
from rtvol.io.tree import FoundFile
from rtvol.net.kinds import CLASSES, IMAGES, DicomStatus

if TYPE_CHECKING:
    from pathlib import Path

    from rtvol.net.limits import NetLimits

RECEIVED = "received"
_DIGITS = 16
_UID_CHARACTERS = frozenset("0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-_")
_UID_LENGTH = 64
#: Seconds to wait while another sender brings the same object.
_PATIENCE_S = 30.0


@dataclass(frozen=True)
class Arrival:
    """An object as it came: what the request said, and its bytes.

    Attributes
    ----------
    sop_class, sop_uid
        UIDs of the request.
    syntax
        Transfer syntax it was sent in.
    head
        What stands before the data set in a file: preamble and file meta information.
    data
        The data set, bit for bit as it was sent; never copied, for it may be large.
    sender
        Who sent it: `AET@address`.
    """

    sop_class: str
    sop_uid: str
    syntax: str
    head: bytes = field(repr=False)
    data: bytes = field(repr=False)
    sender: str = ""

    @property
    def kind(self) -> str:
        """What an object of its class is called."""
        return CLASSES.get(self.sop_class, "other")

    @property
    def size(self) -> int:
        """Bytes of its file."""
        return len(self.head) + len(self.data)


@dataclass(frozen=True)
class Answer:
    """What a sender is told: a status, and why; `is_new` when a file was made."""

    status: DicomStatus
    why: str = ""
    is_new: bool = False


@dataclass(frozen=True, eq=False)
class Held:
    """An object that is here.

    Attributes
    ----------
    entry
        What it is and what it refers to.
    sender, at_s
        Who sent it (nobody knows after a restart), and when, on the monotonic clock.
    images
        SOP Instance UIDs of the images a structure set refers to.
    """

    entry: Entry
    sender: str = ""
    at_s: float = 0.0
    images: frozenset[str] = frozenset()


class Inbox:
    """What was received, in a folder and by SOP Instance UID."""

    def __init__(self, folder: Path, limits: NetLimits) -> None:
        self.folder, self.limits = folder / RECEIVED, limits
        self._lock = threading.Condition()
        self._held: dict[str, Held] = {}
        self._coming: set[str] = set()
        self.changes = 0
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            self._read_again()
        except OSError as error:
            raise unwritable(folder, error) from error

    def all(self) -> tuple[Held, ...]:
        """Return everything that is here."""
        with self._lock:
            return tuple(self._held.values())

    def take(self, arrival: Arrival) -> Answer:
        """Keep an object, or say why not. Never raises for what a sender or the disk does."""
        if not _is_uid(arrival.sop_uid):
            return Answer(DicomStatus.CANNOT_UNDERSTAND, "the SOP Instance UID is no UID")
        unnamed = FoundFile(self.folder, self.folder, is_named=False)
        entry = index_bytes(unnamed, arrival.data, arrival.syntax)
        refusal = _refusal(arrival, entry)
        if refusal is not None:
            return refusal
        twin = self._twin(arrival)
        if isinstance(twin, Answer):
            return twin
        try:
            return self._keep(arrival, entry)
        except OutputRefused as error:
            cause = error.__cause__
            why = cause.strerror if isinstance(cause, OSError) else error.finding.seen
            return Answer(DicomStatus.OUT_OF_RESOURCES, _short(f"cannot be kept: {why}"))
        finally:
            self._came(arrival)

    def _twin(self, arrival: Arrival) -> Answer | None:
        """Say what stands against keeping an object: one of its UID; None when there is nothing."""
        with self._lock:
            if not self._lock.wait_for(lambda: arrival.sop_uid not in self._coming, _PATIENCE_S):
                return Answer(DicomStatus.OUT_OF_RESOURCES, "it is coming in already")
            held = self._held.get(arrival.sop_uid)
            self._coming.add(arrival.sop_uid)
        answer = None if held is None else _again(held, arrival)
        if answer is not None:
            self._came(arrival)
        return answer

    def _came(self, arrival: Arrival) -> None:
        """Let another sender of the same object go on."""
        with self._lock:
            self._coming.discard(arrival.sop_uid)
            self._lock.notify_all()

    def _keep(self, arrival: Arrival, entry: Entry) -> Answer:
        path = self._place(arrival, entry)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            free = shutil.disk_usage(path.parent).free
            if free - arrival.size < self.limits.free_bytes:
                return Answer(DicomStatus.OUT_OF_RESOURCES, "the disk is full")
        except OSError as error:
            raise unwritable(path, error) from error
        # what has this name and is not held was no whole file
        with new_file(path, overwrite=True) as part, part.open("xb") as stream:
            stream.write(arrival.head)
            stream.write(arrival.data)
            stream.flush()
        held = _held(replace(entry, file=FoundFile(path, self.folder, is_named=False)))
        with self._lock:
            self._held[arrival.sop_uid] = replace(
                held, sender=arrival.sender, at_s=time.monotonic()
            )
            self.changes += 1
        return Answer(DicomStatus.SUCCESS, is_new=True)

    def _place(self, arrival: Arrival, entry: Entry) -> Path:
        """Where an object goes; a patient's objects of one study lie together."""
        kind, study = arrival.kind, _hash("study", entry.patient_id, entry.study_uid)
        name = f"{kind}-{_hash('object', arrival.sop_uid)}"
        group = f"{kind}-{_hash('series', entry.series_uid)}" if kind in IMAGES else name
        return self.folder / study / group / f"{name}.dcm"

    def _read_again(self) -> None:
        """Read what an earlier receiver left; parts of files that were never whole are removed."""
        now = time.monotonic()
        for place, _, names in os.walk(self.folder):
            for name in sorted(names):
                found = FoundFile(self.folder.__class__(place) / name, self.folder, is_named=False)
                if name.startswith(TEMPORARY_PREFIX):
                    found.path.unlink(missing_ok=True)
                    continue
                entry = index_file(found)
                if isinstance(entry, Entry) and entry.sop_uid and _is_whole(entry):
                    self._held[entry.sop_uid] = replace(_held(entry), at_s=now)
        self.changes += 1


def _held(entry: Entry) -> Held:
    is_set = entry.role == "structures"
    return Held(entry, images=images_referred_to(entry.path) if is_set else frozenset())


def _refusal(arrival: Arrival, entry: Entry) -> Answer | None:
    """Say why an object is not taken as what it comes as; None when it may be."""
    if entry.fault is not None and not _is_whole(entry):
        why = f"{entry.fault.code}: {entry.fault.seen}"
        return Answer(DicomStatus.CANNOT_UNDERSTAND, _short(why))
    if entry.sop_class not in ("", arrival.sop_class):
        return Answer(DicomStatus.CLASS_MISMATCH, "the data set is of another SOP class")
    if entry.sop_uid != arrival.sop_uid:
        return Answer(DicomStatus.CANNOT_UNDERSTAND, "the data set has another SOP Instance UID")
    return None


def _is_whole(entry: Entry) -> bool:
    """Whether an object can be read to its end; what it is called is for whoever uses it."""
    return entry.fault is None or entry.fault.code == "sop-class-conflict"


def _is_same(held: bytes, arrival: Arrival) -> bool:
    """Whether a file holds the object that came: its very bytes, or its elements."""
    try:
        syntax, at = data_set_of(held)
    except CaseRejected:
        return False
    if syntax == arrival.syntax:
        return memoryview(held)[at:] == arrival.data
    return same_elements(held, arrival.head + arrival.data)


def _again(twin: Held, arrival: Arrival) -> Answer | None:
    """Say what a second object of one UID is: the same once more, or another one.

    None when the first is no longer there, or no longer whole: the second takes its place.
    """
    try:
        held = twin.entry.path.read_bytes()
    except OSError:
        return None
    if _is_same(held, arrival):
        return Answer(DicomStatus.SUCCESS, "the same object is here already")
    if not _is_whole(index_bytes(twin.entry.file, held)):
        return None
    return Answer(
        DicomStatus.DUPLICATE_INSTANCE, "another object with this SOP Instance UID is here"
    )


def _is_uid(text: str) -> bool:
    """Whether a text can stand for a UID: anonymisers put letters into them, nobody a slash."""
    return 0 < len(text) <= _UID_LENGTH and _UID_CHARACTERS.issuperset(text)


def _hash(*words: str) -> str:
    text = "\n".join(words).encode("utf-8", "surrogatepass")
    return hashlib.sha256(text).hexdigest()[:_DIGITS]


def _short(text: str) -> str:
    """Cut a text to what an error comment holds (PS3.7 annex C.4.2: LO, 64 characters)."""
    return text.encode("ascii", "replace").decode()[:64]
