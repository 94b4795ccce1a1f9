"""The flags of a call as keys of a recipe: one vocabulary, whichever way it is spoken."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rtvol.errors import UsageError
from rtvol.margins.recipe import parse_clip, parse_prv
from rtvol.names.definitions import in_order, parse_definition
from rtvol.verbs.given_dose import parse_alpha_beta

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rtvol.recipe.model import Recipe

#: Each flag that says what a result is, and the key of the recipe that says the same.
FLAGS: dict[str, str] = {
    "--gtv": "targets.CTV.from",
    "--itv": "targets.CTV.itv",
    "--ctv": "targets.CTV.margin_mm",
    "--barrier": "targets.CTV.barrier",
    "--inside": "targets.CTV.inside",
    "--ptv": "targets.PTV.margin_mm",
    "--ptv-from": "targets.PTV.from",
    "--avoid": "targets.PTV.avoid",
    "--prv": "targets.prv_mm",
    "--policy": "targets.policy",
    "--split": "targets.split",
    "--name": "targets.names",
    "--allow-large-margins": "targets.allow_large_margins",
    "--define": "derive",
    "--spacing": "output.derived_spacing_mm",
    "--roi": "dvh.rois",
    "--metric": "dvh.metrics",
    "--goals": "dvh.goals",
    "--dose": "dvh.dose",
    "--sum": "dvh.sum",
    "--as": "dvh.axis",
    "--dose-unit": "dvh.dose_unit",
    "--solid": "dvh.solid",
    "--caps": "dvh.caps",
    "--dose-interpolation": "dvh.dose_interpolation",
    "--outside": "dvh.outside",
    "--range": "dvh.range",
    "--shift": "dvh.shift_mm",
    "--target": "dvh.target",
    "--compare": "dvh.compare",
    "--prescription": "prescription.dose_gy",
    "--fractions": "prescription.fractions",
    "--alpha-beta": "prescription.alpha_beta_gy",
    "--lql": "prescription.lql",
    "--on-missing": "on_missing_roi",
    "--write": "output.write",
    "--label": "output.label",
    "--into": "output.into",
    "--report": "output.report",
    "--send": "send.to",
    "--send-as": "send.aet",
    "--tls-ca": "send.tls_ca",
    "--tls-cert": "send.tls_cert",
    "--tls-key": "send.tls_key",
    "--timeout": "limits.timeout",
    "--memory": "limits.memory",
    "--retries": "limits.retries",
}
#: Flags that change no result: which files are read, where things go, how much is said, how the
#: work is spread.
OF_THE_CALL = frozenset(
    {
        "--output",
        "--overwrite",
        "--dry-run",
        "--curves",
        "--plot",
        "--space-curves",
        "--strict",
        "--json",
        "--pseudonymise",
    }
    | {
        "--rtstruct",
        "--jobs",
        "--shard",
        "--executor",
        "--scheduler",
        "--quiet",
        "--verbose",
        "--debug",
    }
)
#: Targets that can be given a name.
NAMED_ROLES = ("ctv", "ptv", "ptv_clip")
#: Keys that only a file has: what it is, and a table of names.
OF_THE_FILE = frozenset({"schema", "title", "names"})


def recipe_of_call(flags: Mapping[str, Any]) -> Recipe:
    """Return the recipe that the flags of a call make.

    Parameters
    ----------
    flags
        Values by flag, as the keys of the recipe take them; None for those not given.

    Raises
    ------
    UsageError
        As the value's own reader says, else `bad-call` with the flag.
    """
    from pydantic import ValidationError

    from rtvol.recipe.model import SCHEMA, Recipe

    document: dict[str, Any] = {"schema": SCHEMA}
    for flag, value in flags.items():
        *sections, key = FLAGS[flag].split(".")
        table = document
        for section in sections:
            table = table.setdefault(section, {})
        if value is not None:
            table[key] = value
    try:
        return Recipe.model_validate(document)
    except ValidationError as error:
        raise _usage(error.errors()[0]) from None


def gaps_of(kind: str, texts: Sequence[str] | None) -> dict[str, float] | None:
    """Read `Duodenum:3` and its like as a table of gaps in mm; of two gaps the wider one counts.

    Raises
    ------
    UsageError
        `bad-gap`.
    """
    if texts is None:
        return None
    gaps: dict[str, float] = {}
    for clip in (parse_clip(kind, text) for text in texts):
        gaps[clip.roi] = max(clip.gap_mm, gaps.get(clip.roi, clip.gap_mm))
    return gaps


def margins_of(texts: Sequence[str] | None) -> dict[str, str | list[str]] | None:
    """Read `SpinalCord:2` and its like as a table of margins in mm; several of one organ as a list.

    Raises
    ------
    UsageError
        `bad-margin`.
    """
    if texts is None:
        return None
    for text in texts:
        parse_prv(text, allow_large=True)
    margins: dict[str, list[str]] = {}
    for name, _, margin in (text.rpartition(":") for text in texts):
        margins.setdefault(name.strip(), []).append(margin)
    return {name: each[0] if len(each) == 1 else each for name, each in margins.items()}


def names_of(texts: Sequence[str] | None) -> dict[str, str] | None:
    """Read `ctv=CTV_1,ptv=PTV_48Gy` as a table of names by role.

    Raises
    ------
    UsageError
        `bad-call`.
    """
    if texts is None:
        return None
    names: dict[str, str] = {}
    for part in (part for text in texts for part in text.split(",")):
        role, sign, name = part.partition("=")
        role = role.strip().lower().replace("^", "_")
        if not sign or not name.strip() or role not in NAMED_ROLES:
            mend = "write --name ctv=CTV_1,ptv=PTV_48Gy; the roles are " + ", ".join(NAMED_ROLES)
            raise UsageError("bad-call", where="--name", seen=part.strip(), mend=mend)
        names[role] = name.strip()
    return names


def definitions_of(texts: Sequence[str]) -> dict[str, str]:
    """Read `Ring = (PTV + 20) - (PTV + 5)` and its like as a table of expressions by name.

    Raises
    ------
    UsageError
        `bad-definition`, `bad-expression`, `derive-cycle`.
    """
    definitions = [parse_definition(text) for text in texts]
    in_order(definitions)
    return {one.name: one.expression for one in definitions}


def ratios_of(texts: Sequence[str] | None) -> dict[str, float] | None:
    """Read `3`, `target=10`, `GTV*=10` as a table of alpha/beta in Gy; `*` is all structures.

    Raises
    ------
    UsageError
        `bad-fractionation`.
    """
    return None if texts is None else dict(parse_alpha_beta(texts))


def _usage(error: Any) -> UsageError:
    from rtvol.recipe.values import SaidError

    said = error.get("ctx", {}).get("error")
    path = [str(part) for part in error["loc"]]
    near = (".".join(path[:end]) for end in range(len(path), 0, -1))
    keys = {key: flag for flag, key in FLAGS.items()}
    flag = next((keys[key] for key in near if key in keys), "")
    if isinstance(said, SaidError):
        finding = said.usage.finding
        where = keys.get(finding.where, finding.where) or flag
        return UsageError(finding.code, where=where, seen=finding.seen, mend=finding.mend)
    mend = error["msg"].removeprefix("Input should be ").removeprefix("Value error, ")
    return UsageError("bad-call", where=flag, seen=str(error["input"]), mend=mend)
