"""Retries, limits and pools against the fault-injecting server."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from sciinstruct.errors import RequestRefusedError, RunPausedError, TransportError
from sciinstruct.llm import Model, ModelOptions, open_model
from sciinstruct.llm.fault_server import Fault, FaultServer


def with_model(server: FaultServer, use: Callable[[Model], Awaitable[Any]], **options: Any) -> Any:
    async def run() -> Any:
        async with server:
            model = open_model([server.url + "#test"], ModelOptions(**options))
            try:
                return await use(model)
            finally:
                await model.aclose()

    return asyncio.run(run())


PASSING = [
    Fault("status", status=408),
    Fault("status", status=409),
    Fault("status", status=425),
    Fault("status", status=429),
    Fault("status", status=500),
    Fault("status", status=503),
    Fault("drop"),
    Fault("cut"),
    Fault("garbage"),
    Fault("html"),
    Fault("empty"),
]


@pytest.mark.parametrize("fault", PASSING, ids=lambda fault: f"{fault.kind}-{fault.status}")
def test_what_may_pass_is_tried_again_inline(ask, fault):
    server = FaultServer(answer="fine", faults=[fault])
    reply = with_model(server, lambda model: model.answer(ask()))
    assert reply.text == "fine"
    assert server.stats()["tried"] == 2
    assert server.stats()["served"] == 1


def test_a_server_that_hangs_is_left_after_the_timeout(ask):
    server = FaultServer(answer="fine", faults=[Fault("hang")])
    assert with_model(server, lambda model: model.answer(ask()), timeout=0.2).text == "fine"


def test_a_slow_body_is_waited_for(ask):
    server = FaultServer(answer="fine", faults=[Fault("slow", seconds=0.2)])
    assert with_model(server, lambda model: model.answer(ask())).text == "fine"
    assert server.stats()["tried"] == 1


@pytest.mark.parametrize("fault", [Fault("length"), Fault("filter"), Fault("no-usage"), Fault("double-usage")])
def test_an_odd_answer_is_an_answer(ask, fault):
    server = FaultServer(answer="some words", faults=[fault])
    reply = with_model(server, lambda model: model.answer(ask()))
    assert reply.finish_reason == {"length": "length", "filter": "content_filter"}.get(fault.kind, "stop")
    assert reply.completion_tokens == {"length": 1, "double-usage": 2}.get(fault.kind, 0)
    assert server.stats()["tried"] == 1


def test_retries_are_bounded_and_say_what_came_last(ask):
    server = FaultServer(faults=[Fault("status", status=500, attempts=())])
    with pytest.raises(TransportError, match=r"no answer in 4 tries; last: .* answered 500"):
        with_model(server, lambda model: model.answer(ask()), retries=3)
    assert server.stats()["tried"] == 4


def test_a_refused_request_is_not_tried_again_and_leaves_its_neighbours_alone(ask):
    server = FaultServer(answer="fine", faults=[Fault("status", status=400, match="bad", attempts=())])

    async def use(model: Model) -> list[Any]:
        texts = ["good 1", "bad 1", "good 2", "bad 2"]
        return await asyncio.gather(*(model.answer(ask(text)) for text in texts), return_exceptions=True)

    good1, bad1, good2, bad2 = with_model(server, use, concurrency=1)
    assert good1.text == good2.text == "fine"
    assert isinstance(bad1, RequestRefusedError)
    assert isinstance(bad2, RequestRefusedError)
    assert server.stats()["tried"] == 4


def test_429s_are_borne_beyond_the_retries_until_patience_ends(ask):
    server = FaultServer(answer="fine", faults=[Fault("status", status=429, attempts=(1, 2, 3, 4))])
    assert with_model(server, lambda model: model.answer(ask()), retries=1).text == "fine"
    server = FaultServer(faults=[Fault("status", status=429, attempts=())])
    with pytest.raises(TransportError, match="answered 429"):
        with_model(server, lambda model: model.answer(ask()), retries=1, patience=0.05)


def test_the_request_waits_as_long_as_the_server_asks(ask):
    server = FaultServer(faults=[Fault("status", status=429, retry_after="0.3")])
    began = time.monotonic()
    with_model(server, lambda model: model.answer(ask()))
    assert time.monotonic() - began >= 0.3


def test_concurrency_adapts_to_what_the_server_bears(ask):
    """A server that takes four calls at once serves a hundred without one of them being lost or paid twice."""
    server = FaultServer(latency=0.01, max_concurrent=4)

    async def use(model: Model) -> list[Any]:
        return await asyncio.gather(*(model.answer(ask(f"question {number}")) for number in range(100)))

    replies = with_model(server, use, concurrency=64)
    assert len(replies) == 100
    assert server.stats()["served"] == 100
    assert server.stats()["served_again"] == 0
    assert server.stats()["peak_in_flight"] == 4


def test_the_concurrency_that_is_asked_for_is_never_passed(ask):
    server = FaultServer(latency=0.005)

    async def use(model: Model) -> None:
        await asyncio.gather(*(model.answer(ask(f"question {number}")) for number in range(60)))

    with_model(server, use, concurrency=7)
    assert server.stats()["peak_in_flight"] == 7


def test_a_cancelled_call_gives_its_place_back(ask):
    server = FaultServer(answer="fine", faults=[Fault("hang", match="slow", attempts=())])

    async def use(model: Model) -> str:
        hanging = asyncio.create_task(model.answer(ask("slow")))
        waiting = asyncio.create_task(model.answer(ask("next")))
        await asyncio.sleep(0.05)
        hanging.cancel()
        return (await asyncio.wait_for(waiting, 5)).text

    assert with_model(server, use, concurrency=1) == "fine"


def test_a_dead_endpoint_of_a_pool_is_left_out_and_used_again_when_it_returns(ask):
    async def run() -> None:
        async with FaultServer(latency=0.002) as first, FaultServer(latency=0.002) as second:
            model = open_model([first.url + "#test", second.url + "#test"], ModelOptions(concurrency=8))

            async def answer_all(name: str, count: int) -> None:
                await asyncio.gather(*(model.answer(ask(f"{name} {number}")) for number in range(count)))

            await answer_all("both live", 40)
            assert min(first.stats()["served"], second.stats()["served"]) >= 5
            await first.stop()
            before = first.stats()["tried"]
            await answer_all("one is dead", 100)
            assert first.stats()["tried"] == before
            await first.start()
            deadline = time.monotonic() + 20
            while first.stats()["tried"] == before and time.monotonic() < deadline:
                await answer_all(f"it returned, {time.monotonic()}", 10)
                await asyncio.sleep(0.05)
            assert first.stats()["tried"] > before
            await model.aclose()

    asyncio.run(run())


def test_a_run_without_any_working_endpoint_pauses(ask):
    async def run() -> list[Any]:
        model = open_model(["http://127.0.0.1:9/v1#test"], ModelOptions(patience=0.3, retries=1_000))
        calls = (model.answer(ask(f"question {number}")) for number in range(20))
        results = await asyncio.wait_for(asyncio.gather(*calls, return_exceptions=True), 30)
        await model.aclose()
        return list(results)

    results = asyncio.run(run())
    assert all(isinstance(result, RunPausedError) for result in results)
    assert "no endpoint of test has worked" in str(results[0])


@pytest.mark.parametrize(("characters", "expected_tokens"), [(2_000, 500), (2_000, 0)])
def test_the_tokens_of_the_prompt_count_once(ask, characters, expected_tokens):
    """Two calls of 500 tokens fit into 1,000 a minute: the request's own guess, or a quarter of its characters."""
    server = FaultServer(faults=[Fault("slow", seconds=60, attempts=())])

    async def use(model: Model) -> int:
        requests = (ask(str(number).zfill(characters), expected_tokens=expected_tokens) for number in range(5))
        calls = [asyncio.create_task(model.answer(request)) for request in requests]
        await asyncio.wait(calls, timeout=0.5)
        for call in calls:
            call.cancel()
        return int(server.stats()["tried"])

    assert with_model(server, use, tokens_per_minute=1_000) == 2


