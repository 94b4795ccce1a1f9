"""Which regions a call means: by exact name, by type, by pattern; never by guess."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

from rtvol.errors import CaseRejected, UsageError
from rtvol.names.plain import fits, is_one_word, is_pattern, plain
from rtvol.structures import TARGET_KINDS

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from rtvol.structures import Roi, StructureSet

#: Other spellings of names, as a set of goals gives them.
Aliases = Mapping[str, tuple[str, ...]]
NO_ALIASES: Aliases = {}

#: A gap and more behind it: several ROIs in one text.
_GAP_INSIDE = re.compile(r":\s*-?\d+(?:\.\d+)?\s*(?:mm)?\s*[,; ]", re.IGNORECASE)
#: How many similar names an error lists.
NEAR_NAMES = 3


def near_names(name: str, known: Sequence[str]) -> tuple[str, ...]:
    """Return the known names most like `name`, ignoring case, best first."""
    folded = {other.casefold(): other for other in reversed(known)}
    wanted = name.casefold()
    near = difflib.get_close_matches(wanted, folded, n=NEAR_NAMES, cutoff=0.6)
    near += [key for key in folded if wanted in key or key in wanted]
    return tuple(folded[key] for key in dict.fromkeys(near))[:NEAR_NAMES]


def find_roi(structures: StructureSet, name: str, names: Aliases = NO_ALIASES) -> Roi:
    """Return the one region that a name means, contours and all.

    The exact name wins; else `#3`, the region of that number; else the one whose name differs in
    case only, or (never for a target) in case and separators; else the one that an alias fits.

    Raises
    ------
    CaseRejected
        `roi-not-found` (near names listed), `roi-ambiguous`, `roi-empty`.
    """
    hits = _named(structures, name) or _by_alias(structures, name, names)
    if not hits:
        raise _not_found(structures, name)
    if len(hits) > 1:
        found = ", ".join(f'"{roi.name}" (number {roi.number})' for roi in hits)
        raise CaseRejected(
            "roi-ambiguous",
            where=f'"{name}" in {_describe(structures)}',
            seen=found,
            mend=f'give the exact name, or the number: "#{hits[0].number}"',
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


def find_rois(structures: StructureSet, text: str, names: Aliases = NO_ALIASES) -> tuple[Roi, ...]:
    """Return the regions that a name or a pattern means: in `--roi`, goals, recipes, `--gtv`.

    A name is one region, as `find_roi` finds it. Where no region has the name, GTV, CTV, PTV and
    ITV are all drawn regions of that type, and a glob pattern (`GTV*`) all drawn ones it fits.

    Raises
    ------
    CaseRejected
        As `find_roi`.
    """
    if not _named(structures, text):
        hits = typed_targets(structures, text.upper()) or _fitting(structures, text)
        if hits:
            return hits
    return (find_roi(structures, text, names),)


def typed_targets(structures: StructureSet, kind: str) -> tuple[Roi, ...]:
    """Return all drawn regions of a type of target; none for another word."""
    if kind not in TARGET_KINDS:
        return ()
    return tuple(roi for roi in structures.rois if roi.kind == kind and not roi.is_empty)


def is_absent(fault: CaseRejected | UsageError) -> bool:
    """Whether a name was refused because there is nothing of it, not because it is ambiguous."""
    return fault.finding.code in {"roi-not-found", "roi-empty"}


def is_of_one_roi(fault: CaseRejected) -> bool:
    """Whether a name was refused for what its own region is: absent, empty, or not to be read."""
    return fault.finding.code != "roi-ambiguous"


def match_rois(
    structures: StructureSet, texts: Sequence[str], names: Aliases = NO_ALIASES
) -> tuple[Roi, ...]:
    """Return the regions that names or patterns mean, in file order, each once.

    Without any: every drawn region.

    Raises
    ------
    CaseRejected
        As `find_roi`.
    """
    chosen = {id(roi) for text in texts or ("*",) for roi in find_rois(structures, text, names)}
    return tuple(roi for roi in structures.rois if id(roi) in chosen)


def choose_gtvs(structures: StructureSet, texts: Sequence[str]) -> tuple[Roi, ...]:
    """Return the gross tumour volumes: those named, else those the file itself calls GTV.

    Without a text these are the regions of type GTV, else those whose name starts with GTV
    (ignoring case; a prefix as in zGTV says that it is made for something else). An empty region
    among drawn ones is left to its `roi-empty` finding.

    Raises
    ------
    CaseRejected
        `roi-not-found`, `roi-ambiguous` or `roi-empty`.
    """
    if texts:
        found = (roi for text in texts for roi in find_rois(structures, text))
        return tuple(dict.fromkeys(found))
    typed = [roi for roi in structures.rois if roi.kind == "GTV"]
    called = typed or [roi for roi in structures.rois if roi.name.casefold().startswith("gtv")]
    if not called:
        raise _not_found(structures, "GTV", option="--gtv ")
    drawn = tuple(roi for roi in called if not roi.is_empty)
    return drawn or (find_roi(structures, called[0].name),)


def _named(structures: StructureSet, name: str) -> list[Roi]:
    """Regions that bear a name, the strictest reading that any of them fits."""
    # Liver-GTV is no other spelling of Liver_GTV
    folded, bare = name.casefold(), plain(name) if is_one_word(name) else ""
    readings: tuple[Callable[[Roi], bool], ...] = (
        lambda roi: roi.name == name,
        lambda roi: f"#{roi.number}" == name,
        lambda roi: roi.name.casefold() == folded,
        lambda roi: bool(bare) and not roi.is_target and plain(roi.name) == bare,
    )
    hits = (list(filter(reading, structures.rois)) for reading in readings)
    return next(filter(None, hits), [])


def _by_alias(structures: StructureSet, name: str, names: Aliases) -> list[Roi]:
    """Regions that the other spellings of a name fit, whatever their separators."""
    spellings = [plain(one) for one in names.get(name, ())]
    return [
        roi
        for roi in structures.rois
        if any(fits(spelling, plain(roi.name)) for spelling in spellings)
    ]


def _fitting(structures: StructureSet, pattern: str) -> tuple[Roi, ...]:
    if not is_pattern(pattern):
        return ()
    return tuple(roi for roi in structures.rois if not roi.is_empty and fits(pattern, roi.name))


def _not_found(structures: StructureSet, name: str, option: str = "") -> CaseRejected:
    from rtvol.io.listing import names_of

    near = near_names(name, structures.names)
    more = len(structures.names) - len(near)
    if near:
        seen = ", ".join(near) + (f" and {more} more" if more else "")
    else:
        seen = names_of(structures.rois) or "no ROI at all"
    mend = f'did you mean {option}"{near[0]}"?' if near else ""
    if _GAP_INSIDE.search(name):
        mend = "one ROI at a time: repeat the option, as in --avoid Duodenum:3 --avoid Stomach:3"
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
