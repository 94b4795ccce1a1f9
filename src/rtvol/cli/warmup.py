"""`rtvol warmup`: compile now what the first call would compile."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from rtvol.cli.options import DEFAULT_LOUDNESS, Json, Loudness

if TYPE_CHECKING:
    from rtvol.phantoms import Organ

#: Recipes that together use every way of growing and cutting.
RECIPES = (
    ("2", "4", {"avoid": ["Duodenum:1"], "inside": ["Liver"]}),
    ("L2,R1,A2,P1,S3,I0", "4", {"barrier": ["Duodenum:-1"], "ptv_from": "gtv"}),
)


def warmup(*, json: Json = False, loudness: Loudness = DEFAULT_LOUDNESS) -> int:
    """Compile the numerical kernels now, so that no later call has to wait for it.

    One tiny synthetic patient is written to a temporary folder, grown and measured; what is
    compiled on the way stays on disk.
    """
    import tempfile
    import time

    from rtvol.cli import screen
    from rtvol.cli.progress import pulse

    if not loudness.quiet:
        screen.tell("compiling; this takes up to a minute after an install")
    start = time.perf_counter()
    with tempfile.TemporaryDirectory(prefix="rtvol-") as name, pulse(loudness, "compiling"):
        _call_all(Path(name))
    seconds = time.perf_counter() - start
    if json:
        screen.show_json({"schema": "rtvol/warmup@1", "seconds": round(seconds, 1)})
    else:
        screen.show(f"kernels are ready, {seconds:.1f} s")
    return 0


def _call_all(folder: Path) -> None:
    """Grow, measure and compare the tiny patient in every way that has kernels of its own."""
    from rtvol.cli.expand import TargetFlags, recipe_of
    from rtvol.dvh.readings import Sampling
    from rtvol.io import find
    from rtvol.recipe.jobs import target_job
    from rtvol.solids.reading import Reading
    from rtvol.verbs.comparison import CasePair, CompareJob, compare_pair
    from rtvol.verbs.dose_volume import DvhJob, dvh_case
    from rtvol.verbs.expand import expand_case
    from rtvol.verbs.terms import Terms

    write_tiny_patient(folder, uneven_organ())
    (files,) = find([folder]).cases
    for ctv, ptv, options in RECIPES:
        job = target_job(recipe_of(TargetFlags(ctv, ptv, **options)))
        place = {files.name: folder / "out" / ctv}
        expand_case(files, replace(job, folders=place, write=("rtstruct", "nifti")))
    terms = Terms(prescription_gy=25.0)
    dvh_case(files, DvhJob(("GTV", "Liver-GTV"), ("D95%", "CI"), terms=terms))
    dvh_case(files, DvhJob(sampling=Sampling(Reading("loft"), "cubic")))
    near = ("OVH5mm", "DSH20Gy", "D98%")
    terms = Terms(target="GTV")
    dvh_case(files, DvhJob(("Liver",), near, sampling=Sampling(shift_mm=1.0), terms=terms))
    compare_pair(CasePair(files, files), CompareJob((("GTV", "Duodenum"),)))


def uneven_organ() -> "Organ":
    """Make an organ whose outline closes faster along one axis than along the other."""
    from rtvol.phantoms import Ellipsoid, Organ

    return Organ("Stomach", Ellipsoid((-10.0, 0.0, 0.0), (12.0, 5.0, 9.0)), 20)


def write_tiny_patient(folder: Path, *more: "Organ") -> None:
    """Write a synthetic patient of a few hundred kilobytes: liver, GTV, duodenum, a dose."""
    from rtvol.phantoms import Gaussian, Organ, PhantomCase, Shell, Sphere, VoxelLattice, write_case

    centre = (0.0, 0.0, 0.0)
    case = PhantomCase(
        "SYNTHETIC^TINY",
        "RTVOL-TINY",
        (
            Organ("Liver", Shell(centre, 26.0, 3.0), 60),
            Organ("GTV", Sphere((14.0, 0.0, 0.0), 7.0), 40, "GTV"),
            Organ("Duodenum", Sphere((14.0, 13.0, 0.0), 4.0), 20),
            *more,
        ),
        VoxelLattice.around(centre, (64.0, 64.0, 60.0), (2.0, 2.0, 3.0)),
        Gaussian(centre, 50.0, (20.0, 20.0, 20.0)),
        VoxelLattice.around(centre, (64.0, 64.0, 60.0), (4.0, 4.0, 4.0)),
    )
    write_case(folder, case)
