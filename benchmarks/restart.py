"""Seconds until a finished run of 250,000 questions is known to be finished (at most 15), and that no call is made.

    python benchmarks/restart.py [--count 250000]

The run is made with recorded replies; then the same command is given again.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from pathlib import Path

from common import SOLUTION, finish, write_questions


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=250_000)
    count = parser.parse_args().count
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        questions = write_questions(folder / "questions.jsonl", count)
        with (folder / "replies.jsonl").open("w") as file:
            for number in range(count):
                reply = {"question_id": f"work-{number}", "stage": "solve", "text": SOLUTION}
                file.write(json.dumps(reply) + "\n")
        run = folder / "run"
        command = [sys.executable, "-m", "sciinstruct", "annotate", str(questions), "--out", str(run)]
        command += ["--model", f"recorded:{folder / 'replies.jsonl'}"]
        print("| what | seconds | peak MB |\n| --- | ---: | ---: |")
        for what in ("first run", "the same command again"):
            before = (run / "ledger.sqlite").stat().st_mtime_ns if run.exists() else 0
            measured = finish(command)
            print(f"| {what} | {measured.wall:.1f} | {measured.megabytes:.0f} |", flush=True)
        total = json.loads((run / "manifest.json").read_text())["usage"]["total"]["calls"]
        untouched = before == (run / "ledger.sqlite").stat().st_mtime_ns
        print(f"\ncalls in the ledger: {total:,}; ledger untouched by the second command: {untouched}")


if __name__ == "__main__":
    main()
