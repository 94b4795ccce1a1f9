"""What reaches a screen: harmless lines, plain when nobody watches, errors in four parts."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from rtvol.cli.screen import clean, finding_lines, number, show, show_json, table, volume
from rtvol.errors import Finding

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("GTV 1", "GTV 1"),
        ("a\n2030-01-01 forged", "a?2030-01-01 forged"),
        ("\x1b[31mred\x07\0", "?[31mred??"),
        ("\u202eVTG", "?VTG"),
        ("\udcff", "?"),
        ("Leber-Größe 肝臓", "Leber-Größe 肝臓"),
    ],
)
def test_names_of_files_are_one_harmless_line(text: str, shown: str) -> None:
    assert clean(text) == shown


def test_an_error_has_four_lines_and_its_code() -> None:
    finding = Finding("roi-not-found", "error", "RTSTRUCT", "a, b\nc", 'did you mean "a"?')
    lines = finding_lines(finding, "case1").splitlines()
    assert lines[0].startswith("error: no ROI has that name")
    assert lines[0].endswith("[roi-not-found]")
    assert lines[1:] == [
        "  in     case case1, RTSTRUCT",
        "  seen   a, b?c",
        '  mend   did you mean "a"?',
    ]


def test_the_mend_of_the_register_stands_in_for_none() -> None:
    assert "  mend   " in finding_lines(Finding("roi-empty", "error"))


def test_no_markup_of_a_name_is_obeyed(capsys: pytest.CaptureFixture[str]) -> None:
    grid = table("name", "cc", numbers=("cc",))
    grid.add_row("[bold]GTV[/bold] :smile:", "1.00")
    show(grid, "[red]x[/red]")
    out = capsys.readouterr().out
    assert "[bold]GTV[/bold] :smile:" in out
    assert "[red]x[/red]" in out
    assert "\x1b" not in out


def test_a_long_name_is_never_cut(capsys: pytest.CaptureFixture[str]) -> None:
    grid = table("name")
    grid.add_row("x" * 300)
    show(grid)
    assert "x" * 300 in capsys.readouterr().out


def test_a_document_is_ascii_and_whole(capsys: pytest.CaptureFixture[str]) -> None:
    show_json({"name": "Größe \udcff", "list": [1, None]})
    out = capsys.readouterr().out
    assert out.isascii()
    assert json.loads(out) == {"name": "Größe \udcff", "list": [1, None]}


def test_numbers_keep_the_digits_that_matter() -> None:
    assert [volume(value) for value in (None, 0.254, 14.137, 1432.44)] == [
        "-",
        "0.25",
        "14.14",
        "1432.4",
    ]
    assert number(None) == "-"


def test_a_reader_that_goes_away_is_no_error(
    fresh_python: Callable[..., subprocess.CompletedProcess[str]],
) -> None:
    code = (
        "import os, sys\n"
        "from rtvol.cli.screen import show, tell\n"
        "read, write = os.pipe(); os.dup2(write, 1); os.close(read)\n"
        "for _ in range(3): show('x' * 100000)\n"
        "tell('still here')\n"
    )
    done = fresh_python(code)
    assert (done.returncode, done.stderr) == (0, "still here\n")
