"""Figures without a window or global state, at the widths journals print, the same bytes each run.

One column is 85 mm wide, two are 174 mm; text is 7 to 9 pt at that size. SVG holds real text.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rtvol.files import new_file

if TYPE_CHECKING:
    from contextlib import AbstractContextManager
    from pathlib import Path

    from matplotlib.figure import Figure

ONE_COLUMN = 85 / 25.4
TWO_COLUMNS = 174 / 25.4
#: Most a figure is high: a page, with room for its caption.
PAGE_INCH = 225 / 25.4
#: Points at print size: numbers and notes, axes, panel titles.
SMALL, TEXT, TITLE = 7.0, 7.5, 8.5
#: Ids inside an SVG are hashes; with a salt of our own they do not change from run to run.
_STEADY: dict[Any, Any] = {
    "svg.hashsalt": "rtvol",
    "svg.fonttype": "none",
    "font.family": "DejaVu Sans",
    "font.size": TEXT,
    "axes.labelsize": TEXT,
    "axes.titlesize": TITLE,
    "axes.linewidth": 0.6,
    "xtick.labelsize": SMALL,
    "ytick.labelsize": SMALL,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "xtick.major.size": 2.5,
    "ytick.major.size": 2.5,
    "legend.fontsize": SMALL,
    "legend.title_fontsize": SMALL,
}
DPI = 300
BANNER_COLOUR = "#b00020"
#: Overall, first group, second group, third: told apart by line style as well as by colour.
STYLES: tuple[dict[str, Any], ...] = (
    {"color": "black", "linewidth": 1.6, "linestyle": "-"},
    {"color": "#0b5fa5", "linewidth": 1.2, "linestyle": "--"},
    {"color": "#c8501e", "linewidth": 1.2, "linestyle": "-."},
    {"color": "#3c7d3c", "linewidth": 1.2, "linestyle": ":"},
    {"color": "#7a3c8c", "linewidth": 1.2, "linestyle": (0, (5, 1, 1, 1, 1, 1))},
    {"color": "#8a6d00", "linewidth": 1.2, "linestyle": (0, (1, 2))},
)
FAINT = "#b5b5b5"
#: Points between a panel and its title, and for each line that stands between them.
TITLE_PAD, LINE_POINTS = 4.0, 9.5


def style() -> AbstractContextManager[None]:
    """Return the context in which figures are drawn and saved."""
    from matplotlib import rc_context

    return rc_context(_STEADY)


def new_figure(width_inch: float, height_inch: float, banner: str = "") -> Figure:
    """Return an empty figure, with a banner on top when the data is made up."""
    from matplotlib.figure import Figure as _Figure

    with style():
        figure = _Figure(figsize=(width_inch, height_inch), layout="constrained")
        if banner:
            text = figure.suptitle(banner, color=BANNER_COLOUR, fontsize=TITLE, fontweight="bold")
            text.set_parse_math(False)
    return figure


def text_at(axes: Any, x: float, y: float, text: str, **options: Any) -> None:
    """Write text of a table into a figure: a dollar sign in it starts no formula."""
    axes.text(x, y, text, **options).set_parse_math(False)


def title_of(axes: Any, text: str, said: tuple[str, ...] = ()) -> None:
    """Give a panel its title, on the left; what is said of it stands below, clear of the curves."""
    pad = TITLE_PAD + LINE_POINTS * len(said)
    title = axes.set_title(text, loc="left", fontsize=TITLE, fontweight="bold", pad=pad)
    title.set_parse_math(False)
    if said:
        text_at(
            axes, 0.0, 1.0, "\n".join(said), ha="left", va="bottom", fontsize=SMALL,
            linespacing=1.2, transform=axes.transAxes + _up(axes, TITLE_PAD),
        )  # fmt: skip


def _up(axes: Any, points: float) -> Any:
    from matplotlib.transforms import ScaledTranslation

    return ScaledTranslation(0, points / 72, axes.figure.dpi_scale_trans)


def save(figure: Figure, folder: Path, name: str, *, overwrite: bool) -> tuple[str, str]:
    """Write NAME.svg and NAME.png (300 dpi) and return the two names.

    Raises
    ------
    OutputRefused
        `output-exists` or `output-unwritable`.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.backends.backend_svg import FigureCanvasSVG

    svg, png = f"{name}.svg", f"{name}.png"
    with style():
        # laid out as the PNG is drawn; the SVG holds the same layout, not worked out again. The
        # canvases are called themselves, for `savefig` draws each figure twice
        figure.set_dpi(DPI)
        png_canvas: Any = FigureCanvasAgg(figure)
        with new_file(folder / png, overwrite=overwrite) as temporary:
            png_canvas.print_png(
                temporary, metadata={"Software": None}, pil_kwargs={"compress_level": 4}
            )
        figure.set_layout_engine("none")
        svg_canvas: Any = FigureCanvasSVG(figure)
        with new_file(folder / svg, overwrite=overwrite) as temporary:
            svg_canvas.print_svg(temporary, metadata={"Date": None, "Creator": "rtvol"})
    return svg, png
