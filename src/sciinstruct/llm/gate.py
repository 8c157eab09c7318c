"""Where calls wait for an endpoint: one queue in front of all endpoints of a pool.

The longest expected request goes first, then first come, first served; it goes to the endpoint with the most room.
"""

from __future__ import annotations

import asyncio
import heapq
import itertools
import time
from collections.abc import Callable, Sequence

from .limits import Limits, Outcome, Ticket

__all__ = ["Gate"]


class Gate:
    """The thin asynchronous side of `Limits`. Used within one event loop.

    Args:
        limits: The state of each endpoint; a ticket's `endpoint` is the position in this list.
        clock: Seconds that only go forward.
    """

    def __init__(self, limits: Sequence[Limits], clock: Callable[[], float] = time.monotonic) -> None:
        self.limits = limits
        self._clock = clock
        self._waiting: list[tuple[int, int, int, asyncio.Future[Ticket]]] = []
        self._order = itertools.count()
        self._timer: asyncio.TimerHandle | None = None

    async def enter(self, tokens: int = 0, priority: int = 0) -> Ticket:
        """Wait until an endpoint may take a call of about that many tokens; larger priorities go first."""
        if not self._waiting and (ticket := self._try_start(tokens)) is not None:
            return ticket
        turn: asyncio.Future[Ticket] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._waiting, (-priority, next(self._order), tokens, turn))
        self._admit()
        try:
            return await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled() and turn.exception() is None:
                # cancelled after its turn had come: the place is free again
                self.leave(turn.result(), Outcome.UNUSED)
            raise

    def leave(self, ticket: Ticket, outcome: Outcome, *, retry_after: float = 0.0, tokens: int | None = None) -> None:
        """End a call and let the next ones in."""
        limits = self.limits[ticket.endpoint]
        limits.finish(ticket, self._clock(), outcome, retry_after=retry_after, tokens=tokens)
        if self._waiting:
            self._admit()

    def dead_for(self) -> float:
        """Seconds since the last endpoint died; zero while one of them lives."""
        since = [limits.dead_since for limits in self.limits]
        deaths = [moment for moment in since if moment is not None]
        return self._clock() - max(deaths) if len(deaths) == len(since) else 0.0

    def refuse_all(self, error: Exception) -> None:
        """Send everybody who waits away with this error."""
        waiting, self._waiting = self._waiting, []
        for *_, turn in waiting:
            if not turn.done():
                turn.set_exception(error)

    def _try_start(self, tokens: int) -> Ticket | None:
        now = self._clock()
        ready = [limits for limits in self.limits if limits.ready_at(now, tokens) <= now]
        return max(ready, key=lambda limits: limits.room).start(now, tokens) if ready else None

    def _admit(self) -> None:
        while self._waiting:
            _, _, tokens, turn = self._waiting[0]
            if not turn.done():
                ticket = self._try_start(tokens)
                if ticket is None:
                    self._wake_later(tokens)
                    return
                turn.set_result(ticket)
            heapq.heappop(self._waiting)

    def _wake_later(self, tokens: int) -> None:
        """Look again when time alone opens a door; a door that another call's end opens needs no timer."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        now = self._clock()
        opens = min(limits.ready_at(now, tokens) for limits in self.limits)
        if opens < float("inf"):
            self._timer = asyncio.get_running_loop().call_later(max(0.001, opens - now), self._admit)
