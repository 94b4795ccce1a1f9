"""A case for the record: what its page shows, as a PDF that is printed or filed (A4)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rtvol.report.case_pictures import draw_key, opening_cuts
from rtvol.report.case_tables import WAYS
from rtvol.report.dvh_figure import draw_chart
from rtvol.report.flow import (
    BOTTOM,
    CELL,
    FAINT,
    HEIGHT,
    INK,
    LEFT,
    RIGHT,
    ROOM,
    TOP,
    WIDTH,
    PaperColumn,
    PaperFlow,
    number,
    number_pages,
)
from rtvol.report.lettering import folded, shortened
from rtvol.report.panels import PlaneCut, draw_panel
from rtvol.report.paper import drawing_rules, pdf_of
from rtvol.version import __version__

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from rtvol.report.drawn import DrawnStructure
    from rtvol.report.stage import CaseStage

#: The key beside pictures is so wide, points; pictures on a page of cuts: rows and columns.
KEY_WIDTH, CUT_ROWS, CUT_COLUMNS = 150.0, 2, 3
LETTERS = 8.0
#: Metrics side by side in a table.
METRIC_COLUMNS = 9
#: Where the curves are, with room for their key: left, bottom, width and height.
CHART = (LEFT + 34, BOTTOM + 34, ROOM - 34 - 240, TOP - BOTTOM - 62)
STATUS = {"accept": "#19703a", "warn": "#8a5a00", "reject": "#a00018"}


def case_pdf(stage: CaseStage) -> bytes:
    """Return the record of a case: pictures, structures, doses and goals, findings, provenance.

    Raises
    ------
    ExtraMissing
        matplotlib is not installed.
    """
    with drawing_rules():
        flow = PaperFlow()
        _opening(stage, flow)
        _cuts(stage, flow)
        _structures(stage.words, flow)
        _margins(stage.words, flow)
        _doses(stage, flow)
        _findings(stage.words, flow)
        flow.heading("Provenance")
        flow.table(
            [PaperColumn("What", least=80), PaperColumn("Which")],
            [[name, text] for name, text in stage.words["origin"]],
        )
        flow.text("")
        flow.text(f"What the numbers mean. {' '.join(stage.words['meanings'])}", 7, FAINT)
        mind = "research software, not a medical device: a physicist checks every structure"
        number_pages(flow.pages, f"{shortened(stage.name, 50)}   ·   rtvol {__version__}, {mind}")
        return pdf_of(flow.pages, f"rtvol {shortened(stage.name, 90)}")


def _opening(stage: CaseStage, flow: PaperFlow) -> None:
    """Draw the first page: who and what, and the three planes the page opens on."""
    figure, words = flow.picture(), stage.words
    title = shortened(stage.name, 70)
    figure.text(LEFT / WIDTH, (TOP - 8) / HEIGHT, title, fontsize=15, fontweight="bold", color=INK)
    figure.text(
        RIGHT / WIDTH, (TOP - 8) / HEIGHT, words["status"], fontsize=11, fontweight="bold",
        color=STATUS[words["status"]], ha="right",
    )  # fmt: skip
    lines = folded(words["patient"], ROOM, 9) if words["patient"] else []
    lines += folded("  ·  ".join(words["lead"]), ROOM, 9)
    lines += folded(words["turned"], ROOM, 9) if words["turned"] else []
    figure.text(
        LEFT / WIDTH, (TOP - 16) / HEIGHT, "\n".join(lines), fontsize=9, color=FAINT, va="top"
    )
    top = TOP - 22 - 12 * len(lines) - 24
    cuts = opening_cuts(stage)
    wide = (ROOM - KEY_WIDTH - 20) * 0.58
    narrow = ROOM - KEY_WIDTH - 20 - wide
    half = (top - BOTTOM - 30) / 2
    boxes = {
        "axial": (LEFT, BOTTOM, wide, top - BOTTOM),
        "coronal": (LEFT + wide + 10, BOTTOM + half + 30, narrow, half),
        "sagittal": (LEFT + wide + 10, BOTTOM, narrow, half),
    }
    seen: dict[str, DrawnStructure] = {}
    for plane, box in boxes.items():
        cut = cuts[plane] if plane == "axial" else PlaneCut(cuts[plane].plane, cuts[plane].at_mm)
        seen |= {one.label: one for one in draw_panel(_axes(figure, box), stage, cut, LETTERS)}
    _key(figure, stage, seen, top)


def _cuts(stage: CaseStage, flow: PaperFlow) -> None:
    """Draw every plane where an organ cuts most."""
    places = [place for place in stage.places if place.kind == "cut"]
    many = CUT_ROWS * CUT_COLUMNS
    for first in range(0, len(places), many):
        figure = flow.picture("Where organs cut")
        some = places[first : first + many]
        columns = min(len(some), CUT_COLUMNS)
        rows = -(-len(some) // columns)
        top = TOP - 58
        wide = (ROOM - KEY_WIDTH - 10 * columns) / columns
        high = (top - BOTTOM - 44 * (rows - 1)) / rows
        seen: dict[str, DrawnStructure] = {}
        for nth, place in enumerate(some):
            row, column = divmod(nth, columns)
            box = (LEFT + column * (wide + 10), top - high - row * (high + 44), wide, high)
            label = "\n".join(folded(place.label, wide, LETTERS)[:2])
            axes = _axes(figure, box)
            drawn = draw_panel(axes, stage, PlaneCut("axial", place.at_mm), LETTERS)
            axes.set_title(f"{label}\n{axes.get_title()}", fontsize=LETTERS - 0.5)
            seen |= {one.label: one for one in drawn}
        _key(figure, stage, seen, top)


def _axes(figure: Figure, box: tuple[float, float, float, float]) -> Axes:
    x, y, width, height = box
    return figure.add_axes((x / WIDTH, y / HEIGHT, width / WIDTH, height / HEIGHT), anchor="N")


def _key(figure: Figure, stage: CaseStage, seen: Mapping[str, DrawnStructure], top: float) -> None:
    axes = _axes(figure, (RIGHT - KEY_WIDTH, BOTTOM, KEY_WIDTH, top - BOTTOM))
    order = [one for one in stage.drawn if one.label in seen]
    draw_key(axes, order, stage.levels, LETTERS - 0.5)


def _margins(words: Mapping[str, Any], flow: PaperFlow) -> None:
    if not words["margins"]:
        return
    flow.heading("Margins asked, achieved and dosimetric")
    columns = [PaperColumn("Target", least=90), PaperColumn("Margin, mm", least=110)]
    columns += [*map(number, WAYS), PaperColumn("Over the whole surface", least=120)]
    rows: list[Sequence[Any]] = []
    for one in words["margins"]:
        lines = one["lines"] or [{"head": "to the isodose", "cells": [("–", False)] * len(WAYS)}]
        for n, line in enumerate(lines):
            is_last = n == len(lines) - 1
            head = f"{line['head']} {one['gy']}".rstrip() if is_last else line["head"]
            cells = [f"{text} *" if short else text for text, short in line["cells"]]
            first = n == 0
            told = "; ".join(one["words"]) if first else ""
            rows.append([one["target"] if first else "", head, *cells, told])
    flow.table(columns, rows)
    if any("*" in cell for row in rows for cell in row[2:-1]):
        flow.text("* the isodose is nearer than the margin asked for", 7, FAINT)


def _structures(words: Mapping[str, Any], flow: PaperFlow) -> None:
    flow.heading("Structures")
    made = words["is_made"]
    columns = [PaperColumn(""), PaperColumn("Structure", least=90)]
    columns += [PaperColumn("Role")] if made else []
    columns += [number("Volume cc"), PaperColumn("Solid")]
    columns += [number("Written cc")] if made else []
    columns += [number("Planes")]
    if made:
        columns += [
            PaperColumn("Margin asked"),
            number("Achieved mm min / mean / 95 % / max", 62),
            number("Least towards L / R / A / P / S / I", 62),
            PaperColumn("Lost to organs", least=90),
        ]
    columns += [PaperColumn("Notes")] if any(row["notes"] for row in words["rows"]) else []
    rows: list[Sequence[Any]] = []
    for row in words["rows"]:
        tag = f"[{row['pen']['tag']}] " if row["pen"]["tag"] else ""
        cells: list[Any] = [row["pen"], tag + row["name"]]
        cells += [row["role"]] if made else []
        cells += [row["cc"], row["solid"]]
        cells += [row["written"]] if made else []
        cells += [row["planes"]]
        if made:
            cells += [row["asked"], row["achieved"], row["toward"], "\n".join(row["lost"])]
        rows.append([*cells, row["notes"]][: len(columns)])
    flow.table(columns, rows)
    if words["sums"]:
        flow.text("")
        flow.text(words["sums"])


def _doses(stage: CaseStage, flow: PaperFlow) -> None:
    words = stage.words
    if stage.chart["curves"]:
        axes = _axes(flow.picture("Dose-volume histograms"), CHART)
        draw_chart(axes, stage.chart)
        flow.heading("Goals and metrics")
    else:
        flow.heading("Doses and goals")
    flow.text(words["dose_words"])
    if words["goals"]:
        names = ("#", "Structure", "Goal", "Value", "Verdict", "Priority", "Source", "Note")
        keys = ("number", "structure", "goal", "value", "verdict", "priority", "source", "note")
        rows = [[str(goal[key]) for key in keys] for goal in words["goals"]]
        flow.text("")
        flow.table([PaperColumn(name, is_number=name in ("#", "Value")) for name in names], rows)
    for goal in words["absent_goals"]:
        flow.text(
            f"{goal['number']}. {goal['structure']} {goal['goal']}: cannot say, the case has no "
            "structure of that name",
            CELL,
        )
    _metrics(words["metrics"], flow)


def _metrics(metrics: Mapping[str, Any], flow: PaperFlow) -> None:
    """Write the metrics, so many side by side, and below what is to be said of them."""
    rows, keys = metrics["rows"], metrics["columns"]
    for first in range(0, len(keys) if rows else 0, METRIC_COLUMNS):
        some = slice(first, first + METRIC_COLUMNS)
        columns = [
            PaperColumn("Structure", least=90),
            number("cc in the dose"),
            *map(number, keys[some]),
        ]
        notes = [row["notes"] if not first else "" for row in rows]
        columns += [PaperColumn("Notes")] if any(notes) else []
        cells = [
            [row["name"], row["cc"], *row["cells"][some], note][: len(columns)]
            for row, note in zip(rows, notes, strict=True)
        ]
        flow.text("")
        flow.table(columns, cells)


def _findings(words: Mapping[str, Any], flow: PaperFlow) -> None:
    findings = words["findings"]
    flow.heading(f"Findings ({len(findings)})")
    if not findings:
        flow.text("None.")
        return
    keys = ("severity", "code", "where", "seen", "mend")
    names = ("Severity", "Code", "Where", "Seen", "How to mend")
    flow.table(
        [PaperColumn(name) for name in names], [[one[key] for key in keys] for one in findings]
    )
