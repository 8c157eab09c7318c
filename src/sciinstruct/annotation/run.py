"""One annotation run: opens what it needs, runs the engine in a thread of its own, streams outcomes, writes the run
folder."""

from __future__ import annotations

import asyncio
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from queue import Empty, SimpleQueue
from types import TracebackType
from typing import Any, Literal

from ..errors import RunPausedError
from ..io import RunFolder
from ..llm import Client, LayeredLedger, Ledger, Stats, open_ledger, read_ledger
from ..records import Question, Rejection
from ..verification import Verifier
from .attrition import Attrition
from .config import AnnotateConfig
from .engine import Engine
from .loop import Outcome
from .outputs import input_digests, manifest_of, usage_of, write_tables
from .progress import Intake, Progress
from .setup import open_models, prices_of, resolve_plan

__all__ = ["Annotation", "Snapshot", "Summary"]

State = Literal["reading", "running", "writing", "finished", "stopped", "paused"]
# Outcomes that the consumer has not taken yet; above this the engine starts no new question.
_BACKLOG = 1_000


@dataclass
class Snapshot:
    """Where a run stands right now, for a live view. `open` counts questions that have not ended."""

    state: State = "reading"
    rows: int = 0
    open: int = 0
    in_flight: int = 0
    accepted: Counter[str] = field(default_factory=Counter)
    rejected: Counter[str] = field(default_factory=Counter)
    stats: Stats | None = None
    seconds: float = 0.0


@dataclass(frozen=True)
class Summary:
    """How a run ended: its state, why it paused, the counts, and the manifest as it was written."""

    state: State
    reason: str
    attrition: Attrition
    manifest: dict[str, Any]
    folder: Path


