"""Fair timing for all benchmarks: the jobs take turns, so that the machine's load falls on all."""

from __future__ import annotations

import statistics
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


def take_turns(jobs: dict[str, Callable[[], object]], turns: int) -> dict[str, float]:
    """Median seconds of each job; the jobs run one after the other, `turns` times."""
    seconds: dict[str, list[float]] = {name: [] for name in jobs}
    for job in jobs.values():
        job()
    for _ in range(turns):
        for name, job in jobs.items():
            began = time.perf_counter()
            job()
            seconds[name].append(time.perf_counter() - began)
    return {name: statistics.median(times) for name, times in seconds.items()}
