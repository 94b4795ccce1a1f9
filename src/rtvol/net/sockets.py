"""Connections that are closed in every case, and answers that are not waited for in vain.

pynetdicom leaves a connection open that broke down, and waits for the answer of a peer that is
gone as long as for one that thinks.
"""

from __future__ import annotations

import queue
import time
from contextlib import suppress
from typing import Any

from pynetdicom import AE
from pynetdicom.dimse import DIMSEServiceProvider
from pynetdicom.transport import AssociationSocket

#: Seconds between two looks whether a peer is still there.
_LOOK_S = 0.1


class ClosingSocket(AssociationSocket):
    """A connection that does not outlive its association."""

    def _shutdown_socket(self) -> None:
        wire = self.socket
        if wire is not None:
            with suppress(OSError):  # it may not be connected, or not any more
                wire.shutdown(2)
            wire.close()


class CallingEntity(AE):
    """An application entity that calls others by connections that are closed."""

    def _create_socket(self, assoc: Any, address: Any, tls_args: Any) -> AssociationSocket:
        wire = ClosingSocket(assoc, address=address)
        wire.tls_args = tls_args
        return wire


class WakefulDialogue(DIMSEServiceProvider):
    """Messages with a peer; one that is gone is noticed while its answer is waited for."""

    def get_msg(self, block: bool = False) -> Any:
        """Return the next message, or (None, None): none in time, or nobody there."""
        if not block:
            return super().get_msg(block)
        end_s = time.monotonic() + (self.dimse_timeout or 0.0)
        while time.monotonic() < end_s:
            was_alive = self.dul.is_alive()
            with suppress(queue.Empty):
                return self.msg_queue.get(timeout=_LOOK_S)
            if not was_alive:
                break
        return None, None
