"""Where compiled kernels are kept between runs, also where the installation cannot be written."""

from __future__ import annotations

import os
import stat
import tempfile
from pathlib import Path

FOLDER = Path(__file__).resolve().parent


def kept_in() -> Path | None:
    """Return the folder compiled kernels are kept in; None where nothing can be written.

    The first that can be written of NUMBA_CACHE_DIR, the folder beside their source, the user's
    cache folder (numba looks there in this order), and a folder of the user's own among the
    temporary files, for containers without a home.
    """
    named = os.environ.get("NUMBA_CACHE_DIR")
    places = [Path(named)] if named else []
    places += [FOLDER / "__pycache__", user_folder()]
    return next((place for place in places if _can_be_written(place)), None) or own_folder()


def user_folder() -> Path:
    """Where numba keeps what it cannot keep beside the source."""
    cache = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")  # noqa: PTH111
    return Path(cache) / "numba"


def own_folder() -> Path | None:
    """Return the user's folder among the temporary files; None when it is not his alone.

    What is kept is code: a folder that others may write to is not used.
    """
    if not hasattr(os, "getuid"):
        return None
    folder = Path(tempfile.gettempdir()) / f"rtvol-kernels-{os.getuid()}"
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        facts = folder.lstat()
    except OSError:
        return None
    is_own = stat.S_ISDIR(facts.st_mode) and facts.st_uid == os.getuid()
    is_alone = not facts.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
    return folder if is_own and is_alone and _can_be_written(folder) else None


def _can_be_written(folder: Path) -> bool:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=folder).close()
    except OSError:
        return False
    return True
