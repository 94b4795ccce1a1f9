"""What tests of the network share: ports, waiting, objects as bytes, a receiver as a process."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

COMMAND = "import sys; from rtvol.cli import main; sys.exit(main())"
RECIPE = """schema = "rtvol/recipe@1"
[targets.CTV]
margin_mm = 2
[targets.PTV]
margin_mm = 4
"""


def free_port() -> int:
    """A port nobody listens to now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_until(met: Callable[[], Any], seconds: float = 60.0) -> Any:
    """Wait for something to become true, and return it."""
    end = time.monotonic() + seconds
    while not (found := met()):
        assert time.monotonic() < end, f"not within {seconds} s"
        time.sleep(0.1)
    return found


def object_of(path: Path) -> tuple[str, bytes]:
    """Transfer syntax, and the data set as it stands in a file, byte for byte."""
    data = path.read_bytes()
    assert data[128:132] == b"DICM"
    at, syntax = 132, b""
    while data[at : at + 2] == b"\x02\x00":
        is_long = data[at + 4 : at + 6] in (b"OB", b"UN")
        length = int.from_bytes(
            data[at + 8 : at + 12] if is_long else data[at + 6 : at + 8], "little"
        )
        start = at + (12 if is_long else 8)
        if data[at + 2 : at + 4] == b"\x10\x00":
            syntax = data[start : start + length]
        at = start + length
    return syntax.rstrip(b"\0").decode(), data[at:]


def objects_below(folder: Path) -> Counter[tuple[str, bytes]]:
    """Every object of a folder."""
    return Counter(object_of(path) for path in folder.rglob("*.dcm") if path.name[0] != ".")


@dataclass
class Service:
    """A running `rtvol receive`."""

    folder: Path
    options: tuple[str, ...]
    port: int
    process: subprocess.Popen[str] | None = None
    stopped: list[tuple[str, str]] = field(default_factory=list)

    @property
    def received(self) -> Path:
        return self.folder / "received"

    @property
    def status_path(self) -> Path:
        return self.folder / "status.json"

    @property
    def status(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.status_path.read_bytes())
        return found

    @property
    def files(self) -> list[Path]:
        return sorted(self.received.rglob("*.dcm"))

    @property
    def state(self) -> str:
        """Of the one case there is; nothing before it has come."""
        return next(iter(self.states().values()), "")

    def states(self) -> dict[str, str]:
        return {one["case"]: one["status"] for one in self.status["cases"]}

    def start(self) -> None:
        command = [sys.executable, "-c", COMMAND, "receive", "-o", str(self.folder)]
        command += ["--port", str(self.port), "--status", str(self.status_path)]
        environment = {**os.environ, "RTVOL_SALT": "for tests", "XDG_CONFIG_HOME": str(self.folder)}
        self.folder.mkdir(exist_ok=True)
        self.status_path.unlink(missing_ok=True)
        self.process = subprocess.Popen(
            [*command, *self.options],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=environment,
        )
        wait_until(lambda: self.status_path.exists() or self.process.poll() is not None)

    def end(self, how: signal.Signals = signal.SIGTERM) -> tuple[str, str]:
        assert self.process is not None
        self.process.send_signal(how)
        out = self.process.communicate(timeout=60)
        self.stopped.append(out)
        self.process = None
        return out


def associated(port: int, *classes: str, aet: str = "SENDER", **options: Any) -> Any:
    """An association of pynetdicom with a receiver: implicit, explicit little endian each."""
    from rtvol.net.sockets import CallingEntity

    entity = CallingEntity(aet)
    entity.acse_timeout = entity.dimse_timeout = entity.network_timeout = 20
    for sop_class in classes or ("1.2.840.10008.1.1",):
        entity.add_requested_context(sop_class, ["1.2.840.10008.1.2"])
        entity.add_requested_context(sop_class, ["1.2.840.10008.1.2.1"])
    called = options.pop("called", "RTVOL")
    return entity.associate("127.0.0.1", port, ae_title=called, **options)


def echoes(port: int) -> bool:
    """Whether a receiver answers a C-ECHO."""
    assoc = associated(port)
    if not assoc.is_established:
        return False
    status = assoc.send_c_echo()
    assoc.release()
    return bool(status) and status.Status == 0


def stored(
    assoc: Any, sop_class: str, sop_uid: str, data: bytes, context: int | None = None
) -> Any:
    """The answer to a C-STORE of these very words and bytes."""
    from io import BytesIO

    from pynetdicom.dimse_primitives import C_STORE

    request = C_STORE()
    request.MessageID = 7
    request.Priority = 2
    request.AffectedSOPClassUID = sop_class
    request.AffectedSOPInstanceUID = sop_uid
    request.DataSet = BytesIO(data)
    assoc._reactor_checkpoint.clear()
    while not assoc._is_paused:
        time.sleep(0.001)
    number = context or next(one.context_id for one in assoc.accepted_contexts)
    assoc.dimse.send_msg(request, number)
    _, answer = assoc.dimse.get_msg(block=True)
    assoc._reactor_checkpoint.set()
    return answer
