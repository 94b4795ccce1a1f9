"""Small synthetic exports to run commands on, and commands run to their end."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from rtvol.cli import main
from rtvol.cli.warmup import write_tiny_patient

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@dataclass(frozen=True)
class Ran:
    """How a command ended and what it said."""

    code: int
    out: str
    err: str


@pytest.fixture
def rtvol(capsys: pytest.CaptureFixture[str]) -> Callable[..., Ran]:
    """Run `rtvol ...` in this process."""

    def run(*words: object) -> Ran:
        code = main([str(word) for word in words])
        captured = capsys.readouterr()
        return Ran(code, captured.out, captured.err)

    return run


@pytest.fixture(scope="session")
def tiny_patient(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One tiny synthetic patient: Liver, GTV, Duodenum 13 mm beside it, a Gaussian dose."""
    folder = tmp_path_factory.mktemp("tiny")
    write_tiny_patient(folder)
    return folder


@pytest.fixture
def exports(tiny_patient: Path, tmp_path: Path) -> Path:
    """A tree with one case, `good`, that a test may add to and break."""
    folder = tmp_path / "exports"
    shutil.copytree(tiny_patient, folder / "good")
    return folder
