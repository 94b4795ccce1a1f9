"""The libraries in a page are those that THIRD_PARTY.md names, byte for byte."""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
import tarfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from rtvol.report import webpage

if TYPE_CHECKING:
    from collections.abc import Callable

VENDOR = Path(webpage.__file__).parent / "vendor"
ROW = re.compile(r"^\| `(\S+)` \| \[(\S+)\]\(\S+\) \| (\S+) \| (\S+) \| `([0-9a-f]{64})` \|$")


def listed(project_root: Path) -> dict[str, tuple[str, str, str]]:
    """Package, version and hash of each file in the list."""
    lines = (project_root / "THIRD_PARTY.md").read_text(encoding="utf-8").splitlines()
    rows = [match.groups() for line in lines if (match := ROW.match(line))]
    return {name: (package, version, digest) for name, package, version, _, digest in rows}


def test_each_file_is_listed_and_has_its_hash(project_root: Path) -> None:
    files = {path.name: path for path in VENDOR.iterdir() if not path.name.endswith(".LICENSE")}
    hashes = {name: hashlib.sha256(path.read_bytes()).hexdigest() for name, path in files.items()}
    assert hashes == {name: digest for name, (_, _, digest) in listed(project_root).items()}
    assert {webpage.UPLOT, webpage.UPLOT_CSS, webpage.NIIVUE} == hashes.keys()


def test_the_versions_on_the_page_are_those_of_the_files(project_root: Path) -> None:
    versions = {
        package.split("/")[-1].lower(): v for package, v, _ in listed(project_root).values()
    }
    shown = dict(name.lower().split() for name in webpage.LICENCES)
    assert shown == versions
    for file in webpage.LICENCES.values():
        assert "Copyright (c)" in (VENDOR / file).read_text(encoding="utf-8")


def test_the_wheel_holds_what_pages_are_made_of(
    project_root: Path, require_module: Callable[[str], object]
) -> None:
    require_module("hatchling")
    from hatchling.builders.wheel import WheelBuilder

    builder = WheelBuilder(str(project_root))
    held = {one.distribution_path for one in builder.recurse_included_files()}
    for folder in ("vendor", "web"):
        for path in (VENDOR.parent / folder).iterdir():
            assert f"rtvol/report/{folder}/{path.name}" in held


@pytest.mark.skipif(not os.environ.get("RTVOL_NPM"), reason="asks the npm registry: RTVOL_NPM=1")
def test_the_files_are_those_of_the_published_packages(
    project_root: Path, tmp_path: Path, require_tool: Callable[[str], Path]
) -> None:
    npm = str(require_tool("npm"))
    for name, (package, version, digest) in listed(project_root).items():
        words = [npm, "pack", f"{package}@{version}", "--silent"]
        subprocess.run(words, cwd=tmp_path, check=True, timeout=300)
        (packed,) = tmp_path.glob("*.tgz")
        with tarfile.open(packed) as archive:
            stream = archive.extractfile(f"package/dist/{name}")
            assert stream is not None
            assert hashlib.sha256(stream.read()).hexdigest() == digest
        packed.unlink()
