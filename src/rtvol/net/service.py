"""What those who call are answered: C-ECHO, and C-STORE into an inbox."""

from __future__ import annotations

import logging
import threading
import time
from collections import Counter, deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

from pynetdicom import evt
from pynetdicom.dsutils import encode_file_meta

from rtvol.net.guard import BoundedDialogue
from rtvol.net.inbox import Answer, Arrival
from rtvol.net.kinds import CLASSES, DicomStatus
from rtvol.net.peers import may_call

if TYPE_CHECKING:
    from pynetdicom.dimse_primitives import C_STORE

    from rtvol.net.inbox import Inbox
    from rtvol.net.peers import Caller

_log = logging.getLogger(__name__)
#: Lines to tell that nobody has taken yet; older ones are dropped.
_LINES = 1000
#: Calling AE title not recognised (PS3.8 table 9-21).
_NOT_RECOGNISED = 0x03


@dataclass
class Traffic:
    """What came in so far, and what there is to tell."""

    counts: Counter[str] = field(default_factory=Counter)
    brought: dict[int, Counter[str]] = field(default_factory=dict)
    last_s: dict[str, float] = field(default_factory=dict)
    lines: deque[str] = field(default_factory=lambda: deque(maxlen=_LINES))
    lock: threading.Lock = field(default_factory=threading.Lock)

    def heard(self, assoc: Any, what: str, how: str = "") -> None:
        """Count something a sender did; `how` is what is told of it at the end."""
        with self.lock:
            self.counts[what] += 1
            self.brought.setdefault(id(assoc), Counter())[how or what] += 1
            self.last_s[sender_of(assoc)] = time.monotonic()

    def gone(self, assoc: Any, how: str) -> None:
        """Tell what was brought when an association ends."""
        with self.lock:
            brought = self.brought.pop(id(assoc), Counter())
            text = ", ".join(f"{count} {what}" for what, count in sorted(brought.items()))
            self.lines.append(f"{sender_of(assoc)}: {text or 'nothing'}{how}")

    def take_lines(self) -> list[str]:
        """Return what there is to tell, once."""
        with self.lock:
            counts = Counter(self.lines)
            self.lines.clear()
        return [f"{line} ({n} times)" if n > 1 else line for line, n in counts.items()]


@dataclass(frozen=True)
class StorageService:
    """Answers for one receiver.

    Attributes
    ----------
    inbox
        Where objects are kept.
    traffic
        What is counted and told.
    callers
        Who may send; nobody named: this machine alone.
    """

    inbox: Inbox
    traffic: Traffic
    callers: tuple[Caller, ...]

    def handlers(self) -> list[Any]:
        """Return what pynetdicom calls, by event."""
        return [
            (evt.EVT_REQUESTED, self._requested),
            (evt.EVT_C_ECHO, self._echoed),
            (evt.EVT_C_STORE, self._stored),
            (evt.EVT_RELEASED, self._ended, [""]),
            (evt.EVT_ABORTED, self._ended, [" (aborted)"]),
            (evt.EVT_REJECTED, self._rejected),
            (evt.EVT_CONN_CLOSE, self._closed),
        ]

    def _requested(self, event: evt.Event) -> None:
        """Refuse an application entity that is not the one allowed at its address."""
        assoc = event.assoc
        host, aet = str(assoc.requestor.address), _aet_of(assoc)
        if may_call(self.callers, host, aet):
            return
        assoc.acse.send_reject(0x01, 0x01, _NOT_RECOGNISED)
        self.traffic.lines.append(f"{aet}@{host}: rejected, it is not allowed (--allow)")
        assoc.kill()

    def _echoed(self, event: evt.Event) -> int:
        self.traffic.heard(event.assoc, "C-ECHO")
        return int(DicomStatus.SUCCESS)

    def _stored(self, event: evt.Event) -> Any:
        """Keep an object and answer."""
        from pydicom import Dataset

        assoc, request = event.assoc, cast("C_STORE", event.request)
        sender, dialogue = sender_of(assoc), assoc.dimse
        answer = self._answer(event, sender)
        if isinstance(dialogue, BoundedDialogue):
            size = request.DataSet.getbuffer().nbytes if request.DataSet else 0
            dialogue.held.give_back(id(assoc), size)
        kind = CLASSES.get(str(request.AffectedSOPClassUID), "other")
        if answer.is_new:
            self.traffic.heard(assoc, kind)
        else:
            is_copy = answer.status == DicomStatus.SUCCESS
            how = f"{kind} refused with {answer.status:04X}H ({answer.why})"
            self.traffic.heard(assoc, "copies" if is_copy else "refused", "" if is_copy else how)
        response = Dataset()
        response.Status = int(answer.status)
        if answer.status != DicomStatus.SUCCESS:
            response.ErrorComment = answer.why
        return response

    def _answer(self, event: evt.Event, sender: str) -> Answer:
        request, dialogue = cast("C_STORE", event.request), event.assoc.dimse
        if isinstance(dialogue, BoundedDialogue):
            excess = dialogue.dropped.pop(request.MessageID or 0, "")
            if excess:
                return Answer(DicomStatus.OUT_OF_RESOURCES, excess)
        sop_class = str(request.AffectedSOPClassUID)
        if sop_class != event.context.abstract_syntax:
            return Answer(DicomStatus.CLASS_MISMATCH, "sent as an object of another SOP class")
        sop_uid = str(request.AffectedSOPInstanceUID)
        try:
            return self.inbox.take(_arrival(event, sop_class, sop_uid, sender))
        except Exception as error:  # noqa: BLE001 - a bug is said, and costs one object only
            _log.debug("bug in a C-STORE", exc_info=error)
            self.traffic.lines.append(f"bug: {type(error).__name__} while an object was kept")
            return Answer(DicomStatus.CANNOT_UNDERSTAND, f"bug in rtvol: {type(error).__name__}")

    def _ended(self, event: evt.Event, how: str) -> None:
        self.traffic.gone(event.assoc, how)

    def _rejected(self, event: evt.Event) -> None:
        self.traffic.lines.append(f"{sender_of(event.assoc)}: association rejected")

    def _closed(self, event: evt.Event) -> None:
        if isinstance(event.assoc.dimse, BoundedDialogue):
            event.assoc.dimse.held.give_back(id(event.assoc))


def _arrival(event: evt.Event, sop_class: str, sop_uid: str, sender: str) -> Arrival:
    """Return what came, without a copy of it."""
    data = cast("C_STORE", event.request).DataSet
    head = b"".join((b"\0" * 128, b"DICM", encode_file_meta(event.file_meta)))
    syntax = str(event.context.transfer_syntax)
    return Arrival(sop_class, sop_uid, syntax, head, data.getvalue() if data else b"", sender)


def _aet_of(assoc: Any) -> str:
    primitive = assoc.requestor.primitive
    return str(getattr(primitive, "calling_ae_title", "") or assoc.requestor.ae_title).strip()


def sender_of(assoc: Any) -> str:
    """Return who sends: calling title and address."""
    aet = "".join(letter for letter in _aet_of(assoc) if letter.isprintable())
    return f"{aet}@{assoc.requestor.address}"
