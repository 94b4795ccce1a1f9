"""Limits of the wire, put round pynetdicom's own parts where it has none.

    connection --GuardedSocket--> protocol data units --BoundedDialogue--> messages

pynetdicom reads as many bytes as a peer announces, waits for them for ever, and keeps whatever
is sent until the handler sees it. Here a unit is no longer than agreed and comes in time, an
object that is too large is dropped while it comes and answered with A700, and a message that no
service takes gets a status instead of an abort.
"""

from __future__ import annotations

import logging
import queue
import socket
import ssl
import threading
import time
from typing import TYPE_CHECKING, Any

from pynetdicom.dimse import DIMSEServiceProvider
from pynetdicom.dimse_primitives import C_STORE
from pynetdicom.transport import RequestHandler, ThreadedAssociationServer

from rtvol.net.kinds import CLASSES, DicomStatus
from rtvol.net.limits import AHEAD, COMMAND_BYTES, CONTROL_BYTES
from rtvol.net.peers import may_call
from rtvol.net.sockets import ClosingSocket

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pynetdicom.association import Association
    from pynetdicom.pdu_primitives import P_DATA
    from pynetdicom.transport import AssociationSocket

    from rtvol.net.limits import NetLimits
    from rtvol.net.peers import Caller

_log = logging.getLogger(__name__)

#: First byte of a P-DATA-TF unit, and the bytes before a unit's content (PS3.8 9.3.5).
_DATA_UNIT, _UNIT_HEAD = 0x04, 6
#: A unit may hold this much more than was agreed: some count the heads of its parts, some do not.
_SLACK = 64
#: Acknowledge at once: senders hold back the data after a command until it is acknowledged,
#: which Linux would do after 40 ms. None where the system has no such word.
_QUICK: int | None = getattr(socket, "TCP_QUICKACK", None)
#: Not understood (PS3.8 table 9-10): the association is aborted.
_INVALID = "Evt19"


class HeldBytes:
    """What all associations together hold in memory."""

    def __init__(self, limits: NetLimits) -> None:
        self.limits = limits
        self._lock = threading.Lock()
        self._held: dict[int, int] = {}

    def take(self, owner: int, count: int) -> bool:
        """Take so many bytes for an association, if that many may be held."""
        with self._lock:
            if sum(self._held.values()) + count > self.limits.held_bytes:
                return False
            self._held[owner] = self._held.get(owner, 0) + count
            return True

    def give_back(self, owner: int, count: int | None = None) -> None:
        """Give bytes of an association back; all of them when no number is given."""
        with self._lock:
            left = 0 if count is None else max(0, self._held.get(owner, 0) - count)
            self._held[owner] = left
            if not left:
                del self._held[owner]


class GuardedSocket(ClosingSocket):
    """A connection that gives no more, and waits no longer, than the limits allow."""

    def __init__(self, plain: AssociationSocket, limits: NetLimits) -> None:
        vars(self).update(vars(plain))  # it is connected, and has said so
        self.limits = limits
        self.unit = 0

    def recv(self, nr_bytes: int) -> bytearray:
        """Read a unit's head or content; a limit that is met closes the connection.

        Raises
        ------
        OSError
            The unit is too long, or does not come in time.
        """
        is_data = self.unit == _DATA_UNIT
        allowed = self.limits.pdu_bytes + _SLACK if is_data else CONTROL_BYTES
        if nr_bytes > max(allowed, _UNIT_HEAD):
            self._shutdown_socket()
            raise OSError(f"a protocol data unit of {nr_bytes} bytes, {allowed} are allowed")
        data = bytearray(nr_bytes)
        got = self._fill(memoryview(data), time.monotonic() + self.limits.idle_s)
        if nr_bytes == _UNIT_HEAD and got:
            self.unit = data[0]
        return data[:got]

    def _fill(self, data: memoryview, deadline: float) -> int:
        got = 0
        while got < len(data):
            left_s = deadline - time.monotonic()
            if self.socket is None or left_s <= 0:
                self._shutdown_socket()
                raise TimeoutError("a protocol data unit does not come to its end")
            self.socket.settimeout(left_s)
            if _QUICK is not None:  # it lapses by itself
                self.socket.setsockopt(socket.IPPROTO_TCP, _QUICK, 1)
            count = self.socket.recv_into(data[got:])
            if not count:
                break
            got += count
        if self.socket is not None:
            self.socket.settimeout(self.limits.idle_s)  # for what is sent
        return got


class Sieve(queue.Queue[Any]):
    """The queue of messages: those no service takes are answered at once, and left out."""

    def __init__(self, dialogue: BoundedDialogue) -> None:
        super().__init__()
        self.dialogue = dialogue

    def put(self, item: Any, block: bool = True, timeout: float | None = None) -> None:
        """Let a message in, unless it was answered."""
        context_id, message = item
        if not isinstance(message, C_STORE) or not self.dialogue.answered(context_id, message):
            super().put(item, block, timeout)


