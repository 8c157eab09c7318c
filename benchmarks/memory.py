"""Peak memory of the main process of `annotate`, by number of questions (at most 160 MB; at most 10 MB more for
100,000).

    python benchmarks/memory.py [--counts 1000,10000,100000]

Against a server in a process of its own that answers at once, 64 in flight, the durable ledger on.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

from common import SOLUTION, annotate_command, finish, server, write_questions


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--counts", default="1000,10000,100000")
    counts = [int(count) for count in parser.parse_args().counts.split(",")]
    print("| questions | peak MB | questions/s |\n| ---: | ---: | ---: |")
    with tempfile.TemporaryDirectory() as name, server("--answer", SOLUTION) as url:
        for count in counts:
            questions = write_questions(Path(name) / f"{count}.jsonl", count)
            run = finish(annotate_command(questions, url, Path(name) / f"run-{count}"))
            print(f"| {count:,} | {run.megabytes:.0f} | {count / run.wall:,.0f} |", flush=True)


if __name__ == "__main__":
    main()
