"""Structures that are defined by others, as a call: what `rtvol derive` makes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rtvol.calls.nouns import html_table, one_roi
from rtvol.calls.opened import CaseSource, PathText, read
from rtvol.recipe.flags import definitions_of, recipe_of_call
from rtvol.recipe.jobs import derive_job
from rtvol.structures import StructureSet
from rtvol.verbs.derive import derive_read
from rtvol.verbs.written import with_rois

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rtvol.case import Case
    from rtvol.errors import Finding
    from rtvol.margins import Derived
    from rtvol.tables.rows import CaseResult


@dataclass(frozen=True, eq=False)
class DerivedSet:
    """Structures made of others: `derived["Ring"]`, in order by iteration.

    Attributes
    ----------
    case
        The case they were made of.
    made
        The structures; one without contours is nothing, 0 cc.
    result
        Rows as the command gives them, with findings.
    """

    case: Case
    made: tuple[Derived, ...]
    result: CaseResult

    def __getitem__(self, name: str) -> Derived:
        """Return the one structure that a name or a pattern means.

        Raises
        ------
        CaseRejected
            `roi-not-found` (near names listed), `roi-ambiguous`, `roi-empty` where nothing is left.
        """
        by_roi = {id(one.roi): one for one in self.made}
        own = StructureSet(tuple(one.roi for one in self.made), "derived")
        return by_roi[id(one_roi(own, name))]

    def __iter__(self) -> Iterator[Derived]:
        return iter(self.made)

    def __len__(self) -> int:
        return len(self.made)

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the structures, in order."""
        return tuple(one.name for one in self.made)

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What was noticed."""
        return self.result.findings

    @property
    def whole(self) -> Case:
        """The case with these structures beside its own."""
        return with_rois(self.case, [one.roi for one in self.made if one.roi.contours])

    def __repr__(self) -> str:
        parts = ", ".join(f"{one.name} {one.volume_cc:.2f} cc" for one in self.made[:6])
        return f"DerivedSet({parts}{', ...' if len(self) > 6 else ''})"

    def _repr_html_(self) -> str:
        rows = [
            (one.name, f"{one.volume_cc:.2f}", f"{one.written_volume_cc:.2f}", str(one.planes))
            for one in self.made
        ]
        return html_table(repr(self), ("structure", "cc", "written cc", "planes"), rows)


def derive(
    case: CaseSource,
    *definitions: str | Mapping[str, str],
    spacing_mm: float | None = None,
    dose: PathText | None = None,
    prescription_gy: float | None = None,
) -> DerivedSet:
    """Make structures of others: rings, skins, unions, isodoses.

    Parameters
    ----------
    case
        A case, its files, or the path of its folder.
    *definitions
        `"Ring = (PTV + 20) - (PTV + 5)"`, or a table of expressions by name; one may use others.
    spacing_mm
        Distance in mm of the planes that contours are on; None for those of the images.
    dose
        RTDOSE that isodoses (`[45 Gy]`) are of, where the case has several.
    prescription_gy
        What isodoses in % are of, instead of the plan's.

    Returns
    -------
    DerivedSet
        `derived["Ring"]`, with `.roi` (contours), `.volume_cc`, `.written_volume_cc` and
        `.range_cc`; `rtvol.write_rtstruct` takes it as it is.

    Raises
    ------
    UsageError
        `bad-definition`, `bad-expression` (with a caret), `derive-cycle`.
    CaseRejected
        `roi-not-found` (near names listed), `derived-name-taken`, `no-dose`, `no-prescription`.

    Examples
    --------
    >>> import rtvol
    >>> case = rtvol.read("sample_dicom/patient1")
    >>> derived = rtvol.derive(case, "Ring = (GTV + 20) - (GTV + 5)", "Near = Ring & Liver")
    >>> derived.names
    ('Ring', 'Near')
    >>> ring = rtvol.dose_volume(case, "(GTV + 20) - (GTV + 5)")
    >>> abs(derived["Ring"].volume_cc - ring.volume_cc) < 1e-9
    True
    """
    texts = [one for one in definitions if isinstance(one, str)]
    table = definitions_of(texts)
    for one in definitions:
        table |= one if isinstance(one, Mapping) else {}
    asked = recipe_of_call(
        {
            "--define": table,
            "--spacing": spacing_mm,
            "--dose": None if dose is None else [str(dose)],
            "--prescription": prescription_gy,
        }
    )
    read_one = read(case)
    result, made = derive_read(read_one, derive_job(asked))
    return DerivedSet(read_one, made, result)
