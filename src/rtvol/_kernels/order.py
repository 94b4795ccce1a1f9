"""Sorting and searching, each in one form: numpy's are compiled anew for every kind of array."""

from __future__ import annotations

import numpy as np

from rtvol._kernels.jit import BARE, JIT, njit

#: Runs of this length are sorted by insertion, then merged.
_RUN = 16


@njit(**BARE)
def _merge(order, spare, keys, first, middle, end):
    """Merge the sorted halves of order[first:end], the first of two equal ones ahead."""
    for m in range(first, middle):
        spare[m] = order[m]
    left, right = first, middle
    for m in range(first, end):
        if left == middle:
            break
        if right < end and keys[order[right]] < keys[spare[left]]:
            order[m] = order[right]
            right += 1
        else:
            order[m] = spare[left]
            left += 1


@njit(**JIT)
def sort_by(order, keys):
    """Sort indices (n,) so that their float64 keys ascend, in place; equal ones stay in order."""
    n = order.size
    for first in range(0, n, _RUN):
        for m in range(first + 1, min(first + _RUN, n)):
            one, p = order[m], m
            while p > first and keys[one] < keys[order[p - 1]]:
                order[p] = order[p - 1]
                p -= 1
            order[p] = one
    spare, width = np.empty(n, np.int64), _RUN
    while width < n:
        for first in range(0, n - width, 2 * width):
            middle = first + width
            if keys[order[middle]] < keys[order[middle - 1]]:
                _merge(order, spare, keys, first, middle, min(middle + width, n))
        width *= 2


@njit(**BARE)
def count_below(nodes, at):
    """How many of ascending nodes lie below a place."""
    low, high = 0, nodes.size
    while low < high:
        middle = (low + high) // 2
        if nodes[middle] < at:
            low = middle + 1
        else:
            high = middle
    return low


@njit(**BARE)
def cell(nodes, at):
    """Index of the interval of ascending nodes that holds a place; the outermost beyond."""
    low, high = 0, nodes.size
    while low < high:
        middle = (low + high) // 2
        if nodes[middle] <= at:
            low = middle + 1
        else:
            high = middle
    return min(max(low - 1, 0), nodes.size - 2)
