"""What the benchmarks share: made questions, servers in processes of their own, and measured child processes."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from sciinstruct.annotation.prompts import load_prompts
from sciinstruct.errors import RunFolderError
from sciinstruct.llm import read_ledger

SOLUTION = (
    "The work done by a constant force along a straight path is the product of force and distance.\n"
    "The force is 6 N and the distance is 7 m.\nW = 6 N * 7 m = 42 J.\nThe work is \\boxed{42 J}."
)


def write_questions(path: Path, count: int, wrong_every: int = 0) -> Path:
    """`count` distinct questions as JSON Lines, to which `SOLUTION` is right; wrong for each `wrong_every`-th one."""
    with path.open("w", encoding="utf-8") as file:
        for number in range(count):
            answer = "43 J" if wrong_every and number % wrong_every == 0 else "42 J"
            row = {"id": f"work-{number}", "question": question_text(number), "answer": answer, "subject": "physics"}
            file.write(json.dumps({**row, "language": "en"}) + "\n")
    return path


def question_text(number: int) -> str:
    return f"Trial {number}: a force of 6 N moves a body 7 m along its direction. What work does it do, in joules?"


def write_requests(path: Path, questions: Path) -> Path:
    """The messages with which `annotate` asks for a solution of each of these questions, as JSON Lines."""
    prompts = load_prompts()["en"]
    with questions.open(encoding="utf-8") as rows, path.open("w", encoding="utf-8") as file:
        for row in rows:
            messages = prompts.messages("solve", problem=json.loads(row)["question"])
            file.write(json.dumps([{"role": each.role, "content": each.content} for each in messages]) + "\n")
    return path


class Server:
    """The fault server in a process of its own; `url` is its address up to /v1."""

    def __init__(self, *options: str, port: int = 0) -> None:
        command = [sys.executable, "-m", "sciinstruct.llm.fault_server", "--port", str(port), *options]
        # quiet: aiohttp complains of calls that are broken off when it is stopped
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        assert self._process.stdout is not None
        self.url = self._process.stdout.readline().strip()
        assert self.url.startswith("http"), "the server does not start"

    def stop(self) -> dict[str, int]:
        """End it, breaking off what it is doing; what it has served."""
        self._process.send_signal(signal.SIGINT)
        out, _ = self._process.communicate()
        stats: dict[str, int] = json.loads(out.splitlines()[-1])
        return stats


@contextmanager
def server(*options: str) -> Iterator[str]:
    """A fault server for the time of a `with` block; gives its address up to /v1."""
    running = Server(*options)
    try:
        yield running.url
    finally:
        running.stop()


def server_stats(url: str) -> dict[str, int]:
    """What the server has served so far."""
    with urllib.request.urlopen(url.removesuffix("/v1") + "/stats") as response:
        stats: dict[str, int] = json.load(response)
    return stats


@dataclass
class Measured:
    """A child process that has ended: wall and CPU seconds, peak memory of its main process in MB, exit status."""

    wall: float
    cpu: float
    megabytes: float
    status: int


def measure(command: list[str]) -> Measured:
    """Runs `command`, quiet, and measures it alone (not its children)."""
    started = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    return Measured(
        time.perf_counter() - started, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, process.returncode
    )


def finish(command: list[str]) -> Measured:
    """As `measure`, and the command must end well."""
    run = measure(command)
    assert run.status == 0, f"{' '.join(command)} ended with {run.status}"
    return run


def annotate_command(questions: Path, url: str, out: Path, *options: str) -> list[str]:
    """The command line of one annotation run against the server."""
    run = [sys.executable, "-m", "sciinstruct", "annotate", str(questions), "--model", f"{url}#test", "--out", str(out)]
    return [*run, *options]


def bare_command(requests: Path, url: str, in_flight: int) -> list[str]:
    """The command line of a bare aiohttp loop over these requests."""
    return [sys.executable, str(Path(__file__).with_name("bare.py")), str(requests), url, str(in_flight)]


def ledger_calls(run: Path) -> int:
    """Calls that are in the ledger of a run now."""
    try:
        with closing(read_ledger(run / "ledger.sqlite")) as ledger:
            return sum(tally.calls for tally in ledger.totals().values())
    except RunFolderError:  # not there yet, or its writer was killed while it was made
        return 0
