"""How every kernel is compiled: one policy, one place."""

from __future__ import annotations

from typing import Any

#: Cached between runs; the interpreter lock released, so that cases and structures may share the
#: cores; divisions as in numpy, because the default raises in the middle of a kernel and its
#: checks keep loops from being vectorised. Never parallel: on a shared machine a parallel region
#: waits for a whole scheduler slice at its end.
JIT: dict[str, Any] = {"cache": True, "nogil": True, "error_model": "numpy"}
