"""How much one endpoint may be asked at a time: a state machine without a clock or tasks of its own.

Three doors, all of which must be open:

- Concurrency. Outcomes are looked at in windows as long as the number of calls in flight. Where more than a tenth of a
  window was pushed back (429, 503, time-out), the limit shrinks to the share that was served, at most to half; else it
  grows by a quarter, up to the maximum. So a few stray 429s cost nothing, an overloaded server is obeyed within a
  window or two, and twenty calm windows lead from one call at a time to 64. Retry-After closes the door for all under
  the same condition; a stray one holds back only its own request.
- Requests and tokens per minute: a sliding window of the last 60 seconds, exact.
- Life. Several failures in a row close the door for a while; then a single call probes. Any success opens it.
"""

from __future__ import annotations

import enum
from collections import deque

__all__ = ["Limits", "Outcome", "Ticket"]

MINUTE = 60.0
TOLERATED_PUSHBACK = 0.1
LARGEST_CUT = 0.5
GROWTH = 1.25
FAILURES_TO_CLOSE = 8
FIRST_CLOSING = 0.5
LONGEST_CLOSING = 10.0


class Outcome(enum.Enum):
    """How a call ended, as far as the endpoint's state is concerned."""

    SERVED = "served"  # it answered, be it with a refusal
    PUSHED_BACK = "pushed back"  # 429: too much at once
    OVERLOADED = "overloaded"  # 503, time-out: too much at once, or dying
    BROKEN = "broken"  # connection, other 5xx, unreadable body
    UNUSED = "unused"  # cancelled by us: says nothing


class Ticket:
    """The right to one call; goes back by `Limits.finish`."""

    __slots__ = ("endpoint", "number", "started", "tokens")

    def __init__(self, endpoint: int, number: int, started: float, tokens: int) -> None:
        self.endpoint = endpoint
        self.number = number
        self.started = started
        self.tokens = tokens


class Limits:
    """The state of one endpoint. Times are seconds of whatever clock the caller uses.

    Args:
        maximum: Most calls in flight.
        requests_per_minute: Most calls begun in any 60 seconds, None for no limit.
        tokens_per_minute: Most tokens in any 60 seconds; a single request above it goes alone.
        endpoint: A number that tickets carry, to tell endpoints of a pool apart.
    """

    def __init__(
        self,
        maximum: int,
        requests_per_minute: int | None = None,
        tokens_per_minute: int | None = None,
        endpoint: int = 0,
    ) -> None:
        self.maximum = maximum
        self.limit = float(maximum)
        self.in_flight = 0
        self.dead_since: float | None = None
        self._endpoint = endpoint
        self._rpm = requests_per_minute
        self._tpm = tokens_per_minute
        self._recent: deque[Ticket] = deque()
        self._recent_tokens = 0
        self._peak = 0
        self._outcomes = 0
        self._pushed_back = 0
        self._paused_until = float("-inf")
        self._failures = 0
        self._first_failure = 0.0
        self._closings = 0
        self._closed_until = float("-inf")
        self._started = 0
        self._started_at_closing = 0

    @property
    def room(self) -> int:
        """How many more calls the concurrency limit allows now."""
        allowed = 1 if self.dead_since is not None else int(self.limit)
        return allowed - self.in_flight

    def ready_at(self, now: float, tokens: int) -> float:
        """When a call of that size may start: `now`, a later time, or infinity (after another call has ended)."""
        if self.room <= 0:
            return float("inf")
        ready = max(now, self._paused_until, self._closed_until)
        if self._rpm is None and self._tpm is None:
            return ready
        self._forget(now)
        if self._rpm is not None and len(self._recent) >= self._rpm:
            ready = max(ready, self._recent[-self._rpm].started + MINUTE)
        if self._tpm is not None:
            excess = self._recent_tokens + tokens - self._tpm
            for ticket in self._recent:
                if excess <= 0:
                    break
                excess -= ticket.tokens
                ready = max(ready, ticket.started + MINUTE)
        return ready

    def start(self, now: float, tokens: int) -> Ticket:
        """Begin a call; only where `ready_at` says now."""
        self._started += 1
        self.in_flight += 1
        self._peak = max(self._peak, self.in_flight)
        ticket = Ticket(self._endpoint, self._started, now, tokens)
        if self._rpm is not None or self._tpm is not None:
            self._recent.append(ticket)
            self._recent_tokens += tokens
        return ticket

    def finish(
        self, ticket: Ticket, now: float, outcome: Outcome, *, retry_after: float = 0.0, tokens: int | None = None
    ) -> None:
        """End a call: how it went, how long the server asked to wait, and the tokens it really took if known."""
        self.in_flight -= 1
        if tokens is not None and self._tpm is not None and now - ticket.started < MINUTE:
            self._recent_tokens += tokens - ticket.tokens
            ticket.tokens = tokens
        if outcome is Outcome.UNUSED:
            return
        if outcome is Outcome.SERVED or outcome is Outcome.PUSHED_BACK:
            self._alive()
        else:
            self._failed(ticket, now)
        self._adapt(outcome, now, retry_after)

    def _forget(self, now: float) -> None:
        while self._recent and now - self._recent[0].started >= MINUTE:
            self._recent_tokens -= self._recent.popleft().tokens

    def _adapt(self, outcome: Outcome, now: float, retry_after: float) -> None:
        self._outcomes += 1
        used = min(self.limit, self._peak)
        if outcome is Outcome.PUSHED_BACK or outcome is Outcome.OVERLOADED:
            self._pushed_back += 1
            crowded = self._pushed_back > TOLERATED_PUSHBACK * max(used, self._outcomes)
            if crowded and retry_after > 0:
                self._paused_until = max(self._paused_until, now + retry_after)
        if self._outcomes < int(used):
            return
        share = self._pushed_back / self._outcomes
        if share > TOLERATED_PUSHBACK:
            self.limit = max(1.0, used * max(LARGEST_CUT, 1 - share))
        else:
            self.limit = min(float(self.maximum), self.limit * GROWTH)
        self._outcomes = self._pushed_back = 0
        self._peak = self.in_flight

    def _alive(self) -> None:
        self._failures = self._closings = 0
        self.dead_since = None
        self._closed_until = float("-inf")

    def _failed(self, ticket: Ticket, now: float) -> None:
        if ticket.number <= self._started_at_closing and self.dead_since is not None:
            return  # it began before the door closed: old news
        if self._failures == 0:
            self._first_failure = now
        self._failures += 1
        if self.dead_since is None and self._failures < FAILURES_TO_CLOSE:
            return
        self.dead_since = self.dead_since if self.dead_since is not None else self._first_failure
        self._closed_until = now + min(LONGEST_CLOSING, FIRST_CLOSING * 2**self._closings)
        self._closings += 1
        self._started_at_closing = self._started
