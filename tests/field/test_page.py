"""The page of messy exports is made from the kinds and their tests, and each kind has enough."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from field.page import page
from field.register import KINDS

if TYPE_CHECKING:
    from pathlib import Path


def test_the_page_is_up_to_date(project_root: Path) -> None:
    shown = (project_root / "docs" / "messy-exports.md").read_text("utf-8")
    assert shown == page(), "run `make messy`"


@pytest.mark.parametrize("number", KINDS)
def test_each_kind_has_an_instance_and_two_other_members(number: str) -> None:
    page()
    assert len(KINDS[number].tried) >= 3
