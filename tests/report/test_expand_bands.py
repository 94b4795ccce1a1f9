"""Bands of DVHs over what `rtvol expand` made: stored with the results, read by the overview."""

from __future__ import annotations

import gzip
import json
import re
import shutil
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from report.conftest import DOSE, GRADIENT, TUMOUR, phantom
from rtvol.cli import main
from rtvol.phantoms import write_case
from rtvol.tables.curve_file import STEP_GY

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

GROW = ("--ctv", "2", "--ptv", "4", "--avoid", "Duodenum:3", "--quiet")


@pytest.fixture(scope="module")
def exports(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("exports")
    for seed, name in enumerate(("one", "two", "three")):
        write_case(folder / name, phantom("GTV"), seed=seed)
    return folder


@pytest.fixture(scope="module")
def made(exports: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("made") / "out"
    assert main(["expand", str(exports), *GROW, "-o", str(out)]) == 0
    return out


def bands_of(page: Path) -> dict[str, dict[str, Any]]:
    found = re.search(r'id="data">(.*?)</script>', page.read_text("utf-8"), re.DOTALL)
    assert found is not None
    return {band["name"]: band for band in json.loads(found[1])["bands"]}


def overview(out: Path, page: Path) -> dict[str, dict[str, Any]]:
    assert main(["report", str(out), "-o", str(page), "--quiet"]) == 0
    return bands_of(page)


def share_above(gy: np.ndarray) -> np.ndarray:
    """% of the tumour, a ball in a linear dose, that gets a dose: a cap of it (closed form)."""
    steep = float(np.linalg.norm(GRADIENT))
    height = np.clip((gy - 30.0) / steep / TUMOUR.radius_mm, -1, 1)
    return np.asarray(100 * (2 - 3 * height + height**3) / 4)


def test_bands_are_those_of_the_closed_form(made: Path, tmp_path: Path) -> None:
    bands = overview(made, tmp_path / "page.html")
    assert {"GTV", "CTV", "PTV", "PTV^clip", "Duodenum"} <= set(bands)
    assert float(DOSE.at(np.array(TUMOUR.centre_mm))) == 30.0
    for name, band in bands.items():
        assert (band["cases"], band["beyond"]) == (3, 0), name
        lines = np.array(band["percentiles"])
        assert (np.ptp(lines, axis=0) < 0.02).all(), "three drawings of one anatomy"
    median = np.array(bands["GTV"]["percentiles"][2])
    # a ball drawn every 2.5 mm, read as slabs: 0.6 % of its volume stands elsewhere
    assert np.abs(median - share_above(STEP_GY * np.arange(median.size))).max() < 0.6


def test_results_and_tables_do_not_hold_the_curves_too(made: Path) -> None:
    document = json.loads((made / "result.json").read_text())
    assert all("curve" not in json.dumps(case) for case in document["cases"])
    assert (made / "curves.json.gz").stat().st_size < 3 * 2000


def test_the_same_call_gives_the_same_bytes(exports: Path, made: Path, tmp_path: Path) -> None:
    out = tmp_path / "again"
    assert main(["expand", str(exports), *GROW, "-o", str(out), "-j", "2"]) == 0
    assert (out / "curves.json.gz").read_bytes() == (made / "curves.json.gz").read_bytes()


def test_curves_go_when_a_later_call_has_none(exports: Path, tmp_path: Path) -> None:
    """Without doses there is nothing to tell; what an earlier call left would be of other doses."""
    source, out = tmp_path / "one", tmp_path / "out"
    shutil.copytree(exports / "one", source)
    assert main(["expand", str(source), *GROW, "-o", str(out)]) == 0
    assert (out / "curves.json.gz").is_file()
    assert main(["expand", str(source), *GROW, "-o", str(out)]) != 0, "nothing is replaced unasked"
    (source / "RD.dcm").unlink()
    assert main(["expand", str(source), *GROW, "-o", str(out), "--overwrite"]) == 0
    assert not (out / "curves.json.gz").exists()


@pytest.mark.parametrize(
    "spoil",
    [
        lambda _: b"rubbish",
        lambda data: gzip.compress(gzip.decompress(data).replace(b'"case":"one', b'"case":"other')),
    ],
    ids=["rubbish", "of other cases"],
)
def test_curves_that_are_not_of_the_results_are_refused(
    made: Path, tmp_path: Path, spoil: Callable[[bytes], bytes], capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    shutil.copytree(made, out)
    path = out / "curves.json.gz"
    path.write_bytes(spoil(path.read_bytes()))
    assert main(["report", str(out), "-o", str(tmp_path / "page.html")]) != 0
    assert "output-unreadable" in capsys.readouterr().err
    assert not (tmp_path / "page.html").exists()
