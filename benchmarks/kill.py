"""kill -9 at random moments, thirty times, at 600 questions: what is paid twice, and whether the tables are the same.

    python benchmarks/kill.py [--kills 30] [--seed 0]

The server counts what it served. Each round starts the same command on the same folder, kills it after a random time,
and goes on; at the end the run is finished and its Parquet files are compared byte for byte with those of an
undisturbed run.
"""

from __future__ import annotations

import argparse
import json
import random
import subprocess
import tempfile
import time
from pathlib import Path

from common import annotate_command, finish, ledger_calls, server, server_stats

IN_FLIGHT = 16
ANSWER = "Adding one to nothing gives 0 + 1 = 1.\n\\boxed{1}"


def write_case(path: Path, count: int) -> Path:
    """Questions of which the constant answer is right for a third, so that the others go through all stages."""
    with path.open("w") as file:
        for number in range(count):
            question = f"Question {number}: what is {number % 3} plus 1?"
            file.write(json.dumps({"id": f"q{number}", "question": question, "answer": str(number % 3 + 1)}) + "\n")
    return path


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=30)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    chance = random.Random(arguments.seed)
    with tempfile.TemporaryDirectory() as name, server("--latency", "0.05", "--answer", ANSWER) as url:
        folder = Path(name)
        questions = write_case(folder / "questions.jsonl", 600)
        options = ("--concurrency", str(IN_FLIGHT))
        started = time.perf_counter()
        finish(annotate_command(questions, url, folder / "whole", *options))
        whole, seconds = server_stats(url)["served"], time.perf_counter() - started
        twice = []
        kills = 0
        command = annotate_command(questions, url, folder / "killed", *options)
        while kills < arguments.kills:
            before = server_stats(url)["served"], ledger_calls(folder / "killed")
            process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            time.sleep(chance.uniform(0.2, 1.2))
            if process.poll() is not None:
                break
            process.kill()
            process.wait()
            kills += 1
            time.sleep(0.2)  # the server ends what it was doing
            twice.append((server_stats(url)["served"] - before[0]) - (ledger_calls(folder / "killed") - before[1]))
        finish(command)
        paid = server_stats(url)["served"] - whole
        same = all(
            (folder / "whole" / table).read_bytes() == (folder / "killed" / table).read_bytes()
            for table in ("attempts.parquet", "instructions.parquet", "rejected.parquet")
        )
    print(f"undisturbed: {whole:,} calls in {seconds:.1f} s, {IN_FLIGHT} questions in flight")
    print(f"kills: {kills}; served and not kept, per kill: at most {max(twice)}, in all {sum(twice)}")
    print(f"paid twice in all: {paid - whole} of {paid:,}; tables the same byte for byte: {same}")


if __name__ == "__main__":
    main()
