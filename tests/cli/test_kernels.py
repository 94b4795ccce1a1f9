"""The note about compiling is true: there before the first call, gone after it."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any

import pytest

from rtvol._kernels import kept
from rtvol._kernels.kept import FOLDER, kept_in
from rtvol.cli.kernels import is_compiled

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Run = Callable[..., Any]

GROW = ("--ctv", "2", "--ptv", "4", "--dry-run")


def test_a_cache_folder_without_an_index_is_cold(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path))
    for kernel in ("distance", "dose"):
        assert (FOLDER / f"{kernel}.py").is_file()
        assert not is_compiled(kernel)
        index = tmp_path / "x" / f"{kernel}.f-1.py{sys.version_info[0]}{sys.version_info[1]}.nbi"
        index.parent.mkdir(exist_ok=True)
        index.touch()
        assert is_compiled(kernel)
        os.utime(index, (0, 0))
        assert not is_compiled(kernel)


@pytest.mark.parametrize(("command", "words"), [("expand", GROW), ("dvh", ())])
def test_the_first_call_says_that_it_compiles_and_the_next_does_not(
    command: str,
    words: tuple[str, ...],
    rtvol: Run,
    exports: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert rtvol(command, exports, *words).code == 0  # now its kernels are compiled
    assert "compiling" not in rtvol(command, exports, *words).err
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path))
    cold = rtvol(command, exports, *words)
    assert cold.err.count("compiling once after install") == 1
    assert "compiling" not in cold.out
    assert "compiling" not in rtvol(command, exports, *words, "--quiet").err


def test_kernels_are_kept_where_the_user_may_write(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A folder cannot be made below a file: as in an image that is mounted read-only."""
    file = tmp_path / "file"
    file.touch()
    monkeypatch.setattr(kept, "FOLDER", file / "package")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.delenv("NUMBA_CACHE_DIR", raising=False)
    assert kept_in() == tmp_path / "cache" / "numba"
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path / "named"))
    assert kept_in() == tmp_path / "named"
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(file / "named"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(file / "cache"))
    own = kept_in()
    assert own == tmp_path / f"rtvol-kernels-{os.getuid()}"
    own.chmod(0o777)  # anybody could put code there
    assert kept_in() is None


@pytest.mark.parametrize("writable", [True, False])
def test_without_home_and_with_a_read_only_package_it_works(
    tmp_path: Path, fresh_python: Run, *, writable: bool
) -> None:
    """Numba itself refuses to compile where nothing can be kept."""
    file = tmp_path / "file"
    file.touch()
    code = f"""
import tempfile
from pathlib import Path
from numba.core import caching
from rtvol._kernels import kept
kept.FOLDER = Path({str(file)!r}) / "package"
caching.InTreeCacheLocator.from_function = classmethod(lambda *_: None)
tempfile.tempdir = {str(tmp_path if writable else file)!r}
if not {writable}:
    kept.tempfile.gettempdir = lambda: {str(file)!r}
from rtvol._kernels.depth import depth_at
import numpy as np
square = np.array([[0.0, 0.0], [2.0, 0.0], [2.0, 2.0], [0.0, 2.0]])
print(depth_at(1.0, 1.0, square, np.array([0, 4]), 0, 1))
"""
    environment = {**os.environ, "XDG_CACHE_HOME": str(file / "cache")}
    environment.pop("NUMBA_CACHE_DIR", None)
    done = fresh_python(code, env=environment)
    assert done.returncode == 0, done.stderr
    assert float(done.stdout) == 1.0
    assert bool(list(tmp_path.rglob("*.nbi"))) is writable
