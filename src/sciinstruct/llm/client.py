"""What the engine talks to: every answer comes through here, is paid once, durable before it is used, and counted."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable, Mapping

import msgspec

from ..errors import BudgetReachedError, ConfigError
from ..records import Reply, Request
from .ledger import Entry, Ledger, Tally
from .model import Call, Model
from .prices import Price, cost

__all__ = ["Client", "Stats"]


class Stats(msgspec.Struct, kw_only=True):
    """Live counters of one client.

    `paid` sums the calls of this process and `earlier` those that the ledger held at the start; `reused` counts replies
    that came from a ledger, `retried` tries that were repeated, `in_flight` calls that are not yet durable;
    `trouble` is why an endpoint fails at the moment.
    """

    paid: Tally
    earlier: Tally
    by_model_and_stage: dict[tuple[str, str], Tally]
    reused: int = 0
    retried: int = 0
    in_flight: int = 0
    trouble: str = ""

    def by_model(self) -> dict[str, Tally]:
        """The calls of this process, by model."""
        return _sum((model, tally) for (model, _), tally in self.by_model_and_stage.items())

    def by_stage(self) -> dict[str, Tally]:
        """The calls of this process, by stage."""
        return _sum((stage, tally) for (_, stage), tally in self.by_model_and_stage.items())


class Client:
    """Answers requests from the ledger, else from a model.

    Args:
        models: By the name that requests carry.
        ledger: Where every reply is written before it is returned.
        prices: By model name; a model without a price costs nothing.
        budget: Dollars that this ledger's calls may cost in all, those of earlier runs included.
        max_calls: Calls that this ledger may hold in all.

    Raises:
        ConfigError: A budget, but no price for one of the models.
    """

    def __init__(
        self,
        models: Mapping[str, Model],
        ledger: Ledger,
        *,
        prices: Mapping[str, Price] | None = None,
        budget: float | None = None,
        max_calls: int | None = None,
    ) -> None:
        self._models = models
        self._ledger = ledger
        self._prices = prices or {}
        self._budget = budget
        self._max_calls = max_calls
        self._unanswered = 0
        self._in_flight: dict[bytes, asyncio.Future[None]] = {}
        earlier = Tally()
        for tally in ledger.totals().values():
            earlier.merge(tally)
        self._stats = Stats(paid=Tally(), earlier=earlier, by_model_and_stage={})
        unpriced = sorted(set(models) - set(self._prices))
        if budget is not None and unpriced:
            raise ConfigError(
                f"budget = {budget}: needs a price for {', '.join(unpriced)} (0 for a model that is free)"
            )

    @property
    def stats(self) -> Stats:
        """Counters as of now; always the same object."""
        self._stats.retried = sum(getattr(model, "retried", 0) for model in self._models.values())
        self._stats.trouble = next(filter(None, (getattr(model, "trouble", "") for model in self._models.values())), "")
        self._stats.in_flight = len(self._in_flight)
        return self._stats

    async def answer(self, request: Request) -> Reply:
        """The reply to this request: the ledger's, or a new one that is on disk by the time it is returned.

        Several callers with the same request share one call.

        Raises:
            BudgetReachedError: The next call would go beyond budget or max_calls; calls in flight still end well.
            RunFolderError: The reply could not be written.
            ConfigError: No model of that name.
            RequestRefusedError, TransportError, RunPausedError: See `Model`.
        """
        key = request.key()
        while (same := self._in_flight.get(key)) is not None:
            await asyncio.shield(same)
        if (reply := self._ledger.get(key)) is not None:
            self._stats.reused += 1
            return reply
        model = self._models.get(request.model)
        if model is None:
            raise ConfigError(f"no model {request.model!r} was opened; there are {', '.join(sorted(self._models))}")
        self._check_limits()
        over = self._in_flight[key] = asyncio.get_running_loop().create_future()
        try:
            return await self._pay(model, request, key)
        finally:
            del self._in_flight[key]
            over.set_result(None)

    async def aclose(self) -> None:
        """Close the models; the ledger belongs to whoever opened it."""
        for model in self._models.values():
            await model.aclose()

    async def _pay(self, model: Model, request: Request, key: bytes) -> Reply:
        self._unanswered += 1
        try:
            call = await _call(model, request)
        finally:
            self._unanswered -= 1
        price = self._prices.get(request.model)
        entry = Entry(
            key=key,
            model=request.model,
            stage=request.stage,
            question_id=request.question_id,
            sample=request.sample,
            endpoint=call.endpoint,
            started=call.started,
            seconds=call.seconds,
            cost=cost(call.reply, price) if price else 0.0,
            reply=call.reply,
        )
        durable = self._ledger.append(entry)
        self._stats.paid.add(entry)  # spent from now on, durable or not
        self._stats.by_model_and_stage.setdefault((entry.model, entry.stage), Tally()).add(entry)
        await durable
        return call.reply

    def _check_limits(self) -> None:
        stats = self._stats
        spent = stats.earlier.cost + stats.paid.cost
        if self._budget is not None and spent >= self._budget:
            raise BudgetReachedError(
                f"budget = {self._budget:g} dollars is reached ({spent:.4f} spent): "
                "raise it and run the same command again"
            )
        calls = stats.earlier.calls + stats.paid.calls + self._unanswered
        if self._max_calls is not None and calls >= self._max_calls:
            raise BudgetReachedError(
                f"max_calls = {self._max_calls} is reached: raise it and run the same command again"
            )


async def _call(model: Model, request: Request) -> Call:
    """The model's own account of the call where it gives one (`Pool.call`), else what can be seen from here."""
    account = getattr(model, "call", None)
    if account is not None:
        call: Call = await account(request)
        return call
    started = time.time()
    start = time.perf_counter()
    reply = await model.answer(request)
    return Call(reply, "", 1, started, time.perf_counter() - start)


def _sum(tallies: Iterable[tuple[str, Tally]]) -> dict[str, Tally]:
    sums: dict[str, Tally] = {}
    for name, tally in tallies:
        sums.setdefault(name, Tally()).merge(tally)
    return sums
