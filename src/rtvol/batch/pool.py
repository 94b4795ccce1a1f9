"""Many cases, one verb: in this process, or side by side where a crash costs one case only."""

from __future__ import annotations

import logging
import multiprocessing
import os
import signal
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import as_completed
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from rtvol import codes
from rtvol.batch.watch import MEMORY_EXIT, watch_over
from rtvol.errors import CaseRejected, Finding, GeometryError, RtvolError
from rtvol.tables.rows import CaseResult

if TYPE_CHECKING:
    from collections.abc import Sequence
    from concurrent.futures import Future

    from rtvol.io import CaseFiles


class Named(Protocol):
    """What is worked on: anything that says which case it is."""

    @property
    def name(self) -> str:
        """Name of the case."""


Job = TypeVar("Job")
Done = TypeVar("Done")
Item = TypeVar("Item", bound=Named)
#: What becomes of a case that gets no number: why, behind what was noticed before.
Rejecting = Callable[[Item, Finding, Iterable[Finding]], Done]

_log = logging.getLogger(__name__)

#: A worker is replaced after so many cases: what a library leaks does not add up.
CASES_PER_WORKER = 200
#: So many pools may break one after another without one case done.
POOLS_TRIED = 3
#: Threads inside the libraries; cases side by side use the cores better.
ONE_THREAD = (
    "NUMBA_NUM_THREADS",
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "ITK_GLOBAL_DEFAULT_NUMBER_OF_THREADS",
)


@dataclass(frozen=True)
class Limits:
    """What one case may cost, and how many are worked on at a time.

    Attributes
    ----------
    jobs
        Cases at a time.
    timeout_s
        Seconds for one case; None for any.
    memory_mb
        Resident memory of a worker in MB; None for any.
    retries
        How often a case is tried again, alone, after its worker died or its time was up.
    alone
        Whether cases are being tried again: one at a time.
    """

    jobs: int = 1
    timeout_s: float | None = None
    memory_mb: int | None = None
    retries: int = 1
    alone: bool = False


#: Works through numbered cases in any order; yields for each what the verb returned, or why there
#: is nothing (its worker died, its time was up).
Spread = Callable[[Mapping[int, Any], Callable[..., Any], Any, Limits], Iterator[tuple[int, Any]]]


def finished_cases(
    cases: Sequence[Item],
    verb: Callable[[Item, Job], Done],
    job: Job,
    *,
    spread: Spread,
    limits: Limits,
    lost: Callable[[Item, Finding], Done],
) -> Iterator[tuple[int, Done]]:
    """Yield each case's number and what `verb(case, job)` returned, as they are finished.

    A case whose worker dies or whose time is up is tried again when all others are done, alone,
    so that nothing beside it can be to blame; then it becomes `lost(case, why)`.
    """
    waiting = dict(enumerate(cases))
    for attempt in range(limits.retries + 1):
        missed: dict[int, Finding] = {}
        own = limits if attempt == 0 else replace(limits, jobs=1, alone=True)
        for number, outcome in spread(waiting, verb, job, own) if waiting else ():
            if isinstance(outcome, Finding):
                missed[number] = outcome
            else:
                yield number, outcome
        waiting = {number: cases[number] for number in sorted(missed)}
    for number, files in waiting.items():
        yield number, lost(files, missed[number])


def run_cases(
    cases: Sequence[CaseFiles],
    verb: Callable[[CaseFiles, Job], CaseResult],
    job: Job,
    *,
    jobs: int = 1,
) -> Iterator[CaseResult]:
    """Yield the result of `verb(case, job)` for every case, in the order given.

    With `jobs` 1 everything happens in this process; with more, each case is a task of its own in
    a pool of processes, one thread each. `verb` is a module-level function and `job` pickles.

    A case that cannot be used becomes a rejected result; so does one whose worker dies
    (`worker-died`), and one that meets a bug (`internal-error`): the others go on. Errors of the
    whole run (usage, refused output, a missing extra) are raised.
    """
    return run_settled(cases, verb, job, reject=rejected, jobs=jobs)


def run_settled(
    cases: Sequence[Item],
    verb: Callable[[Item, Job], Done],
    job: Job,
    *,
    reject: Rejecting[Item, Done],
    jobs: int = 1,
) -> Iterator[Done]:
    """Do what `run_cases` does for a verb that returns something else than a `CaseResult`.

    `reject(case, why, noticed)`, a module-level function, is what becomes of one that fails.
    """

    def lost(files: Item, why: Finding) -> Done:
        return reject(files, why, ())

    spread = here if jobs == 1 or len(cases) < 2 else in_pool
    done: dict[int, Done] = {}
    sent = 0
    finished = finished_cases(
        cases, partial(settled, verb, reject), job, spread=spread, limits=Limits(jobs), lost=lost
    )
    for number, result in finished:
        done[number] = result
        while sent in done:
            yield done.pop(sent)
            sent += 1


