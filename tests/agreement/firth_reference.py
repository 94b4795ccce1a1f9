"""Write firth_reference.json: data, and what firthmodels makes of them.

    python tests/agreement/firth_reference.py > tests/agreement/firth_reference.json

Needs firthmodels and scikit-learn, which are not in requirements.lock: R's coxphf is in no Debian
package, and this is the other program that fits Firth's Cox model with profile limits.
"""

from __future__ import annotations

import json
import sys
from importlib.metadata import version

import numpy as np
from firthmodels import FirthCoxPH

TIGHT = {"gtol": 1e-6, "xtol": 1e-7, "max_iter": 500, "max_halfstep": 30}


def make(seed, n, step, columns):
    """Rows in which the first covariate, 0 or 1, has events on one side only."""
    random = np.random.default_rng(seed)
    x = np.column_stack([random.integers(0, 2, n), random.normal(2.4, 1.2, n).round(2)])[
        :, :columns
    ]
    time = np.ceil(random.exponential(12, n) / step) * step
    event = (random.uniform(size=n) < 0.5).astype(int)
    if columns < 3:
        event[x[:, 0] == 0] = 0
    return x, time, event


def describe(x, time, event):
    """Fit, and read off what is compared."""
    fit = FirthCoxPH(backend="numpy", **TIGHT).fit(x, (event.astype(bool), time))
    fit.lrt()
    limits = fit.conf_int(method="pl", max_iter=500, tol=1e-10)
    return {
        "x": x.tolist(),
        "time": time.tolist(),
        "event": event.tolist(),
        "coef": fit.coef_.tolist(),
        "se": fit.bse_.tolist(),
        "log_likelihood": float(fit.loglik_),
        "lower": limits[:, 0].tolist(),
        "upper": limits[:, 1].tolist(),
        "p": np.asarray(fit.lrt_pvalues_).tolist(),
    }


def main():
    """Write the reference."""
    cases = {
        "one covariate": describe(*make(1, 40, 1, 1)),
        "two covariates": describe(*make(2, 60, 1, 2)),
        "many ties": describe(*make(3, 50, 6, 2)),
        "few events": describe(*make(4, 14, 1e-3, 2)),
    }
    json.dump({"firthmodels": version("firthmodels"), "cases": cases}, sys.stdout)
    sys.stdout.write("\n")


if __name__ == "__main__":
    main()
