"""What each spoilt (or sound) export must end as, and the register of all of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from faults.export import GTV_CC, MEAN_GY, Export, make_export

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from rtvol.phantoms import PhantomCase, WriteOptions
    from rtvol.phantoms.patient import Position

#: The volume the GTV has as drawn, or none at all.
TRUE = (GTV_CC,)
NO_NUMBER: tuple[float, ...] = ()


@dataclass(frozen=True)
class Fault:
    """One export and the honest ways to end with it.

    Attributes
    ----------
    name, group
        Its folder in the tree of all faults; its class in the table of verdicts.
    verdicts
        Those allowed of the case: accept, warn, reject. A dose fault does not reject the case.
    codes
        One of them must be named, unless the verdict is accept.
    volumes_cc
        What the region may measure; empty when no number may be given.
    mean_gy
        What its mean dose may be; None when no dose number may be given.
    dose_needed
        Whether a dose number must come out (sound input), or may be withheld.
    roi
        The region that is measured.
    tolerance
        Relative, of the volume and of the mean dose.
    others_cc
        True volumes of other regions, by name.
    grows_true
        Whether CTV and PTV of the plain sphere must be spheres.
    """

    name: str
    group: str
    build: Callable[[], Export]
    verdicts: tuple[str, ...]
    codes: tuple[str, ...] = ()
    volumes_cc: tuple[float, ...] = TRUE
    mean_gy: float | tuple[float, ...] | None = MEAN_GY
    dose_needed: bool = False
    roi: str = "GTV"
    tolerance: float = 1e-3
    others_cc: Mapping[str, float] | None = None
    grows_true: bool = True


FAULTS: dict[str, Fault] = {}


def fault(
    group: str,
    verdicts: str,
    *codes: str,
    volumes_cc: tuple[float, ...] = TRUE,
    mean_gy: float | tuple[float, ...] | None = MEAN_GY,
    dose_needed: bool = False,
    roi: str = "GTV",
    tolerance: float = 1e-3,
    others_cc: Mapping[str, float] | None = None,
    grows_true: bool = True,
    position: Position = "HFS",
    options: WriteOptions | None = None,
    case: PhantomCase | None = None,
    name: str = "",
) -> Callable[[Callable[[Export], None]], Callable[[Export], None]]:
    """Register a function that spoils a sound export; its name is the name of the fault."""

    def register(spoil: Callable[[Export], None]) -> Callable[[Export], None]:
        known_as = name or spoil.__name__.replace("_", "-")
        if known_as in FAULTS:
            raise ValueError(f"{known_as} is there already")

        def build() -> Export:
            export = make_export(known_as, position=position, options=options, case=case)
            spoil(export)
            return export

        FAULTS[known_as] = Fault(
            name=known_as,
            group=group,
            build=build,
            verdicts=tuple(verdicts.split()),
            codes=codes,
            volumes_cc=volumes_cc,
            mean_gy=mean_gy,
            dose_needed=dose_needed,
            roi=roi,
            tolerance=tolerance,
            others_cc=others_cc,
            grows_true=grows_true,
        )
        return spoil

    return register


def sound(
    group: str, verdicts: str = "accept", *codes: str, **how: Any
) -> Callable[[Callable[[Export], None]], Callable[[Export], None]]:
    """Register a sound export: accepted (or warned about), with the true dose too."""
    return fault(group, verdicts, *codes, dose_needed=True, **how)
