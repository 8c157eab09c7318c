"""`sciinstruct verify` and `judge-report` on files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from sciinstruct.cli.judge_files import JudgeOptions, judge_lines
from sciinstruct.cli.verify_files import recheck_run, verify_pairs
from sciinstruct.errors import InputError
from sciinstruct.io import TableWriter, attempt_row, instruction_row, rejection_row
from sciinstruct.records import (
    Attempt,
    Instruction,
    Message,
    Rejection,
    Verdict,
    attempt_schema,
    instruction_schema,
    rejection_schema,
)
from sciinstruct.verification import Policy


def _write(path: Path, *rows: dict[str, Any]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def _read(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def test_pairs_in_verdicts_out(tmp_path: Path) -> None:
    pairs = _write(
        tmp_path / "pairs.jsonl",
        {"id": "a", "gold": "5 m", "prediction": "500 cm", "expected": True},
        {"id": "b", "gold": "5 m", "solution": "The answer is 5 km.", "expected": False},
        {"id": "c", "gold": "B", "prediction": "10 m", "options": ["5 m", "10 m"], "expected": False},
    )
    lines = verify_pairs([pairs], tmp_path / "out" / "verdicts.jsonl", symbolic=False)
    rows = _read(tmp_path / "out" / "verdicts.jsonl")
    assert [(row["id"], row["verdict"], row["rule"]) for row in rows] == [
        ("a", "right", "quantity"),
        ("b", "wrong", "quantity"),
        ("c", "right", "choice"),
    ]
    assert rows[1]["extracted"] == "5 km" and rows[1]["reason"]
    assert lines[0] == "3 pairs: 2 right, 1 wrong, 0 unknown"
    assert any(line.startswith("  c: expected no, right by choice") for line in lines)


def test_columns_are_renamed_and_tolerances_given(tmp_path: Path) -> None:
    pairs = _write(tmp_path / "pairs.jsonl", {"reference": "2.50", "pred": "2.60", "label": "true"})
    mapping = ["reference=gold", "pred=prediction", "label=expected"]
    out = tmp_path / "verdicts.jsonl"
    verify_pairs([pairs], out, mapping, symbolic=False)
    assert _read(out)[0]["verdict"] == "wrong"
    verify_pairs([pairs], out, mapping, Policy(relative_error=0.05), symbolic=False)
    assert _read(out)[0]["verdict"] == "right"
    assert _read(out)[0]["id"] == f"{pairs}:1"


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ({"prediction": "5"}, "'gold'"),
        ({"gold": "5"}, "'prediction' nor 'solution'"),
        ({"gold": "5", "prediction": "5", "expected": "perhaps"}, "'expected'"),
        ({"gold": "5", "prediction": "5", "options": "A"}, "'options'"),
    ],
)
def test_a_row_that_cannot_be_used_is_named(tmp_path: Path, row: dict[str, Any], words: str) -> None:
    pairs = _write(tmp_path / "pairs.jsonl", {"gold": "1", "prediction": "1"}, row)
    with pytest.raises(InputError, match=f"pairs.jsonl:2.*{words}"):
        verify_pairs([pairs], tmp_path / "out.jsonl", symbolic=False)


def test_a_finished_run_is_checked_again(run: Path, tmp_path: Path) -> None:
    lines = recheck_run(run, tmp_path / "changes.jsonl", symbolic=False)
    rows = {(row["question_id"], row["stage"]): row for row in _read(tmp_path / "changes.jsonl")}
    assert lines[:2] == ["3 attempts checked again, 1 verdicts change", "  wrong -> right: 1"]
    changed = rows[("metres", "solve")]
    assert (changed["was"], changed["verdict"], changed["rule"], changed["changed"]) == (
        "wrong",
        "right",
        "quantity",
        True,
    )
    assert rows[("prose", "solve")]["verdict"] == "right"  # the judge's, which the rules leave standing
    assert ("metres", "revise") not in rows  # a leak is not a matter of rules


def test_the_report_on_the_judge(run: Path, tmp_path: Path) -> None:
    labelled = _write(
        tmp_path / "labelled.jsonl",
        *({"expected": True, "verdict": "right", "rule": "judge"} for _ in range(18)),
        *({"expected": False, "verdict": "right", "rule": "judge"} for _ in range(2)),
        *({"expected": True, "verdict": "right", "rule": "number"} for _ in range(50)),
    )
    lines = judge_lines(run, labelled)
    text = "\n".join(lines)
    assert "rules, on" in text and "judge, on" in text
    assert "judge wrong, rules wrong: 1" in text
    assert "agreement where both speak: 1.000 of 1" in text
    assert "accepted: 1 by judge" in text
    assert "share of false accepts: 0.1000 (95 % interval 0.0279 to 0.3010)" in text


def test_a_judge_is_asked_about_pairs_and_about_what_the_rules_decided(run: Path, tmp_path: Path) -> None:
    labelled = _write(
        tmp_path / "labelled.jsonl",
        {"id": "a", "gold": "5 m", "prediction": "500 cm", "expected": True},
        {"id": "b", "gold": "the moon pulls", "prediction": "gravity of the moon", "expected": True},
        {"id": "c", "gold": "5 m", "prediction": "6 m", "expected": False},
    )
    words = {"a": "right", "b": "right", "c": "right", "metres": "<think>hm</think>\nwrong", "number": "invalid"}
    _write(tmp_path / "judge.jsonl", *({"question_id": key, "text": text} for key, text in words.items()))
    options = JudgeOptions((f"recorded:{tmp_path / 'judge.jsonl'}",), tmp_path / "judge.sqlite", second_look=True)
    text = "\n".join(judge_lines(run, labelled, options=options))
    assert "accuracy 0.667  precision 0.667  recall 1.000  (3 pairs)" in text  # the judge's
    assert "judge right, rules unknown: 1" in text
    assert "agreement where both speak: 0.500 of 2" in text
    assert "judge wrong, rules right: 2" in text  # both attempts at the question in metres
    assert (tmp_path / "judge.sqlite").exists()


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """A run folder: an answer that today's rules accept, one that the judge accepted, one that both hold wrong."""
    folder = tmp_path / "run"
    folder.mkdir()
    reason = "The tides follow the moon."
    attempts = [
        _attempt("metres", "solve", "The answer is 500 cm.", Verdict("wrong", "quantity", "old rules")),
        _attempt("metres", "revise", "The answer is 5 m.", Verdict("wrong", "leak", "states it first")),
        _attempt("prose", "solve", "The answer is: the moon pulls the sea.", Verdict("right", "judge", "same")),
        _attempt("number", "solve", "The answer is 7.", Verdict("wrong", "judge", "other")),
    ]
    accepted = Instruction(
        id="prose",
        messages=(Message(role="user", content="Why?"), Message(role="assistant", content=reason)),
        question="Why?",
        reasoning=reason,
        answer=reason,
        stage="solve",
        verdict="right",
        rule="judge",
    )
    rejections = [
        Rejection(id="metres", stage="revise", reason="leak", question="How long?", answer="5 m"),
        Rejection(id="number", stage="revise", reason="wrong", question="How many?", answer="8"),
    ]
    _table(folder / "attempts.parquet", attempt_schema(), [attempt_row(a) for a in attempts])
    _table(folder / "instructions.parquet", instruction_schema(), [instruction_row(accepted)])
    _table(folder / "rejected.parquet", rejection_schema(), [rejection_row(r) for r in rejections])
    return folder


def _attempt(question: str, stage: str, solution: str, verdict: Verdict) -> Attempt:
    return Attempt(question_id=question, stage=stage, solution=solution, verdict=verdict)


def _table(path: Path, schema: Any, rows: list[dict[str, Any]]) -> None:
    with TableWriter(path, schema) as writer:
        writer.write(rows)
