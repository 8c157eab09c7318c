"""Two controls of the loop, on a sample of questions whose first solution was wrong: how much of its gain is real?

Copying: the revise stage is shown a *wrong* reference. How often the model arrives at it bounds what instructions of
that stage are worth. Resampling: the question is solved again with as many calls as reflection took. Reflection is
worth its name where it mends more than that. The paper reports neither.
"""

from __future__ import annotations

import re
from collections.abc import Generator
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

import msgspec

from ..errors import RequestRefusedError, TransportError
from ..records import Attempt, Question, Reply, Request, Verdict
from .leaks import find_leak
from .loop import FAULTS, Ask, Check, Outcome, shortened
from .parts import after_thinking, split_parts
from .plan import Plan
from .prompts import problem_text, reference_text
from .statistics import paired_p, share

__all__ = ["ControlResult", "ControlSteps", "Controls", "control_loop", "eligible", "wrong_reference"]

# Controls keep clear of the numbers that the loop gives to its own requests of a stage.
_FIRST_SAMPLE = 1_000
_NUMBER = re.compile(r"(?<![\w.])\d{1,12}(?:\.\d{1,12})?(?![\w.]*\d)")


@dataclass(frozen=True)
class ControlResult:
    """One question's controls; None where a control could not be made or no reply was had.

    `resampled` and `reflected`: was the question mended by that way, with `calls` calls each. `copied`: did the
    revision arrive at the wrong reference it was shown; `told`: did it speak of a given answer (the leak test would
    refuse it).
    """

    reflected: bool | None
    resampled: bool | None
    calls: int
    copied: bool | None
    told: bool = False


ControlSteps = Generator[Ask | Check, Any, ControlResult]


def eligible(outcome: Outcome) -> bool:
    """Whether a question can be a control case: it has a reference, and its first solution is wrong by its answer."""
    first = _draft(outcome)
    return first is not None and outcome.question.answer is not None


def control_loop(outcome: Outcome, plan: Plan) -> ControlSteps:
    """The controls of one question, as a generator like the loop's (see `loop.self_reflection`)."""
    draft = _draft(outcome)
    assert draft is not None
    reflections = [attempt for attempt in outcome.attempts if attempt.stage == "reflect"]
    reflected = any(attempt.verdict.value == "right" for attempt in reflections) if reflections else None
    resampled = None
    if reflections:
        resampled = yield from _resampled(outcome.question, plan, len(reflections))
    copied, told = None, False
    if "revise" in plan.models:
        copied, told = yield from _copied(outcome.question, plan, draft)
    return ControlResult(reflected, resampled, len(reflections), copied, told)


def wrong_reference(question: Question, draft: str | None) -> str | None:
    """A reference that is wrong and is not the draft's own answer; None where none can be made by rule.

    A choice question gets another of its options, any other answer another number in place of its first.
    """
    answer = question.answer or ""
    options = question.options or {}
    if options and answer and all(letter in options for letter in answer):
        taken = set(answer) | set(draft or "")
        others = [letter for letter in options if letter not in taken]
        return others[len(question.id) % len(others)] if others else None
    number = _NUMBER.search(answer)
    if number is None:
        return None
    digits = len(number[0].partition(".")[2])
    changed = Fraction(number[0]) * Fraction(7, 4) + Fraction(3, 10**digits)
    text = f"{float(changed):.{digits}f}"
    return answer[: number.start()] + text + answer[number.end() :]


def _resampled(question: Question, plan: Plan, calls: int) -> Generator[Ask | Check, Any, bool | None]:
    messages = plan.prompt_set(question).messages("solve", problem=problem_text(question))
    requests = tuple(_request(plan, question, "solve", _FIRST_SAMPLE + n, messages) for n in range(calls))
    replies: list[Reply] | None = yield from _ask(requests)
    if replies is None:
        return None
    for reply in replies:
        if reply.finish_reason == "stop":
            verdict: Verdict = yield Check(question, after_thinking(reply.text))
            if verdict.value == "right":
                return True
    return False


def _copied(question: Question, plan: Plan, draft: Attempt) -> Generator[Ask | Check, Any, tuple[bool | None, bool]]:
    wrong = wrong_reference(question, draft.verdict.extracted)
    if wrong is None:
        return None, False
    misled = msgspec.structs.replace(question, answer=wrong)
    messages = plan.prompt_set(question).messages(
        "revise",
        problem=problem_text(question),
        solution=shortened(draft.solution),
        reference=reference_text(misled),
    )
    replies = yield from _ask((_request(plan, question, "revise", _FIRST_SAMPLE, messages),))
    if replies is None:
        return None, False
    parts = split_parts(replies[0].text)
    solution = parts.solution if parts else after_thinking(replies[0].text)
    verdict: Verdict = yield Check(misled, solution)
    told = find_leak(solution, question=problem_text(question), wrong_solution=draft.solution) is not None
    return verdict.value == "right", told


def _ask(requests: tuple[Request, ...]) -> Generator[Ask | Check, Any, list[Reply] | None]:
    """The replies, or None where the model gave none: a control that fails is left out, not counted."""
    try:
        replies: list[Reply] = yield Ask(requests)
        return replies
    except (RequestRefusedError, TransportError):
        return None


def _request(plan: Plan, question: Question, stage: str, sample: int, messages: Any) -> Request:
    """As the stage itself asks, but accounted under `control`."""
    return msgspec.structs.replace(plan.request(question, stage, sample, messages), stage="control")


def _draft(outcome: Outcome) -> Attempt | None:
    """The first solution of the solve stage, if it states a wrong answer."""
    first = next((attempt for attempt in outcome.attempts if attempt.stage == "solve"), None)
    if first is None or first.verdict.value != "wrong" or first.verdict.rule in FAULTS:
        return None
    return first


@dataclass
class Controls:
    """The controls of a run, counted."""

    results: list[ControlResult] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        """Rates with 95 % intervals (Wilson), and the paired test of reflection against resampling (McNemar, exact)."""
        paired = [r for r in self.results if r.reflected is not None and r.resampled is not None]
        shown = [r for r in self.results if r.copied is not None]
        only_reflected = sum(bool(r.reflected and not r.resampled) for r in paired)
        only_resampled = sum(bool(r.resampled and not r.reflected) for r in paired)
        return {
            "questions": len(self.results),
            "reflected": share(sum(bool(r.reflected) for r in paired), len(paired))._asdict(),
            "resampled": share(sum(bool(r.resampled) for r in paired), len(paired))._asdict(),
            "only_reflected": only_reflected,
            "only_resampled": only_resampled,
            "paired_p": paired_p(only_reflected, only_resampled),
            "copied": share(sum(bool(r.copied) for r in shown), len(shown))._asdict(),
            "copied_and_told": sum(bool(r.copied and r.told) for r in shown),
        }
