"""Rate and CPU of a whole `annotate` run against a bare aiohttp loop over the same requests, in turn, in one run.

    python benchmarks/throughput.py [--rounds 3]

1,000 questions, 64 in flight, a server that answers after 50 ms, the durable ledger on. Both are whole processes, from
their start to their end. CPU per record is taken at the margin, between runs of 1,000 and of 4,000 questions, so that
starting up does not count.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
from pathlib import Path

from common import (
    SOLUTION,
    Measured,
    annotate_command,
    bare_command,
    finish,
    server,
    write_questions,
    write_requests,
)

IN_FLIGHT = 64
COUNTS = (1_000, 4_000)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3)
    rounds = parser.parse_args().rounds
    results: dict[tuple[str, int], list[Measured]] = {}
    with tempfile.TemporaryDirectory() as name, server("--latency", "0.05", "--answer", SOLUTION) as url:
        folder = Path(name)
        for count in COUNTS:
            questions = write_questions(folder / f"{count}.jsonl", count)
            requests = write_requests(folder / f"{count}.requests.jsonl", questions)
            for number in range(rounds):
                out = folder / f"run-{count}-{number}"
                ours = finish(annotate_command(questions, url, out, "--concurrency", str(IN_FLIGHT)))
                results.setdefault(("annotate", count), []).append(ours)
                bare = finish(bare_command(requests, url, IN_FLIGHT))
                results.setdefault(("bare aiohttp", count), []).append(bare)
    report(results)


def report(results: dict[tuple[str, int], list[Measured]]) -> None:
    print("| what | records | records/s (median) | CPU s (median) | peak MB |\n| --- | ---: | ---: | ---: | ---: |")
    for (what, count), runs in sorted(results.items()):
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
