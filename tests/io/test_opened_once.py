"""Law: no file of a case is opened more often than docs/speed.md says, whatever the command."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

SAMPLE = Path(__file__).parents[2] / "sample_dicom" / "patient1"

#: Times a file of each kind may be opened: by the index, then by reading; a dose once more for use.
MOST = {"CT": 2, "RS": 2, "RP": 2, "RD": 3}

#: Runs the command line and writes how often each DICOM file of a folder was opened.
COUNTING = """
import collections, json, os, sys
folder, told, *words = sys.argv[1:]
opened = collections.Counter()
def look(event, args):
    if event == "open" and isinstance(args[0], (str, bytes, os.PathLike)):
        path = os.path.realpath(os.fsdecode(args[0]))
        if path.startswith(folder) and path.endswith(".dcm"):
            opened[os.path.basename(path)] += 1
sys.addaudithook(look)
sys.argv = ["rtvol", *words]
from rtvol.cli import main
try:
    main()
except SystemExit as end:
    if end.code not in (0, None):
        raise
with open(told, "w") as file:
    json.dump(opened, file)
"""


@pytest.mark.parametrize("words", [("inspect",), ("dvh",), ("expand", "--ctv", "2", "--ptv", "4")])
def test_no_file_of_a_case_is_opened_more_often_than_said(
    words: tuple[str, ...], tmp_path: Path
) -> None:
    told = tmp_path / "opened.json"
    command, *options = words
    call = [sys.executable, "-c", COUNTING, str(SAMPLE.resolve()), str(told)]
    done = subprocess.run([*call, command, str(SAMPLE), *options], capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()
    opened = json.loads(told.read_text())
    assert set(opened) == {path.name for path in SAMPLE.glob("*.dcm")}
    too_often = {name: count for name, count in opened.items() if count > MOST[name[:2]]}
    assert too_often == {}
