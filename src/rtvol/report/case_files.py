"""The page of a case in each form: HTML to look at, PDF for the record, pictures for slides."""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rtvol.files import new_file, write_text

if TYPE_CHECKING:
    from pathlib import Path

    from rtvol.report.stage import CaseStage

#: Pictures that each case has; there may be others, of cuts.
PLANES = ("axial", "coronal", "sagittal")
#: What follows a case's name in the names of its pictures.
PICTURE = rf"-({'|'.join(PLANES)}|cut-\d+)\.png"


@dataclass(frozen=True)
class PageFiles:
    """Where the page of a case goes.

    Attributes
    ----------
    html, pdf
        Files; None where that form is not wanted.
    pictures
        What the names of pictures begin with, in the folder they go to; None for no pictures.
    """

    html: Path | None = None
    pdf: Path | None = None
    pictures: Path | None = None

    @property
    def planned(self) -> tuple[Path, ...]:
        """Every file that is sure to be written, and pictures there that would be replaced."""
        views = [self.picture(plane) for plane in PLANES] if self.pictures is not None else []
        return tuple(dict.fromkeys((*self._whole, *views, *self.drawn)))

    @property
    def made(self) -> tuple[Path, ...]:
        """The files that there are once the case is written."""
        return (*self._whole, *self.drawn)

    @property
    def _whole(self) -> list[Path]:
        return [path for path in (self.html, self.pdf) if path is not None]

    def picture(self, name: str) -> Path:
        """Return the file of one picture.

        Raises
        ------
        ValueError
            No pictures are wanted.
        """
        if self.pictures is None:
            raise ValueError("no pictures are wanted")
        return self.pictures.with_name(f"{self.pictures.name}-{name}.png")

    @property
    def drawn(self) -> tuple[Path, ...]:
        """The pictures of this case that are there."""
        first = self.pictures
        if first is None or not first.parent.is_dir():
            return ()
        name = re.compile(re.escape(first.name) + PICTURE)
        return tuple(sorted(path for path in first.parent.iterdir() if name.fullmatch(path.name)))


def write_pages(stage: CaseStage, files: PageFiles) -> None:
    """Write a case in each form that is wanted; nothing before all of it is drawn.

    Files that are there are replaced; pictures of an earlier run that are no more, removed.

    Raises
    ------
    OutputRefused
        A file cannot be written.
    ExtraMissing
        jinja2 or matplotlib is not installed.
    """
    made: dict[Path, bytes] = {}
    html = ""
    if files.html is not None:
        from rtvol.report.case_page import case_page

        html = case_page(stage)
    if files.pdf is not None:
        from rtvol.report.case_pdf import case_pdf

        made[files.pdf] = case_pdf(stage)
    if files.pictures is not None:
        from rtvol.report.case_pictures import case_pictures

        made |= {files.picture(name): data for name, data in case_pictures(stage).items()}
    for path, content in made.items():
        with new_file(path, overwrite=True) as draft:
            draft.write_bytes(content)
    if files.html is not None:
        write_text(files.html, html, overwrite=True)
    for old in files.drawn:
        if old not in made:
            with suppress(FileNotFoundError):
                old.unlink()
