"""`--json` of every command: one document on stdout and nothing else, each mend in it."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING, Any

import pytest

from rtvol.cli import main, progress
from rtvol.cli.app import COMMANDS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    Run = Callable[..., Any]

GROW = ("--ctv", "2", "--ptv", "4")
RECIPE = """schema = "rtvol/recipe@1"
[targets.CTV]
margin_mm = 2
[targets.PTV]
margin_mm = 4
"""


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory, tiny_patient: Path) -> Path:
    """A folder with exports, a recipe, a run of it, and a cohort."""
    folder = tmp_path_factory.mktemp("json")
    shutil.copytree(tiny_patient, folder / "exports" / "good")
    recipe = folder / "r.toml"
    recipe.write_text(RECIPE)
    assert main(["outcomes", "demo", str(folder / "cohort")]) == 0
    assert main(["run", str(recipe), str(folder / "exports"), "-o", str(folder / "done")]) == 0
    return folder


@pytest.fixture
def place(prepared: Path, tmp_path: Path) -> Path:
    """A copy of `prepared` of the test's own."""
    return shutil.copytree(prepared, tmp_path / "place")


#: A call of each command that comes to something, in a folder as `place` makes it; `{}` is that.
CALLS: dict[str, tuple[str, ...]] = {
    "scan": ("scan", "{}/exports"),
    "inspect": ("inspect", "{}/exports"),
    "expand": ("expand", "{}/exports", *GROW, "-o", "{}/out"),
    "expand, shown only": ("expand", "{}/exports", *GROW, "--dry-run"),
    "dvh": ("dvh", "{}/exports", "-o", "{}/dvh.csv"),
    "derive": ("derive", "{}/exports", "Ring = (GTV + 5) - GTV", "-o", "{}/derived"),
    "export": ("export", "{}/exports", "-o", "{}/exported", "--format", "nifti"),
    "margin vanherk": ("margin", "vanherk", "--systematic", "2,2,3", "--random", "2,3,3"),
    "run": ("run", "{}/r.toml", "{}/exports", "-o", "{}/again"),
    "status": ("status", "{}/done"),
    "collect": ("collect", "{}/done", "-o", "{}/tables", "--key", "{}/key.csv"),
    "collect a table": ("collect", "{}/done", "-o", "{}/one.csv", "--table", "structures"),
    "recipe new": ("recipe", "new", "{}/another.toml"),
    "recipe check": ("recipe", "check", "{}/r.toml"),
    "recipe show": ("recipe", "show", "{}/r.toml", "--resolved"),
    "names suggest": ("names", "suggest", "{}/exports"),
    "names check": ("names", "check", "PTV^clip", "{}/exports"),
    "outcomes check": ("outcomes", "check", "{}/cohort"),
    "outcomes run": ("outcomes", "run", "{}/cohort", "-o", "{}/study"),
    "outcomes demo": ("outcomes", "demo", "{}/other"),
    "doctor": ("doctor",),
    "warmup": ("warmup",),
    "help": ("help", "codes"),
    "help exit-codes": ("help", "exit-codes"),
    "help CODE": ("help", "roi-not-found"),
}


#: Commands whose documents are read in tests of their own: below, of the page, of the network.
CALLED_ELSEWHERE = {"demo", "report", "compare", "receive", "send"}


@pytest.mark.parametrize("name", CALLS)
def test_a_call_with_json_writes_one_document(name: str, place: Path, rtvol: Run) -> None:
    words = [word.format(place) for word in CALLS[name]]
    run = rtvol(*words, "--json")
    assert run.code == 0, run.err
    document = json.loads(run.out)
    assert isinstance(document, dict)
    if name != "run":  # one line per case that is finished
        assert document["schema"].startswith("rtvol/")
    for written in document.get("written", []):
        assert (place / written).exists()


