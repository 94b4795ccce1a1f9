"""A study: a cohort and its settings with everything an analysis says, before it is written."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from rtvol.outcomes.results import BANNER, Row, suppressed

if TYPE_CHECKING:
    from rtvol.outcomes.cohort import Cohort
    from rtvol.outcomes.config import Analysis
    from rtvol.outcomes.endpoints import Endpoint
    from rtvol.outcomes.results import Sheet
    from rtvol.outcomes.tables import Further
    from rtvol.outcomes.tables.comparison import Comparison

Mode = Literal["paper", "default"]


@dataclass(frozen=True)
class Study:
    """Everything an analysis says, before it is written.

    Attributes
    ----------
    cohort, analysis, mode
        What was analysed, and how; the settings are those in force in that mode.
    sheets
        Tables in reading order.
    lesion, by_patient
        Comparisons behind tables 2 and 3.
    endpoints
        Those of the mode.
    more
        Models, competing risks, dose-response and cut-points.
    """

    cohort: Cohort
    analysis: Analysis
    mode: Mode
    sheets: tuple[Sheet, ...]
    lesion: tuple[Comparison, ...]
    by_patient: dict[str, tuple[Comparison, ...]]
    endpoints: tuple[Endpoint, ...]
    more: Further

    @property
    def banner(self) -> str:
        """What made-up data says everywhere."""
        return BANNER if self.cohort.is_synthetic else ""

    @property
    def rows(self) -> list[Row]:
        """The long table, small cells suppressed where the settings say so."""
        rows = suppressed(
            [row for sheet in self.sheets for row in sheet.rows], self.analysis.suppress_below
        )
        if self.banner:
            rows.insert(0, Row("banner", self.banner, "", "", "", None))
        return rows

    def endpoint(self, name: str) -> Endpoint:
        """Return an endpoint under the settings in force."""
        known = next((one for one in self.endpoints if one.name == name), None)
        return known if known is not None else self.cohort.endpoint(name, self.analysis)
