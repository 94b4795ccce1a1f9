"""Case facts as a JSON document and as text: for `rtvol scan` and `rtvol inspect`."""

from __future__ import annotations

import shlex
from collections import Counter, defaultdict
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Protocol

from rtvol.cli import gather
from rtvol.cli.screen import clean, indent, number, table, tell, volume
from rtvol.tables.document import finding_entries
from rtvol.version import __version__

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from rtvol.case import LeftOut
    from rtvol.cli.gather import Gathered, Outcome
    from rtvol.cli.layout import ScreenTable
    from rtvol.cli.options import Loudness
    from rtvol.cli.screen import Part
    from rtvol.errors import Finding
    from rtvol.verbs.inspect import CaseFacts, DoseFacts, GridFacts


def facts_document(
    schema: str, cases: Sequence[CaseFacts], found: Gathered, *, show_phi: bool
) -> dict[str, object]:
    """Return the document of `--json`; patients only with `show_phi`."""
    return {
        "schema": schema,
        "rtvol": __version__,
        "findings": finding_entries(found.findings, notes=False),
        "notes": finding_entries(found.findings, notes=True),
        "cases": [_case_entry(facts, show_phi=show_phi) for facts in cases],
        "files": file_entries(cases, found),
    }


def _case_entry(facts: CaseFacts, *, show_phi: bool) -> dict[str, object]:
    entry = asdict(replace(facts, unused=()))
    del entry["unused"]
    entry["findings"] = finding_entries(facts.findings, notes=False)
    entry["notes"] = finding_entries(facts.findings, notes=True)
    patient = entry.pop("patient")
    if show_phi:
        entry["patient"] = patient
    return entry


