"""A run: what is done stays, what changed is done again, what failed is tried again."""

from __future__ import annotations

import json
import os
import shutil
import time
from typing import TYPE_CHECKING

import pytest

from batch.conftest import DOSES, batch, digests, job_of
from naive.exports import TORN, write_export
from rtvol.batch.pool import in_pool
from rtvol.batch.store.layout import Place, Shard
from rtvol.errors import OutputRefused
from rtvol.tables.record import parse_record

if TYPE_CHECKING:
    from pathlib import Path

    from rtvol.batch.run import RunJob


def test_one_case_is_one_folder_and_one_line(three: Path, tmp_path: Path, targets: RunJob) -> None:
    out = tmp_path / "out"
    ran = batch(three, out, targets)
    # Duodenum and its gap reach 1 mm into each CTV
    assert ran.statuses == dict.fromkeys(["case00", "case01", "case02"], "accept")
    assert sorted(path.name for path in (out / "cases").iterdir()) == sorted(ran.statuses)
    assert sorted(path.name for path in (out / "cases/case00").iterdir()) == [
        "RS.rtvol.certificate.json",
        "RS.rtvol.dcm",
        "record.json",
    ]
    assert len((out / "journal/all.jsonl").read_text().splitlines()) == 4
    assert not (out / "drafts").exists()
    assert list((out / "locks").glob("*.json")) == []


def test_a_second_run_does_nothing(three: Path, tmp_path: Path, doses: RunJob) -> None:
    batch(three, tmp_path / "out", doses)
    before = digests(tmp_path / "out")
    again = batch(three, tmp_path / "out", doses)
    assert again.entries == []
    assert again.skipped == ["case00", "case01", "case02"]
    assert digests(tmp_path / "out") == before


def test_unchanged_files_are_not_read_again_once_they_are_old(
    three: Path, tmp_path: Path, doses: RunJob, monkeypatch: pytest.MonkeyPatch
) -> None:
    time.sleep(2.1)  # younger files could have been changed within the resolution of their times
    batch(three, tmp_path / "out", doses)

    def not_to_be_called(*_: object) -> str:
        raise AssertionError("the contents were read")

    monkeypatch.setattr("rtvol.batch.run.content_of", not_to_be_called)
    assert batch(three, tmp_path / "out", doses).entries == []


def test_a_changed_case_alone_is_done_again(three: Path, tmp_path: Path, doses: RunJob) -> None:
    out = tmp_path / "out"
    batch(three, out, doses)
    before = digests(out)
    shutil.rmtree(three / "case01")
    write_export(three / "case01", 99)
    again = batch(three, out, doses)
    assert again.statuses == {"case01": "accept"}
    assert again.plans[0].changed == 1
    changed = {name for name, digest in digests(out).items() if digest != before[name]}
    assert changed == {"case01/curves.parquet", "case01/record.json"}


def test_touched_and_moved_files_of_the_same_contents_are_not_done_again(
    three: Path, tmp_path: Path, doses: RunJob
) -> None:
    batch(three, tmp_path / "out", doses)
    for path in three.rglob("*.dcm"):
        os.utime(path)
    three.rename(tmp_path / "elsewhere")
    again = batch(tmp_path / "elsewhere", tmp_path / "out", doses)
    assert again.entries == []
    assert len(again.skipped) == 3


def test_another_recipe_does_all_again_and_leaves_nothing_of_the_first(
    three: Path, tmp_path: Path, targets: RunJob
) -> None:
    out = tmp_path / "out"
    batch(three, out, targets)
    again = batch(three, out, job_of(DOSES, tmp_path), overwrite=True)
    assert set(again.statuses.values()) == {"accept"}
    assert again.plans[0].changed == 3
    assert {name.split("/")[1] for name in digests(out)} == {"curves.parquet", "record.json"}


