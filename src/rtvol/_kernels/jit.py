"""How every kernel is compiled: one policy, one place; and numba without what it needs not load."""

from __future__ import annotations

import sys
from typing import Any

from rtvol._kernels.kept import kept_in, own_folder

# Numba looks for `coverage` to report lines to, which costs a tenth of its start; a process that
# measures coverage has it loaded before.
_ABSENT = "coverage" not in sys.modules
if _ABSENT:
    sys.modules["coverage"] = None  # type: ignore[assignment]
try:
    import numba.misc.coverage_support
    from numba import config, njit
    from numba.np import linalg
finally:
    if _ABSENT:
        del sys.modules["coverage"]

# Its array functions load scipy.linalg, a third of the start, to see whether there is a BLAS. No
# kernel here calls one; where others do, numba looks for it again.
_ensure_blas = linalg.ensure_blas
linalg.ensure_blas = lambda: None
try:
    import numba.np.arraymath  # noqa: F401
finally:
    linalg.ensure_blas = _ensure_blas

# Numba finds the first three places by itself; without any it refuses to compile.
_kept = kept_in()
if _kept is not None and _kept == own_folder():
    config.CACHE_DIR = str(_kept)  # type: ignore[attr-defined]

__all__ = ["JIT", "njit"]

#: Cached between runs, where a folder can be written; the interpreter lock released, so that
#: cases and structures may share the cores; divisions as in numpy, because the default raises in
#: the middle of a kernel and its checks keep loops from being vectorised. Never parallel: on a
#: shared machine a parallel region waits for a whole scheduler slice at its end.
JIT: dict[str, Any] = {"cache": _kept is not None, "nogil": True, "error_model": "numpy"}
#: For kernels that neither make nor return an array: theirs need not be counted in and out. An
#: atomic count for each view of a row took more than half of the time of a small DVH. One that
#: makes an array does not compile; one that returns an array given to it would free it twice.
BARE: dict[str, Any] = {**JIT, "_nrt": False}
