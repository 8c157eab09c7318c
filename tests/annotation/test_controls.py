from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from sciinstruct.annotation.controls import ControlResult, Controls, control_loop, eligible, wrong_reference
from sciinstruct.annotation.loop import Ask, Check, Outcome
from sciinstruct.errors import TransportError
from sciinstruct.records import Question, Reply
from sciinstruct.verification import Verifier

from .driving import plan, reflected, run_loop

QUESTION = Question(id="q", question="What is 6 times 7?", answer="42")
WRONG = "6 times 7 is 41.\n\\boxed{41}"
RIGHT = "6 times 7 is 6 + 6 + 6 + 6 + 6 + 6 + 6 = 42.\n\\boxed{42}"


def ended(*texts: str) -> Outcome:
    """The outcome of the loop whose stages answered with these texts."""
    stages = ("solve", "reflect", "revise")
    return run_loop(QUESTION, {(stage, 0): text for stage, text in zip(stages, texts, strict=False)})[0]


def run_controls(outcome: Outcome, answer: Callable[[str], str | Exception]) -> ControlResult:
    """Drives the controls; `answer` makes a reply of the last message."""
    steps, rules = control_loop(outcome, plan()), Verifier()
    advance: Callable[[], Ask | Check] = partial(next, steps)
    while True:
        try:
            needed = advance()
        except StopIteration as stop:
            result: ControlResult = stop.value
            return result
        if isinstance(needed, Check):
            verdict = rules.check(needed.question.answer or "", needed.solution, options=needed.question.options)
            advance = partial(steps.send, verdict)
            continue
        assert {request.stage for request in needed.requests} == {"control"}
        answers = [answer(request.messages[-1].content) for request in needed.requests]
        failure = next((a for a in answers if isinstance(a, Exception)), None)
        replies = [Reply(text=a) for a in answers if isinstance(a, str)]
        advance = partial(steps.throw, failure) if failure else partial(steps.send, replies)


def copier(prompt: str) -> str:
    """A model that arrives at whatever reference it is shown, and cannot solve."""
    if "Reference answer:" not in prompt:
        return WRONG
    shown = prompt.rpartition("Reference answer:")[2].strip()
    return reflected(f"Counting again gives {shown}.\n\\boxed{{{shown}}}")


def solver(prompt: str) -> str:
    """A model that solves by itself and does not look at the reference."""
    return reflected(RIGHT) if "Reference answer:" in prompt else RIGHT


def test_a_model_that_copies_is_found_out() -> None:
    result = run_controls(ended(WRONG, reflected(WRONG), reflected(RIGHT)), copier)
    assert result == ControlResult(reflected=False, resampled=False, calls=1, copied=True)


def test_a_model_that_solves_does_not_copy_and_resampling_mends() -> None:
    result = run_controls(ended(WRONG, reflected(RIGHT)), solver)
    assert result == ControlResult(reflected=True, resampled=True, calls=1, copied=False)


def test_a_copy_that_speaks_of_the_answer_is_told() -> None:
    outcome = ended(WRONG, reflected(RIGHT))
    result = run_controls(outcome, lambda prompt: copier(prompt).replace("Counting", "As the reference answer says,"))
    assert result.copied and result.told


def test_a_control_without_a_reply_is_left_out() -> None:
    result = run_controls(ended(WRONG, reflected(WRONG), reflected(RIGHT)), lambda prompt: TransportError("gone"))
    assert (result.resampled, result.copied) == (None, None)


def test_only_questions_with_a_wrong_first_answer_are_cases() -> None:
    assert eligible(ended(WRONG, reflected(RIGHT)))
    assert not eligible(ended(RIGHT))
    unstated = run_loop(QUESTION, {("solve", n): "Hm." for n in range(2)}, plan("solve"))[0]
    assert not eligible(unstated)


@pytest.mark.parametrize(
    ("answer", "options"),
    [
        ("42", None),
        ("0", None),
        ("3.20 m/s", None),
        ("$2.5 \\times 10^{4}$ J", None),
        ("-7", None),
        ("\\frac{1}{2}", None),
        ("999999999999", None),
        ("B", {"A": "1", "B": "2", "C": "3"}),
        ("AC", {"A": "1", "B": "2", "C": "3", "D": "4"}),
    ],
)
def test_the_made_reference_is_wrong(answer: str, options: dict[str, str] | None) -> None:
    question = Question(id="q", question="?", answer=answer, options=options)
    made = wrong_reference(question, "A" if options else "41")
    assert made is not None
    assert Verifier().check(answer, prediction=made, options=options).value == "wrong"
    assert made != "A" or answer == "A", "never the draft's own option"


@pytest.mark.parametrize("answer", ["H2O", "no solution", "", "the sun"])
def test_a_reference_without_a_number_has_no_wrong_twin(answer: str) -> None:
    assert wrong_reference(Question(id="q", question="?", answer=answer), None) is None


def test_rates_have_intervals_and_the_pairs_a_test() -> None:
    results = [ControlResult(True, False, 1, True)] * 8 + [ControlResult(False, True, 1, False)] * 2
    results += [ControlResult(None, None, 0, None)]
    counted: dict[str, Any] = Controls(results).as_dict()
    assert counted["reflected"]["hits"] == 8 and counted["reflected"]["total"] == 10
    assert counted["copied"]["low"] < 0.8 < counted["copied"]["high"]
    assert counted["paired_p"] == pytest.approx(0.109375)