def test_a_failed_case_leaves_nothing_and_is_tried_again(
    three: Path, tmp_path: Path, doses: RunJob
) -> None:
    out, structures = tmp_path / "out", next((three / "case01").glob("RS*.dcm"))
    whole = structures.read_bytes()
    structures.write_bytes(whole[: len(whole) // 2])
    first = batch(three, out, doses)
    assert first.statuses == {"case00": "accept", "case01": "reject", "case02": "accept"}
    assert not (out / "cases/case01").exists()
    second = batch(three, out, doses)
    assert second.statuses == {"case01": "reject"}
    assert second.plans[0].retried == 1
    structures.write_bytes(whole)
    assert batch(three, out, doses).statuses == {"case01": "accept"}


def test_a_case_that_becomes_bad_loses_its_results(
    three: Path, tmp_path: Path, doses: RunJob
) -> None:
    out = tmp_path / "out"
    batch(three, out, doses)
    next((three / "case01").glob("RD*.dcm")).write_bytes(TORN)
    assert batch(three, out, doses).statuses == {"case01": "reject"}
    assert not (out / "cases/case01").exists()


@pytest.mark.parametrize("damage", ["cut", "empty", "changed", "gone", "more"])
def test_results_that_are_not_as_the_journal_says_are_made_again(
    three: Path, tmp_path: Path, doses: RunJob, damage: str
) -> None:
    out = tmp_path / "out"
    batch(three, out, doses)
    before = digests(out)
    record = out / "cases/case02/record.json"
    data = record.read_bytes()
    if damage == "gone":
        record.unlink()
    elif damage == "more":
        (record.parent / "stranger.txt").write_text("")
    else:
        changed = {"cut": data[: len(data) // 2], "empty": b"", "changed": data[:-2] + b" \n"}
        record.write_bytes(changed[damage])
    again = batch(three, out, doses)
    assert again.statuses == {"case02": "accept"}
    assert again.codes == ["result-damaged"]
    assert digests(out) == before


def test_a_tree_of_other_cases_with_the_same_names_is_refused(
    three: Path, tmp_path: Path, doses: RunJob
) -> None:
    out = tmp_path / "out"
    batch(three, out, doses)
    before = digests(out)
    other = tmp_path / "other"
    write_export(other / "case00", 77)
    with pytest.raises(OutputRefused) as caught:
        batch(other, out, doses)
    assert caught.value.finding.code == "output-mixed"
    assert digests(out) == before


def test_a_second_tree_may_be_added(three: Path, tmp_path: Path, doses: RunJob) -> None:
    out = tmp_path / "out"
    batch(three, out, doses)
    write_export(tmp_path / "more" / "case77", 77)
    again = batch(tmp_path / "more", out, doses)
    assert again.statuses == {"case77": "accept"}
    assert again.plans[0].elsewhere == 3


@pytest.mark.parametrize("foreign", ["file", "folder"])
def test_a_folder_that_is_not_ours_is_refused(
    three: Path, tmp_path: Path, doses: RunJob, foreign: str
) -> None:
    out = tmp_path / "out"
    if foreign == "file":
        out.write_text("")
    else:
        out.mkdir()
        (out / "thesis.docx").write_text("")
    with pytest.raises(OutputRefused) as caught:
        batch(three, out, doses)
    assert caught.value.finding.code in {"output-foreign", "output-unwritable"}
    assert foreign == "file" or [path.name for path in out.glob("*.docx")] == ["thesis.docx"]


def test_a_place_that_cannot_be_written_is_refused_before_any_case_is_read(
    three: Path, tmp_path: Path, doses: RunJob
) -> None:
    # folders of the system that refuse even root
    with pytest.raises(OutputRefused) as caught:
        batch(three, Place(tmp_path.__class__("/proc/rtvol-out")).folder, doses)
    assert caught.value.finding.code == "output-unwritable"


def test_every_case_is_in_one_shard_and_all_shards_together_are_the_whole(
    twelve: Path, tmp_path: Path, doses: RunJob
) -> None:
    batch(twelve, tmp_path / "whole", doses)
    for number in (1, 2, 3):
        batch(twelve, tmp_path / "shards", doses, shard=Shard(number, 3))
    assert digests(tmp_path / "shards") == digests(tmp_path / "whole")
    journals = sorted(path.name for path in (tmp_path / "shards/journal").iterdir())
    assert journals == ["1-of-3.jsonl", "2-of-3.jsonl", "3-of-3.jsonl"]
    again = batch(twelve, tmp_path / "shards", doses)
    assert again.entries == []
    assert len(again.skipped) == 12


def test_the_same_bytes_whichever_executor_and_number_of_workers(
    three: Path, tmp_path: Path, targets: RunJob
) -> None:
    batch(three, tmp_path / "here", targets)
    batch(three, tmp_path / "pool", targets, spread=in_pool, jobs=3)
    assert digests(tmp_path / "pool") == digests(tmp_path / "here")


def test_a_record_read_back_is_the_one_that_was_written(
    three: Path, tmp_path: Path, targets: RunJob
) -> None:
    from rtvol.tables.document import case_entry

    batch(three, tmp_path / "out", targets)
    data = (tmp_path / "out/cases/case00/record.json").read_bytes()
    record = parse_record(data)
    assert case_entry(record.result) == json.loads(data)["result"]
    roles = [row.role for row in record.result.structures]
    assert roles == ["gtv", "ctv", "ptv", "ptv_clip", "roi"]
    assert record.result.goals[0].verdict == "pass"


def test_no_name_number_or_path_of_a_patient_is_in_the_output(
    three: Path, tmp_path: Path, doses: RunJob
) -> None:
    out = tmp_path / "out"
    batch(three, out, doses)
    words = [b"SYNTHETIC^NO", b"RTVOL-SMALL", str(tmp_path).encode()]
    for path in out.rglob("*"):
        if path.is_file():
            assert not any(word in path.read_bytes() for word in words), path


@pytest.mark.parametrize("change", ["removed", "replaced", "grown"])
def test_input_that_changes_under_way_rejects_that_case_alone(
    three: Path, tmp_path: Path, doses: RunJob, monkeypatch: pytest.MonkeyPatch, change: str
) -> None:
    from rtvol.batch import tasks

    dose = next((three / "case01").glob("RD*.dcm"))
    study = tasks.study_case

    def meddled(files, *rest):  # type: ignore[no-untyped-def]
        done = study(files, *rest)
        if files.name == "case01":
            if change == "removed":
                dose.unlink()
            elif change == "replaced":
                shutil.copy(next((three / "case02").glob("RD*.dcm")), dose)
            else:
                with dose.open("ab") as stream:
                    stream.write(b"\0\0")
        return done

    monkeypatch.setattr(tasks, "study_case", meddled)
    ran = batch(three, tmp_path / "out", doses)
    assert ran.statuses == {"case00": "accept", "case01": "reject", "case02": "accept"}
    (bad,) = [entry for entry in ran.entries if entry.status == "reject"]
    assert [finding.code for finding in bad.noticed()] == ["input-changed"]
    assert not (tmp_path / "out/cases/case01").exists()


def test_input_gone_between_index_and_reading_is_said_to_have_changed(
    three: Path, tmp_path: Path, doses: RunJob, monkeypatch: pytest.MonkeyPatch
) -> None:
    from rtvol.batch import run

    planned = run.plan_run

    def then_remove(*arguments):  # type: ignore[no-untyped-def]
        plan = planned(*arguments)
        shutil.rmtree(three / "case00")
        return plan

    monkeypatch.setattr(run, "plan_run", then_remove)
    ran = batch(three, tmp_path / "out", doses)
    assert ran.statuses == {"case00": "reject", "case01": "accept", "case02": "accept"}
    (bad,) = [entry for entry in ran.entries if entry.status == "reject"]
    assert bad.noticed()[0].code == "input-changed"
