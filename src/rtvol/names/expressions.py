"""What a text means in a case: a name, a pattern, or an expression (`names.language`)."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from rtvol import codes
from rtvol.errors import CaseRejected, UsageError
from rtvol.margins.algebra import Combined, Leaf, Resized, leaves, mapped
from rtvol.names.find import NO_ALIASES, find_roi, find_rois
from rtvol.names.language import OPERATORS, IsodoseWord, NameWord, is_isodose, parse_expression
from rtvol.names.plain import is_expression, plain
from rtvol.names.regions import Region, region_of
from rtvol.structures import TARGET_KINDS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from rtvol.errors import Finding
    from rtvol.margins.algebra import Tree
    from rtvol.margins.margin import Margin
    from rtvol.names.find import Aliases
    from rtvol.names.language import Word
    from rtvol.names.regions import Part
    from rtvol.structures import Roi, StructureSet

_SIGNS = {operation: sign for sign, operation in OPERATORS.items()}


@dataclass(frozen=True)
class Vocabulary:
    """What words of an expression may mean.

    Attributes
    ----------
    structures
        The ROIs of the case.
    names
        Other spellings of names.
    defined
        Expressions with a name of their own: only that name, whatever its case, means them, never
        a pattern or a type.
    """

    structures: StructureSet
    names: Aliases = field(default_factory=dict)
    defined: Mapping[str, Tree[Part]] = field(default_factory=dict)

    @property
    def known(self) -> tuple[str, ...]:
        """Names that are taken whole where they stand."""
        return (*self.structures.names, *self.names, *self.defined, *TARGET_KINDS)

    def definition(self, word: NameWord) -> Tree[Part] | None:
        """Return the expression a name was given to; None for all other names."""
        folded = word.text.casefold()
        return next((one for name, one in self.defined.items() if name.casefold() == folded), None)


def regions_meant(
    structures: StructureSet, text: str, names: Aliases = NO_ALIASES
) -> tuple[Region, ...]:
    """Return the regions that a text means: the same for `--roi`, a goal, a recipe and `derive`.

    A name or a pattern is each ROI it means (`find_rois`), and wins over an expression of the same
    signs, which a note says. Another text is an expression, one region; each name in it is all
    ROIs it means, joined: in `Liver-GTV` GTV is the ROI of that name, or else all of type GTV
    together.

    Raises
    ------
    UsageError
        `bad-expression`.
    CaseRejected
        `roi-not-found`, `roi-ambiguous`, `roi-empty`.
    """
    words = Vocabulary(structures, names)
    if not is_isodose(text):
        try:
            rois = find_rois(structures, text, names)
        except CaseRejected as fault:
            if fault.finding.code != "roi-not-found" or not is_expression(text):
                raise
            return _of_expression(text, words, fault)
        taken = _taken_whole(text, words)
        return tuple(region_of(roi, taken) for roi in rois)
    return _of_expression(text, words, None)


def _of_expression(text: str, words: Vocabulary, fault: CaseRejected | None) -> tuple[Region, ...]:
    """Return what an expression means; `fault` says why it is no name."""
    try:
        read = parse_expression(text, words.known)
    except UsageError:
        if fault is not None and not any(sign in text for sign in OPERATORS):
            raise fault from None  # a name with brackets that is not there
        raise
    if isinstance(read, Leaf) and isinstance(read.what, NameWord):
        return tuple(region_of(roi) for roi in _rois(read.what, words))
    return (region_read(text, read, words),)


def region_read(text: str, read: Tree[Word], words: Vocabulary) -> Region:
    """Return the one region of an expression that is parsed.

    Raises
    ------
    CaseRejected
        `roi-not-found`, `roi-ambiguous`, `roi-empty`.
    """
    said: dict[str, None] = {}

    def meant(word: Word) -> Tree[Part]:
        if isinstance(word, IsodoseWord):
            return Leaf(word)
        known = words.definition(word)
        if known is not None:
            return known
        rois = _rois(word, words)
        said[_meaning(word.text, rois)] = None
        return Leaf(rois)

    tree = mapped(read, meant)
    glued = _refuse_other_names(text, read, words)
    if glued or (_mixes(read) and _bare(bracketed(read)) != _bare(text)):
        said = {f"read as {bracketed(read)}": None, **said}
    return Region(text, tree, "; ".join(filter(None, said)), _taken_whole(text, words, read))


def goal_regions(structures: StructureSet, text: str, names: Aliases) -> tuple[Region, ...]:
    """Return the regions a goal is about.

    A goal on GTV, CTV, PTV or ITV alone is about every lesion: all drawn ROIs of that type or of
    exactly that name. All else means what it means everywhere (`regions_meant`).

    Raises
    ------
    UsageError
        `bad-expression`.
    CaseRejected
        `roi-not-found`, `roi-ambiguous`, `roi-empty`.
    """
    if text in TARGET_KINDS:
        called = [roi for roi in structures.rois if text in (roi.kind, roi.name)]
        if drawn := tuple(region_of(roi) for roi in called if not roi.is_empty):
            return drawn
    return regions_meant(structures, text, names)


def bracketed(read: Tree[Word]) -> str:
    """Return an expression with a bracket round each step, as it is worked out."""
    match read:
        case Leaf(what):
            return what.text if isinstance(what, NameWord) else str(what)
        case Combined(operation, one, other):
            return f"{_part(one)} {_SIGNS[operation]} {_part(other)}"
        case Resized(part, margin):  # pragma: no branch - there is no fourth kind
            return f"{_part(part)} {margin.signed}"


def _part(read: Tree[Word]) -> str:
    text = bracketed(read)
    return text if isinstance(read, Leaf) else f"({text})"


def _mixes(read: Tree[Word]) -> bool:
    """Whether another order of its signs would be another region: then the order is said."""
    match read:
        case Leaf():
            return False
        case Combined(operation, one, other):
            first = isinstance(one, Combined) and {operation, one.operation} not in (
                {"union"},
                {"intersect"},
                {"subtract"},
            )
            return first or _mixes(one) or _mixes(other)
        case Resized(part, _):  # pragma: no branch - there is no fourth kind
            return isinstance(part, Combined) or _mixes(part)


def _refuse_other_names(text: str, read: Tree[Word], words: Vocabulary) -> bool:
    """Refuse `GTV-1` where an ROI is called GTV1 or GTV_1; else tell whether such a form is there.

    Raises
    ------
    CaseRejected
        `roi-ambiguous`.
    """
    found = False
    for part, margin in _margins_of_words(read):
        glued = re.search(rf"{re.escape(part)}-{-margin.left_mm:g}(?![\d.])", text)
        if not (margin.is_uniform and margin.left_mm < 0 and glued):
            continue
        found = True
        others = [name for name in words.structures.names if plain(name) == plain(glued.group())]
        if others:
            raise CaseRejected(
                "roi-ambiguous",
                where=f'"{glued.group()}"',
                seen=f'the ROI "{others[0]}", or {part} shrunk by {-margin.left_mm:g} mm',
                mend=f'write "{others[0]}", or {part} - {-margin.left_mm:g} with blanks',
            )
    return found


def _margins_of_words(read: Tree[Word]) -> Iterator[tuple[str, Margin]]:
    """Yield each name that a margin is given to by itself, and the margin."""
    match read:
        case Leaf():
            return
        case Combined(_, one, other):
            yield from _margins_of_words(one)
            yield from _margins_of_words(other)
        case Resized(part, margin):  # pragma: no branch - there is no fourth kind
            if isinstance(part, Leaf) and isinstance(part.what, NameWord):
                yield part.what.text, margin
            yield from _margins_of_words(part)


def _bare(text: str) -> str:
    """Return an expression without what does not tell its order: blanks, quotes, units."""
    return re.sub(r"[\s\"']|mm", "", text)


def _rois(word: NameWord, words: Vocabulary) -> tuple[Roi, ...]:
    if word.is_quoted:
        return (find_roi(words.structures, word.text, words.names),)
    return find_rois(words.structures, word.text, words.names)


def _meaning(name: str, rois: Sequence[Roi]) -> str:
    """Say which ROIs a name of another spelling stands for."""
    if len(rois) == 1 and rois[0].name.casefold() == name.casefold():
        return ""
    return f"{name} is {' + '.join(roi.name for roi in rois)}"


def _taken_whole(
    text: str, words: Vocabulary, read: Tree[Word] | None = None
) -> tuple[Finding, ...]:
    """Note the names that were taken whole where an expression could have been meant as well."""
    named = (
        [text]
        if read is None
        else [
            word.text for word in leaves(read) if isinstance(word, NameWord) and not word.is_quoted
        ]
    )
    return tuple(
        codes.NAME_TAKEN_WHOLE.note(
            where=f'"{name}"',
            seen=f"the ROI of that name is meant, not {' '.join(bracketed(other).split())}",
        )
        for name in dict.fromkeys(named)
        if (other := _other_reading(name, words)) is not None
    )


def _other_reading(name: str, words: Vocabulary) -> Tree[Word] | None:
    """Return a name as the expression its signs make; None where not all of that is there."""
    if not any(sign in name for sign in OPERATORS):
        return None
    others = [one for one in words.known if one.casefold() != name.casefold()]
    try:
        read = parse_expression(name, others)
        for word in leaves(read):
            if isinstance(word, NameWord):
                _rois(word, words)
    except (UsageError, CaseRejected):
        return None
    return None if isinstance(read, Leaf) else read
