"""Exports that are sound, however odd they look: the same numbers as the plain one."""

from __future__ import annotations

import copy
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from pydicom.sequence import Sequence

from faults.export import (
    CENTRE,
    FIELD,
    Export,
    phantom,
    points_of,
    raw,
    ring,
    set_points,
    stack_cc,
    values_text,
)
from faults.register import sound
from rtvol.phantoms import Shell, Sphere, VoxelLattice, WriteOptions, rasterise
from rtvol.phantoms.objects import texts

if TYPE_CHECKING:
    from pathlib import Path

    from pydicom.dataset import Dataset

ORDER, LYING, CODING, GRIDS, SHAPES = "order", "position", "encoding", "grids", "shapes"
NAMES, BESIDE = "names", "beside"


@sound(ORDER)
def base(export: Export) -> None:
    pass


@sound(ORDER, options=WriteOptions(shuffled_names=True))
def slices_shuffled(export: Export) -> None:
    np.random.default_rng(3).shuffle(export.ct)


@sound(ORDER)
def contours_reversed(export: Export) -> None:
    for name in ("GTV", "Liver"):
        export.set_contours(export.contours(name)[::-1], name)
    export.rs.ROIContourSequence = Sequence(list(export.rs.ROIContourSequence)[::-1])
    export.rs.StructureSetROISequence = Sequence(list(export.rs.StructureSetROISequence)[::-1])


@sound(ORDER)
def start_points_moved(export: Export) -> None:
    for n, one in enumerate(export.contours()):
        set_points(one, np.roll(points_of(one), 7 * n, axis=0))


@sound(ORDER)
def winding_turned(export: Export) -> None:
    for one in export.contours()[::2]:
        set_points(one, points_of(one)[::-1])


@sound(ORDER)
def first_point_repeated_at_the_end(export: Export) -> None:
    for one in export.contours():
        points = points_of(one)
        set_points(one, np.vstack([points, points[:1]]))


@sound(ORDER)
def roi_numbers_unordered(export: Export) -> None:
    new = dict(zip((1, 2, 3), (42, 7, 19), strict=True))
    for one in export.rs.StructureSetROISequence:
        one.ROINumber = new[int(one.ROINumber)]
    for one in (*export.rs.ROIContourSequence, *export.rs.RTROIObservationsSequence):
        one.ReferencedROINumber = new[int(one.ReferencedROINumber)]


for _position in ("HFP", "HFDR", "HFDL", "FFS", "FFP", "FFDL", "FFDR"):

    @sound(LYING, position=_position, name=f"position-{_position.lower()}")
    def _lying(export: Export) -> None:
        pass


@sound(LYING)
def position_label_missing(export: Export) -> None:
    for one in export.ct:
        del one.PatientPosition


@sound(LYING)
def position_label_wrong(export: Export) -> None:
    """PatientPosition says FFP; the vectors say how the patient lies (PS3.3 C.7.6.2.1.1)."""
    for one in export.ct:
        one.PatientPosition = "FFP"


for _name, _options in {
    "implicit": WriteOptions(transfer="implicit"),
    "big-endian": WriteOptions(transfer="big-endian"),
    "big-endian-32-bit-dose": WriteOptions(transfer="big-endian", dose_bits=32),
    "deflated": WriteOptions(transfer="deflated"),
    "rle": WriteOptions(transfer="rle"),
    "undefined-lengths": WriteOptions(undefined_lengths=True),
    "undefined-lengths-implicit": WriteOptions(transfer="implicit", undefined_lengths=True),
    "ct-signed": WriteOptions(ct_signed=True, ct_slope=0.5),
    "dose-32-bit": WriteOptions(dose_bits=32),
    "dose-offsets-absolute": WriteOptions(dose_offsets="absolute"),
    "dose-prone": WriteOptions(dose_position="HFP"),
    "dose-feet-first": WriteOptions(dose_position="FFS"),
    "dose-decubitus": WriteOptions(dose_position="HFDL"),
    "contours-10-decimals": WriteOptions(decimals=8),
}.items():

    @sound(CODING, options=_options, name=_name)
    def _coded(export: Export) -> None:
        pass


