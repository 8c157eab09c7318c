"""What the benchmarks share: made questions, a server in a process of its own, and measured child processes."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

SOLUTION = (
    "The work done by a constant force along a straight path is the product of force and distance.\n"
    "The force is 6 N and the distance is 7 m.\nW = 6 N * 7 m = 42 J.\nThe work is \\boxed{42 J}."
)


def write_questions(path: Path, count: int) -> Path:
    """`count` distinct questions whose right answer is that of `SOLUTION`, as JSON Lines."""
    with path.open("w", encoding="utf-8") as file:
        for number in range(count):
            text = (
                f"Trial {number}: a force of 6 N moves a body 7 m along its direction. What work does it do, in joules?"
            )
            row = {"id": f"work-{number}", "question": text, "answer": "42 J", "subject": "physics", "language": "en"}
            file.write(json.dumps(row) + "\n")
    return path


@contextmanager
def server(*options: str) -> Iterator[str]:
    """The fault server in a process of its own; gives its address up to /v1."""
    command = [sys.executable, "-m", "sciinstruct.llm.fault_server", "--port", "0", *options]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        yield next(word for word in line.split() if word.startswith("http"))
    finally:
        process.terminate()
        process.wait()


def server_stats(url: str) -> dict[str, object]:
    """What the server has served so far."""
    with urllib.request.urlopen(url.removesuffix("/v1") + "/stats") as response:
        stats: dict[str, object] = json.load(response)
    return stats


@dataclass
class Measured:
    """A child process that has ended: wall and CPU seconds, peak memory of its main process in MB, exit status."""

    wall: float
    cpu: float
    megabytes: float
    status: int


def measure(command: list[str], **environment: str) -> Measured:
    """Runs `command`, quiet, and measures it alone (not its children's memory)."""
    started = time.perf_counter()
    process = subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env={**os.environ, **environment}
    )
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    return Measured(
        time.perf_counter() - started, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, process.returncode
    )


def children_cpu() -> float:
    """CPU seconds of all children that have ended."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def annotate_command(questions: Path, url: str, out: Path, *options: str) -> list[str]:
    """The command line of one annotation run against the server."""
    run = [sys.executable, "-m", "sciinstruct", "annotate", str(questions), "--model", f"{url}#test", "--out", str(out)]
    return [*run, *options]
