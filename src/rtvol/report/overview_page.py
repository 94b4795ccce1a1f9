"""The page over many cases: which are worth a look, a table, distributions, bands of DVHs."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from rtvol.report.cohort import measures_of
from rtvol.report.cohort_curves import PERCENTILES
from rtvol.report.overview_columns import COLUMNS, CaseLine
from rtvol.report.pack import pack
from rtvol.report.robust import FEWEST, MOST_SCORE
from rtvol.report.webpage import UPLOT, UPLOT_CSS, PageParts, make_page
from rtvol.tables.curve_file import STEP_GY

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rtvol.report.cohort import CohortCase, Measure
    from rtvol.report.cohort_curves import CurveBook
    from rtvol.tables.rows import CaseResult

#: What makes a case worth a look, and by how many points: a rejected case was told of already, an
#: outlying value by nobody.
REJECTED, OUTLYING, FAILED, UNSURE, RARE = 3, 4, 2, 1, 1
#: A warning is rare when fewer of the cases than this part have it.
RARE_PART = 0.05
#: So many cases are shown above the table.
FIRST = 12
PARTS = PageParts(
    template="overview.html.j2",
    styles=("page.css", "overview.css", UPLOT_CSS),
    scripts=(UPLOT, "core.js", "rows.js", "spreads.js", "bands.js", "overview.js"),
)


@dataclass(frozen=True)
class CohortWords:
    """What an overview says about itself.

    Attributes
    ----------
    title
        Its heading.
    origin
        Where it all comes from: name and text.
    without_curves
        How to get bands of curves, where there are none.
    without_pages
        How to get pages of cases, where some have none.
    """

    title: str
    origin: tuple[tuple[str, str], ...] = ()
    without_curves: str = ""
    without_pages: str = ""


def overview_page(cases: Sequence[CohortCase], curves: CurveBook, words: CohortWords) -> str:
    """Return the page as HTML; the least of it is a table without a row.

    Raises
    ------
    ExtraMissing
        jinja2 is not installed.
    """
    measures = measures_of(cases)
    lines = lines_of(cases, measures)
    ranked = sorted(range(len(lines)), key=lambda n: (-lines[n].points, n))
    bands = curves.bands()
    text, index = pack(_arrays(measures))
    data = {
        "columns": [column.entry for column in COLUMNS],
        "rows": [[column.get(line) for column in COLUMNS] for line in lines],
        "links": [case.link for case in cases],
        "ranked": ranked,
        "measures": [_measure_entry(one) for one in measures],
        "names": _names(measures),
        "arrays": index,
        "bands": bands,
        "percentiles": PERCENTILES,
        "step_gy": STEP_GY,
    }
    shown = {
        "title": words.title,
        "lead": _lead(lines),
        "first": [_first(lines[n], cases[n].link) for n in ranked[:FIRST] if lines[n].points],
        "worth": sum(line.points > 0 for line in lines),
        "codes": _codes(cases),
        "points": {
            "rejected": REJECTED,
            "outlying": OUTLYING,
            "failed": FAILED,
            "unsure": UNSURE,
            "rare": RARE,
        },
        "rare_percent": 100 * RARE_PART,
        "rule": {"score": MOST_SCORE, "fewest": FEWEST},
        "has_measures": bool(measures),
        "has_bands": bool(bands),
        "bands_left_out": curves.left_out,
        "without_curves": words.without_curves,
        "without_pages": words.without_pages if not all(case.link for case in cases) else "",
        "origin": words.origin,
    }
    return make_page(PARTS, shown, data, {"arrays": text})


def lines_of(cases: Sequence[CohortCase], measures: Sequence[Measure]) -> list[CaseLine]:
    """Return the line of each case, with its points and why."""
    outlying: dict[int, list[tuple[str, str]]] = defaultdict(list)
    for measure in measures:
        for at in np.flatnonzero(measure.spread.outlying):
            words = outlier_words(measure, int(at))
            outlying[int(measure.cases[at])].append((measure.kind, words))
    counts = Counter(code for case in cases for code in _warnings(case.result))
    rare = {code for code, count in counts.items() if count < RARE_PART * len(cases)}
    return [_line(case, outlying.get(n, []), rare) for n, case in enumerate(cases)]


def outlier_words(measure: Measure, at: int) -> str:
    """Return what stands apart, by how much: `GTV volume 310 cc (usual 2.1 to 98)`."""
    name = measure.structures[at]
    label = measure.group if name == measure.group else f"{measure.group} {name}"
    unit = f" {measure.unit}" if measure.unit else ""
    usual = "" if measure.low is None else _short(measure.low)
    usual += "" if measure.high is None else f" to {_short(measure.high)}"
    return f"{label} {measure.quantity} {_short(measure.values[at])}{unit} (usual {usual.strip()})"


def _short(number: float) -> str:
    return f"{number:.3g}" if abs(number) < 100 else f"{number:.0f}"


def _warnings(result: CaseResult) -> set[str]:
    return {one.code for one in result.findings if one.severity == "warning"}


def _line(case: CohortCase, outlying: list[tuple[str, str]], rare: set[str]) -> CaseLine:
    line = CaseLine.of(case, len(outlying))
    seldom = sorted(_warnings(case.result) & rare)
    points = (
        OUTLYING * len({kind for kind, _ in outlying}) + FAILED * line.failed + RARE * len(seldom)
    )
    points += UNSURE * (line.unsure > 0) + REJECTED * (case.result.status == "reject")
    reasons = []
    if case.result.status == "reject":
        errors = dict.fromkeys(one.code for one in case.result.findings if one.severity == "error")
        reasons.append(f"rejected: {', '.join(errors)}")
    reasons += [words for _, words in outlying]
    failed = [
        f"{goal.structure} {goal.goal}" for goal in case.result.goals if goal.verdict == "fail"
    ]
    reasons += [f"goal failed: {text}" for text in failed]
    if line.unsure:
        reasons.append(f"goals that cannot be judged: {line.unsure}")
    reasons += [f"rare warning: {code}" for code in seldom]
    return replace(line, points=points, reasons=tuple(reasons))


def _first(line: CaseLine, link: str) -> dict[str, Any]:
    return {
        "case": line.case,
        "link": link,
        "status": line.status,
        "points": line.points,
        "reasons": line.reasons,
    }


def _lead(lines: Sequence[CaseLine]) -> list[str]:
    counts = Counter(line.status for line in lines)
    words = [f"{len(lines)} cases"]
    words += [f"{counts[status]} {status}" for status in ("accept", "warn", "reject")]
    failed = sum(line.failed > 0 for line in lines)
    unsure = sum(line.unsure > 0 for line in lines)
    if any(line.failed or line.unsure or line.passed for line in lines):
        words += [f"{failed} with failed goals", f"{unsure} with goals that cannot be judged"]
    words.append(f"{sum(line.outlying > 0 for line in lines)} with outlying values")
    return words


def _codes(cases: Sequence[CohortCase]) -> list[tuple[str, str, int]]:
    """Return code, severity and number of cases of each finding, most first."""
    counts = Counter(
        pair
        for case in cases
        for pair in {(one.code, one.severity) for one in case.result.findings}
    )
    return [(code, severity, count) for (code, severity), count in counts.most_common()]


def _arrays(measures: Sequence[Measure]) -> Mapping[str, Any]:
    names = {name: n for n, name in enumerate(_names(measures))}
    if not measures:
        return {}
    return {
        "cases": np.concatenate([one.cases for one in measures]),
        "values": np.concatenate([one.values for one in measures]).astype(np.float32),
        "outlying": np.concatenate([one.spread.outlying for one in measures]).astype(np.uint8),
        "names": np.array([names[name] for one in measures for name in one.structures], np.int32),
    }


def _names(measures: Sequence[Measure]) -> list[str]:
    return list(dict.fromkeys(name for one in measures for name in one.structures))


def _measure_entry(measure: Measure) -> dict[str, Any]:
    return {
        "group": measure.group,
        "quantity": measure.quantity,
        "unit": measure.unit,
        "count": len(measure.structures),
        "target": measure.of_targets,
        "ratio": measure.by_ratio,
        "median": measure.spread.median,
        "low": measure.low,
        "high": measure.high,
    }