class BoundedDialogue(DIMSEServiceProvider):
    """Messages of an association: bounded in size and time."""

    def __init__(self, assoc: Association, held: HeldBytes) -> None:
        super().__init__(assoc)
        self.msg_queue = Sieve(self)
        self.held = held
        self.command_bytes = self.data_bytes = 0
        self.begun = 0.0
        self.excess = ""
        #: Why an object was dropped, by the number of its message.
        self.dropped: dict[int, str] = {}

    def receive_primitive(self, primitive: P_DATA) -> None:
        """Take parts of a message; whatever pynetdicom cannot read aborts the association."""
        try:
            self._bound(primitive)
            super().receive_primitive(primitive)
        except Exception as error:  # noqa: BLE001 - any bytes may come, and none may end the thread
            _log.debug("not understood", exc_info=error)
            self.dul.event_queue.put(_INVALID)
            return
        if self.message is None:
            self.command_bytes = self.data_bytes = 0
            self.begun, self.excess = 0.0, ""

    def answered(self, context_id: int, message: C_STORE) -> bool:
        """Whether a message was answered here: what it holds is not for the service."""
        number = message.MessageID
        if self.msg_queue.qsize() >= AHEAD or number is None:
            raise ValueError("too many messages ahead of their answers, or one without a number")
        if self.excess:
            self.dropped[number] = self.excess
        if not message.AffectedSOPClassUID or message.DataSet is None:
            status, why = DicomStatus.CANNOT_UNDERSTAND, "no SOP class, or no data set"
        elif message.AffectedSOPClassUID not in CLASSES:
            status, why = DicomStatus.CLASS_NOT_SUPPORTED, "objects of this SOP class are not taken"
        elif not message.is_valid_request:
            status, why = DicomStatus.CANNOT_UNDERSTAND, "the request is not whole"
        else:
            return False
        response = C_STORE()
        response.MessageIDBeingRespondedTo = number
        response.AffectedSOPClassUID = message.AffectedSOPClassUID
        response.AffectedSOPInstanceUID = message.AffectedSOPInstanceUID
        response.Status = int(status)
        setattr(response, "ErrorComment", why)  # noqa: B010 - its type says that it is None
        self.send_msg(response, context_id)
        self.held.give_back(id(self.assoc), self.data_bytes)
        return True

    def _bound(self, primitive: P_DATA) -> None:
        """Count the parts of a message, and empty those that are too much.

        Raises
        ------
        ValueError
            The command is too long, or the message takes too long.
        """
        limits = self.held.limits
        self.begun = self.begun or time.monotonic()
        if time.monotonic() - self.begun > limits.object_s:
            raise ValueError("an object does not come to its end")
        parts = primitive.presentation_data_value_list
        for place, (context_id, data) in enumerate(parts):
            count = len(data) - 1
            if data[0] & 1:
                self.command_bytes += count
                if self.command_bytes > COMMAND_BYTES:
                    raise ValueError("a command does not come to its end")
                continue
            if self.data_bytes + count > limits.object_bytes:
                self.excess = f"larger than {limits.object_bytes} bytes"
            elif not self.excess and not self.held.take(id(self.assoc), count):
                self.excess = "too much is coming in at a time"
            if self.excess and self.data_bytes:  # an empty data set would be none
                parts[place] = (context_id, data[:1])
            else:
                self.data_bytes += count


class GuardedHandler(RequestHandler):
    """What becomes of a connection: an association with guarded parts."""

    server: GuardedServer

    def handle(self) -> None:
        """Shake hands where it is TLS, then listen."""
        if isinstance(self.request, ssl.SSLSocket):
            try:
                self.request.do_handshake()
            except OSError as error:
                self.server.told(f"no TLS with {self.client_address[0]}: {_reason(error)}")
                self.server.shutdown_request(self.request)
                return
        super().handle()

    def _create_association(self) -> Association:
        assoc = super()._create_association()
        plain = assoc.dul.socket
        if plain is not None:
            assoc.dul.socket = GuardedSocket(plain, self.server.limits)
        assoc.dimse = BoundedDialogue(assoc, self.server.held)
        return assoc


class GuardedServer(ThreadedAssociationServer):
    """A listener that lets in whom it may, as many as it may.

    Parameters of its own: `limits`, `callers` (nobody named: this machine alone) and `told`,
    which is called with a line to tell.
    """

    request_queue_size = 64

    def __init__(
        self,
        *args: Any,
        limits: NetLimits,
        callers: Sequence[Caller],
        told: Callable[[str], None],
        **options: Any,
    ) -> None:
        self.limits, self.callers, self.told = limits, callers, told
        self.held = HeldBytes(limits)
        options["request_handler"] = GuardedHandler
        super().__init__(*args, **options)

    def get_request(self) -> tuple[socket.socket, tuple[str, int]]:
        """Take a connection; TLS shakes hands later, so that nobody is kept waiting by it."""
        if self.socket is None:
            raise OSError("the listener is closed")
        client, address = self.socket.accept()
        client.settimeout(self.limits.idle_s)
        if self.ssl_context is not None:
            client = self.ssl_context.wrap_socket(
                client, server_side=True, do_handshake_on_connect=False
            )
        return client, address

    def verify_request(self, _request: Any, client_address: Any) -> bool:
        """Whether a connection is kept: from where it comes, and how many there are."""
        host = str(client_address[0])
        if not may_call(self.callers, host):
            self.told(f"closed a connection from {host}: it is not allowed")
            return False
        # up to twice the limit are told so in an answer; beyond, nobody is asked
        if len(self.active_associations) >= 2 * self.limits.associations:
            self.told(f"closed a connection from {host}: too many at a time")
            return False
        return True

    def handle_error(self, _request: Any, client_address: Any) -> None:
        """Tell that a connection could not be handled; socketserver would print a traceback."""
        self.told(f"a connection from {client_address[0]} failed")


def _reason(error: OSError) -> str:
    return getattr(error, "reason", None) or error.strerror or type(error).__name__
