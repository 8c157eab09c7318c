"""The queue in front of the endpoints: who goes first, where to, and that nobody is lost."""

from __future__ import annotations

import asyncio
import random

from hypothesis import given
from hypothesis import strategies as st

from sciinstruct.errors import RunPausedError
from sciinstruct.llm.gate import Gate
from sciinstruct.llm.limits import Limits, Outcome


def gate_of(*maxima: int) -> Gate:
    return Gate([Limits(maximum, endpoint=position) for position, maximum in enumerate(maxima)])


def test_equal_requests_go_in_the_order_they_came_and_longer_ones_first():
    async def run() -> list[str]:
        gate = gate_of(1)
        order: list[str] = []

        async def enter(name: str, priority: int) -> None:
            ticket = await gate.enter(priority=priority)
            order.append(name)
            gate.leave(ticket, Outcome.SERVED)

        first = await gate.enter()
        tasks = [
            asyncio.create_task(enter(name, priority)) for name, priority in zip("abcd", (1, 5, 1, 5), strict=True)
        ]
        await asyncio.sleep(0)
        gate.leave(first, Outcome.SERVED)
        await asyncio.gather(*tasks)
        return order

    assert asyncio.run(run()) == ["b", "d", "a", "c"]


def test_the_endpoint_with_the_most_room_is_taken():
    async def run() -> list[int]:
        gate = gate_of(2, 4)
        return [(await gate.enter()).endpoint for _ in range(6)]

    assert sorted(asyncio.run(run())) == [0, 0, 1, 1, 1, 1]


def test_a_door_that_time_opens_wakes_the_waiter():
    async def run() -> float:
        now = [0.0]
        gate = Gate([Limits(5, requests_per_minute=1)], clock=lambda: now[0])
        gate.leave(await gate.enter(), Outcome.SERVED)
        now[0] = 59.99
        waiter = asyncio.create_task(gate.enter())
        await asyncio.sleep(0)
        assert not waiter.done()
        now[0] = 60.0
        return (await asyncio.wait_for(waiter, 5)).started

    assert asyncio.run(run()) == 60.0


@given(st.integers(1, 4), st.lists(st.tuples(st.booleans(), st.integers(0, 3)), min_size=1, max_size=40), st.integers())
def test_nobody_is_lost_when_some_are_cancelled(maximum, plans, seed):
    """Whatever is cancelled and whenever, everybody else gets a turn and all places are free at the end."""
    chance = random.Random(seed)

    async def run() -> None:
        gate = gate_of(maximum)
        peak = 0

        async def enter(steps: int) -> None:
            nonlocal peak
            ticket = await gate.enter(priority=chance.randrange(3))
            peak = max(peak, gate.limits[0].in_flight)
            try:
                for _ in range(steps):
                    await asyncio.sleep(0)
            except asyncio.CancelledError:
                gate.leave(ticket, Outcome.UNUSED)
                raise
            gate.leave(ticket, Outcome.SERVED)

        tasks = [asyncio.create_task(enter(steps)) for _, steps in plans]
        for task, (cancelled, _) in zip(tasks, plans, strict=True):
            if chance.random() < 0.5:
                await asyncio.sleep(0)
            if cancelled:
                task.cancel()
        results = await asyncio.wait_for(asyncio.gather(*tasks, return_exceptions=True), 10)
        for result, (cancelled, _) in zip(results, plans, strict=True):
            assert result is None or (cancelled and isinstance(result, asyncio.CancelledError))
        assert gate.limits[0].in_flight == 0
        assert peak <= maximum

    asyncio.run(run())


def test_who_is_cancelled_while_being_refused_is_cancelled():
    async def run() -> None:
        gate = gate_of(1)
        await gate.enter()
        waiter = asyncio.create_task(gate.enter())
        await asyncio.sleep(0)
        gate.refuse_all(RunPausedError("the key is bad"))
        waiter.cancel()
        await asyncio.wait([waiter])
        assert waiter.cancelled()

    asyncio.run(run())


def test_a_turn_that_comes_together_with_the_cancellation_is_given_back():
    async def run() -> None:
        gate = gate_of(1)
        first = await gate.enter()
        waiter = asyncio.create_task(gate.enter())
        other = asyncio.create_task(gate.enter())
        await asyncio.sleep(0)
        gate.leave(first, Outcome.SERVED)  # the waiter's turn
        waiter.cancel()  # before it could run
        ticket = await asyncio.wait_for(other, 5)
        assert waiter.cancelled()
        gate.leave(ticket, Outcome.SERVED)
        assert gate.limits[0].in_flight == 0

    asyncio.run(run())
