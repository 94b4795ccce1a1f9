"""What tests of the network share: ports, waiting, objects byte by byte, a receiver as a process."""

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
    return Counter(object_of(path) for path in folder.rglob("*.dcm"))


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
    def status(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads((self.folder / "status.json").read_bytes())
        return found

    @property
    def files(self) -> list[Path]:
        return sorted(self.received.rglob("*.dcm"))

    def states(self) -> dict[str, str]:
        return {one["case"]: one["status"] for one in self.status["cases"]}

    def start(self) -> None:
        command = [sys.executable, "-c", COMMAND, "receive", "-o", str(self.folder)]
        command += ["--port", str(self.port), "--status", str(self.folder / "status.json")]
        environment = {**os.environ, "RTVOL_SALT": "for tests", "XDG_CONFIG_HOME": str(self.folder)}
        self.folder.mkdir(exist_ok=True)
        (self.folder / "status.json").unlink(missing_ok=True)
        self.process = subprocess.Popen(
            [*command, *self.options],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=environment,
        )
        wait_until(
            lambda: (self.folder / "status.json").exists() or self.process.poll() is not None
        )

    def end(self, how: signal.Signals = signal.SIGTERM) -> tuple[str, str]:
        assert self.process is not None
        self.process.send_signal(how)
        out = self.process.communicate(timeout=60)
        self.stopped.append(out)
        self.process = None
        return out
