"""All tables and figures of a study as a Word document, ready to be edited (python-docx)."""

from __future__ import annotations

import io
import zipfile
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from rtvol.files import new_file
from rtvol.outcomes.results import shown, tells

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from rtvol.outcomes.drawn import Drawn
    from rtvol.outcomes.page import Head
    from rtvol.outcomes.results import Sheet

FONT = "Arial"
TEXT_PT, TABLE_PT, NARROW_PT = 10, 8, 7
#: Styles of table cells, narrow and on a page on its side.
CELL_STYLES = ("Table cell", "Table cell, wide table")
#: From this many columns on, a table stands on a page on its side.
WIDE = 7
MARGIN_MM, PAGE_MM = 18, (210, 297)
#: Width of a letter for each point of its size; what a cell leaves free on both sides; letters
#: from which on a text is folded.
LETTER_MM, PADDING_MM, MOST_LETTERS = 0.225, 4.2, 40
#: The same bytes each run: no time of the day in the file.
_THEN = datetime(1980, 1, 1, tzinfo=UTC)


def write_docx(
    path: Path,
    head: Head,
    sheets: Sequence[Sheet],
    drawn: Mapping[str, Drawn],
    pictures: Mapping[str, bytes],
    *,
    overwrite: bool,
) -> None:
    """Write the document.

    Parameters
    ----------
    path
        NAME.docx.
    head
        Title, lead, banner, smallest count shown.
    sheets
        In order; each with the figures that belong to it.
    drawn, pictures
        Figures by file name, and their PNG.
    overwrite
        Whether it may be replaced.

    Raises
    ------
    OutputRefused
        `output-exists` or `output-unwritable`.
    """
    from docx import Document

    document = Document()
    _set_up(document, head)
    document.add_heading(head.title, level=0)
    document.add_paragraph(head.lead)
    is_wide = False
    for sheet in sheets:
        wants = len(sheet.header) >= WIDE
        if wants != is_wide:
            _turn(document, wide=wants)
            is_wide = wants
        _add_sheet(document, sheet, head)
        for name, figure in drawn.items():
            if figure.sheet == sheet.name:
                _add_figure(document, figure, pictures[name])
    made = io.BytesIO()
    document.save(made)
    with new_file(path, overwrite=overwrite) as temporary:
        temporary.write_bytes(_steady(made.getvalue()))


def _set_up(document: Any, head: Head) -> None:
    from docx.shared import Pt

    style = document.styles["Normal"]
    style.font.name, style.font.size = FONT, Pt(TEXT_PT)
    for name, size in (("Title", 16), ("Heading 1", 12)):
        heading = document.styles[name]
        heading.font.name, heading.font.size = FONT, Pt(size)
        _east_asian(heading)
    _east_asian(style)
    for name, size in zip(CELL_STYLES, (TABLE_PT, NARROW_PT), strict=True):
        _add_cell_style(document, name, size)
    core = document.core_properties
    core.author, core.title, core.comments = "rtvol", head.title, head.banner
    core.created = core.modified = _THEN.replace(tzinfo=None)
    _lay_out(document.sections[0], wide=False)
    if head.banner:
        line = document.sections[0].header.paragraphs[0]
        run = line.add_run(head.banner)
        run.bold = True
        _colour(run)


def _add_cell_style(document: Any, name: str, size: int) -> None:
    """Add the style of table cells, so that all of them can be changed at once in Word."""
    from docx.enum.style import WD_STYLE_TYPE
    from docx.shared import Pt

    style = document.styles.add_style(name, WD_STYLE_TYPE.PARAGRAPH)
    style.base_style = document.styles["Normal"]
    style.font.size = Pt(size)
    style.paragraph_format.space_after = Pt(0)
    style.paragraph_format.line_spacing = 1.0


def _east_asian(style: Any) -> None:
    from docx.oxml.ns import qn

    fonts = style.element.get_or_add_rPr().get_or_add_rFonts()
    for side in ("w:ascii", "w:hAnsi", "w:eastAsia", "w:cs"):
        fonts.set(qn(side), FONT)
    for side in ("w:asciiTheme", "w:hAnsiTheme", "w:eastAsiaTheme", "w:cstheme"):
        fonts.attrib.pop(qn(side), None)


def _colour(run: Any) -> None:
    from docx.shared import RGBColor

    run.font.color.rgb = RGBColor(0xB0, 0x00, 0x20)


def _lay_out(section: Any, *, wide: bool) -> None:
    from docx.enum.section import WD_ORIENT
    from docx.shared import Mm

    short, long = PAGE_MM
    section.orientation = WD_ORIENT.LANDSCAPE if wide else WD_ORIENT.PORTRAIT
    section.page_width, section.page_height = (
        (Mm(long), Mm(short)) if wide else (Mm(short), Mm(long))
    )
    for side in ("left", "right", "top", "bottom"):
        setattr(section, f"{side}_margin", Mm(MARGIN_MM))


def _turn(document: Any, *, wide: bool) -> None:
    from docx.enum.section import WD_SECTION

    _lay_out(document.add_section(WD_SECTION.NEW_PAGE), wide=wide)


