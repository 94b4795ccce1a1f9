"""The table of structures: volumes, margins, cuts; one row per structure, the same everywhere."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from rtvol.tables.rows import StructureRow
from rtvol.tables.sheet import (
    CASE,
    PATIENT,
    Column,
    InCase,
    Sheet,
    arrow_table,
    joined,
    write_sheet,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    import pyarrow as pa

    from rtvol.margins.targets import ClipRecord
    from rtvol.tables.rows import CaseResult

AtStructure = InCase[StructureRow]
STATUS: Column[AtStructure] = Column(
    "status", "text", "", "accept, or warn: used with findings", lambda at: at.status
)
#: Statistics of the margin over the whole surface that every table holds.
STATISTICS = {
    "min": "least", "mean": "mean", "p95": "95th percentile of the", "max": "largest"
}  # fmt: skip


def _achieved(key: str, about: str) -> Column[AtStructure]:
    name = f"achieved_margin_{key}_mm"
    return Column(name, "number", "mm", about, lambda at: at.row.achieved_mm.get(key))


def _low(at: AtStructure) -> float | None:
    return at.row.volume.range_cc[0] if at.row.volume.range_cc else None


def _high(at: AtStructure) -> float | None:
    return at.row.volume.range_cc[1] if at.row.volume.range_cc else None


OWN: tuple[Column[AtStructure], ...] = (
    Column("name", "text", "", "name of the structure", lambda at: at.row.name),
    Column("role", "text", "", "gtv, ctv, ptv, ptv_clip or roi", lambda at: at.row.role),
    Column("lesion", "text", "", "the GTV it belongs to", lambda at: at.row.lesion),
    Column("solid", "text", "", "slab or loft: of volume_cc", lambda at: at.row.volume.solid),
    Column("planes", "count", "", "contour planes", lambda at: at.row.volume.planes),
    Column("volume_cc", "number", "cc", "volume of the solid", lambda at: at.row.volume.cc),
    Column(
        "written_volume_cc",
        "number",
        "cc",
        "volume read back from what was written",
        lambda at: at.row.volume.written_cc,
    ),
    Column("volume_low_cc", "number", "cc", "least volume over all readings", _low),
    Column("volume_high_cc", "number", "cc", "largest volume over all readings", _high),
    Column(
        "lost_cc",
        "number",
        "cc",
        "cut away by all organs; by organ in clips",
        lambda at: sum(at.row.lost_cc.values()) if at.row.clips else None,
    ),
    Column(
        "clips", "text", "", "what each organ took", lambda at: joined(map(clip_text, at.row.clips))
    ),
    *(_achieved(key, f"{word} margin over the surface") for key, word in STATISTICS.items()),
    Column(
        "written_name",
        "text",
        "",
        "its name in the structure set written",
        lambda at: at.row.written_name,
    ),
    Column("mask_name", "text", "", "the file of its mask", lambda at: at.row.mask_name),
)
DOSE: tuple[Column[AtStructure], ...] = (
    Column(
        "dose_solid",
        "text",
        "",
        "slab or loft: of the doses",
        lambda at: at.row.dose.solid if at.row.dose else "",
    ),
    Column(
        "dose_caps",
        "text",
        "",
        "ends of that solid",
        lambda at: at.row.dose.caps if at.row.dose else "",
    ),
    Column(
        "dose_interpolation",
        "text",
        "",
        "of the dose between its samples",
        lambda at: at.row.dose.interpolation if at.row.dose else "",
    ),
    Column(
        "dose_axis",
        "text",
        "",
        "physical, BED or EQD2",
        lambda at: at.row.dose.axis if at.row.dose else "",
    ),
)
NOTES: Column[AtStructure] = Column(
    "notes",
    "text",
    "",
    "remarks",
    lambda at: joined(f"{key}: {note}" for key, note in at.row.notes.items()),
)
STRUCTURES: Sheet[AtStructure] = Sheet(
    "structures", "rtvol/structures@2", (CASE, PATIENT, *OWN, NOTES)
)


def structures_in(result: CaseResult, patient: str = "") -> Iterator[AtStructure]:
    """Yield the structures of a case, each with the case it is of."""
    for row in result.structures:
        yield InCase(result.case, result.status, patient, row)


def write_structures(path: Path, results: Sequence[CaseResult], *, overwrite: bool = False) -> None:
    """Write one row per structure of all cases, with all statistics and metrics there are.

    Parameters
    ----------
    path
        The file to make, in a folder that exists.
    results
        Cases in the order to be listed; rejected ones have no row.
    overwrite
        Whether a file that is there already may be replaced.

    Raises
    ------
    OutputRefused
        `output-exists` or `output-unwritable`.
    """
    rows = [list(structures_in(result)) for result in results]
    write_sheet(_wide([at.row for case in rows for at in case]), rows, path, overwrite=overwrite)


def structures_table(results: Sequence[CaseResult]) -> pa.Table:
    """Return the same table in memory, with units in the metadata of its fields."""
    rows = [list(structures_in(result)) for result in results]
    sheet = _wide([at.row for case in rows for at in case])
    return arrow_table(sheet, [at for case in rows for at in case])


def _wide(rows: Sequence[StructureRow]) -> Sheet[AtStructure]:
    """Return the table with a column for each statistic towards a direction, and each metric."""
    statistics = dict.fromkeys(key for row in rows for key in row.achieved_mm)
    more = (_achieved(key, "towards one direction") for key in statistics if key not in STATISTICS)
    moves = map(_motion, dict.fromkeys(key for row in rows for key in row.motion_mm))
    metrics = dict.fromkeys(key for row in rows for key in row.metrics)
    doses = (*(DOSE if metrics else ()), *map(_metric, metrics))
    return replace(STRUCTURES, columns=(CASE, STATUS, *OWN, *more, *moves, *doses, NOTES))


def _motion(key: str) -> Column[AtStructure]:
    about = "how far it moves from the first phase, at most"
    return Column(f"motion_{key}_mm", "number", "mm", about, lambda at: at.row.motion_mm.get(key))


def _metric(key: str) -> Column[AtStructure]:
    unit = key.rpartition("[")[2].removesuffix("]") if key.endswith("]") else ""
    return Column(key, "number", unit, "dose-volume metric", lambda at: at.row.metrics.get(key))


def clip_text(clip: ClipRecord) -> str:
    """Return what an organ took, and how near to the parent it came, in words."""
    text = f"{clip.kind} {clip.organ}, gap {clip.gap_mm:g} mm: {clip.lost_cc:.2f} cc "
    text += f"({clip.lost_percent:.1f} %)"
    if clip.least_mm is not None:
        text += f", least margin {clip.least_mm:.1f} mm"
        text += f" {clip.toward}" if clip.toward else ""
    return text + (", ends at the GTV" if clip.held_by_gtv else "")
