"""Who writes into an output: one run per shard, and never two recipes at a time.

A lock is a file that names host, process and start, and whose time its owner renews. On the same
host a lock is stale when that process is gone. Of another host nothing can be known but the time:
the lock is stale when it has not been renewed for a while. Before every journal line the owner
looks whether the lock is still its own.
"""

from __future__ import annotations

import json
import os
import secrets
import socket
import threading
import time
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from rtvol import codes
from rtvol.errors import Finding, OutputRefused
from rtvol.files import unwritable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from rtvol.batch.store.layout import Place, Shard

RENEW_S, STALE_S = 10.0, 60.0
MUTEX_NAME = ".mutex"


@dataclass(frozen=True)
class LockHolder:
    """A run: where it is, since when, and on what settings."""

    host: str
    pid: int
    started: str
    settings: str
    token: str

    @property
    def is_here(self) -> bool:
        """Whether it runs, or ran, on this machine."""
        return self.host == socket.gethostname()

    @property
    def is_alive(self) -> bool:
        """Whether its process is there (on this machine)."""
        return _started(self.pid) == self.started


@dataclass(frozen=True)
class Lock:
    """A lock that is held: `check` raises when someone else has taken it over."""

    path: Path
    owner: LockHolder

    def check(self) -> None:
        """Make sure that the lock is still this run's.

        Raises
        ------
        OutputRefused
            `output-busy`.
        """
        if _read(self.path) != self.owner:
            seen = "another run has taken the lock over, as if this one had been dead"
            raise OutputRefused("output-busy", where=self.path.name, seen=seen)


@contextmanager
def hold(
    place: Place, settings: str, prepare: Callable[[], None], *, notice: Callable[[Finding], None]
) -> Iterator[Lock]:
    """Hold the lock of a shard while the block runs.

    Parameters
    ----------
    place
        The output folder and the shard.
    settings
        SHA-256 of recipe and versions: all runs at the same time must agree on it.
    prepare
        Called once nobody else can be there who disagrees, before any other run may start.
    notice
        Is told of a stale lock that was taken over.

    Raises
    ------
    OutputRefused
        `output-busy`, `output-unwritable`, and what `prepare` raises.
    """
    me = LockHolder(
        socket.gethostname(), os.getpid(), _started(os.getpid()), settings, secrets.token_hex(8)
    )
    try:
        place.lock.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise unwritable(place.lock, error) from error
    _wait_for_others(place)
    with _mutex(place.lock.parent):
        for path in sorted(place.lock.parent.glob("*.json")):
            _settle(path, me, place.shard, notice)
        prepare()
        _write(place.lock, me)
    done = threading.Event()
    renewing = threading.Thread(target=_renew, args=(place.lock, done), daemon=True)
    renewing.start()
    try:
        yield Lock(place.lock, me)
    finally:
        done.set()
        renewing.join()
        if _read(place.lock) == me:
            with suppress(OSError):
                place.lock.unlink()


def living(folder: Path) -> list[str]:
    """Labels of the shards of an output that are being worked on, as far as can be known."""
    return [
        path.stem
        for path in sorted(folder.glob("*.json"))
        if (owner := _read(path)) is not None and not _is_stale(path, owner)
    ]


def _wait_for_others(place: Place) -> None:
    """Wait until a lock of this shard, held on another host, is renewed or stale."""
    owner, before = _read(place.lock), _age_s(place.lock)
    if owner is None or owner.is_here:
        return
    while (age := _age_s(place.lock)) is not None and before is not None:
        if age < before or age > STALE_S:
            return
        before = age
        time.sleep(RENEW_S / 10)


def _settle(path: Path, me: LockHolder, shard: Shard, notice: Callable[[Finding], None]) -> None:
    """Take a stale lock away; refuse a living one that this run cannot go beside."""
    owner = _read(path)
    if owner is None or _is_stale(path, owner):
        path.unlink(missing_ok=True)
        if owner is not None:
            seen = f"process {owner.pid} on {owner.host} is gone, and left the lock of {path.stem}"
            notice(codes.STALE_LOCK.warn(where="output folder", seen=seen))
        return
    if shard.overlaps(path.stem):
        seen = f"process {owner.pid} on {owner.host} works on {path.stem}"
        raise OutputRefused("output-busy", where="output folder", seen=seen)
    if owner.settings != me.settings:
        seen = f"process {owner.pid} on {owner.host} runs another recipe or version"
        raise OutputRefused("output-busy", where="output folder", seen=seen)


def _is_stale(path: Path, owner: LockHolder) -> bool:
    if owner.is_here:
        return not owner.is_alive
    age = _age_s(path)
    return age is None or age > STALE_S


def _age_s(path: Path) -> float | None:
    """Seconds since a lock was renewed, by the clock of its file system; None when it is gone."""
    probe = path.with_name(f".clock-{secrets.token_hex(4)}")
    try:
        probe.touch()
        now = probe.stat().st_mtime
        return now - path.stat().st_mtime
    except OSError:
        return None
    finally:
        probe.unlink(missing_ok=True)


def _renew(path: Path, done: threading.Event) -> None:
    while not done.wait(RENEW_S):
        with suppress(OSError):  # whether the lock is still ours is asked before every line
            os.utime(path)


def _read(path: Path) -> LockHolder | None:
    """Holder a lock names; None when there is no lock, or none that was written to its end."""
    try:
        return LockHolder(**json.loads(path.read_bytes()))
    except (OSError, ValueError, TypeError):
        return None


def _write(path: Path, owner: LockHolder) -> None:
    from rtvol.files import write_text

    write_text(path, json.dumps(asdict(owner)), overwrite=True)


@contextmanager
def _mutex(folder: Path) -> Iterator[None]:
    """Let one process at a time look at the locks; on file systems that know no locks, none."""
    import fcntl

    try:
        handle = os.open(folder / MUTEX_NAME, os.O_RDWR | os.O_CREAT, 0o666)
    except OSError as error:
        raise unwritable(folder, error) from error
    try:
        with suppress(OSError):
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _started(pid: int) -> str:
    """When a process of this machine began, so that its number is not taken for another's."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace")
    except OSError:
        return _alive(pid)
    fields = stat.rpartition(")")[2].split()
    # a zombie is dead; field 22 of proc(5) is the start in clock ticks since the machine's
    return "" if fields[0] in {"Z", "X"} else f"{_boot()}-{fields[19]}"


def _alive(pid: int) -> str:
    if Path("/proc/self").exists():
        return ""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return ""
    except PermissionError:
        return "running"
    return "running"


def _boot() -> str:
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()[:8]
    except OSError:
        return ""
