"""The examples in the docstrings of the calls run, on the sample patients."""

from __future__ import annotations

import doctest
from typing import TYPE_CHECKING

from rtvol.calls import exported, made, opened, regions_given

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def test_the_examples_of_the_calls_are_true(
    project_root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(project_root)
    flags = doctest.ELLIPSIS | doctest.IGNORE_EXCEPTION_DETAIL
    done = [
        doctest.testmod(room, optionflags=flags) for room in (opened, made, exported, regions_given)
    ]
    assert sum(one.attempted for one in done) > 20
    assert sum(one.failed for one in done) == 0
