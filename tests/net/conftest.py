"""A receiver as a user starts it, small exports to push, and what pushes them."""

from __future__ import annotations

import subprocess
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from net_tools import RECIPE, Service, free_port
from rtvol.cli.warmup import write_tiny_patient

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


@pytest.fixture
def receiving(tmp_path: Path) -> Callable[..., Any]:
    """Start receivers; they end with the block."""

    @contextmanager
    def start(*options: str, port: int | None = None) -> Iterator[Service]:
        service = Service(tmp_path / "in", options, port or free_port())
        service.start()
        try:
            yield service
        finally:
            if service.process is not None:
                service.end()

    return start


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny synthetic export: 21 CT, RTSTRUCT, RTPLAN, RTDOSE."""
    folder = tmp_path_factory.mktemp("tiny")
    write_tiny_patient(folder)
    return folder


@pytest.fixture
def recipe(tmp_path: Path) -> Path:
    path = tmp_path / "recipe.toml"
    path.write_text(RECIPE)
    return path


@pytest.fixture
def storescu(require_tool: Callable[..., Path]) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Push files with DCMTK's storescu, which is beside its dcmdump; pynetdicom has one, too."""
    program = require_tool("dcmdump").with_name("storescu")

    def push(port: int, *words: object) -> subprocess.CompletedProcess[str]:
        command = [program, "-aet", "DCMTK", "-aec", "RTVOL", "127.0.0.1", str(port), *words]
        return subprocess.run(
            [str(word) for word in command],
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )

    return push
