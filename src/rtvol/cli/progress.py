"""How far work is: one line that moves on a terminal, plain lines now and then elsewhere."""

from __future__ import annotations

import sys
import threading
import time
from collections import Counter
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from rtvol.cli.screen import console_for, tell

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from rich.progress import Progress

    from rtvol.batch.store.journal import JournalEntry
    from rtvol.cli.options import Loudness

#: Seconds between plain lines at first; each pause is a tenth longer, so that a night is not a log.
PLAIN_EVERY_S, LONGER = 10.0, 1.1


@dataclass
class Counts:
    """What became of the cases so far, and how fast."""

    total: int
    skipped: int
    ends: Counter[str] = field(default_factory=Counter)
    begun: float = field(default_factory=time.monotonic)

    @property
    def done(self) -> int:
        """Cases that are finished, those of earlier runs included."""
        return self.skipped + sum(self.ends.values())

    def text(self) -> str:
        """Return `612/2000 | 604 ok, 5 unchanged, 3 failed | 7.9 cases/s | 3 min left`."""
        ok = self.ends["accept"] + self.ends["warn"]
        fresh, elapsed = sum(self.ends.values()), time.monotonic() - self.begun
        parts = [
            f"{self.done}/{self.total}",
            f"{ok} ok, {self.skipped} unchanged, {self.ends['reject']} failed",
        ]
        if fresh and elapsed > 0:
            rate = fresh / elapsed
            left_s = (self.total - self.done) / rate
            parts += [f"{rate:.1f} cases/s" if rate >= 1 else f"{60 * rate:.1f} cases/min"]
            parts += [f"{_duration(left_s)} left"] if self.total > self.done else []
        return " | ".join(parts)


@contextmanager
def pulse(loudness: Loudness, doing: str | Callable[[], str]) -> Iterator[None]:
    """Say every ten seconds or so, while the block runs, what is being done and for how long.

    Nothing is said of shorter work, nor with `--quiet`.
    """
    if loudness.quiet:
        yield
        return
    ended, begun = threading.Event(), time.monotonic()

    def beat() -> None:
        pause_s = PLAIN_EVERY_S
        while not ended.wait(pause_s):
            what = doing if isinstance(doing, str) else doing()
            tell(f"{what}: {_duration(time.monotonic() - begun)} so far")
            pause_s *= LONGER

    beater = threading.Thread(target=beat, daemon=True)
    beater.start()
    try:
        yield
    finally:
        ended.set()
        beater.join()


def follow(
    entries: Iterable[JournalEntry], counts: Counts, loudness: Loudness
) -> Iterator[JournalEntry]:
    """Pass finished cases on while saying how far the run is."""
    if loudness.quiet or not sys.stderr.isatty():
        yield from _plainly(entries, counts, loudness)
        return
    from rich.progress import BarColumn, Progress, TextColumn

    columns = (BarColumn(), TextColumn("{task.description}"))
    progress = Progress(*columns, console=console_for(sys.stderr), transient=True)
    with progress:
        yield from _on_a_bar(entries, counts, progress)
    tell(counts.text())


def _on_a_bar(
    entries: Iterable[JournalEntry], counts: Counts, progress: Progress
) -> Iterator[JournalEntry]:
    bar = progress.add_task(counts.text(), total=counts.total, completed=counts.skipped)
    for entry in entries:
        counts.ends[entry.status] += 1
        progress.update(bar, completed=counts.done, description=counts.text())
        yield entry


def _plainly(
    entries: Iterable[JournalEntry], counts: Counts, loudness: Loudness
) -> Iterator[JournalEntry]:
    with pulse(loudness, counts.text):
        for entry in entries:
            counts.ends[entry.status] += 1
            yield entry
    if not loudness.quiet:
        with suppress(BrokenPipeError):
            tell(counts.text())


def _duration(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.0f} s"
    if seconds < 5400:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.1f} h"
