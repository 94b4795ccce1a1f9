"""Many cases, one verb: in this process, or side by side where a crash costs one case only."""

from __future__ import annotations

import logging
import multiprocessing
import os
import signal
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from rtvol.batch.results import rejected
from rtvol.errors import CaseRejected, Finding, GeometryError, RtvolError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from concurrent.futures import Future

    from rtvol.io import CaseFiles
    from rtvol.tables import CaseResult

Job = TypeVar("Job")

_log = logging.getLogger(__name__)

#: A worker is replaced after so many cases: what a library leaks does not add up.
CASES_PER_WORKER = 50


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
    if jobs == 1 or len(cases) < 2:
        for files in cases:
            yield settle(files, partial(verb, files, job))
        return
    from pebble import ProcessPool

    pool = ProcessPool(
        max_workers=min(jobs, len(cases)),
        max_tasks=CASES_PER_WORKER,
        initializer=_be_a_worker,
        context=multiprocessing.get_context("spawn"),
    )
    finished = False
    try:
        futures: list[Future[CaseResult]] = [
            pool.schedule(verb, args=(files, job)) for files in cases
        ]
        for files, future in zip(cases, futures, strict=True):
            yield settle(files, partial(_outcome, future))
        finished = True
    finally:
        if finished:
            pool.close()  # type: ignore[no-untyped-call]
        else:
            pool.stop()  # type: ignore[no-untyped-call]
        pool.join()


def settle(files: CaseFiles, work: Callable[[], CaseResult]) -> CaseResult:
    """Return what `work` returns, or the rejected result of the case it failed on."""
    try:
        return work()
    except (CaseRejected, GeometryError) as error:
        return rejected(files, error.finding, error.noticed)
    except RtvolError:
        raise
    except OSError as error:
        seen = error.strerror or type(error).__name__
        return rejected(files, Finding("unreadable-file", "error", f"case {files.name}", seen))
    except Exception as error:  # noqa: BLE001  a bug met by one case must not stop the others
        _log.debug("bug in a case", exc_info=error)
        return rejected(
            files, Finding("internal-error", "error", f"case {files.name}", type(error).__name__)
        )


def _outcome(future: Future[CaseResult]) -> CaseResult:
    from pebble import ProcessExpired

    try:
        return future.result()
    except ProcessExpired as error:
        seen = f"the process that worked on it ended with exit code {error.exitcode}"
        raise CaseRejected("worker-died", seen=seen) from error


def _be_a_worker() -> None:
    """Set up a worker process: one thread each, and the parent alone hears Ctrl-C."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    for name in (
        "NUMBA_NUM_THREADS",
        "OMP_NUM_THREADS",
        "OPENBLAS_NUM_THREADS",
        "ITK_GLOBAL_DEFAULT_NUMBER_OF_THREADS",
    ):
        os.environ[name] = "1"
