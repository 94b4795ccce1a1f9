"""What all commands on PATH... share: find the cases, name them, work through them, end."""

from __future__ import annotations

import sys
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol, TypeVar

from rtvol.cli.privacy import hidden, passing_salt
from rtvol.cli.progress import pulse
from rtvol.cli.screen import clean, console_for, finding_lines, tell
from rtvol.errors import InputError, UsageError
from rtvol.files import pseudonym

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

    from rtvol.cli.options import Loudness
    from rtvol.errors import Finding
    from rtvol.io import CaseFiles
    from rtvol.io.fates import FileFate
    from rtvol.tables.rows import CaseResult


class Outcome(Protocol):
    """What every verb on a case returns, as far as the command line cares."""

    @property
    def case(self) -> str:
        """Name of the case."""

    @property
    def status(self) -> str:
        """Accept, warn or reject."""

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What was noticed."""


Done = TypeVar("Done", bound=Outcome)
Job = TypeVar("Job")


@dataclass(frozen=True)
class Gathered:
    """The cases of a call.

    Attributes
    ----------
    cases
        Their files; with `--pseudonymise` named by salted hashes.
    findings
        What was noticed while indexing.
    files
        What became of every file; nothing with `--pseudonymise`.
    hide
        Whether nothing that names a file may reach a screen or an output.
    paths
        The paths of the call; none with `--pseudonymise`.
    """

    cases: tuple[CaseFiles, ...]
    findings: tuple[Finding, ...]
    files: tuple[FileFate, ...] = ()
    hide: bool = False
    paths: tuple[Path, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the cases, in order."""
        return tuple(files.name for files in self.cases)


def gather(
    paths: Sequence[Path], loudness: Loudness, *, pseudonymise: bool = False, rtstruct: str = ""
) -> Gathered:
    """Index all paths by their headers; what was noticed in doing so goes to stderr.

    Raises
    ------
    UsageError
        `bad-call` without a path.
    InputError
        Nothing usable lies there.
    """
    from rtvol.io import find

    if not paths:
        raise UsageError("bad-call", seen="no PATH given", mend="name folders or files to read")
    with pulse(loudness, "reading the headers of all files"):
        try:
            found = find(paths, rtstruct=rtstruct)
        except InputError as error:
            if not error.finding.where and not pseudonymise:
                error.at(", ".join(map(str, paths)))
            raise
    if not pseudonymise:
        tell_findings("", found.findings, loudness)
        return Gathered(found.cases, found.findings, found.files, paths=tuple(paths))
    if found.findings and not loudness.quiet:
        tell(f"note: {len(found.findings)} findings about files not shown, for they name them")
    salt = passing_salt(loudness)
    cases = (replace(files, name=pseudonym(salt, files.name)) for files in found.cases)
    return Gathered(tuple(cases), (), hide=True)


def work_through(
    gathered: Gathered,
    verb: Callable[[CaseFiles, Job], CaseResult],
    job: Job,
    *,
    jobs: int,
    loudness: Loudness,
    taken: Callable[[CaseResult], CaseResult] | None = None,
) -> list[CaseResult]:
    """Run a verb over all cases; findings come out hidden where names must not be seen.

    `taken` is called with each result as it comes; what it returns is kept in its place.
    """
    from rtvol.batch.pool import run_cases

    if jobs < 1:
        raise UsageError("bad-call", where="--jobs", seen=str(jobs), mend="a number from 1")
    results: Iterable[CaseResult] = run_cases(gathered.cases, verb, job, jobs=jobs)
    if taken is not None:
        results = map(taken, results)
    done = watch(results, len(gathered.cases), loudness)
    if not gathered.hide:
        return done
    return [
        replace(result, findings=tuple(hidden(finding, files) for finding in result.findings))
        for files, result in zip(gathered.cases, done, strict=True)
    ]


def watch(results: Iterable[Done], total: int, loudness: Loudness) -> list[Done]:
    """Collect results as they come; a person who watches many cases sees a bar."""
    done: list[Done] = []
    if loudness.quiet or total < 2 or not sys.stderr.isatty():
        with pulse(loudness, lambda: f"{len(done)} of {cases_text(total)} done"):
            done.extend(results)
        return done
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
    )

    columns = (
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[now]}"),
    )
    with Progress(*columns, console=console_for(sys.stderr), transient=True) as progress:
        bar = progress.add_task("", total=total, now="")
        for result in results:
            done.append(result)
            progress.update(bar, advance=1, now=f"{clean(result.case)}: {result.status}")
    return done


def cases_text(count: int) -> str:
    """Return `1 case`, `3 cases`."""
    return f"{count} case{'s' * (count != 1)}"


def finish(results: Sequence[Outcome], loudness: Loudness) -> int:
    """Tell all findings and return the exit code: 0 done, 1 with rejected cases, 70 with a bug."""
    for result in results:
        tell_findings(result.case, result.findings, loudness)
    if any(finding.code == "internal-error" for result in results for finding in result.findings):
        return 70
    return 1 if any(result.status == "reject" for result in results) else 0


def tell_findings(case: str, findings: Sequence[Finding], loudness: Loudness) -> None:
    """Errors in their four lines; warnings in one line each, in four with -v, none if quiet."""
    for finding in findings:
        if finding.severity == "error" or (loudness.verbose and not loudness.quiet):
            tell(finding_lines(finding, case))
        elif not loudness.quiet:
            place = ", ".join(text for text in (case, finding.where) if text)
            place = f"{clean(place)}: " if place else ""
            tell(f"{finding.severity} [{finding.code}] {place}{clean(finding.seen)}")
