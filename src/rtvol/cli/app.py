"""The commands, named by import path: a module is loaded when its command is called."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from cyclopts import App

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

#: Where each command lives, and how it is called; its docstring is its help.
COMMANDS: dict[str, tuple[str, str]] = {
    "demo": ("rtvol.cli.demo:demo", "[DIR]"),
    "scan": ("rtvol.cli.scan:scan", "PATH... [OPTIONS]"),
    "inspect": ("rtvol.cli.inspect:inspect", "PATH... [OPTIONS]"),
    "expand": ("rtvol.cli.expand:expand", "PATH... --ctv MM --ptv MM [OPTIONS]"),
    "derive": ("rtvol.cli.derive:derive", 'PATH... "NAME = EXPRESSION"... [OPTIONS]'),
    "dvh": ("rtvol.cli.dvh:dvh", "PATH... [OPTIONS]"),
    "export": ("rtvol.cli.export:export", "PATH... -o DIR --format FORMAT [OPTIONS]"),
    "compare": ("rtvol.cli.compare:compare", "A B [OPTIONS]"),
    "report": ("rtvol.cli.report:report", "OUT|PATH... -o FILE.html|FOLDER [OPTIONS]"),
    "margin": ("rtvol.cli.margin:margin", "vanherk|dose PATH... [OPTIONS]"),
    "run": ("rtvol.cli.run:run", "RECIPE PATH... -o OUT [OPTIONS]"),
    "status": ("rtvol.cli.status:status", "OUT [OPTIONS]"),
    "collect": ("rtvol.cli.collect:collect", "OUT -o FILE|FOLDER [OPTIONS]"),
    "receive": ("rtvol.cli.receive:receive", "-o IN [--then RECIPE] [OPTIONS]"),
    "send": ("rtvol.cli.send:send", "FILE... --to AET@HOST:PORT [OPTIONS]"),
    "recipe": ("rtvol.cli.recipe:recipe", "new|check|show FILE [OPTIONS]"),
    "names": ("rtvol.cli.names:names", "suggest|check PATH... [OPTIONS]"),
    "outcomes": ("rtvol.cli.outcomes:outcomes", "check|run|demo FOLDER [OPTIONS]"),
    "doctor": ("rtvol.cli.doctor:doctor", "[OPTIONS]"),
    "warmup": ("rtvol.cli.warmup:warmup", ""),
    "help": ("rtvol.cli.help:help_page", "[codes|exit-codes|CODE]"),
}

ABOUT = """Targets and volumes from DICOM-RT: true below the voxel, never silently wrong.

First steps:
    rtvol demo
    rtvol inspect exports/case1
    rtvol expand exports/ --ctv 2 --ptv 4 --avoid Duodenum:3

Research software, not a medical device: a physicist checks every structure before use."""


def build_app(words: Sequence[str]) -> App:
    """Return the command line for a call; errors are raised, not printed (`rtvol.cli.main`).

    The module of the command in `words` alone is loaded; the overview, which shows the first
    line of every command's docstring, loads them all (they import nothing heavy themselves).
    """
    app = App(
        name="rtvol",
        help=ABOUT,
        help_format="plaintext",
        version=_version,
        result_action="return_value",
        exit_on_error=False,
        print_error=False,
        suppress_keyboard_interrupt=False,
    )
    app.register_install_completion_command()
    is_overview = not words or words[0] not in COMMANDS
    for name, (path, rest) in COMMANDS.items():
        usage = f"Usage: rtvol {name} {rest}".rstrip()
        app.command(_load(path) if is_overview else path, name=name, usage=usage)
    return app


def _load(path: str) -> Callable[..., int]:
    module, _, name = path.partition(":")
    command: Callable[..., int] = getattr(import_module(module), name)
    return command


def _version() -> str:
    from rtvol.version import __version__

    return f"rtvol {__version__}"
