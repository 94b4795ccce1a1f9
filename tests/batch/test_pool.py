"""Many cases: each ends in a state of its own, whatever becomes of its neighbours."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from naive.verbs import end_as_named, process_of
from rtvol.batch.pool import run_cases
from rtvol.errors import OutputRefused
from rtvol.io.search import CaseFiles

CASES = [CaseFiles(name, Path(name), Path()) for name in "abcdef"]


@pytest.mark.parametrize("jobs", [1, 2])
def test_results_come_in_the_order_of_the_cases(jobs: int) -> None:
    results = list(run_cases(CASES, end_as_named, {}, jobs=jobs))
    assert [result.case for result in results] == list("abcdef")
    assert {result.status for result in results} == {"accept"}


@pytest.mark.parametrize("jobs", [1, 2])
def test_one_bad_case_costs_itself_only(jobs: int) -> None:
    endings = {"b": "reject", "c": "geometry", "d": "bug", "e": "gone"}
    results = list(run_cases(CASES, end_as_named, endings, jobs=jobs))
    assert [result.status for result in results] == ["accept", *["reject"] * 4, "accept"]
    codes = [result.findings[-1].code for result in results if result.findings]
    assert codes == ["roi-empty", "bad-grid", "internal-error", "unreadable-file"]
    assert all(not result.structures for result in results if result.status == "reject")


def test_a_worker_that_dies_costs_its_own_case_only() -> None:
    results = list(run_cases(CASES, end_as_named, {"c": "die"}, jobs=2))
    assert [r.case for r in results if r.status == "accept"] == list("abdef")
    assert [finding.code for finding in results[2].findings] == ["worker-died"]


@pytest.mark.parametrize("jobs", [1, 2])
def test_what_concerns_the_whole_run_ends_the_run(jobs: int) -> None:
    with pytest.raises(OutputRefused) as caught:
        list(run_cases(CASES, end_as_named, {"b": "refuse"}, jobs=jobs))
    assert caught.value.finding.code == "output-unwritable"


def test_one_job_stays_in_this_process_and_two_do_not() -> None:
    here = list(run_cases(CASES[:2], process_of, "x", jobs=1))
    assert all(f" {os.getpid()} " in result.case for result in here)
    there = [result.case.split() for result in run_cases(CASES[:2], process_of, "x", jobs=2)]
    assert all(int(words[2]) != os.getpid() for words in there)
    assert all(words[3] == "1" for words in there)
