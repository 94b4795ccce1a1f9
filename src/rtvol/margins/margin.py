"""Six margins in patient terms, and how they are written on the command line."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from rtvol.errors import UsageError

if TYPE_CHECKING:
    from rtvol.frames import PlaneFrame

#: Margins above this ask for confirmation: none of the site's protocols uses them.
LARGE_MM = 50.0
#: Stands for a margin of 0 beside others that are not, in the gauge of the eight octants, mm.
THIN_MM = 0.02

_LETTERS = "LRAPSI"
_ONE = re.compile(r"([LRAPSI])([+-]?[0-9]*\.?[0-9]+)", re.IGNORECASE)


@dataclass(frozen=True)
class Margin:
    """Distances in mm towards left, right, anterior, posterior, superior and inferior.

    Patient anatomy, whatever the position in the scanner: left is +x, posterior +y, superior +z
    of DICOM's patient coordinates (PS3.3 C.7.6.2.1.1). Growing by a margin is the Minkowski sum
    with the body of eight ellipsoid octants that have these semi-axes; a ball when all are equal.
    Negative ones shrink: what the body of their sizes fits into stays. Of mixed signs the positive
    ones grow first, then the negative ones shrink what was grown.

    Raises
    ------
    UsageError
        `bad-margin` for a value that is not a finite number.
    """

    left_mm: float
    right_mm: float
    anterior_mm: float
    posterior_mm: float
    superior_mm: float
    inferior_mm: float

    def __post_init__(self) -> None:
        for value in self.six_mm:
            if not math.isfinite(value):
                raise UsageError(
                    "bad-margin",
                    seen=f"a margin of {value} mm",
                    mend="give millimetres: 4, or L5,R3,A4,P2,S5,I3; a negative one shrinks",
                )

    @classmethod
    def uniform(cls, margin_mm: float) -> Self:
        """Return the same margin, mm, in all six directions."""
        return cls(*[float(margin_mm)] * 6)

    @property
    def six_mm(self) -> tuple[float, float, float, float, float, float]:
        """All six, mm, in the order of the fields."""
        return (
            self.left_mm,
            self.right_mm,
            self.anterior_mm,
            self.posterior_mm,
            self.superior_mm,
            self.inferior_mm,
        )

    @property
    def is_uniform(self) -> bool:
        """Whether all six margins are equal."""
        return len(set(self.six_mm)) == 1

    @property
    def largest_mm(self) -> float:
        """The largest of the six, mm."""
        return float(max(self.six_mm))

    @property
    def least_mm(self) -> float:
        """The smallest of the six, mm."""
        return float(min(self.six_mm))

    @property
    def is_zero(self) -> bool:
        """Whether nothing grows or shrinks."""
        return not any(self.six_mm)

    @property
    def is_mixed(self) -> bool:
        """Whether some of the six grow and some shrink."""
        return self.least_mm < 0 < self.largest_mm

    @property
    def outwards(self) -> Margin:
        """What grows: the positive ones, the others 0."""
        return Margin(*(max(value, 0.0) for value in self.six_mm))

    @property
    def inwards(self) -> Margin:
        """What shrinks, as positive numbers: the negative ones, the others 0."""
        return Margin(*(max(-value, 0.0) for value in self.six_mm))

    @property
    def signed(self) -> str:
        """The margin as it is added: `+ 4 mm`, `- 2 mm`, `+ L5,R3,... mm`."""
        return f"- {-self.left_mm:g} mm" if self.is_uniform and self.left_mm < 0 else f"+ {self}"

    def __str__(self) -> str:
        if self.is_uniform:
            return f"{self.left_mm:g} mm"
        pairs = zip(_LETTERS, self.six_mm, strict=True)
        text = ",".join(f"{letter}{value:g}" for letter, value in pairs) + " mm"
        return f"{text} (grown first, then shrunk)" if self.is_mixed else text


def parse_margin(text: str | float | Margin, *, allow_large: bool = False) -> Margin:
    """Read 4, `4` or `L5,R3,A4,P2,S5,I3` (mm; left, right, anterior, posterior, ...).

    Raises
    ------
    UsageError
        `bad-margin` for anything else; `large-margin` above 50 mm unless `allow_large`.
    """
    margin = text if isinstance(text, Margin) else _parse(str(text).strip())
    largest = max(margin.six_mm, key=abs)
    if abs(largest) > LARGE_MM and not allow_large:
        raise UsageError(
            "large-margin",
            seen=f"a margin of {largest:g} mm",
            mend="check the unit (mm); if it is meant, add --allow-large-margins",
        )
    return margin


def _parse(text: str) -> Margin:
    try:
        return Margin.uniform(float(text))
    except UsageError:
        raise
    except ValueError:
        parts = [_ONE.fullmatch(part.strip()) for part in text.split(",")]
    found = {part[1].upper(): float(part[2]) for part in parts if part}
    if len(parts) != len(_LETTERS) or set(found) != set(_LETTERS):
        raise UsageError(
            "bad-margin",
            seen=f"margin {text!r}",
            mend="one number of mm, or all six directions once: L5,R3,A4,P2,S5,I3",
        )
    return Margin(*(found[letter] for letter in _LETTERS))


def negated(margin: Margin) -> Margin:
    """Return the margin that shrinks what this one grows, and grows what it shrinks."""
    return Margin(*(-value for value in margin.six_mm))


def mirrored(margin: Margin) -> Margin:
    """Return the body seen from its other side: left and right, and so on, change places.

    Growing the outside of a solid by a body takes from the solid what its mirror image reaches.
    """
    left, right, anterior, posterior, superior, inferior = margin.six_mm
    return Margin(right, left, posterior, anterior, inferior, superior)


def along_frame(margin: Margin, frame: PlaneFrame) -> Margin | None:
    """Return a margin with left, posterior and superior as x, y and z of a frame of planes.

    None where the frame's axes lie between the patient's, and the six are not equal: the body
    of the octants is then none of octants along those axes.
    """
    if frame.is_axial or margin.is_uniform:
        return margin
    if frame.swap is None:
        return None
    left, right, anterior, posterior, superior, inferior = margin.six_mm
    sides = ((right, left), (anterior, posterior), (inferior, superior))
    (x, y, z) = (sides[axis][::sign] for axis, sign in frame.swap)
    return Margin(x[1], x[0], y[0], y[1], z[1], z[0])


def one_after_the_other(first: Margin, second: Margin) -> Margin | None:
    """Return the one margin that growing by both in turn is; None where their bodies differ.

    Bodies of one shape add up direction by direction; what shrinks does not undo what grew.
    """
    six = [a + b for a, b in zip(first.six_mm, second.six_mm, strict=True)]
    if first.is_zero or second.is_zero:
        return Margin(*six)
    if min(first.least_mm, second.least_mm) < 0:
        return None
    pairs = zip(first.six_mm, second.six_mm, strict=True)
    shapes = [(a / first.largest_mm, b / second.largest_mm) for a, b in pairs]
    alike = all(math.isclose(a, b, abs_tol=1e-9) for a, b in shapes)
    return Margin(*six) if alike else None
