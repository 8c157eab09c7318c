"""`sciinstruct show`: read a run in a terminal."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

__all__ = ["show"]


def show(run: Path, id: str | None = None, /, *, limit: int = 30) -> None:
    """Show one question with every attempt, verdict and reason; without an ID, list the questions of the run.

    sciinstruct show run/ phys-17

    Parameters
    ----------
    run
        Run folder.
    id
        Id of the question; a part of it is enough where only one question has it.
    limit
        Questions to list where no ID is given.
    """
    from .show_run import list_questions, show_question

    lines = list_questions(run, limit) if id is None else show_question(run, id)
    _print(lines)


def _print(lines: Iterator[str]) -> None:
    from rich.console import Console

    # What a model wrote is data: no markup in it is obeyed, and control characters are shown as what they are.
    console = Console(highlight=False, markup=False, soft_wrap=not sys.stdout.isatty())
    for line in lines:
        console.print("".join(char if char.isprintable() or char in "\n\t" else f"\\x{ord(char):02x}" for char in line))
