"""The command line: `sciinstruct VERB …`. Commands are loaded when they are called, so that --help stays quick."""

from __future__ import annotations

import sys

from cyclopts import App

from .. import __version__
from ..errors import SciInstructError
from .config_file import expand_config

__all__ = ["app", "main"]

app = App(
    name="sciinstruct",
    version=__version__,
    help="From science questions with short answers to a verified instruction set with step-by-step reasoning.",
    help_format="plaintext",
)
app.command("sciinstruct.cli.annotate:annotate")
app.command("sciinstruct.cli.show:show")
app.command("sciinstruct.cli.export:export")
app.command("sciinstruct.cli.verify:verify")
app.command("sciinstruct.cli.verify:judge_report", name="judge-report")


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
