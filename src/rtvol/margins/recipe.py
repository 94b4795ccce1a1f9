"""What is grown and cut, as data: margins, clips and their order."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from rtvol.errors import UsageError
from rtvol.margins.margin import LARGE_MM, Margin

ClipKind = Literal["barrier", "inside", "avoid"]


@dataclass(frozen=True)
class Clip:
    """One organ that cuts a target.

    Attributes
    ----------
    roi
        Name of the organ.
    gap_mm
        Distance kept between target and organ, mm; negative lets them overlap by as much.
    """

    roi: str
    gap_mm: float = 0.0

    def __post_init__(self) -> None:
        if not math.isfinite(self.gap_mm) or abs(self.gap_mm) > LARGE_MM:
            raise UsageError(
                "bad-gap",
                where=self.roi,
                seen=f"a gap of {self.gap_mm} mm",
                mend=f"ROI:gap with a gap between -{LARGE_MM:g} and {LARGE_MM:g} mm: Duodenum:3",
            )


@dataclass(frozen=True)
class TargetRecipe:
    """GTV -> CTV -> PTV, in this order of steps.

    1. CTV = GTV grown by `ctv`.
    2. Each `barrier` organ (grown by its gap) is taken out of the CTV: anatomy the disease does
       not cross. Then the CTV is kept inside each `inside` organ (shrunk by its gap).
    3. PTV = CTV grown by `ptv` (or the GTV grown by `ptv` with `ptv_from="gtv"`); never cut (ICRU
       83 and 91).
    4. PTV^clip = PTV less each `avoid` organ (grown by its gap): the SBRT practice.

    The GTV itself is never cut.
    """

    ctv: Margin
    ptv: Margin
    ptv_from: Literal["ctv", "gtv"] = "ctv"
    avoid: tuple[Clip, ...] = ()
    barrier: tuple[Clip, ...] = ()
    inside: tuple[Clip, ...] = ()

    @property
    def organs(self) -> tuple[str, ...]:
        """Names of the organs that cut, in the order of the steps, each once."""
        clips = (*self.barrier, *self.inside, *self.avoid)
        return tuple(dict.fromkeys(clip.roi for clip in clips))

    def __str__(self) -> str:
        def organs(clips: tuple[Clip, ...]) -> str:
            return ", then ".join(f"{c.roi} (gap {c.gap_mm:g} mm)" for c in clips)

        steps = [f"CTV = GTV + {self.ctv}"]
        if self.barrier:
            steps.append(f"CTV less {organs(self.barrier)}")
        if self.inside:
            steps.append(f"CTV inside {organs(self.inside)}")
        steps.append(f"PTV = {self.ptv_from.upper()} + {self.ptv}")
        if self.avoid:
            steps.append(f"PTV^clip = PTV less {organs(self.avoid)}")
        return "; ".join(steps)


def parse_clip(text: str) -> Clip:
    """Read `Duodenum` or `Duodenum:3` (gap in mm after the last colon).

    A name that itself ends in a colon and a number needs its gap written: `Node:2:0`.

    Raises
    ------
    UsageError
        `bad-gap` when the part behind the last colon is a number out of range.
    """
    name, colon, gap = text.rpartition(":")
    if colon:
        try:
            return Clip(name.strip(), float(gap))
        except UsageError:
            raise
        except ValueError:
            pass
    return Clip(text.strip())
