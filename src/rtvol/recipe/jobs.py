"""Recipe -> what each case is worked on with."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rtvol.batch.pool import Limits
from rtvol.dvh.goals import GoalSet, parse_goal, read_goals
from rtvol.dvh.readings import Sampling
from rtvol.dvh.solids import Reading, parse_caps
from rtvol.margins import Clip, TargetRecipe, parse_margin
from rtvol.margins.recipe import Prv
from rtvol.names.aliases import Alias
from rtvol.verbs.dose_volume import DvhJob
from rtvol.verbs.expand import ExpandJob
from rtvol.verbs.study import StudyJob
from rtvol.verbs.terms import Terms

if TYPE_CHECKING:
    from rtvol.recipe.model import Dvh, Recipe, Targets


def study_job(recipe: Recipe) -> StudyJob:
    """Return what a recipe asks of every case."""
    targets, write = recipe.targets, recipe.output.write
    kinds = tuple(kind for kind in ("rtstruct", "nifti") if kind in write)
    return StudyJob(
        aliases=tuple(Alias(name, tuple(words)) for name, words in recipe.names.items()),
        expand=None
        if targets is None
        else ExpandJob(
            target_recipe(targets),
            write=kinds,
            label=recipe.output.label,
        ),
        gtvs=() if targets is None else tuple(targets.CTV.from_),
        dvh=None if recipe.dvh is None else _dvh_job(recipe, recipe.dvh),
        goals=() if recipe.dvh is None else _goal_sets(recipe.dvh.goals),
        skip_missing=recipe.on_missing_roi == "skip",
        with_curves="curves" in write,
    )


def target_recipe(targets: Targets) -> TargetRecipe:
    """Return the margins and clips of a recipe.

    Raises
    ------
    UsageError
        `large-margin`, `policy-conflict`.
    """
    large = targets.allow_large_margins
    return TargetRecipe(
        ctv=parse_margin(targets.CTV.margin_mm, allow_large=large),
        ptv=parse_margin(targets.PTV.margin_mm, allow_large=large),
        ptv_from="gtv" if targets.PTV.from_ == "GTV" else "ctv",
        avoid=_clips(targets.PTV.avoid),
        barrier=_clips(targets.CTV.barrier),
        inside=_clips(targets.CTV.inside),
        prvs=tuple(
            Prv(name, parse_margin(text, allow_large=large))
            for name, text in targets.prv_mm.items()
        ),
        policy=targets.policy,
        split=targets.split,
    )


def limits_of(recipe: Recipe, jobs: int) -> Limits:
    """Return what each case may cost."""
    from rtvol.recipe.model import megabytes_of, seconds_of

    own = recipe.limits
    return Limits(jobs, seconds_of(own.timeout), megabytes_of(own.memory), own.retries)


def of_results(recipe: Recipe) -> dict[str, Any]:
    """Return the part of a recipe that results depend on, goal sets by their contents."""
    document = recipe.document()
    del document["limits"], document["title"]
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


def _clips(gaps: dict[str, float]) -> tuple[Clip, ...]:
    return tuple(Clip(name, gap_mm) for name, gap_mm in gaps.items())


def _dvh_job(recipe: Recipe, dvh: Dvh) -> DvhJob:
    given = recipe.prescription
    return DvhJob(
        rois=tuple(dvh.rois),
        metrics=tuple(dvh.metrics),
        add=None if dvh.sum == "none" else dvh.sum,
        alpha_beta=tuple(given.alpha_beta_gy.items()),
        sampling=Sampling(
            reading=Reading(dvh.solid, parse_caps(dvh.caps)),
            interpolation=dvh.dose_interpolation,
            with_range=dvh.range,
            with_curves="curves" in recipe.output.write,
        ),
        terms=Terms(
            prescription_gy=given.dose_gy,
            fractions=given.fractions,
            axis=dvh.axis,
        ),
    )


def _goal_sets(words: list[str]) -> tuple[GoalSet, ...]:
    """Return sets of goals: those named, and one of those written in the recipe itself."""
    own = [parse_goal(word) for word in words if any(sign in word for sign in "<>")]
    sets = [read_goals(word) for word in words if not any(sign in word for sign in "<>")]
    if own:
        sets.append(GoalSet("recipe", tuple(own), None, {}))
    return tuple(sets)
