"""Finding the final answer in a solution."""

from __future__ import annotations

import pytest

from sciinstruct.verification import Verifier, extract


@pytest.mark.parametrize(
    ("text", "answer", "how"),
    [
        (r"So the work is \boxed{42 J}.", "42 J", "box"),
        (r"\boxed{\frac{1}{\sqrt{2}}}", r"\frac{1}{\sqrt{2}}", "box"),
        (r"\boxed{\{1, 2\}}", r"\{1, 2\}", "box"),
        ("1 + 1 = 2\n#### 2", "2", "tag"),
        ("<answer>2.5 m</answer>", "2.5 m", "tag"),
        ("【解析】略\n【答案】2<eoa>", "2", "tag"),
        ("Therefore, the final answer is 3.5 m/s. This is reasonable.", "3.5 m/s", "cue"),
        ("The answer is (C).\n\n", "(C)", "cue"),
        ("The answer is:\n\n$$x = 5$$", "x = 5", "cue"),
        ("**Answer:** 7", "7", "cue"),
        ("因此，故选B。", "B", "cue"),
        ("所以正确答案是ACD", "ACD", "cue"),
        ("综上所述，答案为：$2\\sqrt{3}$。", "$2\\sqrt{3}$", "cue"),
        ("We add both. So ΔH = 1200 J/mol", "ΔH = 1200 J/mol", "conclusion"),
        ("速度不变，因此 v = 3 m/s。", "v = 3 m/s", "conclusion"),
    ],
)
def test_a_stated_answer_is_found(text: str, answer: str, how: str) -> None:
    found = extract(text)
    assert (found.answer, found.how, found.confident) == (answer, how, True)


@pytest.mark.parametrize(
    "text",
    [
        "There are 3 cases and each takes 4 steps",
        "\\boxed{8}. Wait, this cannot be true since energy is lost.",
        "The answer is (A)\nThe answer is (H)\nThe answer is (E)\nThe answer is (I)",
    ],
)
def test_a_doubtful_answer_is_never_right(text: str) -> None:
    assert not extract(text).confident
    answer = extract(text).answer or "none"
    assert Verifier().check(answer, text).value == "unknown"


@pytest.mark.parametrize("text", ["", "I cannot solve this problem.", "<think>it is 4", "无法回答这个问题"])
def test_nothing_stated_is_wrong_by_the_rule_unstated(text: str) -> None:
    assert extract(text).answer is None
    verdict = Verifier().check("4", text)
    assert (verdict.value, verdict.rule, verdict.extracted) == ("wrong", "unstated", None)


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("<think>The answer is 42</think>The answer is 41.", "41"),
        ("The answer is 10.\n\nQuestion: What is 3 + 4?\nThe answer is 7.", "10"),
        ("Question: what?\n\nThe answer is 7.", "7"),
        ("The answer is 8. Wait, I made a mistake: the answer is 9.", "9"),
        (r"\boxed{4} is the first root. The final answer is \boxed{5}.", "5"),
        (r"The roots are \boxed{4} and \boxed{5}", "4, 5"),
        (r"either \boxed{4} or \boxed{5}", "4 or 5"),
        ("The answer is (I).\nThe answer is (", "(I)"),
        ("The answer is 5. The answer is reasonable.", "5"),
    ],
)
def test_the_last_clear_statement_of_the_own_part_counts(text: str, answer: str) -> None:
    assert extract(text).answer == answer


def test_several_boxes_are_parts_where_the_reference_has_parts() -> None:
    text = r"(a) The speed is \boxed{5 m/s}. " + "More text follows here, a good deal of it. " + r"(b) \boxed{10 m}"
    assert Verifier().check("(a) 5 m/s (b) 10 m", text).value == "right"
    assert Verifier().check("(a) 5 m/s (b) 11 m", text).value == "wrong"


def test_only_the_end_of_a_long_solution_is_searched() -> None:
    text = "The answer is 5. " + "x " * 20_000
    assert extract(text).answer is None
    assert extract("y " * 50_000 + "The answer is 5.").answer == "5"
