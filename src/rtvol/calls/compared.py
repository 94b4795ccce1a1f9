"""Two drawings compared: `rtvol.compare(case, other)["GTV"].dice`."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rtvol.calls.nouns import html_table
from rtvol.calls.opened import CaseSource, read
from rtvol.errors import CaseRejected, UsageError
from rtvol.names.find import near_names
from rtvol.tables.pairs_table import figures_of
from rtvol.verbs.comparison import CompareJob, compare_read

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rtvol.errors import Finding
    from rtvol.solids.agreement import Agreement
    from rtvol.solids.reading import SolidName
    from rtvol.tables.pairs_table import ComparedCase, PairRow


@dataclass(frozen=True, eq=False)
class Comparison:
    """Pairs of structures and how they agree: `found["GTV"]`, in order by iteration.

    Attributes
    ----------
    result
        Rows as the command gives them, with findings.
    """

    result: ComparedCase

    def __getitem__(self, name: str) -> Agreement:
        """Return how the structure of that name in A agrees with its partner.

        Raises
        ------
        CaseRejected
            `roi-not-found` (near names listed), `no-number` with the reason where there is none.
        """
        row = next((one for one in self.result.pairs if one.a == name), None)
        if row is None:
            seen = ", ".join(near_names(name, [one.a for one in self.result.pairs])) or "others"
            raise CaseRejected("roi-not-found", where=f'"{name}" among the pairs', seen=seen)
        if row.agreement is None:
            raise CaseRejected("no-number", where=f"{row.a} and {row.b}", seen=row.note)
        return row.agreement

    def __iter__(self) -> Iterator[PairRow]:
        return iter(self.result.pairs)

    def __len__(self) -> int:
        return len(self.result.pairs)

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What was noticed."""
        return self.result.findings

    def __repr__(self) -> str:
        made = [f"{row.a} {row.agreement.dice:.3f}" for row in self if row.agreement]
        more = ", ..." if len(made) > SHOWN else ""
        return f"Comparison(Dice: {', '.join(made[:SHOWN])}{more})"

    def _repr_html_(self) -> str:
        figures = figures_of(())
        rows = [
            (row.a, row.b, *(f"{one.get(row.agreement):.3f}" for one in figures))
            for row in self
            if row.agreement
        ]
        return html_table(repr(self), ("A", "B", *(one.name for one in figures)), rows)


#: Pairs that one line names.
SHOWN = 6


def compare(
    case: CaseSource,
    other: CaseSource | None = None,
    *,
    pairs: Mapping[str, str] | Sequence[tuple[str, str]] | None = None,
    rois: str | Sequence[str] = (),
    solid: SolidName = "loft",
    tolerances_mm: Sequence[float] = (2.0,),
    path_tolerance_mm: float = 1.0,
) -> Comparison:
    """Compare drawings of structures: volumes, overlap, surface distances, without voxels.

    Parameters
    ----------
    case
        A: a case, its files, or the path of its folder.
    other
        B, the reference; A itself unless given.
    pairs
        Names or expressions of A and of B, `{"GTV_1": "GTV_2"}`; by default all that are named
        alike.
    rois
        Of those named alike, only what these names or patterns mean in A.
    solid
        "loft": the surface between the contours; "slab": right prisms.
    tolerances_mm, path_tolerance_mm
        Of the surface Dice coefficient, and of the added path length, mm.

    Returns
    -------
    Comparison
        `found["GTV"].dice`, `.mean_mm`, `.p95_mm`, `.largest_mm`, `.surface_dice`, `.shift_mm`.

    Raises
    ------
    UsageError
        `bad-call` with neither another case nor pairs.
    CaseRejected
        `frame-mismatch`, `compare-no-pair`, `roi-not-found`.

    Examples
    --------
    >>> import rtvol
    >>> case = rtvol.read("sample_dicom/patient1")
    >>> found = rtvol.compare(case, pairs={"Kidney_L": "Kidney_R"})
    >>> found["Kidney_L"].dice
    0.0
    >>> [round(mm) for mm in found["Kidney_L"].shift_mm]
    [-92, -5, -5]
    """
    named = tuple(pairs.items()) if isinstance(pairs, Mapping) else tuple(pairs or ())
    if other is None and not named:
        mend = 'rtvol.compare(case, other), or pairs={"GTV_1": "GTV_2"}'
        raise UsageError("bad-call", where="compare", seen="one case and no pairs", mend=mend)
    job = CompareJob(
        pairs=named,
        rois=(rois,) if isinstance(rois, str) else tuple(rois),
        solid=solid,
        tolerances_mm=tuple(tolerances_mm),
        path_tolerance_mm=path_tolerance_mm,
        threads=os.cpu_count() or 1,
    )
    one = read(case)
    return Comparison(compare_read(one, one if other is None else read(other), job))