def test_the_demo_writes_one_document(
    rtvol: Run, tmp_path: Path, sample_dicom: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def write_one(folder: Path) -> None:
        shutil.copytree(sample_dicom / "patient1", folder / "patient1")

    monkeypatch.setattr("rtvol.phantoms.write_liver_patients", write_one)
    run = rtvol("demo", tmp_path / "demo", "--json")
    document = json.loads(run.out)
    assert [one["case"] for one in document["cases"]] == ["patient1"]
    assert (tmp_path / "demo" / "out").samefile(document["targets"])


def test_every_command_has_json_and_a_call_above(rtvol: Run) -> None:
    for name in COMMANDS:
        assert "--json" in rtvol(name, "--help").out, name
    called = {name.split()[0].rstrip(",") for name in CALLS}
    missing = COMMANDS.keys() - called - CALLED_ELSEWHERE
    assert not missing, f"give CALLS a call of {missing}"


@pytest.mark.parametrize("name", COMMANDS)
def test_a_wrong_call_writes_a_document_that_says_how_to_mend_it(name: str, rtvol: Run) -> None:
    run = rtvol(name, "--json", "--no-such-option")
    assert run.code == 2
    document = json.loads(run.out)
    assert document["schema"] == "rtvol/error@1"
    assert document["exit_code"] == 2
    (finding,) = document["findings"]
    assert finding["code"] == "bad-call"
    assert finding["mend"] in run.err
    assert finding["seen"]
    assert finding["mend"]


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("scan", "{}/nowhere"), 3),
        (("inspect", "{}/cohort"), 3),
        (("expand", "{}/exports", "--ctv", "2cm", "--ptv", "4"), 2),
        (("expand", "{}/exports", *GROW, "--gtv", "Tumour"), 1),
        (("expand", "{}/exports", *GROW, "-o", "{}/done"), 4),
        (("dvh", "{}/exports", "--metric", "D95"), 2),
        (("dvh", "{}/exports", "--roi", "Livr"), 1),
        (("run", "{}/no.toml", "{}/exports", "-o", "{}/x"), 2),
        (("status", "{}/exports"), 3),
        (("collect", "{}/exports", "-o", "{}/x.csv"), 3),
        (("recipe", "new", "{}/r.toml"), 4),
        (("recipe", "check", "{}/no.toml"), 2),
        (("names", "suggest"), 2),
        (("outcomes", "check", "{}/exports"), 3),
        (("outcomes", "run", "{}/exports", "-o", "{}/x"), 3),
        (("outcomes", "demo", "{}/cohort"), 4),
        (("help", "roi-lost"), 2),
    ],
)
def test_every_fault_has_its_mend_in_the_document(
    words: tuple[str, ...], code: int, place: Path, rtvol: Run
) -> None:
    run = rtvol(*(word.format(place) for word in words), "--json")
    assert run.code == code, run.err
    found = list(findings_in(json.loads(run.out)))
    assert found
    for finding in found:
        assert finding.get("mend") or finding.get("remedy"), finding


def findings_in(part: object) -> Iterator[dict[str, str]]:
    """Every finding anywhere in a document."""
    if isinstance(part, dict):
        if "severity" in part:
            yield part
        for one in part.values():
            yield from findings_in(one)
    elif isinstance(part, list):
        for one in part:
            yield from findings_in(one)


LONG = [name for name in CALLS if name.split()[0] in {"scan", "inspect", "expand", "dvh", "run"}]


@pytest.mark.parametrize("name", [*LONG, "collect", "doctor", "warmup", "outcomes check"])
def test_work_that_lasts_says_so_on_stderr_unless_quiet(
    name: str, place: Path, rtvol: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(progress, "PLAIN_EVERY_S", 1e-4)
    monkeypatch.setattr(progress, "LONGER", 2.0)
    words = [word.format(place) for word in CALLS[name]]
    run = rtvol(*words, "--json")
    assert " so far\n" in run.err or "| 0 ok" in run.err
    json.loads(run.out)
    shutil.rmtree(place / "again", ignore_errors=True)
    more = ("--overwrite",) if name in {"expand", "dvh", "collect"} else ()
    assert rtvol(*words, *more, "--quiet").err == ""
