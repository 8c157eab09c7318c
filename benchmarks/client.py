"""The client with its durable ledger against a bare aiohttp loop, in one run, with the server in its own process.

    python benchmarks/client.py [--quick]

Prints Markdown tables: rate and CPU per call at 50 ms; wall time with log-normal latencies; what faults at the first
attempt cost. `--quick` takes a quarter of the calls and of the latency in the last two.
"""

from __future__ import annotations

import argparse
import asyncio
import tempfile
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
from common import server, server_stats

from sciinstruct.llm import Client, ModelOptions, open_ledger, open_model
from sciinstruct.records import Message, Request

IN_FLIGHT = 64
FAULTS = {
    "ten 400s": "status,status=400,match=number \\d*37$,attempts=all",
    "fifty 500s": "status,status=500,match=number \\d*([02468]4)$",
    "fifty 429s": "status,status=429,match=number \\d*([02468]9)$",
}


@dataclass
class Run:
    """Wall and CPU seconds for a number of calls, and what came of them."""

    calls: int
    wall: float
    cpu: float
    outcomes: Counter[str] = field(default_factory=Counter)


async def measured(count: int, call: Callable[[int], Awaitable[Any]]) -> Run:
    """Make `count` calls, 64 at a time."""
    numbers = iter(range(count))
    outcomes: Counter[str] = Counter()

    async def work() -> None:
        for number in numbers:
            try:
                await call(number)
                outcomes["answered"] += 1
            except Exception as error:  # counted and shown
                outcomes[type(error).__name__] += 1

    wall, cpu = time.perf_counter(), time.process_time()
    await asyncio.gather(*(work() for _ in range(IN_FLIGHT)))
    return Run(count, time.perf_counter() - wall, time.process_time() - cpu, outcomes)


async def bare(url: str, count: int) -> Run:
    """The least that aiohttp can do: post, read the JSON, take the text."""
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:

        async def call(number: int) -> str:
            body = {"model": "test", "messages": [{"role": "user", "content": f"Question number {number}"}]}
            async with session.post(f"{url}/chat/completions", json=body) as response:
                return str((await response.json())["choices"][0]["message"]["content"])

        return await measured(count, call)


async def ours(url: str, count: int) -> Run:
    """The client: limits, retries, ledger on disk."""
    with tempfile.TemporaryDirectory(dir=Path.cwd()) as folder:
        ledger = open_ledger(Path(folder) / "ledger.sqlite")
        client = Client({"test": open_model([f"{url}#test"], ModelOptions(concurrency=IN_FLIGHT))}, ledger)

        async def call(number: int) -> str:
            message = Message(role="user", content=f"Question number {number}")
            request = Request(model="test", messages=(message,), question_id=str(number), stage="solve", seed=1)
            return (await client.answer(request)).text

        try:
            return await measured(count, call)
        finally:
            await client.aclose()
            ledger.close()


def compare_rates() -> None:
    print("| 50 ms, 64 in flight | calls/s | CPU ms per call, 1,000 calls | CPU ms per call, 1,000 to 4,000 |")
    print("| --- | --- | --- | --- |")
    rates = {}
    for name, loop in (("bare aiohttp", bare), ("client and ledger", ours)):
        with server("--latency", "0.05") as url:
            runs = [asyncio.run(loop(url, count)) for count in (1_000, 4_000)]
        few, many = runs
        rates[name] = few.calls / few.wall
        margin = (many.cpu - few.cpu) / (many.calls - few.calls)
        print(f"| {name} | {rates[name]:.0f} | {few.cpu / few.calls * 1e3:.2f} | {margin * 1e3:.2f} |", flush=True)
    print(f"\nRate of the client: {rates['client and ledger'] / rates['bare aiohttp']:.2f} of the bare loop.\n")


def compare_latencies(quick: bool) -> None:
    count, mean = (1_000, 0.25) if quick else (4_000, 1.0)
    print(f"| log-normal latency, mean {mean:g} s, sigma 0.6, {count:,} calls | seconds | of the bare loop's rate |")
    print("| --- | --- | --- |")
    walls = {}
    for name, loop in (("bare aiohttp", bare), ("client and ledger", ours)):
        with server("--latency", str(mean), "--sigma", "0.6") as url:
            walls[name] = asyncio.run(loop(url, count)).wall
        print(f"| {name} | {walls[name]:.1f} | {walls['bare aiohttp'] / walls[name]:.3f} |", flush=True)
    print()


def compare_faults(quick: bool) -> None:
    latency = 0.25 if quick else 1.0
    print(f"| faults at the first attempt, 1,000 calls, {latency:g} s | seconds | more time | outcomes | paid twice |")
    print("| --- | --- | --- | --- | --- |")
    plain = 0.0
    for name, faults in (
        ("none", []),
        ("fifty 429s without Retry-After", [FAULTS["fifty 429s"]]),
        ("ten 400s, fifty 500s, fifty 429s", list(FAULTS.values())),
    ):
        options = [part for fault in faults for part in ("--fault", fault)]
        with server("--latency", str(latency), *options) as url:
            run = asyncio.run(ours(url, 1_000))
            again = server_stats(url)["served_again"]
        plain = plain or run.wall
        outcomes = ", ".join(f"{count} {outcome}" for outcome, count in run.outcomes.items())
        print(f"| {name} | {run.wall:.1f} | {run.wall / plain - 1:.1%} | {outcomes} | {again} |", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="smaller and shorter")
    quick = parser.parse_args().quick
    compare_rates()
    compare_latencies(quick)
    compare_faults(quick)


if __name__ == "__main__":
    main()
