"""Cases on the workers of a dask scheduler (extra `[cluster]`); a poison case costs itself only.

When a dask worker dies, dask blames every task it held, and condemns a task that was blamed four
times. So no worker holds more than one case: as many are under way as there are workers, and what
is lost is tried again when all others are done, one case at a time (`finished_cases`).
"""

from __future__ import annotations

import ctypes
import os
import threading
import time
from typing import TYPE_CHECKING, Any, TypeVar

from rtvol.batch.pool import ONE_THREAD, Limits, Spread, died, out_of_time
from rtvol.batch.watch import MEMORY_EXIT, resident_mb
from rtvol.errors import ExtraMissing, Finding, OutputRefused

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from rtvol.batch.pool import Named

Done = TypeVar("Done")
Job = TypeVar("Job")

INSTALL = "pip install 'rtvol[cluster]'"
#: Seconds until the scheduler must have answered.
ANSWER_S = 30
#: Seconds a case whose time is up gets to end by itself before its worker is ended.
GRACE_S = 30.0
_LOOK_EVERY_S = 0.2


class _TimeUpError(BaseException):
    """Raised in the thread of a case whose time is up; no handler of errors takes it for one."""


def on_scheduler(address: str) -> Spread:
    """Return a `Spread` over the workers of a dask scheduler.

    Raises
    ------
    ExtraMissing
        `extra-missing` when dask.distributed is not installed.
    """
    try:
        import distributed  # noqa: F401
    except ImportError:
        seen = "dask.distributed is not installed"
        raise ExtraMissing(
            "extra-missing", where="--executor dask", seen=seen, mend=INSTALL
        ) from None

    def spread(
        cases: Mapping[int, Named], verb: Callable[..., Done], job: Job, limits: Limits
    ) -> Iterator[tuple[int, Done | Finding]]:
        yield from _in_cluster(address, cases, verb, job, limits)

    return spread


def _in_cluster(
    address: str,
    cases: Mapping[int, Named],
    verb: Callable[..., Done],
    job: Job,
    limits: Limits,
) -> Iterator[tuple[int, Done | Finding]]:
    from distributed import Client, as_completed

    try:
        client = Client(address, timeout=ANSWER_S, set_as_default=False)
    except (OSError, TimeoutError) as error:
        mend = "check the address, and that `dask scheduler` runs there"
        raise OutputRefused(
            "no-scheduler", where=address, seen=type(error).__name__, mend=mend
        ) from error
    waiting, numbers = list(cases), {}
    try:
        running = as_completed(loop=client.loop)

        def send() -> None:
            while waiting and running.count() < _places(client, limits):
                number = waiting.pop(0)
                future = client.submit(
                    _guarded, verb, cases[number], job, limits, pure=False, retries=0
                )
                numbers[future.key] = number
                running.add(future)

        send()
        while not running.is_empty():
            future = next(running)
            outcome = _outcome(future, limits)
            number = numbers.pop(future.key)
            future.release()
            send()
            yield number, outcome
    finally:
        client.close()


def _places(client: Any, limits: Limits) -> int:
    """How many cases may be under way: one a worker; one in all when cases are tried alone."""
    if limits.alone:
        return 1
    return max(len(client.scheduler_info(n_workers=-1)["workers"]), 1)


def _outcome(future: Any, limits: Limits) -> Any:
    from distributed import CancelledError, KilledWorker

    try:
        return future.result()
    except (KilledWorker, CancelledError):
        return died(None, limits)


def _guarded(verb: Callable[..., Done], case: Any, job: Any, limits: Limits) -> Done | Finding:
    """Do one case on a worker within its limits."""
    os.environ.update(dict.fromkeys(ONE_THREAD, "1"))
    done = threading.Event()
    me = threading.get_ident()
    threading.Thread(target=_watch, args=(me, done, limits), daemon=True).start()
    try:
        return verb(case, job)
    except _TimeUpError:
        return out_of_time(limits)
    finally:
        done.set()


def _watch(thread: int, done: threading.Event, limits: Limits) -> None:
    """Interrupt the thread of a case whose time is up; end the worker when that does not help."""
    begun, is_told = time.monotonic(), False
    while not done.wait(_LOOK_EVERY_S):
        if limits.memory_mb is not None and resident_mb() > limits.memory_mb:
            os._exit(MEMORY_EXIT)
        spent_s = time.monotonic() - begun
        if limits.timeout_s is None or spent_s < limits.timeout_s:
            continue
        if not is_told:
            ctypes.pythonapi.PyThreadState_SetAsyncExc(
                ctypes.c_ulong(thread), ctypes.py_object(_TimeUpError)
            )
            is_told = True
        elif spent_s > limits.timeout_s + GRACE_S:
            os._exit(1)
