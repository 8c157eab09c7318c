"""The live engine: drives one loop per question with many questions in flight, without barriers.

The engine is the only asynchronous part of `annotation`. It takes what a loop asks for to the models (through the
client, which knows the ledger, limits and budget) and what it wants checked to the verifier, and hands the outcome
back.
"""

from __future__ import annotations

import asyncio
import heapq
from collections.abc import Callable, Coroutine, Generator, Iterator
from functools import partial
from typing import Any, Protocol, TypeVar

from ..errors import ModelError, RunPausedError
from ..records import Question, Reply, Request, Verdict
from .controls import ControlResult, Controls, control_loop
from .loop import Ask, Check, Outcome, self_reflection
from .plan import Plan
from .progress import Pending, Progress

__all__ = ["Answering", "Checking", "Engine", "drive"]

# Outcomes are kept in one commit for this many questions, or after this many seconds.
_COMMIT_COUNT = 64
_COMMIT_SECONDS = 0.5
# How long a worker waits for the consumer of outcomes to catch up.
_BACKLOG_SECONDS = 0.05
# Near the end of the input, questions within this many times the concurrency start longest first.
_LOOKAHEAD = 16


Result = TypeVar("Result")


class Answering(Protocol):
    """What the engine needs of `llm`: a reply, durable before it is handed over; raises ModelError."""

    async def answer(self, request: Request) -> Reply: ...


class Checking(Protocol):
    """What the engine needs of `verification`."""

    async def acheck(
        self,
        gold: str,
        solution: str | None = None,
        *,
        question: str | None = None,
        options: dict[str, str] | None = None,
    ) -> Verdict: ...


async def drive(steps: Generator[Ask | Check, Any, Result], client: Answering, verifier: Checking) -> Result:
    """Runs one loop to its result. A RunPausedError of the client ends it without a result and is raised."""
    advance: Callable[[], Ask | Check] = partial(next, steps)
    while True:
        try:
            needed = advance()
        except StopIteration as stop:
            result: Result = stop.value
            return result
        try:
            advance = partial(steps.send, await _provide(needed, client, verifier))
        except RunPausedError:
            steps.close()
            raise
        except ModelError as error:
            advance = partial(steps.throw, error)


async def _provide(needed: Ask | Check, client: Answering, verifier: Checking) -> list[Reply] | Verdict:
    if isinstance(needed, Check):
        question: Question = needed.question
        return await verifier.acheck(
            question.answer or "", needed.solution, question=question.question, options=question.options
        )
    if len(needed.requests) == 1:
        return [await client.answer(needed.requests[0])]
    results = await asyncio.gather(*map(client.answer, needed.requests), return_exceptions=True)
    failures = [result for result in results if isinstance(result, BaseException)]
    for failure in sorted(failures, key=lambda failure: not isinstance(failure, RunPausedError)):
        raise failure
    return [result for result in results if isinstance(result, Reply)]


class Engine:
    """Annotates the pending questions of a run.

    `on_outcome` is called with each outcome after it is written down; while `backlogged()` says that they are not
    taken, no new question starts. `stop()` ends the run cleanly: questions in flight are
    finished, no new one starts; called twice, questions in flight are given up too (their paid replies are in the
    ledger).
    """

    def __init__(
        self,
        plan: Plan,
        progress: Progress,
        client: Answering,
        verifier: Checking,
        concurrency: int,
        on_outcome: Callable[[Outcome], None],
        backlogged: Callable[[], bool] = lambda: False,
    ) -> None:
        self.plan = plan
        self.progress = progress
        self.client = client
        self.verifier = verifier
        self.concurrency = concurrency
        self.on_outcome = on_outcome
        self.backlogged = backlogged
        self.in_flight = 0
        self._stopping = False
        self._ended: list[tuple[bytes, Outcome]] = []
        self._workers: list[asyncio.Task[None]] = []

    async def run(self, pending: Iterator[Pending]) -> None:
        """Runs until none of `pending` is left or `stop` is called; raises RunPausedError where nothing can go on."""
        source = _longest_first_at_the_end(pending, _LOOKAHEAD * self.concurrency)
        committing = asyncio.create_task(self._commit_regularly())
        try:
            await self._crew(lambda: self._annotate(source), committing)
        finally:
            committing.cancel()
            self._commit()

    async def run_controls(self, cases: Iterator[Outcome]) -> Controls:
        """The controls of these outcomes; stops and pauses as `run` does."""
        controls = Controls()
        await self._crew(lambda: self._control(cases, controls))
        return controls

    def stop(self) -> None:
        """Ends the run: gently the first time, at once the second time."""
        if self._stopping:
            for worker in self._workers:
                worker.cancel()
        self._stopping = True

    async def _crew(self, work: Callable[[], Coroutine[Any, Any, None]], *others: asyncio.Task[None]) -> None:
        """Lets `concurrency` workers do `work` to its end. Where one fails (or one of `others`, tasks that go on beside
        them), the workers finish the question in hand before the failure is raised."""
        self._workers = [asyncio.create_task(work()) for _ in range(self.concurrency)]
        working: set[asyncio.Task[None]] = set(self._workers)
        beside = set(others)
        failure: BaseException | None = None
        while working:
            done, _ = await asyncio.wait(working | beside, return_when=asyncio.FIRST_COMPLETED)
            working -= done
            beside -= done
            for task in done:
                error = None if task.cancelled() else task.exception()
                if error is not None:
                    self._stopping = True
                    failure = failure or error
        if failure is not None:
            raise failure

    async def _annotate(self, source: Iterator[Pending]) -> None:
        while not self._stopping:
            if self.backlogged():
                await asyncio.sleep(_BACKLOG_SECONDS)
                continue
            pending = next(source, None)
            if pending is None:
                return
            self.in_flight += 1
            try:
                outcome = await drive(self_reflection(pending.question, self.plan), self.client, self.verifier)
            finally:
                self.in_flight -= 1
            self._ended.append((pending.digest, outcome))
            if len(self._ended) >= _COMMIT_COUNT:
                self._commit()

    async def _control(self, cases: Iterator[Outcome], controls: Controls) -> None:
        while not self._stopping:
            outcome = next(cases, None)
            if outcome is None:
                return
            result: ControlResult = await drive(control_loop(outcome, self.plan), self.client, self.verifier)
            controls.results.append(result)

    async def _commit_regularly(self) -> None:
        while True:
            await asyncio.sleep(_COMMIT_SECONDS)
            self._commit()

    def _commit(self) -> None:
        if not self._ended:
            return
        ended = self._ended
        self.progress.add(ended)
        self._ended = []  # only now: what could not be written is tried again
        for _, outcome in ended:
            self.on_outcome(outcome)


def _longest_first_at_the_end(pending: Iterator[Pending], window: int) -> Iterator[Pending]:
    """Input order while there is more than `window` to come; then the longest question first.

    Long questions started last are what a run waits for at its end.
    """
    ahead: list[Pending] = []
    for item in pending:
        ahead.append(item)
        if len(ahead) > window:
            yield from ahead[: len(ahead) // 2]
            del ahead[: len(ahead) // 2]
    heap = [(-len(item.question.question), item.position, item) for item in ahead]
    heapq.heapify(heap)
    while heap:
        yield heapq.heappop(heap)[2]
