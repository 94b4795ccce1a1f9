"""`rtvol receive`: exports pushed by DICOM, and a recipe for each that is complete."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from rtvol.cli.options import DEFAULT_LOUDNESS, Loudness, Names, Switch
from rtvol.cli.send import seconds_in

if TYPE_CHECKING:
    from rtvol.cli.attendant import Attendant
    from rtvol.net.limits import NetLimits
    from rtvol.net.listen import Station

LOOPBACK = "127.0.0.1"


@Parameter(name="*")
@dataclass(frozen=True)
class StationFlags:
    """Where to listen, and to whom.

    Attributes
    ----------
    aet
        Own application entity title; calls to another one are rejected.
    port
        Port; 0 for any that is free.
    bind
        Address to listen to; any but this machine's own needs --allow.
    allow
        AET@HOST (name, address or network) that may send; may be repeated.
    tls_cert
        PEM file of the own certificate: connections are secured.
    tls_key
        PEM file of its key.
    tls_ca
        PEM file of the certificates that senders must show one of.
    """

    aet: str = "RTVOL"
    port: int = 11112
    bind: str = LOOPBACK
    allow: Names = None
    tls_cert: Path | None = None
    tls_key: Path | None = None
    tls_ca: Path | None = None

    def station(self) -> "Station":
        """Return it checked.

        Raises
        ------
        UsageError
            `bad-peer`, `bad-tls`, `bad-call`.
        """
        from rtvol.errors import UsageError
        from rtvol.net.listen import Station
        from rtvol.net.peers import checked_aet, is_loopback, parse_caller
        from rtvol.net.tls import TlsFiles

        callers = tuple(parse_caller(text) for text in self.allow or ())
        if not callers and not is_loopback(self.bind):
            seen = "anybody who reaches this address could send"
            mend = "name who may: --allow ECLIPSE@10.1.2.3"
            raise UsageError("bad-call", where=f"--bind {self.bind}", seen=seen, mend=mend)
        if not 0 <= self.port < 1 << 16:
            raise UsageError("bad-call", where="--port", seen=str(self.port), mend="0 to 65535")
        for one in callers:
            _ = one.networks  # a name nobody knows is said now
        tls = TlsFiles(self.tls_cert, self.tls_key, self.tls_ca).for_listening()
        return Station(checked_aet(self.aet, "--aet"), self.bind, self.port, callers, tls)


@Parameter(name="*")
@dataclass(frozen=True)
class WireFlags:
    """What senders may cost.

    Attributes
    ----------
    max_object
        Largest object: 1GB, 300MB.
    max_pdu
        Longest protocol data unit, in bytes.
    associations
        Associations at a time.
    idle
        Time without a sign after which a sender is given up: 60s.
    max_time
        Time one object may take: 10m.
    keep_free
        Disk space that is left alone: 500MB.
    """

    max_object: str = "1GB"
    max_pdu: int = 131072
    associations: int = 10
    idle: str = "60s"
    max_time: str = "10m"
    keep_free: str = "500MB"

    def limits(self) -> "NetLimits":
        """Return them checked.

        Raises
        ------
        UsageError
            `bad-call`.
        """
        from rtvol.net.limits import NetLimits

        largest = bytes_in("--max-object", self.max_object)
        return NetLimits(
            pdu_bytes=self.max_pdu,
            object_bytes=largest,
            held_bytes=2 * largest,
            associations=self.associations,
            idle_s=seconds_in("--idle", self.idle),
            object_s=seconds_in("--max-time", self.max_time),
            free_bytes=bytes_in("--keep-free", self.keep_free),
        )


@Parameter(name="*")
@dataclass(frozen=True)
class WorkFlags:
    """What follows when a case is complete.

    Attributes
    ----------
    then
        Recipe for each complete case.
    results
        Folder for the recipe's results; results in the folder of --output when not given.
    settle
        Time the senders of a case must have been quiet: 20s, 2m.
    jobs
        Cases worked on at a time.
    """

    then: Path | None = None
    results: Path | None = None
    settle: str = "20s"
    jobs: Annotated[int, Parameter(name=["--jobs", "-j"])] = 1

    def __post_init__(self) -> None:
        from rtvol.errors import UsageError

        if self.jobs < 1:
            seen, mend = str(self.jobs), "a number from 1"
            raise UsageError("bad-call", where="--jobs", seen=seen, mend=mend)
        if self.results is not None and self.then is None:
            mend = "leave it out, or name a recipe with --then"
            raise UsageError("bad-call", where="--results", seen="no --then", mend=mend)


DEFAULT_STATION, DEFAULT_WIRE, DEFAULT_WORK = StationFlags(), WireFlags(), WorkFlags()


def receive(
    *,
    output: Annotated[Path, Parameter(name=["--output", "-o"])],
    station: StationFlags = DEFAULT_STATION,
    after: WorkFlags = DEFAULT_WORK,
    status: Path | None = None,
    wire: WireFlags = DEFAULT_WIRE,
    json: Annotated[bool, Switch] = False,
    loudness: Loudness = DEFAULT_LOUDNESS,
) -> int:
    """Receive exports by DICOM (C-ECHO, C-STORE), and work on each case that is complete.

    Takes CT, MR, PET, RTSTRUCT, RTDOSE, RTPLAN, registrations and segmentations, bit for bit, into
    IN/received. A case is complete when what its structure set, plans and doses refer to is here,
    and its senders have been quiet for a while; then the recipe works on it in a process of its
    own, and what its section `send` names is sent. Goes on until Ctrl-C; started again with the
    same words it goes on where it ended, also after a kill.

    For example:
        rtvol receive -o in --then liver.toml
        rtvol receive -o in --bind 10.1.2.3 --allow ECLIPSE@10.1.2.7 --then liver.toml

    Parameters
    ----------
    output
        Folder for what is received.
    status
        File that always says, as JSON, how things stand.
    json
        One JSON line on stdout for each case that is finished.
    """
    from rtvol.cli.extras import require

    settle_s, limits = seconds_in("--settle", after.settle), wire.limits()
    require("net", "rtvol receive")
    from rtvol.cli.attendant import Attendant, followed_by, sole
    from rtvol.net.inbox import Inbox
    from rtvol.net.listen import Receiver

    where = station.station()
    work, deliveries = followed_by(
        after.then, after.results or output / "results", after.jobs, loudness
    )
    with sole(output):
        if work is not None:
            work.begin()
        inbox = Inbox(output, limits)
        receiver = Receiver(where, inbox, limits)
        return _attended(
            Attendant(
                receiver,
                work,
                deliveries,
                settle_s=settle_s,
                status=status,
                json=json,
                loudness=loudness,
            )
        )


def _attended(attendant: "Attendant") -> int:
    from rtvol.cli.run import stopping
    from rtvol.cli.screen import tell

    with stopping():
        try:
            attendant.attend()
        except KeyboardInterrupt:
            tell("stopped; the same command goes on from here")
    return 130


def bytes_in(flag: str, text: str) -> int:
    """Read `500MB`, `1.5GB` or a number of bytes.

    Raises
    ------
    UsageError
        `bad-call`.
    """
    from rtvol.errors import UsageError

    units = {"GB": 10**9, "MB": 10**6, "KB": 10**3, "": 1}
    word = text.strip().upper()
    unit = next(one for one in units if word.endswith(one))
    try:
        count = float(word.removesuffix(unit))
        if 0 <= count < 1e15:
            return int(count * units[unit])
    except ValueError:
        pass
    raise UsageError("bad-call", where=flag, seen=text, mend="500MB, 1GB or a number of bytes")
