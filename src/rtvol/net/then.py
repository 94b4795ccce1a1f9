"""What follows when a case is complete: a recipe, by the same machinery as `rtvol run`."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING

from rtvol.batch.keys import content_of, look_of
from rtvol.batch.pool import in_pool
from rtvol.batch.run import entries_of, run_batch
from rtvol.batch.store.journal import JournalEntry
from rtvol.errors import InputError
from rtvol.io import find

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from rtvol.batch.pool import Limits
    from rtvol.batch.run import RunJob
    from rtvol.batch.store.layout import Place
    from rtvol.errors import Finding
    from rtvol.io import CaseFiles
    from rtvol.net.gathering import Gathering


@dataclass
class CaseWork:
    """A recipe for each complete case.

    Attributes
    ----------
    job, place, limits
        What to do, where the results go, and what each case may cost.
    notice
        Is told of stale locks, torn journals and damaged results.
    tried
        Keys of the gatherings that were worked on, by case: each is worked on once, and again
        when something was added to it.
    """

    job: RunJob
    place: Place
    limits: Limits
    notice: Callable[[Finding], None]
    tried: dict[str, str] = field(default_factory=dict)

    def begin(self) -> None:
        """Make sure that the results may be written.

        Raises
        ------
        OutputRefused
            They may not: another recipe's are there, or another run works there.
        """
        list(self._run([]))

    def is_new(self, gathering: Gathering) -> bool:
        """Whether a gathering has not been worked on as it is."""
        return self.tried.get(gathering.name) != gathering.key

    def done_before(self, gatherings: Sequence[Gathering]) -> list[JournalEntry]:
        """Return entries of cases that an earlier receiver finished, as they are now."""
        known = entries_of(self.place)
        found = []
        for one in gatherings:
            entry = known.get(one.name)
            if entry is not None and entry.is_done and _is_same(one, entry):
                self.tried[one.name] = one.key
                found.append(entry)
        return found

    def work(self, gatherings: Sequence[Gathering]) -> Iterator[JournalEntry]:
        """Work on complete cases, and yield how each ended.

        Raises
        ------
        OutputRefused
            The results cannot be written.
        """
        cases = []
        for one in gatherings:
            self.tried[one.name] = one.key
            files = _case_of(one)
            if isinstance(files, JournalEntry):
                yield files
            else:
                cases.append(files)
        yield from self._run(cases)

    def _run(self, cases: Sequence[CaseFiles]) -> Iterator[JournalEntry]:
        done: list[JournalEntry] = []
        finished = run_batch(
            cases,
            self.job,
            self.place,
            spread=in_pool,
            limits=self.limits,
            notice=self.notice,
            planned=lambda plan: done.extend(plan.done),
        )
        yield from finished
        yield from done


def _case_of(gathering: Gathering) -> CaseFiles | JournalEntry:
    """Return the files of a gathering as a case; the line of a rejected one if they are none."""
    try:
        found = find(gathering.paths)
    except InputError as error:
        return JournalEntry(gathering.name, "reject", findings=(asdict(error.finding),))
    (files,) = [one for one in found.cases if one.rtstruct == gathering.rtstruct]
    return replace(files, name=gathering.name)


def _is_same(gathering: Gathering, entry: JournalEntry) -> bool:
    files = _case_of(gathering)
    if isinstance(files, JournalEntry):
        return False
    try:
        return look_of(files)[0] == entry.stat or content_of(files) == entry.content
    except OSError:
        return False
