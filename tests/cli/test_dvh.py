"""`rtvol dvh`, as a whole: numbers, absent numbers, tables."""

from __future__ import annotations

import csv
import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pydicom
import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Run = Callable[..., Any]


def rows_of(run: Any) -> dict[str, dict[str, Any]]:
    (case,) = json.loads(run.out)["cases"]
    return {row["name"]: row for row in case["structures"]}


def gaussian_in_sphere_gy() -> np.ndarray:
    """Doses of the tiny patient's GTV: 50 Gy bell of 20 mm in a ball of 7 mm at x = 14 mm."""
    axis = np.linspace(-7, 7, 141)
    x, y, z = np.meshgrid(axis, axis, axis, indexing="ij")
    inside = x**2 + y**2 + z**2 <= 49
    distance2 = (x[inside] + 14) ** 2 + y[inside] ** 2 + z[inside] ** 2
    return 50 * np.exp(-distance2 / (2 * 20**2))


def test_metrics_are_those_of_the_dose_field(rtvol: Run, exports: Path) -> None:
    words = ("--roi", "GTV", "--metric", "Mean", "--metric", "D50%", "--metric", "V40Gy[%]")
    run = rtvol("dvh", exports, *words, "--json")
    assert run.code == 0
    metrics = rows_of(run)["GTV"]["metrics"]
    assert list(metrics) == ["Mean[Gy]", "D50%[Gy]", "V40Gy[%]"]
    # between samples 4 mm apart trilinear doses lie h2/12 |Laplacian| = 0.31 Gy low on average
    doses = gaussian_in_sphere_gy() - 0.31
    assert metrics["Mean[Gy]"] == pytest.approx(doses.mean(), abs=0.12)
    assert metrics["D50%[Gy]"] == pytest.approx(np.median(doses), abs=0.2)
    assert metrics["V40Gy[%]"] == pytest.approx(100 * (doses >= 40).mean(), abs=1.5)


def test_patterns_choose_structures_and_defaults_are_four_metrics(
    rtvol: Run, exports: Path
) -> None:
    rows = rows_of(rtvol("dvh", exports, "--roi", "*T*", "--roi", "duodenum", "--json"))
    assert list(rows) == ["GTV", "Duodenum"]
    assert list(rows["GTV"]["metrics"]) == ["D95%[Gy]", "D50%[Gy]", "D2%[Gy]", "Mean[Gy]"]
    table = rtvol("dvh", exports).out
    rows_shown = table.partition("  structure")[2].splitlines()[1:]
    assert [line.split()[0] for line in rows_shown] == ["Liver", "GTV", "Duodenum"]


def test_an_absent_number_is_a_dash_with_a_note(rtvol: Run, exports: Path) -> None:
    run = rtvol("dvh", exports, "--roi", "GTV", "--metric", "D20cc[Gy]")
    assert run.code == 0
    row, note = run.out.partition("  structure")[2].splitlines()[1:]
    assert row.split()[-1] == "-"
    assert note.startswith("  GTV D20cc[Gy]: ")
    value = rows_of(rtvol("dvh", exports, "--roi", "GTV", "--metric", "D20cc", "--json"))["GTV"]
    assert value["metrics"]["D20cc[Gy]"] is None
    assert value["notes"]["D20cc[Gy]"]


def test_percent_of_the_prescription_needs_a_plan(rtvol: Run, exports: Path) -> None:
    words = ("dvh", exports, "--roi", "GTV", "--metric", "V50%[%]", "--json")
    assert rows_of(rtvol(*words))["GTV"]["metrics"]["V50%[%]"] == pytest.approx(100, abs=1)
    (exports / "good" / "RP.dcm").unlink()
    row = rows_of(rtvol(*words))["GTV"]
    assert row["metrics"]["V50%[%]"] is None
    assert row["notes"]["V50%[%]"]


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_the_long_table_holds_every_value_with_its_unit(
    ending: str, rtvol: Run, exports: Path, tmp_path: Path
) -> None:
    path = tmp_path / f"dvh.{ending}"
    words = ("dvh", exports, "--metric", "D95%", "--metric", "D20cc", "-o", path)
    assert rtvol(*words).code == 0
    if ending == "csv":
        with path.open(newline="") as file:
            rows = [
                {**row, "value": float(row["value"]) if row["value"] else None}
                for row in csv.DictReader(file)
            ]
    else:
        from pyarrow import parquet

        table = parquet.read_table(path)
        assert table.schema.metadata[b"schema"] == b"rtvol/dvh-long@1"
        assert table.schema.field("value").metadata[b"unit"] == b"in column unit"
        rows = table.to_pylist()
    assert list(rows[0]) == [
        *("case", "structure", "metric", "value", "unit", "solid", "caps", "interpolation", "note")
    ]
    read_as = {(row["solid"], row["caps"], row["interpolation"]) for row in rows}
    assert read_as == {("slab", "half", ""), ("slab", "half", "linear")}
    assert len(rows) == 3 * 3
    expected = rows_of(rtvol("dvh", exports, "--metric", "D95%", "--json"))["GTV"]["metrics"]
    (found,) = [row for row in rows if (row["structure"], row["metric"]) == ("GTV", "D95%[Gy]")]
    assert found["value"] == expected["D95%[Gy]"]
    assert found["unit"] == "Gy"
    (absent,) = [row for row in rows if (row["structure"], row["metric"]) == ("GTV", "D20cc[Gy]")]
    assert absent["value"] is None
    assert absent["note"]
    assert rtvol(*words).code == 4
    assert rtvol(*words, "--overwrite").code == 0


@pytest.mark.parametrize(
    ("words", "code", "exit_code"),
    [
        (("--metric", "D95"), "bad-metric", 2),
        (("--metric", "nonsense"), "bad-metric", 2),
        (("-o", "table.xlsx"), "bad-file-name", 2),
        (("-o", "nowhere/table.csv"), "output-unwritable", 4),
        (("--roi", "Nowhere"), "roi-not-found", 1),
        (("--dose", "other.dcm"), "no-dose", 1),
    ],
)
def test_what_cannot_be_answered_is_named(
    words: tuple[str, ...], code: str, exit_code: int, rtvol: Run, exports: Path
) -> None:
    run = rtvol("dvh", exports, *words)
    assert run.code == exit_code
    assert f"[{code}]" in run.err


def test_a_case_without_a_dose_gets_no_number(rtvol: Run, exports: Path) -> None:
    (exports / "good" / "RD.dcm").unlink()
    run = rtvol("dvh", exports, "--json")
    assert run.code == 1
    (case,) = json.loads(run.out)["cases"]
    assert (case["status"], case["structures"]) == ("reject", [])
    assert case["findings"][-1]["code"] == "no-dose"


def test_of_two_doses_the_one_named_is_used(rtvol: Run, exports: Path) -> None:
    first = exports / "good" / "RD.dcm"
    data = pydicom.dcmread(first)
    data.DoseGridScaling = float(data.DoseGridScaling) / 2
    data.SOPInstanceUID = pydicom.uid.generate_uid()
    data.file_meta.MediaStorageSOPInstanceUID = data.SOPInstanceUID
    second = exports / "good" / "RD2.dcm"
    data.save_as(second)
    run = rtvol("dvh", exports, "--json")
    assert run.code == 1
    assert "ambiguous-dose" in run.err
    words = ("dvh", exports, "--roi", "GTV", "--metric", "Mean", "--json", "--dose")
    whole, half = (
        rows_of(rtvol(*words, path))["GTV"]["metrics"]["Mean[Gy]"] for path in (first, second)
    )
    assert half == pytest.approx(whole / 2, rel=1e-6)
