"""Which pairs of questions are the same, which share a template, and which neither."""

from __future__ import annotations

import pytest

from sciinstruct.collection.contents import alike, content_of, folded
from sciinstruct.records import Question


def tier(one: Question, other: Question) -> str:
    return alike(content_of(one), content_of(other)).tier


def q(text: str, *options: str) -> Question:
    return Question(id="x", question=text, options=dict(zip("ABCDEFGH", options, strict=False)) or None)


WATER = "What is the boiling point of water?"
LINEAR = "Let $f$ be linear with $f(6)-f(2)=12$. What is the value of $f(12)-f(2)$?"
LOAD = "三级负荷对供电的要求是"
TRAIN = "A train travels 270 miles in 3 hours. At the same rate, how many more hours would it take to travel 180 miles?"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (r"Find $a \times 3 \leq 1,000$", "find a × 3 ≤ 1000"),
        ("x² + ½ α", r"x^2 + 1/2 \alpha"),
        ("speed of 5.0 m", r"Speed of $5\,\mathrm{m}$."),
    ],
)
def test_notation_folds_away(one: str, other: str) -> None:
    assert folded(one) == folded(other)


def test_a_power_and_an_index_are_told_apart_and_so_are_directions() -> None:
    assert folded("x²") != folded("x₂")
    assert folded(r"$x \leq 2$") != folded(r"$x \geq 2$")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (q(WATER, "100 C", "50 C"), q(WATER, "50 C", "100 C")),
        (q(TRAIN), q(TRAIN.replace("how many more", "what number of additional"))),
        (q(TRAIN), q("Exam of 2019. " + TRAIN + " Give a whole number, and say in a sentence how you found it.")),
        (q(LINEAR.replace("-", " - ")), q(LINEAR + " (2003 AMC 12B Problem, Question 9)")),
        (q(LOAD, "无特殊要求", "由两路供电"), q(LOAD + "____。", "由两路供电", "无特殊要求")),
    ],
)  # fmt: skip
def test_the_same(one: Question, other: Question) -> None:
    assert tier(other, one) == "same"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (q(TRAIN), q(TRAIN.replace("270", "360").replace("180", "240"))),
        (q("What is the product of 125 and 6?"), q("What is the product of -0.13 and -1120?")),
        (
            q("抛物线$y=(x-2)^{2}+3$的顶点坐标为", "(2,3)", "(1,3)"),
            q("抛物线$y=(x-5)^{2}+7$的顶点坐标为", "(5,7)", "(1,7)"),
        ),
    ],
)
def test_one_template(one: Question, other: Question) -> None:
    assert tier(one, other) == "template"


TRUE = "Which of the following is true?"
N_A = "设 N_A 为阿伏加德罗常数的值，下列说法正确的是"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        # a stem that asks about its options says nothing alone
        (q(N_A, "18 g 水含有的分子数为 N_A", "22.4 L 乙醇的分子数"), q(N_A, "铁转移的电子数", "溶液中的氢离子总数")),
        (q(TRUE, "Gold is a metal", "Ice is warm"), q(TRUE, "Light is slow", "Iron floats")),
        (q("Calculate $624 \\times 14$."), q("Calculate $0^5 + (-1)^4$.")),
        (q("Evaluate $\\frac{1}{2+\\frac{1}{2}}$"), q("Evaluate $2^{1/2} \\cdot 4^{1/2} + 1$")),
        (q("What is the sum of the first 5 odd primes?"), q("How far does a ball fall in 5 seconds from rest?")),
    ],
)  # fmt: skip
def test_neither(one: Question, other: Question) -> None:
    assert tier(one, other) == "other"
