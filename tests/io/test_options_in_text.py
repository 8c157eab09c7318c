"""Options inside the text of a question: found where they are sure, left alone where they are not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sciinstruct.io import questions_from, read_questions
from sciinstruct.io.options import split_question
from sciinstruct.records import Question


def one(question: str, **row: Any) -> Question:
    (read,) = questions_from([{"question": question, **row}])
    assert isinstance(read, Question)
    return read


@pytest.mark.parametrize(
    "text",
    [
        "Which?\nA. one\nB. two\nC. three",
        "Which?\nA) one\nB) two\nC) three\n\nAnswer:",
        "Which? (A) one (B) two (C) three",
        "Which? \nAnswer Choices: (A) one (B) two (C) three",
        "Which? A. one B. two C. three",
        "Which?\nA． one\nB． two\nC． three\n答案：",
        "Which?\nA、one\nB、two\nC、three",
        "Which?（A）one （B）two （C）three",
        "Which?\nA. one\nB. two C. three",
        "Which?\n\nA: one\n\nB: two\n\nC: three",
    ],
)
def test_marks_of_every_style(text: str) -> None:
    question = one(text, type="multiple_choice", answer="C")
    assert question.question == "Which?"
    assert question.options == {"A": "one", "B": "two", "C": "three"}
    assert question.answer == "C"


def test_chinese_options_run_together() -> None:
    text = "下列说法错误的是（）\nA. 与环戊烯互为同分异构体B. 二氯化物超过两种\nC. 均处同一平面 D. 生成甲烷"
    assert one(text, question_type="单选题", answer="C").options == {
        "A": "与环戊烯互为同分异构体", "B": "二氯化物超过两种", "C": "均处同一平面", "D": "生成甲烷",
    }  # fmt: skip


def test_marks_of_the_stem_are_no_options() -> None:
    text = "How many moles? A) Al atoms B) S atoms\n\nA. B) 7.40\nB. A) 1.85\nC. 5.55\nD. 3.70\n\nAnswer:"
    question = one(text, type="multiple-choice", answer="D")
    assert question.options == {"A": "B) 7.40", "B": "A) 1.85", "C": "5.55", "D": "3.70"}
    assert question.question == "How many moles? A) Al atoms B) S atoms"


@pytest.mark.parametrize(
    "text",
    [
        "Points A. and B. lie on a line",  # no text for A that ends in an option
        "Which?\nA. one\nC. three",
        "Which?\nA. one\nB. two\nB. three",
        "Which?\nB. one\nC. two",
        "Which?\nA.\nB.\nC.",
        "Which?\nA. one\nB. two\nA、x C、y",
        "No options here",
    ],
)
def test_what_is_not_sure_stays_whole(text: str) -> None:
    question = one(text, type="multiple_choice", answer="C")
    assert (question.question, question.options, question.answer) == (text, None, "C")


LETTERED = "Name the vitamins.\nA. one\nB. two\nC. three"


@pytest.mark.parametrize(
    "row",
    [
        {"answer": "42", "type": "multiple_choice"},
        {"answer": "C", "type": "open"},
        {"answer": "three"},
        {"answer": "42"},
        {},
        {"answer": "D", "type": "multiple_choice"},
    ],
)
def test_a_question_without_a_choice_answer_is_never_torn_apart(row: dict[str, str]) -> None:
    question = one(LETTERED, **row)
    assert (question.question, question.options) == (LETTERED, None)


@pytest.mark.parametrize(
    "row",
    [
        {"answer": "C"},
        {"answer": "CA", "type": "multiple_answer"},
        {"type": "multiple choice"},
        {"answer": "C", "type": "hard", "meta": {"options_in_question": True}},
    ],
)
def test_a_choice_question_is_parted(row: dict[str, Any]) -> None:
    question = one(LETTERED, **row)
    assert question.question == "Name the vitamins."
    assert question.options == {"A": "one", "B": "two", "C": "three"}
    assert question.answer == {"C": "C", "CA": "AC"}.get(row.get("answer", ""))


WORDS = st.text(alphabet="abcdxyz 012+-=$水的", min_size=1, max_size=30).filter(lambda text: text.strip() == text)


@given(
    stem=WORDS,
    options=st.lists(WORDS, min_size=2, max_size=8),
    style=st.sampled_from(["{}. ", "({}) ", "{}、", "{}) "]),
)
def test_what_is_put_together_comes_apart(stem: str, options: list[str], style: str) -> None:
    lines = [style.format(letter) + option for letter, option in zip("ABCDEFGH", options, strict=False)]
    assert split_question("\n".join([stem, *lines])) == (stem, dict(zip("ABCDEFGH", options, strict=False)))


@given(st.text(alphabet="AB CD.()（）、\n答案Answer:x", max_size=60))
def test_no_text_is_lost_or_made_up(text: str) -> None:
    split = split_question(text)
    if split is not None:
        stem, options = split
        assert text.startswith(stem)
        assert list(options) == list("ABCDEFGHIJKLMNOPQRSTUVWXYZ"[: len(options)])
        assert all(option and option in text for option in options.values())


def test_gaokao_bench(data: Path) -> None:
    read = list(read_questions(data / "questions" / "gaokao_bench.jsonl"))
    inside = [row for row in read if isinstance(row, Question) and row.meta.get("options_in_question")]
    parted = [question for question in inside if question.options]
    assert len(inside) == 620
    assert len(parted) >= 619  # one has pictures in place of options
    assert {"".join(question.options or ()) for question in parted} == {"ABCD"}
    assert all(set(question.answer or "") <= set("ABCD") for question in parted)
