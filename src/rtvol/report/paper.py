"""Pages and pictures by matplotlib, the same on every machine: its font, no settings of a user."""

from __future__ import annotations

import io
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from rtvol.report.lettering import FONT

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from matplotlib.figure import Figure

#: A4 on its side, inches; dots per inch of a PNG.
PAGE_INCHES, PNG_DPI = (11.7, 8.27), 150
SETTINGS: dict[str, Any] = {
    "font.family": FONT,
    "svg.fonttype": "none",
    "svg.hashsalt": "rtvol",
    "pdf.fonttype": 42,
    # dashes in points, as a page in a browser has them, not in widths of their line
    "lines.scale_dashes": False,
    "lines.dash_capstyle": "butt",
    # no name is read as a formula
    "text.parse_math": False,
}


@contextmanager
def drawing_rules() -> Iterator[None]:
    """Draw by the settings of this project alone."""
    import matplotlib as mpl

    with mpl.rc_context():
        mpl.rcdefaults()
        mpl.rcParams.update(SETTINGS)  # type: ignore[arg-type]  # keys are plain text
        yield


def pdf_of(figures: Sequence[Figure], title: str) -> bytes:
    """Return figures as the pages of a PDF without a date: equal pages, equal bytes."""
    from matplotlib.backends.backend_pdf import PdfPages

    stream = io.BytesIO()
    told = {"CreationDate": None, "Creator": "rtvol", "Title": title}
    with PdfPages(stream, metadata=told) as pages:
        for figure in figures:
            pages.savefig(figure)
    return stream.getvalue()


def picture_of(figure: Figure, kind: str, dots: int = PNG_DPI) -> bytes:
    """Return a figure as png, of so many dots per inch, or as svg."""
    stream = io.BytesIO()
    quiet = {"Date": None} if kind == "svg" else {}
    figure.savefig(stream, format=kind, dpi=dots if kind == "png" else "figure", metadata=quiet)
    return stream.getvalue()
