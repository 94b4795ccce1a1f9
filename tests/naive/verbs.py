"""Verbs on cases that do nothing but end in a given way; here so that workers can import them."""

from __future__ import annotations

import ctypes
import os
import signal
import time
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from rtvol.errors import CaseRejected, GeometryError, OutputRefused
from rtvol.tables.rows import CaseResult

if TYPE_CHECKING:
    from rtvol.io.search import CaseFiles


def _die(files: CaseFiles) -> NoReturn:
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError(files.name)


def end_as_named(files: CaseFiles, job: dict[str, str]) -> CaseResult:
    """End as `job` says of the case's name; by default with an accepted result."""
    ending = job.get(files.name, "accept")
    if ending == "die":
        _die(files)
    errors = {
        "reject": CaseRejected("roi-empty", where=files.name),
        "geometry": GeometryError("bad-grid"),
        "refuse": OutputRefused("output-unwritable"),
        "bug": ZeroDivisionError("in a verb"),
        "gone": FileNotFoundError(2, "No such file or directory"),
    }
    if ending in errors:
        raise errors[ending]
    return CaseResult(files.name, "accept", (), None, None, ())


def process_of(files: CaseFiles, job: str) -> CaseResult:
    """Accept, and say in the name which process did it and with how many threads."""
    threads = os.environ.get("NUMBA_NUM_THREADS", "-")
    return CaseResult(f"{files.name} {job} {os.getpid()} {threads}", "accept", (), None, None, ())


def meet(files: CaseFiles, job: dict[str, str]) -> str:
    """Do to this worker what `job` says of the case's name, and note each attempt in a file."""
    with Path(job["notes"]).open("a") as notes:
        notes.write(f"{files.name}\n")
    fate = job.get(files.name, "")
    if fate == "die":
        _die(files)
    if fate == "crash":
        ctypes.string_at(0)
    if fate == "hang":
        time.sleep(600)
    if fate == "spin":
        while True:
            sum(range(1000))
    if fate == "eat":
        held = [bytearray(b"x" * 50_000_000) for _ in range(200)]
        time.sleep(len(held))
    if fate == "exit":
        os._exit(3)
    time.sleep(float(job.get("pause", 0)))
    return files.name
