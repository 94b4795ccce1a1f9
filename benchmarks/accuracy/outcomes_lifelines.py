"""lifelines on the same data and reference values, where it can answer."""

from __future__ import annotations

import warnings
from importlib.metadata import version
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import numpy as np

from outcomes_r import Row, apart, numbers

if TYPE_CHECKING:
    from collections.abc import Iterator


def lifelines_version() -> str:
    """Version, or nothing when it is not installed."""
    return version("lifelines") if find_spec("lifelines") else ""


def frame_of(data: dict[str, Any]) -> Any:
    """Rows of a case as lifelines takes them, and the names of the covariates."""
    import pandas as pd

    frame = pd.DataFrame(np.array(data["x"], dtype=float))
    frame.columns = names = [f"x{j}" for j in range(frame.shape[1])]
    for column in ("time", "event", "entry", "cluster", "stratum"):
        if column in data:
            frame[column] = data[column]
    return frame, names


def survival_rows(case: str, data: dict[str, Any], r: dict[str, Any]) -> Iterator[Row]:
    """Kaplan-Meier and log-rank."""
    from lifelines import KaplanMeierFitter
    from lifelines.statistics import multivariate_logrank_test

    time, event = numbers(data["time"]), numbers(data["event"])
    entry = numbers(data["entry"]) if "entry" in data else None
    km = KaplanMeierFitter().fit(time, event, entry=entry)
    ours = km.survival_function_at_times(r["curve"]["time"]).to_numpy()
    yield Row("S(t)", case, "S", apart(ours, r["curve"]["survival"], relative=False))
    if entry is None:
        test = multivariate_logrank_test(time, data["group"], event)
        yield Row("log-rank", case, "plain", apart(test.test_statistic, r["ranks"]["logrank"][0]))


def cox_rows(case: str, data: dict[str, Any], r: dict[str, Any]) -> Iterator[Row]:
    """Cox, its cluster-robust errors, and the test of proportional hazards."""
    from lifelines import CoxPHFitter
    from lifelines.statistics import proportional_hazard_test

    frame, names = frame_of(data)
    entry = {"entry_col": "entry"} if "entry" in data else {}
    columns = [*names, "time", "event", *entry.values()]
    plain = CoxPHFitter().fit(frame[columns], "time", "event", **entry)
    theirs = r["cox"]["plain"]
    yield Row("Cox", case, "coef", apart(plain.params_[names], theirs["coef"]))
    yield Row("Cox", case, "se", apart(plain.standard_errors_[names], theirs["se"]))
    if not entry:
        ph = proportional_hazard_test(plain, frame[columns], time_transform="km")
        yield Row(
            "PH test",
            case,
            "terms",
            apart(ph.summary["test_statistic"], theirs["ph"][: len(names)]),
        )
    if "cluster" in data:
        fit = CoxPHFitter().fit(
            frame[[*columns, "cluster"]], "time", "event", cluster_col="cluster", **entry
        )
        errors = apart(fit.standard_errors_[names], r["cox"]["cluster"]["robust_se"])
        yield Row("Cox by cluster", case, "se", errors)


def incidence_rows(case: str, r: dict[str, Any]) -> Iterator[Row]:
    """Aalen-Johansen; lifelines moves tied times at random, so each is read midway to the next."""
    from lifelines import AalenJohansenFitter

    data = r["data"]
    for cause in (1, 2):
        fit = AalenJohansenFitter(seed=1, calculate_variance=False)
        fit.fit(numbers(data["time"]), numbers(data["status"]).astype(int), event_of_interest=cause)
        curve = fit.cumulative_density_.iloc[:, 0]
        time = numbers(r["time"])
        midway = np.append((time[:-1] + time[1:]) / 2, np.inf)
        at = np.searchsorted(curve.index.to_numpy(), midway) - 1
        error = apart(curve.to_numpy()[at], r[f"incidence{cause}"], relative=False)
        yield Row("CIF", case, f"cause {cause}", error)


def compare_lifelines(reference: dict[str, Any]) -> list[Row]:
    """Compare what lifelines offers with R's values."""
    rows: list[Row] = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # its own, about ties and few events
        for case, r in reference["survival"].items():
            rows += survival_rows(case, r["data"], r)
            rows += cox_rows(case, r["data"], r)
        for case, r in reference["competing"].items():
            rows += incidence_rows(case, r)
    return rows
