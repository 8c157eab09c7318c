"""The demo ends as it was written to end: the whole program on the example questions and their recorded replies."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pyarrow.parquet as pq
import pytest

ROOT = Path(__file__).resolve().parents[1]
QUESTIONS = "examples/demo/questions.jsonl"
REPLIES = "recorded:examples/demo/replies.jsonl"

# What the replies were written to show; every other question is solved at once.
REFLECTED = {
    "phys-braking-distance", "phys-lens-image", "phys-gas-mean-energy", "phys-vector-quantities",
    "phys-capacitor-energy", "chem-water-from-mixture", "chem-molecular-formula", "math-two-dice",
    "math-level-arrangements", "zh-phys-spring-period", "zh-phys-friction-acceleration", "zh-chem-oxygen-atoms",
    "zh-math-arithmetic-sum",
}  # fmt: skip
REVISED = {"phys-orbit-period", "chem-strong-acid-ph", "zh-chem-salt-concentration"}
LEAKED = {"math-determinant", "zh-math-cone-volume"}
STILL_WRONG = {"math-two-sixes"}
ASKED_AGAIN = {"chem-reaction-order": "unstated", "math-circle-radius": "truncated"}
JUDGED = {"chem-water-boiling"}
PROOFS = {"lean-and-swap", "lean-zero-add", "lean-kinetic-energy"}


def annotate(out: Path) -> subprocess.CompletedProcess[str]:
    program = "from sciinstruct.cli.main import main; main()"
    arguments = ["annotate", QUESTIONS, "--model", REPLIES, "--judge", REPLIES, "--out", str(out)]
    environment = {**os.environ, "COLUMNS": "160", "NO_COLOR": "1", "TERM": "dumb"}
    command = [sys.executable, "-c", program, *arguments]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, encoding="utf-8", timeout=300)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("demo") / "run"
    ran = annotate(out)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return out


def rows(path: Path) -> list[dict[str, object]]:
    found: list[dict[str, object]] = pq.read_table(path).to_pylist()
    return found


def asked() -> list[dict[str, object]]:
    return [json.loads(line) for line in (ROOT / QUESTIONS).read_text(encoding="utf-8").splitlines()]


def test_each_question_ends_where_its_replies_lead(run: Path) -> None:
    stages = {str(row["id"]): row["stage"] for row in rows(run / "instructions.parquet")}
    expected = {str(row["id"]): "solve" for row in asked()}
    expected |= dict.fromkeys(REFLECTED, "reflect") | dict.fromkeys(REVISED, "revise") | dict.fromkeys(PROOFS, "given")
    for rejected in LEAKED | STILL_WRONG:
        del expected[rejected]
    assert stages == expected


def test_the_rejected_say_why(run: Path) -> None:
    reasons = {str(row["id"]): (row["stage"], row["reason"]) for row in rows(run / "rejected.parquet")}
    assert reasons == dict.fromkeys(LEAKED, ("revise", "leak")) | dict.fromkeys(STILL_WRONG, ("revise", "wrong"))


def test_cut_off_and_unstated_answers_are_asked_again(run: Path) -> None:
    rules: dict[str, list[object]] = {}
    for attempt in rows(run / "attempts.parquet"):
        rules.setdefault(str(attempt["question_id"]), []).append(attempt["rule"])
    for question, rule in ASKED_AGAIN.items():
        assert rules[question][0] == rule
        assert len(rules[question]) == 2


def test_the_judge_decides_only_what_the_rules_leave_open(run: Path) -> None:
    judged = {str(row["question_id"]) for row in rows(run / "attempts.parquet") if row["rule"] == "judge"}
    assert judged == JUDGED


def test_attempts_keep_the_kind_of_error_and_the_lines_of_a_solution(run: Path) -> None:
    attempts = rows(run / "attempts.parquet")
    kinds = Counter(row["error_kind"] for row in attempts if row["stage"] in ("reflect", "revise"))
    assert set(kinds) == {"comprehension", "calculation", "reasoning"}
    assert all("\n" in str(row["solution"]) for row in attempts if row["stage"] != "given")


def test_the_same_replies_give_the_same_tables_and_nothing_is_asked_twice(run: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    assert annotate(other).returncode == 0
    for name in ("instructions.parquet", "rejected.parquet", "attempts.parquet"):
        assert (run / name).read_bytes() == (other / name).read_bytes(), name
    again = annotate(other)
    assert again.returncode == 0
    assert "0 calls paid" in again.stdout
