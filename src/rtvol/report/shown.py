"""What a page is about: a case, what was made of it, and what is known beside."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rtvol.case import Case
    from rtvol.margins.levels import LevelSet
    from rtvol.margins.targets import TargetRole
    from rtvol.structures import Roi
    from rtvol.tables.rows import CaseResult, StructureRow
    from rtvol.volumes import Dose


@dataclass(frozen=True, eq=False)
class ShownTarget:
    """A target that rtvol made.

    Attributes
    ----------
    name, role, lesion
        As its row has them.
    roi
        Its contours as written.
    level
        Its solid as it was grown; None where only the contours are known: it is then lofted.
    """

    name: str
    role: TargetRole
    lesion: str
    roi: Roi
    level: LevelSet | None = None


@dataclass(frozen=True, eq=False)
class ShownDose:
    """The dose on the pictures.

    Attributes
    ----------
    dose
        In Gy; None where one picture cannot show it.
    words
        What it is, or why there is none.
    prescription_gy
        100 % of the isodoses; None where nothing prescribes.
    """

    dose: Dose | None
    words: str
    prescription_gy: float | None = None


@dataclass(frozen=True, eq=False)
class ShownCase:
    """A case as a page shows it.

    Attributes
    ----------
    case
        The case as read.
    result
        Its rows, goals and findings.
    targets
        What rtvol made of it.
    dose
        The dose.
    beside
        Rows of what else is drawn, for its curves and volumes.
    asked
        Margins asked for, in words, by role.
    origin
        Where it all comes from: name and text.
    patient
        Who it is; empty where that must not be seen.
    margins
        Asked, achieved and dosimetric margins of its targets, as documents have them
        (`rtvol/dose-margin@1`).
    """

    case: Case
    result: CaseResult
    targets: tuple[ShownTarget, ...]
    dose: ShownDose
    beside: tuple[StructureRow, ...] = ()
    asked: Mapping[str, str] = field(default_factory=dict)
    origin: tuple[tuple[str, str], ...] = ()
    patient: str = ""
    margins: tuple[Mapping[str, Any], ...] = ()

    @property
    def rows(self) -> tuple[StructureRow, ...]:
        """All rows: those of the result, then what is drawn beside them."""
        return (*self.result.structures, *self.beside)
