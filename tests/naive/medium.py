"""What a planning system burns: a DICOMDIR, and the files it names under short names."""

from __future__ import annotations

import gc
import warnings
from typing import TYPE_CHECKING

from pydicom.fileset import FileSet

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path


def burn(folder: Path, files: Iterable[Path]) -> Path:
    """Write the files to a medium; returns its DICOMDIR."""
    medium = FileSet()
    for path in sorted(files):
        medium.add(path)
    medium.write(folder)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)  # pydicom's, of a folder of its own
        del medium
        gc.collect()
    return folder / "DICOMDIR"
