"""Results of a run -> a peer, each file once: what was stored there is written down.

OUT/deliveries/<case>.json
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from rtvol.errors import InputError, OutputRefused
from rtvol.files import slug, unwritable, write_text
from rtvol.net.outbox import outgoing

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from rtvol.net.outbox import Outgoing
    from rtvol.net.send import Sending, SentFile

DELIVERIES = "deliveries"
SCHEMA = "rtvol/delivery@1"


@dataclass(frozen=True)
class Delivery:
    """What became of the results of one case.

    Attributes
    ----------
    case
        The case.
    peer
        Where they were sent.
    sent
        Files that were sent now.
    done
        How many the peer had before.
    problem
        Why nothing could be sent; empty otherwise.
    """

    case: str
    peer: str
    sent: tuple[SentFile, ...] = ()
    done: int = 0
    problem: str = ""

    @property
    def is_whole(self) -> bool:
        """Whether the peer has everything."""
        return not self.problem and all(one.is_stored for one in self.sent)

    def document(self) -> dict[str, Any]:
        """Return it for JSON."""
        files = [{"file": one.file.name, **_told(one)} for one in self.sent]
        return {"to": self.peer, "files": files, "there": self.done, "problem": self.problem}

    @property
    def text(self) -> str:
        """Return `1 sent to ORTHANC@127.0.0.1:4242`."""
        if self.problem:
            return f"not sent to {self.peer}: {self.problem}"
        stored = sum(one.is_stored for one in self.sent)
        failed = [
            f"{one.file.name} {one.findings[0].seen}" for one in self.sent if not one.is_stored
        ]
        parts = [f"{stored} sent to {self.peer}"] if stored or not self.done else []
        parts += [f"{self.done} there already"] if self.done else []
        parts += [f"failed: {', '.join(failed)}"] if failed else []
        return ", ".join(parts)


def deliver(case: str, results: Path, records: Path, how: Sending) -> Delivery:
    """Send the DICOM files of a case's results that the peer has not got yet.

    Parameters
    ----------
    case, results
        The case, and the folder its results are in.
    records
        Folder of the output; what was sent is written down below it.
    how
        Where to.

    Raises
    ------
    OutputRefused
        `output-unwritable` when it cannot be written down.
    """
    from rtvol.net.send import send_files

    peer = str(how.peer)
    path = records / DELIVERIES / f"{slug(case)}.json"
    known = _read(path)
    try:
        files, _ = outgoing([results])
    except InputError:
        return Delivery(case, peer, problem="the results hold no DICOM file; [output] write has it")
    digests = {one: _digest(one) for one in files}
    had = {(one["sha256"], one["to"]) for one in known}
    waiting = [one for one in files if (digests[one], peer) not in had]
    sent: list[SentFile] = []
    problem = ""
    try:
        for one in send_files(waiting, how):
            sent.append(one)
            if one.is_stored:
                known.append(_line(one, digests[one.file], peer))
                _write(path, case, known)
    except OutputRefused as error:
        if error.finding.code != "peer-unreachable":
            raise
        problem = error.finding.seen
    return Delivery(case, peer, tuple(sent), len(files) - len(waiting), problem)


def _told(one: SentFile) -> dict[str, Any]:
    codes = [finding.code for finding in one.findings]
    return {"stored": one.is_stored, "status": one.status, "codes": codes}


def _line(one: SentFile, digest: str, peer: str) -> dict[str, Any]:
    now = datetime.now(UTC).isoformat(timespec="seconds")
    return {
        "file": one.file.name,
        "sha256": digest,
        "sop_instance_uid": one.file.sop_uid,
        "to": peer,
        "status": one.status,
        "at": now,
    }


def _read(path: Path) -> list[dict[str, Any]]:
    try:
        document = json.loads(path.read_bytes())
        return list(document["sent"]) if document["schema"] == SCHEMA else []
    except FileNotFoundError:
        return []
    except (OSError, ValueError, KeyError, TypeError):
        return []  # sending once more does no harm: a peer knows an object by its UID


def _write(path: Path, case: str, sent: Sequence[Mapping[str, Any]]) -> None:
    document = {"schema": SCHEMA, "case": case, "sent": list(sent)}
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise unwritable(path, error) from error
    write_text(path, json.dumps(document, indent=1) + "\n", overwrite=True)


def _digest(one: Outgoing) -> str:
    with one.path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
