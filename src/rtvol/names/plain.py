"""When two names are one, and when a pattern fits a name: the same everywhere."""

from __future__ import annotations

import re
import unicodedata
from fnmatch import fnmatchcase

#: A name with one of these is a pattern, unless an ROI bears it as its name.
PATTERN_SIGNS = "*?["
#: A text with one of these is an expression, unless an ROI bears it as its name.
EXPRESSION_SIGNS = "+-&\"'()"
#: Of these, the signs that are no separators within a name.
_JOINING_SIGNS = "+-&\"'"
_SEPARATORS = re.compile(r"[\s_.-]+")


def plain(name: str) -> str:
    """Return a name without case, separators and typographic variants."""
    return _SEPARATORS.sub("", unicodedata.normalize("NFKC", name).casefold())


def is_pattern(text: str) -> bool:
    """Whether a text may be a pattern, if no ROI bears it as its name."""
    return any(sign in text for sign in PATTERN_SIGNS)


def is_expression(text: str) -> bool:
    """Whether a text may be an expression, if no ROI bears it as its name."""
    return any(sign in text for sign in EXPRESSION_SIGNS)


def is_one_word(name: str) -> bool:
    """Whether a name holds no sign that would join two."""
    return not any(sign in name for sign in _JOINING_SIGNS)


def fits(pattern: str, name: str) -> bool:
    """Whether a name or glob pattern means a name; case is ignored."""
    wanted, given = pattern.casefold(), name.casefold()
    return wanted == given or fnmatchcase(given, wanted)
