"""The table of names that is suggested from what is there."""

from __future__ import annotations

import tomllib
from collections import Counter
from typing import TYPE_CHECKING

from naive.exports import TORN, write_exports
from rtvol.io import find
from rtvol.names.suggest import alias_table, count_names
from rtvol.names.tg263 import check_names

if TYPE_CHECKING:
    from pathlib import Path


def test_names_are_counted_over_the_structure_sets_that_can_be_read(tmp_path: Path) -> None:
    exports = write_exports(tmp_path / "e", 2)
    cases = find([exports]).cases
    assert count_names(cases) == (Counter({"Liver": 2, "GTV": 2, "Duodenum": 2}), 0)
    cases[0].rtstruct.write_bytes(TORN)
    counts, unread = count_names(cases)
    assert (counts["Liver"], unread) == (1, 1)


def test_each_kind_of_name_has_its_place() -> None:
    text = alias_table(Counter({"Leber": 3, "Liver": 1, "GTV 1": 2, "xyz": 1}), 4)
    assert '# Liver = ["Leber"]    # 3 + 1 cases' in text
    assert '#   "GTV 1": 2' in text
    assert '#   "xyz": 1' in text
    assert tomllib.loads(text) == {"names": {}}
    plain = alias_table(Counter({"Liver": 1}), 1)
    assert "Targets" not in plain
    assert "Not recognised" not in plain
    assert "Liver = " not in plain


def test_a_name_of_nothing_says_so() -> None:
    (blank,) = check_names([" "])
    assert blank.faults == ("blanks", "empty")
