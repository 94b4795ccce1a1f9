"""`rtvol compare`: how two drawings of a structure agree."""

import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import Parameter

from rtvol.cli.options import (
    DEFAULT_LOUDNESS,
    DEFAULT_RUN,
    Loudness,
    Names,
    RunFlags,
    Switch,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rtvol.cli.gather import Gathered
    from rtvol.errors import Finding
    from rtvol.tables.pairs_table import ComparedCase
    from rtvol.verbs.comparison import CasePair, CompareJob

Sides = Annotated[
    Path, Parameter(help="A, then B, the reference: folders or files; one with --pair.")
]


@Parameter(name="*")
@dataclass(frozen=True)
class PairFlags:
    """What belongs together.

    Attributes
    ----------
    pair
        NAME_IN_A:NAME_IN_B, names or expressions, as often as wanted; without any, all ROIs that
        are named alike.
    map
        File of pairs: TOML ("GTV_1" = "GTV_2"), or NAME_IN_A,NAME_IN_B on each line.
    roi
        Of those named alike, only this name or pattern of A; as often as wanted.
    """

    pair: Names = None
    map: Path | None = None
    roi: Names = None


@Parameter(name="*")
@dataclass(frozen=True)
class MeasureFlags:
    """How they are compared.

    Attributes
    ----------
    solid
        loft: the surface between the contours; slab: right prisms with level faces.
    caps
        How far the solid goes on beyond its end planes: half a spacing, none, or MM at most.
    tolerance
        Of the surface Dice coefficient, mm; as often as wanted.
    path_tolerance
        Of the added path length, mm, in plane.
    """

    solid: Literal["loft", "slab"] = "loft"
    caps: str = "half"
    tolerance: Annotated[list[float] | None, Parameter(negative="", show_default="2")] = None
    path_tolerance: float = 1.0


@Parameter(name="*")
@dataclass(frozen=True)
class PairTable:
    """Where the rows go.

    Attributes
    ----------
    output
        Table of all pairs, FILE.csv or FILE.parquet; or a page, FILE.html: tables, and of one case
        both outlines on the images.
    overwrite
        Replace the file when it exists.
    """

    output: Annotated[Path | None, Parameter(name=["--output", "-o"])] = None
    overwrite: Annotated[bool, Switch] = False

    @property
    def is_page(self) -> bool:
        """Whether a page is asked for, not a table."""
        return self.output is not None and self.output.suffix.lower() == ".html"

    def check(self) -> None:
        """Refuse what cannot be written, before anything is read.

        Raises
        ------
        UsageError, OutputRefused, ExtraMissing
            As `rtvol.tables.sheet.check_file`; a page needs an extra.
        """
        from rtvol.cli import extras
        from rtvol.tables.sheet import check_file

        if self.output is None:
            return
        endings = (".csv", ".parquet", ".html")
        check_file(self.output, overwrite=self.overwrite, endings=endings)
        if self.is_page:
            extras.need("report", ("jinja2",))


DEFAULT_PAIRS = PairFlags()
DEFAULT_MEASURES = MeasureFlags()
DEFAULT_TABLE = PairTable()


def compare(
    *sides: Sides,
    pairs: PairFlags = DEFAULT_PAIRS,
    how: MeasureFlags = DEFAULT_MEASURES,
    file: PairTable = DEFAULT_TABLE,
    run: RunFlags = DEFAULT_RUN,
    loudness: Loudness = DEFAULT_LOUDNESS,
) -> int:
    """Volumes, overlap and surface distances of two drawings, from contours, without voxels.

    A is held against B, the reference. Folders with many cases are compared case by case, by name
    or by frame of reference. docs/agreement.md defines every number.

    For example:
        rtvol compare case1/RS.auto.dcm case1/RS.physician.dcm
        rtvol compare exports/case1 --pair GTV_1:GTV_2
        rtvol compare auto/ physicians/ --tolerance 1 --tolerance 3 -o agreement.csv
        rtvol compare case1/RS.auto.dcm case1/RS.physician.dcm -o agreement.html
    """
    from rtvol.batch.pool import run_settled
    from rtvol.cli import gather, kernels, screen
    from rtvol.cli.compared_page import compared_page, summary_page
    from rtvol.tables.cohort_summary import summaries
    from rtvol.tables.pairs_table import compare_document
    from rtvol.verbs.comparison import compare_pair

    job = job_of(sides, pairs, how, run)
    file.check()
    found, alone = _matched(sides, run, loudness)
    kernels.note_first_call("boundary", loudness)
    results = run_settled(found, compare_pair, job, reject=rejected_pair, jobs=run.jobs)
    done = [*gather.watch(results, len(found), loudness), *alone]
    rows = summaries(done)
    if file.output is not None:
        noticed = _write(file, done, (found, job), hide=run.pseudonymise)
        gather.tell_findings("", noticed, loudness)
    if run.json:
        screen.show_json(compare_document(done, rows))
    else:
        for result in done:
            screen.show(*compared_page(result))
        if sum(one.status != "reject" for one in done) > 1:
            screen.show(*summary_page(rows))
        if file.output is not None:
            screen.tell(f"wrote {file.output}")
    return gather.finish(done, loudness)


def _write(
    file: PairTable,
    done: "list[ComparedCase]",
    compared: "tuple[tuple[CasePair, ...], CompareJob]",
    *,
    hide: bool,
) -> "tuple[Finding, ...]":
    """Write the table or the page of what was compared; with what was noticed."""
    from rtvol.tables.pairs_table import pairs_in, pairs_sheet
    from rtvol.tables.sheet import write_sheet

    pairs, job = compared
    assert file.output is not None  # noqa: S101 - the caller has asked
    if file.is_page:
        from rtvol.batch.compare_pages import write_compared

        return write_compared(file.output, done, pairs, job, hide=hide)
    table = [list(pairs_in(one)) for one in done]
    write_sheet(pairs_sheet(job.tolerances_mm), table, file.output, overwrite=file.overwrite)
    return ()


def job_of(
    sides: tuple[Path, ...], pairs: PairFlags, how: MeasureFlags, run: RunFlags
) -> "CompareJob":
    """Return the job a call asks for, every word of it checked."""
    from rtvol.errors import UsageError
    from rtvol.names.pairing import parse_pairs, read_pairs
    from rtvol.solids.reading import parse_caps
    from rtvol.verbs.comparison import CompareJob

    named = parse_pairs(pairs.pair or ())
    if pairs.map is not None:
        named += read_pairs(pairs.map)
    mend = "rtvol compare A B, or rtvol compare A --pair NAME:OTHER"
    if len(sides) not in {1, 2}:
        seen = f"{len(sides)} paths where A and B are meant"
        raise UsageError("bad-call", where="compare", seen=seen, mend=mend)
    if len(sides) == 1 and not named:
        seen = "one path, and no pair of names in it"
        raise UsageError("bad-call", where="compare", seen=seen, mend=mend)
    if named and pairs.roi:
        seen = "--roi is for what is named alike; pairs are named, too"
        raise UsageError("bad-call", where="--roi", seen=seen, mend="leave out --roi")
    tolerances = tuple(dict.fromkeys(how.tolerance or (2.0,)))
    for flag, mm in (
        ("--path-tolerance", how.path_tolerance),
        *(("--tolerance", t) for t in tolerances),
    ):
        if not 0 <= mm < float("inf"):
            raise UsageError("bad-call", where=flag, seen=f"{mm:g}", mend="a length from 0 mm")
    return CompareJob(
        pairs=named,
        rois=tuple(pairs.roi or ()),
        solid=how.solid,
        cap_limit_mm=parse_caps(how.caps),
        tolerances_mm=tolerances,
        path_tolerance_mm=how.path_tolerance,
        threads=(os.cpu_count() or 1) if run.jobs == 1 else 1,
    )


def _matched(
    sides: tuple[Path, ...], run: RunFlags, loudness: Loudness
) -> "tuple[tuple[CasePair, ...], list[ComparedCase]]":
    """Cases that belong together, and those that stay alone, as results that say so."""
    from rtvol import codes
    from rtvol.tables.pairs_table import ComparedCase
    from rtvol.verbs.comparison import CasePair, pair_cases

    found = [_found(side, run, loudness) for side in sides]
    if len(found) == 1:
        return tuple(CasePair(files, files) for files in found[0].cases), []
    pairs, left, alone = pair_cases(found[0].cases, found[1].cases)
    lonely = []
    for side, other, cases in (("A", "B", left), ("B", "A", alone)):
        for files in cases:
            seen = f"no case of {other} has its name, and none alone its frame of reference"
            finding = codes.COMPARE_NO_PARTNER.error(where=f"{side}: {files.name}", seen=seen)
            names = (files.name, "") if side == "A" else ("", files.name)
            lonely.append(ComparedCase.of(*names, [finding]))
    return pairs, lonely


def _found(side: Path, run: RunFlags, loudness: Loudness) -> "Gathered":
    """Find the cases of a side; a structure set is found among what lies beside it."""
    from rtvol.cli.gather import gather

    if not side.is_file():
        return gather([side], loudness, pseudonymise=run.pseudonymise, rtstruct=run.rtstruct)
    beside = gather(
        [side.parent],
        replace(loudness, quiet=True),
        pseudonymise=run.pseudonymise,
        rtstruct=str(side),
    )
    own = [files for files in beside.cases if files.rtstruct.resolve() == side.resolve()]
    if not own:
        return gather([side], loudness, pseudonymise=run.pseudonymise)
    return replace(beside, cases=tuple(own))


def rejected_pair(
    pair: "CasePair", finding: "Finding", noticed: "Iterable[Finding]"
) -> "ComparedCase":
    """Return the result of two sets that were not compared."""
    from rtvol.tables.pairs_table import ComparedCase

    return ComparedCase.of(pair.one.name, pair.other.name, (*noticed, finding))