def here(
    cases: Mapping[int, Item], verb: Callable[..., Done], job: Job, __limits: Limits
) -> Iterator[tuple[int, Done]]:
    """Work through the cases one by one in this process; no limit applies (a `Spread`)."""
    for number, files in cases.items():
        yield number, verb(files, job)


def in_pool(
    cases: Mapping[int, Item], verb: Callable[..., Done], job: Job, limits: Limits
) -> Iterator[tuple[int, Done | Finding]]:
    """Work through the cases in processes of this machine (a `Spread`).

    A worker that dies while none works on a case takes the pool with it; what that pool had not
    begun goes to a new one.
    """
    waiting, without_progress = dict(cases), 0
    while waiting and without_progress < POOLS_TRIED:
        before = len(waiting)
        for number, outcome in _one_pool(waiting, verb, job, limits):
            del waiting[number]
            yield number, outcome
        without_progress = 0 if len(waiting) < before else without_progress + 1
    for number in waiting:
        yield number, died(None, limits)


def _one_pool(
    cases: Mapping[int, Item], verb: Callable[..., Done], job: Job, limits: Limits
) -> Iterator[tuple[int, Done | Finding]]:
    from pebble import ProcessPool

    pool = ProcessPool(
        max_workers=min(limits.jobs, len(cases)),
        max_tasks=CASES_PER_WORKER,
        initializer=_be_a_worker,
        initargs=(limits.memory_mb,),
        context=multiprocessing.get_context("spawn"),
    )
    finished = False
    try:
        futures: dict[Future[Any], int] = {
            pool.schedule(verb, args=(files, job), timeout=limits.timeout_s): number
            for number, files in cases.items()
        }
        for future in as_completed(list(futures)):
            number = futures.pop(future)
            if not isinstance(future.exception(), BrokenProcessPool):
                yield number, _outcome(future, limits)
        finished = True
    except BrokenProcessPool:
        _log.debug("the pool broke while cases were handed to it")
    finally:
        if finished:
            pool.close()  # type: ignore[no-untyped-call]
        else:
            pool.stop()  # type: ignore[no-untyped-call]
        pool.join()


def settled(
    verb: Callable[[Item, Job], Done], reject: Rejecting[Item, Done], files: Item, job: Job
) -> Done:
    """Do what `settle` does for a verb and its job; pickles with both."""
    return settle(files, partial(verb, files, job), reject)


def settle(files: Item, work: Callable[[], Done], reject: Rejecting[Item, Done]) -> Done:
    """Return what `work` returns, or what `reject` makes of the case it failed on."""
    place = f"case {files.name}"
    try:
        return work()
    except (CaseRejected, GeometryError) as error:
        return reject(files, error.finding, error.noticed)
    except RtvolError:
        raise
    except MemoryError:
        seen = "no more memory was to be had"
        return reject(files, codes.MEMORY_LIMIT.error(where=place, seen=seen), ())
    except OSError as error:
        seen = error.strerror or type(error).__name__
        return reject(files, codes.UNREADABLE_FILE.error(where=place, seen=seen), ())
    except Exception as error:  # noqa: BLE001  a bug met by one case must not stop the others
        _log.debug("bug in a case", exc_info=error)
        seen = type(error).__name__
        return reject(files, codes.INTERNAL_ERROR.error(where=place, seen=seen), ())


def rejected(files: CaseFiles, finding: Finding, noticed: Iterable[Finding] = ()) -> CaseResult:
    """Return the result of a case that gets no number: why, behind what was noticed before."""
    return CaseResult.rejected(files.name, (*files.findings, *noticed, finding))


def died(exit_code: int | None, limits: Limits) -> Finding:
    """Say why a worker is gone, as far as its exit code tells (None where nobody knows it)."""
    if exit_code == MEMORY_EXIT:
        return codes.MEMORY_LIMIT.error(seen=f"more than {limits.memory_mb} MB")
    how = "again and again" if exit_code is None else f"with exit code {exit_code}"
    seen = f"the process that worked on it ended {how}"
    return codes.WORKER_DIED.error(seen=seen)


def out_of_time(limits: Limits) -> Finding:
    """Say that a case took longer than it may."""
    return codes.TIME_LIMIT.error(seen=f"not done after {limits.timeout_s:g} s")


def _outcome(future: Future[Any], limits: Limits) -> Any:
    from pebble import ProcessExpired

    try:
        return future.result()
    except ProcessExpired as error:
        return died(error.exitcode, limits)
    except TimeoutError:
        return out_of_time(limits)


def _be_a_worker(memory_mb: int | None) -> None:
    """Set up a worker process: one thread each, and the parent alone hears Ctrl-C."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    os.environ.update(dict.fromkeys(ONE_THREAD, "1"))
    watch_over(memory_mb)
