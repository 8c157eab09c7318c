"""The process behind `symbolic.SymbolicPool`: Math-Verify on one pair at a time, under limits that it cannot leave.

Started as `python -m sciinstruct.verification.symbolic_worker MEMORY_MB CPU_SECONDS`. One JSON object per line comes
in on standard input ({"gold", "answer"}) and goes out on standard output ({"equal", "reason"}); the end of the input
ends the process. Only LaTeX is read (by a grammar), never sympy's string parsing, which would execute Python.
"""

from __future__ import annotations

import json
import logging
import os
import resource
import sys
from typing import Any, TextIO

__all__ = ["main"]

MAX_LENGTH = 2_000
TOLERANCE = 1e-9
"Relative: what Math-Verify accepts must also be this close, since its own tolerance is absolute."
PROBES = ({"seed": 7, "low": 3}, {"seed": 11, "low": 5})


def main(arguments: list[str]) -> None:
    """Answers requests until the input ends."""
    memory_mb, cpu_seconds = int(arguments[0]), int(arguments[1])
    _limit_memory(memory_mb)
    replies = os.fdopen(os.dup(1), "w", encoding="utf-8")
    silence = os.open(os.devnull, os.O_WRONLY)
    os.dup2(silence, 1)  # whatever a library prints is not a reply
    os.dup2(silence, 2)
    logging.disable(logging.CRITICAL)  # Math-Verify logs its whole input when something fails
    sys.setrecursionlimit(3_000)
    from math_verify import parse, verify  # only now: the limit holds for the imports too

    del parse, verify
    _reply(replies, {"ready": True})
    for line in sys.stdin:
        _limit_processor(cpu_seconds)
        request = json.loads(line)
        _reply(replies, _answer(str(request["gold"]), str(request["answer"])))


def _reply(replies: TextIO, content: dict[str, Any]) -> None:
    replies.write(json.dumps(content) + "\n")
    replies.flush()


def _limit_memory(megabytes: int) -> None:
    limit = megabytes << 20
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _limit_processor(seconds: int) -> None:
    """`seconds` more processor time: ends an orphan that hangs, whose parent can no longer kill it."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    limit = int(usage.ru_utime + usage.ru_stime) + seconds + 1
    resource.setrlimit(resource.RLIMIT_CPU, (limit, resource.getrlimit(resource.RLIMIT_CPU)[1]))


def _answer(gold: str, answer: str) -> dict[str, Any]:
    try:
        return _compare(gold, answer)
    except (MemoryError, RecursionError) as error:
        return {"equal": False, "reason": f"Math-Verify gave up ({type(error).__name__})"}
    except Exception as error:  # a library of a hundred thousand lines: any of its errors means "not shown"
        return {"equal": False, "reason": f"Math-Verify failed ({type(error).__name__})"}


def _compare(gold: str, answer: str) -> dict[str, Any]:
    from math_verify import verify

    if max(len(gold), len(answer)) > MAX_LENGTH:
        return {"equal": False, "reason": "too long for Math-Verify"}
    one, other = _parsed(gold), _parsed(answer)
    if one is None or other is None:
        return {"equal": False, "reason": f"Math-Verify cannot read the {'reference' if one is None else 'answer'}"}
    if not verify(one, other, timeout_seconds=None):
        return {"equal": False, "reason": "Math-Verify does not find them equal"}
    if not _close(one, other):
        return {"equal": False, "reason": "equal by Math-Verify's absolute tolerance only"}
    return {"equal": True, "reason": "equal by Math-Verify"}


def _parsed(text: str) -> Any:
    """The one sympy object that the whole text is, None where there is none or there are several."""
    from math_verify import LatexExtractionConfig, parse

    found = parse(
        f"${text.replace('$', ' ')}$",
        extraction_config=[LatexExtractionConfig()],
        fallback_mode="no_fallback",
        parsing_timeout=None,
    )
    return found[0] if len(found) == 1 and not isinstance(found[0], str) else None


def _close(one: Any, other: Any) -> bool:
    """Are two sympy objects close relative to their size: numbers, the parts of collections, formulas at a point?"""
    from sympy import Basic, Expr, FiniteSet, MatrixBase, Tuple
    from sympy.core.relational import Relational

    if isinstance(one, Relational) or isinstance(other, Relational):
        return False  # equations and inequalities have comparators of their own
    if isinstance(one, Expr) and isinstance(other, Expr):
        return _close_expressions(one, other)
    if isinstance(one, FiniteSet) and isinstance(other, FiniteSet):
        return len(one) == len(other) and all(any(_close(a, b) for b in other) for a in one)
    if type(one) is not type(other):
        return False  # a set is no tuple
    parts = [list(item) if isinstance(item, (MatrixBase, Tuple)) else item.args for item in (one, other)]
    if len(parts[0]) != len(parts[1]):
        return False
    return all(_close(a, b) for a, b in zip(*parts, strict=True) if isinstance(a, Basic) and isinstance(b, Basic))


def _close_expressions(one: Any, other: Any) -> bool:
    from sympy import N, Rational

    symbols = sorted(one.free_symbols | other.free_symbols, key=str)
    for probe in PROBES:
        point = {s: Rational((probe["seed"] * (k + 3)) % 23 + probe["low"], 17) for k, s in enumerate(symbols)}
        a, b = (complex(N(item.subs(point), 30)) for item in (one, other))
        if a != b and abs(a - b) > TOLERANCE * max(abs(a), abs(b)):
            return False
    return True


if __name__ == "__main__":
    main(sys.argv[1:])
