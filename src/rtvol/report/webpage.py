"""One self-contained HTML page: template, styles, scripts and data inside, nothing fetched.

Texts reach a page in two ways: through the template, which escapes them, or as JSON that no script
element can end (`json_text`). A policy in the page's head lets only the scripts and styles run that
were put in here, by their hashes.
"""

from __future__ import annotations

import base64
import hashlib
import json
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from rtvol.errors import ExtraMissing
from rtvol.report.pack import squeeze
from rtvol.version import __version__

if TYPE_CHECKING:
    from collections.abc import Mapping

#: Libraries in `vendor`, with whose work it is (THIRD_PARTY.md).
UPLOT, UPLOT_CSS, NIIVUE = "uPlot.iife.min.js", "uPlot.min.css", "niivue.umd.js"
LICENCES = {"uPlot 1.6.32": "uPlot.LICENSE", "niivue 0.69.0": "niivue.LICENSE"}


@dataclass(frozen=True)
class PageParts:
    """What a page is made of.

    Attributes
    ----------
    template
        A template of `web` that extends `base.html.j2`.
    styles, scripts
        Files of `web` or `vendor`, in their order.
    late
        Scripts by the name under which the page's own scripts start them when they are needed:
        they lie in the page compressed.
    """

    template: str
    styles: tuple[str, ...] = ("page.css",)
    scripts: tuple[str, ...] = ()
    late: Mapping[str, str] = field(default_factory=dict)


def make_page(
    parts: PageParts, words: Mapping[str, Any], data: object, packed: Mapping[str, str]
) -> str:
    """Return the page.

    Parameters
    ----------
    parts
        Its template, styles and scripts.
    words
        What the template shows; `title` is needed.
    data
        What its scripts read (`rtvolPage.data`): any JSON.
    packed
        Texts of `rtvol.report.pack` by name.

    Raises
    ------
    ExtraMissing
        jinja2 is not installed.
    """
    environment = _environment()
    styles = [asset(name) for name in parts.styles]
    scripts = ['"use strict";\n' + asset(name) for name in parts.scripts]
    late = {name: _late(file) for name, file in parts.late.items()}
    page: str = environment.get_template(parts.template).render(
        **words,
        version=__version__,
        policy=policy(styles, [*scripts, *(asset(file) for file in parts.late.values())]),
        styles=styles,
        scripts=scripts,
        data=json_text(data),
        packed={**packed, **late},
        licences={name: asset(file) for name, file in LICENCES.items()},
    )
    return page + "\n"


def json_text(data: object) -> str:
    """Return JSON that is safe within a script element: ASCII, and no `<` in it.

    Raises
    ------
    ValueError
        A number is NaN or infinite.
    """
    text = json.dumps(data, allow_nan=False, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def policy(styles: list[str], scripts: list[str]) -> str:
    """Return the Content-Security-Policy: these styles and scripts, pictures inside, no network."""
    rules = {
        "default-src": ["'none'"],
        "script-src": [_hash(text) for text in scripts] or ["'none'"],
        "style-src": [_hash(text) for text in styles] or ["'none'"],
        "img-src": ["data:", "blob:"],
        "base-uri": ["'none'"],
        "form-action": ["'none'"],
    }
    return "; ".join(f"{name} {' '.join(sources)}" for name, sources in rules.items())


@cache
def asset(name: str) -> str:
    """Return a file of `web` or `vendor` as text."""
    room = files("rtvol.report")
    own = room / "web" / name
    return (own if own.is_file() else room / "vendor" / name).read_text(encoding="utf-8")


@cache
def _late(name: str) -> str:
    return squeeze(asset(name).encode())


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


@cache
def _environment() -> Any:
    try:
        from jinja2 import Environment, PackageLoader, StrictUndefined
    except ImportError as error:
        raise ExtraMissing(
            "extra-missing",
            where="report",
            seen="jinja2 is not installed",
            mend='pip install "rtvol[report]"',
        ) from error
    return Environment(
        loader=PackageLoader("rtvol.report", "web"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
