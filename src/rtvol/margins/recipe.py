"""What is grown and cut, as data: margins, clips and their order."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Literal, get_args

from rtvol.errors import UsageError
from rtvol.margins.margin import LARGE_MM, Margin, parse_margin

Policy = Literal["icru", "modified_ptv", "ctv_only"]

#: A length behind a colon, and one that stands behind another sign by mistake.
_LENGTH = re.compile(r"(?P<number>[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)\s*(?P<unit>[a-z]*)")
_OTHER_SIGN = re.compile(r"(?P<name>.*\S)\s*=\s*(?P<number>\d+(?:\.\d+)?)\s*(?:mm)?")


@dataclass(frozen=True)
class ClipStep:
    """What a kind of clip does.

    Attributes
    ----------
    cuts
        What it is taken from: the CTV, before the PTV is grown, or the PTV.
    keeps_inside
        Whether the target is kept inside the organ (shrunk by its gap); else it is taken out,
        grown by its gap.
    """

    cuts: Literal["ctv", "ptv"]
    keeps_inside: bool = False


#: The kinds of clips, in the order of the steps: the one place that lists them.
CLIP_STEPS: dict[str, ClipStep] = {
    "barrier": ClipStep("ctv"),
    "inside": ClipStep("ctv", keeps_inside=True),
    "avoid": ClipStep("ptv"),
}


@dataclass(frozen=True)
class Clip:
    """One organ that cuts a target.

    Attributes
    ----------
    kind
        The practice, one of `CLIP_STEPS`.
    roi
        Name of the organ.
    gap_mm
        Distance kept between target and organ, mm; negative lets them overlap by as much.
    """

    kind: str
    roi: str
    gap_mm: float = 0.0

    def __post_init__(self) -> None:
        if self.kind not in CLIP_STEPS:
            mend = f"one of {', '.join(CLIP_STEPS)}"
            raise UsageError("bad-clip", where=self.roi, seen=self.kind, mend=mend)
        if not math.isfinite(self.gap_mm) or abs(self.gap_mm) > LARGE_MM:
            raise UsageError(
                "bad-gap",
                where=self.roi,
                seen=f"a gap of {self.gap_mm} mm",
                mend=f"ROI:gap with a gap between -{LARGE_MM:g} and {LARGE_MM:g} mm: Duodenum:3",
            )

    @property
    def step(self) -> ClipStep:
        """What it does."""
        return CLIP_STEPS[self.kind]


@dataclass(frozen=True)
class Prv:
    """A planning organ at risk volume: an organ grown by a margin (ICRU 62)."""

    roi: str
    margin: Margin


@dataclass(frozen=True)
class TargetRecipe:
    """GTV -> CTV -> PTV, in this order of steps.

    1. CTV = GTV grown by `ctv`.
    2. Each `barrier` organ (grown by its gap) is taken out of the CTV: anatomy the disease does
       not cross. Then the CTV is kept inside each `inside` organ (shrunk by its gap).
    3. PTV = CTV grown by `ptv` (or the GTV grown by `ptv` with `ptv_from="gtv"`); never cut (ICRU
       83 and 91).
    4. PTV^clip = PTV less each `avoid` organ (grown by its gap): the SBRT practice.

    The GTV itself is never cut. Each organ of `prvs` is grown by its own margin.

    `policy` says what is called PTV: `icru`, the whole of step 3, with PTV^clip beside it;
    `modified_ptv`, what step 4 leaves (PTV_mod), which then also makes the cumulative PTV, with
    the whole beside it; `ctv_only`, step 3 on a CTV cut at barriers, never cut again. With `split`
    each separate part of a GTV is a lesion of its own. `names`: what targets are called, by role
    (ctv, ptv, ptv_clip); a name that is taken, by another lesion too, is numbered.

    Raises
    ------
    UsageError
        `policy-conflict` when the policy and the clips contradict each other.
    """

    ctv: Margin
    ptv: Margin
    ptv_from: Literal["ctv", "gtv"] = "ctv"
    clips: tuple[Clip, ...] = ()
    prvs: tuple[Prv, ...] = ()
    policy: Policy = "icru"
    split: bool = False
    names: tuple[tuple[str, str], ...] = ()

    def __post_init__(self) -> None:
        for name in ("ctv", "ptv"):  # a number or a text is a margin too
            object.__setattr__(self, name, parse_margin(getattr(self, name), allow_large=True))
        mends = {
            "ctv_only": "name the organ as --barrier, or take the policy icru or modified_ptv",
            "modified_ptv": "name the organs with --avoid, or take the policy icru",
        }
        wrong = self.policy not in get_args(Policy)
        wrong = wrong or (self.policy == "ctv_only" and bool(self.cutting("ptv")))
        wrong = wrong or (self.policy == "modified_ptv" and not self.cutting("ptv"))
        if wrong:
            count = len(self.cutting("ptv"))
            raise UsageError(
                "policy-conflict",
                seen=f"policy {self.policy} with {count} organ{'s' * (count != 1)} to avoid",
                mend=mends.get(self.policy, f"one of {', '.join(get_args(Policy))}"),
            )

    @property
    def organs(self) -> tuple[str, ...]:
        """Names of the organs that cut or grow, in the order of the steps, each once."""
        cutting = [clip.roi for clip in (*self.cutting("ctv"), *self.cutting("ptv"))]
        return tuple(dict.fromkeys([*cutting, *(prv.roi for prv in self.prvs)]))

    def cutting(self, target: Literal["ctv", "ptv"]) -> tuple[Clip, ...]:
        """Return the clips that cut the CTV or the PTV, in the order of the steps."""
        return tuple(
            clip
            for kind, step in CLIP_STEPS.items()
            for clip in self.clips
            if clip.kind == kind and step.cuts == target
        )

    @property
    def reach_mm(self) -> float:
        """How far beyond the GTV anything may reach, mm."""
        ctv, ptv = self.ctv.outwards.largest_mm, self.ptv.outwards.largest_mm
        return max(ctv, ptv) if self.ptv_from == "gtv" else ctv + ptv

    @property
    def depth_mm(self) -> float:
        """How deep into the GTV anything may shrink, mm."""
        return self.ctv.inwards.largest_mm + self.ptv.inwards.largest_mm

    def __str__(self) -> str:
        def cuts(target: Literal["ctv", "ptv"]) -> list[str]:
            found: dict[str, list[str]] = {}
            for clip in self.cutting(target):
                word = "inside" if clip.step.keeps_inside else "less"
                organ = f"{clip.roi} (gap {clip.gap_mm:g} mm)"
                found.setdefault(f"{target.upper()} {word} ", []).append(organ)
            return [words + ", then ".join(organs) for words, organs in found.items()]

        name = "PTV_mod" if self.policy == "modified_ptv" else "PTV^clip"
        steps = [f"CTV = GTV {self.ctv.signed}", *cuts("ctv")]
        steps.append(f"PTV = {self.ptv_from.upper()} {self.ptv.signed}")
        steps += [f"{name} = {cut}" for cut in cuts("ptv")]
        steps += [f"PRV = {prv.roi} {prv.margin.signed}" for prv in self.prvs]
        return "; ".join(steps)


def parse_clip(kind: str, text: str) -> Clip:
    """Read `Duodenum`, `Duodenum:3` or `Duodenum:3mm` (gap in mm after the last colon).

    A name that itself ends in a colon and a number needs its gap written: `Node:2:0`.

    Raises
    ------
    UsageError
        `bad-gap` when the part behind the last colon is a number out of range or in another unit,
        or stands behind another sign (`Duodenum=3`).
    """
    name, colon, gap = text.rpartition(":")
    if colon and (length := _LENGTH.fullmatch(gap.strip())):
        if length["unit"] not in ("", "mm"):
            raise _bad_gap(text, f"{name.strip()}:{length['number']}")
        return Clip(kind, name.strip(), float(length["number"]))
    meant = _OTHER_SIGN.fullmatch(text.strip())
    if meant:
        raise _bad_gap(text, f"{meant['name'].strip()}:{meant['number']}")
    if colon and gap.strip().casefold() in {"nan", "inf", "-inf"}:
        return Clip(kind, name.strip(), float(gap))
    return Clip(kind, text.strip())


def _bad_gap(text: str, meant: str) -> UsageError:
    mend = f"write {meant} for a gap in mm, or {text.strip()}:0 for a region of that name"
    return UsageError("bad-gap", seen=f"{text!r}: the gap is not ROI:mm", mend=mend)


def parse_prv(text: str, *, allow_large: bool = False) -> Prv:
    """Read `SpinalCord:2` or `SpinalCord:L2,R2,A2,P2,S5,I5` (margin in mm after the last colon).

    Raises
    ------
    UsageError
        `bad-margin` without a margin, or with one that cannot be; `large-margin`.
    """
    name, _, margin = text.rpartition(":")
    if not name.strip():
        raise UsageError(
            "bad-margin", seen=f"{text!r} names no margin", mend="write ROI:mm, as in SpinalCord:2"
        )
    return Prv(name.strip(), parse_margin(margin, allow_large=allow_large))
