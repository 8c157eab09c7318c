"""annotate over llama.cpp's own server, with a tiny random model: client, resume and accounting against real counts."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from benchmarks.tiny_llama import CONTEXT, SLOTS, Served, TinyServer, running
from sciinstruct.llm import read_ledger

pytestmark = pytest.mark.ml

COUNT = 12


@pytest.fixture(scope="module")
def server() -> Iterator[TinyServer]:
    with running() as started:
        yield started


@pytest.fixture
def questions(examples: Path, tmp_path: Path) -> Path:
    """Twelve of the example questions: every subject, both languages, choices and numbers, one Lean theorem."""
    lines = (examples / "demo" / "questions.jsonl").read_text(encoding="utf-8").splitlines(keepends=True)
    path = tmp_path / "questions.jsonl"
    path.write_text("".join(lines[:: len(lines) // COUNT][: COUNT - 1]) + lines[-1], encoding="utf-8")
    return path


def command(questions: Path, server: TinyServer, out: Path, *options: str) -> list[str]:
    program = [sys.executable, "-m", "sciinstruct", "annotate", str(questions), "--out", str(out)]
    return [*program, "--model", f"{server.url}#tiny", "--max-tokens", "64", "--temperature", "1", *options]


def annotate(questions: Path, server: TinyServer, out: Path, *options: str) -> str:
    ran = subprocess.run(
        command(questions, server, out, *options), capture_output=True, encoding="utf-8", timeout=240, check=False
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return ran.stdout


def settled(server: TinyServer) -> Served:
    """What the server has done, once it has ended all that it began."""
    for _ in range(600):
        if (counts := server.served()).begun == counts.ended:
            return counts
        time.sleep(0.1)
    raise AssertionError(f"the server is still busy: {counts}")


def manifest(run: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((run / "manifest.json").read_text(encoding="utf-8"))
    return content


def rows(path: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = pq.read_table(path).to_pylist()
    return found


def ended(run: Path) -> list[str]:
    """The ids of all questions that are in the output or among the rejected."""
    return sorted(row["id"] for name in ("instructions", "rejected") for row in rows(run / f"{name}.parquet"))


def asked(questions: Path) -> list[str]:
    return sorted(json.loads(line)["id"] for line in questions.read_text(encoding="utf-8").splitlines())


def test_calls_and_tokens_are_those_that_the_server_counted(
    questions: Path, server: TinyServer, tmp_path: Path
) -> None:
    run = tmp_path / "run"
    before = settled(server)
    annotate(questions, server, run, "--concurrency", str(SLOTS))
    served = settled(server).since(before)
    total = manifest(run)["usage"]["total"]
    assert served.ended == total["calls"] > COUNT
    assert served.prompt_tokens == total["prompt_tokens"] > 0
    assert served.completion_tokens == total["completion_tokens"] > 0
    assert ended(run) == asked(questions)
    assert "0 calls paid" in annotate(questions, server, run, "--concurrency", str(SLOTS))
    assert settled(server).since(before) == served


def test_a_killed_run_goes_on_and_pays_twice_only_for_what_was_in_flight(
    questions: Path, server: TinyServer, tmp_path: Path
) -> None:
    run = tmp_path / "run"
    in_flight = 4
    before = settled(server)
    process = subprocess.Popen(
        command(questions, server, run, "--concurrency", str(in_flight)), stdout=subprocess.DEVNULL
    )
    while process.poll() is None and server.served().ended - before.ended < COUNT:
        time.sleep(0.02)
    process.kill()
    assert process.wait() != 0, "the run ended before it could be killed"
    killed = settled(server)
    ledger = read_ledger(run / "ledger.sqlite")
    kept = sum(1 for _ in ledger.scan())
    ledger.close()
    assert kept > 0
    assert 0 <= killed.since(before).ended - kept <= in_flight
    annotate(questions, server, run, "--concurrency", str(in_flight))
    usage = manifest(run)["usage"]
    assert settled(server).since(killed).ended == usage["paid"]["calls"] == usage["total"]["calls"] - kept
    assert ended(run) == asked(questions)


def test_a_question_that_is_too_long_for_the_server_keeps_its_words(
    questions: Path, server: TinyServer, tmp_path: Path
) -> None:
    long = {"id": "long", "question": "What is 1 + 1? " + "Think well. " * CONTEXT, "answer": "2"}
    with questions.open("a", encoding="utf-8") as file:
        file.write(json.dumps(long) + "\n")
    run = tmp_path / "run"
    annotate(questions, server, run, "--concurrency", str(SLOTS))
    assert ended(run) == asked(questions)
    refused = [row for row in rows(run / "rejected.parquet") if row["reason"] == "refused"]
    assert [row["id"] for row in refused] == ["long"]
    assert "context size" in refused[0]["detail"]


def test_the_seed_reaches_the_server(questions: Path, server: TinyServer, tmp_path: Path) -> None:
    solutions = {}
    for name, seed in (("one", "1"), ("again", "1"), ("two", "2")):
        annotate(questions, server, tmp_path / name, "--concurrency", "1", "--stages", "solve", "--seed", seed)
        solutions[name] = [row["solution"] for row in rows(tmp_path / name / "attempts.parquet")]
    assert solutions["one"] == solutions["again"]
    assert solutions["one"] != solutions["two"]
