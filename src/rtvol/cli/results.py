"""Case results as tables on the screen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rtvol.cli.layout import Prose
from rtvol.cli.screen import clean, indent, number, table, volume
from rtvol.dvh.grammar import DEFINITIONS
from rtvol.dvh.shifts import HELD
from rtvol.margins.achieved import DIRECTIONS

if TYPE_CHECKING:
    from rtvol.cli.screen import Part
    from rtvol.dvh.shifts import ShiftSpan
    from rtvol.margins.targets import ClipRecord
    from rtvol.tables.rows import CaseResult, StructureRow

#: The margin a target reached: least, mean, 95th percentile and largest over its surface.
MARGIN, STATISTICS = "margin min/mean/95%/max mm", ("min", "mean", "p95", "max")
#: What prints as 0.00 cc.
NOTHING_CC = 0.005
ROLES = {"gtv": "GTV", "ctv": "CTV", "ptv": "PTV", "ptv_clip": "PTV^clip", "roi": "ROI"}


def head_line(result: CaseResult) -> str:
    """Return `case1  accept`, with the codes of the findings."""
    codes = dict.fromkeys(finding.code for finding in result.findings)
    return f"{clean(result.case)}  {result.status}" + "".join(f"  [{code}]" for code in codes)


def target_page(result: CaseResult) -> list[Part]:
    """Return the targets of a case: volumes, margins reached, what organs took, doses if any."""
    if not result.structures:
        return [_prose(result, head_line(result))]
    numbers = ("cc", "written cc", "planes", MARGIN, "cut cc")
    grid = table("structure", "role", *numbers, numbers=numbers)
    for row in result.structures:
        if row.target is None:  # an organ, here for its dose alone
            continue
        reached = [number(row.achieved_mm[key]) for key in STATISTICS if key in row.achieved_mm]
        grid.add_row(
            clean(row.name),
            ROLES[row.role],
            volume(row.volume.cc),
            volume(row.volume.written_cc),
            str(row.volume.planes),
            "/".join(reached) or "-",
            volume(sum(row.lost_cc.values())) if row.clips else "-",
        )
    lines = (_prose(result, line) for line in (*clip_lines(result), _sum_line(result)))
    page = [_prose(result, head_line(result)), indent(grid), *lines, *margin_table(result)]
    if any(row.dose for row in result.structures):
        return [*page, "", *dose_parts(result)]
    return [*page, *(_prose(result, line) for line in note_lines(result))]


def margin_table(result: CaseResult) -> list[Part]:
    """Return the margins reached towards each direction: least and mean."""
    grid = table("margin min/mean mm", *DIRECTIONS, numbers=DIRECTIONS)
    for row in result.structures:
        reached = row.achieved_mm if row.target is not None else {}
        cells = [
            f"{number(reached[f'{toward}_min'])}/{number(reached[f'{toward}_mean'])}"
            if f"{toward}_min" in reached
            else "-"
            for toward in DIRECTIONS
        ]
        if any(cell != "-" for cell in cells):
            grid.add_row(clean(row.name), *cells)
    return ["", indent(grid)] if grid.rows else []


def _prose(result: CaseResult, line: str) -> Prose:
    """Return a line for the screen in which names of the case stay whole."""
    rows = result.structures
    names = [result.case, *(row.name for row in rows)]
    names += [clip.organ for row in rows for clip in row.clips]
    return Prose(line, tuple(map(clean, names)))


def derived_page(result: CaseResult) -> list[Part]:
    """Return structures made of others: volumes of solid and contours, and how sure they are."""
    head = _prose(result, head_line(result))
    if not result.structures:
        return [head]
    numbers = ("cc", "written cc", "range cc", "planes")
    grid = table("structure", *numbers, "solid", numbers=numbers)
    for row in result.structures:
        grid.add_row(
            clean(row.name),
            volume(row.volume.cc),
            volume(row.volume.written_cc),
            _span(row.volume.range_cc),
            str(row.volume.planes),
            row.volume.solid,
        )
    return [head, indent(grid), *(_prose(result, line) for line in note_lines(result))]


def clip_lines(result: CaseResult) -> list[str]:
    """Return one line per organ that took something; those that took nothing share one."""
    lines = []
    for row in result.structures:
        took = [clip for clip in row.clips if clip.lost_cc >= NOTHING_CC]
        lines += [f"  {clean(row.name)}: {_clip_text(clip)}" for clip in took]
        spared = [_organ(clip) for clip in row.clips if clip.lost_cc < NOTHING_CC]
        if spared:
            lines.append(f"  {clean(row.name)}: nothing to cut at {', '.join(spared)}")
    return lines


def dose_page(result: CaseResult) -> list[Part]:
    """Return structures and their metrics; each absent number has its note below."""
    head = _prose(result, head_line(result))
    return [head, *(dose_parts(result) if result.structures else ())]


def dose_parts(result: CaseResult) -> list[Part]:
    """Return doses under what they are of; volumes are those of the solid that was measured."""
    parts: list[Part] = []
    metrics = tuple(dict.fromkeys(key for row in result.structures for key in row.metrics))
    kinds = {row.dose.axis for row in result.structures if row.dose and row.dose.axis}
    above = [*(f"  {line}" for line in read_as_lines(result)), *prescription_lines(result)]
    parts += [_prose(result, line) for line in above]
    # alpha/beta stands with every number it made
    last = ["dose"] if len(kinds) > 1 else []
    grid = table("structure", "cc", *metrics, *last, numbers=("cc", *metrics))
    for row in result.structures:
        values = (number(row.metrics.get(key), 2) for key in metrics)
        named = [row.dose.axis if row.dose and row.dose.axis else "-"] if last else []
        measured_cc = row.dose.volume_cc if row.dose else row.volume.cc
        grid.add_row(clean(row.name), volume(measured_cc), *values, *named)
        if row.dose and row.dose.range:
            ends = (row.dose.range.get(key) for key in ("Volume[cc]", *metrics))
            grid.add_row("  range", *(_span(end) for end in ends))
        if row.dose and row.dose.shift_mm:
            spans = (row.dose.shift.get(key) for key in metrics)
            grid.add_row(f"  shift {row.dose.shift_mm:g} mm", "", *map(_shifted, spans))
    below = [*note_lines(result), *definition_lines(result), *shift_lines(result)]
    notes = [_prose(result, line) for line in below]
    return [*parts, indent(grid), *notes, *comparison_table(result)]


def read_as_lines(result: CaseResult) -> list[str]:
    """Return how contours and dose were read for the metrics: once, where it is one way."""
    parts = [row.dose for row in result.structures if row.dose]
    kinds = {part.axis for part in parts if part.axis}
    dose = f"{kinds.pop()} dose" if len(kinds) == 1 else "dose as named"
    ways = dict.fromkeys((part.solid, part.caps, part.interpolation) for part in parts)
    return [f"{solid}, caps {caps}, {dose}, {how}" for solid, caps, how in ways]


def prescription_lines(result: CaseResult) -> list[str]:
    """Return what is prescribed to the targets, with BED and EQD2, equal ones once."""
    targets: dict[str, list[str]] = {}
    for row in result.structures:
        if note := row.notes.get("prescription"):
            targets.setdefault(note, []).append(clean(row.name))
    return [f"  prescription, {', '.join(names)}: {note}" for note, names in targets.items()]


def definition_lines(result: CaseResult) -> list[str]:
    """Return which definition each index in the table follows."""
    given = {key for row in result.structures for key, value in row.metrics.items() if value}
    return [f"  {key} = {text}" for key, text in DEFINITIONS.items() if key in given]


def shift_lines(result: CaseResult) -> list[str]:
    """Return what a shift means, what is not shifted, and why some metrics have none."""
    shifted = [(row, row.dose) for row in result.structures if row.dose and row.dose.shift_mm]
    if not shifted:
        return []
    lines = [f"  shift: lowest..highest over 26 directions and none; {HELD}"]
    moving = {key for _, dose in shifted for key in dose.shift}
    if left := sorted({key for _, dose in shifted for key in dose.metrics} - moving):
        lines.append(f"  shift: not of {', '.join(left)}")
    for row, dose in shifted:
        absent = {key: span.note for key, span in dose.shift.items() if span.note}
        lines += [f"  {clean(row.name)} {key}, shifted: {note}" for key, note in absent.items()]
    return lines


def _shifted(span: ShiftSpan | None) -> str:
    """Return `41.20 L..52.90 RA`: least and greatest, and towards where."""
    if span is None or span.low is None:
        return "-"
    ends = ((span.low, span.low_toward), (span.high, span.high_toward))
    return "..".join(f"{number(end, 2)} {way}".rstrip() for end, way in ends)


def _span(ends: tuple[float, float] | None) -> str:
    return "-" if ends is None else f"{number(ends[0], 2)}..{number(ends[1], 2)}"


def comparison_table(result: CaseResult) -> list[Part]:
    """Return our values beside stored ones, when a comparison was asked for."""
    rows = [
        (row.name, one)
        for row in result.structures
        for one in (row.dose.comparison if row.dose else ())
    ]
    if not rows:
        return []
    numbers = ("rtvol", "stored", "%")
    grid = table("structure", "quantity", *numbers, "verdict", numbers=numbers)
    for name, one in rows:
        values = (number(one.ours, 3), number(one.stored, 3), number(one.percent, 1))
        grid.add_row(clean(name), one.quantity, *values, one.verdict)
    return ["", indent(grid)]


def note_lines(result: CaseResult) -> list[str]:
    """Return one line per note, with the structures and the metrics it is about."""
    names: dict[tuple[str, str], list[str]] = {}
    for row in result.structures:
        for note, keys in _keys_by_note(row).items():
            names.setdefault((", ".join(keys), note), []).append(clean(row.name))
    return [f"  {', '.join(rows)} {keys}: {clean(note)}" for (keys, note), rows in names.items()]


def _keys_by_note(row: StructureRow) -> dict[str, list[str]]:
    keys: dict[str, list[str]] = {}
    for key, note in row.notes.items():
        # prescriptions stand above the table, definitions once below it
        own = note.removesuffix(DEFINITIONS.get(key, "")).removesuffix("; ")
        if own and key != "prescription":
            keys.setdefault(own, []).append(key)
    return keys


def _organ(clip: ClipRecord) -> str:
    return f"{clean(clip.organ)} {clip.gap_mm:+g} mm"


def _clip_text(clip: ClipRecord) -> str:
    """Return what an organ took, how near the parent that came, and what of it the organ holds."""
    text = f"{clip.kind} {_organ(clip)} took {volume(clip.lost_cc)} cc"
    text += f" ({number(clip.lost_percent)} %)"
    if clip.held_by_gtv:
        text += ", down to the GTV, whose surface ends the target there"
    elif clip.least_mm is not None:
        text += f", least margin {number(clip.least_mm)} mm"
        text += f" {clip.toward}" if clip.toward else ""
    touched = (("CTV", clip.ctv_touched_cc), ("GTV", clip.gtv_touched_cc))
    held = [f"{volume(cc)} cc of the {name}" for name, cc in touched if cc >= NOTHING_CC]
    if not held:
        return text
    listed = " and ".join(held)
    return (
        f"{text}; {listed} lie outside it"
        if clip.kind == "inside"
        else f"{text}; it holds {listed}"
    )


def _sum_line(result: CaseResult) -> str:
    lesions = len({row.lesion for row in result.structures if row.lesion})
    line = f"  cumulative PTV {volume(result.cumulative_ptv_cc)} cc"
    if lesions > 1:
        line += f", sum {volume(result.sum_ptv_cc)} cc of {lesions} lesions"
    return line
