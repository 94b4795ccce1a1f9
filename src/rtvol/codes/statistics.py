"""Codes of the statistics: calls that have no answer, and what to know beside one."""

from __future__ import annotations

from rtvol.codes.kinds import Code

CODES: dict[str, Code] = {
    "bad-times": Code(
        "usage",
        "a time, an entry or a horizon is not a finite number >= 0",
        "correct the rows, or leave them out and say so",
    ),
    "bad-events": Code(
        "usage",
        "an event is neither 0 nor 1, or no code of a cause",
        "code events as 1 and censored as 0; competing causes as 1, 2 and so on",
    ),
    "bad-level": Code(
        "usage",
        "a confidence level does not lie between 0 and 1",
        "0.95 means 95 %",
    ),
    "lengths-differ": Code(
        "usage",
        "columns of one analysis differ in length",
        "give one value per row in each",
    ),
    "missing-label": Code(
        "usage",
        "a row has no group, stratum or cluster",
        "leave out the rows whose label is not known, and count them",
    ),
    "no-observations": Code(
        "usage",
        "no row is left to analyse",
        "check entry and exit: same origin, same unit",
    ),
    "no-events": Code(
        "usage",
        "nothing happened, so there is nothing to test or fit",
        "report the counts with exact limits",
    ),
    "too-few-rows": Code(
        "usage",
        "so few rows with so many ties that a test has no variance",
        "report the counts",
    ),
    "one-group": Code(
        "usage",
        "all rows belong to one group",
        "a comparison needs rows in two groups at least",
    ),
    "unordered-groups": Code(
        "usage",
        "a trend was asked for over groups without an order",
        "give ordered groups as numbers, 0, 1, 2 and so on",
    ),
    "bad-covariates": Code(
        "usage",
        "covariates of a model are missing, constant, text or combinations of each other",
        "give finite numbers that vary, complete rows only, a distinct name per column",
    ),
    "no-finite-maximum": Code(
        "usage",
        "a covariate separates the events: its hazard ratio grows without end",
        "use firth_cox, or report the counts",
    ),
    "no-convergence": Code(
        "usage",
        "no maximum of the penalised likelihood was found",
        "fit fewer covariates, or report the counts",
    ),
    "few-clusters": Code(
        "usage",
        "fewer clusters with information than coefficients",
        "fit fewer covariates, or without clusters and say so",
    ),
    "bad-counts": Code(
        "usage",
        "counts, samples or p-values that a test cannot take",
        "give whole counts, finite values, groups that are not empty",
    ),
    "no-cut": Code(
        "usage",
        "no cut-point leaves enough rows on both sides",
        "the covariate has too few values to be cut; compare its levels",
    ),
    "bad-model": Code(
        "usage",
        "the test does not apply to this kind of model",
        "test proportional hazards on a fit by cox",
    ),
    "few-events": Code(
        "warn",
        "fewer than five events for each coefficient",
        "fit fewer covariates, or use firth_cox",
    ),
    "delayed-entry": Code(
        "usage",
        "the quantity has no plain meaning for left-truncated data",
        "take the time from entry as origin",
    ),
    "entry-not-before-exit": Code(
        "warn",
        "rows that enter at or after their exit are left out",
        "check that entry and exit count from the same origin in the same unit",
    ),
    "curve-ends-early": Code(
        "warn",
        "a left-truncated curve fell to 0 before all had entered",
        "report the curve from a later time on, given survival to then",
    ),
}
