"""The page docs/messy-exports.md: each kind, what rtvol does with it, what it was tried with."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

import field.kinds  # noqa: F401 - the kinds are registered there
from field.register import KINDS, Kind

HEAD = """# Messy exports

What rtvol does with exports that are not as they should be, by kind. Each kind was met in real
exports or public reports. Each thing under *tried with* is a test of `tests/field`; this page is
made from the register of kinds and from those tests by `make messy`: it tells what is tested.

Three rules hold everywhere:

- **One bad part costs itself only.** A region, an image, a dose or a plan that cannot be used is
  named and left out; a case is rejected only when what was asked for cannot be given.
- **Every file is accounted for.** Each file below a path is used by a case, or named with the
  reason: in groups with counts on the screen, one by one with `-v` and in `--json`.
- **A warning is something to look at.** What was left out on purpose is a note: it is said once,
  stands in `notes` of the documents, and leaves the case accepted."""

GROUPS = {
    "A": "Numbers that would be wrong",
    "B": "Legitimate data",
    "C": "What is said",
    "D": "What is written",
}


def _collected() -> None:
    """Import every test of kinds: each registers its members."""
    for path in sorted(Path(__file__).parent.glob("test_*.py")):
        importlib.import_module(f"field.{path.stem}")


def _entry(kind: Kind) -> list[str]:
    named = ", ".join(f"[`{code}`](codes.md)" for code in kind.codes)
    return [
        "",
        f"### {kind.what[0].upper()}{kind.what[1:]}",
        "",
        f"{kind.does[0].upper()}{kind.does[1:]}.",
        *(["", f"Named {named}."] if named else []),
        "",
        f"Tried with: {'; '.join(kind.tried)}.",
    ]


def page() -> str:
    """Return the page as Markdown."""
    _collected()
    lines = [HEAD]
    for letter, title in GROUPS.items():
        kinds = [kind for number, kind in KINDS.items() if number.startswith(letter)]
        if kinds:
            lines += ["", f"## {title}"]
        for kind in kinds:
            lines += _entry(kind)
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.stdout.write(page())
