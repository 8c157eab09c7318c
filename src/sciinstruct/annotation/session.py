"""One run from opening its folder to writing its tables, inside one event loop; `run.Annotation` gives it a thread."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from itertools import chain, islice
from pathlib import Path
from typing import Any, Literal

from ..errors import RunPausedError
from ..io import RunFolder
from ..llm import Client, LayeredLedger, Ledger, ReadLedger, Stats, open_ledger, read_ledger
from ..records import Question, Rejection
from ..verification import Verifier
from .attrition import Attrition
from .config import AnnotateConfig
from .controls import eligible
from .engine import Engine
from .forecast import Noting, forecast, uncheckable
from .loop import Outcome
from .outputs import input_digests, load_tables, manifest_of, usage_of, write_tables
from .plan import Plan
from .progress import Intake, Progress
from .setup import open_models, prices_of, resolve_plan

__all__ = ["Session", "Snapshot", "State", "Summary"]

State = Literal["reading", "running", "writing", "finished", "stopped", "paused", "planned"]


Facts = dict[str, Any]


@dataclass
class Snapshot:
    """Where a run stands right now, for a live view. `open` counts questions that have not ended."""

    state: State = "reading"
    rows: int = 0
    questions: int = 0
    open: int = 0
    in_flight: int = 0
    accepted: Counter[str] = field(default_factory=Counter)
    rejected: Counter[str] = field(default_factory=Counter)
    stats: Stats | None = None
    seconds: float = 0.0


@dataclass(frozen=True)
class Summary:
    """How a run ended: its state, why it paused, the counts, and the manifest as it stands in the folder."""

    state: State
    reason: str
    attrition: Attrition
    manifest: dict[str, Any]
    folder: Path


class Session:
    """Annotates `rows` under `config`.

    `files` is where the rows came from (for the manifest), `on_outcome` is called with each outcome, `backlogged` says
    whether those are taken too slowly, `after` gets the folder once its tables are written.
    """

    def __init__(
        self,
        rows: Iterable[Question | Rejection],
        config: AnnotateConfig,
        files: Sequence[Path],
        on_outcome: Callable[[Outcome], None],
        backlogged: Callable[[], bool],
        after: Callable[[RunFolder], None] | None,
    ) -> None:
        self.config = config
        self.snapshot = Snapshot()
        self._rows = rows
        self._files = files
        self._on_outcome = on_outcome
        self._backlogged = backlogged
        self._after = after
        self._engine: Engine | None = None
        self._client: Client | None = None
        self._ledger: Ledger | None = None
        self._reused: list[ReadLedger] = []
        self._stops = 0
        self.stop_reading = False  # set from another thread: reading does not give way to the event loop
        self._started = time.monotonic()

    async def run(self, opened: Callable[[], None]) -> Summary:
        """Runs to the end; `opened` is called when everything that options and folder can be wrong about is right."""
        async with AsyncExitStack() as stack:
            prices = prices_of(self.config)
            models, names = open_models(self.config)
            for model in models.values():
                stack.push_async_callback(model.aclose)
            plan = resolve_plan(self.config, names)
            folder = stack.enter_context(RunFolder.open(self.config.out, create=True))
            ledger = self._ledger = self._open_ledger(folder)
            stack.callback(ledger.close)
            self._client = Client(
                models, ledger, prices=prices, budget=self.config.budget, max_calls=self.config.max_calls
            )
            progress = Progress(folder.progress, plan.digest())
            stack.callback(progress.close)
            folder.write_config(self.config.as_dict())
            opened()
            return await self._annotate(plan, folder, progress)

    def stop(self) -> None:
        """Lets questions in flight finish and starts no new one; called twice, gives up those in flight too."""
        self._stops += 1
        if self._engine is not None:
            self._engine.stop()

    def look(self) -> Snapshot:
        """The snapshot, brought up to date; may be called from any thread."""
        snapshot = self.snapshot
        if self._engine is not None:
            snapshot.in_flight = self._engine.in_flight
        if self._client is not None:
            snapshot.stats = self._client.stats
        snapshot.seconds = time.monotonic() - self._started
        return snapshot

    def _open_ledger(self, folder: RunFolder) -> Ledger:
        others = [path / "ledger.sqlite" if path.is_dir() else path for path in self.config.reuse]
        self._reused = [read_ledger(path) for path in others]
        own = open_ledger(self.config.ledger or folder.ledger)
        return LayeredLedger(own, self._reused) if self._reused else own

    async def _annotate(self, plan: Plan, folder: RunFolder, progress: Progress) -> Summary:
        progress.forget_unfinished()
        intake = progress.take_in(self._counted())
        inputs = input_digests(self._files)
        self.snapshot.questions = intake.questions
        self.snapshot.open = progress.count_pending()
        if not self.snapshot.open and (unchanged := self._written_before(folder, plan, intake)) is not None:
            self.snapshot.state = "finished"
            return unchanged
        # From here on the tables of an earlier run are out of date, also if this run is killed before it writes.
        folder.write_manifest({**folder.read_manifest(), "state": "running"})
        self.snapshot.state = "running"
        loading = asyncio.create_task(asyncio.to_thread(load_tables))
        verifier = Verifier()
        try:
            state, reason, facts = await self._run_engine(plan, progress, verifier)
        finally:
            verifier.close()
        self.snapshot.state = "writing"
        await loading
        summary = self._write(plan, folder, progress, intake, state, reason, {"inputs": inputs, **facts})
        self.snapshot.state = state
        return summary

    def _counted(self) -> Iterator[Question | Rejection]:
        for row in self._rows:
            if self.stop_reading:
                raise RunPausedError("stopped while the input was being read; the same command starts again")
            self.snapshot.rows += 1
            yield row

    async def _run_engine(self, plan: Plan, progress: Progress, verifier: Verifier) -> tuple[State, str, Facts]:
        """Annotates what is pending (or the pilot of it): how that ended, why if it paused, and facts for the
        manifest."""
        assert self._client is not None
        noting = Noting(self._client)
        client = noting if self.config.plan else self._client
        engine = self._engine = Engine(
            plan, progress, client, verifier, self.config.concurrency, self._ended, self._backlogged
        )
        for _ in range(self._stops):
            engine.stop()
        try:
            if self.config.plan:
                pilot = progress.pilot(self.config.pilot)
                self.snapshot.open = progress.count_pending()
                await engine.run(iter(pilot))
                asked = {pending.question.id for pending in pilot}
                return (
                    ("stopped", "", {})
                    if self._stops
                    else ("planned", "", self._forecast(progress, asked, noting.keys))
                )
            await engine.run(progress.pending())
            facts = {} if self._stops else await self._controls(engine, progress)
            return "stopped" if self._stops else "finished", "", facts
        except RunPausedError as error:
            return "paused", str(error), {}

    def _forecast(self, progress: Progress, pilot: set[str], keys: set[bytes]) -> Facts:
        assert self._ledger is not None
        unable = uncheckable(progress.questions())
        entries = chain(self._ledger.scan(), *(ledger.scan() for ledger in self._reused))
        made = forecast(
            (entry for entry in entries if entry.key in keys),
            pilot,
            progress.count_pending(),
            self.config.concurrency,
            unable,
        )
        return {"forecast": {**made.as_dict(), "spent_before": self._usage()["total"]}}

    async def _controls(self, engine: Engine, progress: Progress) -> Facts:
        wanted = self.config.controls
        if not wanted:
            return {}
        controls = await engine.run_controls(islice(filter(eligible, progress.in_random_order()), wanted))
        return {"controls": {"asked": wanted, **controls.as_dict()}}

    def _usage(self) -> Facts:
        assert self._client is not None and self._ledger is not None
        return usage_of(self._client.stats, self._ledger.totals())

    def _ended(self, outcome: Outcome) -> None:
        self.snapshot.open -= 1
        if outcome.instruction is not None:
            self.snapshot.accepted[outcome.instruction.stage] += 1
        elif outcome.rejection is not None:
            self.snapshot.rejected[outcome.rejection.reason] += 1
        self._on_outcome(outcome)

    def _write(
        self,
        plan: Plan,
        folder: RunFolder,
        progress: Progress,
        intake: Intake,
        state: State,
        reason: str,
        facts: Facts,
    ) -> Summary:
        assert self._client is not None
        before, digest = folder.read_manifest(), plan.digest().hex()
        attrition = write_tables(folder, progress, intake)
        usage = self._usage()
        controls = {"controls": before["controls"]} if "controls" in before and before.get("plan") == digest else {}
        manifest = {
            **manifest_of(plan, intake, attrition, state),
            "usage": usage,
            "seconds": round(before.get("seconds", 0.0) + time.monotonic() - self._started, 3),
            **_forecast_with_spent(before, usage["total"]),
            **({"paused": reason} if reason else {}),
            **controls,
            **facts,
        }
        folder.write_manifest(manifest)
        if self._after is not None:
            self._after(folder)
        return Summary(state, reason, attrition, folder.read_manifest(), folder.path)

    def _written_before(self, folder: RunFolder, plan: Plan, intake: Intake) -> Summary | None:
        """The summary of an earlier run whose tables are those of this input and plan; None if there is work to do."""
        manifest = folder.read_manifest()
        wanted = ("finished", intake.fingerprint, plan.digest().hex())
        if (manifest.get("state"), manifest.get("fingerprint"), manifest.get("plan")) != wanted:
            return None
        if self.config.plan or self.config.controls > manifest.get("controls", {}).get("asked", 0):
            return None
        if not all(table.exists() for table in (folder.attempts, folder.instructions, folder.rejected)):
            return None
        manifest["usage"]["reused"] = 0
        manifest["usage"]["paid"] = dict.fromkeys(manifest["usage"]["paid"], 0)
        return Summary("finished", "", Attrition.from_dict(manifest["attrition"]), manifest, folder.path)


def _forecast_with_spent(before: Facts, total: dict[str, float]) -> Facts:
    """The forecast of an earlier pilot, with what was spent since."""
    made = before.get("forecast")
    if made is None:
        return {}
    spent = {name: total[name] - made["spent_before"][name] for name in total}
    return {"forecast": {**made, "spent_since": spent}}
