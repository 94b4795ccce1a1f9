"""The note about compiling is true: there before the first call, gone after it."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any

import pytest

from rtvol.cli.kernels import FOLDER, is_compiled

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
