"""What is written: the same bytes each run, whole without a network, escaped, marked as made up."""

from __future__ import annotations

import csv
import hashlib
import json
import re
from typing import TYPE_CHECKING

import pytest
from pyarrow import parquet

from rtvol.errors import OutputRefused
from rtvol.outcomes import Analysis, Cohort, analyse, write_study
from rtvol.outcomes.markdown import to_markdown
from rtvol.outcomes.results import BANNER, LONG, Row, suppressed

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Draft


@pytest.fixture(scope="module")
def out(synthetic: Cohort, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("study") / "paper"
    write_study(analyse(synthetic, Analysis(), "paper"), folder)
    return folder


def digests(folder: Path) -> dict[str, str]:
    return {p.name: hashlib.sha256(p.read_bytes()).hexdigest() for p in folder.iterdir()}


def test_a_re_run_gives_the_same_bytes(out: Path, synthetic_folder: Path, tmp_path: Path) -> None:
    again = tmp_path / "again"
    write_study(analyse(Cohort.read(synthetic_folder), Analysis(), "paper"), again)
    assert digests(again) == digests(out)


def test_every_output_says_that_the_data_is_made_up(out: Path) -> None:
    for name in ("results.csv", "results.md", "results.html", "run.json"):
        assert "SYNTHETIC" in (out / name).read_text(encoding="utf-8")
    assert parquet.read_schema(out / "results.parquet").metadata[b"banner"] == BANNER.encode()
    page = (out / "results.html").read_text(encoding="utf-8")
    tables = page.count("<table>") - 2  # the warnings and the run are no results
    assert page.count(f'<p class="made-up">{BANNER}</p>') == tables
    for name in ("flow", "fig1", "fig2"):
        drawn = {p.name for p in out.glob(f"{name}.*")}
        assert drawn == {f"{name}.svg", f"{name}.png"}


def test_real_data_has_no_such_banner(small: Cohort, tmp_path: Path) -> None:
    write_study(analyse(small, Analysis(), "default"), tmp_path / "study")
    for path in (tmp_path / "study").glob("results.*"):
        assert b"SYNTHETIC" not in path.read_bytes()


def test_the_page_needs_nothing_else(out: Path) -> None:
    page = (out / "results.html").read_text(encoding="utf-8")
    assert not re.findall(r'(?:src|href)="(?!data:|#)', page)
    assert not re.search(r"<script|@import|url\(", page)


def test_the_long_table_is_one_table_in_two_forms(out: Path) -> None:
    with (out / "results.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))
    assert tuple(rows[0]) == Row._fields == tuple(one.name for one in LONG.columns)
    table = parquet.read_table(out / "results.parquet")
    assert table.num_rows == len(rows) - 1
    for text, value in zip(rows[1:], table.column("value").to_pylist(), strict=True):
        assert (float(text[5]) if text[5] else None) == value  # unrounded
    assert {"table1", "table2", "table3_ttp", "rates", "toxicity", "fig2", "qa"} <= {
        r[0] for r in rows
    }


def test_run_json_says_what_it_was_made_of(out: Path, synthetic_folder: Path) -> None:
    run = json.loads((out / "run.json").read_text())
    for name, digest in run["inputs_sha256"].items():
        assert hashlib.sha256((synthetic_folder / name).read_bytes()).hexdigest() == digest
    for name, digest in run["outputs"].items():
        assert hashlib.sha256((out / name).read_bytes()).hexdigest() == digest
    assert run["mode"] == "paper"
    assert run["analysis"]["ttp_censoring"] == "last_contact"
    assert {"python", "rtvol", "numpy", "scipy", "matplotlib"} <= set(run["versions"])


def test_an_earlier_study_is_not_overwritten(out: Path, synthetic: Cohort) -> None:
    with pytest.raises(OutputRefused, match="output-exists"):
        write_study(analyse(synthetic, Analysis(), "paper"), out)


def test_text_of_the_data_cannot_act(draft: Draft, tmp_path: Path) -> None:
    draft.set("toxicity", 0, term="<img src=x onerror=alert(1)>|*b*").set(
        "toxicity", 2, term="=1+1"
    )
    draft.set("screening", 6, reason="<script>x</script>")
    cohort = Cohort.read(draft.write(), free_text=True)
    done = analyse(cohort, Analysis(labels={"age": "$x^2$ <i>"}), "paper")
    write_study(done, tmp_path / "study")
    page = (tmp_path / "study" / "results.html").read_text(encoding="utf-8")
    assert "<img src=x" not in page
    assert "<script>" not in page
    text = (tmp_path / "study" / "results.md").read_text(encoding="utf-8")
    assert "<img" not in text
    assert r"\|\*b\*" in text
    with (tmp_path / "study" / "results.csv").open(encoding="utf-8", newline="") as file:
        cells = [cell for row in csv.reader(file) for cell in row]
    assert not [cell for cell in cells if cell.startswith(("=", "@"))]


def test_small_cells_are_hidden_when_asked(small: Cohort) -> None:
    done = analyse(small, Analysis(suppress_below=5), "paper")
    for row in done.rows:
        assert row.n is None or row.n == 0 or row.n >= 5
        assert row.events is None or row.events == 0 or row.events >= 5
    text = to_markdown("x", done.sheets, "", 5)
    table1 = text[text.index("## Table 1") : text.index("## Rates")]
    assert re.findall(r"\| male \| &lt; 5 \|", table1)
    assert "3 (50)" not in table1


def test_nothing_is_hidden_otherwise() -> None:
    row = Row("t", "r", "l", "patient", "count", 2.0, n=2, method="count")
    assert suppressed([row], 0) == [row]
    assert suppressed([row], 3)[0].value is None
    assert suppressed([row._replace(value=0.0, n=9, events=0)], 3)[0].events == 0


def test_persons_are_drawn_only_when_asked(small: Cohort, tmp_path: Path) -> None:
    write_study(analyse(small, Analysis(), "default"), tmp_path / "shared")
    assert not (tmp_path / "shared" / "swimmer.svg").exists()
    settings = Analysis(patient_figures=True)
    write_study(analyse(small, settings, "default"), tmp_path / "own")
    assert (tmp_path / "own" / "swimmer.svg").is_file()


def test_a_cohort_without_toxicity_or_screening_has_no_such_table(
    draft: Draft, tmp_path: Path
) -> None:
    folder = draft.write()
    (folder / "toxicity.csv").unlink()
    (folder / "screening.csv").unlink()
    done = analyse(Cohort.read(folder), Analysis(), "default")
    assert "toxicity" not in {sheet.name for sheet in done.sheets}
    write_study(done, tmp_path / "study")
    assert "No screening table" in (tmp_path / "study" / "results.md").read_text()
