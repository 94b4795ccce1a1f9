"""Sending: one association, a presentation context for each kind of file, each answer looked at.

A file goes out as it is, byte for byte, where the peer takes its transfer syntax; else, if it is
not compressed, in another one the peer takes, and that is said.
"""

from __future__ import annotations

import logging
import socket
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pynetdicom import _config, build_context

from rtvol import codes
from rtvol.errors import OutputRefused
from rtvol.net.kinds import EXPLICIT_LITTLE, IMPLICIT_LITTLE, NATIVE
from rtvol.net.sockets import CallingEntity, WakefulDialogue

if TYPE_CHECKING:
    import ssl
    from collections.abc import Iterator, Sequence

    from pynetdicom.association import Association

    from rtvol.errors import Finding
    from rtvol.net.outbox import Outgoing
    from rtvol.net.peers import Peer

#: Presentation contexts of one association (PS3.8 9.3.2.2: odd numbers up to 255).
_CONTEXTS = 128
#: Failures that may pass: out of resources (PS3.4 table B.2-1).
_TRANSIENT = range(0xA700, 0xA800)
_WARNINGS = frozenset({0x0001, *range(0xB000, 0xC000), 0x0107, 0x0116})
_PAUSE_S = 1.0


@dataclass(frozen=True)
class Sending:
    """How objects are sent.

    Attributes
    ----------
    peer
        Where to.
    aet
        Who sends.
    tls
        How the connection is secured; None for not at all.
    retries
        How often a file is tried again.
    timeout_s
        Seconds an answer may take.
    """

    peer: Peer
    aet: str = "RTVOL"
    tls: ssl.SSLContext | None = None
    retries: int = 2
    timeout_s: float = 60.0


@dataclass(frozen=True)
class SentFile:
    """What became of one file.

    Attributes
    ----------
    file
        The file.
    status
        The peer's last answer (PS3.7 annex C); None when there was none.
    findings
        Why it is not stored, or what the peer warned of.
    transfer_syntax
        In which one it was stored.
    attempts
        How often it was sent.
    """

    file: Outgoing
    status: int | None
    findings: tuple[Finding, ...] = ()
    transfer_syntax: str = ""
    attempts: int = 1

    @property
    def is_stored(self) -> bool:
        """Whether the peer has it."""
        return all(one.severity != "error" for one in self.findings)


class _LostError(Exception):
    """The peer did not answer, or said that it has no room: the file may be tried again."""

    def __init__(self, status: int | None) -> None:
        self.status = status
        super().__init__()


def send_files(files: Sequence[Outgoing], how: Sending) -> Iterator[SentFile]:
    """Send files; yields what became of each, in their order except for those tried again.

    Raises
    ------
    OutputRefused
        `peer-unreachable` when no association came about.
    """
    _config.STORE_SEND_CHUNKED_DATASET = True  # as the file is, without reading it whole
    _config.LOG_HANDLER_LEVEL = "none"
    logging.getLogger("pynetdicom").setLevel(logging.CRITICAL)
    waiting = iter(files)
    batch: list[Outgoing] = []
    pairs: set[tuple[str, str]] = set()
    for one in waiting:
        more = pairs | _pairs(one)
        if len(more) > _CONTEXTS:
            yield from _send_batch(batch, pairs, how)
            batch, more = [], _pairs(one)
        batch.append(one)
        pairs = more
    if batch:
        yield from _send_batch(batch, pairs, how)


def _pairs(one: Outgoing) -> set[tuple[str, str]]:
    """Pairs of SOP class and transfer syntax that are proposed for a file."""
    others = (EXPLICIT_LITTLE, IMPLICIT_LITTLE) if one.transfer_syntax in NATIVE else ()
    return {(one.sop_class, syntax) for syntax in (one.transfer_syntax, *others)}


def _send_batch(
    files: Sequence[Outgoing], pairs: set[tuple[str, str]], how: Sending
) -> Iterator[SentFile]:
    """Send what one association has room for, and again what was not answered.

    Raises
    ------
    OutputRefused
        `peer-unreachable`.
    """
    waiting: dict[Outgoing, int | None] = dict.fromkeys(files)
    was_there, why = False, ""
    for attempt in range(1, how.retries + 2):
        if attempt > 1:
            time.sleep(_PAUSE_S * (attempt - 1))
        assoc = _associated(pairs, how)
        if not _is_up(assoc) and not assoc.rejected_contexts:
            why = _why_not(assoc)
            continue
        was_there = True
        try:
            yield from _send_through(assoc, waiting, attempt)
        finally:
            if _is_up(assoc):
                assoc.release()
        if not waiting:
            return
    if not was_there:
        raise OutputRefused("peer-unreachable", where=str(how.peer), seen=why)
    for one, status in waiting.items():
        yield _given_up(one, status, how)


