"""`sciinstruct collect`."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from ..collection.config import CollectConfig

if TYPE_CHECKING:
    from ..collection.run import Collected

__all__ = ["collect"]

_PLAIN_SECONDS = 10.0


def collect(
    sources: Annotated[list[str], Parameter(negative="")],
    /,
    *,
    config: Path | None = None,
    options: Annotated[CollectConfig, Parameter(name="*", negative="")],
) -> None:
    """Collect questions from many sources: clean, tag, take out duplicates and what stands in benchmarks.

    sciinstruct collect theoremqa.jsonl scibench/ hf:org/name --against benchmarks/ --out questions/

    What is kept is in questions.jsonl, ready for `annotate`; every other row is in rejected.parquet with its reason.

    Parameters
    ----------
    sources
        Files and folders of questions, problem sheets (.md, .tex), Lean files or a checkout of them, hf:NAME.
    config
        YAML file whose keys are the flags below; a flag beats the file.
    """
    from ..pipeline import run_collection

    progress = _Progress()
    collected = run_collection(sources, options, progress)
    progress.end()
    _print(collected)


class _Progress:
    """One line on a terminal that is written over; elsewhere a line now and then."""

    def __init__(self) -> None:
        self._terminal = sys.stderr.isatty()
        self._last = time.monotonic()

    def __call__(self, step: str, done: int) -> None:
        line = f"{step}: {done:,}" if done else step
        if self._terminal:
            print(f"\r\x1b[K{line}", end="", file=sys.stderr, flush=True)
        elif time.monotonic() - self._last >= _PLAIN_SECONDS:
            self._last = time.monotonic()
            print(line, file=sys.stderr, flush=True)

    def end(self) -> None:
        if self._terminal:
            print("\r\x1b[K", end="", file=sys.stderr)


def _print(collected: Collected) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from ..collection.run import OUTCOMES

    counts = collected.as_dict()
    used = [outcome for outcome in OUTCOMES if counts["outcomes"][outcome] or outcome == "kept"]
    table = Table("source", "rows", *used, show_footer=True)
    for source, row in counts["sources"].items():
        table.add_row(Text(source), f"{row['rows']:,}", *(f"{row.get(outcome, 0):,}" for outcome in used))
    totals = ["all", f"{counts['rows']:,}", *(f"{counts['outcomes'][outcome]:,}" for outcome in used)]
    for column, total in zip(table.columns, totals, strict=True):
        column.footer = total
        column.justify = "left" if column.header == "source" else "right"
    console = Console()
    console.print(table)
    for mark, count in counts["kept"].items():
        console.print(f"of those kept, {mark}: {count:,}", highlight=False)
    for kind, figures in collected.planted.items():
        words = f"{figures['same']:.1%} found as same, {figures['template']:.1%} as template"
        console.print(f"planted {kind}: {figures['planted']:,}, {words}", highlight=False)
    console.print(Text(f"Written to {collected.out}"))
