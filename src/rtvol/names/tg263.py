"""Whether a name follows AAPM TG-263 (doi:10.1016/j.ijrobp.2017.12.013), and what to call it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rtvol.names.plain import plain
from rtvol.structures import LONGEST_NAME, target_kind

if TYPE_CHECKING:
    from collections.abc import Iterable

#: Targets: type, classifier, index, image, structure, relative or absolute dose, fractions, crop,
#: `_mod` of what an organ leaves (SBRT practice, not in TG-263), and free text behind a caret.
_TARGET = re.compile(
    r"(?:GTV|CTV|ITV|IGTV|ICTV|PTV!?)"
    r"(?:n|p|sb|par|v|vas)?"
    r"\d*"
    r"(?:_(?:CT|PT|MR|SP)\d+)*"
    r"(?:_[A-Z][A-Za-z]+?\d{0,2})*"
    r"(?:_(?:High|Low|Mid(?:\d{2})?|\d{4}|\d{1,2}p\d{1,2}Gy|\d{1,2}Gy))?"
    r"(?:x\d{2})?"
    r"(?:-\d{2})?"
    r"(?:_mod(?:_\d{1,2})?)?"
    r"(?:\^\S+)?"
)
#: Organs: words with a capital, sides and relations behind underscores, _PRV with mm, less a
#: target; a tilde before what is drawn in part only.
_ORGAN = re.compile(
    r"[z~]?[A-Z][A-Za-z]*\d{0,2}(?:_(?:[A-Z][A-Za-z]*\d{0,2}|\d{1,2}))*"
    r"(?:_PRV\d{0,2})?(?:-(?:GTV|CTV|ITV|PTV)\w*)?(?:\^\S+)?"
)
#: Canonical names of the upper abdomen and thorax, and words other systems and languages use.
ORGANS: dict[str, tuple[str, ...]] = {
    "Liver": ("leber", "foie", "higado", "fegato", "hepar", "liver"),
    "Liver-GTV": ("leber-gtv", "livergtv", "normalliver", "healthyliver"),
    "Duodenum": ("duod", "duodeno", "zwoelffingerdarm"),
    "Stomach": ("magen", "estomac", "estomago", "stomaco", "gaster"),
    "Bowel_Small": ("smallbowel", "duenndarm", "sbowel", "intestinsmall", "jejunumileum"),
    "Bowel_Large": ("largebowel", "dickdarm", "lbowel"),
    "Bowel": ("darm", "bowelbag", "bowelspace", "intestine"),
    "Colon": ("kolon",),
    "Esophagus": ("oesophagus", "osophagus", "speiseroehre", "esofago"),
    "SpinalCord": ("cord", "medulla", "myelon", "rueckenmark", "moelle", "spine", "spinalcord"),
    "SpinalCanal": ("canal", "spinalkanal"),
    "Kidney_L": ("kidneyleft", "leftkidney", "lkidney", "niereli", "nierelinks", "reingauche"),
    "Kidney_R": ("kidneyright", "rightkidney", "rkidney", "nierere", "nierereche", "reindroit"),
    "Kidneys": ("nieren", "reins"),
    "Lung_L": ("lungleft", "leftlung", "lungeli", "lungelinks", "llung"),
    "Lung_R": ("lungright", "rightlung", "lungere", "lungerechts", "rlung"),
    "Lungs": ("lunge", "poumons", "lungstotal"),
    "Heart": ("herz", "coeur", "corazon", "cuore"),
    "GreatVes": ("aorta", "venacava", "vessels"),
    "BileDuct_Common": ("bileduct", "commonbileduct", "gallengang", "cbd"),
    "Gallbladder": ("gallenblase", "gb"),
    "Pancreas": ("pankreas",),
    "Spleen": ("milz", "rate"),
    "Chestwall": ("brustwand", "chestwallr", "thoraxwall"),
    "Rib": ("rippe", "ribs"),
    "Skin": ("haut", "peau"),
    "Body": ("external", "aussenkontur", "outline", "patient", "skinbody"),
    "Bladder": ("blase", "vessie"),
    "Rectum": ("rektum",),
}


@dataclass(frozen=True)
class Checked:
    """What is to be said of a name.

    Attributes
    ----------
    name
        The name.
    faults
        Why it does not follow TG-263; empty when it does.
    suggestion
        A canonical name that may be meant; empty for none, and always for a target.
    """

    name: str
    faults: tuple[str, ...]
    suggestion: str = ""


def check_names(names: Iterable[str]) -> list[Checked]:
    """Check names one by one, and against each other where they differ in case only."""
    listed = list(dict.fromkeys(names))
    folded: dict[str, list[str]] = {}
    for name in listed:
        folded.setdefault(name.casefold(), []).append(name)
    checked = []
    for name in listed:
        faults = list(_faults(name))
        twins = [other for other in folded[name.casefold()] if other != name]
        if twins:
            faults.append(f"differs from {', '.join(twins)} in case only")
        meant = suggest(name)
        if meant not in {"", name} and not faults:
            faults.append(f"{meant} in TG-263")
        checked.append(Checked(name, tuple(faults), meant if faults else ""))
    return checked


def suggest(name: str) -> str:
    """Return the canonical organ a local name may mean; empty for none, and for targets."""
    if target_kind(name):
        return ""
    folded = plain(name)
    for canonical, words in ORGANS.items():
        if folded == plain(canonical) or folded in words:
            return canonical
    return ""


def _faults(name: str) -> Iterable[str]:
    if len(name) > LONGEST_NAME:
        yield f"{len(name)} characters, {LONGEST_NAME} at most"
    if any(sign.isspace() for sign in name):
        yield "blanks"
    if not name.isascii():
        yield "letters beyond ASCII"
    if not name.strip():
        yield "empty"
    elif not any(sign.isspace() for sign in name) and not _is_formed(name):
        kind = "a target" if target_kind(name) else "an organ"
        yield f"not formed as the name of {kind}"


def _is_formed(name: str) -> bool:
    return bool((_TARGET if target_kind(name) else _ORGAN).fullmatch(name))
