"""The journal: what was written is read back, torn ends are dropped, damage is refused."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from rtvol.batch.store.journal import Journal, JournalEntry, add, begin, latest, read_journal
from rtvol.errors import OutputRefused

if TYPE_CHECKING:
    from pathlib import Path

ENTRIES = [
    JournalEntry(
        "a", "accept", "c" * 64, "s" * 64, "t" * 64, 5, "src", "a", {"record.json": "d" * 64}
    ),
    JournalEntry(
        "b\nc ü 😀", "reject", findings=({"code": "no-dose", "severity": "error"},), at_ns=1
    ),
    JournalEntry("a", "gone", at_ns=2),
]


def written(path: Path, entries: list[JournalEntry] = ENTRIES) -> bytes:
    add(path, begin(path, Journal()).lines, entries)
    return path.read_bytes()


def test_what_is_written_is_read_back(tmp_path: Path) -> None:
    path = tmp_path / "journal" / "all.jsonl"
    written(path)
    journal = read_journal(path)
    assert list(journal.entries) == ENTRIES
    assert not journal.is_torn
    assert journal.lines == len(ENTRIES) + 1


def test_no_journal_has_no_entries(tmp_path: Path) -> None:
    assert read_journal(tmp_path / "none") == Journal()


def test_cut_at_any_byte_it_holds_the_lines_that_are_whole(tmp_path: Path) -> None:
    path = tmp_path / "all.jsonl"
    data = written(path)
    ends = [n + 1 for n, byte in enumerate(data) if byte == ord("\n")]
    for length in range(len(data) + 1):
        path.write_bytes(data[:length])
        journal = read_journal(path)
        whole = sum(end <= length for end in ends)
        assert len(journal.entries) == max(whole - 1, 0)
        assert journal.is_torn == (length not in {0, *ends})


def test_it_goes_on_after_a_torn_line(tmp_path: Path) -> None:
    path = tmp_path / "all.jsonl"
    data = written(path)
    path.write_bytes(data[:-5])
    journal = begin(path, read_journal(path))
    assert [entry.case for entry in journal.entries] == [one.case for one in ENTRIES[:-1]]
    add(path, journal.lines, ENTRIES[-1:])
    assert path.read_bytes() == data


def test_blocks_of_zeros_at_the_end_are_a_torn_line(tmp_path: Path) -> None:
    path = tmp_path / "all.jsonl"
    data = written(path)
    path.write_bytes(data + b"\0" * 4096)
    journal = read_journal(path)
    assert len(journal.entries) == len(ENTRIES)
    assert journal.is_torn


def test_any_changed_byte_of_a_line_before_the_last_is_damage(tmp_path: Path) -> None:
    path = tmp_path / "all.jsonl"
    data = written(path)
    last = data.rindex(b"\n", 0, len(data) - 1)
    for at in range(last):
        path.write_bytes(data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :])
        with pytest.raises(OutputRefused) as caught:
            read_journal(path)
        assert caught.value.finding.code == "journal-damaged"


def test_a_whole_last_line_that_was_changed_is_damage(tmp_path: Path) -> None:
    path = tmp_path / "all.jsonl"
    data = written(path)
    path.write_bytes(data.replace(b'"gone"', b'"cone"'))
    with pytest.raises(OutputRefused, match="checksum"):
        read_journal(path)


@pytest.mark.parametrize("line", [0, 1, 2])
def test_a_missing_line_is_damage(tmp_path: Path, line: int) -> None:
    path = tmp_path / "all.jsonl"
    lines = written(path).splitlines(keepends=True)
    del lines[line]
    path.write_bytes(b"".join(lines))
    with pytest.raises(OutputRefused) as caught:
        read_journal(path)
    assert caught.value.finding.code == "journal-damaged"


def test_a_newer_journal_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "all.jsonl"
    with monkeypatch.context() as newer:
        newer.setattr("rtvol.batch.store.journal.VERSION", 2)
        written(path)
    with pytest.raises(OutputRefused) as caught:
        read_journal(path)
    assert caught.value.finding.code == "journal-newer"
    assert caught.value.exit_code == 4


def test_the_last_entry_of_a_case_counts() -> None:
    early, late = JournalEntry("a", "accept", at_ns=1), JournalEntry("a", "reject", at_ns=2)
    assert latest([[early], [late]]) == {"a": late}
    assert latest([[late], [early]]) == {"a": late}
    assert latest([[early, JournalEntry("a", "gone", at_ns=3)], [late]]) == {}
