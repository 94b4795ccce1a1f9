"""One task of a run: one case -> one folder, written whole, and what the journal says of it."""

from __future__ import annotations

import shutil
import tempfile
import time
from dataclasses import asdict, dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from rtvol import codes
from rtvol.batch.keys import content_digest, content_of, key_of, look_of, versions
from rtvol.batch.pool import rejected, settle
from rtvol.batch.store.journal import JournalEntry
from rtvol.batch.store.layout import CURVES_NAME, RECORD_NAME
from rtvol.batch.watch import peak_mb
from rtvol.case import LeftOut
from rtvol.errors import Finding, OutputRefused
from rtvol.files import pseudonym, publish, unwritable
from rtvol.tables.curve_table import CURVES, curves_in
from rtvol.tables.record import Record, write_record
from rtvol.tables.rows import CaseResult
from rtvol.tables.sheet import write_blocks
from rtvol.verbs.study import Studied, study_case
from rtvol.verbs.written import Stamp

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from rtvol.io import CaseFiles
    from rtvol.verbs.study import StudyJob


@dataclass(frozen=True)
class Task:
    """One case to be worked on.

    Attributes
    ----------
    files
        Its files.
    folder
        Name of its folder under `cases`.
    look
        Digest of sizes and times of the files when the run was planned.
    source
        Digest of where it lies.
    """

    files: CaseFiles
    folder: str
    look: str
    source: str

    @property
    def name(self) -> str:
        """Name of the case."""
        return self.files.name


@dataclass(frozen=True)
class TaskJob:
    """What is the same for all tasks of a run.

    Attributes
    ----------
    study
        What to do with each case.
    cases, drafts
        Folder of the finished cases, and of those that are being worked on.
    settings
        SHA-256 of recipe and versions.
    salt
        Of the patients' pseudonyms.
    begun
        When the run began: the date in what it writes.
    versions
        Those of the process that planned the run.
    """

    study: StudyJob
    cases: Path
    drafts: Path
    settings: str
    salt: str = field(repr=False)
    begun: datetime
    versions: Mapping[str, str]


def run_task(task: Task, job: TaskJob) -> JournalEntry:
    """Work on one case; its folder appears whole, or is not there.

    Returns
    -------
    JournalEntry
        The line for the journal. A case that cannot be used is a rejected one; nothing of it is
        left.

    Raises
    ------
    OutputRefused
        The output cannot be written, or this process has other versions than the run.
    """
    _check_versions(job)
    begun, now = time.monotonic(), time.time_ns()
    place = job.cases / task.folder
    draft = _new_draft(job.drafts)
    try:
        content = _content(task)
        studied: list[Studied] = []
        result = settle(task.files, partial(_study, task, job, content, draft, studied), rejected)
        if content is None or _changed(task):
            seen = "files were removed, replaced or written to after the run had found them"
            result = rejected(task.files, codes.INPUT_CHANGED.error(where="input", seen=seen))
        entry = JournalEntry(task.name, result.status, source=task.source, settings=job.settings)
        if result.status == "reject" or content is None:
            shutil.rmtree(place, ignore_errors=True)
            entry = replace(entry, findings=tuple(asdict(one) for one in result.findings))
        else:
            _write(draft, replace(studied[0], result=result), job)
            files = file_digests(draft)
            publish(draft, place)
            entry = replace(entry, folder=task.folder, files=files, content=content)
            entry = replace(entry, unused=_unused(result))
        seconds = round(time.monotonic() - begun, 3)
        return replace(
            entry,
            stat=task.look,
            hashed_ns=now,
            seconds=seconds,
            peak_mb=round(peak_mb(), 1),
            at_ns=time.time_ns(),
        )
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def told_of(files: CaseFiles, entry: JournalEntry | None) -> CaseResult:
    """Return what the journal tells of a case: how it ended, and which files it does not use.

    Raises
    ------
    OSError
        A file cannot be read.
    """
    if entry is None:
        return CaseResult.of(files.name, files.findings, structures=())
    if entry.status == "reject":
        return CaseResult.rejected(files.name, entry.noticed())
    known = {one["sha256"]: (one["code"], one["reason"]) for one in entry.unused}
    paths = files.paths if known else ()
    left = [LeftOut(path, *known[d]) for path in paths if (d := content_digest(path)) in known]
    return CaseResult.of(files.name, (), structures=(), unused=left)


