"""Rate and CPU of a whole `annotate` run against a bare aiohttp loop over the same calls, in turn, in one run.

    python benchmarks/throughput.py [--rounds 3]

1,000 questions, 64 in flight, a server that answers after 50 ms, the durable ledger on. CPU per record is taken at the
margin, between runs of 1,000 and of 4,000 questions, so that starting up does not count.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import sys
import tempfile
from pathlib import Path

import aiohttp
from common import SOLUTION, Measured, annotate_command, measure, server, write_questions

IN_FLIGHT = 64


async def bare_loop(questions: list[str], url: str) -> None:
    """The least that can be done: post, read, decode, with 64 workers on one session."""
    rows = iter([json.loads(line) for line in questions])

    async def work(session: aiohttp.ClientSession) -> None:
        for row in rows:
            body = {"model": "test", "messages": [{"role": "user", "content": row["question"]}]}
            async with session.post(f"{url}/chat/completions", json=body) as response:
                json.loads(await response.read())["choices"][0]["message"]["content"]

    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:
        await asyncio.gather(*(work(session) for _ in range(IN_FLIGHT)))


def run_ours(folder: Path, url: str, count: int, number: int) -> Measured:
    out = folder / f"run-{count}-{number}"
    return measure(annotate_command(folder / f"{count}.jsonl", url, out, "--concurrency", str(IN_FLIGHT)))


def run_bare(folder: Path, url: str, count: int) -> Measured:
    return measure([sys.executable, __file__, "--bare", str(folder / f"{count}.jsonl"), url])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--bare", nargs=2, metavar=("QUESTIONS", "URL"), help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.bare:
        questions, url = arguments.bare
        asyncio.run(bare_loop(Path(questions).read_text().splitlines(), url))
        return
    results: dict[tuple[str, int], list[Measured]] = {}
    with tempfile.TemporaryDirectory() as name, server("--latency", "0.05", "--answer", SOLUTION) as url:
        folder = Path(name)
        for count in (1_000, 4_000):
            write_questions(folder / f"{count}.jsonl", count)
        for number in range(arguments.rounds):
            for count in (1_000, 4_000):
                results.setdefault(("annotate", count), []).append(run_ours(folder, url, count, number))
                results.setdefault(("bare aiohttp", count), []).append(run_bare(folder, url, count))
    report(results)


def report(results: dict[tuple[str, int], list[Measured]]) -> None:
    print("| what | records | records/s (median) | CPU s (median) | peak MB |\n| --- | ---: | ---: | ---: | ---: |")
    for (what, count), runs in sorted(results.items()):
        assert all(run.status == 0 for run in runs), f"{what} failed"
        wall, cpu = statistics.median(run.wall for run in runs), statistics.median(run.cpu for run in runs)
        print(f"| {what} | {count:,} | {count / wall:,.0f} | {cpu:.2f} | {max(run.megabytes for run in runs):.0f} |")

    def at_margin(what: str, figure: str) -> float:
        small, large = ([getattr(run, figure) for run in results[what, count]] for count in (1_000, 4_000))
        return statistics.median((b - a) / 3_000 for a, b in zip(small, large, strict=True))

    pairs = zip(results["annotate", 1_000], results["bare aiohttp", 1_000], strict=True)
    whole = statistics.median(bare.wall / ours.wall for ours, bare in pairs)
    print(f"\nwhole process, 1,000 records: rate of annotate / bare = {whole:.2f}")
    ratio = at_margin("bare aiohttp", "wall") / at_margin("annotate", "wall")
    print(f"at the margin: rate of annotate / bare = {ratio:.2f}")
    for what in ("annotate", "bare aiohttp"):
        print(f"at the margin: CPU of {what} = {1e3 * at_margin(what, 'cpu'):.2f} ms a record")


if __name__ == "__main__":
    main()