def _add_sheet(document: Any, sheet: Sheet, head: Head) -> None:
    below = head.suppress_below
    document.add_heading(sheet.heading, level=1)
    for text in sheet.paragraphs:
        document.add_paragraph(text)
    if sheet.lines:
        _add_table(document, sheet, below)
    if sheet.lines and head.banner:
        _colour(_small(document, head.banner))
    for note in sheet.notes:
        if tells(note, below):
            _small(document, note)


def _small(document: Any, text: str) -> Any:
    from docx.shared import Pt

    paragraph = document.add_paragraph()
    paragraph.paragraph_format.space_after = Pt(1)
    run = paragraph.add_run(text)
    run.font.size = Pt(TABLE_PT)
    return run


def _add_table(document: Any, sheet: Sheet, below: int) -> None:
    """Add a table with rules above and below its head and at its end; the head is repeated."""
    is_wide = len(sheet.header) >= WIDE
    style = document.styles[CELL_STYLES[is_wide]]
    table = document.add_table(rows=1 + len(sheet.lines), cols=len(sheet.header))
    table.autofit = False
    lines = [[shown(cell, below) for cell in line] for line in (sheet.header, *sheet.lines)]
    widths = _widths(lines, is_wide=is_wide)
    for number, (row, line) in enumerate(zip(table.rows, lines, strict=True)):
        _keep_whole(row, is_head=number == 0)
        for cell, text, width in zip(row.cells, line, widths, strict=True):
            cell.width = width
            paragraph = cell.paragraphs[0]
            # by its id: python-docx looks all styles through each time it is given one by name
            paragraph._p.style = style.style_id  # noqa: SLF001
            if text:
                run = paragraph.add_run(text)
                if number == 0:
                    run.bold = True
    for column, width in zip(table.columns, widths, strict=True):
        column.width = width
    _rule(table.rows[0], "top", 8)
    _rule(table.rows[0], "bottom", 4)
    _rule(table.rows[-1], "bottom", 8)


def _widths(lines: Sequence[Sequence[str]], *, is_wide: bool) -> list[int]:
    """Widths of the columns by what they hold: room for a line, long texts folded."""
    from docx.shared import Mm

    whole = (PAGE_MM[1] if is_wide else PAGE_MM[0]) - 2 * MARGIN_MM
    letter = LETTER_MM * (NARROW_PT if is_wide else TABLE_PT)
    least, wish = [], []
    for cells in zip(*lines, strict=True):
        body = sorted(len(text) for text in cells[1:])
        usual = body[int(0.9 * (len(body) - 1))] if body else 0
        word = max((len(part) for text in cells for part in text.split(" ")), default=1)
        least.append(letter * word + PADDING_MM)
        wish.append(max(0.0, letter * min(usual, MOST_LETTERS) + PADDING_MM - least[-1]))
    room = whole - sum(least)
    if room <= 0:
        return [int(Mm(whole * part / sum(least))) for part in least]
    share = room / sum(wish) if sum(wish) > room else 1.0
    return [int(Mm(need + share * more)) for need, more in zip(least, wish, strict=True)]


def _keep_whole(row: Any, *, is_head: bool) -> None:
    from docx.oxml import OxmlElement

    wanted = ("w:cantSplit", "w:tblHeader") if is_head else ("w:cantSplit",)
    for name in wanted:
        row._tr.get_or_add_trPr().append(OxmlElement(name))  # noqa: SLF001  no other way


def _rule(row: Any, side: str, width: int) -> None:
    from docx.oxml import OxmlElement
    from docx.oxml.ns import qn

    for cell in row.cells:
        properties = cell._tc.get_or_add_tcPr()  # noqa: SLF001  no other way
        borders = properties.find(qn("w:tcBorders"))
        if borders is None:
            borders = OxmlElement("w:tcBorders")
            properties.append(borders)
        line = OxmlElement(f"w:{side}")
        for name, value in (("val", "single"), ("sz", str(width)), ("color", "000000")):
            line.set(qn(f"w:{name}"), value)
        borders.append(line)


def _add_figure(document: Any, figure: Drawn, png: bytes) -> None:
    from docx.shared import Inches, Pt

    width = float(figure.figure.get_size_inches()[0])
    paragraph = document.add_paragraph()
    paragraph.paragraph_format.keep_with_next = True
    paragraph.paragraph_format.space_before = Pt(8)
    paragraph.add_run().add_picture(io.BytesIO(png), width=Inches(width))
    caption = document.add_paragraph()
    caption.paragraph_format.keep_together = True
    head = caption.add_run(f"{figure.number}. ")
    head.bold, head.font.size = True, Pt(TABLE_PT + 1)
    caption.add_run(figure.caption).font.size = Pt(TABLE_PT + 1)


def _steady(content: bytes) -> bytes:
    """Return the same archive without the time it was made."""
    made = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(content)) as old,
        zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for item in old.infolist():
            entry = zipfile.ZipInfo(item.filename, (1980, 1, 1, 0, 0, 0))
            entry.compress_type = zipfile.ZIP_DEFLATED
            new.writestr(entry, old.read(item))
    return made.getvalue()
