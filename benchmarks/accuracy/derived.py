"""Rings, skins and shrunk solids of known volume, by the same code as `rtvol derive`.

    python benchmarks/accuracy/derived.py [--spacing 2.5]

Each solid is contoured at its true sections, with the planes at three heights; of a solid with flat
ends at the one where these lie midway between planes, for contours cannot tell any other. Volumes
are closed forms: Steiner's formula for what grows, the smaller solid itself for what shrinks.
"""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

import numpy as np

from rtvol.dvh.isodose_solid import IsodoseSolid
from rtvol.geometry import Grid
from rtvol.margins.setting import Setting
from rtvol.names.expressions import regions_meant
from rtvol.names.regions import Ground, shape_of
from rtvol.phantoms import Box, Cylinder, Ellipsoid, Sphere
from rtvol.phantoms.doses import Linear, rasterise
from rtvol.solids import slab_volume_cc, stack_planes
from rtvol.solids.reading import Reading
from rtvol.structures import Contour, Roi, StructureSet

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rtvol.phantoms.solids import Solid

CENTRE = (0.7, -0.4, 0.0)
PHASES, FLAT_PHASES = (0.0, 0.31, 0.62), (0.5,)
#: A box, and six margins of it as they are written and by axis (R, L, A, P, I, S), mm.
SIDES = (50.0, 40.0, 45.0), (3.0, 5.0, 4.0, 2.0, 3.0, 5.0)
SIX = "(L5,R3,A4,P2,S5,I3)"
#: Rises by 1 Gy/mm along x; 45 Gy 8 mm beyond the centre.
DOSE = Linear((CENTRE[0] + 8.0, 0.0, 0.0), 45.0, (1.0, 0.0, 0.0))
DOSE_GRID = Grid((-60.0,) * 3, (1, 0, 0), (0, 1, 0), (2.5, 2.5), np.arange(49) * 2.5, (49, 49))


def cap_cc(radius_mm: float, height_mm: float) -> float:
    """Volume of a cap of a ball: pi h2 (3 r - h) / 3."""
    return float(np.pi * height_mm**2 * (3 * radius_mm - height_mm) / 3 / 1000)


def lens_cc(one_mm: float, other_mm: float, apart_mm: float) -> float:
    """Volume that two balls share."""
    first = (apart_mm**2 + one_mm**2 - other_mm**2) / (2 * apart_mm)
    return cap_cc(one_mm, one_mm - first) + cap_cc(other_mm, other_mm - apart_mm + first)


def box_cc(sides: tuple[float, float, float], six: Sequence[float], *, grown: bool) -> float:
    """Volume of a box grown or shrunk by six margins (R, L, A, P, I, S), mm.

    Grown by the body of eight octants of ellipsoids: the box, slabs on its faces, quarters of
    ellipses along its edges, octants at its corners (the mixed volumes of a box and that body).
    """
    both = [(six[0], six[1]), (six[2], six[3]), (six[4], six[5])]
    if not grown:
        return (
            float(np.prod([side - sum(pair) for side, pair in zip(sides, both, strict=True)]))
            / 1000
        )
    (a, b, c), (x, y, z) = sides, (sum(pair) for pair in both)
    slabs = x * b * c + y * a * c + z * a * b
    edges = np.pi / 4 * (x * y * c + x * z * b + y * z * a)
    return float(a * b * c + slabs + edges + np.pi / 6 * x * y * z) / 1000


def ball_cc(radius_mm: float) -> float:
    """Volume of a ball."""
    return float(4 / 3 * np.pi * radius_mm**3 / 1000)


def rows() -> Iterator[tuple[str, str, dict[str, Solid], float]]:
    """Yield what is asked, of which solids, and the true volume in cc."""
    ball = Sphere(CENTRE, 28.79)
    box = Box(CENTRE, SIDES[0])
    rod, lying = Cylinder(CENTRE, 15.0, 60.0), Cylinder(CENTRE, 15.0, 60.0, "x")
    egg = Ellipsoid(CENTRE, (30.0, 20.0, 24.0))
    body = Cylinder(CENTRE, 90.0, 180.0)
    solids = {"ball of 100 cc": ball, "box": box, "cylinder": rod, "lying cylinder": lying}
    for name, solid in {**solids, "ellipsoid": egg}.items():
        for text, wide, near in (
            ("(A + 20) - (A + 5)", 20.0, 5.0),
            ("(A + 8) - (A + 3)", 8.0, 3.0),
            ("(A + 3) - A", 3.0, 0.0),
        ):
            inner_cc = solid.grown_volume_cc(near) if near else solid.volume_cc
            yield (
                f"ring of {'an' if name[0] in 'aeiou' else 'a'} {name}",
                text,
                {"A": solid},
                solid.grown_volume_cc(wide) - inner_cc,
            )
    inner = {
        "ball of 100 cc": (ball, ball_cc(28.79 - 5)),
        "box": (box, 40.0 * 30.0 * 35.0 / 1000),
        "cylinder": (rod, np.pi * 10.0**2 * 50.0 / 1000),
        "lying cylinder": (lying, np.pi * 10.0**2 * 50.0 / 1000),
        "body": (body, np.pi * 85.0**2 * 170.0 / 1000),
    }
    for name, (solid, left_cc) in inner.items():
        yield f"shrunk {name}", "A - 5", {"A": solid}, float(left_cc)
        yield f"skin of a {name}", "A - (A - 5)", {"A": solid}, float(solid.volume_cc - left_cc)
    yield from two_ball_rows()
    yield from six_margin_rows(box)


