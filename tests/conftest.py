"""What all tests share: where the data is, which peers must be there, and a fresh interpreter."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import settings

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType

ROOT = Path(__file__).resolve().parent.parent
WITHOUT_JIT = os.environ.get("NUMBA_DISABLE_JIT", "0") not in {"", "0"}
#: Rooms whose tests grow solids: millions of distances each.
COMPILED = frozenset({"margins", "laws"})
ON_CI = os.environ.get("CI", "").lower() in {"1", "true", "yes"}

# A first call compiles a kernel, so a deadline would only measure numba. CI draws the same
# examples every time: a red build must be red for the next person too.
settings.register_profile("rtvol", deadline=None, derandomize=ON_CI, print_blob=True)
settings.load_profile("rtvol")


def pytest_configure(config: pytest.Config) -> None:
    """Divisions by zero are silent in compiled kernels (error_model numpy), not in plain ones."""
    if WITHOUT_JIT:
        config.addinivalue_line("filterwarnings", "ignore::RuntimeWarning:rtvol._kernels")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what takes minutes without the JIT, whole rooms included; skip it there."""
    for item in items:
        if COMPILED.intersection(item.path.relative_to(ROOT).parts):
            item.add_marker(pytest.mark.compiled)
        if WITHOUT_JIT and item.get_closest_marker("compiled"):
            item.add_marker(pytest.mark.skip(reason="takes minutes without the JIT"))


def _absent(what: str) -> None:
    """Skip on a desk; fail on CI, where a missing peer would make the proof silently smaller."""
    if ON_CI:
        pytest.fail(f"{what} is not installed, and CI must have it (requirements.lock, .ci/run)")
    pytest.skip(f"{what} is not installed")


@pytest.fixture(scope="session")
def project_root() -> Path:
    """The folder that holds pyproject.toml."""
    return ROOT


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Real exports, read in place: RTVOL_SHARED_DATA, or shared/data beside the project."""
    named = os.environ.get("RTVOL_SHARED_DATA")  # empty is not named
    folder = Path(named) if named else ROOT.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip("the real exports (shared/data) are not here; RTVOL_SHARED_DATA names them")
    return folder


@pytest.fixture(scope="session")
def sample_dicom() -> Path:
    """The three synthetic patients that come with the project."""
    folder = ROOT / "sample_dicom"
    assert (folder / "truth.json").is_file(), "sample_dicom/truth.json is missing"
    return folder


@pytest.fixture(scope="session")
def require_tool() -> Callable[..., Path]:
    """Find a peer's program (`dciodvfy`, `plastimatch`): skip without it, fail on CI.

    A server is not started to see whether it starts: `server=True`.
    """

    def find(name: str, *, server: bool = False) -> Path:
        named = [str(Path(sys.executable).parent), os.environ.get("PATH", ""), "/usr/sbin"]
        program = shutil.which(name, path=os.pathsep.join(named))
        if program is None:
            _absent(name)
        if server:
            return Path(str(program))
        # A wheel can hold a program whose system library is missing (plastimatch: libgomp1).
        started = subprocess.run(
            [str(program)], stdin=subprocess.DEVNULL, capture_output=True, check=False, timeout=60
        )
        complaint = started.stderr.decode(errors="replace")
        if "error while loading shared libraries" in complaint:
            _absent(f"{name} (does not start: {complaint.strip().splitlines()[-1]})")
        return Path(str(program))

    return find


@pytest.fixture(scope="session")
def require_module() -> Callable[[str], ModuleType]:
    """Import a peer's module (`rt_utils`, `shapely`): skip without it, fail on CI."""

    def load(name: str) -> ModuleType:
        if importlib.util.find_spec(name) is None:
            _absent(name)
        return importlib.import_module(name)

    return load


@pytest.fixture(scope="session")
def fresh_python() -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run code in a new interpreter that has imported nothing; text out, no check of the code."""

    def run(code: str, *arguments: str, **options: Any) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-c", code, *arguments]
        return subprocess.run(
            command, capture_output=True, text=True, timeout=120, check=False, **options
        )

    return run
