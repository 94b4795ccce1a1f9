"""All faults as one batch: every case accounted for, nothing of a rejected one, no name untamed."""

from __future__ import annotations

import csv
import gzip
import json
import re
from typing import TYPE_CHECKING

import pydicom
import pytest

from faults.all import FAULTS
from faults.export import PHI
from faults.hostile import FORGED
from faults.suite import WORDS
from rtvol.codes import CODES

if TYPE_CHECKING:
    from faults.suite import Suite

COMMANDS = pytest.mark.parametrize("command", WORDS)


def test_the_batch_ends_with_rejected_cases_and_a_line_for_each(suite: Suite) -> None:
    ran = suite.ran["expand"]
    assert ran.code == 1
    lines = ran.out.splitlines()
    for case in suite.documents["expand"]["cases"]:
        shown = [line for line in lines if line.startswith(f"{case['case']}  {case['status']}")]
        assert len(shown) == 1, case["case"]


@COMMANDS
def test_every_case_has_one_state_and_a_reason(suite: Suite, command: str) -> None:
    """accept + warn + reject = found; each finding says what, and how to mend it."""
    cases = suite.documents[command]["cases"]
    assert len({case["case"] for case in cases}) == len(cases)
    assert {case["status"] for case in cases} == {"accept", "warn", "reject"}
    for case in cases:
        assert (case["status"] == "accept") == (not case["findings"])
        errors = [one for one in case["findings"] if one["severity"] == "error"]
        if case["status"] == "reject":
            assert errors, case["case"]
            assert not case.get("structures")
            assert not case.get("rois")
        for one in case["findings"]:
            assert one["code"] in CODES
            assert one["seen"], one
            assert one["mend"] or CODES[one["code"]].mend


def test_each_fault_with_a_structure_set_is_a_case(suite: Suite) -> None:
    alone = {"no-rtstruct", "no-dicom"}
    for name, fault in FAULTS.items():
        assert suite.cases("expand", name) or alone & set(fault.codes), name


def test_nothing_is_left_of_a_rejected_case(suite: Suite) -> None:
    written = {path.parent for path in suite.out.rglob("RS.rtvol.dcm")}
    rejected = [c for c in suite.documents["expand"]["cases"] if c["status"] == "reject"]
    kept = [c for c in suite.documents["expand"]["cases"] if c["status"] != "reject"]
    assert len(written) == len(kept)
    for case in rejected:
        assert not list((suite.out / case["case"]).rglob("*.dcm"))
    assert not {row["case"] for row in _rows(suite)} & {case["case"] for case in rejected}


def test_no_patient_is_named(suite: Suite) -> None:
    told = [ran.out + ran.err for ran in suite.ran.values()]
    told += [json.dumps(document) for document in suite.documents.values()]
    told += [str(path.relative_to(suite.out)) for path in suite.out.rglob("*")]
    files = [path.read_bytes() for path in suite.out.glob("*.*")]
    plain = [gzip.decompress(one) if one[:2] == b"\x1f\x8b" else one for one in files]
    told += [one.decode("utf-8", "replace") for one in plain]
    for text in told:
        for marker in PHI:
            assert marker not in text


def test_no_name_is_a_formula_a_log_line_or_a_path(suite: Suite) -> None:
    with (suite.out / "structures.csv").open(encoding="utf-8", newline="") as file:
        for cell in (cell for row in csv.reader(file) for cell in row):
            is_number = re.fullmatch(r"[-+]?[0-9.]+(e[-+]?[0-9]+)?", cell)
            assert is_number or not cell.startswith(("=", "+", "-", "@", "\t", "\r"))
    for ran in suite.ran.values():
        assert not any(line.startswith(FORGED[:10]) for line in (ran.out + ran.err).splitlines())
        assert not set(ran.out + ran.err) & {"\x1b", "\0", "\x07", "\u202e"}
    places = {path.name for path in suite.tree.parent.iterdir()}
    assert places == {"exports", "out"}


def test_written_files_have_an_empty_preamble_and_lie_where_they_should(suite: Suite) -> None:
    for path in suite.out.rglob("*.dcm"):
        assert path.read_bytes()[:132] == bytes(128) + b"DICM"
        assert re.fullmatch(r"[\w./-]+", str(path.relative_to(suite.out)))


@pytest.mark.parametrize("fault", ["names-in-utf-8", "names-in-iso-2022-ir-87"])
def test_names_of_other_scripts_are_exact_in_every_output(suite: Suite, fault: str) -> None:
    name = FAULTS[fault].roi
    for command in WORDS:
        (case,) = suite.cases(command, fault)
        names = [row["name"] for row in case.get("structures", case.get("rois", []))]
        assert name in names
    assert name in {row["name"] for row in _rows(suite) if row["case"] == fault}
    (written,) = (suite.out / fault).rglob("*.dcm")
    names = [str(item.ROIName) for item in pydicom.dcmread(written).StructureSetROISequence]
    assert "_".join(name.split())[:9] in {one[:9] for one in names}


def _rows(suite: Suite) -> list[dict[str, str]]:
    with (suite.out / "structures.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))
