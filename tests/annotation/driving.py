"""Drives the loop in tests without any I/O: scripted replies, and the real rules for the verdicts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from sciinstruct.annotation.loop import Ask, Check, Outcome, self_reflection
from sciinstruct.annotation.plan import Plan
from sciinstruct.annotation.prompts import load_prompts
from sciinstruct.records import Question, Reply, Request, Sampling
from sciinstruct.verification import Verifier

STAGES = ("solve", "reflect", "revise")
Script = Mapping[tuple[str, int], Reply | str | Exception]


def plan(*stages: str, **options: Any) -> Plan:
    """A plan with one model for each of these stages (all three by default)."""
    used = stages or STAGES
    return Plan(
        models=dict.fromkeys(used, "model"),
        sampling=dict.fromkeys(used, Sampling(max_tokens=100)),
        prompts=load_prompts(),
        **options,
    )


def run_loop(question: Question, script: Script, made: Plan | None = None) -> tuple[Outcome, list[Request]]:
    """The outcome of the loop under `script` ((stage, sample) -> reply, text or error), and the requests it made."""
    steps = self_reflection(question, made or plan())
    rules = Verifier()
    asked: list[Request] = []
    advance: Callable[[], Ask | Check] = partial(next, steps)
    while True:
        try:
            needed = advance()
            if isinstance(needed, Check):
                gold = needed.question.answer or ""
                asking, options = needed.question.question, needed.question.options
                verdict = rules.check(gold, needed.solution, question=asking, options=options)
                advance = partial(steps.send, verdict)
                continue
            asked += needed.requests
            answers = [script[request.stage, request.sample] for request in needed.requests]
            failure = next((answer for answer in answers if isinstance(answer, Exception)), None)
            if failure is not None:
                advance = partial(steps.throw, failure)
                continue
            advance = partial(steps.send, [Reply(text=a) if isinstance(a, str) else a for a in answers])
        except StopIteration as stop:
            return stop.value, asked


def reflected(solution: str, kind: str = "calculation") -> str:
    """A reply of the reflect or revise stage with its two parts."""
    return f"## Reflection\nError kind: {kind}\nThe last step is wrong.\n\n## Corrected solution\n{solution}"
