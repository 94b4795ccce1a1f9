"""Locks: one run per shard, one recipe at a time, and no dead run in the way."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from dataclasses import asdict, replace
from typing import TYPE_CHECKING

import pytest

from rtvol.batch.store import lock
from rtvol.batch.store.layout import Place, Shard
from rtvol.batch.store.lock import LockHolder, hold, living
from rtvol.errors import OutputRefused

if TYPE_CHECKING:
    from contextlib import AbstractContextManager
    from pathlib import Path

    from rtvol.batch.store.lock import Lock
    from rtvol.errors import Finding


def held(
    place: Place, settings: str = "s", notes: list[Finding] | None = None
) -> AbstractContextManager[Lock]:
    return hold(place, settings, lambda: None, notice=(notes if notes is not None else []).append)


def leave(place: Place, owner: LockHolder) -> None:
    """Leave a lock behind as a run does that was killed."""
    place.lock.parent.mkdir(parents=True, exist_ok=True)
    place.lock.write_text(json.dumps(asdict(owner)))


def dead() -> LockHolder:
    """A run of this machine whose process is gone."""
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        started = lock._started(process.pid)
    return LockHolder(lock.socket.gethostname(), process.pid, started, "s", "t")


def refused(place: Place, settings: str = "s") -> str:
    with pytest.raises(OutputRefused) as caught, held(place, settings):
        pass
    return caught.value.finding.code


def test_a_second_run_is_refused_and_the_first_keeps_its_lock(tmp_path: Path) -> None:
    place = Place(tmp_path)
    with held(place) as own:
        assert refused(place) == "output-busy"
        own.check()
        assert living(place.lock.parent) == ["all"]
    assert living(place.lock.parent) == []
    with held(place):
        pass


def test_shards_of_one_number_go_side_by_side_and_no_others(tmp_path: Path) -> None:
    with held(Place(tmp_path, Shard(1, 3))), held(Place(tmp_path, Shard(2, 3))):
        assert refused(Place(tmp_path, Shard(1, 3))) == "output-busy"
        assert refused(Place(tmp_path, Shard(1, 2))) == "output-busy"
        assert refused(Place(tmp_path)) == "output-busy"
        assert refused(Place(tmp_path, Shard(3, 3)), "another recipe") == "output-busy"


def test_the_lock_of_a_dead_run_is_taken_over_with_a_note(tmp_path: Path) -> None:
    place, notes = Place(tmp_path), []  # type: ignore[var-annotated]
    leave(place, dead())
    with held(place, "another recipe", notes) as own:
        own.check()
    assert [note.code for note in notes] == ["stale-lock"]


def test_a_process_of_the_same_number_is_not_taken_for_the_dead_one(tmp_path: Path) -> None:
    place, notes = Place(tmp_path), []  # type: ignore[var-annotated]
    leave(place, replace(dead(), pid=os.getpid()))
    with held(place, notes=notes):
        pass
    assert [note.code for note in notes] == ["stale-lock"]


def test_a_lock_that_was_not_written_to_its_end_is_no_lock(tmp_path: Path) -> None:
    place = Place(tmp_path)
    leave(place, dead())
    place.lock.write_text('{"host": "x')
    with held(place):
        pass


def test_the_lock_of_another_host_counts_while_it_is_renewed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lock, "STALE_S", 1.0)
    monkeypatch.setattr(lock, "RENEW_S", 0.2)
    place, notes = Place(tmp_path), []  # type: ignore[var-annotated]
    leave(place, LockHolder("elsewhere", 1, "", "s", "t"))
    begun = time.monotonic()
    with held(place, notes=notes):  # nobody renews it: waits until it is stale
        pass
    assert time.monotonic() - begun >= 1.0
    assert [note.code for note in notes] == ["stale-lock"]
    renewing = Place(tmp_path, Shard(1, 2))
    leave(renewing, LockHolder("elsewhere", 1, "", "s", "t"))
    done = lock.threading.Event()
    thread = lock.threading.Thread(target=lock._renew, args=(renewing.lock, done))
    thread.start()
    assert refused(renewing) == "output-busy"
    done.set()
    thread.join()


def test_a_run_whose_lock_was_taken_stops(tmp_path: Path) -> None:
    place = Place(tmp_path)
    with held(place) as own:
        leave(place, dead())
        with pytest.raises(OutputRefused) as caught:
            own.check()
        assert caught.value.finding.code == "output-busy"
    assert place.lock.exists()  # it is not ours to remove
