"""Which regions a call means: by exact name, by type, by pattern; never by guess."""

from __future__ import annotations

import difflib
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from rtvol.errors import CaseRejected

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rtvol.structures import Roi, StructureSet

#: How many similar names an error lists.
NEAR_NAMES = 3
#: How many names an error lists when none is similar.
LISTED_NAMES = 8


def near_names(name: str, known: Sequence[str]) -> tuple[str, ...]:
    """Return the known names most like `name`, ignoring case, best first."""
    folded = {other.casefold(): other for other in reversed(known)}
    wanted = name.casefold()
    near = difflib.get_close_matches(wanted, folded, n=NEAR_NAMES, cutoff=0.6)
    near += [key for key in folded if wanted in key or key in wanted]
    return tuple(folded[key] for key in dict.fromkeys(near))[:NEAR_NAMES]


def find_roi(structures: StructureSet, name: str) -> Roi:
    """Return the one region that `name` means, contours and all.

    The exact name wins; a name that differs in case only is taken when no other one does.

    Raises
    ------
    CaseRejected
        `roi-not-found` (near names listed), `roi-ambiguous`, `roi-empty`.
    """
    hits = [roi for roi in structures.rois if roi.name == name]
    hits = hits or [roi for roi in structures.rois if roi.name.casefold() == name.casefold()]
    if not hits:
        raise _not_found(structures, name)
    if len(hits) > 1:
        found = ", ".join(f'"{roi.name}" (number {roi.number})' for roi in hits)
        raise CaseRejected(
            "roi-ambiguous",
            where=f'"{name}" in {_describe(structures)}',
            seen=found,
            mend="give the exact name, or rename one of them in the planning system",
        )
    if hits[0].refusal is not None:
        why = hits[0].refusal
        raise CaseRejected(why.code, where=why.where, seen=why.seen, mend=why.mend)
    if hits[0].is_empty:
        raise CaseRejected(
            "roi-empty",
            where=f'ROI "{hits[0].name}" in {_describe(structures)}',
            seen="a name without a closed contour",
            mend="choose another ROI, or draw it and export again",
        )
    return hits[0]


def choose_gtvs(structures: StructureSet, names: Sequence[str]) -> tuple[Roi, ...]:
    """Return the gross tumour volumes: those named, else those the file itself calls GTV.

    Without names these are the regions of type GTV, else those whose name starts with GTV
    (ignoring case). An empty region among drawn ones is left to its `roi-empty` finding.

    Raises
    ------
    CaseRejected
        `roi-not-found`, `roi-ambiguous` or `roi-empty`.
    """
    if names:
        return tuple(find_roi(structures, name) for name in dict.fromkeys(names))
    typed = [roi for roi in structures.rois if roi.kind == "GTV"]
    called = typed or [roi for roi in structures.rois if roi.name.casefold().startswith("gtv")]
    if not called:
        raise _not_found(structures, "GTV", option="--gtv ")
    drawn = [roi.name for roi in called if not roi.is_empty]
    return tuple(find_roi(structures, name) for name in drawn or [called[0].name])


def match_rois(structures: StructureSet, patterns: Sequence[str]) -> tuple[Roi, ...]:
    """Return the regions that names or glob patterns (`GTV*`) mean, in file order, drawn ones.

    Without patterns: every drawn region. A pattern that is a name is that name only.

    Raises
    ------
    CaseRejected
        As `find_roi`, and `roi-not-found` for a pattern that matches nothing.
    """
    chosen: set[int] = set()
    for pattern in patterns or ("*",):
        index = _matching(structures, pattern)
        if not index:
            roi = find_roi(structures, pattern)
            index = [structures.rois.index(roi)]
        chosen.update(index)
    return tuple(structures.rois[index] for index in sorted(chosen))


def _matching(structures: StructureSet, pattern: str) -> list[int]:
    """Return indices of the drawn regions that a glob pattern matches, none for a name."""
    if pattern in structures.names or not any(sign in pattern for sign in "*?["):
        return []
    folded = pattern.casefold()
    return [
        index
        for index, roi in enumerate(structures.rois)
        if not roi.is_empty and fnmatchcase(roi.name.casefold(), folded)
    ]


def _not_found(structures: StructureSet, name: str, option: str = "") -> CaseRejected:
    near = near_names(name, structures.names)
    listed = near or structures.names[:LISTED_NAMES]
    more = len(structures.names) - len(listed)
    seen = ", ".join(listed) or "no ROI at all"
    if more > 0:
        seen += f" and {more} more"
    mend = f'did you mean {option}"{near[0]}"?' if near else ""
    if not near and option:
        mend = f"say which ROI is meant: {option}NAME"
    return CaseRejected(
        "roi-not-found",
        where=f'"{name}" in {_describe(structures)}',
        seen=seen,
        mend=mend,
    )


def _describe(structures: StructureSet) -> str:
    label = f'"{structures.label}" ' if structures.label else ""
    return f"RTSTRUCT {label}({len(structures.rois)} ROIs)"
