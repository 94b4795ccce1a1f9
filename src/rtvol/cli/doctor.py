"""`rtvol doctor`: whether this installation is whole, and whether its numbers are right."""

import math
from dataclasses import asdict, dataclass
from pathlib import Path

from rtvol.cli.options import DEFAULT_LOUDNESS, Json, Loudness

#: Distributions whose versions a report of a fault needs.
PACKAGES = ("numpy", "numba", "pydicom", "SimpleITK", "scikit-image", "pyarrow", "cyclopts")
#: The phantom's GTV is a ball of this radius, drawn on planes 3 mm apart; margins grow it by 2 and
#: by 4 mm more. Volumes of so coarse a drawing are within this part of the ball's.
RADIUS_MM, GROWN_MM, ALLOWED = 7.0, {"GTV": 0.0, "CTV": 2.0, "PTV": 6.0}, 0.03


@dataclass(frozen=True)
class Check:
    """One volume of the phantom beside its closed form, in cc."""

    structure: str
    volume_cc: float
    true_cc: float
    passed: bool


def doctor(*, json: Json = False, loudness: Loudness = DEFAULT_LOUDNESS) -> int:
    """Say what is installed, and grow a phantom whose volumes are known.

    Versions, extras, whether the kernels are compiled, memory; then a synthetic patient is written,
    read, grown by 2 and 4 mm, and held against the volumes of spheres. Exit code 1 when they
    differ.

    For example:
        rtvol doctor
        rtvol doctor --json
    """
    from rtvol.cli import kernels, screen
    from rtvol.cli.progress import pulse

    kernels.note_first_call("distance", loudness)
    facts = _facts()
    with pulse(loudness, "growing a phantom"):
        checks = _checks()
    if json:
        document = {"schema": "rtvol/doctor@1", **facts, "checks": [asdict(one) for one in checks]}
        screen.show_json(document)
    else:
        screen.show(*_page(facts, checks))
    return 0 if all(one.passed for one in checks) else 1


def _facts() -> dict[str, object]:
    import platform
    from importlib.metadata import PackageNotFoundError, version

    from rtvol._kernels.kept import kept_in
    from rtvol.cli import extras, kernels
    from rtvol.version import __version__

    kept = kept_in()
    versions = {}
    for name in PACKAGES:
        try:
            versions[name] = version(name)
        except PackageNotFoundError:
            versions[name] = "not installed"
    return {
        "rtvol": __version__,
        "python": platform.python_version(),
        "packages": versions,
        "extras": {name: list(extras.missing_modules(name)) for name in extras.MODULES},
        "kernels_compiled": kernels.is_compiled("distance") and kernels.is_compiled("dose"),
        "kernels_kept_in": None if kept is None else str(kept),
        "memory_mb": _memory_mb(),
    }


def _memory_mb() -> int | None:
    """Memory of the machine in MB; None where the system does not tell."""
    import os

    names = getattr(os, "sysconf_names", {})
    if not {"SC_PHYS_PAGES", "SC_PAGE_SIZE"} <= set(names):
        return None
    return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 2**20


def _checks() -> list[Check]:
    import tempfile

    from rtvol.cli.expand import TargetFlags, recipe_of
    from rtvol.cli.warmup import write_tiny_patient
    from rtvol.io import find
    from rtvol.recipe.jobs import target_job
    from rtvol.verbs.expand import expand_case

    with tempfile.TemporaryDirectory(prefix="rtvol-") as name:
        write_tiny_patient(Path(name))
        (files,) = find([Path(name)]).cases
        result = expand_case(files, target_job(recipe_of(TargetFlags("2", "4"))))
    found = {row.name: row.volume.cc or 0.0 for row in result.structures}
    checks = []
    for structure, grown_mm in GROWN_MM.items():
        true_cc = 4 / 3 * math.pi * (RADIUS_MM + grown_mm) ** 3 / 1000
        passed = abs(found[structure] / true_cc - 1) <= ALLOWED
        checks.append(Check(structure, found[structure], true_cc, passed))
    return checks


def _page(facts: dict[str, object], checks: list[Check]) -> list[str]:
    from rtvol.cli import extras

    packages, absent = facts["packages"], facts["extras"]
    lines = [f"rtvol {facts['rtvol']}   Python {facts['python']}"]
    if isinstance(packages, dict):
        lines += [f"  {name} {version}" for name, version in packages.items()]
    if isinstance(absent, dict):
        for name, modules in absent.items():
            state = f"not installed: {extras.install_line([name])}" if modules else "installed"
            lines.append(f"extra {name} ({extras.PURPOSES[name]}): {state}")
    ready = "compiled" if facts["kernels_compiled"] else "not compiled yet: rtvol warmup"
    place = (
        facts["kernels_kept_in"] or "nowhere: no folder can be written; NUMBA_CACHE_DIR names one"
    )
    lines += [
        f"kernels: {ready}; kept in {place}",
        f"memory: {facts['memory_mb'] or 'not known'} MB",
    ]
    lines += [
        f"phantom {one.structure}: {one.volume_cc:.3f} cc, sphere {one.true_cc:.3f} cc: "
        f"{'ok' if one.passed else 'WRONG'}"
        for one in checks
    ]
    return lines
