"""Swimmer plot: one line per patient. It shows persons, so it is drawn only when asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rtvol.outcomes.config import MONTH_DAYS
from rtvol.outcomes.figures.canvas import PAGE_INCH, TWO_COLUMNS, new_figure, title_of

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from rtvol.outcomes.cohort import Cohort


def draw_swimmer(cohort: Cohort, banner: str = "") -> Figure:
    """Draw follow-up, progression and death of each patient; no ids, sorted by follow-up.

    Parameters
    ----------
    cohort
        The data.
    banner
        Said on top when the data is made up.
    """
    people = sorted(cohort.patients, key=lambda p: (-p.last_contact_day, p.patient_id))
    figure = new_figure(TWO_COLUMNS, min(1.2 + 0.075 * len(people), PAGE_INCH), banner)
    axes = figure.add_subplot()
    months = [p.last_contact_day / MONTH_DAYS for p in people]
    colours = ["#0b5fa5" if p.disease_class == "oligo_recurrence" else "#c8501e" for p in people]
    axes.barh(range(len(people)), months, color=colours, alpha=0.45, height=0.7)
    marks = (
        (
            "progression",
            "o",
            [(p.progression_day, i) for i, p in enumerate(people) if p.progression_day is not None],
        ),
        ("death", "x", [(p.death_day, i) for i, p in enumerate(people) if p.death_day is not None]),
    )
    for label, mark, points in marks:
        days = [day / MONTH_DAYS for day, _ in points]
        axes.scatter(
            days, [i for _, i in points], marker=mark, s=8, color="black", label=label, zorder=3
        )
    axes.set(xlabel="months from first fraction", yticks=[], ylim=(len(people), -1), xlim=(0, None))
    title_of(axes, "Follow-up of each patient (blue: oligo-recurrence, orange: oligo-progression)")
    axes.legend(loc="lower right", frameon=False)
    axes.spines[["top", "right", "left"]].set_visible(False)
    return figure
