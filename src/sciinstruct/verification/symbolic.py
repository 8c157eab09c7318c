"""Math-Verify as the last symbolic step, in worker processes that are killed when they take too long or too much.

It is asked only what the package's own comparators leave open, and only about expressions, sets, intervals and
matrices: it holds 5 m for 5 km, and its tolerance is absolute. It can say "right"; that it finds no equality proves
nothing, so that is "unknown".
"""

from __future__ import annotations

import json
import math
import os
import queue
import re
import select
import subprocess
import sys
import threading
import time
from typing import Any

from sciinstruct.records import Verdict
from sciinstruct.verification.expression import value_of
from sciinstruct.verification.normalise import clean
from sciinstruct.verification.verdicts import right, unknown, wrong

__all__ = ["SymbolicPool"]

START_SECONDS = 60.0
"A worker that has not imported Math-Verify by then is given up."
RULE = "symbolic"

_FUNCTION = re.compile(
    r"\\?(?:arc)?(?:sinh?|cosh?|tanh?|cot|sec|csc|ln|log|exp|lim|sqrt|binom|frac|cup|cap|infty|pm|le|ge|in)(?![a-z])"
    r"|\\(?:begin|end) ?\{[a-z]+\}"
)
_BOUND = re.compile(r"_ ?\{ ?([A-Za-z]) ?(?:=|\\to|→)|_ ?\{ ?([A-Za-z]) ?\\rightarrow")
_DIFFERENTIAL = re.compile(r"d ?([A-Za-z])")
_NAME = re.compile(r"\\[A-Za-z]+|[A-Za-z]")
_NO_NAMES = frozenset(("\\sum", "\\prod", "\\int", "\\cdot", "\\times", "\\to", "\\rightarrow", "\\div", "\\emptyset"))


class SymbolicPool:
    """Up to `workers` processes that compare with Math-Verify; started when first needed, blocking, thread-safe.

    Args:
        workers: Processes at most.
        wall: Seconds for one comparison; then the process is killed and the verdict is unknown.
        memory_mb: Address space of a process; a comparison that needs more is unknown.
    """

    def __init__(self, workers: int = 1, wall: float = 3.0, memory_mb: int = 1024) -> None:
        self.wall = wall
        self.memory_mb = memory_mb
        self._closed = False
        self._workers = [_Worker(memory_mb, wall) for _ in range(max(1, workers))]
        self._idle: queue.LifoQueue[_Worker] = queue.LifoQueue()
        for worker in self._workers:
            self._idle.put(worker)

    def compare(self, gold: str, answer: str) -> Verdict:
        """Right where Math-Verify finds both equal and their values agree relative to their size, else unknown.

        Two plain numbers that differ are wrong without asking. Rule: "symbolic".
        """
        one, other = value_of(gold), value_of(answer)
        if one is not None and other is not None and not math.isclose(one, other, rel_tol=1e-9):
            return wrong(RULE, f"{other:.10g} is not {one:.10g}")
        if free_names(gold) != free_names(answer):
            return unknown(RULE, "formulas in other variables")
        worker = self._idle.get()
        try:
            if self._closed:
                return unknown(RULE, "the checker is closed")
            reply = worker.ask({"gold": clean(gold), "answer": clean(answer)})
        finally:
            self._idle.put(worker)
        return right(RULE, reply["reason"]) if reply["equal"] else unknown(RULE, reply["reason"])

    def close(self) -> None:
        """Ends the processes; comparisons that are running end with unknown."""
        self._closed = True
        for worker in self._workers:
            worker.stop()

    def __enter__(self) -> SymbolicPool:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def free_names(text: str) -> frozenset[str]:
    """Letters and Greek letters of a formula, but for those that a sum, a limit or an integral binds.

    Math-Verify does not tell a from A, nor the letters of units from variables.
    """
    plain = _FUNCTION.sub(" ", clean(text))
    bound = {letter for pair in _BOUND.findall(plain) for letter in pair}
    if "\\int" in plain:
        bound |= {"d", *_DIFFERENTIAL.findall(plain)}
    return frozenset(name for name in _NAME.findall(plain) if name not in bound and name not in _NO_NAMES)


class _Worker:
    """One process, used by one thread at a time; replaced after it was killed or has died."""

    def __init__(self, memory_mb: int, wall: float) -> None:
        self._command = [
            sys.executable,
            "-P",  # nothing is imported from the current directory
            "-m",
            "sciinstruct.verification.symbolic_worker",
            str(memory_mb),
            str(math.ceil(wall)),
        ]
        self._wall = wall
        self._process: subprocess.Popen[bytes] | None = None
        self._starting = threading.Lock()
        self._stopped = False

    def ask(self, request: dict[str, str]) -> dict[str, Any]:
        """The worker's reply to one request, or that there is none and why."""
        process = self._running()
        if process is None:
            return _no_reply("the symbolic worker did not start")
        try:
            reply = _exchange(process, json.dumps(request).encode() + b"\n", self._wall)
        except TimeoutError:
            self._kill()
            return _no_reply(f"no result within {self._wall:g} s")
        except (OSError, ValueError):
            self._kill()
            return _no_reply("the symbolic worker died")
        return reply

    def stop(self) -> None:
        self._stopped = True
        self._kill()

    def _running(self) -> subprocess.Popen[bytes] | None:
        with self._starting:
            if self._stopped:
                return None
            if self._process is not None and self._process.poll() is None:
                return self._process
            self._process = subprocess.Popen(
                self._command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                bufsize=0,
                close_fds=True,
                env=_environment(),
            )
        try:
            _exchange(self._process, b"", START_SECONDS)
        except (OSError, ValueError):  # TimeoutError is an OSError
            self._kill()
            return None
        return self._process

    def _kill(self) -> None:
        process = self._process
        if process is None:
            return
        process.kill()  # SIGKILL: an alarm could not interrupt a power of big integers
        process.wait()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                pipe.close()


def _no_reply(reason: str) -> dict[str, Any]:
    return {"equal": False, "reason": reason}


def _environment() -> dict[str, str]:
    """The parent's environment without its secrets: a checker of untrusted text needs no keys."""
    kept = ("PATH", "HOME", "LANG", "LC_ALL", "PYTHONPATH", "VIRTUAL_ENV", "TMPDIR")
    return {name: os.environ[name] for name in kept if name in os.environ} | {"PYTHONHASHSEED": "0"}


def _exchange(process: subprocess.Popen[bytes], message: bytes, seconds: float) -> dict[str, Any]:
    """Sends one line and reads one; raises `TimeoutError` after `seconds`, `OSError` where the process has gone."""
    assert process.stdin is not None and process.stdout is not None
    deadline = time.monotonic() + seconds
    if message:
        process.stdin.write(message)
    received = b""
    while not received.endswith(b"\n"):
        left = deadline - time.monotonic()
        if left <= 0 or not select.select([process.stdout], [], [], left)[0]:
            raise TimeoutError
        piece = os.read(process.stdout.fileno(), 65536)
        if not piece:
            raise BrokenPipeError("the symbolic worker has ended")
        received += piece
    reply: dict[str, Any] = json.loads(received)
    return reply