class Read(Protocol):
    """What every verb tells of the files of a case."""

    @property
    def status(self) -> str:
        """Accept, warn or reject."""

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What was noticed; of a rejected case the last says why."""

    @property
    def unused(self) -> tuple[LeftOut, ...]:
        """Files of the case that were left aside."""


def file_entries(cases: Sequence[Read], found: Gathered) -> list[dict[str, object]]:
    """Return for each file what it is, of which cases, and why it is not used where it is not."""
    # the sets of phases belong to the case they are joined to
    names = {one.rtstruct: files.name for files in found.cases for one in (files, *files.phases)}
    why: dict[Path, list[tuple[str, str]]] = defaultdict(list)
    for files, case in zip(found.cases, cases, strict=True):
        if case.status == "reject":
            for path in files.paths:
                why[path].append(
                    (case.findings[-1].code, "the case it was paired with is rejected")
                )
        for one in case.unused:
            why[one.path].append((one.code, one.reason))
    entries = []
    for fate in found.files:
        reasons = why[fate.path]
        code, reason = (fate.code, fate.reason)
        owners = list(dict.fromkeys(names[owner] for owner in fate.cases))
        if reasons and len(reasons) >= len(owners):
            code, reason = reasons[0]
        entry = {"file": fate.name, "kind": fate.kind, "cases": owners, "used": not code}
        entries.append({**entry, "code": code, "reason": reason})
    return entries


def finish(
    results: Sequence[Outcome], entries: Sequence[dict[str, object]], loudness: Loudness
) -> int:
    """End as all commands do, with what became of the files; returns the exit code."""
    code = gather.finish(results, loudness)
    tell_files(entries, loudness)
    return code


def tell_files(entries: Sequence[dict[str, object]], loudness: Loudness) -> None:
    """Tell how many files were used, and which were not, where any was not or with -v."""
    if not loudness.quiet and (loudness.verbose or not all(one["used"] for one in entries)):
        tell(file_lines(entries, verbose=loudness.verbose))


def file_lines(entries: Sequence[dict[str, object]], *, verbose: bool) -> str:
    """Return how many files were used, and why not the others; each of them with `verbose`."""
    left = [one for one in entries if not one["used"]]
    counts = Counter(str(one["code"]) for one in left)
    head = f"{len(entries)} files: {len(entries) - len(left)} used"
    if left:
        why = ", ".join(f"{count} {code}" for code, count in counts.most_common())
        head += f", {len(left)} not ({why})"
        head += "" if verbose else "; each of them with -v or --json"
    shown = [f"  {one['file']} [{one['code']}] {one['reason']}" for one in left] if verbose else []
    return "\n".join(clean(line) for line in (head, *shown))


def grid_text(grid: GridFacts | None) -> str:
    """Return `512x512x151, 0.98x0.98x2.00 mm`: columns, rows, planes, as planning systems do."""
    if grid is None:
        return "-"
    voxels = "x".join(str(count) for count in reversed(grid.voxels))
    spacing = "x".join(f"{step_mm:.2f}" for step_mm in reversed(grid.spacing_mm))
    return f"{voxels}, {spacing} mm"


def images_text(facts: CaseFacts) -> str:
    """Return the grid of the images, and what they are where they are no CT."""
    return f"{facts.modality} " * (facts.modality not in ("", "CT")) + grid_text(facts.ct)


def prescription_text(facts: CaseFacts) -> str:
    """Return `45 Gy / 3`; `-` for what the plan does not say."""
    if facts.plan is None:
        return "-"
    dose = "-" if facts.prescription_gy is None else f"{facts.prescription_gy:g}"
    return f"{dose} Gy / {'-' if facts.fractions is None else facts.fractions}"


def dose_text(dose: DoseFacts) -> str:
    """Return one dose in a line: what it sums, where, and its maximum."""
    return f"RTDOSE {dose.summation or '?'}, {grid_text(dose.grid)}, max {number(dose.max_gy)} Gy"


def patient_text(facts: CaseFacts) -> str:
    """Return the identity as stored, for `--show-phi`."""
    patient = facts.patient
    if patient is None:
        return "-"
    return f"{patient.name}, ID {patient.patient_id}, born {patient.birth_date or '-'}"


def scan_table(cases: Sequence[CaseFacts], *, show_phi: bool) -> ScreenTable:
    """Return one row per case."""
    head = ("case", "status", "position", "CT", "ROIs", "doses", "plan", "GTVs")
    grid = table(*head, *(("patient",) if show_phi else ()), numbers=("ROIs", "doses"))
    for facts in cases:
        cells = [clean(facts.case), facts.status, facts.patient_position or "-"]
        cells += [images_text(facts), str(facts.roi_count), str(facts.dose_count)]
        cells += [prescription_text(facts), clean(", ".join(facts.gtvs)) or "-"]
        if show_phi:
            cells.append(clean(patient_text(facts)))
        grid.add_row(*cells)
    return grid


def inspect_page(facts: CaseFacts, folder: Path, *, show_phi: bool) -> list[Part]:
    """Return one case in full: what is there, every ROI, and the command that comes next."""
    head = f"{clean(facts.case)}  {facts.status}"
    if facts.status == "reject":
        return [head]
    images = f"{facts.modality or 'CT'} {grid_text(facts.ct)}"
    parts: list[Part] = [f"{head}  {images}, {facts.patient_position}"]
    if show_phi:
        parts.append(f"  patient {clean(patient_text(facts))}")
    parts.append(f'  {facts.form} "{clean(facts.structure_set)}", {facts.roi_count} ROIs')
    parts += [f"  {clean(dose_text(dose))}" for dose in facts.doses]
    if facts.plan is not None:
        parts.append(f'  RTPLAN "{clean(facts.plan)}", {prescription_text(facts)}')
    numbers = ("cc", "stored cc", "planes", "holes")
    grid = table("ROI", "type", *numbers, numbers=numbers)
    for roi in facts.rois:
        grid.add_row(
            clean(roi.name),
            clean(roi.kind) or "-",
            volume(roi.volume_cc),
            volume(roi.stored_volume_cc),
            str(roi.planes),
            str(roi.holes) if roi.holes else "-",
        )
    parts += [indent(grid), next_line(facts, folder), ""]
    return parts


def next_line(facts: CaseFacts, folder: Path) -> str:
    """Return the command to go on with, naming the targets it would take."""
    command = f"rtvol expand {shlex.quote(str(folder))}"
    chosen = "".join(f" --gtv {shlex.quote(name)}" for name in facts.gtvs)
    if not chosen:
        return f"  no ROI is a GTV by type or name. next: {command} --gtv ROI --ctv 2 --ptv 4"
    return f"  next: {clean(command + chosen)} --ctv 2 --ptv 4"
