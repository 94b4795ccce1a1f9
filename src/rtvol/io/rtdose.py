"""RTDOSE -> DoseSource (header) and Dose (Gy); a dose that cannot be believed is refused."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from rtvol import codes
from rtvol.case import DoseSource
from rtvol.errors import CaseRejected, Finding
from rtvol.geometry import SAME_MM, Grid, move_grid
from rtvol.io import tags
from rtvol.io.headers import printable, read_header
from rtvol.io.pixels import stored_values
from rtvol.volumes import Dose

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from rtvol.io.headers import Header

#: No radiotherapy dose is higher; values above are cGy called Gy, or a wrong scaling.
IMPLAUSIBLE_GY = 1000.0
#: No dose is computed on a coarser grid; farther apart, samples say nothing of what lies between.
COARSEST_MM = 20.0
#: So many samples at the largest storable value are no maximum, but a dose cut off there.
SATURATED = 10
#: The first offset is 0, or the z of the first frame, within this.
SAME_Z_MM = 0.01


def _reject(code: str, seen: str, mend: str = "export the dose again") -> CaseRejected:
    return CaseRejected(code, seen=seen, mend=mend)


def _vector(header: Header, tag: int, count: int, code: str) -> tuple[float, ...]:
    values = header.lengths_mm(tag)
    if len(values) != count:
        raise _reject(code, f"{len(values)} values instead of {count}")
    return values


def _frame_count(header: Header) -> int:
    count = header.whole(tags.NUMBER_OF_FRAMES)
    if count is None:
        return 1
    if count < 1:
        raise _reject("pixel-length-mismatch", f"Number of Frames is {count}")
    return count


def _offsets(header: Header, first_z: float, normal: NDArray[np.float64]) -> NDArray[np.float64]:
    """Offset of each frame along row x column in mm from the first (PS3.3 C.8.8.3.2).

    Form a begins with 0 and counts along row x column. Form b begins with the z of the first
    frame and holds patient z; it is for transverse frames.
    """
    count = _frame_count(header)
    values = np.array(header.lengths_mm(tags.GRID_FRAME_OFFSET_VECTOR), np.float64)
    if values.size == 0 and count > 1:
        raise _reject("dose-no-offsets", f"{count} frames without Grid Frame Offset Vector")
    if values.size == 0:
        return np.zeros(1)
    if values.size != count:
        raise _reject("dose-offsets-count", f"{values.size} offsets for {count} frames")
    if abs(values[0]) > SAME_Z_MM:
        is_transverse = abs(abs(normal[2]) - 1) < 1e-4
        if not is_transverse or abs(values[0] - first_z) > SAME_Z_MM:
            seen = f"the first offset is {values[0]:g} mm: neither 0 nor the z of the first frame"
            raise _reject("dose-offsets-order", seen)
        values = np.sign(normal[2]) * (values - values[0])
    steps = np.diff(values)
    if not ((steps > 0).all() or (steps < 0).all()):
        raise _reject("dose-offsets-order", "frame offsets neither ascend nor descend")
    return np.asarray(values - values[0], np.float64)


def _grid(header: Header) -> tuple[Grid, bool]:
    """Grid with ascending planes, and whether the frames lie in the file the other way round."""
    position = _vector(header, tags.IMAGE_POSITION_PATIENT, 3, "dose-no-position")
    orientation = _vector(header, tags.IMAGE_ORIENTATION_PATIENT, 6, "dose-no-orientation")
    spacing = _vector(header, tags.PIXEL_SPACING, 2, "dose-no-spacing")
    if min(spacing) < SAME_MM:
        raise _reject("dose-no-spacing", f"Pixel Spacing is {spacing[0]:g} x {spacing[1]:g} mm")
    directions = np.array(orientation).reshape(2, 3)
    lengths = np.linalg.norm(directions, axis=1)
    if abs(lengths - 1).max() > 1e-2 or abs(directions[0] @ directions[1]) > 1e-3:
        raise _reject("dose-no-orientation", "Image Orientation (Patient) is no pair of axes")
    directions = directions / lengths[:, None]
    normal = np.cross(directions[0], directions[1])
    offsets = _offsets(header, position[2], normal)
    is_flipped = bool(offsets[-1] < 0)
    origin = np.array(position)
    if is_flipped:
        origin = origin + offsets[-1] * normal
        offsets = offsets[::-1] - offsets[-1]
    x, y, z = origin.tolist()
    row, column = ((a, b, c) for a, b, c in directions.tolist())
    widest = max(*spacing, *np.diff(offsets))
    if widest > COARSEST_MM:
        mend = "check the unit of the grid (mm), and export the dose again"
        raise _reject("dose-too-coarse", f"samples lie {widest:g} mm apart", mend)
    shape = (header.short(tags.ROWS), header.short(tags.COLUMNS))
    frame = header.uid(tags.FRAME_OF_REFERENCE_UID)
    return Grid((x, y, z), row, column, (spacing[0], spacing[1]), offsets, shape, frame), is_flipped


def _units(header: Header, findings: list[Finding]) -> None:
    """Refuse what is not a dose in Gy; warn when it is not, or may not be, a physical one."""
    units = header.text(tags.DOSE_UNITS).upper()
    kind = header.text(tags.DOSE_TYPE).upper()
    if not units:
        raise _reject("dose-no-units", "Dose Units is not there", "export the dose in Gy")
    if units != "GY":
        raise _reject("dose-relative", f"Dose Units is {units[:16]}", "export the dose in Gy")
    if kind == "ERROR":
        seen = "Dose Type is ERROR: a difference of doses"
        raise _reject("dose-type-error", seen, "export the plan's dose")
    if kind != "PHYSICAL":
        code = "dose-type-effective" if kind == "EFFECTIVE" else "dose-type-missing"
        seen = f"Dose Type is {printable(kind[:16])}" if kind else "Dose Type is not there"
        mend = "export the physical dose, or read all values as what the dose is"
        findings.append(Finding(code, "warning", "", f"{seen}, not PHYSICAL", mend))


def _scaling(header: Header) -> float:
    scaling = header.number(tags.DOSE_GRID_SCALING)
    if scaling is None:
        raise _reject("dose-no-scaling", "Dose Grid Scaling is not there")
    if scaling <= 0:
        raise _reject("dose-bad-scaling", f"Dose Grid Scaling is {scaling:g}")
    return scaling


def _stored(path: Path, header: Header) -> NDArray[np.generic]:
    """Integers (K, J, I) of all frames, in file order; negative ones are refused."""
    if header.short(tags.BITS_ALLOCATED) not in (16, 32):
        seen = f"{header.short(tags.BITS_ALLOCATED)} bits allocated; 16 and 32 are read"
        raise _reject("image-bit-depth", seen)
    if header.short(tags.SAMPLES_PER_PIXEL, 1) != 1:
        seen = f"{header.short(tags.SAMPLES_PER_PIXEL)} samples per pixel"
        raise _reject("image-not-linear", seen)
    shape = (_frame_count(header), header.short(tags.ROWS), header.short(tags.COLUMNS))
    if min(shape) < 1:
        raise _reject("pixel-length-mismatch", f"{shape[1]} rows and {shape[2]} columns")
    values = stored_values(path, header, shape, spare_bits="refuse")
    if values.dtype.kind == "i" and int(values.min()) < 0:
        raise _reject("dose-negative", "the dose is negative in places")
    return values


def _saturated(stored: NDArray[np.generic], top: int, header: Header) -> list[Finding]:
    """Warn when many samples hold the largest value that fits: higher doses were cut off there."""
    bits = header.short(tags.BITS_STORED, stored.dtype.itemsize * 8)
    largest = (1 << (bits - (stored.dtype.kind == "i"))) - 1
    count = int((stored == largest).sum()) if top == largest else 0
    if count < SATURATED:
        return []
    height_gy = largest * _scaling(header)
    seen = f"{count} samples hold the largest value the file can store ({largest}, {height_gy:.4g} "
    seen += "Gy): a higher dose was cut off there"
    mend = "export the dose with a larger Dose Grid Scaling, or with 32 bits"
    return [codes.DOSE_SATURATED.warn(seen=seen, mend=mend)]


def _beams(plans: Sequence[Header]) -> tuple[int, ...]:
    """Numbers of the beams a dose refers to (PS3.3 C.8.8.3), sorted."""
    numbers = {
        beam.whole(tags.REFERENCED_BEAM_NUMBER)
        for plan in plans
        for group in plan.items(tags.REFERENCED_FRACTION_GROUP_SEQUENCE)
        for beam in group.items(tags.REFERENCED_BEAM_SEQUENCE)
    }
    return tuple(sorted(number for number in numbers if number is not None))


def build_dose_source(path: Path, header: Header) -> tuple[DoseSource, tuple[Finding, ...]]:
    """Dose of a header (see `read_dose_source`)."""
    findings: list[Finding] = []
    _units(header, findings)
    stored = _stored(path, header)
    grid, _ = _grid(header)
    if stored.dtype.kind == "i":
        seen = "dose values are stored as signed integers"
        mend = "none needed while no value is negative"
        findings.append(codes.DOSE_SIGNED.warn(seen=seen, mend=mend))
    top = int(stored.max())
    findings += _saturated(stored, top, header)
    highest = float(top) * _scaling(header)
    if highest > float(np.finfo(np.float32).max):
        raise _reject("dose-bad-scaling", f"the highest dose would be {highest:g} Gy")
    if highest > IMPLAUSIBLE_GY:
        seen = f"the highest dose is {highest:.0f} Gy"
        mend = "check whether the values are cGy"
        findings.append(codes.DOSE_IMPLAUSIBLE.warn(seen=seen, mend=mend))
    if highest == 0:
        seen, mend = "the dose is 0 everywhere", "export the dose of the plan"
        findings.append(codes.DOSE_IMPLAUSIBLE.warn(seen=seen, mend=mend))
    plans = header.items(tags.REFERENCED_RT_PLAN_SEQUENCE)
    summation = header.text(tags.DOSE_SUMMATION_TYPE).upper()
    if len(plans) > 1 and summation == "PLAN":
        seen = f"it is called the dose of one plan and refers to {len(plans)}"
        mend = "export the dose of the plan anew"
        findings.append(codes.PLAN_MISMATCH.warn(seen=seen, mend=mend))
    source = DoseSource(
        path=path,
        sop_uid=header.uid(tags.SOP_INSTANCE_UID),
        frame_uid=grid.frame_uid,
        grid=grid,
        summation=summation,
        units=header.text(tags.DOSE_UNITS).upper(),
        kind=header.text(tags.DOSE_TYPE).upper(),
        plan_uid=plans[0].uid(tags.REFERENCED_SOP_INSTANCE_UID) if plans else "",
        beams=_beams(plans),
        highest_gy=highest,
    )
    return source, tuple(findings)


def read_dose_source(path: Path) -> tuple[DoseSource, tuple[Finding, ...]]:
    """Read and check a RTDOSE; samples are looked at for their sign and height only.

    Returns
    -------
    source, findings
        Planes ascend along row x column; `dose-signed` and `dose-implausible` are warnings.

    Raises
    ------
    CaseRejected
        The dose gives no number: `dose-no-position`, `dose-no-orientation`, `dose-no-spacing`,
        `dose-no-offsets`, `dose-offsets-count`, `dose-offsets-order`, `dose-no-scaling`,
        `dose-bad-scaling`, `dose-relative`, `dose-no-units`, `dose-type-error`,
        `dose-negative`, `pixel-length-mismatch`, `truncated-pixels`, `image-bit-depth`,
        `bad-number`, and those of a file that cannot be read.
    """
    return build_dose_source(path, read_header(path, is_whole=True))


def read_dose(source: DoseSource) -> Dose:
    """Read the samples of a dose.

    Returns
    -------
    Dose
        `values_gy` (K, J, I) float32: stored integer x Dose Grid Scaling (PS3.3 C.8.8.3), on
        `source.grid`, frames turned round where the file lists them downwards.

    Raises
    ------
    CaseRejected
        As `read_dose_source`.
    """
    values = np.empty(source.grid.shape, np.float32)
    if not source.planes:
        grid = _carried(_fill(values, source.path), source)
        is_same = grid.same_as(source.grid)
    else:
        places = [
            _carried(_fill(values[k : k + 1], path), source).origin_mm
            for k, path in enumerate(source.planes)
        ]
        is_same = bool(np.allclose(places, source.grid.planes_mm, atol=SAME_Z_MM))
    # float32 rounds without changing an order: the highest is the one seen before, or another file
    if not is_same or values.max() != np.float32(source.highest_gy):
        raise _reject("input-changed", "the dose file changed while it was read", "run again")
    return Dose(values, source.grid)


def _carried(grid: Grid, source: DoseSource) -> Grid:
    return grid if source.motion is None else move_grid(grid, source.motion, source.frame_uid)


def _fill(values: NDArray[np.float32], path: Path) -> Grid:
    """Write the samples of one file in Gy; returns where they lie."""
    header = read_header(path, is_whole=True)
    grid, is_flipped = _grid(header)
    if grid.shape != values.shape:
        raise _reject("input-changed", "the dose file changed while it was read", "run again")
    stored = _stored(path, header)
    ordered = stored[::-1] if is_flipped else stored
    # in float64 and rounded once: 32-bit integers do not fit a float32
    np.multiply(ordered, _scaling(header), out=values, dtype=np.float64, casting="unsafe")
    return grid
