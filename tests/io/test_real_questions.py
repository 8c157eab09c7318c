"""Real question files: every row is read, and what becomes of it is counted. Needs SCIINSTRUCT_DATA."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from sciinstruct.io import read_questions
from sciinstruct.records import Question, Rejection

QUESTIONS = {
    "agieval_gaokao.jsonl": (875, 757),
    "cmmlu_science.jsonl": (1265, 1265),
    "gaokao_bench.jsonl": (830, 633),
    "gsm8k_train.jsonl.gz": (7473, 0),
    "mmlu_pro_stemez.jsonl": (2260, 2260),
    "tal_scq5k_en.jsonl.gz": (3000, 3000),
    "tal_scq5k_zh.jsonl.gz": (2994, 2994),
    "theoremqa.jsonl": (747, 0),
    "yale_physics.jsonl": (679, 0),
}
LEAN = {
    "lean3_mathlib.jsonl.gz": 5000,
    "lean4_compfiles.jsonl.gz": 503,
    "lean4_mathlib.jsonl.gz": 2999,
    "lean4_physlean.jsonl.gz": 795,
}
# rows and rows with a reference answer; the ids of C-Eval repeat, so they are not read
BENCHMARKS: dict[str, tuple[int, int, dict[str, str]]] = {
    "ceval": (1606, 1606, {"id": "none"}),
    "gsm8k": (1319, 1319, {}),
    "math": (5000, 0, {}),
    "mathematics": (1000, 1000, {}),
    "mmlu": (16832, 16832, {}),
    "sat_math": (440, 440, {}),
    "scibench": (557, 557, {}),
    "scieval": (4401, 4401, {}),
}


@pytest.mark.parametrize("name", QUESTIONS)
def test_questions(data: Path, name: str) -> None:
    rows, with_options = QUESTIONS[name]
    read = list(read_questions(data / "questions" / name))
    questions = [question for question in read if isinstance(question, Question)]
    assert len(questions) == len(read) == rows
    assert sum(question.options is not None for question in questions) == with_options
    assert all(question.answer and question.subject and question.source for question in questions)
    assert all(set(question.answer or "") <= set(question.options) for question in questions if question.options)
    assert len({question.id for question in questions}) == rows
    language = "zh" if any(mark in name for mark in ("gaokao", "cmmlu", "zh")) else "en"
    assert {question.language for question in questions} == {language}
    assert not any(question.question.startswith("\ufeff") for question in questions)


@pytest.mark.parametrize("name", LEAN)
def test_lean_theorems(data: Path, name: str) -> None:
    read = list(read_questions(data / "questions" / name))
    assert len(read) == LEAN[name]
    assert {(type(row), getattr(row, "type", None), row.language, row.answer) for row in read} == {
        (Question, "proof", "en", None)
    }
    assert all(isinstance(row, Question) and row.reasoning and row.meta["lean_version"] in (3, 4) for row in read)


def test_a_file_of_other_things_ends_as_rejections(data: Path) -> None:
    read = list(read_questions(data / "questions" / "known_overlaps.jsonl"))
    assert len(read) == 32
    assert all(isinstance(row, Rejection) and row.field == "question" for row in read)


@pytest.mark.parametrize("name", BENCHMARKS)
def test_benchmarks(data: Path, name: str) -> None:
    rows, with_answer, mapping = BENCHMARKS[name]
    read = list(read_questions(data / "benchmarks" / name, mapping))
    assert Counter(type(row) for row in read) == {Question: rows}
    assert sum(row.answer is not None for row in read) == with_answer


def test_units_of_scibench_are_part_of_the_answer(data: Path) -> None:
    answers = {row.answer for row in read_questions(data / "benchmarks" / "scibench" / "chemmc_sol.jsonl")}
    assert "$5.51 \\times 10^{14}\\mathrm{~Hz}$" in answers
