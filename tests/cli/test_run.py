"""`rtvol run`, `status`, `collect`, `recipe` and `names` as a user meets them."""

from __future__ import annotations

import csv
import json
import math
import tomllib
from typing import TYPE_CHECKING

import pytest

from naive.exports import RECIPE, write_exports

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from cli.conftest import Ran


@pytest.fixture(autouse=True)
def _salt(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RTVOL_SALT", "salt")
    monkeypatch.setenv("RTVOL_CONFIG", "/nowhere/recipe.toml")


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Exports of three patients, one of them cut short, and the output of a run over them."""
    from rtvol.cli import main

    folder = tmp_path_factory.mktemp("finished")
    exports = write_exports(folder / "exports", 3)
    structures = next((exports / "case01").glob("RS*.dcm"))
    structures.write_bytes(structures.read_bytes()[:3000])
    (folder / "liver.toml").write_text(RECIPE)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RTVOL_SALT", "salt")
        assert main(["run", str(folder / "liver.toml"), str(exports), "-o", str(folder / "o")]) == 1
    return exports, folder / "o"


def test_a_run_names_what_failed_and_ends_with_1(
    finished: tuple[Path, Path], rtvol: Callable[..., Ran], tmp_path: Path
) -> None:
    exports, out = finished
    ran = rtvol("run", exports.parent / "liver.toml", exports, "-o", out, "--json")
    assert ran.code == 1
    assert "1 cases to do, 2 done before and unchanged, 1 tried again" in ran.err
    assert "3/3 | 0 ok, 2 unchanged, 1 failed" in ran.err
    assert "[truncated-file]" in ran.err
    assert "failed: 1 truncated-file" in ran.err
    (line,) = ran.out.splitlines()
    assert json.loads(line)["case"] == "case01"


def test_the_words_of_the_guide_work_in_the_folder_they_are_typed_in(
    rtvol: Callable[..., Ran], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Paths that begin nowhere: recipe, exports, output and tables."""
    monkeypatch.chdir(tmp_path)
    write_exports(tmp_path / "exports", 1)
    assert rtvol("recipe", "new", "liver.toml").code == 0
    assert rtvol("run", "liver.toml", "exports", "-o", "out").code == 0
    assert rtvol("run", "liver.toml", "exports", "-o", "out").code == 0
    assert "1 done" in rtvol("status", "out").out
    assert rtvol("collect", "out", "-o", "tables").code == 0
    assert (tmp_path / "tables" / "lesions.csv").is_file()


def test_status_counts_and_lists(finished: tuple[Path, Path], rtvol: Callable[..., Ran]) -> None:
    ran = rtvol("status", finished[1], "--failed")
    assert ran.code == 0
    assert "2 done (0 with findings), 1 failed" in ran.out
    assert "case01" in ran.out
    document = json.loads(rtvol("status", finished[1], "--json").out)
    assert (document["accept"], document["warn"], document["reject"]) == (2, 0, 1)
    assert document["working"] == []


def test_status_of_nothing_is_no_usable_input(tmp_path: Path, rtvol: Callable[..., Ran]) -> None:
    assert rtvol("status", tmp_path).code == 3
    assert rtvol("collect", tmp_path, "-o", tmp_path / "x.csv").code == 3


def test_metrics_come_with_units_and_are_read_by_duckdb(
    finished: tuple[Path, Path], rtvol: Callable[..., Ran], tmp_path: Path
) -> None:
    import duckdb
    from pyarrow import parquet

    path = tmp_path / "metrics.parquet"
    assert rtvol("collect", finished[1], "-o", path).code == 0
    table = duckdb.read_parquet(str(path))
    found = table.filter("\"case\" = 'case02' and metric = 'Volume[cc]'")
    found = found.project("structure, value").fetchall()
    assert [name for name, _ in found] == ["GTV", "CTV", "PTV", "PTV^clip", "Liver-GTV"]
    schema = parquet.read_schema(path)
    assert schema.metadata[b"schema"] == b"rtvol/metrics@1"
    assert schema.field("value").metadata[b"unit"] == b"in column unit"
    again = rtvol("collect", finished[1], "-o", path)
    assert again.code == 4


def test_csv_and_parquet_hold_the_same(
    finished: tuple[Path, Path], rtvol: Callable[..., Ran], tmp_path: Path
) -> None:
    from pyarrow import parquet

    for table in ("metrics", "structures", "goals", "cases", "lesions", "patients"):
        for ending in ("csv", "parquet"):
            path = tmp_path / f"{table}.{ending}"
            assert rtvol("collect", finished[1], "-o", path, "--table", table).code == 0
        rows = parquet.read_table(tmp_path / f"{table}.parquet").to_pylist()
        with (tmp_path / f"{table}.csv").open(encoding="utf-8", newline="") as stream:
            cells = list(csv.DictReader(stream))
        assert len(rows) == len(cells) > 0
        for row, cell in zip(rows, cells, strict=True):
            assert list(row) == list(cell)
            for value, text in zip(row.values(), cell.values(), strict=True):
                if isinstance(value, bool):
                    assert text == str(int(value))
                elif isinstance(value, float):
                    assert float(text) == value
                else:
                    assert text == ("" if value is None else str(value))


def test_all_tables_into_a_folder_and_the_lesions_as_the_outcomes_want_them(
    finished: tuple[Path, Path], rtvol: Callable[..., Ran], tmp_path: Path
) -> None:
    import duckdb

    folder = tmp_path / "tables"
    ran = rtvol("collect", finished[1], "-o", folder, "--key", tmp_path / "key.csv")
    assert ran.code == 0
    assert len(duckdb.read_parquet(f"{folder}/metrics/*.parquet").fetchall()) > 20
    with (folder / "lesions.csv").open(encoding="utf-8", newline="") as stream:
        lesions = list(csv.DictReader(stream))
    with (tmp_path / "key.csv").open(encoding="utf-8", newline="") as stream:
        key = {row["patient_id"]: row["case"] for row in csv.DictReader(stream)}
    assert sorted(key.values()) == ["case00", "case02"]
    for row in lesions:
        number = int(key[row["patient_id"]][-2:])
        # the GTV is a ball of 5 mm and that many hundredths, drawn with 24 points on planes 3 mm
        # apart: 10 % below it, at most
        ball_ml = 4 / 3 * math.pi * (5 + number / 100) ** 3 / 1000
        assert 0.85 * ball_ml < float(row["gtv_ml"]) < 1.1 * ball_ml
        assert float(row["gtv_ml"]) < float(row["ctv_ml"]) < float(row["ptv_ml"])
        assert (row["lesion_id"], row["n_fractions"], row["dose_total_gy"]) == ("L01", "3", "45.0")
        assert float(row["bed10_rx_gy"]) == pytest.approx(45 * (1 + 15 / 10))
        assert float(row["ptv_d98_gy"]) <= float(row["ptv_d95_gy"]) <= float(row["ptv_d2_gy"])
        assert row["sbrt_start_day"] == ""
        assert len(row["patient_id"]) <= 32
        assert row["rtvol_version"]
    with (folder / "patients.csv").open(encoding="utf-8", newline="") as stream:
        patients = {row["patient_id"]: row for row in csv.DictReader(stream)}
    for row in lesions:
        assert patients[row["patient_id"]]["cptv_ml"] == row["ptv_ml"]
        assert patients[row["patient_id"]]["n_lesions"] == "1"


def test_results_of_two_recipes_are_not_collected(
    finished: tuple[Path, Path], rtvol: Callable[..., Ran], tmp_path: Path
) -> None:
    import shutil

    mixed = tmp_path / "o"
    shutil.copytree(finished[1], mixed)
    run = json.loads((mixed / "run.json").read_text())  # as after another version of rtvol
    (mixed / "run.json").write_text(json.dumps({**run, "settings": "0" * 64}))
    ran = rtvol("collect", mixed, "-o", tmp_path / "m.csv")
    assert ran.code == 4
    assert "[output-mixed]" in ran.err


def test_a_damaged_record_is_left_out_and_named(
    finished: tuple[Path, Path], rtvol: Callable[..., Ran], tmp_path: Path
) -> None:
    import shutil

    out = tmp_path / "o"
    shutil.copytree(finished[1], out)
    record = out / "cases/case02/record.json"
    record.write_bytes(record.read_bytes().replace(b"45.0", b"54.0"))
    ran = rtvol("collect", out, "-o", tmp_path / "m.csv", "--table", "lesions")
    assert ran.code == 1
    assert "[result-damaged]" in ran.err
    assert len((tmp_path / "m.csv").read_text().splitlines()) == 2


def test_recipe_new_check_and_show(tmp_path: Path, rtvol: Callable[..., Ran]) -> None:
    path = tmp_path / "liver.toml"
    assert rtvol("recipe", "new", path).code == 0
    assert rtvol("recipe", "new", path).code == 4
    assert "PTV = CTV + 4 mm" in rtvol("recipe", "check", path).out
    shown = rtvol("recipe", "show", path, "--resolved").out
    assert [line.split()[-1] for line in shown.splitlines() if line.startswith("dvh.solid")] == [
        "default"
    ]
    text = path.read_text().replace("margin_mm = 2.0", "margin = 2.0")
    path.write_text(text)
    line = 1 + text[: text.index("margin = 2.0")].count("\n")
    ran = rtvol("recipe", "check", path)
    assert ran.code == 2
    assert f"line {line}: targets.CTV.margin is not known; did you mean margin_mm" in ran.err


def test_names_suggest_and_check(
    finished: tuple[Path, Path], tmp_path: Path, rtvol: Callable[..., Ran]
) -> None:
    ran = rtvol("names", "suggest", finished[0])
    assert tomllib.loads(ran.out) == {"names": {}}
    assert '#   "GTV": 2' in ran.out
    assert "1 of 3 structure sets could not be read" in ran.err
    ran = rtvol("names", "check", "PTV^4mm", "CTV_2", "--strict", "--json")
    assert ran.code == 1
    assert [bool(one["faults"]) for one in json.loads(ran.out)["names"]] == [False, True]
    assert rtvol("names", "check", finished[0]).code == 0


@pytest.mark.parametrize("shard", ["0/3", "4/3", "x", "1/0"])
def test_a_shard_that_cannot_be_is_a_usage_error(
    finished: tuple[Path, Path], tmp_path: Path, rtvol: Callable[..., Ran], shard: str
) -> None:
    exports, _ = finished
    call = ("run", exports.parent / "liver.toml", exports, "-o", tmp_path / "o")
    assert rtvol(*call, "--shard", shard).code == 2
    assert not (tmp_path / "o").exists()


def test_what_the_plan_prescribes_otherwise_is_said(
    sample_dicom: Path, tmp_path: Path, rtvol: Callable[..., Ran]
) -> None:
    recipe = tmp_path / "r.toml"
    recipe.write_text(
        'schema = "rtvol/recipe@1"\n[prescription]\ndose_gy = 50\nfractions = 5\n'
        '[dvh]\nrois = ["GTV"]\nmetrics = ["V100%"]\n'
    )
    assert rtvol("run", recipe, sample_dicom / "patient1", "-o", tmp_path / "o").code == 0
    record = json.loads((tmp_path / "o/cases/patient1/record.json").read_text())
    (finding,) = record["result"]["findings"]
    assert finding["code"] == "prescription-differs"
    assert "50 Gy in the recipe, 45 in the plan" in finding["seen"]


def test_each_number_of_a_target_names_what_it_is_of(
    finished: tuple[Path, Path], rtvol: Callable[..., Ran], tmp_path: Path
) -> None:
    """A PTV's volume is its loft's, its doses are those of the slabs that `rtvol dvh` takes."""
    record = json.loads((finished[1] / "cases/case02/record.json").read_text())
    rows = {row["name"]: row for row in record["result"]["structures"]}
    assert rows["PTV"]["solid"] == "loft"
    assert rows["PTV"]["dose"]["solid"] == "slab"
    assert rows["PTV"]["dose"]["caps"] == "half"
    assert rows["PTV"]["dose"]["interpolation"] == "linear"
    path = tmp_path / "metrics.csv"
    assert rtvol("collect", finished[1], "-o", path).code == 0
    with path.open(encoding="utf-8", newline="") as stream:
        own = [
            row
            for row in csv.DictReader(stream)
            if (row["case"], row["structure"]) == ("case02", "PTV")
        ]
    assert {row["solid"] for row in own} == {"slab"}
    values = {row["metric"]: float(row["value"]) for row in own}
    # the volume beside the doses is that of the same solid, so that no V20Gy[cc] can exceed it
    assert values["Volume[cc]"] == rows["PTV"]["dose"]["volume_cc"]
    assert values["Volume[cc]"] != rows["PTV"]["volume_cc"]
    lesions = tmp_path / "lesions.csv"
    assert rtvol("collect", finished[1], "-o", lesions, "--table", "lesions").code == 0
    method = "gtv slab; ctv and ptv loft; whole PTV; doses slab, caps half, linear"
    assert method in lesions.read_text(encoding="utf-8")
