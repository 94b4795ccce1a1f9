"""`rtvol send`: DICOM files to another system."""

from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from rtvol.cli.options import DEFAULT_LOUDNESS, Json, Loudness

if TYPE_CHECKING:
    from rtvol.errors import Finding
    from rtvol.net.send import Sending, SentFile

MOST_RETRIES = 100
Files = Annotated[Path, Parameter(help="Files, folders (of results, too) or zip archives.")]


@Parameter(name="*")
@dataclass(frozen=True)
class PeerFlags:
    """Where to, as whom, and how often.

    Attributes
    ----------
    to
        AET@HOST:PORT of the receiver.
    aet
        Application entity title to send as.
    tls_ca
        PEM file of the certificates that are trusted: the connection is secured.
    tls_cert
        PEM file of the certificate to show.
    tls_key
        PEM file of its key.
    retries
        How often a file is tried again when there was no answer, or no room.
    timeout
        Time an answer may take: 60s, 5m.
    """

    to: str
    aet: str = "RTVOL"
    tls_ca: Path | None = None
    tls_cert: Path | None = None
    tls_key: Path | None = None
    retries: int = 2
    timeout: str = "60s"

    def sending(self) -> "Sending":
        """Return it checked.

        Raises
        ------
        UsageError
            `bad-peer`, `bad-tls`, `bad-call`.
        """
        from rtvol.cli.extras import require
        from rtvol.errors import UsageError
        from rtvol.net.peers import checked_aet, parse_peer
        from rtvol.net.tls import TlsFiles

        peer, own = parse_peer(self.to), checked_aet(self.aet, "--aet")
        if not 0 <= self.retries <= MOST_RETRIES:
            seen, mend = str(self.retries), f"0 to {MOST_RETRIES}"
            raise UsageError("bad-call", where="--retries", seen=seen, mend=mend)
        seconds = seconds_in("--timeout", self.timeout)
        tls = TlsFiles(self.tls_cert, self.tls_key, self.tls_ca).for_sending()
        require("net", "rtvol send")
        from rtvol.net.send import Sending

        return Sending(peer, own, tls, self.retries, seconds)


def send(
    *paths: Files,
    peer: PeerFlags,
    json: Json = False,
    loudness: Loudness = DEFAULT_LOUDNESS,
) -> int:
    """Send DICOM files to an archive or a planning system (C-STORE).

    A file goes out as it is, byte for byte, where the peer takes its transfer syntax; else, if it
    is not compressed, in another one, and that is said. Each answer is looked at. Exit code 0: the
    peer has everything; 1: not all; 4: it cannot be reached.

    For example:
        rtvol send rtvol-out/case1 --to ORTHANC@127.0.0.1:4242
        rtvol send RS.dcm exports/case2 --to PACS@10.1.2.3:104 --aet PHYSICS
    """
    from rtvol.cli import gather, screen
    from rtvol.errors import UsageError

    how = peer.sending()
    if not paths:
        raise UsageError("bad-call", seen="no FILE given", mend="name files or folders to send")
    from rtvol.net.outbox import outgoing
    from rtvol.net.send import send_files

    files, refused = outgoing(paths)
    sent = list(_followed(send_files(files, how), len(files), loudness))
    gather.tell_findings("", _grouped(sent, refused), loudness)
    if json:
        screen.show_json(_document(str(how.peer), sent, refused))
    else:
        screen.show(_line(str(how.peer), sent, refused))
    return int(bool(refused) or not all(one.is_stored for one in sent))


def _grouped(sent: "list[SentFile]", refused: "list[tuple[str, Finding]]") -> "list[Finding]":
    """Return one finding for all files of which the same is to be said."""
    from dataclasses import replace

    from rtvol.io.listing import listed

    names: dict[Finding, list[str]] = {}
    for name, finding in [*refused, *((one.file.name, f) for one in sent for f in one.findings)]:
        names.setdefault(finding, []).append(name)
    return [replace(finding, where=listed(files)) for finding, files in names.items()]


def seconds_in(flag: str, text: str) -> float:
    """Read a time of a flag.

    Raises
    ------
    UsageError
        `bad-call`.
    """
    from rtvol.errors import UsageError
    from rtvol.recipe.units import seconds_of

    try:
        return seconds_of(text)
    except ValueError as error:
        raise UsageError("bad-call", where=flag, seen=text, mend=str(error)) from None


def _followed(sent: Any, total: int, loudness: Loudness) -> Any:
    """Pass files on; a person who watches sees a bar."""
    import sys

    if loudness.quiet or total < 2 or not sys.stderr.isatty():
        return sent
    from rich.progress import track

    from rtvol.cli.screen import console_for

    return track(sent, "sending", total, console=console_for(sys.stderr), transient=True)


def _line(peer: str, sent: "list[SentFile]", refused: "list[tuple[str, Finding]]") -> str:
    kinds = Counter(one.file.kind for one in sent if one.is_stored)
    stored = ", ".join(f"{count} {kind}" for kind, count in sorted(kinds.items())) or "nothing"
    failed = sum(not one.is_stored for one in sent) + len(refused)
    rewritten = sum(_is_rewritten(one) for one in sent)
    line = f"{peer} has {stored}"
    line += f"; {rewritten} in another transfer syntax" if rewritten else ""
    return line + (f"; {failed} not sent" if failed else "")


def _is_rewritten(one: "SentFile") -> bool:
    return one.is_stored and one.transfer_syntax != one.file.transfer_syntax


def _document(
    peer: str, sent: "list[SentFile]", refused: "list[tuple[str, Finding]]"
) -> dict[str, Any]:
    from dataclasses import asdict

    from rtvol.version import __version__

    files = [
        {
            "file": str(one.file.path),
            "sop_instance_uid": one.file.sop_uid,
            "kind": one.file.kind,
            "stored": one.is_stored,
            "status": None if one.status is None else f"{one.status:04X}",
            "transfer_syntax": one.transfer_syntax,
            "rewritten": _is_rewritten(one),
            "attempts": one.attempts,
            "findings": [asdict(finding) for finding in one.findings],
        }
        for one in sent
    ]
    left = [{"file": name, "stored": False, "findings": [asdict(f)]} for name, f in refused]
    return {
        "schema": "rtvol/send@1",
        "rtvol": __version__,
        "to": peer,
        "files": [*files, *left],
    }
