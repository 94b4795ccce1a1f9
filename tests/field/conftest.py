"""Exports to be spoilt."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from field.patient import Patient1

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def p1(tmp_path: Path) -> Patient1:
    """Patient 1 in a folder of its own."""
    return Patient1(tmp_path / "p1")
