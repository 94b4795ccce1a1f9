"""Recipe -> what each case is worked on with."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from rtvol.batch.pages import PageMaking
from rtvol.batch.pool import Limits
from rtvol.dvh.goals import GoalSet, parse_goal, read_goals
from rtvol.errors import InputError
from rtvol.names.aliases import Alias
from rtvol.names.definitions import Definition
from rtvol.recipe.model import Targets
from rtvol.recipe.units import megabytes_of, seconds_of
from rtvol.verbs.derive import DeriveJob
from rtvol.verbs.dose_volume import DvhJob
from rtvol.verbs.expand import ExpandJob
from rtvol.verbs.study import StudyJob
from rtvol.verbs.terms import Terms, parse_linear

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rtvol.recipe.model import Recipe


def study_job(recipe: Recipe, *, hide: bool = False) -> StudyJob:
    """Return what a recipe asks of every case; `hide`: nothing that names a file is on a page."""
    return StudyJob(
        aliases=tuple(Alias(name, tuple(words)) for name, words in recipe.names.items()),
        expand=None if recipe.targets is None else target_job(recipe, hide=hide),
        derive=derive_job(recipe, hide=hide) if recipe.derive else None,
        dvh=None if recipe.dvh is None else dvh_job(recipe),
        with_curves="curves" in recipe.output.write,
        page=page_making(recipe, hide=hide) if recipe.output.report else None,
    )


def page_making(recipe: Recipe, *, hide: bool = False) -> PageMaking:
    """Return how pages of a recipe's cases are made."""
    said = recipe.model_dump(mode="json", by_alias=True, exclude_defaults=True, exclude={"limits"})
    return _making(recipe.targets, said, hide=hide)


def making_of(document: Mapping[str, Any]) -> PageMaking:
    """Return how pages are made of results with the recipe they have on record.

    Raises
    ------
    InputError
        `output-unreadable` when it is no recipe.
    """
    try:
        asked = document.get("targets")
        targets = None if asked is None else Targets.model_validate(asked)
    except ValidationError as error:
        seen = "its recipe is not as rtvol writes it"
        raise InputError("output-unreadable", where="recipe", seen=seen) from error
    return _making(targets, document)


def _making(targets: Targets | None, said: Mapping[str, Any], *, hide: bool = False) -> PageMaking:
    settings = ("Settings", json.dumps(said))
    if targets is None:
        return PageMaking((settings,), hide=hide)
    recipe = targets.recipe()
    return PageMaking((("Recipe", str(recipe)), settings), recipe, hide=hide)


def target_job(recipe: Recipe, *, hide: bool = False) -> ExpandJob:
    """Return the targets a recipe asks for; `hide` as for `study_job`.

    Raises
    ------
    ValueError
        It asks for none.
    """
    targets, write = recipe.targets, recipe.output.write
    if targets is None:
        raise ValueError("the recipe has no section [targets]")
    return ExpandJob(
        targets.recipe(),
        gtvs=tuple(targets.CTV.from_),
        itv=tuple(targets.CTV.itv),
        write=tuple(kind for kind in ("rtstruct", "nifti") if kind in write),
        label=recipe.output.label,
        into=recipe.output.into,
        skip_missing=recipe.on_missing_roi == "skip",
        page=page_making(recipe, hide=hide) if recipe.output.report else None,
    )


def derive_job(recipe: Recipe, *, hide: bool = False) -> DeriveJob:
    """Return the structures a recipe defines, and what isodoses are of; `hide` as `study_job`.

    Raises
    ------
    UsageError
        `bad-call` where it defines none.
    """
    write, doses = recipe.output.write, recipe.dvh.dose if recipe.dvh else ()
    return DeriveJob(
        tuple(Definition(name, text) for name, text in recipe.derive.items()),
        write=tuple(kind for kind in ("rtstruct", "nifti") if kind in write),
        label=recipe.output.label,
        into=recipe.output.into,
        spacing_mm=recipe.output.derived_spacing_mm,
        doses=tuple(map(Path, doses)),
        terms=Terms(prescription_gy=recipe.prescription.dose_gy),
        skip_missing=recipe.on_missing_roi == "skip",
        page=page_making(recipe, hide=hide) if recipe.output.report else None,
    )


def dvh_job(recipe: Recipe) -> DvhJob:
    """Return what a recipe asks about doses.

    Raises
    ------
    ValueError
        It asks nothing about them.
    """
    dvh, given = recipe.dvh, recipe.prescription
    if dvh is None:
        raise ValueError("the recipe has no section [dvh]")
    return DvhJob(
        rois=tuple(dvh.rois),
        metrics=tuple(dvh.metrics),
        doses=tuple(map(Path, dvh.dose)),
        add=None if dvh.sum == "none" else dvh.sum,
        alpha_beta=tuple(given.alpha_beta_gy.items()),
        sampling=dvh.sampling(with_curves=recipe.output.report or "curves" in recipe.output.write),
        terms=Terms(
            prescription_gy=given.dose_gy,
            fractions=given.fractions,
            axis=dvh.axis,
            linear_from=parse_linear(given.lql),
            goals=_goal_sets(dvh.goals),
            target=dvh.target,
        ),
        skip_missing=recipe.on_missing_roi != "fail",
        dose_unit=dvh.dose_unit,
    )


def limits_of(recipe: Recipe, jobs: int) -> Limits:
    """Return what each case may cost."""
    own = recipe.limits
    return Limits(jobs, seconds_of(own.timeout), megabytes_of(own.memory), own.retries)


def of_results(recipe: Recipe) -> dict[str, Any]:
    """Return the part of a recipe that results depend on, goal sets by their contents."""
    document = recipe.document()
    del document["limits"], document["title"], document["send"]
    if recipe.dvh is not None:
        document["dvh"]["goals"] = [_goal_document(one) for one in _goal_sets(recipe.dvh.goals)]
    return document


def _goal_document(wanted: GoalSet) -> dict[str, Any]:
    return {
        "title": wanted.title,
        "fractions": wanted.fractions,
        "goals": [[goal.text, goal.priority, goal.source, goal.table] for goal in wanted.goals],
        "verified": [goal.verified for goal in wanted.goals],
        "prescribed_gy": [goal.prescribed_gy for goal in wanted.goals],
        "names": {name: list(others) for name, others in wanted.names.items()},
    }


def _goal_sets(words: list[str]) -> tuple[GoalSet, ...]:
    """Return sets of goals: those named, and one of those written in the recipe itself."""
    own = [parse_goal(word) for word in words if any(sign in word for sign in "<>")]
    sets = [read_goals(word) for word in words if not any(sign in word for sign in "<>")]
    if own:
        sets.append(GoalSet("recipe", tuple(own), None, {}))
    return tuple(sets)
