"""Laws of reading: how an export is written, ordered, turned or moved changes no number."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydicom.sequence import Sequence

from faults.export import make_export, points_of, raw, set_points
from rtvol.io import find
from rtvol.phantoms import Ellipsoid, Linear, Organ, PhantomCase, VoxelLattice, WriteOptions
from rtvol.verbs.dose_volume import DvhJob, dvh_case

if TYPE_CHECKING:
    from faults.export import Export

#: Each example writes and reads a case of a dozen files.
FEW = settings(max_examples=15)
CENTRE = (3.0, -2.0, 1.0)
PLAIN = PhantomCase(
    "SYNTHETIC^LAW",
    "LAW",
    (
        Organ("Liver", Ellipsoid(CENTRE, (20.0, 18.0, 11.0)), 60, points=24),
        Organ("GTV", Ellipsoid(CENTRE, (9.0, 8.0, 7.0)), 40, "GTV", points=24),
    ),
    VoxelLattice.around((0.0, 0.0, 1.0), (60.0, 56.0, 33.0), (4.0, 4.0, 3.0)),
    Linear(CENTRE, 40.0, (0.2, -0.1, 0.15)),
    VoxelLattice.around((0.0, 0.0, 1.0), (60.0, 56.0, 33.0), (5.0, 4.0, 3.0)),
)


def measured(export: Export) -> dict[str, tuple[float, float]]:
    """Volume (cc) and mean dose (Gy) of each region, read back from files."""
    with tempfile.TemporaryDirectory() as name:
        (files,) = find([export.write(Path(name))]).cases
        result = dvh_case(files, DvhJob(metrics=("Mean",)))
    return {
        row.name: (row.volume.cc or np.nan, row.metrics["Mean[Gy]"] or np.nan)
        for row in result.structures
    }


def same(one: dict[str, tuple[float, float]], other: dict[str, tuple[float, float]]) -> None:
    assert one.keys() == other.keys()
    for name, numbers in one.items():
        assert numbers == pytest.approx(other[name], rel=3e-5)


@pytest.fixture(scope="module")
def plain() -> dict[str, tuple[float, float]]:
    return measured(make_export("law", case=PLAIN))


@FEW
@given(
    position=st.sampled_from(["HFS", "HFP", "HFDL", "HFDR", "FFS", "FFP", "FFDL", "FFDR"]),
    transfer=st.sampled_from(["implicit", "explicit", "big-endian", "deflated", "rle"]),
    dose_position=st.sampled_from([None, "HFP", "FFS", "FFDL"]),
    undefined=st.booleans(),
    signed=st.booleans(),
)
def test_orientation_and_transfer_syntax(  # type: ignore[no-untyped-def]
    plain, position, transfer, dose_position, undefined, signed
) -> None:
    options = WriteOptions(
        transfer=transfer,
        undefined_lengths=undefined,
        ct_signed=signed,
        dose_position=dose_position,
        shuffled_names=True,
    )
    same(measured(make_export("law", case=PLAIN, position=position, options=options)), plain)


@FEW
@given(dice=st.randoms(use_true_random=False))
def test_order_of_files_contours_points_and_winding(plain, dice) -> None:  # type: ignore[no-untyped-def]
    export = make_export("law", case=PLAIN)
    dice.shuffle(export.ct)
    for name in ("GTV", "Liver"):
        contours = export.contours(name)
        dice.shuffle(contours)
        for one in contours:
            points = np.roll(points_of(one), dice.randrange(24), axis=0)
            set_points(one, points[::-1] if dice.random() < 0.5 else points)
        export.set_contours(contours, name)
    items = list(export.rs.ROIContourSequence)
    dice.shuffle(items)
    export.rs.ROIContourSequence = Sequence(items)
    same(measured(export), plain)


def moved(shift_mm: np.ndarray, factor: float = 1.0) -> PhantomCase:
    """The same patient scaled about the origin, then shifted, dose and grids included."""

    def place(at: tuple[float, float, float]) -> tuple[float, float, float]:
        x, y, z = (np.array(at) * factor + shift_mm).tolist()
        return x, y, z

    def lattice(one: VoxelLattice) -> VoxelLattice:
        x, y, _ = place((*one.corner_mm, 0.0))
        dx, dy = one.spacing_mm
        planes = one.planes_mm * factor + shift_mm[2]
        return VoxelLattice((x, y), (dx * factor, dy * factor), one.counts, planes)

    organs = tuple(
        replace(
            organ,
            solid=Ellipsoid(
                place(organ.solid.centre_mm),
                tuple(float(s) * factor for s in organ.solid.semi_axes_mm),
            ),
        )
        for organ in PLAIN.organs
    )
    slope = tuple(g / factor for g in PLAIN.dose.gradient_gy_per_mm)
    dose = Linear(place(CENTRE), 40.0, slope)
    return replace(
        PLAIN,
        organs=organs,
        ct=lattice(PLAIN.ct),
        dose=dose,
        dose_lattice=lattice(PLAIN.dose_lattice),
    )


@FEW
@given(shift=st.tuples(*[st.integers(-4000, 4000)] * 3))
def test_a_shift_changes_nothing(plain, shift) -> None:  # type: ignore[no-untyped-def]
    export = make_export("law", case=moved(np.array(shift) / 10))
    same(measured(export), plain)


@FEW
@given(factor=st.sampled_from([0.5, 2.0, 1.5, 3.0]))
def test_twice_as_large_is_eight_times_the_volume(plain, factor) -> None:  # type: ignore[no-untyped-def]
    options = WriteOptions(decimals=6)
    found = measured(make_export("law", case=moved(np.zeros(3), factor), options=options))
    exact = measured(make_export("law", case=PLAIN, options=options))
    for name, (volume_cc, mean_gy) in exact.items():
        assert found[name][0] == pytest.approx(volume_cc * factor**3, rel=3e-5)
        assert found[name][1] == pytest.approx(mean_gy, rel=3e-5)


@FEW
@given(factor=st.floats(0.05, 20.0))
def test_dose_is_linear_in_its_scaling(plain, factor) -> None:  # type: ignore[no-untyped-def]
    export = make_export("law", case=PLAIN)
    scaling = float(export.rd.DoseGridScaling) * factor
    raw(export.rd, "DoseGridScaling", f"{scaling:.9g}")
    for name, (volume_cc, mean_gy) in measured(export).items():
        assert volume_cc == plain[name][0]
        assert mean_gy == pytest.approx(plain[name][1] * factor, rel=1e-5)


@FEW
@given(at=st.integers(1, 5))
def test_parts_add_up_to_the_whole(plain, at) -> None:  # type: ignore[no-untyped-def]
    """Contours shared out between two regions on neighbouring planes: volumes add up."""
    export = make_export("law", case=PLAIN)
    contours = export.contours("Liver")
    wanted = len(contours) - at
    if min(at, wanted) < 2:
        at, wanted = 2, len(contours) - 2
    export.set_contours(contours[:at], "Liver")
    export.add_roi("Rest", contours[at:])
    found = measured(export)
    assert found["Liver"][0] + found["Rest"][0] == pytest.approx(plain["Liver"][0], rel=3e-5)


@FEW
@given(shift=st.integers(-250, 250))
def test_a_union_is_no_smaller_than_its_parts(shift) -> None:  # type: ignore[no-untyped-def]
    export = make_export("law", case=PLAIN)
    again = make_export("law", case=moved(np.array([shift / 10, 0.0, 0.0]))).contours()
    export.add_roi("Other", again)
    with tempfile.TemporaryDirectory() as name:
        (files,) = find([export.write(Path(name))]).cases
        job = DvhJob(("GTV", "Other", "GTV+Other", "GTV&Other"), metrics=("Mean",))
        rows = {row.name: row.volume.cc for row in dvh_case(files, job).structures}
    one, other, union = rows["GTV"], rows["Other"], rows["GTV+Other"]
    both = rows.get("GTV&Other") or 0.0
    assert union >= max(one, other) * (1 - 1e-9)
    assert union + both == pytest.approx(one + other, rel=1e-6)
