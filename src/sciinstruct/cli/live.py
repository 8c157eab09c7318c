"""The live view of a run: a panel on a terminal, plain lines elsewhere, and the attrition table at the end."""

from __future__ import annotations

import signal
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from itertools import islice
from types import FrameType

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.table import Table
from rich.text import Text

from ..annotation.attrition import STAGES, Attrition
from ..annotation.run import Annotation
from ..annotation.session import Snapshot, Summary
from ..io import read_rejections
from ..records import Rejection
from .words import control_lines, forecast_lines

__all__ = ["attrition_table", "watch"]

_PLAIN_SECONDS = 10.0
_BAR = 60
_HINTS = 3
# Reasons of questions to which no model gave a reply.
_NO_REPLY = ("transport", "refused")
_EXIT = {"finished": 0, "planned": 0, "stopped": 130, "paused": 3}


def watch(run: Annotation, console: Console | None = None) -> int:
    """Follows `run` to its end and prints how it ended.

    Returns the exit status: 0, 130 stopped, 3 paused, 2 if no row of the input could be used.
    """
    console = console or Console(stderr=True)
    stop = _StopOnInterrupt(run, console)
    with stop:
        if console.is_terminal:
            with Live(get_renderable=lambda: _panel(run), console=console, refresh_per_second=4, transient=True):
                _drain(run)
        else:
            _drain_with_lines(run)
    summary = run.summary
    _print_summary(summary, Console())
    if not summary.attrition.questions:
        return 2
    return _EXIT.get(summary.state, 1)


class _StopOnInterrupt:
    """Ctrl-C: the first stops the run cleanly, the second gives up what is in flight."""

    def __init__(self, run: Annotation, console: Console) -> None:
        self.run = run
        self.console = console

    def __enter__(self) -> None:
        self.before = {number: signal.signal(number, self._stop) for number in (signal.SIGINT, signal.SIGTERM)}

    def __exit__(self, *_: object) -> None:
        for number, handler in self.before.items():
            signal.signal(number, handler)

    def _stop(self, number: int, frame: FrameType | None) -> None:
        self.run.stop()
        self.console.print("Stopping: questions in flight are finished first; Ctrl-C again gives them up.")


def _drain(run: Annotation) -> None:
    for _ in run:
        pass


def _drain_with_lines(run: Annotation) -> None:
    ended = threading.Event()

    def tell() -> None:
        while not ended.wait(_PLAIN_SECONDS):
            print(_line(run.look()), file=sys.stderr, flush=True)

    teller = threading.Thread(target=tell, daemon=True)
    teller.start()
    try:
        _drain(run)
    finally:
        ended.set()
        teller.join()


def _panel(run: Annotation) -> RenderableType:
    snapshot = run.look()
    if snapshot.state == "reading":
        return Text(f"reading questions: {snapshot.rows:,} rows")
    grid = Table.grid(padding=(0, 2))
    for label, value in _facts(snapshot):
        grid.add_row(Text(label, style="dim"), value)
    done = snapshot.questions - snapshot.open
    share = done / snapshot.questions if snapshot.questions else 1.0
    title = f"annotate → {run.config.out}   {done:,} of {snapshot.questions:,} questions ({share:.0%})"
    filled = int(share * _BAR)
    bar = Text.assemble(("━" * filled, "green"), ("━" * (_BAR - filled), "dim"))
    return Group(Text(title, style="bold"), bar, grid)


def _line(snapshot: Snapshot) -> str:
    return "  ".join(f"{label} {value}" for label, value in _facts(snapshot) if value)


def _facts(snapshot: Snapshot) -> list[tuple[str, str]]:
    """What both views show, as label and value."""
    ended = snapshot.accepted.total() + snapshot.rejected.total()
    seconds = max(snapshot.seconds, 1e-9)
    facts = [
        ("accepted", _counts(snapshot.accepted.total(), [(stage, snapshot.accepted[stage]) for stage in STAGES])),
        ("rejected", _counts(snapshot.rejected.total(), Counter(dict(snapshot.rejected)).most_common(4))),
        ("to go", f"{snapshot.open:,} ({snapshot.in_flight} in flight)"),
    ]
    stats = snapshot.stats
    if stats is not None:
        paid = stats.paid
        tokens = paid.prompt_tokens + paid.completion_tokens
        extra = [("reused", stats.reused), ("tried again", stats.retried)]
        facts.append(("calls", f"{_counts(paid.calls, extra)}, {paid.calls / seconds:,.1f}/s"))
        facts.append(("tokens", f"{tokens:,}, {tokens / seconds:,.0f}/s"))
        if spent := paid.cost + stats.earlier.cost:
            facts.append(("spent", f"${spent:,.4f}"))
        if stats.trouble:
            facts.append(("trouble", stats.trouble))
    facts.append(("time", f"{_duration(seconds)}, left {_duration(snapshot.open * seconds / ended) if ended else '?'}"))
    return facts


