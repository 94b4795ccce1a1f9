"""Thousands of cases into one output: what is done stays, what changed is done again.

plan (journal, outputs, inputs) -> tasks -> executor -> one journal line per finished case
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

from rtvol import codes
from rtvol.batch.keys import content_of, look_of, source_of, versions
from rtvol.batch.pool import finished_cases
from rtvol.batch.store.journal import Journal, JournalEntry, add, begin, latest, read_journal
from rtvol.batch.store.layout import CASES, DRAFTS, JOURNALS, LOCKS
from rtvol.batch.store.lock import hold
from rtvol.batch.store.manifest import Manifest, present, read_manifest, write_manifest
from rtvol.batch.tasks import Task, TaskJob, file_digests, lost_task, run_task
from rtvol.errors import Finding, OutputRefused
from rtvol.files import digest_of, slugs, unwritable

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rtvol.batch.pool import Limits, Spread
    from rtvol.batch.store.layout import Place
    from rtvol.io import CaseFiles
    from rtvol.verbs.study import StudyJob

Notice = Callable[[Finding], None]
#: File times this near to when a file was read do not prove that it is the same, ns.
RACY_NS = 2_000_000_000
_THREADS = 4


@dataclass(frozen=True)
class RunJob:
    """What a run is to do.

    Attributes
    ----------
    study
        What to do with each case.
    recipe
        The recipe as a document: what of it changes results.
    salt
        Of the patients' pseudonyms.
    """

    study: StudyJob
    recipe: Mapping[str, Any]
    salt: str

    @property
    def settings(self) -> str:
        """SHA-256 of recipe, salt and versions."""
        return digest_of([dict(self.recipe), digest_of(self.salt), dict(versions())])


@dataclass(frozen=True)
class RunPlan:
    """What is left to do.

    Attributes
    ----------
    tasks
        Cases to be worked on.
    done
        Entries of cases that are done and unchanged.
    retried, changed
        How many of the tasks failed before, or changed since.
    elsewhere
        How many results are of cases that are not below the paths given.
    """

    tasks: tuple[Task, ...]
    done: tuple[JournalEntry, ...]
    retried: int = 0
    changed: int = 0
    elsewhere: int = 0


def run_batch(
    cases: Sequence[CaseFiles],
    job: RunJob,
    place: Place,
    *,
    spread: Spread,
    limits: Limits,
    notice: Notice,
    planned: Callable[[RunPlan], None],
) -> Iterator[JournalEntry]:
    """Work through the cases of a shard; yields each entry once it is in the journal.

    Parameters
    ----------
    cases
        All cases found; those of the shard are taken.
    job, place
        What to do, and where the results go.
    spread, limits
        Where cases are worked on, and what each may cost.
    notice
        Is told of stale locks, torn journals and damaged results.
    planned
        Is told the plan before the first case.

    Raises
    ------
    OutputRefused
        The output cannot or must not be written; what is done so far stays, and is resumable.
    """
    kept: list[Manifest] = []
    with hold(place, job.settings, partial(_prepare, place, job, kept), notice=notice) as lock:
        journal = _begun(place, notice)
        plan, line = plan_run(cases, job, place, journal, notice)
        planned(plan)
        task_job = TaskJob(
            study=job.study,
            cases=place.cases,
            drafts=place.drafts,
            settings=job.settings,
            salt=job.salt,
            begun=kept[0].begun,
            versions=versions(),
        )
        lost = partial(lost_task, settings=job.settings)
        finished = finished_cases(
            plan.tasks, run_task, task_job, spread=spread, limits=limits, lost=lost
        )
        for _, entry in finished:
            lock.check()
            line = add(place.journal, line, [entry])
            yield entry
        shutil.rmtree(place.drafts, ignore_errors=True)
        with suppress(OSError):  # other shards may still use it
            place.drafts.parent.rmdir()


def entries_of(place: Place) -> dict[str, JournalEntry]:
    """Return the last entry of each case over the journals of all shards.

    Raises
    ------
    OutputRefused
        `journal-damaged`, `journal-newer`.
    """
    folder = place.folder / JOURNALS
    journals = [read_journal(path).entries for path in sorted(folder.glob("*.jsonl"))]
    return latest(journals)


def plan_run(
    cases: Sequence[CaseFiles], job: RunJob, place: Place, journal: Journal, notice: Notice
) -> tuple[RunPlan, int]:
    """Find out what is left to do; results that do not stand any more are taken out.

    Returns the plan, and the number of the next line of the journal.

    Raises
    ------
    OutputRefused
        `output-mixed` when a name stands for other inputs from another place.
    """
    known = entries_of(place)
    names = [files.name for files in cases]
    folders = dict(zip(names, slugs(names), strict=True))
    mine = [files for files in cases if place.shard.holds(files.name)]
    tasks = [_task(files, folders[files.name]) for files in mine]
    with ThreadPoolExecutor(_THREADS) as threads:
        states = list(
            threads.map(lambda task: _state(task, known.get(task.name), job, place), tasks)
        )
    _refuse_mixed(tasks, states)
    damaged = [task.name for task, state in zip(tasks, states, strict=True) if state == "damaged"]
    if damaged:
        seen = f"{len(damaged)} results are not as the journal says: {', '.join(damaged[:3])}"
        notice(codes.RESULT_DAMAGED.warn(where="output folder", seen=seen))
    left, done, lines = [], [], []
    for task, state in zip(tasks, states, strict=True):
        entry = known.get(task.name)
        if entry is not None and state == "same":
            if (entry.stat, entry.source) != (task.look, task.source):
                now = time.time_ns()
                entry = replace(entry, stat=task.look, source=task.source, hashed_ns=now, at_ns=now)
                lines.append(entry)
            done.append(entry)
            continue
        left.append(task)
        if entry is not None and entry.is_done:
            _take_out(place, entry)
            lines.append(JournalEntry(task.name, "gone", at_ns=time.time_ns()))
    line = add(place.journal, journal.lines, lines)
    here = set(names)
    plan = RunPlan(
        tuple(left),
        tuple(done),
        retried=states.count("failed"),
        changed=states.count("changed"),
        elsewhere=sum(case not in here for case in known),
    )
    return plan, line


def _prepare(place: Place, job: RunJob, kept: list[Manifest]) -> None:
    """Make sure that the folder is one of ours, and say in it what this run is."""
    manifest = read_manifest(place)
    wanted = Manifest(
        manifest.begun if manifest else present(), job.settings, job.recipe, versions()
    )
    if manifest != wanted:
        write_manifest(place, wanted)
    kept.append(wanted)
    try:
        for name in (CASES, JOURNALS, LOCKS, DRAFTS):
            (place.folder / name).mkdir(exist_ok=True)
    except OSError as error:
        raise unwritable(place.folder, error) from error


def _begun(place: Place, notice: Notice) -> Journal:
    journal = read_journal(place.journal)
    if journal.is_torn:
        notice(codes.TORN_JOURNAL.warn(where=place.journal.name, seen="a kill or a power loss"))
    shutil.rmtree(place.drafts, ignore_errors=True)
    return begin(place.journal, journal)


def _task(files: CaseFiles, folder: str) -> Task:
    try:
        look, _ = look_of(files)
    except OSError:
        look = ""  # a file is gone already: the task will say so
    return Task(files, folder, look, source_of(files))


def _state(task: Task, entry: JournalEntry | None, job: RunJob, place: Place) -> str:
    """How a case stands: new, failed, same, changed, damaged, or moved (other files, elsewhere)."""
    if entry is None:
        return "new"
    if not entry.is_done:
        return "failed"
    try:
        look, newest_ns = look_of(task.files)
        is_sure = look == entry.stat and newest_ns < entry.hashed_ns - RACY_NS
        is_same = is_sure or content_of(task.files) == entry.content
    except OSError:
        is_same = False
    if not is_same:
        return "changed" if task.source == entry.source else "moved"
    if entry.settings != job.settings or entry.folder != task.folder:
        return "changed"
    try:
        held = file_digests(place.cases / entry.folder)
    except OSError:
        held = {}
    return "same" if held == dict(entry.files) else "damaged"


def _refuse_mixed(tasks: Sequence[Task], states: Sequence[str]) -> None:
    moved = [task.name for task, state in zip(tasks, states, strict=True) if state == "moved"]
    if moved:
        raise OutputRefused(
            "output-mixed",
            where="output folder",
            seen=f"{len(moved)} cases bear names of other cases, from another place: "
            f"{', '.join(moved[:3])}",
            mend="another folder with -o, or name the folder above both as PATH",
        )


def _take_out(place: Place, entry: JournalEntry) -> None:
    """Remove results that do not stand any more."""
    try:
        folder = place.cases / entry.folder
        if folder.exists():
            place.drafts.mkdir(parents=True, exist_ok=True)
            aside = place.drafts / f"old-{entry.folder}"
            shutil.rmtree(aside, ignore_errors=True)
            folder.replace(aside)
            shutil.rmtree(aside, ignore_errors=True)
    except OSError as error:
        raise unwritable(place.cases, error) from error
