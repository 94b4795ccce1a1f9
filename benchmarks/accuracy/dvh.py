"""`make accuracy`: DVHs against closed forms under the half-slab convention, with the peers'.

    python benchmarks/accuracy/dvh.py [--smoke] [--alone] [--output FILE]

Every system is given the same contours and the same dose samples. Truth is the slab solid of
these contours (midway between planes, half a spacing at the ends) in the dose: exact for linear
doses, dense quadrature for curved ones. dicompyler-core needs an older pydicom than rtvol: name an
interpreter that has it in RTVOL_DICOMPYLER_PYTHON, else its columns stay empty.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from typing import TYPE_CHECKING

import dvh_peers as peers
from dvh_cases import NELMS_SHAPES, curved_cases, linear_cases, values_of
from dvh_nelms import nelms_tables, shared_data
from dvh_report import Errors, curved_table, linear_table, worst_table

if TYPE_CHECKING:
    from collections.abc import Callable

    from dvh_cases import DvhCase

    System = Callable[[DvhCase], peers.Values]

#: Counted up when cases, fields or truths change: figures of two versions are not compared.
SUITE = "dvh-1"
CT_GRID, CT_QUARTER = "plastimatch, CT grid", "plastimatch, CT grid/4"
DEFAULT, FINER = "dicompyler-core", "dicompyler-core, grid/8"
#: With --smoke, peers see every so many cases.
FEW = 4


def systems() -> tuple[dict[str, System], list[str]]:
    """Return the peers that are here, and notes on them."""
    found: dict[str, System] = {}
    notes = [peers.plastimatch_version() or "plastimatch: not measured (it does not start)."]
    if peers.plastimatch_version():
        found |= {CT_GRID: peers.Plastimatch(1).values, CT_QUARTER: peers.Plastimatch(4).values}
    python = peers.dicompyler_python()
    if python is None:
        notes.append(f"dicompyler-core: not measured ({peers.DICOMPYLER} names no interpreter).")
        return found, notes
    plain = peers.Dicompyler(python)
    found[DEFAULT] = plain.values
    notes.append(f"dicompyler-core {plain.about['version']}.")
    if plain.about["skimage"]:
        found[FINER] = peers.Dicompyler(python, finer=8).values
    else:
        notes.append(f"{FINER}: not measured (scikit-image is missing there).")
    return found, notes


def label(case: DvhCase) -> str:
    """Name a case so that it can be found again."""
    return (
        f"{case.shape.name}, {case.drawn.spacing_mm:g} mm slices, {case.grid_mm:g} mm dose, "
        f"{case.direction} (no. {case.number})"
    )


def measure_linear(
    cases: list[DvhCase], others: dict[str, System], every: int
) -> dict[str, Errors]:
    """Errors of all systems in linear doses."""
    columns = ["rtvol", CT_GRID, CT_QUARTER, DEFAULT, FINER]
    errors = {name: Errors() for name in columns}
    for index, case in enumerate(cases):
        truth, name = values_of(case.truth, case.asked_gy), label(case)
        is_nelms = case.shape.name in NELMS_SHAPES
        errors["rtvol"].note(peers.rtvol_values(case), truth, name, nelms=is_nelms)
        if index % every == 0:
            for column, system in others.items():
                errors[column].note(system(case), truth, name, nelms=is_nelms)
    return errors


def measure_curved(
    cases: list[DvhCase], others: dict[str, System], every: int
) -> tuple[dict[str, Errors], dict[str, Errors]]:
    """Errors in curved doses against the trilinear truth, and against the true field."""
    plain = [name for name in (CT_GRID, DEFAULT) if name in others]
    trilinear = {name: Errors() for name in ["rtvol", *plain]}
    ways = ["linear", "cubic"] if peers.has_cubic() else ["linear"]
    named = {way: "rtvol" if way == "linear" else f"rtvol, {way}" for way in ways}
    field = {name: Errors() for name in [*named.values(), "exact trilinear", *plain]}
    for index, case in enumerate(cases):
        sampled = values_of(case.truth, case.asked_gy)
        true, name = values_of(case.true_field, case.asked_gy), label(case)
        field["exact trilinear"].note(sampled, true, name, nelms=False)
        found = {named[way]: peers.rtvol_values(case, way) for way in ways}
        if index % every == 0:
            found |= {column: others[column](case) for column in plain}
        for column, values in found.items():
            field[column].note(values, true, name, nelms=False)
            if column in trilinear:
                trilinear[column].note(values, sampled, name, nelms=False)
    return trilinear, field


def report(*, smoke: bool, alone: bool) -> str:
    """Measure all (or rtvol alone) and lay it out as Markdown."""
    began = time.monotonic()
    others, notes = ({}, ["No peers were asked."]) if alone else systems()
    linear, curved = linear_cases(smoke=smoke), curved_cases(smoke=smoke)
    every = FEW if smoke else 1
    errors = measure_linear(linear, others, every)
    trilinear, field = measure_curved(curved, others, every)
    size = f"{len(linear)} linear and {len(curved)} curved cases"
    if smoke:
        size += f"; smoke run, peers on every {FEW}th case, figures not for quoting"
    parts = [
        f"Suite {SUITE}: {size}. " + " ".join(notes),
        "## Linear doses, 1 Gy/mm\n\nMean / greatest |error| in % of the true value (VxGy: "
        "points of volume, structures of 1 cc and more).\n\n" + linear_table(errors),
        "## Where rtvol is farthest off\n\n" + worst_table(errors["rtvol"]),
        "## Curved doses against the exact DVH of the trilinear field\n\n"
        + curved_table(trilinear, (0.1, 1.5), "rtvol"),
        "## Curved doses against the field the samples were taken from\n\n"
        + curved_table(field, (0.15, 2.0), "rtvol, cubic"),
    ]
    if "rtvol, cubic" in field:
        parts.append(
            "### Where rtvol, cubic is farthest off\n\n" + worst_table(field["rtvol, cubic"])
        )
    folder = shared_data()
    data = nelms_tables(folder) if folder else "The files of Nelms 2015 are not here."
    parts.append(
        "## Published files of Nelms 2015 against their analytical values\n\nTruth is the ideal "
        "solid, so that contours and end caps count as errors.\n\n" + data
    )
    print(f"measured in {time.monotonic() - began:.0f} s\n")
    return "\n\n".join(parts) + "\n"


HEAD = """# Accuracy of DVHs

