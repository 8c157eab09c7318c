"""The client: the ledger first, one payment per request, and limits that hold."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from sciinstruct.errors import BudgetReachedError, ConfigError, RequestRefusedError
from sciinstruct.llm import Client, Price, open_ledger, open_model
from sciinstruct.llm.fault_server import Fault, FaultServer

PRICES = {"test": Price(input=0.0, output=1e6)}  # a dollar per word
ONE_DOLLAR = "word"


def with_client(server: FaultServer, path: Path, use: Callable[[Client], Awaitable[Any]], **limits: Any) -> Any:
    async def run() -> Any:
        async with server:
            ledger = open_ledger(path)
            client = Client({"test": open_model([server.url + "#test"])}, ledger, **limits)
            try:
                return await use(client)
            finally:
                await client.aclose()
                ledger.close()

    return asyncio.run(run())


def test_a_reply_is_in_the_ledger_by_the_time_it_is_returned(tmp_path, ask):
    path = tmp_path / "ledger.sqlite"

    async def use(client: Client) -> None:
        reply = await client.answer(ask("one", sample=2))
        (entry,) = client._ledger.scan()
        assert entry.reply == reply
        assert (entry.model, entry.stage, entry.question_id, entry.sample) == ("test", "solve", "one", 2)
        assert entry.endpoint == server.url
        assert entry.cost == pytest.approx(reply.completion_tokens)
        assert entry.started > 1.6e9
        assert 0.02 <= entry.seconds < 10

    server = FaultServer(latency=0.02)
    with_client(server, path, use, prices=PRICES)


def test_nothing_is_paid_twice_neither_at_once_nor_later(tmp_path, ask):
    async def ask_all(client: Client) -> tuple[list[str], int]:
        replies = await asyncio.gather(*(client.answer(ask(f"question {number % 10}")) for number in range(40)))
        return [reply.text for reply in replies], client.stats.reused

    server = FaultServer(latency=0.01, faults=[Fault("status", status=500, match="3"), Fault("cut", match="4")])
    path = tmp_path / "ledger.sqlite"
    first, reused = with_client(server, path, ask_all)
    assert reused == 30
    again, reused = with_client(server, path, ask_all)
    assert reused == 40
    assert first == again
    assert server.stats()["served"] == 10
    assert server.stats()["served_again"] == 0


def test_when_a_shared_call_fails_or_is_cancelled_the_others_ask_for_themselves(tmp_path, ask):
    async def use(client: Client) -> list[Any]:
        first, *others = [asyncio.create_task(client.answer(ask("same"))) for _ in range(3)]
        await asyncio.sleep(0.05)
        first.cancel()
        return list(await asyncio.gather(first, *others, return_exceptions=True))

    server = FaultServer(answer="fine", latency=0.1)
    first, *others = with_client(server, tmp_path / "ledger.sqlite", use)
    assert isinstance(first, asyncio.CancelledError)
    assert [reply.text for reply in others] == ["fine", "fine"]
    assert server.stats()["tried"] == 2


def test_counters(tmp_path, ask):
    async def use(client: Client) -> Any:
        calls = [
            client.answer(ask(f"question {number}", stage="reflect" if number == 0 else "solve")) for number in range(5)
        ]
        await asyncio.gather(*calls, return_exceptions=True)
        await client.answer(ask("question 1"))
        return client.stats

    faults = [Fault("status", status=500, match="3$"), Fault("status", status=400, match="4$", attempts=())]
    stats = with_client(FaultServer("two words", faults=faults), tmp_path / "ledger", use, prices=PRICES)
    assert stats.paid.calls == 4
    assert stats.paid.completion_tokens == 8
    assert stats.paid.cost == 8.0
    assert (stats.reused, stats.retried, stats.in_flight) == (1, 1, 0)
    assert {stage: tally.calls for stage, tally in stats.by_stage().items()} == {"solve": 3, "reflect": 1}
    assert stats.by_model()["test"] == stats.paid


async def ask_until_refused(client: Client, ask: Callable[..., Any], count: int, at_once: int) -> list[Any]:
    numbers = iter(range(count))
    results: list[Any] = []

    async def work() -> None:
        for number in numbers:
            try:
                results.append(await client.answer(ask(f"question {number}")))
            except BudgetReachedError as reached:
                results.append(reached)
                return

    await asyncio.gather(*(work() for _ in range(at_once)))
    return results


def test_the_budget_is_passed_at_most_by_what_was_in_flight_and_holds_over_restarts(tmp_path, ask):
    path = tmp_path / "ledger.sqlite"
    server = FaultServer(ONE_DOLLAR, latency=0.005)

    def spend(budget: float) -> float:
        async def use(client: Client) -> float:
            results = await ask_until_refused(client, ask, 100, at_once=8)
            assert any(isinstance(result, BudgetReachedError) for result in results)
            return client.stats.earlier.cost + client.stats.paid.cost

        return float(with_client(server, path, use, prices=PRICES, budget=budget))

    assert 20 <= spend(20.0) < 20 + 8
    spent = server.stats()["served"]
    assert spend(20.0) == spent
    assert 40 <= spend(40.0) < 40 + 8
    assert server.stats()["served_again"] == 0


def test_max_calls_is_never_passed(tmp_path, ask):
    server = FaultServer(latency=0.005)
    for limit in (10, 10, 25):
        results = with_client(
            server, tmp_path / "ledger", lambda client: ask_until_refused(client, ask, 100, 8), max_calls=limit
        )
        assert isinstance(results[-1], BudgetReachedError)
        assert server.stats()["served"] == limit


def test_a_budget_needs_prices(tmp_path):
    with pytest.raises(ConfigError, match="needs a price for test"):
        with_client(FaultServer(), tmp_path / "ledger", lambda client: asyncio.sleep(0), budget=1.0)


def test_an_unknown_model_and_a_refusal_reach_the_caller(tmp_path, ask):
    async def use(client: Client) -> None:
        with pytest.raises(ConfigError, match="no model 'other'"):
            await client.answer(ask(model="other"))
        with pytest.raises(RequestRefusedError):
            await client.answer(ask())
        assert client.stats.in_flight == 0

    with_client(FaultServer(faults=[Fault("status", status=404)]), tmp_path / "ledger", use)
