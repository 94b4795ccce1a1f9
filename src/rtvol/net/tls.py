"""Secured connections: a certificate of one's own, and whose certificates are trusted."""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rtvol.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True)
class TlsFiles:
    """PEM files: a certificate with its key, and the certificates that are trusted."""

    cert: Path | None = None
    key: Path | None = None
    ca: Path | None = None

    @property
    def is_wanted(self) -> bool:
        """Whether any was named."""
        return any((self.cert, self.key, self.ca))

    def for_listening(self) -> ssl.SSLContext | None:
        """Return what a receiver secures connections with; with `ca` senders must show theirs.

        Raises
        ------
        UsageError
            `bad-tls`.
        """
        if not self.is_wanted:
            return None
        if self.cert is None or self.key is None:
            raise UsageError("bad-tls", seen="a receiver needs --tls-cert and --tls-key")
        context = self._loaded(ssl.PROTOCOL_TLS_SERVER)
        if self.ca is not None:
            context.verify_mode = ssl.CERT_REQUIRED
        return context

    def for_sending(self) -> ssl.SSLContext | None:
        """Return what a sender secures connections with; the receiver is checked by `ca`.

        Raises
        ------
        UsageError
            `bad-tls`.
        """
        if not self.is_wanted:
            return None
        if self.ca is None or (self.cert is None) != (self.key is None):
            seen = "a sender needs --tls-ca, and --tls-cert with --tls-key or neither"
            raise UsageError("bad-tls", seen=seen)
        return self._loaded(ssl.PROTOCOL_TLS_CLIENT)

    def _loaded(self, protocol: int) -> ssl.SSLContext:
        context = ssl.SSLContext(protocol)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        try:
            if self.cert is not None:
                context.load_cert_chain(self.cert, self.key)
            if self.ca is not None:
                context.load_verify_locations(self.ca)
        except (OSError, ValueError) as error:
            seen = getattr(error, "strerror", None) or type(error).__name__
            raise UsageError("bad-tls", seen=str(seen)) from None
        return context
