"""What the calls return: a case, targets and doses that answer to names, and show as one line."""

from __future__ import annotations

from dataclasses import dataclass, fields
from html import escape
from typing import TYPE_CHECKING, Self

from rtvol import dvh
from rtvol.calls.picture import contours_svg
from rtvol.case import Case
from rtvol.errors import CaseRejected
from rtvol.names.find import find_rois
from rtvol.structures import StructureSet
from rtvol.verbs.bench import values_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from rtvol.errors import Finding
    from rtvol.margins import Derived, PatientTargets, TargetRecipe
    from rtvol.names.regions import Region
    from rtvol.structures import Roi
    from rtvol.tables.rows import CaseResult, GoalRow
    from rtvol.verbs.bench import Bench

#: What a region's table in a notebook shows.
SHOWN_METRICS = ("D98%", "D95%", "D50%", "D2%", "Mean", "Max")


class ReadCase(Case):
    """A case that gives its regions by name: `case["Liver"]`, `case["GTV*"]`, `case["#3"]`."""

    @classmethod
    def of(cls, case: Case) -> Self:
        """Return a case as one that answers to names."""
        return cls(**{field.name: getattr(case, field.name) for field in fields(case)})

    def __getitem__(self, name: str) -> Roi:
        """Return the one region that a name, a number (`#3`) or a pattern means.

        Raises
        ------
        CaseRejected
            `roi-not-found` (near names listed), `roi-ambiguous`, `roi-empty`.
        """
        return one_roi(self.structures, name)

    def _repr_html_(self) -> str:
        rows = [
            (roi.name, roi.kind or "-", str(len(roi.contours)), str(roi.planes_mm.size))
            for roi in self.structures.rois
        ]
        table = html_table(repr(self), ("ROI", "type", "contours", "planes"), rows)
        return table + contours_svg(self.structures.rois)


def one_roi(structures: StructureSet, name: str) -> Roi:
    """Return the one region a name or a pattern means.

    Raises
    ------
    CaseRejected
        `roi-not-found`, `roi-ambiguous`, `roi-empty`.
    """
    hits = find_rois(structures, name)
    if len(hits) > 1:
        raise CaseRejected(
            "roi-ambiguous",
            where=f'"{name}"',
            seen=", ".join(roi.name for roi in hits),
            mend=f'give one name, for example "{hits[0].name}"',
        )
    return hits[0]


@dataclass(frozen=True, eq=False)
class TargetSet:
    """The targets of a case: `targets["PTV"]`, in order by iteration.

    Attributes
    ----------
    case
        The case they were made of.
    recipe
        Margins and cuts.
    made
        Lesions, organs with margins, volumes.
    result
        Rows as the command gives them, with doses, goals and findings.
    """

    case: Case
    recipe: TargetRecipe
    made: PatientTargets
    result: CaseResult

    def __getitem__(self, name: str) -> Derived:
        """Return the one target that a name or a pattern means.

        Raises
        ------
        CaseRejected
            `roi-not-found` (near names listed), `roi-ambiguous`, `roi-empty`.
        """
        by_roi = {id(one.roi): one for one in self.made.structures}
        own = StructureSet(tuple(one.roi for one in self.made.structures), "targets")
        return by_roi[id(one_roi(own, name))]

    def __iter__(self) -> Iterator[Derived]:
        return iter(self.made.structures)

    def __len__(self) -> int:
        return len(self.made.structures)

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the targets, in order."""
        return tuple(one.name for one in self.made.structures)

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What was noticed."""
        return self.result.findings

    @property
    def goals(self) -> tuple[GoalRow, ...]:
        """Verdicts on the goals asked about."""
        return self.result.goals

    @property
    def cumulative_ptv_cc(self) -> float:
        """Volume of the union of all PTVs, in cc."""
        return self.made.cumulative_ptv_cc

    def __repr__(self) -> str:
        parts = ", ".join(f"{one.name} {one.volume_cc:.2f} cc" for one in self.made.structures[:6])
        more = ", ..." if len(self) > 6 else ""
        return f"TargetSet({parts}{more})"

    def _repr_html_(self) -> str:
        metrics = dict.fromkeys(key for row in self.result.structures for key in row.metrics)
        head = ("structure", "role", "cc", "cut cc", *metrics)
        rows = [
            (
                row.name,
                row.role,
                _number(row.volume.cc),
                _number(sum(row.lost_cc.values())) if row.clips else "-",
                *(_number(row.metrics.get(key)) for key in metrics),
            )
            for row in self.result.structures
        ]
        table = html_table(str(self.recipe), head, rows)
        return table + contours_svg([one.roi for one in self.made.structures])


@dataclass(frozen=True, eq=False)
class RegionDose:
    """A region in the dose of its case: `dose["D95%"]`, `dose["V20Gy[cc]"]`, `dose.cumulative()`.

    Attributes
    ----------
    bench
        The case in its dose.
    region
        What was measured: one region, or several combined.
    """

    bench: Bench
    region: Region

    @property
    def name(self) -> str:
        """Name of the region, or the expression."""
        return self.region.name

    @property
    def volume_cc(self) -> float:
        """Volume in cc of the solid that was measured."""
        return self.curve.volume_cc

    @property
    def curve(self) -> dvh.DVH:
        """The distribution itself, in Gy."""
        return self.bench.measured(self.region).curve

    def __getitem__(self, metric: str) -> float:
        """Return a metric in its own unit, as in `rtvol dvh --metric`.

        Raises
        ------
        UsageError
            `bad-metric`, with what is meant.
        CaseRejected
            `no-number` with the reason, where the metric cannot be given.
        """
        asked = dvh.parse_metric(metric)
        values, _ = values_of(self.bench, self.region, (asked,))
        found = values[asked.text]
        if found.value is None:
            raise CaseRejected("no-number", where=f"{asked.text} of {self.name}", seen=found.note)
        return found.value

    def cumulative(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return doses in Gy and the volume in cc that gets at least each, in bins of 1 cGy.

        `plt.plot(*dose.cumulative())` draws the histogram.
        """
        histogram = self.curve.histogram
        return histogram.edges_gy, histogram.cumulative_cc

    def __repr__(self) -> str:
        solid = self.bench.measured(self.region).shape.solid
        parts = (f"{self.volume_cc:.2f} cc", f"{solid}, {self.curve.interpolation} dose")
        return f'RegionDose("{self.name}", {", ".join(parts)})'

    def _repr_html_(self) -> str:
        metrics = dvh.parse_metrics(SHOWN_METRICS)
        values, _ = values_of(self.bench, self.region, metrics)
        row = [self.name, _number(self.volume_cc)]
        row += [_number(value.value) for value in values.values()]
        return html_table(repr(self), ("structure", "cc", *values), [row])


def html_table(caption: str, head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table for a notebook; nothing of a file gets into the page unescaped."""

    def line(cells: Sequence[str], tag: str) -> str:
        return "<tr>" + "".join(f"<{tag}>{escape(cell)}</{tag}>" for cell in cells) + "</tr>"

    body = "".join(line(row, "td") for row in rows)
    return f"<table><caption>{escape(caption)}</caption>{line(head, 'th')}{body}</table>"


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"
