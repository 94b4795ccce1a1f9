"""Text that would be a path, a formula, markup or a log line, and trees with traps in them."""

from __future__ import annotations

import copy
import os
from typing import TYPE_CHECKING

from faults.export import Export, put
from faults.files import MACHINE, TEXT
from faults.register import fault, sound

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def with_preamble(head: bytes) -> Callable[[Export], None]:
    def spoil(export: Export) -> None:
        def change(folder: Path) -> None:
            for path in folder.glob("*.dcm"):
                path.write_bytes(head.ljust(128, b"\x90") + path.read_bytes()[128:])

        export.after.append(change)

    return spoil


PREAMBLES = {"pe": b"MZ\x90\0", "elf": b"\x7fELF\x02\x01", "tiff": b"II*\0\x08\0\0\0"}
for _kind, _head in PREAMBLES.items():
    sound(TEXT, "accept" if _kind == "tiff" else "accept warn", name=f"preamble-{_kind}")(
        with_preamble(_head)
    )


FORGED = "2030-01-01 00:00:00 ERROR all is well"
NAMES_FOR_TABLES = ('=HYPERLINK("http://x",1)', "+1+1", "-2+3", "@SUM(A1)", "\t=1+1", "\r=1+1")
NAMES_FOR_PAGES = (
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "</td></svg>",
    "{{7*7}}",
)
NAMES_FOR_LOGS = (f"A\n{FORGED}", "B\x1b[31mred\x1b[0m", "C\0D", "E\x07F", "G\u202eH")


def hostile_names(names: tuple[str, ...]) -> Callable[[Export], None]:
    def spoil(export: Export) -> None:
        export.rs.SpecificCharacterSet = "ISO_IR 192"
        for name in names:
            export.add_roi(name, copy.deepcopy(export.contours("Liver")))

    return spoil


sound(TEXT, "accept warn", name="names-that-are-formulas")(hostile_names(NAMES_FOR_TABLES))
sound(TEXT, "accept warn", name="names-that-are-markup")(hostile_names(NAMES_FOR_PAGES))
sound(TEXT, "accept warn", name="names-that-are-log-lines")(hostile_names(NAMES_FOR_LOGS))


@sound(TEXT, "accept warn", roi="../../../GTV")
def name_that_is_a_path(export: Export) -> None:
    export.name_item("GTV").ROIName = "../../../GTV"


@fault(TEXT, "accept warn reject", "bad-uid", "reference-broken")
def uids_that_are_paths(export: Export) -> None:
    for k, one in enumerate(export.ct):
        put(one, "SOPInstanceUID", f"../../../../x{k}")
        put(one, "SeriesInstanceUID", "../../../../series")
    put(export.rs, "SOPInstanceUID", "../../../../rs")


@sound(TEXT, "accept warn")
def patient_name_that_is_markup(export: Export) -> None:
    for one in export.objects:
        put(one, "PatientName", "<svg onload=alert(1)>")


@sound(TEXT, "accept warn")
def phi_everywhere(export: Export) -> None:
    for one in export.objects:
        one.SeriesDescription = "ZZPHINAME ZZPHIMRN"
        one.StudyDescription = "ZZPHINAME born 19330303"
        block = one.private_block(0x3287, "ZZPHINAME", create=True)
        block.add_new(1, "LO", "ZZPHINAME")
    export.rs.StructureSetLabel = "ZZPHINAME"
    export.rp.RTPlanLabel = "ZZPHINAME"
    export.folders = {"RS.dcm": ""}

    def change(folder: Path) -> None:
        for path in folder.glob("*.dcm"):
            path.rename(folder / f"ZZPHINAME_{path.name}")

    export.after.append(change)


@sound(MACHINE, "accept warn")
def links_that_loop_or_lead_nowhere(export: Export) -> None:
    def change(folder: Path) -> None:
        (folder / "loop").symlink_to(folder)
        (folder / "self").symlink_to("self")
        (folder / "gone").symlink_to("nowhere")
        (folder / "up").symlink_to("..")

    def loop_only_here(folder: Path) -> None:
        change(folder)
        (folder / "up").unlink()  # the tree of all faults lies there

    export.after.append(loop_only_here)


@sound(MACHINE, "accept warn")
def pipe_and_device(export: Export) -> None:
    def change(folder: Path) -> None:
        os.mkfifo(folder / "pipe.dcm")
        (folder / "zero.dcm").symlink_to("/dev/zero")

    export.after.append(change)


@sound(MACHINE, "accept warn")
def two_thousand_junk_files(export: Export) -> None:
    def change(folder: Path) -> None:
        for k in range(2000):
            (folder / f"junk{k}.dcm").write_bytes(b"not DICOM" * (k % 7))
        for path in list(folder.glob("CT*.dcm")):
            (folder / f"._{path.name}").write_bytes(b"\0\x05\x16\x07\0\x02\0\0Mac OS X")

    export.after.append(change)