def _counts(total: int, parts: list[tuple[str, int]]) -> str:
    inner = ", ".join(f"{name} {count:,}" for name, count in parts if count)
    return f"{total:,} ({inner})" if inner else f"{total:,}"


def _duration(seconds: float) -> str:
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def _print_summary(summary: Summary, console: Console) -> None:
    console.print(attrition_table(summary.attrition))
    for line in _closing_lines(summary):
        console.print(line, highlight=False, markup=False, soft_wrap=True)


def _closing_lines(summary: Summary) -> Iterator[str]:
    usage = summary.manifest["usage"]
    paid, total = usage["paid"], usage["total"]
    line = f"{paid['calls']:,} calls paid, {usage['reused']:,} reused; "
    line += f"{paid['prompt_tokens']:,} prompt and {paid['completion_tokens']:,} completion tokens"
    yield line + (f"; ${total['cost']:,.4f} spent in all" if total["cost"] else "")
    if not summary.attrition.rows:
        yield "The input holds no row."
    yield from _hints(summary)
    if "controls" in summary.manifest:
        yield from control_lines(summary.manifest["controls"])
    if "forecast" in summary.manifest:
        yield from forecast_lines(summary.manifest["forecast"])
    if summary.state == "paused":
        yield f"Paused: {summary.reason}"
    if summary.attrition.open:
        yield f"{summary.attrition.open:,} questions are still open: run the same command again to go on."
    yield f"Run folder: {summary.folder} (instructions.parquet, rejected.parquet, attempts.parquet, README.md)"


def _hints(summary: Summary) -> Iterator[str]:
    """What to look at where rows could not be used or questions had no reply: the first few, in their own words."""
    attrition = summary.attrition
    unanswered = sum(count for (_, reason), count in attrition.rejected.items() if reason in _NO_REPLY)
    if not unanswered and not attrition.unusable:
        return
    for rejection in islice(filter(_unread_or_unanswered, read_rejections(summary.folder)), _HINTS):
        place = f"{rejection.file}, line {rejection.line}: " if rejection.line is not None else f"{rejection.id}: "
        yield f"  {place}{rejection.detail}"
    if unanswered:
        yield "Questions that had no reply are tried again by the same command."


def _unread_or_unanswered(rejection: Rejection) -> bool:
    return rejection.stage == "read" or rejection.reason in _NO_REPLY


def attrition_table(attrition: Attrition) -> RenderableType:
    """The counts of a run as a table by stage, with the rejected by reason below it."""
    table = Table(title=None, box=None, padding=(0, 2, 0, 0))
    table.add_column("stage")
    for name in ("entered", "accepted", "rejected", "passed on"):
        table.add_column(name, justify="right")
    unusable = attrition.unusable.total() + attrition.duplicates
    table.add_row("read", f"{attrition.rows:,}", "", f"{unusable:,}" if unusable else "", f"{attrition.questions:,}")
    for stage in STAGES:
        if entered := attrition.entered[stage]:
            accepted, rejected = attrition.accepted[stage], attrition.rejected_at(stage)
            table.add_row(stage, *(f"{n:,}" for n in (entered, accepted, rejected, entered - accepted - rejected)))
    accepted, rejected = attrition.accepted.total(), attrition.rejected.total() + unusable
    table.add_row("total", f"{attrition.rows:,}", f"{accepted:,}", f"{rejected:,}", f"{attrition.open:,}", style="bold")
    return Group(table, Text(_reasons(attrition)))


def _reasons(attrition: Attrition) -> str:
    reasons = [f"{stage} {reason} {count:,}" for (stage, reason), count in attrition.rejected.most_common()]
    reasons += [f"read {reason} {count:,}" for reason, count in attrition.unusable.most_common()]
    if attrition.duplicates:
        reasons.append(f"identical rows collapsed {attrition.duplicates:,}")
    return "rejected: " + ", ".join(reasons) if reasons else "nothing rejected"
