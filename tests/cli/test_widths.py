"""Tables on a screen of 60 to 200 columns: each number and each name stands whole on one line."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import struct
import subprocess
import sys
import termios
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len

from rtvol.cli.layout import Prose, ScreenTable
from rtvol.cli.results import dose_page, target_page
from rtvol.cli.screen import clean
from rtvol.tables.rows import CaseResult, DosePart, StructureRow, TargetPart, VolumePart

if TYPE_CHECKING:
    from pathlib import Path

WIDTHS = st.integers(60, 200)
#: ROIName is LO: 64 characters at most; what is no character of a screen is shown as "?".
NAMES = st.text(
    st.characters(exclude_categories=("C", "Z"), exclude_characters="|") | st.just(" "),
    min_size=1,
    max_size=64,
).map(lambda text: clean(text).strip() or "x")
NUMBERS = st.floats(-1e6, 1e6, allow_nan=False).map(lambda value: f"{value:.2f}")


def lines_of(part: ScreenTable | Prose | str, width: int) -> list[str]:
    """Lines as a terminal of that width shows them."""
    if isinstance(part, str):
        return [part]
    return [line.text for line in part.lines(width)]


@given(st.data(), WIDTHS)
@settings(max_examples=150, deadline=None)
def test_a_table_keeps_each_name_and_number_whole(data: st.DataObject, width: int) -> None:
    columns = data.draw(st.integers(1, 12))
    heads = [f"D{number}%[Gy]" for number in range(columns)]
    rows = data.draw(
        st.lists(st.tuples(NAMES, st.lists(NUMBERS, min_size=columns, max_size=columns)))
    )
    grid = ScreenTable(("structure", *heads), frozenset(heads), margin=data.draw(st.integers(0, 4)))
    for name, numbers in rows:
        grid.add_row(name, *numbers)
    lines = lines_of(grid, width)
    for name, numbers in rows:
        assert any(name in line for line in lines)
        for head, cell in zip(heads, numbers, strict=True):
            assert any(re.search(rf"(?<![\d.-]){re.escape(cell)}(?![\d.])", line) for line in lines)
            assert any(head in line for line in lines)
    longest = max((cell_len(name) for name, _ in rows), default=0)
    widest = grid.margin + max(longest, 11) + 4
    assert all(cell_len(line) <= max(width, widest) for line in lines)


@given(st.lists(NAMES, min_size=1, max_size=6), st.lists(NUMBERS, min_size=1, max_size=6), WIDTHS)
def test_a_note_keeps_each_name_and_number_whole(
    names: list[str], numbers: list[str], width: int
) -> None:
    text = f"  {', '.join(names)}: {' and '.join(f'{number} cc' for number in numbers)} are asked"
    lines = lines_of(Prose(text, tuple(names)), width)
    for whole in (*names, *(f"{number} cc" for number in numbers)):
        assert any(whole in line for line in lines), (whole, lines)
    assert " ".join("".join(f"{line} " for line in lines).split()) == " ".join(text.split())


@given(
    st.lists(st.tuples(NAMES, st.floats(0, 1e4), st.floats(-200, 200)), min_size=1, max_size=5),
    WIDTHS,
)
@settings(max_examples=60, deadline=None)
def test_pages_of_any_case_keep_their_names_and_numbers_whole(
    rows: list[tuple[str, float, float]], width: int
) -> None:
    directions = ("left", "right", "anterior", "posterior", "superior", "inferior")
    reached = {
        f"{way}{name}": mm
        for way in ("", *(f"{one}_" for one in directions))
        for name, mm in zip(("min", "mean", "p95", "max"), (-123.4, 0.5, 99.9, 250.0), strict=True)
    }
    structures = tuple(
        StructureRow(
            name=name,
            role="ptv",
            lesion="1",
            volume=VolumePart(cc, "slab", 12, cc),
            target=TargetPart(reached, ()),
            dose=DosePart("slab", "half", "linear", "physical", {"D95%[Gy]": gy}, cc),
            notes={"D95%[Gy]": f"a part of {cc:.3f} cc lies outside the dose grid"},
        )
        for name, cc, gy in rows
    )
    case = CaseResult.of("case 1", (), structures=structures, cumulative_ptv_cc=1.0, sum_ptv_cc=1.0)
    for page in (target_page(case), dose_page(case)):
        lines = [line for part in page for line in lines_of(part, width)]
        for name, cc, gy in rows:
            assert any(clean(name) in line for line in lines)
            for shown in (f"{cc:.2f}" if cc < 99.995 else f"{cc:.1f}", f"{gy + 0.0:.2f}"):
                assert any(shown.removeprefix("-") in line for line in lines), shown
    targets = [line for part in target_page(case) for line in lines_of(part, width)]
    assert any("-123.4/0.5/99.9/250.0" in line for line in targets)
    assert any("-123.4/0.5 " in f"{line} " for line in targets)
    assert all(any(toward in line for line in targets) for toward in directions)


def on_terminal(width: int, *words: str) -> str:
    """What `rtvol ...` shows on a terminal of a width."""
    leader, follower = pty.openpty()
    fcntl.ioctl(follower, termios.TIOCSWINSZ, struct.pack("HHHH", 50, width, 0, 0))
    code = "import sys; from rtvol.cli import main; sys.exit(main())"
    own = {key: value for key, value in os.environ.items() if key not in {"COLUMNS", "LINES"}}
    running = subprocess.Popen(
        [sys.executable, "-c", code, *words],
        stdout=follower,
        stderr=subprocess.DEVNULL,
        env={**own, "TERM": "xterm", "COLUMNS": str(width)},
    )
    os.close(follower)
    shown = b""
    while True:
        try:
            more = os.read(leader, 65536)
        except OSError:  # the other end is closed
            break
        if not more:
            break
        shown += more
    running.wait()
    os.close(leader)
    return re.sub(r"\x1b\[[0-9;]*m", "", shown.decode()).replace("\r", "")


@pytest.mark.parametrize("width", [60, 80, 140])
def test_a_terminal_of_that_width_shows_them_whole(width: int, tiny_patient: Path) -> None:
    words = ("expand", str(tiny_patient), "--ctv", "2", "--ptv", "4", "--dry-run")
    shown = on_terminal(width, *words, "--goals", "liver-sbrt-5fx", "--prescription", "25")
    tables = [line for line in shown.split("\n") if not line.startswith("would write")]
    assert all(len(line) <= width for line in tables)
    for whole in ("D98%[Gy]", "Mean[Gy]", "4.0/4.0/4.0/4.0", "Kidney_L+Kidney_R", "CV17.5Gy[cc]"):
        assert whole in shown, whole
