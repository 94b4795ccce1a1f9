"""The examples in the docstrings of the calls run, on the sample patients."""

from __future__ import annotations

import doctest
from typing import TYPE_CHECKING

import pytest

from rtvol.calls import derived, exported, made, opened, regions_given

if TYPE_CHECKING:
    from pathlib import Path


def test_the_examples_of_the_calls_are_true(
    project_root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(project_root)
    flags = doctest.ELLIPSIS | doctest.IGNORE_EXCEPTION_DETAIL
    done = [
        doctest.testmod(room, optionflags=flags)
        for room in (opened, made, exported, regions_given, derived)
    ]
    assert sum(one.attempted for one in done) > 20
    assert sum(one.failed for one in done) == 0


@pytest.mark.parametrize("page", ["derive.md"])
def test_the_examples_of_a_page_are_true(
    page: str, project_root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(project_root)
    done = doctest.testfile(
        str(project_root / "docs" / page), module_relative=False, optionflags=doctest.ELLIPSIS
    )
    assert done.attempted > 2
    assert done.failed == 0
