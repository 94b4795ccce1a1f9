"""Reading recipes: layers laid over one another, and all that is wrong at once, by line."""

from __future__ import annotations

import os
import re
import tomllib
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

from rtvol.errors import UsageError
from rtvol.files import toml_value
from rtvol.recipe.flags import OF_THE_FILE

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from pydantic import BaseModel

    from rtvol.recipe.model import Recipe

#: Where a value can be from, strongest first.
ORIGINS = ("flag", "environment", "recipe", "user file", "default")
PREFIX = "RTVOL_"
#: How the variables that are settings go on after it; others are not looked at.
SECTIONS = ("ON_MISSING", "PRESCRIPTION", "TARGETS", "DERIVE", "DVH", "OUTPUT", "SEND", "LIMITS")
NEAR_KEYS = 3
_HEADER = re.compile(r"\s*\[\s*([^\[\]]+?)\s*\]\s*(?:#.*)?$")
_KEY = re.compile(
    r"""\s*((?:[A-Za-z0-9_-]+|"[^"]*"|'[^']*')(?:\s*\.\s*(?:[A-Za-z0-9_-]+|"[^"]*"|'[^']*'))*)\s*="""
)
_PART = re.compile(r"""[A-Za-z0-9_-]+|"[^"]*"|'[^']*'""")

Path_ = tuple[str, ...]


@dataclass(frozen=True)
class Resolved:
    """A recipe and where each of its values is from.

    Attributes
    ----------
    recipe
        The recipe.
    origins
        By path (`limits.timeout`): one of `ORIGINS`, in words.
    """

    recipe: Recipe
    origins: Mapping[str, str]

    def lines(self) -> Iterator[tuple[str, str, str]]:
        """Yield path, value as TOML and origin of every setting."""
        for path, value in leaves(self.recipe.document()):
            name = ".".join(path)
            yield name, toml_value(value), origin_of(name, self.origins) or "default"


def user_file() -> Path:
    """Where a user's own defaults may be: RTVOL_CONFIG, or recipe.toml in the config folder."""
    named = os.environ.get("RTVOL_CONFIG")
    if named:
        return Path(named)
    base = os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config"
    return Path(base) / "rtvol" / "recipe.toml"


def read_recipe(
    path: Path,
    *,
    flags: Mapping[str, Any] | None = None,
    environment: Mapping[str, str] | None = None,
) -> Resolved:
    """Read a recipe with everything that is laid over and under it.

    Parameters
    ----------
    path
        The recipe file.
    flags
        Settings of the call by dotted path.
    environment
        Variables; those of this process when None.

    Raises
    ------
    UsageError
        `bad-recipe`: everything that is wrong, one line each, with line number and path.
    """
    from pydantic import ValidationError

    from rtvol.recipe.model import Recipe

    text = _text(path)
    own = _parsed(text, path)
    below = user_file()
    layers: list[tuple[str, Mapping[str, Any]]] = []
    if below.is_file():
        under = _parsed(_text(below), below)
        under.pop("schema", None)
        layers.append((f"user file {below.name}", under))
    layers.append(("recipe", own))
    layers.append(
        ("environment", _from_environment(os.environ if environment is None else environment))
    )
    layers.append(("flag", _nested(flags or {})))
    merged, origins = lay(layers)
    try:
        recipe = Recipe.model_validate(merged)
    except ValidationError as error:
        places = line_numbers(text)
        found = sorted(error.errors(), key=lambda one: _line(one["loc"], places) or 0)
        wrong = [_sentence(one, places, origins) for one in found]
        raise UsageError("bad-recipe", where=path.name, seen="\n".join(wrong)) from None
    return Resolved(recipe, origins)


def lay(layers: Sequence[tuple[str, Mapping[str, Any]]]) -> tuple[dict[str, Any], dict[str, str]]:
    """Lay tables over one another, weakest first; also say from where each value is.

    Tables are joined key by key, other values replaced. A table of one value that a stronger
    layer gives whole (a margin in six directions) is joined too.
    """
    merged: dict[str, Any] = {}
    origins: dict[str, str] = {}
    for origin, table in layers:
        for path, value in leaves(table):
            _put(merged, path, value)
            prefix = ".".join(path)
            for name in list(origins):
                if name.startswith(f"{prefix}.") or prefix.startswith(f"{name}."):
                    del origins[name]  # what was there is replaced
            origins[prefix] = origin
    return merged, origins


def leaves(table: Mapping[str, Any], above: Path_ = ()) -> Iterator[tuple[Path_, Any]]:
    """Yield path and value of everything in nested tables; an empty table is a value."""
    for key, value in table.items():
        if isinstance(value, dict) and value:
            yield from leaves(value, (*above, key))
        else:
            yield (*above, key), value


