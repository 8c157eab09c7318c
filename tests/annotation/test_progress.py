from __future__ import annotations

from pathlib import Path

import pytest

from sciinstruct.annotation.loop import Outcome
from sciinstruct.annotation.progress import Progress
from sciinstruct.errors import RunFolderError
from sciinstruct.records import Question, Rejection

PLAN = b"plan-one"


def questions(count: int) -> list[Question]:
    return [Question(id=f"q{n}", question=f"What is {n} + 1?", answer=str(n + 1)) for n in range(count)]


def rejected(question: Question, final: bool = True) -> Outcome:
    return Outcome(question=question, rejection=Rejection(id=question.id, stage="solve", reason="wrong"), final=final)


def test_pending_and_ended_are_in_input_order(tmp_path: Path) -> None:
    progress = Progress(tmp_path / "progress.sqlite", PLAN)
    intake = progress.take_in(questions(10))
    assert (intake.rows, intake.questions, progress.count_pending()) == (10, 10, 10)
    pending = list(progress.pending(chunk=3))
    assert [item.position for item in pending] == list(range(10))
    progress.add([(item.digest, rejected(item.question)) for item in reversed(pending[:7])])
    assert [outcome.question.id for outcome in progress.ended()] == [f"q{n}" for n in range(7)]
    assert [item.question.id for item in progress.pending()] == ["q7", "q8", "q9"]


def test_a_restart_with_changed_input_keeps_what_still_fits(tmp_path: Path) -> None:
    progress = Progress(tmp_path / "progress.sqlite", PLAN)
    progress.take_in(questions(4))
    progress.add([(item.digest, rejected(item.question)) for item in progress.pending()])
    progress.close()
    again = Progress(tmp_path / "progress.sqlite", PLAN)
    changed = Question(id="q1", question="What is one more than 1?", answer="2")
    new_order = [*reversed(questions(4)[2:]), changed, Question(id="new", question="?", answer="1")]
    again.take_in(new_order)
    assert [item.question.id for item in again.pending()] == ["q1", "new"], "answers never go to another question"
    assert [outcome.question.id for outcome in again.ended()] == ["q3", "q2"]


def test_another_plan_has_other_outcomes(tmp_path: Path) -> None:
    progress = Progress(tmp_path / "progress.sqlite", PLAN)
    progress.take_in(questions(2))
    progress.add([(item.digest, rejected(item.question)) for item in progress.pending()])
    progress.close()
    other = Progress(tmp_path / "progress.sqlite", b"plan-two")
    other.take_in(questions(2))
    assert other.count_pending() == 2


def test_identical_rows_collapse_and_an_id_given_twice_is_rejected(tmp_path: Path) -> None:
    progress = Progress(tmp_path / "progress.sqlite", PLAN)
    first, second, third = questions(3)
    other = Question(id="q1", question="Something else?", answer="9")
    bad = Rejection(id="x:4", stage="read", reason="unusable", line=4)
    intake = progress.take_in([first, second, first, other, bad, third, second])
    assert (intake.rows, intake.questions, intake.duplicates, intake.unusable) == (7, 3, 2, 2)
    assert intake.rows == intake.questions + intake.duplicates + intake.unusable
    twice, unusable = progress.unusable()
    assert (twice.reason, twice.field, twice.value) == ("duplicate-id", "id", "q1")
    assert "row 4 has the id of row 2" in twice.detail
    assert unusable == bad


def test_unfinished_outcomes_are_pending_again(tmp_path: Path) -> None:
    progress = Progress(tmp_path / "progress.sqlite", PLAN)
    progress.take_in(questions(2))
    first, second = progress.pending()
    progress.add([(first.digest, rejected(first.question)), (second.digest, rejected(second.question, final=False))])
    assert progress.count_pending() == 0
    progress.forget_unfinished()
    assert [item.question.id for item in progress.pending()] == ["q1"]


def test_a_damaged_file_or_one_of_another_layout_is_made_anew(tmp_path: Path) -> None:
    path = tmp_path / "progress.sqlite"
    path.write_bytes(b"this is no database" * 100)
    progress = Progress(path, PLAN)
    assert progress.take_in(questions(1)).questions == 1
    progress._database.execute("PRAGMA user_version = 99")
    progress.close()
    assert Progress(path, PLAN).count_pending() == 0


def test_an_unwritable_place_is_an_error_with_its_path(tmp_path: Path) -> None:
    with pytest.raises(RunFolderError, match=r"missing/progress\.sqlite"):
        Progress(tmp_path / "missing" / "progress.sqlite", PLAN)


def test_a_full_disk_is_one_error_and_nothing_is_half_written(tmp_path: Path) -> None:
    progress = Progress(tmp_path / "progress.sqlite", PLAN)
    progress.take_in(questions(3))
    (pages,) = progress._database.execute("PRAGMA page_count").fetchone()
    progress._database.execute(f"PRAGMA max_page_count = {pages}")  # SQLite's own "database or disk is full"
    long = Rejection(id="x", stage="solve", reason="wrong", detail="x" * 100_000)
    outcomes = [(item.digest, Outcome(question=item.question, rejection=long)) for item in progress.pending()]
    with pytest.raises(RunFolderError, match=r"progress\.sqlite: cannot write: .*full.*ledger"):
        progress.add(outcomes)
    assert progress.count_pending() == 3
    progress._database.execute("PRAGMA max_page_count = 1000000")
    progress.add(outcomes)
    assert progress.count_pending() == 0
