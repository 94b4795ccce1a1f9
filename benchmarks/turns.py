"""Fair timing for all benchmarks: the jobs take turns, so that the machine's load falls on all."""

from __future__ import annotations

import os
import statistics
import subprocess
import tempfile
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


def take_turns(jobs: dict[str, Callable[[], object]], turns: int) -> dict[str, float]:
    """Median seconds of each job; the jobs run one after the other, `turns` times."""

    return take_costs({name: _timed(job, time.perf_counter) for name, job in jobs.items()}, turns)


def cpu_of(job: Callable[[], object]) -> Callable[[], float]:
    """Make a job say its CPU seconds in this process, which a neighbour disturbs less."""
    return _timed(job, time.process_time)


def _timed(job: Callable[[], object], clock: Callable[[], float]) -> Callable[[], float]:
    def run() -> float:
        began = clock()
        job()
        return clock() - began

    return run


def take_costs(jobs: dict[str, Callable[[], float]], turns: int) -> dict[str, float]:
    """Median of the seconds that each job says it took; after one that is not counted."""
    seconds: dict[str, list[float]] = {name: [] for name in jobs}
    for job in jobs.values():
        job()
    for _ in range(turns):
        for name, job in jobs.items():
            seconds[name].append(job())
    return {name: statistics.median(times) for name, times in seconds.items()}


def cpu_of_process(words: Sequence[str], environment: dict[str, str] | None = None) -> float:
    """CPU seconds (user and system) of a program and of what it started and waited for.

    Raises
    ------
    SystemExit
        The program failed.
    """
    everything = {**os.environ, **(environment or {})}
    everything.pop("PYTHONDONTWRITEBYTECODE", None)  # an installed package has its bytecode
    with tempfile.TemporaryFile() as output:
        process = subprocess.Popen(words, stdout=output, stderr=output, env=everything)
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        output.seek(0)
        said = output.read().decode(errors="replace")
    if process.returncode:
        raise SystemExit(f"{' '.join(words)[:200]}: {said[-600:]}")
    return used.ru_utime + used.ru_stime