def test_a_bad_key_does_not_wait_for_the_limits_per_minute(ask):
    server = FaultServer(faults=[Fault("status", status=401, attempts=())])

    async def use(model: Model) -> list[Any]:
        calls = (model.answer(ask(f"question {number}")) for number in range(10))
        return list(await asyncio.wait_for(asyncio.gather(*calls, return_exceptions=True), 30))

    results = with_model(server, use, requests_per_minute=4)
    assert all(isinstance(result, RunPausedError) for result in results)
    assert server.stats()["tried"] == 4


def test_requests_per_minute_hold_back_what_is_too_much(ask):
    server = FaultServer()

    async def use(model: Model) -> int:
        calls = [asyncio.create_task(model.answer(ask(f"question {number}"))) for number in range(10)]
        done, waiting = await asyncio.wait(calls, timeout=0.5)
        for call in waiting:
            call.cancel()
        return len(done)

    assert with_model(server, use, requests_per_minute=4) == 4


def test_under_mixed_faults_and_a_dying_endpoint_everything_ends_and_little_is_paid_twice(ask):
    """Five in a hundred tries fail in every way at once; one of two endpoints dies in the middle and returns."""
    kinds = ("drop", "cut", "garbage", "html", "empty")
    faults = [Fault(kind, rate=0.01, seed=seed) for seed, kind in enumerate(kinds)]
    faults += [Fault("status", status=status, rate=0.02, seed=status) for status in (429, 500, 503)]
    faults += [Fault("status", status=400, match="[05]7$", attempts=())]

    async def run() -> None:
        async with (
            FaultServer(latency=0.005, faults=faults) as first,
            FaultServer(latency=0.005, faults=faults) as second,
        ):
            model = open_model([first.url + "#test", second.url + "#test"], ModelOptions(concurrency=16))
            numbers = iter(range(1_000))
            results: dict[int, Any] = {}

            async def work() -> None:
                for number in numbers:
                    try:
                        results[number] = await model.answer(ask(f"question {number}"))
                    except RequestRefusedError as refused:
                        results[number] = refused
                    if number == 300:
                        await second.stop()
                    if number == 600:
                        await second.start()

            await asyncio.gather(*(work() for _ in range(32)))
            await model.aclose()
            refused = {number for number, result in results.items() if isinstance(result, RequestRefusedError)}
            assert refused == {number for number in range(1_000) if number % 100 in (7, 57) and number != 7}
            assert len(results) == 1_000
            served = first.served + second.served
            assert sum(served.values()) - len(served) <= 16, "only what was in flight when the endpoint died"

    asyncio.run(run())
