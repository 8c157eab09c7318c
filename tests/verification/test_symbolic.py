"""The symbolic worker: what it may say, and that it is ended when it hangs, dies or swells."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from sciinstruct.records import Verdict
from sciinstruct.verification.symbolic import SymbolicPool

HANGS = (r"10^{10^{10}}", "4")
"Math-Verify computes the power exactly."


@pytest.fixture(scope="module")
def pool() -> Iterator[SymbolicPool]:
    with SymbolicPool(workers=1, wall=3.0) as shared:
        yield shared


@pytest.mark.parametrize(
    ("gold", "answer"),
    [
        (r"\frac{x^2-1}{x-1}", "x+1"),
        (r"\{1,2\}", r"\{2,1\}"),
        (r"\sum_{k=1}^{n} k", r"\frac{n(n+1)}{2}"),
        (r"\int_0^1 x dx", r"\frac12"),
        (r"\begin{pmatrix}1&2\\3&4\end{pmatrix}", r"\begin{bmatrix}1&2\\3&4\end{bmatrix}"),
    ],
)
def test_symbolic_equality_is_right(pool: SymbolicPool, gold: str, answer: str) -> None:
    assert pool.compare(gold, answer) == Verdict("right", "symbolic", "equal by Math-Verify")


@pytest.mark.parametrize(
    ("gold", "answer"),
    [
        (r"6.626\times10^{-34}", r"1.381\times10^{-23}"),
        (r"\{10^{-30}\}", r"\{10^{-29}\}"),
        (r"(10^{-30},1)", r"(10^{-29},1)"),
        ("10^{-30}x", "10^{-29}x"),
        ("x>10^{-30}", "x>10^{-28}"),
        ("x+1", "x+2"),
        ("a", "A"),
        (r"5\text{ m}", r"5\text{ km}"),
        (r"\{1,2\}", "(1,2)"),
        (r"\sum_{n=1}^{N} n", r"\sum_{n=1}^{M} n"),
        ("x" * 5000, "x"),
        ("", ""),
        ("\x00\ud800", "x"),
    ],
)
def test_tiny_values_and_nonsense_are_never_right(pool: SymbolicPool, gold: str, answer: str) -> None:
    assert pool.compare(gold, answer).value in ("wrong", "unknown")


def test_text_is_never_executed(pool: SymbolicPool, tmp_path: Path) -> None:
    trap = tmp_path / "trap"
    for text in (f"__import__('os').system('touch {trap}')", f"open('{trap}','w')", rf"\lambda: exec('{trap}')"):
        pool.compare(text, text + "+0")
    assert not trap.exists()


def test_a_hanging_comparison_is_killed_and_the_worker_replaced() -> None:
    with SymbolicPool(workers=1, wall=1.0) as pool:
        assert pool.compare("x+1", "1+x").value == "right"
        start = time.monotonic()
        verdict = pool.compare(*HANGS)
        assert verdict.value == "unknown" and "within 1 s" in verdict.reason
        assert time.monotonic() - start < 2.5  # the wall limit and the time to kill
        assert pool.compare("x+1", "1+x").value == "right"


def test_a_dead_worker_is_replaced() -> None:
    with SymbolicPool(workers=1) as pool:
        assert pool.compare("x+1", "1+x").value == "right"
        process = pool._workers[0]._process
        assert process is not None
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        assert pool.compare("x+1", "1+x").value == "right"


def test_a_memory_bomb_ends_within_its_limit() -> None:
    with SymbolicPool(workers=1, wall=20.0, memory_mb=600) as pool:
        verdict = pool.compare("2^{10^{10}}", "4")  # 1.25 GB
        assert verdict.value == "unknown"
        assert "within" not in verdict.reason, "ended by the wall limit, not by the memory limit"
        assert pool.compare("x+1", "1+x").value == "right"


def test_two_threads_share_two_workers() -> None:
    verdicts: list[Verdict] = []

    def compare(pool: SymbolicPool) -> None:
        verdicts.extend(pool.compare(f"x+{k}", f"{k}+x") for k in range(5))

    with SymbolicPool(workers=2) as pool:
        threads = [threading.Thread(target=compare, args=(pool,)) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert [verdict.value for verdict in verdicts] == ["right"] * 10


def test_a_closed_pool_answers_unknown_and_leaves_no_process() -> None:
    pool = SymbolicPool()
    assert pool.compare("x+1", "1+x").value == "right"
    process = pool._workers[0]._process
    pool.close()
    assert process is not None and process.poll() is not None
    assert pool.compare("x+1", "1+x").value == "unknown"


def test_the_worker_ends_with_its_input() -> None:
    command = [sys.executable, "-m", "sciinstruct.verification.symbolic_worker", "1024", "3"]
    done = subprocess.run(command, input=b"", stdout=subprocess.PIPE, timeout=60, check=False)
    assert done.returncode == 0
    assert done.stdout == b'{"ready": true}\n'
