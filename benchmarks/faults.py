"""What faults at the first attempt cost a whole `annotate` run, and whether they touch other questions.

    python benchmarks/faults.py [--latency 1.0]

1,000 questions, 64 in flight: ten are always answered 400, fifty 500 and fifty 429 (without Retry-After) at their first
attempt. What is written about the others is compared with a run without faults.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
from common import SOLUTION, annotate_command, finish, server, server_stats, write_questions

COUNT = 1_000
REFUSED = "status,status=400,match=Trial [0-9]*37:,attempts=all"
BROKEN = "status,status=500,match=Trial ([0-9]*[02468])?4:"
PUSHED_BACK = "status,status=429,match=Trial ([0-9]*[02468])?9:"
CASES = {
    "none": (),
    "fifty 429s": (PUSHED_BACK,),
    "ten 400s, fifty 500s, fifty 429s": (REFUSED, BROKEN, PUSHED_BACK),
}


def rows(run: Path, table: str) -> dict[str, dict[str, Any]]:
    """The rows of a table by id; none may be there twice."""
    listed = pq.read_table(run / table).to_pylist()
    by_id = {row["id"]: row for row in listed}
    assert len(by_id) == len(listed), f"{run / table}: an id is there twice"
    return by_id


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--latency", type=float, default=1.0)
    latency = parser.parse_args().latency
    print("| faults | seconds | more time | accepted | rejected | others as without faults | paid twice |")
    print("| --- | ---: | ---: | ---: | ---: | --- | ---: |")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        questions = write_questions(folder / "questions.jsonl", COUNT)
        ids = {json.loads(line)["id"] for line in questions.open()}
        plain = 0.0
        whole: dict[str, dict[str, Any]] = {}
        for number, (case, faults) in enumerate(CASES.items()):
            out = folder / str(number)
            options = [part for fault in faults for part in ("--fault", fault)]
            with server("--latency", str(latency), "--answer", SOLUTION, *options) as url:
                run = finish(annotate_command(questions, url, out, "--concurrency", "64"))
                again = server_stats(url)["served_again"]
            accepted, rejected = rows(out, "instructions.parquet"), rows(out, "rejected.parquet")
            assert accepted.keys() | rejected.keys() == ids, "a question is in neither table"
            assert not accepted.keys() & rejected.keys(), "a question is in both tables"
            plain, whole = plain or run.wall, whole or accepted
            same = all(whole[key] == row for key, row in accepted.items())
            counts = f"{len(accepted)} | {len(rejected)} | {'yes' if same else 'no'} | {again}"
            print(f"| {case} | {run.wall:.1f} | {run.wall / plain - 1:.1%} | {counts} |", flush=True)


if __name__ == "__main__":
    main()
