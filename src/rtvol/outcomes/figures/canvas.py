"""Figures without a window or global state, saved as the same bytes each run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rtvol.files import new_file

if TYPE_CHECKING:
    from pathlib import Path

    from matplotlib.figure import Figure

#: Ids inside an SVG are hashes; with a salt of our own they do not change from run to run.
_STEADY: dict[Any, Any] = {
    "svg.hashsalt": "rtvol",
    "svg.fonttype": "path",
    "font.family": "DejaVu Sans",
    "font.size": 9,
}
DPI = 300
BANNER_COLOUR = "#b00020"
#: Overall, first group, second group, third: told apart by line style as well as by colour.
STYLES: tuple[dict[str, Any], ...] = (
    {"color": "black", "linewidth": 2.2, "linestyle": "-"},
    {"color": "#0b5fa5", "linewidth": 1.5, "linestyle": "--"},
    {"color": "#c8501e", "linewidth": 1.5, "linestyle": "-."},
    {"color": "#3c7d3c", "linewidth": 1.5, "linestyle": ":"},
)
FAINT = "#b5b5b5"


def new_figure(width_inch: float, height_inch: float, banner: str = "") -> Figure:
    """Return an empty figure, with a banner on top when the data is made up."""
    from matplotlib import rc_context
    from matplotlib.figure import Figure as _Figure

    with rc_context(_STEADY):
        figure = _Figure(figsize=(width_inch, height_inch), layout="constrained")
        if banner:
            text = figure.suptitle(banner, color=BANNER_COLOUR, fontsize=11, fontweight="bold")
            text.set_parse_math(False)
    return figure


def text_at(axes: Any, x: float, y: float, text: str, **options: Any) -> None:
    """Write text of a table into a figure: a dollar sign in it starts no formula."""
    axes.text(x, y, text, **options).set_parse_math(False)


def save(figure: Figure, folder: Path, name: str, *, overwrite: bool) -> tuple[str, str]:
    """Write NAME.svg and NAME.png (300 dpi) and return the two names.

    Raises
    ------
    OutputRefused
        `output-exists` or `output-unwritable`.
    """
    from matplotlib import rc_context

    names = (f"{name}.svg", f"{name}.png")
    with rc_context(_STEADY):
        for file, metadata in zip(
            names, ({"Date": None, "Creator": "rtvol"}, {"Software": None}), strict=True
        ):
            with new_file(folder / file, overwrite=overwrite) as temporary:
                figure.savefig(temporary, dpi=DPI, metadata=metadata)
    return names
