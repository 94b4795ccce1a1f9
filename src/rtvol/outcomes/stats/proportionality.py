"""Whether hazards are proportional: the score test against coefficients that change with time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from rtvol.errors import UsageError
from rtvol.outcomes.stats.partial import likelihood, risk_sets
from rtvol.outcomes.stats.ranktests import chi_square
from rtvol.outcomes.stats.regression import METHOD
from rtvol.outcomes.stats.results import PHTest
from rtvol.outcomes.stats.survival import kaplan_meier

if TYPE_CHECKING:
    from rtvol.outcomes.stats.arrays import FloatArray
    from rtvol.outcomes.stats.observations import Observations
    from rtvol.outcomes.stats.results import CoxFit

#: Information on a change with time, against that on the coefficient, that is round-off only.
SPREAD_LEFT = 1e-10


def ph_test(fit: CoxFit) -> PHTest:
    """Test the proportional hazards of a model fitted by `cox`.

    The score test of adding x g(t) to the model, with g(t) = 1 - KM(t-) of all rows together, as
    R's cox.zph of survival 3.0 and later; not the approximation by residuals of before
    (Grambsch and Therneau 1994). Model-based: clusters of the fit are not taken into account.

    Raises
    ------
    UsageError
        `bad-model` for a Firth fit, which is no maximum of the likelihood; `no-events` when all
        events fall on one time, so that nothing can change with time.
    """
    if fit.method != METHOD:
        raise UsageError(
            "bad-model",
            seen=f"a fit by {fit.method}",
            mend="test proportional hazards on a fit by cox",
        )
    spread = fit.design.std(axis=0)
    design = (fit.design - fit.design.mean(axis=0)) / spread
    sets = risk_sets(fit.sample, fit.strata, "efron")
    at = likelihood(sets, design, fit.coef * spread)
    clock = _clock(fit.sample, sets.times)[sets.moment]
    clock = clock - clock.mean()
    score = clock @ (design[sets.failures] - at.mean)
    cross = np.einsum("m,mjk->jk", clock, at.variance)
    own = np.einsum("m,mjk->jk", clock**2, at.variance)
    # what is left of the information on the change once the coefficients are fitted
    left = own - cross @ np.linalg.solve(at.information, cross)
    if np.linalg.eigvalsh(left)[0] <= SPREAD_LEFT * np.linalg.eigvalsh(at.information)[0]:
        raise UsageError(
            "no-events",
            seen="too few event times to see a change with time",
            mend="report that proportional hazards cannot be tested",
        )
    terms = {
        term.name: chi_square(
            "proportional hazards (score)", float(score[j] ** 2 / left[j, j]), 1, fit.sample
        )
        for j, term in enumerate(fit.terms)
    }
    overall = float(score @ np.linalg.solve(left, score))
    name = "proportional hazards (score, global)"
    return PHTest(terms, chi_square(name, overall, score.size, fit.sample))


def _clock(sample: Observations, times: FloatArray) -> FloatArray:
    """Return 1 - KM just before each time."""
    curve = kaplan_meier(sample.time, sample.status, entry=sample.entry if sample.delayed else None)
    before = np.concatenate([[1.0], curve.survival])
    return 1.0 - before[np.searchsorted(curve.time, times, side="left")]
