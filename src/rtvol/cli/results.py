"""Case results as tables on the screen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rtvol.cli.screen import clean, indent, number, table, volume

if TYPE_CHECKING:
    from rich.console import RenderableType

    from rtvol.tables import CaseResult, ClipRow, StructureRow

#: The margin a target reached: least, mean and 95th percentile over its surface.
MARGIN, STATISTICS = "margin min/mean/95% mm", ("min", "mean", "p95")
#: What prints as 0.00 cc.
NOTHING_CC = 0.005
ROLES = {"gtv": "GTV", "ctv": "CTV", "ptv": "PTV", "ptv_clip": "PTV^clip", "roi": "ROI"}


def head_line(result: CaseResult) -> str:
    """Return `case1  accept`, with the codes of the findings."""
    codes = dict.fromkeys(finding.code for finding in result.findings)
    return f"{clean(result.case)}  {result.status}" + "".join(f"  [{code}]" for code in codes)


def target_page(result: CaseResult) -> list[RenderableType]:
    """Return the targets of a case: volumes, margins reached, doses if any, what organs took."""
    if not result.structures:
        return [head_line(result)]
    metrics = tuple(dict.fromkeys(key for row in result.structures for key in row.metrics))
    numbers = ("cc", "written cc", "planes", MARGIN, *metrics, "cut cc")
    grid = table("structure", "role", *numbers, numbers=numbers)
    for row in result.structures:
        reached = [number(row.achieved_mm[key]) for key in STATISTICS if key in row.achieved_mm]
        grid.add_row(
            clean(row.name),
            ROLES[row.role],
            volume(row.volume_cc),
            volume(row.written_volume_cc),
            str(row.planes),
            "/".join(reached) or "-",
            *(number(row.metrics.get(key), 2) for key in metrics),
            volume(sum(row.lost_cc.values())) if row.clips else "-",
        )
    lines = [*clip_lines(result), _sum_line(result), *note_lines(result)]
    return [head_line(result), indent(grid), *lines]


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


def dose_page(result: CaseResult) -> list[RenderableType]:
    """Return structures and their metrics; each absent number has its note below."""
    parts: list[RenderableType] = [head_line(result)]
    if not result.structures:
        return parts
    metrics = tuple(dict.fromkeys(key for row in result.structures for key in row.metrics))
    grid = table("structure", "cc", *metrics, numbers=("cc", *metrics))
    for row in result.structures:
        values = (number(row.metrics.get(key), 2) for key in metrics)
        grid.add_row(clean(row.name), volume(row.volume_cc), *values)
    return [*parts, indent(grid), *note_lines(result)]


def note_lines(result: CaseResult) -> list[str]:
    """Return one line per note, equal notes of one structure once."""
    return [
        f"  {clean(row.name)} {', '.join(keys)}: {clean(note)}"
        for row in result.structures
        for note, keys in _keys_by_note(row).items()
    ]


def _keys_by_note(row: StructureRow) -> dict[str, list[str]]:
    keys: dict[str, list[str]] = {}
    for key, note in row.notes.items():
        keys.setdefault(note, []).append(key)
    return keys


def _organ(clip: ClipRow) -> str:
    return f"{clean(clip.organ)} {clip.gap_mm:+g} mm"


def _clip_text(clip: ClipRow) -> str:
    """Return what an organ took, how near the parent that came, and what of it the organ holds."""
    text = f"{clip.kind} {_organ(clip)} took {volume(clip.lost_cc)} cc"
    text += f" ({number(clip.lost_percent)} %)"
    if clip.least_margin_mm:
        direction = min(clip.least_margin_mm, key=lambda name: clip.least_margin_mm[name])
        text += f", least margin {number(clip.least_margin_mm[direction])} mm {direction}"
    touched = (("CTV", clip.ctv_touched_cc), ("GTV", clip.gtv_touched_cc))
    held = [f"{volume(cc)} cc of the {name}" for name, cc in touched if cc >= NOTHING_CC]
    return text + (f"; it holds {' and '.join(held)}" if held else "")


def _sum_line(result: CaseResult) -> str:
    lesions = len({row.lesion for row in result.structures if row.lesion})
    line = f"  cumulative PTV {volume(result.cumulative_ptv_cc)} cc"
    if lesions > 1:
        line += f", sum {volume(result.sum_ptv_cc)} cc of {lesions} lesions"
    return line
