"""Files that are cut, padded, compressed, hostile, or not DICOM at all."""

from __future__ import annotations

import struct
import zipfile
import zlib
from typing import TYPE_CHECKING

import numpy as np
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from pydicom.tag import Tag
from pydicom.uid import CTImageStorage, JPEGLSLossless

from faults.export import CENTRE, Export, points_of, put, raw, set_points, values_text
from faults.register import NO_NUMBER, fault, sound
from rtvol.phantoms import WriteOptions

if TYPE_CHECKING:
    from pathlib import Path

BYTES, LIMITS, TEXT, MACHINE = "bytes", "limits", "hostile text", "file tree"


def cut(path: Path, keep: int) -> None:
    """Keep the first bytes of a file; a negative number drops so many at the end."""
    path.write_bytes(path.read_bytes()[:keep])


@fault(BYTES, "reject", "truncated-file", volumes_cc=NO_NUMBER, mean_gy=None)
def rtstruct_cut_at_half(export: Export) -> None:
    export.after.append(lambda f: cut(f / "RS.dcm", (f / "RS.dcm").stat().st_size // 2))


@fault(
    BYTES,
    "reject",
    "truncated-file",
    volumes_cc=NO_NUMBER,
    mean_gy=None,
    options=WriteOptions(undefined_lengths=True),
)
def rtstruct_cut_between_contours(export: Export) -> None:
    """What is left ends with a whole contour item of the last ROI."""
    equator = export.at_equator()
    set_points(equator, points_of(equator))

    def change(folder: Path) -> None:
        data = (folder / "RS.dcm").read_bytes()
        item_end = b"\xfe\xff\x0d\xe0\x00\x00\x00\x00"
        middle = data.index("\\".join(values_text(equator)).encode())
        cut(folder / "RS.dcm", data.index(item_end, middle) + 8)

    export.after.append(change)


@fault(BYTES, "reject", "truncated-file", volumes_cc=NO_NUMBER, mean_gy=None)
def rtstruct_cut_before_the_contours(export: Export) -> None:
    def change(folder: Path) -> None:
        data = (folder / "RS.dcm").read_bytes()
        cut(folder / "RS.dcm", data.rindex(b"\x06\x30\x39\x00SQ"))

    export.after.append(change)


@fault(BYTES, "reject", "truncated-file", "bad-encoding", volumes_cc=NO_NUMBER, mean_gy=None)
def rtstruct_length_too_long(export: Export) -> None:
    """The contour sequence says it is longer than the file."""

    def change(folder: Path) -> None:
        data = bytearray((folder / "RS.dcm").read_bytes())
        at = data.rindex(b"\x06\x30\x39\x00SQ") + 8
        data[at : at + 4] = struct.pack("<I", struct.unpack_from("<I", data, at)[0] + 4096)
        (folder / "RS.dcm").write_bytes(data)

    export.after.append(change)


@fault(BYTES, "reject", "truncated-file", "bad-encoding", volumes_cc=NO_NUMBER, mean_gy=None)
def rtstruct_length_too_short(export: Export) -> None:
    """The contour sequence ends early: what follows it is no element of the data set."""

    def change(folder: Path) -> None:
        data = bytearray((folder / "RS.dcm").read_bytes())
        at = data.rindex(b"\x06\x30\x39\x00SQ") + 8
        data[at : at + 4] = struct.pack("<I", struct.unpack_from("<I", data, at)[0] // 2)
        (folder / "RS.dcm").write_bytes(data)

    export.after.append(change)


@fault(BYTES, "reject", "no-rtstruct", volumes_cc=NO_NUMBER, mean_gy=None)
def rtstruct_empty(export: Export) -> None:
    export.after.append(lambda f: (f / "RS.dcm").write_bytes(b""))


@fault(BYTES, "reject", "no-rtstruct", volumes_cc=NO_NUMBER, mean_gy=None)
def rtstruct_only_as_gz(export: Export) -> None:
    import gzip

    def change(folder: Path) -> None:
        (folder / "RS.dcm.gz").write_bytes(gzip.compress((folder / "RS.dcm").read_bytes()))
        (folder / "RS.dcm").unlink()

    export.after.append(change)


@fault(BYTES, "reject", "no-dicom", volumes_cc=NO_NUMBER, mean_gy=None)
def random_bytes_in_all_files(export: Export) -> None:
    dice = np.random.default_rng(7)
    export.after.append(
        lambda f: [p.write_bytes(dice.bytes(p.stat().st_size)) for p in f.glob("*.dcm")]
    )


@fault(BYTES, "reject warn", "truncated-pixels")
def ct_slice_lacks_half_its_pixels(export: Export) -> None:
    name = f"CT.{export.slice_at(CENTRE[2]) + 1:03d}.dcm"
    export.after.append(lambda f: cut(f / name, -800))


@fault(BYTES, "reject warn", "truncated-pixels", "pixel-length-mismatch")
def ct_pixels_declared_short(export: Export) -> None:
    one = export.ct[15]
    one.PixelData = one.PixelData[: len(one.PixelData) // 2]


@fault(BYTES, "warn reject", "truncated-pixels", mean_gy=None)
def dose_lacks_half_its_pixels(export: Export) -> None:
    export.after.append(lambda f: cut(f / "RD.dcm", -10_000))


@fault(BYTES, "warn reject", "pixel-length-mismatch", mean_gy=None)
def dose_lacks_its_last_frame(export: Export) -> None:
    rd = export.rd
    rd.PixelData = rd.PixelData[: -2 * rd.Rows * rd.Columns]


@fault(BYTES, "warn reject", "pixel-length-mismatch", mean_gy=None)
def dose_has_a_frame_too_many(export: Export) -> None:
    export.rd.PixelData = export.rd.PixelData + bytes(2 * export.rd.Rows * export.rd.Columns)


@fault(BYTES, "warn reject", "pixel-length-mismatch", mean_gy=None)
def dose_without_pixels(export: Export) -> None:
    del export.rd.PixelData


@fault(BYTES, "warn reject", "pixel-length-mismatch", "truncated-pixels", mean_gy=None)
def dose_pixels_empty(export: Export) -> None:
    export.rd.PixelData = b""


@fault(LIMITS, "warn reject", "pixel-length-mismatch", mean_gy=None)
def dose_declares_65535_cubed(export: Export) -> None:
    export.rd.Rows = export.rd.Columns = 65535
    export.rd.NumberOfFrames = 30000
    export.rd.GridFrameOffsetVector = [str(3 * k) for k in range(30000)]


@fault(LIMITS, "reject warn", "pixel-length-mismatch")
def ct_slice_declares_65535_squared(export: Export) -> None:
    export.ct[12].Rows = export.ct[12].Columns = 65535


@fault(
    LIMITS,
    "warn reject",
    "inflate-limit",
    mean_gy=None,
    options=WriteOptions(transfer="deflated"),
)
def dose_inflates_to_1_gib(export: Export) -> None:
    """A private element of zeros behind the dose: 64 deflated blocks of 16 MiB each."""

    def change(folder: Path) -> None:
        data = (folder / "RD.dcm").read_bytes()
        start = 144 + int.from_bytes(data[140:144], "little")
        plain = zlib.decompress(data[start:], -zlib.MAX_WBITS)
        pack = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
        head = plain + struct.pack("<HH2sHI", 0x7FE1, 0x1010, b"OB", 0, 1 << 30)
        parts = [pack.compress(head), pack.flush(zlib.Z_FULL_FLUSH)]
        block = pack.compress(bytes(1 << 24)) + pack.flush(zlib.Z_FULL_FLUSH)
        tail = pack.flush(zlib.Z_FINISH)
        (folder / "RD.dcm").write_bytes(b"".join([data[:start], *parts, *[block] * 64, tail]))

    export.after.append(change)


def nested(depth: int) -> bytes:
    """A private element with sequences of undefined length, one in another."""
    tag = struct.pack("<HH", 0x3289, 0x1010)
    opened = tag + b"SQ\0\0\xff\xff\xff\xff" + b"\xfe\xff\x00\xe0\xff\xff\xff\xff"
    closed = b"\xfe\xff\x0d\xe0\0\0\0\0" + b"\xfe\xff\xdd\xe0\0\0\0\0"
    return opened * depth + closed * depth


@fault(LIMITS, "reject warn", "bad-encoding", "nesting-limit", volumes_cc=NO_NUMBER, mean_gy=None)
def rtstruct_nests_5000_deep(export: Export) -> None:
    export.after.append(
        lambda f: (f / "RS.dcm").write_bytes((f / "RS.dcm").read_bytes() + nested(5000))
    )


@fault(LIMITS, "warn reject", "bad-encoding", "nesting-limit", mean_gy=None)
def dose_nests_5000_deep(export: Export) -> None:
    def change(folder: Path) -> None:
        data = (folder / "RD.dcm").read_bytes()
        at = data.rindex(b"\xe0\x7f\x10\x00OW")
        (folder / "RD.dcm").write_bytes(data[:at] + nested(5000) + data[at:])

    export.after.append(change)


@fault(
    LIMITS,
    "reject warn",
    "contour-points-mismatch",
    "points-limit",
    volumes_cc=NO_NUMBER,
    mean_gy=None,
)
def contour_declares_2_billion_points(export: Export) -> None:
    export.at_equator().NumberOfContourPoints = 2_000_000_000


@sound(LIMITS, "accept warn")
def two_hundred_private_megabytes_in_a_zip(export: Export) -> None:
    def change(folder: Path) -> None:
        with zipfile.ZipFile(folder / "x.zip", "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("RS.dcm", bytes(1 << 26))

    export.after.append(change)


@fault(BYTES, "reject warn", "sop-class-conflict")
def rtstruct_with_the_sop_class_of_ct(export: Export) -> None:
    put(export.rs, "SOPClassUID", CTImageStorage)


@sound(BYTES, "accept warn")
def ct_compressed_without_a_decoder(export: Export) -> None:
    """Contours and margins need no pixels: an unreadable picture costs nothing."""

    def change(folder: Path) -> None:
        for path in folder.glob("CT*.dcm"):
            data = path.read_bytes()
            at = data.rindex(b"\xe0\x7f\x10\x00OW")
            item = struct.pack("<HHI", 0xFFFE, 0xE000, 4) + b"junk"
            pixels = b"\xe0\x7f\x10\x00OB\0\0\xff\xff\xff\xff"
            pixels += struct.pack("<HHI", 0xFFFE, 0xE000, 0) + item
            pixels += struct.pack("<HHI", 0xFFFE, 0xE0DD, 0)
            old = b"1.2.840.10008.1.2.1\0"
            new = JPEGLSLossless.encode()
            meta = int.from_bytes(data[140:144], "little") + 144
            head = data[132:meta].replace(
                struct.pack("<H", len(old)) + old, struct.pack("<H", len(new)) + new
            )
            path.write_bytes(data[:132] + head + data[meta:at] + pixels)

    export.after.append(change)


@fault(BYTES, "warn reject", "pixel-codec", "pixel-length-mismatch", mean_gy=None)
def dose_compressed_without_a_decoder(export: Export) -> None:
    ct_compressed_without_a_decoder(export)
    (change,) = export.after

    def dose_alone(folder: Path) -> None:
        moved = [path.rename(path.with_suffix(".kept")) for path in folder.glob("CT*.dcm")]
        (folder / "RD.dcm").rename(folder / "CT.dcm")
        change(folder)
        (folder / "CT.dcm").rename(folder / "RD.dcm")
        for path in moved:
            path.rename(path.with_suffix(".dcm"))

    export.after = [dose_alone]


@sound(BYTES, "accept warn")
def transfer_syntax_says_big_endian(export: Export) -> None:
    """The bytes are little endian, as they show themselves."""

    def change(folder: Path) -> None:
        path = folder / "RS.dcm"
        old, new = b"1.2.840.10008.1.2.1\0", b"1.2.840.10008.1.2.2\0"
        path.write_bytes(path.read_bytes().replace(old, new, 1))

    export.after.append(change)


@sound(BYTES, "accept warn")
def transfer_syntax_says_implicit(export: Export) -> None:
    """The bytes are explicit, as they show themselves."""

    def change(folder: Path) -> None:
        path = folder / "RS.dcm"
        old, new = b"1.2.840.10008.1.2.1\0", b"1.2.840.10008.1.2\0\0\0"
        path.write_bytes(path.read_bytes().replace(old, new, 1))

    export.after.append(change)


@fault(MACHINE, "reject", "no-rtstruct", volumes_cc=NO_NUMBER, mean_gy=None)
def ct_only(export: Export) -> None:
    export.rs = export.rd = export.rp = None


@fault(MACHINE, "reject", "no-dicom", volumes_cc=NO_NUMBER, mean_gy=None)
def empty_folder(export: Export) -> None:
    export.ct, export.rs, export.rd, export.rp = [], None, None, None


def empty_item() -> Dataset:
    return Dataset()


@fault(BYTES, "reject warn", "bad-number", volumes_cc=NO_NUMBER, mean_gy=None)
def roi_number_is_no_number(export: Export) -> None:
    raw(export.drawn_item("GTV"), "ReferencedROINumber", "three")


@fault(
    BYTES, "reject warn", "bad-number", "contour-not-triples", volumes_cc=NO_NUMBER, mean_gy=None
)
def contour_data_missing(export: Export) -> None:
    del export.at_equator()[Tag("ContourData")]


@fault(BYTES, "reject warn", "truncated-file", volumes_cc=NO_NUMBER, mean_gy=None)
def roi_contour_sequence_missing(export: Export) -> None:
    del export.rs.ROIContourSequence


@fault(BYTES, "reject", "no-rois", volumes_cc=NO_NUMBER, mean_gy=None)
def rtstruct_without_rois(export: Export) -> None:
    export.rs.StructureSetROISequence = Sequence([])
    export.rs.ROIContourSequence = Sequence([])
    export.rs.RTROIObservationsSequence = Sequence([])