class Annotation:
    """A run of `annotate`. Iterate over it for each outcome as it comes; `summary` is there at the end.

        with annotate("questions.jsonl", model="http://127.0.0.1:8000/v1#NAME", out="run/") as run:
            for outcome in run:
                ...
        run.summary.attrition

    Outcomes of an earlier run in the same folder are not streamed again; they count in the summary and stand in the
    files. Leaving the loop early, or the `with` block, stops the run cleanly; the same call goes on where it stopped.
    """

    def __init__(
        self,
        rows: Iterable[Question | Rejection],
        config: AnnotateConfig,
        files: Sequence[Path] = (),
        after: Callable[[RunFolder], None] | None = None,
    ) -> None:
        """`rows` are the input as `io` reads it and `files` where it came from; `after` gets the folder once it is
        written."""
        self.config = config
        self.snapshot = Snapshot()
        self._after = after
        self._rows = rows
        self._files = files
        self._prices = prices_of(config)
        self._models, names = open_models(config)
        self._plan = resolve_plan(config, names)
        self._folder = RunFolder.open(config.out, create=True)
        self._outcomes: SimpleQueue[Outcome | None] = SimpleQueue()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._engine: Engine | None = None
        self._client: Client | None = None
        self._stops = 0
        self._failure: BaseException | None = None
        self._summary: Summary | None = None
        self._thread = threading.Thread(target=self._run_thread, name="sciinstruct-annotate", daemon=True)
        self._started = time.monotonic()
        self._thread.start()

    def __enter__(self) -> Annotation:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._thread.is_alive():
            self.stop()
            for _ in self:
                pass

    def __iter__(self) -> Iterator[Outcome]:
        while True:
            # A wait without limit could not be interrupted by Ctrl-C on every platform.
            try:
                outcome = self._outcomes.get(timeout=0.5)
            except Empty:
                continue
            if outcome is None:
                break
            yield outcome
        self._outcomes.put(None)
        self._thread.join()
        if self._failure is not None:
            raise self._failure

    @property
    def summary(self) -> Summary:
        """How the run ended; takes in what is still to come first."""
        for _ in self:
            pass
        assert self._summary is not None
        return self._summary

    def stop(self) -> None:
        """Stops the run: the first call lets questions in flight finish, the second gives them up."""
        self._stops += 1
        if self._engine is not None and self._loop is not None:
            self._loop.call_soon_threadsafe(self._engine.stop)

    def look(self) -> Snapshot:
        """The snapshot, brought up to date."""
        snapshot = self.snapshot
        if self._engine is not None:
            snapshot.in_flight = self._engine.in_flight
        if self._client is not None:
            snapshot.stats = self._client.stats
        snapshot.seconds = time.monotonic() - self._started
        return snapshot

    # -- in the thread ------------------------------------------------------------------------------------------------

    def _run_thread(self) -> None:
        try:
            with self._folder:
                asyncio.run(self._run())
        except BaseException as error:  # handed to the consumer, who raises it
            self._failure = error
        finally:
            self._outcomes.put(None)

    async def _run(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._folder.write_config(self.config.as_dict())
        progress = Progress(self._folder.progress, self._plan.digest())
        ledger = self._open_ledger()
        verifier = Verifier()
        try:
            client = Client(
                self._models, ledger, prices=self._prices, budget=self.config.budget, max_calls=self.config.max_calls
            )
            self._client = client
            intake = self._take_in(progress)
            state, reason = await self._annotate(progress, client, verifier)
            self.snapshot.state = "writing"
            self._summary = self._write(progress, client, intake, state, reason)
            self.snapshot.state = state
        finally:
            progress.close()
            verifier.close()
            for model in self._models.values():
                await model.aclose()
            ledger.close()

    def _take_in(self, progress: Progress) -> Intake:
        progress.forget_unfinished()
        intake = progress.take_in(self._counted())
        self.snapshot.open = progress.count_pending()
        return intake

    def _counted(self) -> Iterator[Question | Rejection]:
        for row in self._rows:
            self.snapshot.rows += 1
            yield row

    async def _annotate(self, progress: Progress, client: Client, verifier: Verifier) -> tuple[State, str]:
        """Runs the engine over what is pending; how it ended and, if it paused, why."""
        if not self.snapshot.open:
            return "finished", ""
        self.snapshot.state = "running"
        self._engine = Engine(
            self._plan, progress, client, verifier, self.config.concurrency, self._hand_over, self._backlogged
        )
        for _ in range(self._stops):
            self._engine.stop()
        try:
            await self._engine.run()
        except RunPausedError as error:
            return "paused", str(error)
        return ("stopped" if progress.count_pending() else "finished"), ""

    def _hand_over(self, outcome: Outcome) -> None:
        self.snapshot.open -= 1
        if outcome.instruction is not None:
            self.snapshot.accepted[outcome.instruction.stage] += 1
        elif outcome.rejection is not None:
            self.snapshot.rejected[outcome.rejection.reason] += 1
        self._outcomes.put(outcome)

    def _backlogged(self) -> bool:
        return self._outcomes.qsize() > _BACKLOG

    def _open_ledger(self) -> Ledger:
        own = open_ledger(self.config.ledger or self._folder.ledger)
        others = [path / "ledger.sqlite" if path.is_dir() else path for path in self.config.reuse]
        return LayeredLedger(own, [read_ledger(path) for path in others]) if others else own

    def _write(self, progress: Progress, client: Client, intake: Intake, state: State, reason: str) -> Summary:
        before = self._folder.read_manifest()
        attrition = write_tables(self._folder, progress, intake)
        manifest = {
            **manifest_of(self._plan, intake, attrition, state, input_digests(self._files)),
            "usage": usage_of(client.stats),
            "seconds": round(before.get("seconds", 0.0) + time.monotonic() - self._started, 3),
        }
        if reason:
            manifest["paused"] = reason
        self._folder.write_manifest(manifest)
        if self._after is not None:
            self._after(self._folder)
        return Summary(state, reason, attrition, manifest, self._folder.path)
