"""The register of findings: names that stay, and words that help."""

from __future__ import annotations

import re
from importlib import import_module
from typing import TYPE_CHECKING, get_args

import pytest

from house import SOURCE
from rtvol.codes import CODES, Code, Verdict, codes_page

if TYPE_CHECKING:
    from pathlib import Path

REGISTERS = sorted(
    path
    for path in (SOURCE / "codes").glob("*.py")
    if path.stem not in {"__init__", "kinds", "page"}
)
EACH_CODE = pytest.mark.parametrize(("name", "code"), sorted(CODES.items()), ids=sorted(CODES))


@EACH_CODE
def test_names_are_lower_case_with_dashes(name: str, code: Code) -> None:
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)+", name)


@EACH_CODE
def test_verdict_is_one_of_the_known(name: str, code: Code) -> None:
    assert code.verdict in get_args(Verdict)


@EACH_CODE
def test_meaning_and_mend_are_one_plain_line_each(name: str, code: Code) -> None:
    for text in (code.meaning, code.mend):
        assert text == text.strip()
        assert len(text) > 10
        assert "\n" not in text
        assert not text.endswith(".")


def test_no_two_codes_say_the_same() -> None:
    meanings = [code.meaning for code in CODES.values()]
    assert sorted(set(meanings)) == sorted(meanings)


def test_the_page_of_codes_is_up_to_date(project_root: Path) -> None:
    page = (project_root / "docs" / "codes.md").read_text("utf-8")
    assert page == codes_page() + "\n", "run `make codes`"


def test_every_code_in_the_source_is_registered(project_root: Path) -> None:
    source = "\n".join(p.read_text("utf-8") for p in (project_root / "src").rglob("*.py"))
    raised = set(
        re.findall(r'(?:Rejected|Finding|Error|Refused|_reject|_warn)\(\s*"([a-z0-9-]+)"', source)
    )
    raised |= {
        word.lower().replace("_", "-")
        for word in re.findall(r"\bcodes\.([A-Z][A-Z0-9_]+)\.", source)
    }
    assert len(raised) > 150, "codes are raised in another way"
    assert raised - set(CODES) == set()


def test_findings_are_raised_by_their_registered_code(project_root: Path) -> None:
    """`codes.NAME.warn(where=..., seen=...)`: no string to misspell, no part by its position."""
    loose = [
        f"{path.name}: {call}"
        for path in (project_root / "src" / "rtvol").rglob("*.py")
        if "outcomes" not in path.parts  # statistics say what became of a number
        for call in re.findall(r'\bFinding\(\s*"[a-z0-9-]+"', path.read_text("utf-8"))
    ]
    assert loose == []


#: The rooms of registers that bear no room's name, or hold the codes of two.
ROOMS = {
    "io_doses": "io",
    "io_write": "io",
    "geometry": "geometry, volumes",
    "statistics": "outcomes",
}


@pytest.mark.parametrize("register", sorted(p.stem for p in REGISTERS))
def test_a_code_stands_in_the_register_of_a_room_that_raises_it(register: str) -> None:
    """One register a code, so that its words are found by where it comes from."""
    rooms = ROOMS.get(register, register).split(", ")
    source = "\n".join(
        path.read_text("utf-8")
        for room in rooms
        for path in [SOURCE / f"{room}.py", *(SOURCE / room).rglob("*.py")]
        if path.exists()
    )
    codes = import_module(f"rtvol.codes.{register}").CODES
    raised = {
        name
        for name in codes
        if re.search(rf'"{name}"|\bcodes\.{name.upper().replace("-", "_")}\b', source)
    }
    assert set(codes) - raised == set()
