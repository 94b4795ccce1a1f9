"""Who attends a receiver: tells what comes, hands complete cases to the recipe, sends results."""

from __future__ import annotations

import os
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from rtvol.cli.gather import tell_findings
from rtvol.cli.screen import show, tell
from rtvol.errors import OutputRefused
from rtvol.files import unwritable, write_text
from rtvol.net.board import Board
from rtvol.net.gathering import gatherings
from rtvol.tables.document import document_json

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from rtvol.batch.store.journal import JournalEntry
    from rtvol.cli.deliveries import Deliveries
    from rtvol.cli.options import Loudness
    from rtvol.net.deliver import Delivery
    from rtvol.net.gathering import Gathering
    from rtvol.net.listen import Receiver
    from rtvol.net.then import CaseWork

#: Seconds between two looks at what has come, and between two tries to send results.
LOOK_S, AGAIN_S = 0.5, 60.0
#: A status file is written this often, in seconds, when nothing changes.
STATUS_S = 10.0
LOCK_NAME = ".lock"


def followed_by(
    then: Path | None, results: Path, jobs: int, loudness: Loudness
) -> tuple[CaseWork | None, Deliveries | None]:
    """Return what a recipe does with complete cases; nothing without one.

    Raises
    ------
    RtvolError
        The recipe is wrong, or the extra `net` is missing.
    """
    if then is None:
        return None, None
    from rtvol.batch.run import RunJob
    from rtvol.batch.store.layout import Place
    from rtvol.cli.deliveries import Deliveries
    from rtvol.cli.privacy import lasting_salt
    from rtvol.net.then import CaseWork
    from rtvol.recipe.jobs import limits_of, of_results, study_job
    from rtvol.recipe.read import read_recipe

    recipe = read_recipe(then).recipe
    place = Place(results)
    deliveries = Deliveries.of(recipe, place, loudness)
    job = RunJob(study_job(recipe), of_results(recipe), lasting_salt(loudness))
    work = CaseWork(
        job,
        place,
        limits_of(recipe, jobs),
        notice=lambda finding: tell_findings("", [finding], loudness),
    )
    return work, deliveries


@contextmanager
def sole(folder: Path) -> Iterator[None]:
    """Hold a folder for this receiver while the block runs; a killed one holds nothing.

    Raises
    ------
    OutputRefused
        `output-busy`; `output-unwritable`.
    """
    import fcntl

    try:
        folder.mkdir(parents=True, exist_ok=True)
        handle = os.open(folder / LOCK_NAME, os.O_RDWR | os.O_CREAT, 0o666)
    except OSError as error:
        raise unwritable(folder, error) from error
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(handle)
        seen = "another receiver keeps what it receives there"
        raise OutputRefused("output-busy", where=str(folder), seen=seen) from None
    try:
        yield
    finally:
        os.close(handle)


