"""Whole runs where latencies differ: against a bare aiohttp loop, and longest first against input order.

    python benchmarks/tail.py [--count 4000] [--mean 1.0]

First, log-normal latency (sigma 0.6) over the same requests for both. Then questions of very different length on a
server whose latency grows with the prompt, a third of them right at the first try and the others led through all
stages: `annotate` as it is, and with its order taken out. No order can end before the sum of all latencies over the
calls in flight.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import tempfile
from contextlib import closing
from pathlib import Path

from common import (
    SOLUTION,
    annotate_command,
    bare_command,
    finish,
    server,
    write_questions,
    write_requests,
)

from sciinstruct.llm import read_ledger

IN_FLIGHT = 64
CONCURRENCY = ("--concurrency", str(IN_FLIGHT))


def compare_with_bare(folder: Path, count: int, mean: float) -> None:
    questions = write_questions(folder / "even.jsonl", count)
    requests = write_requests(folder / "requests.jsonl", questions)
    with server("--latency", str(mean), "--sigma", "0.6", "--answer", SOLUTION) as url:
        bare = finish(bare_command(requests, url, IN_FLIGHT))
        ours = finish(annotate_command(questions, url, folder / "even", *CONCURRENCY))
    print(f"| log-normal latency, mean {mean:g} s, {count:,} questions | seconds | of the bare rate |")
    print("| --- | ---: | ---: |")
    print(f"| bare aiohttp | {bare.wall:.1f} | |")
    print(f"| annotate | {ours.wall:.1f} | {bare.wall / ours.wall:.3f} |\n", flush=True)


def write_uneven(path: Path, count: int) -> Path:
    """Questions of log-normally distributed length, the constant answer right for one in three."""
    chance = random.Random(0)
    with path.open("w", encoding="utf-8") as file:
        for number in range(count):
            story = "The cart is heavy. " * round(20 * chance.lognormvariate(0, 1))
            row = {"id": f"q{number}", "question": f"Trial {number}. {story}What work is done, in joules?"}
            file.write(json.dumps({**row, "answer": "43 J" if number % 3 else "42 J", "language": "en"}) + "\n")
    return path


def compare_orders(folder: Path, count: int, mean: float) -> None:
    questions = write_uneven(folder / "uneven.jsonl", count)
    print("| latency grows with the prompt | seconds | least possible | calls |\n| --- | ---: | ---: | ---: |")
    with server("--per-character", str(mean / 2_000), "--answer", SOLUTION) as url:
        for name in ("input order", "longest first at the end"):
            out = folder / name.replace(" ", "-")
            command = annotate_command(questions, url, out, *CONCURRENCY)
            if name == "input order":
                command = [sys.executable, __file__, "--in-input-order", *command[3:]]
            run = finish(command)
            with closing(read_ledger(out / "ledger.sqlite")) as ledger:
                calls = sum(tally.calls for tally in ledger.totals().values())
                least = sum(tally.seconds for tally in ledger.totals().values()) / IN_FLIGHT
            print(f"| {name} | {run.wall:.1f} | {least:.1f} | {calls:,} |", flush=True)


def annotate_in_input_order(arguments: list[str]) -> None:
    """The command line with the engine's order taken out."""
    from sciinstruct.annotation import engine
    from sciinstruct.cli.main import main as command_line

    engine._longest_first_at_the_end = lambda pending, window: pending
    sys.argv = ["sciinstruct", *arguments]
    command_line()


def main() -> None:
    if sys.argv[1:2] == ["--in-input-order"]:
        annotate_in_input_order(sys.argv[2:])
        return
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=4_000)
    parser.add_argument("--mean", type=float, default=1.0)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        compare_with_bare(Path(name), arguments.count, arguments.mean)
        compare_orders(Path(name), arguments.count // 8, arguments.mean)


if __name__ == "__main__":
    main()
