"""Whether the numerical kernels are compiled yet: the first call after install takes longer."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from rtvol.cli.screen import tell

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rtvol.cli.options import Loudness

#: The kernel module that tells whether a job has run before: growing, sampling the dose, comparing.
Kernel = Literal["distance", "dose", "boundary"]

FOLDER = Path(__file__).resolve().parent.parent / "_kernels"


def note_first_call(kernel: Kernel, loudness: Loudness) -> None:
    """Say on stderr that kernels will be compiled, when numba's cache holds none of a module."""
    if not loudness.quiet and not is_compiled(kernel):
        tell("note: compiling once after install; `rtvol warmup` does it beforehand")


def is_compiled(kernel: Kernel) -> bool:
    """Whether numba's cache holds a module's kernels for this Python, newer than their source.

    Numba names an index `MODULE.FUNCTION-LINE.pyXY.nbi`, in NUMBA_CACHE_DIR, beside the source
    or, where that cannot be written, in the user's cache folder.
    """
    source = FOLDER / f"{kernel}.py"
    pattern = f"{kernel}.*.py{sys.version_info.major}{sys.version_info.minor}.nbi"
    written = source.stat().st_mtime
    return any(
        index.stat().st_mtime >= written
        for place in _cache_places()
        for index in place.rglob(pattern)
    )


def _cache_places() -> Iterator[Path]:
    named = os.environ.get("NUMBA_CACHE_DIR")
    if named:
        yield Path(named)
        return
    yield FOLDER / "__pycache__"
    if not os.access(FOLDER, os.W_OK):
        yield Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "numba"
