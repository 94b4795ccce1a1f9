"""Plain twins of the survival statistics: explicit sets, exact fractions, numeric derivatives.

Rows are tuples (entry, time, status); entry is -inf for rows seen from the origin.
"""

import math
from fractions import Fraction
from itertools import pairwise

#: Step of numeric first derivatives in coefficients and weights.
STEP = 1e-4


def at_risk(rows, t):
    """Indices of the rows at risk at t."""
    return [i for i, (entry, time, _) in enumerate(rows) if entry < t <= time]


def failing(rows, t, cause=None):
    """Indices of the rows that fail at t, from one cause or from any."""
    return [
        i
        for i, (_, time, status) in enumerate(rows)
        if time == t and (status == cause if cause is not None else status > 0)
    ]


def event_times(rows):
    return sorted({time for _, time, status in rows if status > 0})


def survival(rows, t, weights=None):
    """Product-limit S(t); exact fractions when the weights are whole numbers."""
    w = weights or [1] * len(rows)
    s = Fraction(1)
    for u in event_times(rows):
        if u <= t:
            risk = sum(w[i] for i in at_risk(rows, u))
            dead = sum(w[i] for i in failing(rows, u))
            s *= 1 - Fraction(dead) / Fraction(risk)
    return s


def incidence(rows, t, cause, weights=None):
    """Aalen-Johansen F(t) of one cause, in exact fractions."""
    w = weights or [1] * len(rows)
    free, total = Fraction(1), Fraction(0)
    for u in event_times(rows):
        if u <= t:
            risk = Fraction(sum(w[i] for i in at_risk(rows, u)))
            total += free * Fraction(sum(w[i] for i in failing(rows, u, cause))) / risk
            free *= 1 - Fraction(sum(w[i] for i in failing(rows, u))) / risk
    return total


def jackknife(function, rows, clusters):
    """Infinitesimal jackknife by its definition: derivatives with respect to the weights.

    `function(weights)` is differentiated by exact central differences of a tiny step; the
    derivatives of the rows of a cluster are added, their squares summed.
    """
    step = Fraction(1, 10**9)
    moved = {}
    for i in range(len(rows)):
        up = [Fraction(1)] * len(rows)
        down = [Fraction(1)] * len(rows)
        up[i] += step
        down[i] -= step
        slope = (function(up) - function(down)) / (2 * step)
        moved[clusters[i]] = moved.get(clusters[i], 0) + slope
    return math.sqrt(sum(float(value) ** 2 for value in moved.values()))


def restricted_mean(rows, horizon, weights=None):
    """Area under S from 0 to the horizon, step by step."""
    edges = [0.0, *[t for t in event_times(rows) if t < horizon], horizon]
    return sum(survival(rows, a, weights) * Fraction(b - a) for a, b in pairwise(edges))


def logrank_two_groups(rows, group):
    """Log-rank chi-square of groups 0 and 1 from one 2 x 2 table per event time, exact."""
    excess, variance = Fraction(0), Fraction(0)
    for t in event_times(rows):
        risk, dead = at_risk(rows, t), failing(rows, t)
        n, n1 = len(risk), sum(group[i] for i in risk)
        d, d1 = len(dead), sum(group[i] for i in dead)
        excess += d1 - Fraction(d * n1, n)
        if n > 1:
            variance += Fraction(d * n1 * (n - n1) * (n - d), n * n * (n - 1))
    return float(excess**2 / variance)


def partial_likelihood(rows, predictor, *, ties="efron", weights=None):
    """Log partial likelihood; predictor(i, t) is the linear predictor of row i at time t.

    With weights, tied failures share their mean weight (as R's coxph).
    """
    w = weights or [1.0] * len(rows)
    total = 0.0
    for t in event_times(rows):
        risk, dead = at_risk(rows, t), failing(rows, t)
        whole = sum(w[i] * math.exp(predictor(i, t)) for i in risk)
        gone = sum(w[i] * math.exp(predictor(i, t)) for i in dead)
        mean_weight = sum(w[i] for i in dead) / len(dead)
        for k, i in enumerate(dead):
            part = k / len(dead) if ties == "efron" else 0.0
            total += w[i] * predictor(i, t) - mean_weight * math.log(whole - part * gone)
    return total


def linear(x, coef):
    """Predictor of constant coefficients."""
    return lambda i, _: sum(b * v for b, v in zip(coef, x[i], strict=True))


def gradient(function, at, step=STEP):
    """Central differences of fourth order."""
    slopes = []
    for j in range(len(at)):

        def moved(h, j=j):
            return function([v + h * (k == j) for k, v in enumerate(at)])

        slopes.append(
            (8 * (moved(step) - moved(-step)) - (moved(2 * step) - moved(-2 * step))) / (12 * step)
        )
    return slopes


def hessian(function, at, step=1e-3):
    """Gradient of the gradient."""
    return [
        gradient(lambda point, j=j: gradient(function, point, step)[j], at, step)
        for j in range(len(at))
    ]


def score_by_row(rows, x, coef):
    """Derivative of the score with respect to the weight of each row: its score residual."""

    def score(weights):
        return gradient(
            lambda b: partial_likelihood(rows, linear(x, b), weights=weights), list(coef), 1e-3
        )

    residuals = []
    for i in range(len(rows)):
        up, down = ([1.0 + h * (k == i) for k in range(len(rows))] for h in (1e-4, -1e-4))
        residuals.append([(a - b) / 2e-4 for a, b in zip(score(up), score(down), strict=True)])
    return residuals
