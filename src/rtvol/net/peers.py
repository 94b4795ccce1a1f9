"""Who is spoken to: application entities and where they are."""

from __future__ import annotations

import ipaddress
import re
import socket
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from rtvol.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

#: PS3.5 table 6.2-1, AE: at most 16 characters, without backslash and control characters.
_AET = re.compile(r"[\x21-\x5b\x5d-\x7e](?:[\x20-\x5b\x5d-\x7e]{0,14}[\x21-\x5b\x5d-\x7e])?")
Network = ipaddress.IPv4Network | ipaddress.IPv6Network


def checked_aet(text: str, where: str) -> str:
    """Return an application entity title.

    Raises
    ------
    UsageError
        `bad-peer`.
    """
    if not _AET.fullmatch(text):
        seen, mend = repr(text), "1 to 16 letters, digits or signs, no backslash: RTVOL"
        raise UsageError("bad-peer", where=where, seen=seen, mend=mend)
    return text


@dataclass(frozen=True)
class Peer:
    """Where objects are sent to.

    Attributes
    ----------
    aet
        Its application entity title.
    host, port
        Its address.
    """

    aet: str
    host: str
    port: int

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.aet}@{host}:{self.port}"


def parse_peer(text: str) -> Peer:
    """Read `ORTHANC@10.1.2.3:4242`, `PACS@archive.local:104`, `PACS@[::1]:104`.

    Raises
    ------
    UsageError
        `bad-peer`.
    """
    aet, at, place = text.strip().rpartition("@")
    host, colon, port = place.rpartition(":")
    is_bare = ":" in host and not (host.startswith("[") and host.endswith("]"))
    is_port = port.isascii() and port.isdigit() and 0 < int(port) < 1 << 16
    if not (at and colon and host.strip("[]") and is_port) or is_bare:
        mend = "AET@HOST:PORT, for example ORTHANC@127.0.0.1:4242"
        raise UsageError("bad-peer", where="peer", seen=repr(text), mend=mend)
    return Peer(checked_aet(aet, "peer"), host.strip("[]"), int(port))


@dataclass(frozen=True)
class Caller:
    """Who may send: a calling application entity title, at a host or in a network.

    Attributes
    ----------
    aet
        The calling title.
    host
        A name, an address, or a network (10.1.2.0/24).
    """

    aet: str
    host: str

    def __str__(self) -> str:
        return f"{self.aet}@{self.host}"

    @cached_property
    def networks(self) -> tuple[Network, ...]:
        """Addresses meant; a name is looked up once.

        Raises
        ------
        UsageError
            `bad-peer` for a name nobody knows.
        """
        try:
            return (ipaddress.ip_network(self.host, strict=False),)
        except ValueError:
            pass
        try:
            found = socket.getaddrinfo(self.host, None, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError):
            seen, mend = f"no host is called {self.host!r}", "give its address: AET@10.1.2.3"
            raise UsageError("bad-peer", where="--allow", seen=seen, mend=mend) from None
        return tuple(ipaddress.ip_network(str(one[4][0])) for one in found)

    def is_at(self, address: str) -> bool:
        """Whether an address is one of this caller's."""
        met = plain_address(address)
        return any(met.version == one.version and met in one for one in self.networks)


def plain_address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    """Return an address; an IPv4 one in IPv6 clothes as what it is."""
    address = ipaddress.ip_address(text.partition("%")[0])
    mapped = getattr(address, "ipv4_mapped", None)
    return mapped if isinstance(mapped, ipaddress.IPv4Address) else address


def parse_caller(text: str) -> Caller:
    """Read `ECLIPSE@10.1.2.3`, `ECLIPSE@tps.local`, `ECLIPSE@10.1.2.0/24`.

    Raises
    ------
    UsageError
        `bad-peer`.
    """
    aet, at, host = text.strip().rpartition("@")
    host = host.strip("[]")
    if not at or not host:
        mend = "AET@HOST, for example ECLIPSE@10.1.2.3"
        raise UsageError("bad-peer", where="--allow", seen=repr(text), mend=mend)
    return Caller(checked_aet(aet, "--allow"), host)


def is_loopback(host: str) -> bool:
    """Whether what is bound to this address is reached from this machine alone."""
    try:
        return plain_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def may_call(callers: Sequence[Caller], host: str, aet: str | None = None) -> bool:
    """Whether an address, or an application entity there, may send.

    Parameters
    ----------
    callers
        Who may; nobody named: this machine alone, under any title.
    host, aet
        Address, and calling title where it is known already.
    """
    if not callers:
        return is_loopback(host)
    return any(one.is_at(host) and aet in (None, one.aet) for one in callers)