def _send_through(
    assoc: Association, waiting: dict[Outgoing, int | None], attempt: int
) -> Iterator[SentFile]:
    """Send what waits; what was answered for good waits no more, the rest with its last status."""
    for one in list(waiting):
        try:
            sent = _send_one(assoc, one, attempt)
        except _LostError as error:
            waiting[one] = error.status
            if not _is_up(assoc):
                return
        else:
            del waiting[one]
            yield sent


def _is_up(assoc: Association) -> bool:
    return bool(assoc.is_established)


def _associated(pairs: set[tuple[str, str]], how: Sending) -> Association:
    ae = CallingEntity(how.aet)
    ae.connection_timeout = min(10.0, how.timeout_s)
    ae.acse_timeout = ae.dimse_timeout = ae.network_timeout = how.timeout_s
    # one transfer syntax in each: the peer says yes or no to it
    contexts = [build_context(sop_class, syntax) for sop_class, syntax in sorted(pairs)]
    tls: Any = (how.tls, how.peer.host) if how.tls is not None else None
    assoc = ae.associate(
        how.peer.host, how.peer.port, contexts=contexts, ae_title=how.peer.aet, tls_args=tls
    )
    assoc.dimse = WakefulDialogue(assoc)
    wire = assoc.dul.socket.socket if assoc.dul.socket else None
    if wire is not None and _is_up(assoc):  # the data need not wait for the command's arrival
        wire.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return assoc


def _why_not(assoc: Association) -> str:
    if assoc.is_rejected:
        primitive = assoc.acceptor.primitive
        return f"it rejected the association: {getattr(primitive, 'reason_str', 'no reason given')}"
    return "no association came about: nobody answers, or another protocol is spoken there"


def _send_one(assoc: Association, one: Outgoing, attempt: int) -> SentFile:
    """Send one file in a transfer syntax that the peer takes; it may have taken none at all."""
    accepted = {
        str(context.transfer_syntax[0])
        for context in assoc.accepted_contexts
        if context.abstract_syntax == one.sop_class
    }
    if one.transfer_syntax in accepted:
        return _outcome(assoc, one, attempt, one.path, one.transfer_syntax)
    usable = [syntax for syntax in NATIVE[:2] if syntax in accepted]
    if one.transfer_syntax not in NATIVE or not usable:
        kinds = f"{one.kind} in transfer syntax {one.transfer_syntax}"
        seen = f"{kinds} is not accepted" if accepted else f"{one.kind} is not accepted"
        return SentFile(one, None, (codes.SYNTAX_NOT_ACCEPTED.error(seen=seen),), "", attempt)
    return _outcome(assoc, one, attempt, _rewritten(one, usable[0]), usable[0])


def _rewritten(one: Outgoing, syntax: str) -> Any:
    """Return a data set that is not compressed in another transfer syntax."""
    from io import BytesIO

    from pydicom import dcmread, dcmwrite
    from pydicom.uid import UID

    found = dcmread(one.path)
    found.file_meta.TransferSyntaxUID = UID(syntax)
    written = BytesIO()
    is_implicit = syntax == IMPLICIT_LITTLE
    dcmwrite(written, found, implicit_vr=is_implicit, little_endian=True, force_encoding=True)
    written.seek(0)
    return dcmread(written)


def _outcome(assoc: Association, one: Outgoing, attempt: int, what: Any, syntax: str) -> SentFile:
    """Send an object and read the answer.

    Raises
    ------
    _LostError
        There was none, or the peer has no room now.
    """
    if not _is_up(assoc):
        raise _LostError(None)
    answer = assoc.send_c_store(what)
    status = answer.get("Status") if answer else None
    if status is None or status in _TRANSIENT:
        raise _LostError(status)
    comment = "".join(c for c in str(answer.get("ErrorComment", "")) if c.isprintable())
    seen = f"{status:04X}H{': ' if comment else ''}{comment}"
    findings: tuple[Finding, ...] = ()
    if status in _WARNINGS:
        findings = (codes.STORE_WARNED.warn(seen=seen),)
    elif status != 0:
        findings = (codes.STORE_FAILED.error(seen=seen),)
    return SentFile(one, status, findings, syntax, attempt)


def _given_up(one: Outgoing, status: int | None, how: Sending) -> SentFile:
    tried = how.retries + 1
    seen = "no answer" if status is None else f"{status:04X}H, out of resources"
    finding = codes.STORE_FAILED.error(seen=f"{seen}, {tried} times")
    return SentFile(one, status, (finding,), "", tried)
