"""The command line: `sciinstruct VERB …`. A command imports what it needs when it is called, so --help is quick."""

from __future__ import annotations

import sys

from cyclopts import App, Parameter

from .. import __version__
from ..errors import SciInstructError
from .annotate import annotate
from .collect import collect
from .config_file import expand_config
from .export import export
from .show import show
from .verify import judge_report, verify

__all__ = ["app", "main"]


def shown_default(value: object) -> str | None:
    """A default as the help shows it; an empty one is not shown."""
    if isinstance(value, tuple):
        return ", ".join(map(str, value)) or None
    return None if value in (None, "") else str(value)


app = App(
    name="sciinstruct",
    version=__version__,
    help="From science questions with short answers to a verified instruction set with step-by-step reasoning.",
    default_parameter=Parameter(negative_iterable="", show_default=shown_default),
)
app.command(collect)
app.command(annotate)
app.command(show)
app.command(export)
app.command(verify)
app.command(judge_report, name="judge-report")


def main() -> None:
    """Runs one command; errors that sciinstruct raises on purpose are printed as one line, with exit status 2."""
    try:
        app(expand_config(sys.argv[1:]))
    except SciInstructError as error:
        print(f"sciinstruct: {error}", file=sys.stderr)
        sys.exit(2)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(1)
