"""What goes to a journal: widths, sizes of text, real text in SVG, captions, Word, SPSS."""

from __future__ import annotations

import re
import zipfile
from typing import TYPE_CHECKING

import pyreadstat
import pytest
from docx import Document

from rtvol.outcomes import Analysis, Cohort, analyse, write_study
from rtvol.outcomes.config import CutSearch
from rtvol.outcomes.study import draw

if TYPE_CHECKING:
    from pathlib import Path

    from rtvol.outcomes import Study
    from rtvol.outcomes.drawn import Drawn

WANTED = Analysis(
    sav=True, patient_figures=True, cut_searches=(CutSearch(factor="ptv", bootstrap=10),)
)


@pytest.fixture(scope="module")
def study(synthetic: Cohort) -> Study:
    return analyse(synthetic, WANTED, "default")


@pytest.fixture(scope="module")
def drawn(study: Study) -> dict[str, Drawn]:
    return draw(study)


@pytest.fixture(scope="module")
def out(study: Study, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("publish")
    write_study(study, folder)
    return folder


def test_figures_are_one_or_two_columns_wide(drawn: dict[str, Drawn]) -> None:
    assert len(drawn) == 9
    for figure in drawn.values():
        mm = 25.4 * float(figure.figure.get_size_inches()[0])
        assert min(abs(mm - 85), abs(mm - 174)) < 0.1, figure.name
        assert 25.4 * float(figure.figure.get_size_inches()[1]) <= 234  # a page


def test_text_is_seven_to_nine_points(drawn: dict[str, Drawn]) -> None:
    from matplotlib.text import Text

    for figure in drawn.values():
        sizes = {
            text.get_fontsize() for text in figure.figure.findobj(Text) if text.get_text().strip()
        }
        assert 7 <= min(sizes) <= max(sizes) <= 9, (figure.name, sizes)


def test_svg_holds_text(out: Path) -> None:
    svg = (out / "fig1.svg").read_text(encoding="utf-8")
    words = re.sub(r"<[^>]+>", " ", svg)
    for text in ("lesions at risk", "log-rank", "SYNTHETIC"):
        assert text in words
    forest = re.sub(r"<[^>]+>", " ", (out / "fig4_forest.svg").read_text(encoding="utf-8"))
    assert "Hazard ratio of local failure" in forest
    assert "local control" not in forest


def test_nothing_of_a_figure_lies_outside_it(drawn: dict[str, Drawn], out: Path) -> None:
    """Texts of the figures as they were laid out when saved."""
    from matplotlib.text import Text

    for figure in drawn.values():
        written = re.findall(r">([^<>]+)</text>", (out / f"{figure.name}.svg").read_text("utf-8"))
        canvas = figure.figure
        canvas.draw_without_rendering()
        box = canvas.bbox
        for text in canvas.findobj(Text):
            if not text.get_visible() or text.get_text() not in written:
                continue
            own = text.get_window_extent()
            inside = (
                own.x0 > box.x0 - 3 and own.x1 < box.x1 + 3 and own.y0 > box.y0 - 3
                and own.y1 < box.y1 + 3
            )  # fmt: skip
            assert inside, (figure.name, text.get_text())


def test_every_figure_has_its_number_and_caption_everywhere(
    drawn: dict[str, Drawn], out: Path
) -> None:
    numbers = [figure.number for figure in drawn.values()]
    assert len(set(numbers)) == len(numbers)
    page = (out / "results.html").read_text(encoding="utf-8")
    text = (out / "results.md").read_text(encoding="utf-8")
    for figure in drawn.values():
        assert f"<b>{figure.number}.</b>" in page
        assert figure.number in text
        assert len(figure.caption) > 40


def test_captions_say_what_ran(drawn: dict[str, Drawn], synthetic: Cohort) -> None:
    assert "Gray" in drawn["fig5_competing"].caption
    assert "corrected" in drawn["fig7_cut_ptv_lc"].caption
    paper = draw(analyse(synthetic, Analysis(), "paper"))
    assert set(paper) == {"flow", "fig1", "fig2"}
    assert paper["fig1"].caption.count("by disease class") == 3


def test_paper_figure_one_has_the_two_classes_in_all_panels(synthetic: Cohort) -> None:
    figure = draw(analyse(synthetic, Analysis(), "paper"))["fig1"].figure
    from matplotlib.text import Text

    said = [text.get_text() for text in figure.findobj(Text)]
    assert sum(text.startswith("Disease class") for text in said) == 3
    assert "oligo-recurrence" in said
    assert "oligo-progression" in said
    assert any("log-rank p .007" in text for text in said)


def test_methods_name_what_was_done_and_nothing_else(study: Study, synthetic: Cohort) -> None:
    def text_of(done: Study) -> str:
        return " ".join(next(s for s in done.sheets if s.name == "methods").paragraphs)

    text = text_of(study)
    for word in ("Gray", "Fine and Gray", "D50", "maximally selected", "Clopper-Pearson", "TTP"):
        assert (word in text) == (word != "TTP"), word
    paper = text_of(analyse(synthetic, Analysis(), "paper"))
    for word in ("Gray", "D50", "maximally selected", "multivariable"):
        assert word not in paper
    wilson = text_of(analyse(synthetic, Analysis(proportion_limits="wilson"), "paper"))
    assert "Wilson" in wilson
    assert "Clopper-Pearson" not in wilson


def test_the_word_document_has_every_table_and_figure(study: Study, out: Path) -> None:
    document = Document(str(out / "results.docx"))
    shown = [sheet for sheet in study.sheets if sheet.lines]
    assert len(document.tables) == len(shown)
    for table, sheet in zip(document.tables, shown, strict=True):
        assert [cell.text for cell in table.rows[0].cells] == list(sheet.header)
        assert len(table.rows) == 1 + len(sheet.lines)
    headings = {p.text for p in document.paragraphs if p.style and p.style.name == "Heading 1"}
    assert {sheet.heading for sheet in study.sheets} == headings
    assert len(document.inline_shapes) == len(draw(study))
    assert "SYNTHETIC" in document.sections[0].header.paragraphs[0].text
    for section in document.sections:
        room = section.page_width - section.left_margin - section.right_margin
        assert all(shape.width <= room + 10 for shape in document.inline_shapes)


def test_small_counts_are_hidden_in_word_too(synthetic: Cohort, tmp_path: Path) -> None:
    write_study(analyse(synthetic, Analysis(suppress_below=5), "paper"), tmp_path / "s")
    with zipfile.ZipFile(tmp_path / "s" / "results.docx") as archive:
        text = archive.read("word/document.xml").decode()
    assert "&lt; 5" in text
    assert ">4 (7)<" not in text


def test_sav_holds_the_analysed_rows(study: Study, out: Path) -> None:
    lesions, about = pyreadstat.read_sav(str(out / "lesions.sav"), output_format="dict")
    assert len(lesions["patient_id"]) == 77
    lc = study.endpoint("lc")
    assert lesions["lc_months"] == pytest.approx(lc.months)
    assert lesions["lc_status"] == pytest.approx(lc.status)
    assert about.variable_value_labels["ptv_group"] == {0.0: "<= 10", 1.0: "> 10"}
    assert about.column_names_to_labels["ptv"] == "PTV, mL"
    patients, _ = pyreadstat.read_sav(str(out / "patients.sav"), output_format="dict")
    assert sum(v == 1 for v in patients["os_status"]) == 39


def test_all_of_it_is_the_same_bytes_again(synthetic: Cohort, out: Path, tmp_path: Path) -> None:
    write_study(analyse(synthetic, WANTED, "default"), tmp_path / "again")
    for path in out.iterdir():
        assert (tmp_path / "again" / path.name).read_bytes() == path.read_bytes(), path.name


def test_the_page_prints_whole(out: Path) -> None:
    page = (out / "results.html").read_text(encoding="utf-8")
    printed = page[page.index("@media print") : page.index("</style>")]
    for rule in (
        ".wide { overflow: visible; }",
        ".folded { display: block; }",
        "white-space: normal",
    ):
        assert rule in printed
