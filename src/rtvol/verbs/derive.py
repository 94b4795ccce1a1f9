"""One case from files to structures that are defined by expressions, written as contours."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING, Literal

from rtvol import _kernels, codes, io
from rtvol.errors import CaseRejected, UsageError, keep_noticed
from rtvol.names.definitions import in_order
from rtvol.names.expressions import Vocabulary, region_read
from rtvol.names.find import is_absent
from rtvol.names.language import parse_expression
from rtvol.names.tg263 import check_names
from rtvol.tables.rows import CaseResult
from rtvol.verbs.given_dose import case_dose
from rtvol.verbs.grounds import ground_of, resampled, setting_of
from rtvol.verbs.made_regions import make_structure
from rtvol.verbs.output import case_output, discard
from rtvol.verbs.terms import Terms
from rtvol.verbs.written import Writing, with_rois, write_structure_files, written_rows

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from rtvol.case import Case
    from rtvol.errors import Finding
    from rtvol.io import CaseFiles
    from rtvol.margins import Derived
    from rtvol.margins.algebra import Tree
    from rtvol.names.definitions import Definition
    from rtvol.names.regions import Part, Region
    from rtvol.verbs.expand import PageMaker
    from rtvol.verbs.written import Written

DEFAULT_TERMS = Terms()
#: Planes may be resampled to so many mm.
SPACINGS_MM = (0.1, 20.0)


@dataclass(frozen=True)
class DeriveJob:
    """What to define in every case of a run.

    Attributes
    ----------
    definitions
        Names and expressions; one may use the others.
    folders
        Output folder of each case by the case's name; None when nothing is to be written.
    write, label, into
        As in `Writing`.
    spacing_mm
        Distance of the planes that contours are written on; None for the images' own.
    doses
        RTDOSE files for isodoses; empty for the one dose of the case.
    terms
        Prescription, for isodoses in %.
    skip_missing
        Whether a case without an ROI that a definition names goes on without that structure.
    page
        Draws a page beside what is written; None for none.

    Raises
    ------
    UsageError
        At birth: `bad-definition`, `bad-expression`, `derive-cycle`, `bad-call`.
    """

    definitions: tuple[Definition, ...]
    folders: Mapping[str, Path] | None = None
    write: tuple[Written, ...] = ("rtstruct",)
    label: str = ""
    into: Literal["new", "same"] = "new"
    spacing_mm: float | None = None
    doses: tuple[Path, ...] = ()
    terms: Terms = DEFAULT_TERMS
    skip_missing: bool = False
    page: PageMaker | None = None

    def __post_init__(self) -> None:
        if not self.definitions:
            mend = 'say what to make: "Ring = (PTV + 20) - (PTV + 5)"'
            raise UsageError("bad-call", where="derive", seen="no definition", mend=mend)
        in_order(self.definitions)
        low, high = SPACINGS_MM
        if self.spacing_mm is not None and not low <= self.spacing_mm <= high:
            seen, mend = (
                f"{self.spacing_mm} mm",
                f"a distance of planes from {low:g} to {high:g} mm",
            )
            raise UsageError("bad-call", where="--spacing", seen=seen, mend=mend)

    @property
    def writing(self) -> Writing:
        """What is written, and what the set is called."""
        said = "; ".join(map(str, self.definitions))
        names = " ".join(one.name for one in self.definitions)
        return Writing(self.write, self.label or "rtvol derive", f"rtvol {names}", said, self.into)


def derive_case(files: CaseFiles, job: DeriveJob) -> CaseResult:
    """Read a case, make its structures, write them, and return one row per structure.

    Raises
    ------
    CaseRejected
        The case gets no number, and nothing of it is left in its output folder.
    OutputRefused
        The output cannot be written.
    """
    if job.folders is not None:
        discard(job.folders[files.name])
    _kernels.load()
    case = io.read_case(files)
    with keep_noticed(case.findings):
        return derive_read(case, job)[0]


def derive_read(case: Case, job: DeriveJob) -> tuple[CaseResult, tuple[Derived, ...]]:
    """Do the same for a case that is read already, and return the structures themselves too."""
    made, findings = case_structures(case, job)
    drawn = [one for one in made if one.roi.contours]
    rows = written_rows(made, case, job.writing)

    def result(written: Sequence[Finding] = ()) -> CaseResult:
        noticed = (*case.findings, *findings, *written)
        return CaseResult.of(case.name, noticed, structures=rows, unused=case.unused)

    if job.folders is None or not drawn or not (job.write or job.page):
        return result(), made
    with case_output(job.folders[case.name]) as draft:
        written = list(write_structure_files(draft, case, drawn, job.writing))
        if job.page is not None:
            shown = with_rois(case, [one.roi for one in drawn])
            written += job.page(draft, shown, result(written), None, None)
    return result(written), made


def case_structures(case: Case, job: DeriveJob) -> tuple[tuple[Derived, ...], tuple[Finding, ...]]:
    """Make the structures that a job defines, in the order given; without contours for nothing.

    Raises
    ------
    CaseRejected
        `derived-name-taken`; `roi-not-found` and its like for a name in a definition; `no-dose`
        and its like for an isodose.
    """
    _refuse_taken(case, job.definitions)
    defined: dict[str, Tree[Part]] = {}
    made: dict[str, Derived] = {}
    findings: list[Finding] = list(_names_said(job.definitions))
    for one in in_order(job.definitions):
        words = Vocabulary(case.structures, defined=defined)
        try:
            read = parse_expression(one.expression, words.known)
            region = replace(region_read(one.expression, read, words), name=one.name)
            structure, noticed = _made(case, job, region, one.expression)
        except UsageError as fault:  # what the names of one case make of an expression
            finding = fault.at(f"derived {one.name}").finding
            raise CaseRejected(
                finding.code, where=finding.where, seen=finding.seen, mend=finding.mend
            ) from None
        except CaseRejected as fault:
            if not job.skip_missing or not is_absent(fault):
                raise fault.at(f"derived {one.name}") from None
            findings.append(fault.at(f"derived {one.name}, left out").finding.as_warning())
            continue
        defined[one.name] = region.tree
        made[one.name] = structure
        findings += noticed
    ordered = tuple(made[one.name] for one in job.definitions if one.name in made)
    return ordered, tuple(dict.fromkeys(findings))


def _made(
    case: Case, job: DeriveJob, region: Region, text: str
) -> tuple[Derived, tuple[Finding, ...]]:
    setting, noticed = setting_of(case, region.rois)
    if job.spacing_mm is not None:
        setting = resampled(setting, job.spacing_mm)
    ground = ground_of(case, job.terms, cache(lambda: case_dose(case, job.doses)), setting)
    is_resampled = job.spacing_mm is not None
    made, findings = make_structure(region, text, ground, setting, is_resampled=is_resampled)
    return made, (*noticed, *findings)


def _refuse_taken(case: Case, definitions: Sequence[Definition]) -> None:
    taken = {name.casefold(): name for name in case.structures.names}
    for one in definitions:
        if one.name.casefold() in taken:
            raise CaseRejected(
                "derived-name-taken",
                where=f"derived {one.name}",
                seen=f'the case has an ROI "{taken[one.name.casefold()]}"',
            )


def _names_said(definitions: Sequence[Definition]) -> Iterator[Finding]:
    """Say which names break TG-263, and how."""
    for checked in check_names([one.name for one in definitions]):
        if checked.faults:
            seen = "; ".join(checked.faults)
            yield codes.NAME_NOT_TG263.warn(where=f'"{checked.name}"', seen=seen)
