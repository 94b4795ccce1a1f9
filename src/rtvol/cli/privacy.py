"""What must not be seen: salts of pseudonyms, and findings without paths and file names."""

from __future__ import annotations

import os
import secrets
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from rtvol.cli.screen import tell
from rtvol.errors import UsageError

if TYPE_CHECKING:
    from rtvol.cli.options import Loudness
    from rtvol.errors import Finding
    from rtvol.io import CaseFiles

#: Environment variable with the salt of the pseudonyms.
SALT_VARIABLE = "RTVOL_SALT"


def lasting_salt(loudness: Loudness) -> str:
    """Return the salt of pseudonyms that must be the same from run to run.

    RTVOL_SALT, else a file of the user's own that is made once, outside any output.

    Raises
    ------
    UsageError
        `no-salt` when there is none and none can be kept.
    """
    salt = os.environ.get(SALT_VARIABLE)
    if salt:
        return salt
    base = os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config"
    path = Path(base) / "rtvol" / "salt"
    try:
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(handle, "w", encoding="ascii") as stream:
                stream.write(secrets.token_hex(16))
            if not loudness.quiet:
                tell(
                    f"note: made the salt of patients' pseudonyms, {path}; keep it, and to yourself"
                )
        salt = path.read_text(encoding="ascii").strip()
    except OSError as error:
        seen = f"{path}: {error.strerror or type(error).__name__}"
        raise UsageError("no-salt", where=SALT_VARIABLE, seen=seen) from None
    if not salt:
        raise UsageError("no-salt", where=SALT_VARIABLE, seen=f"{path} is empty")
    return salt


def passing_salt(loudness: Loudness) -> str:
    """Return the salt of case names: RTVOL_SALT, else one of this call alone."""
    salt = os.environ.get(SALT_VARIABLE)
    if salt:
        return salt
    if not loudness.quiet:
        tell(f"note: case names are hashes of this run alone; set {SALT_VARIABLE} to keep them")
    return secrets.token_hex(16)


def hidden(finding: Finding, files: CaseFiles) -> Finding:
    """Replace every path and file name of a case in a finding's words."""
    paths = files.named_paths
    words = {str(path) for path in paths} | {path.name for path in paths}
    words |= {str(files.folder), *files.folder.parts[1:]}
    where, seen, mend = (
        _without(text, words) for text in (finding.where, finding.seen, finding.mend)
    )
    return replace(finding, where=where, seen=seen, mend=mend)


def _without(text: str, words: set[str]) -> str:
    for word in sorted(words, key=len, reverse=True):
        text = text.replace(word, "...")
    return text
