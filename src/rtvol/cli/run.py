"""`rtvol run`: a recipe over thousands of exports, resumable."""

import signal
import threading
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from cyclopts import Parameter

from rtvol.cli.options import DEFAULT_LOUDNESS, Loudness, Names, Paths, Rtstruct, Switch

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rtvol.batch.pool import Spread
    from rtvol.batch.run import RunJob, RunPlan
    from rtvol.batch.store.journal import JournalEntry
    from rtvol.batch.store.layout import Place
    from rtvol.cli.deliveries import Deliveries
    from rtvol.cli.gather import Gathered
    from rtvol.cli.progress import Counts
    from rtvol.net.deliver import Delivery
    from rtvol.recipe.read import Resolved
    from rtvol.verbs.study import StudyJob


@Parameter(name="*")
@dataclass(frozen=True)
class SpreadFlags:
    """Where the cases are worked on.

    Attributes
    ----------
    output
        Folder for the results; the same command again goes on where it ended.
    jobs
        Cases worked on at a time; with dask as many as it has workers.
    shard
        k/n: this call works on part k of n, told apart by the names of the cases.
    executor
        local: processes of this machine; dask: the workers of a scheduler.
    scheduler
        Address of the dask scheduler: tcp://HOST:8786.
    overwrite
        Replace the results of another recipe.
    """

    output: Annotated[Path, Parameter(name=["--output", "-o"])]
    jobs: Annotated[int, Parameter(name=["--jobs", "-j"])] = 1
    shard: str = "1/1"
    executor: Literal["local", "dask"] = "local"
    scheduler: str | None = None
    overwrite: Annotated[bool, Switch] = False


@Parameter(name="*")
@dataclass(frozen=True)
class LimitFlags:
    """Settings of the recipe that a call may change.

    Attributes
    ----------
    timeout
        Time for one case: 10m, 90s, 1.5h.
    memory
        Memory of one worker: 800MB, 4GB.
    retries
        How often a case is tried again after its worker died or its time was up.
    """

    timeout: str | None = None
    memory: str | None = None
    retries: int | None = None


DEFAULT_OVERRIDES = LimitFlags()


@Parameter(name="*")
@dataclass(frozen=True)
class SendFlags:
    """Where results are sent, as the recipe's section `send` says it.

    Attributes
    ----------
    send
        AET@HOST:PORT that the DICOM files of each case's results are sent to; may be repeated.
    send_as
        Application entity title to send as.
    tls_ca
        PEM file of the certificates that are trusted: connections are secured.
    tls_cert
        PEM file of the certificate to show.
    tls_key
        PEM file of its key.
    """

    send: Names = None
    send_as: str | None = None
    tls_ca: str | None = None
    tls_cert: str | None = None
    tls_key: str | None = None

    def settings(self) -> dict[str, Any]:
        """Return what was given, by the recipe's keys."""
        named = {
            "send.to": self.send,
            "send.aet": self.send_as,
            "send.tls_ca": self.tls_ca,
            "send.tls_cert": self.tls_cert,
            "send.tls_key": self.tls_key,
        }
        return {key: value for key, value in named.items() if value is not None}


DEFAULT_SENDS = SendFlags()