def without_preamble(path: Path, *, keep_meta: bool) -> None:
    """Cut the preamble, and the file meta information too unless it is to stay."""
    data = path.read_bytes()
    length = int.from_bytes(data[140:144], "little")
    path.write_bytes(data[132:] if keep_meta else data[144 + length :])


@sound(CODING, options=WriteOptions(transfer="implicit"))
def bare_data_sets(export: Export) -> None:
    export.after.append(
        lambda folder: [without_preamble(p, keep_meta=False) for p in folder.glob("*.dcm")]
    )


@sound(CODING)
def meta_without_preamble(export: Export) -> None:
    export.after.append(
        lambda folder: [without_preamble(p, keep_meta=True) for p in folder.glob("*.dcm")]
    )


@sound(CODING, "accept warn")
def group_length_wrong(export: Export) -> None:
    def change(folder: Path) -> None:
        for path in folder.glob("*.dcm"):
            data = bytearray(path.read_bytes())
            data[140:144] = (9999).to_bytes(4, "little")
            path.write_bytes(data)

    export.after.append(change)


@sound(CODING, "accept warn")
def zeros_behind_the_data(export: Export) -> None:
    export.after.append(
        lambda folder: [p.write_bytes(p.read_bytes() + bytes(512)) for p in folder.glob("*.dcm")]
    )


@sound(CODING, "accept warn")
def decimals_with_blanks_plus_exponents(export: Export) -> None:
    def spelt(n: int, text: str) -> str:
        value = float(text)
        forms = (f" {text}", f"{text} ", f"{value:+.3f}", f"{value:.6e}", f"{value:.6E}", text)
        return forms[n % len(forms)]

    for one in export.contours():
        raw(one, "ContourData", "\\".join(spelt(n, t) for n, t in enumerate(values_text(one))))


@sound(CODING)
def private_groups_twice(export: Export) -> None:
    for one in export.objects:
        for group in (0x3287, 0x3249):
            block = one.private_block(group, "SOME VENDOR", create=True)
            block.add_new(0, "OB", bytes(64))
            block.add_new(1, "LO", "again")
        twin = one.private_block(0x3287, "SOME VENDOR 2", create=True)
        twin.add_new(0, "UN", b"\x01\x02" * 8)


@sound(CODING)
def dose_of_one_frame_item_beside(export: Export) -> None:
    """An empty sequence of every kind a dose may carry changes nothing."""
    export.rd.DVHSequence = Sequence([])
    export.rd.ReferencedStructureSetSequence = Sequence([])


@sound(CODING)
def ct_12_bits_stored(export: Export) -> None:
    for one in export.ct:
        one.BitsStored, one.HighBit = 12, 11


@sound(CODING)
def ct_monochrome1(export: Export) -> None:
    for one in export.ct:
        one.PhotometricInterpretation = "MONOCHROME1"


@sound(CODING)
def ct_without_rescale(export: Export) -> None:
    for one in export.ct:
        del one.RescaleSlope, one.RescaleIntercept


@sound(GRIDS)
def dose_frames_descending(export: Export) -> None:
    rd = export.rd
    frames = np.frombuffer(rd.PixelData, np.uint16).reshape(rd.NumberOfFrames, -1)
    rd.PixelData = frames[::-1].tobytes()
    position = [float(v) for v in rd.ImagePositionPatient]
    last = float(rd.GridFrameOffsetVector[-1])
    rd.ImagePositionPatient = texts([position[0], position[1], position[2] + last])
    rd.GridFrameOffsetVector = texts([-float(v) for v in rd.GridFrameOffsetVector])


def stored_again(export: Export, lattice: VoxelLattice, turn_degrees: float = 0.0) -> None:
    """Sample the dose on another grid, turned about the patient's z axis."""
    grid = lattice.grid("HFS", str(export.rd.FrameOfReferenceUID))
    angle = np.radians(turn_degrees)
    row = (float(np.cos(angle)), float(np.sin(angle)), 0.0)
    column = (-row[1], row[0], 0.0)
    grid = replace(grid, row=row, column=column)
    rd = export.rd
    scaling = float(rd.DoseGridScaling)
    values = np.rint(rasterise(FIELD, grid).values_gy / scaling)
    rd.PixelData = np.minimum(values, 65535).astype("<u2").tobytes()
    rd.NumberOfFrames, rd.Rows, rd.Columns = grid.shape
    rd.ImagePositionPatient = texts(grid.origin_mm)
    rd.ImageOrientationPatient = texts([*row, *column], 9)
    rd.PixelSpacing = texts(grid.spacing_mm)
    rd.GridFrameOffsetVector = texts(grid.offsets_mm)


