"""What is drawn of a case, worked out once for its page, its PDF and its pictures."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from rtvol.frames import AXIAL

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from rtvol.frames import PlaneFrame
    from rtvol.report.drawn import DrawnStructure
    from rtvol.report.places import Spot
    from rtvol.report.shown import ShownCase
    from rtvol.report.view import DoseCodes, View


@dataclass(frozen=True, eq=False)
class CaseStage:
    """A case ready to be drawn.

    Attributes
    ----------
    shown
        The case, and what was made of it.
    view
        The part of the patient that is seen.
    drawn
        Outlines with their pens.
    places
        Where it opens, the first, and what else is worth a look.
    dose
        The dose around; None where there is none.
    levels
        Isodoses: pen, `gy`, and words.
    full_gy
        Dose in Gy that 100 % of the isodoses stand for; 0 without a dose.
    chart
        Curves and goals (`rtvol.report.curves`).
    words
        The tables, as words.
    frame
        The frame of the planes it is seen from: places and the view are in it.
    """

    shown: ShownCase
    view: View
    drawn: Sequence[DrawnStructure]
    places: Sequence[Spot]
    dose: DoseCodes | None
    levels: Sequence[Mapping[str, Any]]
    full_gy: float
    chart: Mapping[str, Any]
    words: Mapping[str, Any]
    frame: PlaneFrame = AXIAL

    @property
    def name(self) -> str:
        """What the case is called."""
        return self.shown.result.case

    @property
    def window(self) -> tuple[float, float]:
        """Centre and width that the image opens with, in its unit."""
        return self.view.window

    def nearest(self, axis: str, at_mm: float) -> int:
        """Return the number of the view's plane across an axis (x, y, z) next to a place, mm."""
        return int(abs(self.line(axis) - at_mm).argmin())

    def line(self, axis: str) -> NDArray[np.float64]:
        """Return where the view's planes across an axis (x, y, z) are, mm."""
        view = self.view
        return {"x": view.x_mm, "y": view.y_mm, "z": view.planes_mm}[axis]
