"""The receiver: listens, within its limits, for those who may call."""

from __future__ import annotations

import logging
import threading
import warnings
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pynetdicom import AE, _config
from pynetdicom.sop_class import Verification  # type: ignore[attr-defined]

from rtvol.errors import OutputRefused
from rtvol.net.guard import GuardedServer
from rtvol.net.kinds import CLASSES, IMPLICIT_LITTLE, TAKEN
from rtvol.net.service import StorageService, Traffic

if TYPE_CHECKING:
    import ssl
    from collections.abc import Iterator

    from rtvol.net.inbox import Inbox
    from rtvol.net.limits import NetLimits
    from rtvol.net.peers import Caller

_log = logging.getLogger(__name__)
_CLOSING_S = 5.0


@dataclass(frozen=True)
class Station:
    """Where a receiver listens, and to whom.

    Attributes
    ----------
    aet
        Its application entity title: others are not answered.
    host, port
        Its address; port 0 for any that is free.
    callers
        Who may send; nobody named: this machine alone.
    tls
        How connections are secured; None for not at all.
    """

    aet: str
    host: str
    port: int
    callers: tuple[Caller, ...] = ()
    tls: ssl.SSLContext | None = None


class Receiver:
    """Answers C-ECHO and C-STORE while it is open."""

    def __init__(self, station: Station, inbox: Inbox, limits: NetLimits) -> None:
        self.station, self.inbox, self.limits = station, inbox, limits
        self.traffic = Traffic()
        self.server: GuardedServer | None = None

    @property
    def port(self) -> int:
        """Port it listens to."""
        return int(self.server.server_address[1]) if self.server else self.station.port

    @property
    def associations(self) -> int:
        """How many associations there are now."""
        return len(self.server.active_associations) if self.server else 0

    @contextmanager
    def listening(self) -> Iterator[Receiver]:
        """Listen while the block runs; associations that go on after it are aborted.

        Raises
        ------
        OutputRefused
            `port-refused` when the system does not give the address.
        """
        _be_silent()
        ae = self._entity()
        try:
            server: Any = ae.make_server(
                (self.station.host, self.station.port),
                ssl_context=self.station.tls,
                evt_handlers=StorageService(
                    self.inbox, self.traffic, self.station.callers
                ).handlers(),
                server_class=GuardedServer,
                limits=self.limits,
                callers=self.station.callers,
                told=self.traffic.lines.append,
            )
        except OSError as error:
            where = f"{self.station.host}:{self.station.port}"
            seen = error.strerror or type(error).__name__
            raise OutputRefused("port-refused", where=where, seen=seen) from None
        ae._servers.append(server)  # noqa: SLF001 - as start_server does; its shutdown takes it out
        thread = threading.Thread(target=server.serve_forever, args=(0.1,), daemon=True)
        thread.start()
        self.server = server
        hook, threading.excepthook = threading.excepthook, self._broken
        try:
            yield self
        finally:
            self._close(server)
            thread.join(_CLOSING_S)
            threading.excepthook = hook

    def _broken(self, args: threading.ExceptHookArgs) -> None:
        """Tell that the thread of an association ended: messages out of turn do that to it."""
        name = getattr(args.exc_type, "__name__", "error")
        self.traffic.lines.append(f"an association broke down ({name})")
        _log.debug("a thread ended", exc_info=args.exc_value)

    def _close(self, server: GuardedServer) -> None:
        associations = server.active_associations
        server.shutdown()
        for one in associations:
            one.abort()
        for one in associations:
            one.join(_CLOSING_S)
        self.server = None

    def _entity(self) -> AE:
        ae = AE(self.station.aet)
        ae.require_called_aet = True
        ae.maximum_pdu_size = self.limits.pdu_bytes
        ae.maximum_associations = self.limits.associations
        ae.network_timeout = ae.dimse_timeout = self.limits.idle_s
        ae.acse_timeout = min(30.0, self.limits.idle_s)
        ae.add_supported_context(Verification, [IMPLICIT_LITTLE, *TAKEN[:1]])
        for sop_class in CLASSES:
            ae.add_supported_context(sop_class, list(TAKEN))
        return ae


def _be_silent() -> None:
    """Let pynetdicom log nothing (it would name patients), and pydicom not warn of what comes."""
    _config.LOG_HANDLER_LEVEL = "none"
    logging.getLogger("pynetdicom").setLevel(logging.CRITICAL)
    warnings.filterwarnings("ignore", category=UserWarning, module=r"pydicom\.")
