"""A run over a real llama.cpp server: 200 real questions, killed in the middle, gone on with, and given once more.

    SCIINSTRUCT_DATA=… python benchmarks/llama_server.py [--count 200] [--kill-at 500]

The model is tiny and random (see tiny_llama.py), so what is accepted is right by chance. What counts is the client
against a server that others wrote: every question ends somewhere, nothing is paid twice but what was in flight at the
kill, and calls and tokens in the manifest are those that the server counted.
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import astuple
from pathlib import Path
from typing import Any

from common import annotate_command
from tiny_llama import SLOTS, Served, TinyServer, running

from sciinstruct.llm import read_ledger

# English and Chinese, numbers and choices, worked answers cut down to their result.
SOURCES = {
    "theoremqa.jsonl": 0.25,
    "mmlu_pro_stemez.jsonl": 0.2,
    "gsm8k_train.jsonl.gz": 0.1,
    "cmmlu_science.jsonl": 0.2,
    "agieval_gaokao.jsonl": 0.15,
    "gaokao_bench.jsonl": 0.1,
}
OPTIONS = ("--concurrency", str(SLOTS), "--max-tokens", "96", "--temperature", "1")


def sample_questions(folder: Path, count: int, seed: int, path: Path) -> Path:
    """`count` rows drawn from the files of `SOURCES`, as JSON Lines."""
    chance = random.Random(seed)
    with path.open("w", encoding="utf-8") as file:
        for name, share in SOURCES.items():
            opened = gzip.open if name.endswith(".gz") else open
            with opened(folder / name, "rt", encoding="utf-8") as source:
                rows = source.readlines()
            file.writelines(chance.sample(rows, round(count * share)))
    return path


def kept(run: Path) -> Served:
    """What the ledger of a run that is not running holds, counted from its replies."""
    ledger = read_ledger(run / "ledger.sqlite")
    replies = [entry.reply for entry in ledger.scan()]
    ledger.close()
    return Served(
        begun=len(replies),
        ended=len(replies),
        prompt_tokens=sum(reply.prompt_tokens for reply in replies),
        completion_tokens=sum(reply.completion_tokens for reply in replies),
    )


def kill_after(command: list[str], server: TinyServer, calls: int) -> None:
    """Start the command and kill it (SIGKILL) when the server has ended that many calls."""
    before = server.served().ended
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while process.poll() is None and server.served().ended - before < calls:
        time.sleep(0.02)
    process.kill()
    assert process.wait() == -signal.SIGKILL, "the run ended before the kill: give a smaller --kill-at"


def settle(server: TinyServer) -> Served:
    """The server's counts once it has ended what it began; calls of a client that is gone run to their end too."""
    while (counts := server.served()).begun != counts.ended:
        time.sleep(0.2)
    return counts


def finish(command: list[str]) -> tuple[str, float]:
    """Run the command to its end; what it printed, and the seconds it took."""
    started = time.perf_counter()
    done = subprocess.run(command, capture_output=True, text=True, timeout=900)
    assert done.returncode == 0, done.stderr
    return done.stdout, time.perf_counter() - started


def manifest_usage(run: Path) -> dict[str, Any]:
    usage: dict[str, Any] = json.loads((run / "manifest.json").read_text(encoding="utf-8"))["usage"]
    return usage


def row(what: str, server: Served, ledger: Served) -> str:
    numbers = (server.begun, server.ended, ledger.ended, *astuple(server)[2:], *astuple(ledger)[2:])
    return f"| {what} | " + " | ".join(f"{number:,}" for number in numbers) + " |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--kill-at", type=int, default=500)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    if "SCIINSTRUCT_DATA" not in os.environ:
        sys.exit("set SCIINSTRUCT_DATA to the folder of real data (docs/development.md)")
    data = Path(os.environ["SCIINSTRUCT_DATA"]) / "questions"
    with tempfile.TemporaryDirectory() as name, running() as server:
        questions = sample_questions(data, arguments.count, arguments.seed, Path(name) / "questions.jsonl")
        run = Path(name) / "run"
        command = annotate_command(questions, server.url, run, *OPTIONS)
        start = settle(server)
        kill_after(command, server, arguments.kill_at)
        killed, held = settle(server), kept(run)
        _, seconds = finish(command)
        ended, holds = settle(server), kept(run)
        usage = manifest_usage(run)["total"]
        printed, again_seconds = finish(command)
        again = settle(server)
    rest = killed.since(start), held
    print(
        "| | server: calls begun | ended | ledger: calls | server: prompt tokens | completion tokens | "
        "ledger: prompt tokens | completion tokens |\n| --- |" + " ---: |" * 7
    )
    print(row("until the kill", *rest))
    print(row("gone on to the end", ended.since(killed), holds.since(held)))
    print(row("the same command again", again.since(ended), Served(0, 0, 0, 0)))
    print(
        f"\nmanifest: {usage['calls']:,} calls, {usage['prompt_tokens']:,} prompt and "
        f"{usage['completion_tokens']:,} completion tokens"
    )
    rate = (holds.ended - held.ended) / seconds
    print(f"{seconds:.1f} s to the end ({rate:.0f} calls/s), {again_seconds:.1f} s for the same command again\n")
    print(printed)


if __name__ == "__main__":
    main()