def run(
    recipe: Path,
    *paths: Paths,
    where: SpreadFlags,
    overrides: LimitFlags = DEFAULT_OVERRIDES,
    sends: SendFlags = DEFAULT_SENDS,
    pseudonymise: Annotated[bool, Switch] = False,
    rtstruct: Rtstruct = "",
    json: Annotated[bool, Switch] = False,
    loudness: Loudness = DEFAULT_LOUDNESS,
) -> int:
    """Work through all cases as a recipe says; what is done and unchanged is skipped.

    Each case becomes one folder of the output, whole or not there. A case that fails, hangs or
    takes a worker down costs itself only. Stopped at any moment, the same command goes on.

    For example:
        rtvol run liver.toml exports/ -o out -j 8
        rtvol run liver.toml exports/ -o out --shard $SLURM_ARRAY_TASK_ID/16

    Parameters
    ----------
    recipe
        The recipe, a TOML file (`rtvol recipe new`).
    pseudonymise
        Name cases by a salted hash (salt: RTVOL_SALT).
    json
        One JSON line on stdout for each case that is finished.
    """
    from rtvol.batch.run import RunJob
    from rtvol.batch.store.layout import Place, parse_shard
    from rtvol.cli import extras, gather, kernels, privacy, screen
    from rtvol.cli.deliveries import Deliveries
    from rtvol.errors import UsageError
    from rtvol.recipe.jobs import limits_of, of_results, study_job
    from rtvol.recipe.read import read_recipe
    from rtvol.verbs.region_rows import refuse_unreadable

    if where.jobs < 1:
        raise UsageError("bad-call", where="--jobs", seen=str(where.jobs), mend="a number from 1")
    resolved = read_recipe(recipe, flags={**_flags(overrides), **sends.settings()})
    place = Place(where.output, parse_shard(where.shard))
    deliveries = Deliveries.of(resolved.recipe, place, loudness)
    spread = _spread(where)
    if not loudness.quiet:
        screen.tell(*_laid_over(resolved))
    if resolved.recipe.output.report:
        extras.need("report", ("jinja2",))
    cases = gather.gather(paths, loudness, pseudonymise=pseudonymise, rtstruct=rtstruct)
    study, cases = _joined(study_job(resolved.recipe, hide=pseudonymise), cases, loudness)
    if study.dvh is not None:
        refuse_unreadable(cases.cases, study.dvh.rois, [one.name for one in study.aliases])
    job = RunJob(study, of_results(resolved.recipe), privacy.lasting_salt(loudness))
    kernels.note_first_call("distance", loudness)
    limits = limits_of(resolved.recipe, where.jobs)
    batch = _Batch(cases, job, place, deliveries, json=json, loudness=loudness)
    return batch.work(spread, limits, overwrite=where.overwrite)


def _joined(
    study: "StudyJob", cases: "Gathered", loudness: Loudness
) -> "tuple[StudyJob, Gathered]":
    """Join structure sets that are phases of one patient: one case, made of all of them."""
    from rtvol.cli.gather import tell_findings
    from rtvol.verbs.motion import joined_cases, joined_note, phases_of

    if study.expand is None or not study.expand.itv:
        return study, cases
    phases = phases_of(cases.cases, study.expand.itv)
    for name, main in phases.joined.items():
        tell_findings(name, [joined_note(main)], loudness)
    expand = replace(study.expand, phases=phases)
    return replace(study, expand=expand), replace(cases, cases=joined_cases(phases))


@dataclass
class _Batch:
    """One call of `rtvol run` once everything is read."""

    cases: "Gathered"
    job: "RunJob"
    place: "Place"
    deliveries: "Deliveries"
    json: bool
    loudness: Loudness
    counts: "Counts | None" = None

    def work(self, spread: "Spread", limits: Any, *, overwrite: bool) -> int:
        """Work through the cases, say what became of them, and return the exit code."""
        from rtvol.batch.run import run_batch
        from rtvol.cli.gather import tell_findings
        from rtvol.cli.progress import Counts
        from rtvol.cli.screen import tell

        def planned(plan: "RunPlan") -> None:
            self.counts = Counts(len(plan.tasks) + len(plan.done), len(plan.done))
            if not self.loudness.quiet:
                tell(*_plan_lines(plan))
            for entry in plan.done:
                self.deliveries.send(entry)

        entries = run_batch(
            self.cases.cases,
            self.job,
            self.place,
            spread=spread,
            limits=limits,
            notice=lambda finding: tell_findings("", [finding], self.loudness),
            planned=planned,
            overwrite=overwrite,
        )
        rejected: list[JournalEntry] = []
        with stopping():
            try:
                rejected += [one for one in self._followed(entries) if one.status == "reject"]
            except KeyboardInterrupt:
                tell("stopped; the same command goes on from here")
                return 130
        self._account()
        _tell_rejected(rejected, self.cases, self.loudness)
        codes = {code for entry in rejected for code in _codes(entry)}
        return 70 if "internal-error" in codes else int(bool(rejected or self.deliveries.failed))

    def _account(self) -> None:
        """Write what became of every file, and tell how many were not used."""
        from rtvol.batch.run import entries_of
        from rtvol.batch.store.layout import FILES_NAME
        from rtvol.batch.tasks import told_of
        from rtvol.cli.facts import file_entries, tell_files
        from rtvol.files import write_text
        from rtvol.tables.document import document_json
        from rtvol.verbs.output import inputs_from
        from rtvol.version import __version__

        known = entries_of(self.place)
        told = [told_of(files, known.get(files.name)) for files in self.cases.cases]
        entries = file_entries(told, self.cases)
        document = {"schema": "rtvol/files@1", "rtvol": __version__, "files": entries}
        document["inputs"] = inputs_from(self.cases.paths, self.place.folder)
        path = self.place.folder / FILES_NAME
        write_text(path, document_json(document) + "\n", overwrite=True)
        tell_files(entries, self.loudness)

    def _followed(self, entries: "Iterator[JournalEntry]") -> "Iterator[JournalEntry]":
        """Pass entries on while saying how far the run is."""
        import itertools

        from rtvol.cli import screen
        from rtvol.cli.progress import follow

        first = list(itertools.islice(entries, 1))  # the plan is made, and told, before it
        if self.counts is None:
            return
        for entry in follow(itertools.chain(first, entries), self.counts, self.loudness):
            sent = self.deliveries.send(entry)
            if self.json:
                screen.show(json_line(entry, sent))
            yield entry