def lost_task(task: Task, finding: Finding, *, settings: str) -> JournalEntry:
    """Return the line of a case whose worker died, or whose time was up."""
    result = rejected(task.files, finding)
    return JournalEntry(
        task.name,
        "reject",
        source=task.source,
        settings=settings,
        findings=tuple(asdict(one) for one in result.findings),
        at_ns=time.time_ns(),
    )


def file_digests(folder: Path) -> dict[str, str]:
    """SHA-256 of every file of a folder, by its path in it.

    Raises
    ------
    OSError
        A file cannot be read.
    """
    found = {}
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            found[path.relative_to(folder).as_posix()] = content_digest(path)
    return found


def _unused(result: CaseResult) -> tuple[dict[str, str], ...]:
    """Return files that were left aside by their contents: names may tell of the patient."""
    return tuple(
        {"sha256": content_digest(one.path), "code": one.code, "reason": one.reason}
        for one in result.unused
    )


def _study(
    task: Task, job: TaskJob, content: str | None, draft: Path, studied: list[Studied]
) -> CaseResult:
    stamp = Stamp(job.begun, (key_of(content or "", job.settings), task.name))
    studied.append(study_case(task.files, job.study, draft, stamp))
    return studied[0].result


def _content(task: Task) -> str | None:
    """Digest of the inputs; None when they are not what was found any more."""
    try:
        return None if _changed(task) else content_of(task.files)
    except OSError:
        return None


def _changed(task: Task) -> bool:
    try:
        return look_of(task.files)[0] != task.look
    except OSError:
        return True


def _write(draft: Path, studied: Studied, job: TaskJob) -> None:
    result, given = studied.result, studied.prescribed
    if job.study.with_curves:
        write_blocks(CURVES, curves_in(result), draft / CURVES_NAME)
    words = {"given": "recipe"}
    sources = [
        words.get(by, by)
        for value, by in (
            (given.dose_gy, given.dose_from),
            (given.fractions, given.fractions_from),
        )
        if value is not None
    ]
    # a patient without a number is nobody else's: the case stands for it
    person = ("patient", studied.patient_id) if studied.patient_id else ("case", result.case)
    record = Record(
        result=result,
        patient=f"P{pseudonym(job.salt, *person)}",
        source=pseudonym(job.salt, "source", result.case),
        prescription_gy=given.dose_gy,
        fractions=given.fractions,
        prescribed_by=", ".join(dict.fromkeys(sources)),
        settings=job.settings,
        versions=job.versions,
    )
    write_record(draft / RECORD_NAME, record)


def _new_draft(drafts: Path) -> Path:
    try:
        drafts.mkdir(parents=True, exist_ok=True)
        draft = Path(tempfile.mkdtemp(dir=drafts))
        draft.chmod(0o777 & ~_umask())
    except OSError as error:
        raise unwritable(drafts, error) from error
    return draft


def _umask() -> int:
    """Rights that new files do not get; mkdtemp gives its folder to its owner alone."""
    import os

    mask = os.umask(0)
    os.umask(mask)
    return mask


def _check_versions(job: TaskJob) -> None:
    own = versions()
    differing = [name for name, number in job.versions.items() if own.get(name) != number]
    if differing:
        seen = ", ".join(f"{name} {own.get(name)} for {job.versions[name]}" for name in differing)
        raise OutputRefused("worker-version", where="worker", seen=seen)
