"""The register of finding codes as a page of the documentation."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rtvol.codes.kinds import Code

_HEAD = """# Finding codes

Every finding and every error of rtvol carries one of these codes. They stay as they are: scripts
may ask for them. This page is made by `make codes` from the register in `src/rtvol/codes`; the
same is shown by `rtvol help codes`.

| verdict | means |
| --- | --- |
| note | nothing to look at: what was left out on purpose is said once, the case stays accepted |
| warn | the numbers stand, and the finding stands beside them; or the part named is not used |
| reject | no number of this case, or of this structure |
| usage | the call is wrong; nothing was read |
| refused | nothing could be read or written |

A verdict is the usual one. What is a warning for a case (a dose that is not used) is the reason why
there is no number for whoever asks for just that (its DVH)."""


def page_of(groups: Mapping[str, Mapping[str, Code]]) -> str:
    """Return the codes as Markdown, one table per group, in the order of their names."""
    parts = [_HEAD]
    for title, codes in groups.items():
        rows = [
            f"| `{name}` | {code.verdict} | {code.meaning} | {code.mend} |"
            for name, code in sorted(codes.items())
        ]
        columns = ["| code | verdict | meaning | mend |", "| --- | --- | --- | --- |"]
        head = ["", f"## {title}", "", *columns]
        parts += [*head, *rows]
    return "\n".join(parts)
