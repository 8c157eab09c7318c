"""The state machine of one endpoint: what must hold after any history."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from sciinstruct.llm.limits import FAILURES_TO_CLOSE, LONGEST_CLOSING, MINUTE, Limits, Outcome, Ticket

EVER = float("inf")

steps = st.lists(
    st.tuples(
        st.sampled_from(["start", *Outcome]),
        st.floats(0.0, 20.0),  # seconds that pass before the step
        st.integers(0, 5_000),  # tokens
        st.sampled_from([0.0, 0.0, 1.0, 30.0]),  # Retry-After
    ),
    max_size=300,
)
maxima = st.integers(1, 100)


class History:
    """Plays steps against `Limits` and remembers what was started when."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.now = 0.0
        self.open: list[Ticket] = []
        self.starts: list[Ticket] = []

    def play(self, kind: str | Outcome, passed: float, tokens: int, retry_after: float) -> None:
        self.now += passed
        if kind == "start":
            if self.limits.ready_at(self.now, tokens) <= self.now:
                self.start(tokens)
        elif self.open:
            self.limits.finish(self.open.pop(0), self.now, Outcome(kind), retry_after=retry_after)

    def start(self, tokens: int = 0) -> Ticket:
        ticket = self.limits.start(self.now, tokens)
        self.open.append(ticket)
        self.starts.append(ticket)
        return ticket


@given(maxima, steps)
def test_calls_in_flight_never_pass_the_maximum_and_the_limit_never_falls_below_one(maximum, history):
    played = History(Limits(maximum))
    for step in history:
        played.play(*step)
        assert 1 <= played.limits.limit <= maximum
        assert played.limits.in_flight == len(played.open) <= maximum


@given(maxima, steps)
def test_an_endpoint_that_serves_again_recovers_whatever_happened(maximum, history):
    played = History(Limits(maximum))
    for step in history:
        played.play(*step)
    for ticket in played.open:
        played.limits.finish(ticket, played.now, Outcome.UNUSED)
    played.now += max(LONGEST_CLOSING, 30.0)
    served = 0
    while played.limits.limit < maximum or played.limits.dead_since is not None:
        assert played.limits.ready_at(played.now, 0) == played.now, "an idle endpoint must let a call in"
        played.limits.finish(played.limits.start(played.now, 0), played.now, Outcome.SERVED)
        served += 1
        assert served <= 50


@given(maxima, steps)
def test_a_closed_door_says_when_it_opens(maximum, history):
    played = History(Limits(maximum, requests_per_minute=7, tokens_per_minute=9_000))
    for step in history:
        played.play(*step)
        ready = played.limits.ready_at(played.now, 100)
        if ready == EVER:
            assert played.open, "only a call in flight can open this door, but there is none"
        elif ready > played.now:
            assert ready - played.now <= MINUTE
            assert played.limits.ready_at(ready, 100) <= ready


@given(st.integers(1, 30), steps)
def test_requests_per_minute_hold_in_every_window(rpm, history):
    played = History(Limits(1_000, requests_per_minute=rpm))
    for step in history:
        played.play(*step)
    times = [ticket.started for ticket in played.starts]
    for position, first in enumerate(times):
        assert sum(1 for later in times[position:] if later - first < MINUTE - 1e-9) <= rpm


@given(st.integers(1, 12_000), steps)
def test_tokens_per_minute_hold_in_every_window(tpm, history):
    played = History(Limits(1_000, tokens_per_minute=tpm))
    for step in history:
        played.play(*step)
    for position, first in enumerate(played.starts):
        window = [ticket for ticket in played.starts[position:] if ticket.started - first.started < MINUTE - 1e-9]
        if len(window) > 1:  # a request above the limit by itself goes alone
            assert sum(ticket.tokens for ticket in window) <= tpm


def test_the_tokens_that_a_call_really_took_replace_the_guess():
    limits = Limits(10, tokens_per_minute=1_000)
    limits.finish(limits.start(0.0, 100), 1.0, Outcome.SERVED, tokens=900)
    assert limits.ready_at(2.0, 100) == 2.0
    assert limits.ready_at(2.0, 101) == MINUTE


def serve(limits: Limits, outcomes: list[Outcome], retry_after: float = 0.0) -> None:
    """Keep the endpoint as full as it lets us, and end the oldest call with the next outcome."""
    tickets: list[Ticket] = []
    for moment, outcome in enumerate(outcomes):
        while limits.ready_at(float(moment), 0) <= moment:
            tickets.append(limits.start(float(moment), 0))
        limits.finish(tickets.pop(0), float(moment), outcome, retry_after=retry_after)


def test_one_429_in_twenty_costs_no_room():
    limits = Limits(64)
    serve(limits, ([Outcome.PUSHED_BACK] + [Outcome.SERVED] * 19) * 50, retry_after=30.0)
    assert limits.limit == 64
    assert limits.ready_at(1_000.0, 0) == 1_000.0


def test_a_server_that_takes_sixteen_is_found_within_a_few_windows():
    limits = Limits(64)
    tickets: list[Ticket] = []
    for moment in range(400):  # a server that pushes back whatever is above sixteen, and serves one call at a time
        while limits.ready_at(float(moment), 0) <= moment:
            tickets.append(limits.start(float(moment), 0))
        while len(tickets) > 16:
            limits.finish(tickets.pop(), float(moment), Outcome.PUSHED_BACK)
        limits.finish(tickets.pop(0), float(moment), Outcome.SERVED)
        if moment > 100:
            assert 8 <= limits.limit <= 24


def test_a_crowd_of_429s_with_retry_after_closes_the_door_for_that_long():
    limits = Limits(64)
    tickets = [limits.start(0.0, 0) for _ in range(64)]
    for ticket in tickets[:6]:
        limits.finish(ticket, 0.5, Outcome.PUSHED_BACK, retry_after=5.0)
    assert limits.ready_at(0.5, 0) == 0.5
    limits.finish(tickets[6], 0.5, Outcome.PUSHED_BACK, retry_after=5.0)
    assert limits.ready_at(0.5, 0) == 5.5


def test_failures_in_a_row_leave_one_probe_at_a_time_and_one_success_opens_again():
    limits = Limits(64)
    tickets = [limits.start(0.0, 0) for _ in range(20)]
    for ticket in tickets:
        limits.finish(ticket, 1.0, Outcome.BROKEN)
    assert limits.dead_since == 1.0
    opens = limits.ready_at(1.0, 0)
    assert 1.0 < opens <= 2.0, "failures of calls that began before the closing do not make it longer"
    probe = limits.start(opens, 0)
    assert limits.ready_at(opens, 0) == EVER
    limits.finish(probe, opens, Outcome.BROKEN)
    later = limits.ready_at(opens, 0)
    assert later - opens > opens - 1.0
    limits.finish(limits.start(later, 0), later, Outcome.SERVED)
    assert limits.dead_since is None
    assert limits.ready_at(later, 0) == later
    assert limits.room == 64


def test_scattered_failures_do_not_close_the_door():
    limits = Limits(8)
    serve(limits, ([Outcome.BROKEN] * (FAILURES_TO_CLOSE - 1) + [Outcome.SERVED]) * 20)
    assert limits.dead_since is None