def two_ball_rows() -> Iterator[tuple[str, str, dict[str, Solid], float]]:
    """Yield what is made of two balls, or of one and a dose."""
    one, other = Sphere(CENTRE, 24.0), Sphere((CENTRE[0] + 30.0, CENTRE[1], CENTRE[2]), 18.0)
    two = {"A": one, "B": other}
    for mm, text in ((4.0, "A + B + 4"), (8.0, "A + B + 8")):
        both = ball_cc(24 + mm) + ball_cc(18 + mm) - lens_cc(24 + mm, 18 + mm, 30.0)
        yield "two balls, grown", text, two, both
    wide = ball_cc(32) + ball_cc(26) - lens_cc(32, 26, 30.0)
    near = ball_cc(27) + ball_cc(21) - lens_cc(27, 21, 30.0)
    yield "two balls, ring", "(A + B + 8) - (A + B + 3)", two, wide - near
    yield "two balls, kept apart", "A - (B + 3)", two, ball_cc(24) - lens_cc(24, 21, 30.0)
    yield "two balls, shared", "(A & B) - 0", two, lens_cc(24, 18, 30.0)
    yield "two balls, shared and shrunk", "(A & B) - 2", two, lens_cc(22, 16, 30.0)
    yield "shrunk and grown again", "A - 5 + 5", {"A": one}, ball_cc(24)
    beyond = "8 mm from the middle of a ball, where the dose rises evenly"
    yield f"isodose {beyond}", "A & [45 Gy]", {"A": one}, cap_cc(24, 16)
    yield "what is colder", "A - [45 Gy]", {"A": one}, ball_cc(24) - cap_cc(24, 16)
    yield "isodose, grown", "A & ([45 Gy] + 4)", {"A": one}, cap_cc(24, 20)


def six_margin_rows(box: Box) -> Iterator[tuple[str, str, dict[str, Solid], float]]:
    """Yield a box grown and shrunk by six margins."""
    yield "box, grown by six margins", f"A + {SIX}", {"A": box}, box_cc(*SIDES, grown=True)
    yield (
        "ring of a box, six margins",
        f"(A + {SIX}) - A",
        {"A": box},
        (box_cc(*SIDES, grown=True) - box.volume_cc),
    )
    yield "box, shrunk by six margins", f"A - {SIX}", {"A": box}, box_cc(*SIDES, grown=False)


def is_flat(solid: Solid) -> bool:
    """Whether a solid ends in planes across the patient."""
    return isinstance(solid, Box) or (isinstance(solid, Cylinder) and solid.axis == "z")


def found_cc(text: str, solids: dict[str, Solid], spacing_mm: float, phase: float) -> float:
    """Volume of an expression of solids contoured on planes of that spacing and height, cc."""
    planes = (np.arange(-80, 81) + phase) * spacing_mm
    rois = []
    for number, (name, solid) in enumerate(solids.items(), start=1):
        contours = [
            Contour(outline.xy_mm, float(z))
            for z in planes
            for outline in solid.outlines(float(z), 360)
        ]
        rois.append(Roi(name, number, "", tuple(contours)))
    ground = Ground(
        lambda roi, limit: stack_planes(roi, images_mm=planes, cap_limit_mm=limit),
        lambda _: Setting(planes),
        lambda word: IsodoseSolid.of(rasterise(DOSE, DOSE_GRID), word.amount),
    )
    (region,) = regions_meant(StructureSet(tuple(rois)), text)
    return slab_volume_cc(shape_of(region, Reading(), ground).stack)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--spacing", type=float, default=2.5)
    spacing_mm = parser.parse_args().spacing
    print("| solid | expression | true cc | mean % | largest % |\n| --- | --- | --- | --- | --- |")
    for name, text, solids, truth_cc in rows():
        phases = FLAT_PHASES if any(map(is_flat, solids.values())) else PHASES
        off = [100 * (found_cc(text, solids, spacing_mm, at) / truth_cc - 1) for at in phases]
        mean, most = float(np.mean(off)), max(map(abs, off))
        print(f"| {name} | `{text}` | {truth_cc:.2f} | {mean:+.2f} | {most:.2f} |", flush=True)


if __name__ == "__main__":
    main()
