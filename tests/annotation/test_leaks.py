from __future__ import annotations

import pytest

from sciinstruct.annotation.leaks import find_leak

QUESTION = "A car of mass 1000 kg moves at 20 m/s. What is its kinetic energy?"
WRONG = "The kinetic energy is E = m v^2 / 2.\nE = 1000 * 20 / 2 = 10000 J.\nThe answer is \\boxed{10000 J}."
DERIVED = (
    "The kinetic energy of a moving body is E = m v^2 / 2.\nWith v = 20 m/s, v^2 = 400 m^2/s^2.\n"
    "E = 1000 * 400 / 2 = 200000 J.\nThe answer is \\boxed{200000 J}."
)


def leak(solution: str, question: str = QUESTION, wrong: str = WRONG) -> str | None:
    return find_leak(solution, question=question, wrong_solution=wrong)


def test_a_derivation_is_no_leak() -> None:
    assert leak(DERIVED) is None


@pytest.mark.parametrize(
    "phrase",
    [
        "This matches the reference answer.",
        "According to the given answer, E is 200000 J.",
        "Since we know the correct answer is 200000 J, the speed must be squared.",
        "The correct answer is given as 200000 J.",
        "This is consistent with the correct answer.",
        "The earlier attempt forgot to square v.",
        "Unlike in the wrong\nsolution, we square v.",
        "这与参考答案一致。",
        "已知答案为 200000 J。",
        "之前的解答没有平方。",
    ],
)
def test_phrases_that_betray(phrase: str) -> None:
    assert "speaks of" in (leak(f"{DERIVED}\n{phrase}") or "")


@pytest.mark.parametrize(
    "phrase",
    [
        "Comparing with the given answer choices, C fits.",
        "The original solution contains 0.1 mol of NaCl in the given solution.",
        "The first solution of the quadratic is x = 2.",
        "由题意可知，质量已知。",
    ],
)
def test_phrases_of_plain_science(phrase: str) -> None:
    assert leak(f"{phrase}\n{DERIVED}") is None


def test_words_of_the_question_are_no_betrayal() -> None:
    question = "Is the expected result of the earlier attempt reproducible?"
    assert (
        leak(f"The expected result of the earlier attempt holds, since E = 2 J. {DERIVED}", question=question) is None
    )


def test_answer_before_derivation() -> None:
    early = f"The answer is 200000 J. {'We now look at the speed and at the mass of the car. ' * 6}"
    assert "before deriving" in (leak(early) or "")
    assert leak(f"v = 20 m/s, so the answer is 200000 J. {'It moves. ' * 40}") is None


def test_only_the_end_changed() -> None:
    assert "only its final answer" in (leak(WRONG.replace("\\boxed{10000 J}", "\\boxed{200000 J}")) or "")
    respaced = WRONG.replace("\n", "\n\n  ").replace("\\boxed{10000 J}", "\\boxed{200000 J}")
    assert leak(respaced) is not None


def test_an_error_mended_in_the_last_sentence_is_no_leak() -> None:
    wrong = "The kinetic energy is E = m v^2 / 2.\nE = 1000 * 400 / 2 = 20000 J, so the answer is \\boxed{20000 J}."
    mended = wrong.replace("= 20000 J", "= 200000 J").replace("{20000 J}", "{200000 J}")
    assert leak(mended, wrong=wrong) is None


def test_a_single_sentence_has_no_body_to_compare() -> None:
    assert leak("\\boxed{B}", wrong="\\boxed{A}") is None
