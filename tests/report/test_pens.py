"""Lines of a chart are told apart without colour: read from the pages and pictures themselves."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rtvol.dvh.curve import Histogram
from rtvol.report.dvh_plot import plot_dvhs
from rtvol.report.palette import on_paper
from rtvol.report.pens import MOST_STROKES, Subject, pens_for
from rtvol.tables.rows import CaseResult, DosePart, StructureRow, VolumePart

if TYPE_CHECKING:
    from pathlib import Path

SVG = "{http://www.w3.org/2000/svg}"
USUAL = [
    *("GTV", "GTV2", "CTV", "PTV", "PTV^clip", "BODY", "Liver", "liver", "LIVER", "Kidney_L"),
    *("Kidney_R", "Lt Kidney", "KIDNEY LEFT", "Lung_L", "Lung_R", "Lungs", "Bowel_Bag"),
]
HOSTILE = ["$x^2$", "<b>&amp;", "a\nb", "_", "", " ", "\\frac", "x" * 300, "肝臓", "\u202eabc", '"']
names = st.one_of(
    st.sampled_from(USUAL), st.sampled_from(HOSTILE), st.text(st.characters(codec="utf-8"))
)
lists = st.lists(names, min_size=1, max_size=45)
slow = settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


def result_of(listed: list[str]) -> CaseResult:
    """A case with a curve for each name, none like another."""
    rows = []
    for number, name in enumerate(listed):
        counts = np.zeros(200 + 20 * number)
        counts[50 + 10 * number :] = 1.0
        curve = Histogram(counts / counts.sum() * 10.0, 10.0, 0.0)
        part = DosePart("slab", "half", "linear", "physical", {}, 10.0, curve=curve)
        rows.append(StructureRow(name, "roi", "", VolumePart(10.0, "slab", 4), dose=part))
    return CaseResult.of("case", (), structures=tuple(rows))


def page_curves(path: Path) -> list[dict[str, Any]]:
    found = re.search(r'id="data">(.*?)</script>', path.read_text("utf-8"), re.DOTALL)
    assert found is not None
    curves: list[dict[str, Any]] = json.loads(found[1])["charts"][0]["curves"]
    return curves


def svg_lines(path: Path) -> list[tuple[str, str]]:
    """Dashes and width of each curve of a picture."""
    root = ElementTree.parse(path)  # noqa: S314 - just made
    groups = [one for one in root.iter(f"{SVG}g") if one.get("id", "").startswith("curve-")]
    lines = []
    for group in groups:
        style = group.find(f"{SVG}path").get("style", "")
        parts = dict(re.findall(r"([\w-]+):\s*([^;]+)", style))
        lines.append((parts.get("stroke-dasharray", "none"), parts.get("stroke-width", "1")))
    return lines


def hold_apart(lines: list[tuple[Any, Any]], tags: list[str]) -> None:
    """No two lines are alike; where there are more than pens, each bears a tag of its own."""
    if len(lines) <= MOST_STROKES:
        assert len(set(lines)) == len(lines)
    else:
        assert all(tags)
        assert len(set(tags)) == len(tags)


@slow
@given(listed=lists)
def test_no_two_curves_of_a_page_are_alike(listed: list[str], tmp_path: Path) -> None:
    path = tmp_path / "dvh.html"
    plot_dvhs(path, [result_of(listed)], "Gy", "", overwrite=True)
    curves = page_curves(path)
    assert sorted(one["name"] for one in curves) == sorted(listed)
    if len(listed) <= MOST_STROKES:
        assert [one["name"] for one in curves] == listed
    lines = [(tuple(one["dashes"]), one["width"]) for one in curves]
    hold_apart(lines, [one["tag"] for one in curves])
    for one in curves:
        if one["tag"]:  # it stands on its curve
            doses = json.loads(re.search(r'"dose_gy":(\[.*?\])', path.read_text("utf-8"))[1])
            dose, percent = one["tag_at"]
            assert np.interp(dose, doses, one["percent"]) == pytest.approx(percent, abs=0.01)


@settings(parent=slow, max_examples=6)
@given(listed=lists)
def test_no_two_curves_of_a_picture_are_alike(listed: list[str], tmp_path: Path) -> None:
    path = tmp_path / "dvh.svg"
    plot_dvhs(path, [result_of(listed)], "Gy", "", overwrite=True)
    lines = svg_lines(path)
    assert len(lines) == len(listed)
    root = ElementTree.parse(path)  # noqa: S314 - just made
    texts = ["".join(one.itertext()) for one in root.iter(f"{SVG}text")]
    tags = [text for text in texts if re.fullmatch(r"\s*\[\d+\] .*", text)]
    hold_apart(lines, [re.search(r"\d+", tag)[0] for tag in tags])


@given(listed=st.lists(st.tuples(names, st.sampled_from(["", "GTV", "PTV", "ORGAN"])), max_size=45))
def test_pens_depend_on_the_set_of_names_alone(listed: list[tuple[str, str]]) -> None:
    def pens(some: list[tuple[str, str]]) -> set[Any]:
        found = pens_for([Subject(*one) for one in some])
        return set(zip(some, found, strict=True))

    assert pens(listed) == pens(sorted(listed)) == pens(listed[::-1])


def test_targets_have_their_usual_lines_and_organs_their_colours() -> None:
    """TG-263 names, left and right however they are written."""
    subjects = [Subject(name) for name in USUAL]
    pens = dict(zip(USUAL, pens_for(subjects), strict=True))
    assert pens["GTV"].dashes == pens["PTV"].dashes == ()
    assert pens["GTV"].width > pens["PTV"].width
    assert pens["Kidney_L"].colour == pens["Kidney_R"].colour == pens["Lt Kidney"].colour
    assert pens["Liver"].colour == pens["LIVER"].colour != pens["Kidney_L"].colour
    alone = pens_for([Subject("GTV 1", "GTV", is_made=True), Subject("GTV 1 (drawn)", "GTV")])
    assert (alone[0].width, alone[0].dashes) == (pens["GTV"].width, ())


def test_colours_on_paper_are_seen() -> None:
    """Contrast with white of 3:1 and more (WCAG 2.1, 1.4.11), by its definition."""
    for pen in pens_for([Subject(name) for name in (*USUAL, *map(str, range(9)))]):
        linear = [
            part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
            for part in (part / 255 for part in on_paper(pen.colour))
        ]
        light = float(np.dot([0.2126, 0.7152, 0.0722], linear))
        assert 1.05 / (light + 0.05) >= 3.0
