"""The page of drawings compared: what was compared is read once more, to be drawn."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from rtvol import io
from rtvol.batch.keys import content_digest, versions
from rtvol.batch.pages import unnamed
from rtvol.errors import CaseRejected
from rtvol.files import write_text
from rtvol.report.compare_page import DrawnPair, ShownPairs, compare_page
from rtvol.verbs.comparison import named_pairs
from rtvol.verbs.organs_meant import structure_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from rtvol.case import Case
    from rtvol.errors import Finding
    from rtvol.names.regions import Region
    from rtvol.structures import Roi
    from rtvol.tables.pairs_table import ComparedCase
    from rtvol.verbs.comparison import CasePair, CompareJob


def write_compared(
    path: Path,
    done: Sequence[ComparedCase],
    pairs: Sequence[CasePair],
    job: CompareJob,
    *,
    hide: bool = False,
) -> tuple[Finding, ...]:
    """Write the page of what was compared: pictures of one case, tables of several.

    Parameters
    ----------
    path
        The page.
    done
        What became of the cases.
    pairs, job
        The files that were compared, and how.
    hide
        Whether nothing that names a file may be on it.

    Returns
    -------
    What was noticed while it was drawn.

    Raises
    ------
    OutputRefused
        The file cannot be written.
    ExtraMissing
        jinja2 is not installed.
    """
    told = list(done)
    if hide:
        told = [replace(one, findings=tuple(map(unnamed, one.findings))) for one in done]
    shown = None
    origin = [("Versions", ", ".join(f"{name} {number}" for name, number in versions().items()))]
    if len(done) == 1 and done[0].status != "reject":
        ((pair,), (compared,)) = pairs, done
        one = io.read_case(pair.one)
        other = one if pair.other is pair.one else io.read_case(pair.other)
        shown = ShownPairs(one, other, tuple(_drawn_pairs(one, other, compared, job)))
        origin += [
            (f"RTSTRUCT {side}", f"SHA-256 {content_digest(case.source)}")
            for side, case in (("A", one), ("B", other))
        ]
    html, findings = compare_page(told, shown, origin)
    write_text(path, html, overwrite=True)
    return findings


def _drawn_pairs(
    one: Case, other: Case, compared: ComparedCase, job: CompareJob
) -> Iterator[DrawnPair]:
    """Yield the structures of each pair that has numbers; expressions are made structures first."""
    pairs, _ = named_pairs(one, other, job)
    for pair, row in zip(pairs, compared.pairs, strict=True):
        if pair.regions is None or row.agreement is None:
            continue
        a, b = pair.regions
        try:
            yield DrawnPair(row, _roi(one, a), _roi(other, b))
        except CaseRejected:  # numbers it has: a part of an expression alone cannot be drawn
            continue


def _roi(case: Case, region: Region) -> Roi:
    return region.roi if region.roi is not None else structure_of(case, region, region.name)[0]
