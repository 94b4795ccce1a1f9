"""Two drawings of each structure, side by side: rows, the table of them, and their document."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from rtvol.errors import status_of
from rtvol.tables.document import finding_entries
from rtvol.tables.sheet import Column, Sheet
from rtvol.version import __version__

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from rtvol.case import LeftOut
    from rtvol.errors import Finding, Status
    from rtvol.solids.agreement import Agreement

SCHEMA = "rtvol/compare@1"


@dataclass(frozen=True)
class PairRow:
    """A structure of A beside one of B; without `agreement`, `note` says why."""

    a: str
    b: str
    agreement: Agreement | None
    note: str = ""


@dataclass(frozen=True)
class ComparedCase:
    """What became of two structure sets; none of their numbers where they were rejected.

    Attributes
    ----------
    case, other
        Names of A and of B.
    status
        As of a `CaseResult`.
    findings
        What was noticed.
    pairs
        A row for each pair.
    unused
        Files of A that were left aside, and why.
    """

    case: str
    other: str
    status: Status
    findings: tuple[Finding, ...] = ()
    pairs: tuple[PairRow, ...] = ()
    unused: tuple[LeftOut, ...] = ()

    @classmethod
    def of(
        cls,
        case: str,
        other: str,
        findings: Iterable[Finding],
        pairs: Iterable[PairRow] = (),
        unused: Iterable[LeftOut] = (),
    ) -> ComparedCase:
        """Return the result whose status is that of its findings."""
        noticed = tuple(dict.fromkeys(findings))
        return cls(case, other, status_of(noticed), noticed, tuple(pairs), tuple(unused))


@dataclass(frozen=True)
class Figure:
    """One number of an agreement: its name, its unit, what it means, and where it is."""

    name: str
    unit: str
    about: str
    get: Callable[[Agreement], float]


#: The numbers that do not depend on a tolerance, in the order of tables.
FIGURES: tuple[Figure, ...] = (
    Figure("a_volume_cc", "cc", "volume of A", lambda at: at.a_cc),
    Figure("b_volume_cc", "cc", "volume of B, the reference", lambda at: at.b_cc),
    Figure("shared_volume_cc", "cc", "volume of what both hold", lambda at: at.shared_cc),
    Figure("dice", "", "2 |A and B| / (|A| + |B|)", lambda at: at.dice),
    Figure("mean_mm", "mm", "mean distance of both surfaces", lambda at: at.mean_mm),
    Figure("p95_mm", "mm", "greater directed 95th percentile", lambda at: at.p95_mm),
    Figure("p95_pooled_mm", "mm", "95th percentile of both together", lambda at: at.pooled_p95_mm),
    Figure("hausdorff_mm", "mm", "greatest distance of the surfaces", lambda at: at.largest_mm),
    Figure("mean_a_to_b_mm", "mm", "mean from A to B", lambda at: at.from_a.mean_mm),
    Figure("mean_b_to_a_mm", "mm", "mean from B to A", lambda at: at.from_b.mean_mm),
    Figure("hausdorff_a_to_b_mm", "mm", "greatest from A to B", lambda at: at.from_a.largest_mm),
    Figure("hausdorff_b_to_a_mm", "mm", "greatest from B to A", lambda at: at.from_b.largest_mm),
    Figure("hausdorff_x_mm", "mm", "where the greatest is, LPS x", lambda at: at.largest_at_mm[0]),
    Figure("hausdorff_y_mm", "mm", "where the greatest is, LPS y", lambda at: at.largest_at_mm[1]),
    Figure("hausdorff_z_mm", "mm", "where the greatest is, LPS z", lambda at: at.largest_at_mm[2]),
    Figure("a_area_cm2", "cm2", "surface of A", lambda at: at.from_a.area_cm2),
    Figure("b_area_cm2", "cm2", "surface of B", lambda at: at.from_b.area_cm2),
    Figure("added_path_mm", "mm", "outline of B that A has not", lambda at: at.added_path_mm),
    Figure("path_mm", "mm", "outline of B in all", lambda at: at.path_mm),
    Figure("shift_left_mm", "mm", "centroid from A to B, left", lambda at: at.shift_mm[0]),
    Figure(
        "shift_posterior_mm", "mm", "centroid from A to B, posterior", lambda at: at.shift_mm[1]
    ),
    Figure("shift_superior_mm", "mm", "centroid from A to B, superior", lambda at: at.shift_mm[2]),
    Figure("shift_mm", "mm", "centroid from A to B", lambda at: at.shift_length_mm),
)


def figures_of(tolerances_mm: Sequence[float]) -> tuple[Figure, ...]:
    """All numbers, with a surface Dice coefficient for each tolerance."""
    return (*FIGURES, *(_surface_dice(mm) for mm in tolerances_mm))


def _surface_dice(mm: float) -> Figure:
    about = f"part of both surfaces within {mm:g} mm of the other"
    return Figure(f"surface_dice_{mm:g}mm", "", about, lambda at: at.surface_dice[mm])


def tolerances_in(cases: Iterable[ComparedCase]) -> tuple[float, ...]:
    """Tolerances in mm that the surface Dice coefficients of some cases are for."""
    rows = (row for case in cases for row in case.pairs if row.agreement)
    return tuple(dict.fromkeys(mm for row in rows for mm in row.agreement.surface_dice))  # type: ignore[union-attr]


AtPair = tuple[ComparedCase, PairRow]


def pairs_sheet(tolerances_mm: Sequence[float]) -> Sheet[AtPair]:
    """Return the table of pairs: one row for each, empty numbers where there are none."""
    texts: tuple[Column[AtPair], ...] = (
        Column("case", "text", "", "case of A", lambda at: at[0].case),
        Column("other_case", "text", "", "case of B", lambda at: at[0].other),
        Column("a", "text", "", "structure of A", lambda at: at[1].a),
        Column("b", "text", "", "structure of B, the reference", lambda at: at[1].b),
        Column(
            "solid",
            "text",
            "",
            "slab or loft",
            lambda at: at[1].agreement and at[1].agreement.solid,
        ),
    )
    note: Column[AtPair] = Column(
        "note", "text", "", "why there is no number", lambda at: at[1].note
    )
    numbers = tuple(map(_column, figures_of(tolerances_mm)))
    return Sheet("compare", SCHEMA, (*texts, *numbers, note))


def _column(figure: Figure) -> Column[AtPair]:
    def read(at: AtPair) -> float | None:
        return None if at[1].agreement is None else figure.get(at[1].agreement)

    return Column(figure.name, "number", figure.unit, figure.about, read)


def pairs_in(case: ComparedCase) -> Iterator[AtPair]:
    """Yield the pairs of a case, each with the case it is of."""
    for row in case.pairs:
        yield case, row


def compare_document(cases: Sequence[ComparedCase], summary: Sequence[Any]) -> dict[str, Any]:
    """Return the one document of `--json`, schema `rtvol/compare@1`.

    Parameters
    ----------
    cases
        In the order to be listed.
    summary
        `rtvol.tables.cohort_summary.Summary` of each pair and number over the cases.
    """
    return {
        "schema": SCHEMA,
        "rtvol": __version__,
        "cases": [_case_entry(case) for case in cases],
        "summary": [asdict(one) for one in summary],
    }


def _case_entry(case: ComparedCase) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "case": case.case,
        "other": case.other,
        "status": case.status,
        "findings": finding_entries(case.findings, notes=False),
        "notes": finding_entries(case.findings, notes=True),
        "pairs": [pair_entry(row) for row in case.pairs],
    }
    return entry


def pair_entry(row: PairRow) -> dict[str, Any]:
    """Return the entry of one pair: its numbers, and the added path plane by plane."""
    entry: dict[str, Any] = {"a": row.a, "b": row.b}
    if row.agreement is None:
        return {**entry, "note": row.note}
    tolerances = tuple(row.agreement.surface_dice)
    numbers = {one.name: one.get(row.agreement) for one in figures_of(tolerances)}
    planes = [asdict(path) for path in row.agreement.paths]
    return {**entry, "solid": row.agreement.solid, **numbers, "planes": planes, "note": row.note}
