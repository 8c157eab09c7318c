"""Made questions with recorded replies, for tests of whole runs: some right at once, some at each stage, some never."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from .driving import reflected

# What becomes of question number n is told by n modulo 5.
ENDINGS = ("solve", "reflect", "revise", "wrong", "transport")


def write_case(folder: Path, count: int, endings: tuple[str, ...] = ENDINGS[:4]) -> tuple[Path, Path]:
    """Writes questions.jsonl and replies.jsonl; question n ends as endings[n % len(endings)] says."""
    questions, replies = folder / "questions.jsonl", folder / "replies.jsonl"
    rows: list[dict[str, Any]] = []
    answers: list[dict[str, Any]] = []
    for number in range(count):
        id_ = f"q{number}"
        rows.append({"id": id_, "question": f"What is {number} plus 1?", "answer": str(number + 1), "subject": "math"})
        for stage, text in _texts(number, endings[number % len(endings)]):
            usage = {"prompt_tokens": 10, "completion_tokens": 20}
            answers.append({"question_id": id_, "stage": stage, "text": text, **usage})
    for path, lines in ((questions, rows), (replies, answers)):
        path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    return questions, replies


def _texts(number: int, ending: str) -> list[tuple[str, str]]:
    right = f"Counting one on from {number} gives {number} + 1 = {number + 1}.\n\\boxed{{{number + 1}}}"
    wrong = f"Counting one on from {number} gives {number} + 1 = {number}.\n\\boxed{{{number}}}"
    chain = {
        "solve": [right],
        "reflect": [wrong, right],
        "revise": [wrong, wrong, right],
        "wrong": [wrong, wrong, wrong],
    }[ending]
    stages = ("solve", "reflect", "revise")
    return [(stage, text if stage == "solve" else reflected(text)) for stage, text in zip(stages, chain, strict=False)]


def table_bytes(run: Path) -> dict[str, bytes]:
    """The bytes of the run's tables."""
    return {path.name: path.read_bytes() for path in sorted(run.glob("*.parquet"))}
