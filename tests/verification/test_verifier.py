"""The whole checker: sync, async, bounded, and never confused by what stands in an answer."""

from __future__ import annotations

import asyncio
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import sciinstruct
from sciinstruct.records import Question
from sciinstruct.verification import RULES_VERSION, Verifier, checkable, verify

FRAGMENTS = [
    *(r"\frac{1}{2}", r"\sqrt[3]{x}", "1.2 kJ/mol", r"\boxed{", "}", "{", "10^{10^{10}}", "9**9**9**9", "e^{i\\pi}"),
    *(
        "2H2 + O2 -> 2H2O",
        "K3[Fe(CN)6]",
        "(1,2)\\cup[3,+\\infty)",
        "x=1 or x=2",
        "^{14}_{6}C",
        "°C",
        "±",
        "!",
        "%",
        "$",
    ),
    *("【答案】", "故选B", "根号", "零下", "三分之二", "the answer is", "####", "or", ";", ",", "=", "\n\nQuestion:"),
    r"\begin{pmatrix}1&2\end{pmatrix}",
]
HIDDEN = ["\x00", "\u202e", "<think>", "</think>"]


def test_the_example_of_the_page() -> None:
    verdict = sciinstruct.verify("1.2 kJ/mol", "… so ΔH = 1200 J/mol")
    assert (verdict.value, verdict.rule, verdict.reason) == ("right", "quantity", "1200 J/mol = 1.2 kJ/mol")
    assert verdict.extracted == "ΔH = 1200 J/mol"


def test_rules_have_a_version() -> None:
    assert RULES_VERSION


@pytest.mark.parametrize(
    ("gold", "answer"),
    [
        ("4", r"\boxed{" * 5_000),
        ("4", "{" * 100_000),
        ("4", r"\frac{" * 20_000),
        ("4", "$" * 100_000),
        ("4", "9**9**9**9"),
        ("4", "10^{10^{10}}"),
        ("4", "((((" * 30_000),
        ("4", "1e999999999"),
        ("4", r"\binom{10^9}{5\times 10^8}"),
        ("4", "__import__('os').system('true')"),
        ("4", "the answer is " * 8_000),
        ("4", "answer: 5\n" * 10_000),
        ("4", "\n\nQuestion: " * 8_000),
        ("x" * 100_000, "x"),
        ("(x+y+z+w)^{60}", "(x+y+z+w)^{60}+1"),
        (r"e^{\pi\sqrt{163}}", "262537412640768744"),
        ("1 or 2, 3; 4 and 5" * 200, "1 or 2, 3; 4 and 5" * 199),
        ("m" + "/s" * 2_000, "5 m" + "/s" * 2_000),
        ("A" * 50, "A, " * 1_000),
        ("2H2", "H2 + " * 1_000),
    ],
)
def test_pathological_input_is_decided_soon_and_not_right(gold: str, answer: str) -> None:
    verifier = Verifier()
    start = time.process_time()
    assert verifier.check(gold, answer).value != "right"
    assert verifier.check(gold, prediction=answer).value != "right"
    assert time.process_time() - start < 2


@settings(max_examples=400)
@given(
    st.lists(st.sampled_from(FRAGMENTS + HIDDEN) | st.text(max_size=8), max_size=12),
    st.lists(st.sampled_from(FRAGMENTS + HIDDEN) | st.text(max_size=8), max_size=12),
)
def test_any_text_is_decided(gold: list[str], answer: list[str]) -> None:
    verifier = Verifier()
    for prediction in (" ".join(answer), "".join(answer)):
        assert verifier.check(" ".join(gold), prediction=prediction).value in ("right", "wrong", "unknown")
        assert verifier.check("".join(gold), prediction).value in ("right", "wrong", "unknown")


@settings(max_examples=200)
@given(st.lists(st.sampled_from(FRAGMENTS), min_size=1, max_size=4).map(" ".join))
def test_an_answer_never_contradicts_itself(text: str) -> None:
    assert Verifier().check(text, prediction=text).value != "wrong"


def test_the_symbolic_worker_decides_what_the_rules_leave_open() -> None:
    gold, answer = r"\int_0^1 x^2 dx + a", r"\frac{1}{3} + a"
    verifier = Verifier()
    try:
        assert verifier.check(gold, prediction=answer).value == "unknown"
        assert verifier.decide(gold, prediction=answer).rule in ("symbolic", "expression")
        verdicts = asyncio.run(_several(verifier))
    finally:
        verifier.close()
    assert [v.value for v in verdicts] == ["right", "wrong", "right"]


async def _several(verifier: Verifier) -> list[sciinstruct.Verdict]:
    return await asyncio.gather(
        verifier.acheck("5 m", "The answer is 500 cm."),
        verifier.acheck("5 m", "The answer is 5 km."),
        verifier.acheck("x^2-1", r"\boxed{(x-1)(x+1)}"),
    )


def test_math_verify_is_not_asked_about_other_letters() -> None:
    assert verify("ab", prediction="AB").value != "right"
    assert verify("5 m", prediction="5 km").value == "wrong"


@pytest.mark.parametrize(
    ("answer", "question", "value", "answer_type"),
    [
        ("5 m", "How long is it?", True, "quantity"),
        ("B", "Which?\nA. one\nB. two", True, "choice"),
        ("2H2 + O2 -> 2H2O", "Write the equation.", True, "reaction"),
        ("x^2+1", "Find f.", True, "expression"),
        ("is even", "Prove that n^2+n is even.", False, "proof"),
        ("12", "What does the circuit in the figure give?", False, "number"),
        ("12", "如图所示，求电流。", False, "number"),
        ("Because the light is scattered by many small particles in the air, more so at the blue end of the spectrum, "
         "and so the sky is seen as blue.", "Why is the sky blue?", False, "prose"),
        (None, "What?", False, "none"),
    ],
)  # fmt: skip
def test_checkable_says_whether_and_why_not(answer: str | None, question: str, value: bool, answer_type: str) -> None:
    found = checkable(Question(id="1", question=question, answer=answer))
    assert (found.value, found.answer_type) == (value, answer_type)
    assert found.value or found.reason
