"""Whether the numerical kernels are compiled yet: the first call after install takes longer."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Literal

from rtvol._kernels.kept import FOLDER, kept_in
from rtvol.cli.screen import tell

if TYPE_CHECKING:
    from rtvol.cli.options import Loudness

#: The kernel module that tells whether a job has run before: growing, sampling the dose, comparing.
Kernel = Literal["distance", "dose", "boundary"]


def note_first_call(kernel: Kernel, loudness: Loudness) -> None:
    """Say on stderr that kernels will be compiled, when numba's cache holds none of a module."""
    if not loudness.quiet and not is_compiled(kernel):
        tell("note: compiling once after install; `rtvol warmup` does it beforehand")


def is_compiled(kernel: Kernel) -> bool:
    """Whether numba's cache holds a module's kernels for this Python, newer than their source.

    Numba names an index `MODULE.FUNCTION-LINE.pyXY.nbi`.
    """
    place = kept_in()
    if place is None:
        return False
    pattern = f"{kernel}.*.py{sys.version_info.major}{sys.version_info.minor}.nbi"
    written = (FOLDER / f"{kernel}.py").stat().st_mtime
    return any(index.stat().st_mtime >= written for index in place.rglob(pattern))