def line_numbers(text: str) -> dict[Path_, int]:
    """Return the line on which each key and each table of a TOML text begins."""
    found: dict[Path_, int] = {}
    table: Path_ = ()
    for number, line in enumerate(text.splitlines(), start=1):
        if header := _HEADER.match(line):
            table = _parts(header[1])
            found.setdefault(table, number)
        elif key := _KEY.match(line):
            found.setdefault((*table, *_parts(key[1])), number)
    return found


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        seen = getattr(error, "strerror", None) or "not a text file"
        mend = "name a recipe file, or make one: rtvol recipe new FILE"
        raise UsageError("bad-recipe", where=str(path), seen=seen, mend=mend) from None


def _parsed(text: str, path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise UsageError("bad-recipe", where=path.name, seen=f"no TOML: {error}") from None


def _from_environment(environment: Mapping[str, str]) -> dict[str, Any]:
    """Return the settings that RTVOL_* variables give: RTVOL_LIMITS_TIMEOUT is limits.timeout."""
    known = {"_".join(path).upper(): path for path in setting_paths()}
    nested: dict[str, Any] = {}
    for name, text in sorted(environment.items()):
        if not name.startswith(tuple(PREFIX + section for section in SECTIONS)):
            continue
        path = known.get(name.removeprefix(PREFIX))
        if path is None:
            near = get_close_matches(name.removeprefix(PREFIX), known, n=NEAR_KEYS)
            mend = f"did you mean {', '.join(PREFIX + one for one in near)}?" if near else ""
            raise UsageError("bad-recipe", where=name, seen="no setting of a recipe", mend=mend)
        _put(nested, path, _value(text))
    return nested


def setting_paths() -> list[Path_]:
    """Paths of all settings that are one value, as RTVOL_* variables can give them."""
    from rtvol.recipe.model import Recipe

    file_keys = {(key,) for key in OF_THE_FILE}
    return [path for path in _settings_in(Recipe) if path not in file_keys]


def _settings_in(section: type[BaseModel], above: Path_ = ()) -> Iterator[Path_]:
    for name, field in section.model_fields.items():
        path = (*above, field.alias or name)
        inner = [one for one in (field.annotation, *get_args(field.annotation)) if _is_section(one)]
        if inner:
            yield from _settings_in(inner[0], path)
        else:
            yield path


def _is_section(annotation: Any) -> bool:
    from pydantic import BaseModel

    return isinstance(annotation, type) and issubclass(annotation, BaseModel)


def _value(text: str) -> Any:
    """Read a value as TOML has it, else as plain text."""
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text


def _nested(flat: Mapping[str, Any]) -> dict[str, Any]:
    nested: dict[str, Any] = {}
    for name, value in flat.items():
        _put(nested, tuple(name.split(".")), value)
    return nested


def _put(table: dict[str, Any], path: Path_, value: Any) -> None:
    for key in path[:-1]:
        inner = table.get(key)
        if not isinstance(inner, dict):
            inner = table[key] = {}
        table = inner
    table[path[-1]] = value


def _parts(text: str) -> Path_:
    return tuple(part.strip("\"'") for part in _PART.findall(text))


def _sentence(error: Any, places: Mapping[Path_, int], origins: Mapping[str, str]) -> str:
    """One line: where the error is, and what it is; near keys for one that is not known."""
    path = tuple(str(part) for part in error["loc"])
    shown, line = ".".join(path), _line(path, places)
    origin = origin_of(shown, origins)
    place = f"line {line}: " if line is not None and origin in {"recipe", ""} else ""
    if origin not in {"recipe", ""}:
        place = f"{origin}: "
    if error["type"] == "extra_forbidden":
        known = _keys_beside(path)
        near = get_close_matches(path[-1], known, n=NEAR_KEYS, cutoff=0.4) or known[:NEAR_KEYS]
        return f"{place}{shown} is not known; did you mean {', '.join(near)}?"
    if error["type"] == "missing":
        return f"{place}{shown} is missing"
    words = error["msg"].removeprefix("Value error, ")
    return f"{place}{shown}: {words}" if shown else f"{place}{words}"


def origin_of(name: str, origins: Mapping[str, str]) -> str:
    """Where a setting, or the first of what is in it, is from; empty for a default."""
    return next((by for one, by in origins.items() if f"{one}.".startswith(f"{name}.")), "")


def _line(loc: Sequence[object], places: Mapping[Path_, int]) -> int | None:
    path = tuple(str(part) for part in loc)
    return next((places[path[:n]] for n in range(len(path), 0, -1) if path[:n] in places), None)


def _keys_beside(path: Path_) -> list[str]:
    from rtvol.recipe.model import Recipe

    if len(path) == 1:
        return [field.alias or name for name, field in Recipe.model_fields.items()]
    paths = [*setting_paths(), ("targets", "CTV", ""), ("targets", "PTV", "")]
    beside = [one[len(path) - 1] for one in paths if one[: len(path) - 1] == path[:-1]]
    return sorted({key for key in beside if key})