@sound(GRIDS, "accept warn")
def dose_turned_by_10_degrees(export: Export) -> None:
    stored_again(export, VoxelLattice.around((12.0, -8.0, 0.0), (90, 90, 87), (5, 5, 3)), 10.0)


@sound(GRIDS)
def dose_pixels_anisotropic(export: Export) -> None:
    stored_again(export, VoxelLattice.around((0.0, 0.0, 0.0), (105, 96, 84), (3, 6, 4)))


@sound(
    GRIDS, case=replace(phantom(), ct=VoxelLattice.around((0, 0, 0), (120, 100, 87), (2.5, 4, 3)))
)
def ct_pixels_anisotropic(export: Export) -> None:
    pass


@sound(GRIDS)
def dose_irregular_frames(export: Export) -> None:
    lattice = VoxelLattice.around((0, 0, 0), (110, 100, 87), (5, 5, 3))
    stored_again(export, replace(lattice, planes_mm=np.delete(lattice.planes_mm, [5, 9, 20])))


SHELL = Shell(CENTRE, 20.0, 10.0)

for _style in ("keyhole", "xor", "nested"):

    @sound(
        SHAPES,
        "accept warn" if _style == "nested" else "accept",
        "contour-nested",
        case=phantom(gtv=SHELL, gtv_style=_style),
        volumes_cc=(stack_cc(SHELL),),
        name=f"shell-{_style}",
    )
    def _shell(export: Export) -> None:
        pass


SECOND = Sphere((-30.0, 20.0, 1.5), 9.0)


def second_lesion(export: Export) -> list[Dataset]:
    """Contours of a smaller sphere elsewhere, without references."""
    template = copy.deepcopy(export.contours()[0])
    del template.ContourImageSequence
    x, y, z = SECOND.centre_mm
    return [
        set_points(copy.deepcopy(template), ring((x, y), float(np.sqrt(81.0 - h**2)), z + h))
        for h in (-6.0, -3.0, 0.0, 3.0, 6.0)
    ]


@sound(SHAPES, others_cc={"GTV 2": stack_cc(SECOND)})
def two_lesions(export: Export) -> None:
    export.add_roi("GTV 2", second_lesion(export))


@sound(SHAPES)
def contours_without_image_reference(export: Export) -> None:
    for name in ("Body", "Liver", "GTV"):
        for one in export.contours(name):
            del one.ContourImageSequence


@sound(SHAPES, tolerance=2e-3)
def contours_of_1000_points(export: Export) -> None:
    for one in export.contours():
        points = points_of(one)
        ends = np.roll(points, -1, axis=0)
        parts = np.linspace(0, 1, 14, endpoint=False)[:, None]
        pairs = zip(points, ends, strict=True)
        set_points(one, np.concatenate([p + parts * (e - p) for p, e in pairs]))


GERMAN, JAPANESE = "Größe ≥ 3 cm, GTV", "肝臓 GTV"


@sound(NAMES, roi=GERMAN)
def names_in_utf_8(export: Export) -> None:
    export.rs.SpecificCharacterSet = "ISO_IR 192"
    export.name_item("GTV").ROIName = GERMAN


@sound(NAMES, roi=JAPANESE)
def names_in_iso_2022_ir_87(export: Export) -> None:
    export.rs.SpecificCharacterSet = ["", "ISO 2022 IR 87"]
    export.name_item("GTV").ROIName = JAPANESE


@sound(NAMES, "accept warn")
def names_that_differ_in_case(export: Export) -> None:
    for name in ("gtv", "Gtv", "GTV/1", "GTV:1", "GTV*1", "CON", "NUL", "aux."):
        export.add_roi(name, copy.deepcopy(export.contours("Liver")))