Written by `python benchmarks/accuracy/dvh.py --output docs/accuracy-dvh.md`; `make accuracy` prints
it. The smaller `--smoke` run takes half a minute.

- **Convention**: the slab solid of the contours that every system is given (each contour reaches
  midway to its neighbours, the ends half a spacing), in the dose as each system interpolates it.
- **Truth**: linear doses in prisms exactly (`benchmarks/accuracy/dvh_truth.py`, tested against
  closed forms to 1e-5); curved doses by dense quadrature (5e-5).
- **Cases**: sphere, ellipsoid, cylinders and cones (upright, lying), torus, tube, L, step, two
  lesions, spheres of 0.3 cc and of 5 mm; slices of 1, 2.5, 3 mm; dose grids of 1, 2, 3 mm; dose
  rising along x, y, z and obliquely; slices and dose samples shifted from case to case.
- **Peers** run in the same run on the same contours and samples, read as their users read them:
  plastimatch as a mask on CT pixels (0.977 mm) and on pixels of a quarter of that; dicompyler-core
  as it comes and with `interpolation_resolution` of an eighth of the dose grid. It runs in an
  interpreter of its own: `python3 -m venv DIR; DIR/bin/pip install dicompyler-core 'pydicom<3'
  scikit-image`, then `RTVOL_DICOMPYLER_PYTHON=DIR/bin/python make accuracy`.
- What stands behind the peers' greatest errors: plastimatch fills a hole that is drawn as a second
  contour (torus, tube); both take the dose at the height of the contours only, so that a dose
  rising along z comes in steps of a slice; dicompyler-core answers 0 Gy where the first step of a
  curve is nearer to the volume asked for than the second, and its finer dose grid lies half a dose
  pixel off.
- **Goals** are mean / greatest, as the cells; a dose within 0.05 Gy passes as greatest.
  "Nelms values" are the nine metrics of Nelms 2015 (Med. Phys. 42, 4435) on five shapes of 24 mm.
- **Cubic**: rtvol with `interpolation="cubic"`.

"""


def main() -> None:
    """Print the tables, and write them where asked."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--smoke", action="store_true")
    parser.add_argument("--alone", action="store_true", help="rtvol without the peers")
    parser.add_argument("--output", type=Path)
    asked = parser.parse_args()
    found = report(smoke=asked.smoke, alone=asked.alone)
    print(found)
    if asked.output:
        asked.output.write_text(HEAD + found, encoding="utf-8")


if __name__ == "__main__":
    main()
