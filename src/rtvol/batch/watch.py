"""What a worker is watched for: its memory, and that the run it works for is still there."""

from __future__ import annotations

import mmap
import os
import sys
import threading
import time
from pathlib import Path

#: Exit code of a worker that took more memory than it may.
MEMORY_EXIT = 77
_LOOK_EVERY_S = 0.2
_STATM = Path("/proc/self/statm")


def resident_mb() -> float:
    """Return the memory this process holds, in MB; where the system hides it, the most it held."""
    try:
        pages = int(_STATM.read_text(encoding="ascii").split()[1])
    except OSError:
        return peak_mb()
    return pages * mmap.PAGESIZE / 1e6


def peak_mb() -> float:
    """Return the most memory this process ever held, in MB."""
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (1e6 if sys.platform == "darwin" else 1e3)


def watch_over(memory_mb: int | None) -> None:
    """End this process when it holds more than `memory_mb`, or when its parent is gone.

    A worker that outlives its run could otherwise write into the output of the next one.
    """
    parent = os.getppid()

    def look() -> None:
        while True:
            time.sleep(_LOOK_EVERY_S)
            if os.getppid() != parent:
                os._exit(1)
            if memory_mb is not None and resident_mb() > memory_mb:
                os._exit(MEMORY_EXIT)

    threading.Thread(target=look, daemon=True, name="rtvol-watch").start()