def _flags(overrides: LimitFlags) -> dict[str, Any]:
    named = {f"limits.{name}": value for name, value in vars(overrides).items()}
    return {name: value for name, value in named.items() if value is not None}


def _spread(where: SpreadFlags) -> "Spread":
    from rtvol.batch.pool import in_pool
    from rtvol.errors import UsageError

    if where.executor == "local":
        if where.scheduler is not None:
            mend = "--executor dask"
            raise UsageError("bad-call", where="--scheduler", seen="--executor local", mend=mend)
        return in_pool
    if where.scheduler is None:
        mend = "--scheduler tcp://HOST:8786"
        raise UsageError("bad-call", where="--executor dask", seen="no --scheduler", mend=mend)
    from rtvol.batch.cluster import on_scheduler

    return on_scheduler(where.scheduler)


def _laid_over(resolved: "Resolved") -> "list[str]":
    """Say which settings are not the recipe's own words."""
    return [
        f"note: {name} = {value} ({origin})"
        for name, value, origin in resolved.lines()
        if origin not in {"recipe", "default"}
    ]


def _plan_lines(plan: "RunPlan") -> "list[str]":
    parts = [f"{len(plan.tasks)} cases to do"]
    parts += [f"{len(plan.done)} done before and unchanged"] if plan.done else []
    parts += [f"{plan.changed} changed"] if plan.changed else []
    parts += [f"{plan.retried} tried again"] if plan.retried else []
    lines = [", ".join(parts)]
    if plan.elsewhere:
        lines.append(f"note: results of {plan.elsewhere} cases not found here stay in the output")
    return lines


def json_line(entry: "JournalEntry", sent: "Sequence[Delivery]" = ()) -> str:
    """Return what became of a case as one line of JSON."""
    import json

    from rtvol.tables.document import finding_entries

    shown = {
        "case": entry.case,
        "status": entry.status,
        "folder": entry.folder,
        "seconds": entry.seconds,
        "peak_mb": entry.peak_mb,
        "findings": [
            one for notes in (False, True) for one in finding_entries(entry.noticed(), notes=notes)
        ],
        **({"sent": [one.document() for one in sent]} if sent else {}),
    }
    return json.dumps(shown)


def _codes(entry: "JournalEntry") -> "list[str]":
    return [finding.code for finding in entry.noticed() if finding.severity == "error"]


def _tell_rejected(
    rejected: "Sequence[JournalEntry]", cases: "Gathered", loudness: Loudness
) -> None:
    """Name each failed case once, then count the reasons."""
    from rtvol.cli.gather import tell_findings
    from rtvol.cli.privacy import hidden
    from rtvol.cli.screen import tell

    by_name = {files.name: files for files in cases.cases}
    for entry in sorted(rejected, key=lambda entry: entry.case):
        errors = [one for one in entry.noticed() if one.severity == "error"]
        if cases.hide:
            errors = [hidden(one, by_name[entry.case]) for one in errors]
        tell_findings(entry.case, errors, loudness)
    if rejected and not loudness.quiet:
        counts = Counter(code for entry in rejected for code in _codes(entry))
        tell(
            f"failed: {', '.join(f'{n} {code}' for code, n in counts.most_common())}",
            "again: the same command (done cases are skipped)    list: rtvol status OUT --failed",
        )


@contextmanager
def stopping() -> "Iterator[None]":
    """Let SIGTERM end a run as Ctrl-C does, while the block runs."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