@dataclass
class Attendant:
    """Attends a receiver until it is interrupted."""

    receiver: Receiver
    work: CaseWork | None
    deliveries: Deliveries | None
    settle_s: float
    status: Path | None
    json: bool
    loudness: Loudness
    said: dict[str, tuple[str, ...]] = field(default_factory=dict)
    undelivered: dict[str, JournalEntry] = field(default_factory=dict)
    rest_until_s: float = 0.0
    shown: tuple[float, str] = (0.0, "")

    def attend(self) -> None:
        """Listen, tell and work; ends by an exception only.

        Raises
        ------
        OutputRefused
            The address, the status file or the results are refused.
        """
        board = Board(self.receiver)
        with self.receiver.listening(), self._telling(board):
            station = self.receiver.station
            if not self.loudness.quiet:
                place = f"{station.host}:{self.receiver.port}"
                tell(f"listening as {station.aet} on {place}{', TLS' if station.tls else ''}")
            self._resume(board)
            seen, tried_s = -1, time.monotonic()
            cases: Sequence[Gathering] = ()
            while True:
                if self.receiver.inbox.changes != seen:
                    seen = self.receiver.inbox.changes
                    cases = self._gathered(board)
                self._settle(cases, board)
                if self.undelivered and time.monotonic() - tried_s > AGAIN_S:
                    tried_s = time.monotonic()
                    for entry in list(self.undelivered.values()):
                        self._deliver(entry, board)
                time.sleep(LOOK_S)

    def _gathered(self, board: Board) -> Sequence[Gathering]:
        cases, others = gatherings(self.receiver.inbox.all())
        board.put(cases, others)
        return cases

    def _resume(self, board: Board) -> None:
        """Take up what an earlier receiver left: cases that are done, results not sent yet."""
        if self.work is None:
            return
        cases = self._gathered(board)
        for entry in self.work.done_before([one for one in cases if one.is_closed]):
            board.mark([entry.case], entry.status)
            self._deliver(entry, board)

    def _settle(self, cases: Sequence[Gathering], board: Board) -> None:
        """Work on cases whose senders have become quiet; tell which of them still wait."""
        now, last_s = time.monotonic(), dict(self.receiver.traffic.last_s)
        if now < self.rest_until_s:
            return
        due = []
        for one in cases:
            if self.work is not None and not self.work.is_new(one):
                continue
            is_quiet = now - one.quiet_since_s(last_s) >= self.settle_s
            if one.is_closed and is_quiet and self.said.get(one.name) != (one.key,):
                due.append(one)
            elif is_quiet and one.missing and self.said.get(one.name) != one.missing:
                self.said[one.name] = one.missing
                board.mark([one.name], "waiting")
                tell_findings(one.name, [one.waiting()], self.loudness)
        for one in due:
            self.said[one.name] = (one.key,)
            if not self.loudness.quiet:
                tell(f"{one.name} complete: {one.counts}")
        if due:
            self._work(due, board)

    def _work(self, due: Sequence[Gathering], board: Board) -> None:
        names = [one.name for one in due]
        if self.work is None:
            board.mark(names, "complete")
            return
        board.mark(names, "working")
        try:
            self._work_on(due, board)
        except OutputRefused as error:  # a full disk: what comes in is still received
            tell_findings("", [error.finding], self.loudness)
            left = [name for name in names if board.states[name] == "working"]
            board.mark(left, "delayed")
            for name in left:
                self.work.tried.pop(name, None)
                self.said.pop(name, None)
            self.rest_until_s = time.monotonic() + AGAIN_S

    def _work_on(self, due: Sequence[Gathering], board: Board) -> None:
        if self.work is None:
            return
        for entry in self.work.work(due):
            board.mark([entry.case], entry.status)
            tell_findings(
                entry.case,
                [one for one in entry.noticed() if one.severity == "error"],
                self.loudness,
            )
            if not self.loudness.quiet:
                tell(f"{entry.case}: {entry.status}")
            sent = self._deliver(entry, board)
            if self.json:
                from rtvol.cli.run import json_line

                show(json_line(entry, sent))

    def _deliver(self, entry: JournalEntry, board: Board) -> Sequence[Delivery]:
        """Send results; those a peer has not got are tried again after a while."""
        if self.deliveries is None:
            return []
        sent = self.deliveries.send(entry)
        if sent:
            with board.lock:
                board.deliveries[entry.case] = "; ".join(one.text for one in sent)
        self.undelivered.pop(entry.case, None)
        if entry.case in self.deliveries.failed:
            self.undelivered[entry.case] = entry
        return sent

    @contextmanager
    def _telling(self, board: Board) -> Iterator[None]:
        """Tell what comes in, and keep the status file, while the block runs."""
        self._write_status(board)
        done = threading.Event()
        thread = threading.Thread(target=self._tell_until, args=(board, done), daemon=True)
        thread.start()
        try:
            yield
        finally:
            done.set()
            thread.join()
            self._tell(board)

    def _tell_until(self, board: Board, done: threading.Event) -> None:
        while not done.wait(LOOK_S):
            self._tell(board)
            try:
                self._write_status(board)
            except OutputRefused as error:
                tell_findings("", [error.finding], self.loudness)
                return

    def _tell(self, board: Board) -> None:
        lines = self.receiver.traffic.take_lines()
        if lines and not self.loudness.quiet:
            tell(*lines, board.line())

    def _write_status(self, board: Board) -> None:
        if self.status is None:
            return
        document = board.document()
        now, at = time.monotonic(), document.pop("at")
        text = document_json(document)
        if text != self.shown[1] or now - self.shown[0] > STATUS_S:
            self.shown = (now, text)
            whole = document_json({**document, "at": at})
            write_text(self.status, whole + "\n", overwrite=True)
