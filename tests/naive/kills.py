"""Runs that are killed, and what must hold of their output at any moment."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import random

PROGRAM = [str(Path(sys.executable).with_name("rtvol"))]


def run_words(recipe: Path, exports: Path, out: Path, jobs: int = 2) -> list[str]:
    """The call of a run."""
    words = [*PROGRAM, "run", str(recipe), str(exports), "-o", str(out), "-j", str(jobs)]
    return [*words, "--quiet"]


def finish(recipe: Path, exports: Path, out: Path) -> None:
    """Run to the end."""
    done = subprocess.run(run_words(recipe, exports, out), capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()


def kill_at_random(
    recipe: Path, exports: Path, out: Path, rng: random.Random, longest_s: float
) -> bool:
    """Start a run in a process group of its own and kill the group; False when it was done."""
    words = run_words(recipe, exports, out)
    process = subprocess.Popen(
        words, start_new_session=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        code = process.wait(rng.uniform(0, longest_s))
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        wait_for_group(process.pid)
        return True
    assert code == 0
    return False


def wait_for_group(group: int) -> None:
    """Wait until no process of a group is left."""
    for _ in range(500):
        try:
            os.killpg(group, 0)
        except (ProcessLookupError, PermissionError):
            return
        time.sleep(0.01)
    raise AssertionError(f"processes of group {group} are still there")


def lines_of(out: Path) -> list[dict[str, object]]:
    """Whole lines of all journals, read without rtvol."""
    found = []
    for path in sorted((out / "journal").glob("*.jsonl")):
        for line in path.read_bytes().split(b"\n"):
            digest, _, text = line.partition(b" ")
            if hashlib.sha256(text).hexdigest()[:16].encode() == digest:
                found.append(json.loads(text))
    return found


def journaled(out: Path) -> dict[str, dict[str, object]]:
    """Last line of each case that is done."""
    last = {str(line["case"]): line for line in lines_of(out) if "case" in line}
    return {case: line for case, line in last.items() if line["status"] in {"accept", "warn"}}


def check_output(out: Path, reference: dict[str, str]) -> set[str]:
    """Every journaled case is whole, every folder that bears a case's name too; returns those."""
    done = journaled(out)
    for case, line in done.items():
        folder = out / "cases" / str(line["folder"])
        held = {
            path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
            for path in folder.rglob("*")
            if path.is_file()
        }
        assert held == line["files"], f"{case} is not what the journal says"
    for path in (out / "cases").rglob("*") if (out / "cases").exists() else ():
        if path.is_file():
            name = path.relative_to(out / "cases").as_posix()
            assert hashlib.sha256(path.read_bytes()).hexdigest() == reference[name], name
    return set(done)
