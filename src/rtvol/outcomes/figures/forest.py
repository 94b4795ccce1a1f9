"""Forest plot: hazard ratios of a table with their limits, on a log axis."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rtvol.outcomes.figures.canvas import SMALL, TWO_COLUMNS, new_figure, text_at, title_of
from rtvol.outcomes.printing import hazard
from rtvol.outcomes.tables.curves import least

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.figure import Figure

    from rtvol.outcomes.stats import CoxTerm
    from rtvol.outcomes.tables.comparison import Comparison

RANGE = (0.05, 20.0)


def draw_forest(
    comparisons: Sequence[Comparison], banner: str = "", suppress_below: int = 0
) -> Figure:
    """Draw one line per level against its reference; limits beyond 0.05 and 20 end in arrows.

    Parameters
    ----------
    comparisons
        All on one endpoint.
    banner
        Said on top when the data is made up.
    suppress_below
        Ratios resting on fewer events are left out.
    """
    lines = []
    for one in comparisons:
        events = [int(one.level(i).event.sum()) for i in range(len(one.factor.levels))]
        few = least([*events])
        if few is None or few < suppress_below:
            continue
        lines += [
            (f"{one.factor.label}: {t.name} / {one.factor.levels[0]}", t) for t in one.fit or ()
        ]
    height = 1.1 + 0.2 * max(len(lines), 2) + (0.2 if banner else 0.0)
    figure = new_figure(TWO_COLUMNS, height, banner)
    axes = figure.add_subplot()
    for place, (_, term) in enumerate(lines):
        _draw_term(axes, place, term)
    axes.axvline(1, color="#888888", linewidth=0.7, linestyle="--")
    axes.set(xscale="log", xlim=RANGE, ylim=(max(len(lines), 1) - 0.4, -0.6))
    axes.set_xticks([0.1, 0.2, 0.5, 1, 2, 5, 10], ["0.1", "0.2", "0.5", "1", "2", "5", "10"])
    axes.tick_params(axis="x", which="minor", length=0)
    axes.set_yticks(range(len(lines)), [label for label, _ in lines], fontsize=SMALL)
    for label in axes.get_yticklabels():
        label.set_parse_math(False)
    name = comparisons[0].endpoint.event_name if comparisons else "the event"
    axes.set_xlabel(f"hazard ratio of {name} (95 % CI): above 1 there is more of it")
    title_of(axes, f"Hazard ratio of {name}")
    if not lines:
        text_at(axes, 1, 0, "not estimable", ha="center", va="center")
    axes.spines[["top", "right"]].set_visible(False)
    return figure


def _draw_term(axes: Any, place: int, term: CoxTerm) -> None:
    low, high = RANGE
    left, right = max(term.lower or low, low), min(term.upper or high, high)
    axes.plot([left, right], [place, place], color="black", linewidth=1.0)
    for end, is_cut, mark in (
        (left, term.lower is None or term.lower < low, "<"),
        (right, term.upper is None or term.upper > high, ">"),
    ):
        axes.plot(end, place, marker=mark if is_cut else "|", color="black", markersize=4)
    ratio = min(max(term.hr, low), high)
    axes.plot(ratio, place, marker="s", color="#0b5fa5", markersize=4, clip_on=False)
    text = axes.annotate(
        hazard(term.hr, term.lower, term.upper), (1.02, place),
        xycoords=("axes fraction", "data"), va="center", fontsize=SMALL, annotation_clip=False,
    )  # fmt: skip
    text.set_parse_math(False)
