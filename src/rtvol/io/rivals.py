"""Structure sets of the same images: which one is the case's, and what becomes of the others.

What was drawn (an RTSTRUCT) goes before what was segmented, unless the segmentation is asked for.
Segmentations of the same images are one set: most programs write a file for each segment.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from rtvol import codes
from rtvol.io.fates import Aside, place_of
from rtvol.io.headers import printable
from rtvol.io.listing import listed
from rtvol.io.same import same_regions

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rtvol.errors import Finding
    from rtvol.io.index import Entry
    from rtvol.io.links import Links


@dataclass(frozen=True)
class OneSet:
    """One set of regions: a structure set, or segmentations that belong together."""

    entry: Entry
    joined: tuple[Entry, ...] = ()


def drawn_first(
    structures: Sequence[Entry], entries: Sequence[Entry], wanted: str, asides: list[Aside]
) -> list[Entry]:
    """Return the sets without segmentations of a patient whose RTSTRUCT is here too.

    A segmentation stays where its file is named, it is asked for by `wanted`, or it lies on images
    (among `entries`) of another frame of reference than the patient's structure sets.
    """
    drawn = defaultdict(set)
    for entry in structures:
        if entry.role == "structures":
            drawn[entry.patient_id].add(entry.frame_uid)
    imaged = {(entry.patient_id, entry.frame_uid) for entry in entries if entry.role == "image"}
    kept = []
    for entry in structures:
        is_own = entry.patient_id not in drawn or (
            entry.frame_uid not in drawn[entry.patient_id]
            and (entry.patient_id, entry.frame_uid) in imaged
        )
        is_asked = entry.file.is_named or bool(wanted and _is_wanted(entry, wanted))
        if entry.role == "structures" or is_own or is_asked:
            kept.append(entry)
        else:
            reason = "a segmentation of a patient whose structure set is here; that one is used"
            mend = "name its file, or --rtstruct LABEL, to use the segmentation instead"
            code = "segmentation-not-chosen"
            asides.append(Aside(entry, code, reason, "note", mend))
    return kept


def joined_sets(entries: Sequence[Entry]) -> list[OneSet]:
    """Return sets that were chosen: each structure set by itself, all segmentations as one."""
    drawn = [OneSet(entry) for entry in entries if entry.role == "structures"]
    segmented = [entry for entry in entries if entry.role != "structures"]
    if not segmented:
        return drawn
    # one that is damaged costs its own segments only
    ordered = sorted(segmented, key=lambda e: (e.fault is not None, e.path.as_posix()))
    return [*drawn, OneSet(ordered[0], tuple(ordered[1:]))]


def rival_sets(structures: Sequence[Entry], links: Links) -> list[list[Entry]]:
    """Structure sets of the same images (of the same frame, where there are none)."""
    groups: dict[tuple[str, str, frozenset[object]], list[Entry]] = defaultdict(list)
    for entry in structures:
        referenced = {id(series) for series in links.referenced(entry)}
        own = [series for series in links.own[entry] if id(series) in referenced]
        drawn_on: frozenset[object] = frozenset(map(id, own or links.own[entry]))
        drawn_on = drawn_on or frozenset(entry.series_refs)
        frame = entry.frame_uid or entry.sop_uid
        groups[entry.patient_id, frame, drawn_on].append(entry)
    return list(groups.values())


def _is_wanted(entry: Entry, wanted: str) -> bool:
    """Whether a structure set is called so: by its label, its file's name or its path."""
    words = (entry.set_label.casefold(), entry.path.name.casefold(), entry.path.stem.casefold())
    if wanted.strip().casefold() in words:
        return True
    path = Path(wanted)
    return path.is_file() and path.samefile(entry.path)


def chosen_sets(rivals: list[Entry], wanted: str, asides: list[Aside]) -> list[Entry]:
    """Return the one structure set asked for, or named itself, among rivals; else all of them.

    Of segmentations there may be several: they are one set.
    """
    if len(rivals) == 1:
        return rivals
    chosen = [entry for entry in rivals if wanted and _is_wanted(entry, wanted)]
    how = "another structure set of the same images was asked for"
    if len(chosen) != 1:
        chosen = [entry for entry in rivals if entry.file.is_named]
        how = "another structure set of the same images was named"
    if len(chosen) != 1 and not (chosen and all(entry.role == "segments" for entry in chosen)):
        return _newest_of_equals(rivals, asides)
    for entry in rivals:
        if entry not in chosen:
            mend = "name this one to use it"
            asides.append(Aside(entry, "rtstruct-not-chosen", how, mend=mend))
    return chosen


def _newest_of_equals(rivals: list[Entry], asides: list[Aside]) -> list[Entry]:
    """Return one of structure sets that hold the same regions; else all of them."""
    if not all(same_regions(rivals[0], other) for other in rivals[1:]):
        return rivals
    ordered = sorted(rivals, key=lambda entry: entry.made)
    if ordered[-1].made == ordered[-2].made:
        return rivals
    for entry in ordered[:-1]:
        reason = "an older structure set with the same regions as one found"
        asides.append(Aside(entry, "duplicate-file-skipped", reason, mend="remove the older one"))
    return ordered[-1:]


def ambiguous_sets(rivals: Sequence[Entry], wanted: str) -> Finding:
    """Say that several structure sets were drawn on the same images."""
    shown = listed([f'{place_of(e)} "{e.set_label}"' for e in sorted(rivals, key=place_of)])
    fits = sum(_is_wanted(entry, wanted) for entry in rivals) if wanted else 0
    asked = f'; {fits or "none"} of them is called "{printable(wanted)}"' if wanted else ""
    return codes.AMBIGUOUS_RTSTRUCT.error(
        where="RTSTRUCT",
        seen=f"{len(rivals)} structure sets of the same images: {shown}{asked}",
        mend="choose one with --rtstruct LABEL or FILE, or pass its file with the folder of its "
        "images",
    )
