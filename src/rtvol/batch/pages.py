"""Pages of cases: what a verb found, what is drawn beside it, and where it all comes from."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from rtvol import io
from rtvol.batch.keys import content_digest, versions
from rtvol.codes import CODES
from rtvol.errors import CaseRejected, keep_noticed
from rtvol.io.identity import made_from
from rtvol.margins.achieved import DIRECTIONS
from rtvol.names.regions import region_of
from rtvol.report.case_files import PageFiles, write_pages
from rtvol.report.case_page import set_stage
from rtvol.report.shown import ShownCase, ShownDose, ShownTarget
from rtvol.verbs.dose_margins import (
    InnerTarget,
    by_direction,
    drawn_targets,
    margin_entry,
    margins_round,
    parse_level,
)
from rtvol.verbs.look import beside, look_at
from rtvol.verbs.output import PAGE_NAME

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from rtvol.batch.outputs import MadeCase
    from rtvol.case import Case
    from rtvol.errors import Finding
    from rtvol.io import CaseFiles
    from rtvol.margins import PatientTargets, TargetRecipe
    from rtvol.tables.rows import CaseResult
    from rtvol.verbs.dose_volume import DvhJob
    from rtvol.verbs.look import Beside

#: The isodose whose distance from targets is on a page: what margin recipes are about (van Herk).
MARGIN_LEVEL = "95 %"


@dataclass(frozen=True)
class PageMaking:
    """How pages are made: called by a verb for each case (`rtvol.verbs.expand.PageMaker`).

    Attributes
    ----------
    origin
        What was asked for: name and text.
    recipe
        Margins that targets are made with; None where they are drawn.
    show_phi
        Whether the patient's name, ID and birth date are shown.
    hide
        Whether nothing that names a file may be on a page: findings are then told by their code.
    """

    origin: tuple[tuple[str, str], ...] = ()
    recipe: TargetRecipe | None = None
    show_phi: bool = False
    hide: bool = False

    def __call__(
        self,
        folder: Path,
        case: Case,
        result: CaseResult,
        targets: PatientTargets | None,
        job: DvhJob | None,
    ) -> tuple[Finding, ...]:
        """Draw the page of a case into a folder."""
        return self.draw(PageFiles(folder / PAGE_NAME), case, result, _made(targets), job)

    def draw(
        self,
        files: PageFiles,
        case: Case,
        result: CaseResult,
        targets: tuple[ShownTarget, ...],
        job: DvhJob | None,
    ) -> tuple[Finding, ...]:
        """Write the page of a case, in each form that was asked for.

        Returns
        -------
        What was noticed.

        Raises
        ------
        OutputRefused
            The file cannot be written.
        ExtraMissing
            jinja2 or matplotlib is not installed.
        """
        if self.hide:
            result = replace(result, findings=tuple(map(unnamed, result.findings)))
        known = beside(case, result, job, [target.roi for target in targets])
        result = replace(result, structures=known.own)
        shown = ShownCase(
            case,
            result,
            targets,
            ShownDose(known.dose, known.words, known.prescription_gy),
            known.rows,
            {} if self.recipe is None else _asked(self.recipe),
            tuple(self._origin(case)),
            _patient(case) if self.show_phi else "",
            self._margins(case, result, targets, known),
        )
        stage, findings = set_stage(shown)
        write_pages(stage, files)
        return findings

    def _margins(
        self, case: Case, result: CaseResult, targets: tuple[ShownTarget, ...], known: Beside
    ) -> tuple[Mapping[str, Any], ...]:
        """Return asked, achieved and dosimetric margins as `rtvol margin dose --json` has them."""
        if known.dose is None:
            return ()
        level = parse_level(MARGIN_LEVEL)
        if self.recipe is not None and any(target.role != "roi" for target in targets):
            inners = list(_made_inners(self.recipe, targets, result))
        else:
            inners = drawn_targets(case)
        gy = level.amount / 100 * (known.prescription_gy or 0.0)
        return tuple(map(margin_entry, margins_round(case, inners, known.dose, (level, gy))))

    def _origin(self, case: Case) -> list[tuple[str, str]]:
        made = [f"{name} {number}" for name, number in versions().items()]
        lines = [("Versions", ", ".join(made))]
        lines += self.origin
        lines.append(("RTSTRUCT", f"SHA-256 {content_digest(case.source)}"))
        if case.ct is not None:
            files = dict.fromkeys(one.path for one in case.ct.slices)
            digests = list(map(content_digest, files))
            whole = hashlib.sha256("".join(digests).encode()).hexdigest()
            text = f"{len(digests)} files, SHA-256 of their SHA-256 in the order of planes {whole}"
            lines.append((f"{case.ct.modality} images", text))
        for dose in case.doses:
            for path in dose.planes or (dose.path,):
                lines.append(("RTDOSE", f"SHA-256 {content_digest(path)}"))
        return lines


@dataclass(frozen=True)
class PageJob:
    """The page of a case as it is drawn.

    Attributes
    ----------
    making
        How it is made.
    dvh
        Doses and goals on it.
    paths
        Its files, by the case's name.
    """

    making: PageMaking
    dvh: DvhJob
    paths: Mapping[str, PageFiles]


def page_of_case(files: CaseFiles, job: PageJob) -> CaseResult:
    """Read a case and write the page of its structures as they are drawn.

    Raises
    ------
    CaseRejected
        The case gets no number.
    OutputRefused
        The page cannot be written.
    """
    case = io.read_case(files)
    with keep_noticed(case.findings):
        result = look_at(case, job.dvh)
        noticed = job.making.draw(job.paths[files.name], case, result, (), job.dvh)
    return result.noticing(noticed)


@dataclass(frozen=True)
class MadePageJob:
    """Pages of cases whose targets were made before.

    Attributes
    ----------
    pages
        How they are made, which dose they show, and where they go.
    made
        What was made, by the case's name.
    """

    pages: PageJob
    made: Mapping[str, MadeCase]


def page_of_made(files: CaseFiles, job: MadePageJob) -> CaseResult:
    """Read a case and the targets once made of it, and write their page.

    Raises
    ------
    CaseRejected
        `results-of-others`, `no-contours-written`, or the case gets no number.
    OutputRefused
        The page cannot be written.
    """
    case = io.read_case(files)
    made = job.made[files.name]
    if not made.rtstruct.is_file():
        raise CaseRejected("no-contours-written", where=made.rtstruct.name, seen="it is not there")
    written = io.read_structures(made.rtstruct)
    if case.structures.sop_uid not in made_from(written.header):
        seen = "the structure set there was made from another one"
        raise CaseRejected("results-of-others", where=made.rtstruct.name, seen=seen)
    rois = {roi.name: roi for roi in written.structures.rois}
    targets = tuple(
        ShownTarget(row.name, row.role, row.lesion, replace(roi, name=row.name))
        for row in made.result.structures
        if (row.target is not None or row.role != "roi")
        and (roi := rois.get(row.written_name)) is not None
    )
    noticed = job.pages.making.draw(
        job.pages.paths[files.name], case, made.result, targets, job.pages.dvh
    )
    return made.result.noticing(noticed)


def _made(targets: PatientTargets | None) -> tuple[ShownTarget, ...]:
    structures = targets.structures if targets is not None else ()
    return tuple(
        ShownTarget(one.name, one.role, one.lesion, one.roi, one.level) for one in structures
    )


def _asked(recipe: TargetRecipe) -> dict[str, str]:
    """Return the margins of a recipe in words, by role."""
    ptv = f"{recipe.ptv_from.upper()} {recipe.ptv.signed}"
    return {"ctv": f"GTV {recipe.ctv.signed}", "ptv": ptv, "ptv_clip": f"{ptv}, less organs"}


def _made_inners(
    recipe: TargetRecipe, targets: Sequence[ShownTarget], result: CaseResult
) -> Iterator[InnerTarget]:
    """Yield what each lesion's PTV was grown from, with the margin asked for and that reached."""
    reached = {row.name: row.achieved_mm for row in result.structures}
    by_lesion: dict[str, dict[str, ShownTarget]] = {}
    for target in targets:
        by_lesion.setdefault(target.lesion, {})[target.role] = target
    for roles in by_lesion.values():
        outer, inner = roles.get("ptv_clip") or roles.get("ptv"), roles.get(recipe.ptv_from)
        if inner is None or outer is None or not inner.roi.contours:
            continue
        least = reached.get(outer.name, {})
        achieved = {way: least[f"{way}_min"] for way in DIRECTIONS if f"{way}_min" in least}
        asked = by_direction(recipe.ptv)
        yield InnerTarget(region_of(inner.roi), outer.name, asked, achieved)


def unnamed(finding: Finding) -> Finding:
    """Return what a finding means in general, for its own words may name files."""
    code = CODES.get(finding.code)
    return replace(
        finding, where="", seen=code.meaning if code else "", mend=code.mend if code else ""
    )


def _patient(case: Case) -> str:
    who = case.patient
    return f"{who.name}, ID {who.patient_id}, born {who.birth_date or '-'}"
