"""Small exports to run batches over, and batches run in this process."""

from __future__ import annotations

import hashlib
import shutil
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

from naive.exports import RECIPE, write_exports
from rtvol.batch.pool import Limits, here
from rtvol.batch.run import RunJob, run_batch
from rtvol.batch.store.layout import Place, Shard
from rtvol.io import find
from rtvol.recipe.jobs import of_results, study_job
from rtvol.recipe.read import read_recipe

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from rtvol.batch.pool import Spread
    from rtvol.batch.run import RunPlan
    from rtvol.batch.store.journal import JournalEntry
    from rtvol.errors import Finding

#: No targets: little to compute, as much to write.
DOSES = """\
schema = "rtvol/recipe@1"
[dvh]
rois = ["GTV", "Liver"]
metrics = ["D95%", "Mean"]
[output]
write = ["curves"]
"""


@dataclass
class Ran:
    """What a batch did."""

    entries: list[JournalEntry] = field(default_factory=list)
    plans: list[RunPlan] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)

    @property
    def statuses(self) -> dict[str, str]:
        return {entry.case: entry.status for entry in sorted(self.entries, key=lambda e: e.case)}

    @property
    def codes(self) -> list[str]:
        return [finding.code for finding in self.findings]

    @property
    def skipped(self) -> list[str]:
        return [entry.case for entry in self.plans[0].done]


def job_of(recipe: str, folder: Path) -> RunJob:
    path = folder / "recipe.toml"
    path.write_text(recipe)
    found = read_recipe(path, environment={}).recipe
    return RunJob(study_job(found), of_results(found), "salt")


def batch(
    exports: Path,
    out: Path,
    job: RunJob,
    *,
    spread: Spread = here,
    shard: Shard = Shard(),  # noqa: B008 - frozen
    **limits: Any,
) -> Ran:
    """Run a batch to its end."""
    ran = Ran()
    entries = run_batch(
        find([exports]).cases,
        job,
        Place(out, shard),
        spread=spread,
        limits=Limits(**limits),
        notice=ran.findings.append,
        planned=ran.plans.append,
    )
    ran.entries += entries
    return ran


def digests(out: Path) -> dict[str, str]:
    """SHA-256 of every file of the finished cases."""
    cases = out / "cases"
    return {
        path.relative_to(cases).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(cases.rglob("*"))
        if path.is_file()
    }


@pytest.fixture(autouse=True)
def _fixed_date(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")
    monkeypatch.setenv("RTVOL_SALT", "salt")
    monkeypatch.setenv("RTVOL_CONFIG", "/nowhere/recipe.toml")


@pytest.fixture(scope="session")
def twelve(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twelve small patients; tests read them, and copy them to change them."""
    return write_exports(tmp_path_factory.mktemp("twelve") / "exports", 12)


@pytest.fixture
def three(twelve: Path, tmp_path: Path) -> Path:
    """Three patients of one's own."""
    for name in ("case00", "case01", "case02"):
        shutil.copytree(twelve / name, tmp_path / "three" / name)
    return tmp_path / "three"


@pytest.fixture
def doses(tmp_path: Path) -> RunJob:
    """A job without targets."""
    return job_of(DOSES, tmp_path)


@pytest.fixture
def targets(tmp_path: Path) -> RunJob:
    """A job with targets, doses and goals."""
    return job_of(RECIPE, tmp_path)


@pytest.fixture
def recipe_of(tmp_path: Path) -> Callable[[str], RunJob]:
    """Make a job of a recipe's text."""
    return lambda text: job_of(text, tmp_path)
