"""The driver of a Lean command, with a stand-in program: what it proves is nothing, and no row is called checked."""

from __future__ import annotations

import shlex
import sys
import time
from pathlib import Path

import msgspec
import pytest

from sciinstruct.collection.lean_check import LeanChecker, judged, program_of
from sciinstruct.errors import ConfigError
from sciinstruct.records import Question

STAND_IN = f"{shlex.quote(sys.executable)} {shlex.quote(str(Path(__file__).with_name('stand_in_lean.py')))}"
REAL = "Lean (version 4.12.0, x86_64-unknown-linux-gnu, commit dc2533473114, Release)"
THEOREM = Question(
    id="t",
    question="open Nat\n\nnamespace N\n\ntheorem two : 1 + 1 = 2",
    reasoning="by rfl",
    type="proof",
    meta={"lean_version": 4, "proof_style": "tactic"},
)


@pytest.fixture
def checker() -> LeanChecker:
    return LeanChecker(STAND_IN, "import Mathlib", None, seconds=5)


def proof(text: str) -> Question:
    return msgspec.structs.replace(THEOREM, reasoning=text)


def test_the_file_that_lean_is_given() -> None:
    whole = "import Mathlib\n\nopen Nat\n\nnamespace N\n\ntheorem two : 1 + 1 = 2"
    assert program_of(THEOREM, "import Mathlib") == f"{whole} :=\nby rfl\n"
    equations = msgspec.structs.replace(THEOREM, reasoning="| 0 => rfl", meta={"proof_style": "equations"})
    assert program_of(equations, "import Mathlib") == f"{whole}\n| 0 => rfl\n"


def test_what_a_stand_in_accepts_is_not_checked(checker: LeanChecker) -> None:
    found = checker.check(THEOREM)
    assert not found.checked and found.by == "static" and "stand-in" in found.detail


def test_an_error_and_a_gap_are_told(checker: LeanChecker) -> None:
    assert "unsolved goals" in checker.check(proof("by exact wrong")).detail
    assert "sorry" in checker.check(proof("by hidden_gap")).detail


def test_the_time_limit_ends_a_check() -> None:
    started = time.monotonic()
    found = LeanChecker(STAND_IN, "", None, seconds=1).check(proof("by forever"))
    assert not found.checked and "time limit" in found.detail
    assert time.monotonic() - started < 60


@pytest.mark.parametrize("text", ["by sorry", "by run_tac (IO.println 1)", "by native_decide", "by rfl\n#eval 1"])
def test_what_could_run_programs_or_prove_nothing_is_not_given_to_lean(checker: LeanChecker, text: str) -> None:
    assert "not given to Lean" in checker.check(proof(text)).detail


def test_a_proof_in_the_other_lean_is_not_tried(checker: LeanChecker) -> None:
    old = msgspec.structs.replace(THEOREM, meta={"lean_version": 3})
    assert "Lean 3" in checker.check(old).detail


def test_only_silence_of_a_real_lean_is_a_check() -> None:
    assert judged(0, "", REAL).checked
    assert judged(0, "warning: unused variable `h`", REAL).checked
    assert not judged(1, "", REAL).checked
    assert not judged(0, "Row.lean:3:0: error: no", REAL).checked
    assert not judged(0, "declaration uses 'sorry'", REAL).checked
    assert not judged(None, "", REAL).checked


@pytest.mark.parametrize("command", ["no-such-lean-program", f"{shlex.quote(sys.executable)} -c pass"])
def test_a_command_that_is_no_lean_is_refused_at_once(command: str) -> None:
    with pytest.raises(ConfigError, match="lean"):
        LeanChecker(command, "", None, seconds=5)
