"""Slices on paper: image, outlines and isodoses lie where they are in the patient."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from report.conftest import GRADIENT, TUMOUR, gy_at, phantom
from rtvol.cli import main
from rtvol.phantoms import write_case
from rtvol.report.lettering import folded, printable, shortened, width_of
from rtvol.report.panels import AXES, PlaneCut, draw_panel
from rtvol.report.paper import drawing_rules

if TYPE_CHECKING:
    from rtvol.report.stage import CaseStage


@pytest.fixture(scope="module", params=["HFS", "FFP"])
def stage(request: Any, tmp_path_factory: pytest.TempPathFactory) -> CaseStage:
    """The phantom on its stage, as `rtvol report` sets it."""
    from rtvol.batch import pages

    folder = tmp_path_factory.mktemp("stage")
    write_case(folder / "case", phantom(), position=request.param)
    kept: list[CaseStage] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pages, "write_pages", lambda stage, _: kept.append(stage))
        main(["report", str(folder / "case"), "-o", str(folder / "a.html"), "-q"])
    return kept[0]


def panel(stage: CaseStage, plane: Any) -> Any:
    from matplotlib.figure import Figure

    with drawing_rules():
        axes = Figure().add_subplot()
        draw_panel(axes, stage, PlaneCut(plane, TUMOUR.centre_mm), 8)
    return axes


def fixed_mm(stage: CaseStage, plane: str) -> float:
    """Where the plane drawn lies on the axis across it."""
    across = AXES[plane][0]
    return float(stage.line(across)[stage.nearest(across, TUMOUR.centre_mm["xyz".index(across)])])


@pytest.mark.parametrize("plane", AXES)
def test_the_bright_tumour_is_where_it_is(plane: str, stage: CaseStage) -> None:
    axes = panel(stage, plane)
    (image,) = axes.images
    values = np.asarray(image.get_array())
    left, right, low, top = image.get_extent()
    rows, columns = values.shape
    u = left + (np.arange(columns) + 0.5) * (right - left) / columns
    v = low + (np.arange(rows) + 0.5) * (top - low) / rows
    across, *inplane = ("xyz".index(axis) for axis in AXES[plane])
    centre = [TUMOUR.centre_mm[axis] for axis in inplane]
    off = fixed_mm(stage, plane) - TUMOUR.centre_mm[across]
    radius = np.sqrt(TUMOUR.radius_mm**2 - off**2)
    away = np.hypot(*np.meshgrid(u - centre[0], v - centre[1]))
    # planes are 2.5 mm apart, noise is 9 HU
    assert (values[away < radius - 2] > 200).all()
    assert (values[away > radius + 2] < 200).all()


@pytest.mark.parametrize("plane", AXES)
def test_the_patient_lies_as_in_radiology(plane: str, stage: CaseStage) -> None:
    axes = panel(stage, plane)
    assert axes.get_xlim()[0] < axes.get_xlim()[1]
    low, top = axes.get_ylim()
    assert (low > top) == (plane == "axial")  # y grows to the back, z to the head
    letters = {tuple(text.get_position()): text.get_text() for text in axes.texts[:4]}
    by_place = [letters[place] for place in sorted(letters)]
    assert "".join(by_place) == {"axial": "RPAL", "coronal": "RISL", "sagittal": "AISP"}[plane]


@pytest.mark.parametrize("plane", AXES)
def test_isodoses_and_outlines_are_where_they_are(plane: str, stage: CaseStage) -> None:
    axes = panel(stage, plane)
    assert len(axes.collections) >= 1
    across, *inplane = ("xyz".index(axis) for axis in AXES[plane])
    levels = [level["gy"] for level in stage.levels]
    for lines in axes.collections:
        for path in lines.get_paths():
            points = np.empty((len(path.vertices), 3))
            points[:, across] = fixed_mm(stage, plane)
            points[:, inplane] = path.vertices
            found = np.array([gy_at(*point) for point in points])
            nearest = min(levels, key=lambda gy: abs(gy - found.mean()))
            assert found == pytest.approx(nearest, abs=0.02)
    centre = np.array([TUMOUR.centre_mm[axis] for axis in inplane])
    off = fixed_mm(stage, plane) - TUMOUR.centre_mm[across]
    rings = [line for line in axes.lines if line.get_color() == (1.0, 0.0, 0.0)]
    assert rings
    for ring in rings:
        away = np.hypot(*(np.column_stack(ring.get_data()) - centre).T)
        assert away == pytest.approx(np.sqrt(TUMOUR.radius_mm**2 - off**2), abs=0.5)


def test_the_gradient_of_the_phantom_is_no_accident() -> None:
    """The dose of these tests differs along all three axes."""
    assert len(set(GRADIENT)) == 3


texts = st.text(st.characters(), max_size=320)


@given(text=texts)
def test_every_text_is_drawn_in_letters_the_font_has(text: str) -> None:
    """Also control signs, half surrogates and other scripts: one line, no sign lost."""
    from matplotlib.font_manager import FontProperties, findfont
    from matplotlib.ft2font import FT2Font

    font = FT2Font(findfont(FontProperties(family="DejaVu Sans")))
    drawn = printable(text)
    assert all(sign.isprintable() and font.get_char_index(ord(sign)) for sign in drawn)
    assert len(drawn) >= len(text)
    assert printable(drawn) == drawn
    assert len(shortened(text)) <= 63


@given(text=texts, width=st.floats(20, 300), bold=st.booleans())
def test_folded_lines_fit_and_lose_nothing(text: str, width: float, *, bold: bool) -> None:
    lines = folded(text, width, 8, bold=bold)
    assert all(width_of(line, 8, bold=bold) <= width + 1e-6 or len(line) == 1 for line in lines)
    whole = "".join(printable(part) for part in text.split("\n"))
    assert "".join(lines).replace(" ", "") == whole.replace(" ", "")


def test_a_name_is_as_wide_as_it_is_drawn() -> None:
    """Against matplotlib's own layout of a text."""
    from matplotlib.textpath import TextPath

    with drawing_rules():
        for text in ("Kidney_L", "WWiill 0.123", "PTV^clip"):
            path = TextPath((0, 0), text, size=100)
            assert width_of(text, 100) == pytest.approx(path.get_extents().width, abs=20)


def test_a_table_loses_no_cell_over_its_pages() -> None:
    from rtvol.report.flow import PaperColumn, PaperFlow, number_pages

    rows = [[f"name {n}", "long " * (n % 60) + f"end{n}", f"{n}.5"] for n in range(200)]
    with drawing_rules():
        flow = PaperFlow()
        flow.heading("Head")
        flow.table(
            [PaperColumn("Name"), PaperColumn("Words"), PaperColumn("Number", is_number=True)], rows
        )
        number_pages(flow.pages, "foot")
    drawn = [text.get_text() for page in flow.pages for text in page.texts]
    joined = " ".join(drawn)
    assert all(f"name {n}" in drawn for n in range(200))
    assert all(f"end{n}" in joined for n in range(200))
    assert drawn.count("Number") == len(flow.pages) > 3
    for page in flow.pages:
        for text in page.texts:
            x, y = text.get_position()
            assert 0 < x < 1
            assert 0 < y < 1
