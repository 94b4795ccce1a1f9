"""A table of names from what is there: every spelling counted, suggestions to be confirmed."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from rtvol import io
from rtvol.errors import CaseRejected
from rtvol.files import toml_value
from rtvol.names.tg263 import suggest
from rtvol.structures import target_kind

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rtvol.io import CaseFiles


def count_names(cases: Sequence[CaseFiles]) -> tuple[Counter[str], int]:
    """Count in how many structure sets each drawn ROI name is; and how many could not be read."""
    counts: Counter[str] = Counter()
    unread = 0
    for files in cases:
        try:
            structures = io.read_structures(files.rtstruct).structures
        except CaseRejected:
            unread += 1
            continue
        counts.update({roi.name for roi in structures.rois if not roi.is_empty})
    return counts, unread


def alias_table(counts: Counter[str], cases: int) -> str:
    """Return the section [names] of a recipe, each line a suggestion to be confirmed.

    Targets are listed with their counts and never given a meaning.
    """
    return "\n".join(_lines(counts, cases)) + "\n"


def _lines(counts: Counter[str], cases: int) -> Iterator[str]:
    yield f"# Names in {cases} structure sets. Each line is a suggestion: check it, remove its #."
    yield "[names]"
    groups: dict[str, list[str]] = {}
    targets: list[str] = []
    rest: list[str] = []
    for name, _ in sorted(counts.items(), key=lambda pair: (-pair[1], pair[0])):
        canonical = suggest(name)
        if canonical:
            groups.setdefault(canonical, []).append(name)
        else:
            (targets if target_kind(name) else rest).append(name)
    for canonical, names in sorted(groups.items()):
        others = [name for name in names if name != canonical]
        if others:
            seen = " + ".join(str(counts[name]) for name in names)
            yield f"# {_key(canonical)} = {toml_value(others)}    # {seen} cases"
    if targets:
        yield "#"
        yield "# Targets are never guessed. Those that are here, with their cases:"
        yield from (f"#   {toml_value(name)}: {counts[name]}" for name in targets)
    if rest:
        yield "#"
        yield "# Not recognised:"
        yield from (f"#   {toml_value(name)}: {counts[name]}" for name in rest)


def _key(name: str) -> str:
    return name if name.replace("-", "").replace("_", "").isalnum() else toml_value(name)
