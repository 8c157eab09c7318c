"""What a kill, a full disk or a limit in the wrong moment must not cost."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import sciinstruct
from sciinstruct.annotation import session
from sciinstruct.annotation.parts import critic_verdict, split_parts
from sciinstruct.annotation.progress import Progress
from sciinstruct.errors import RunFolderError, RunPausedError
from sciinstruct.io import read_instructions

from .making import write_case


@pytest.fixture
def case(tmp_path: Path) -> dict[str, Any]:
    questions, replies = write_case(tmp_path, 12)
    return {"questions": questions, "model": f"recorded:{replies}", "out": tmp_path / "run"}


def test_an_answer_that_came_before_a_kill_while_writing_is_not_lost(
    case: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    replies = tmp_path / "replies.jsonl"
    rows = replies.read_text().splitlines()
    replies.write_text("\n".join(row for row in rows if json.loads(row)["question_id"] != "q0") + "\n")
    assert ("solve", "refused") in sciinstruct.annotate(**case).summary.attrition.rejected
    replies.write_text("\n".join(rows) + "\n")
    with monkeypatch.context() as broken:

        def dies(*_: object) -> None:
            raise RunFolderError("the disk is full")

        broken.setattr(session, "write_tables", dies)
        with pytest.raises(RunFolderError):
            sciinstruct.annotate(**case).summary  # noqa: B018
    summary = sciinstruct.annotate(**case).summary
    assert summary.manifest["usage"]["paid"]["calls"] == 0
    assert "q0" in {instruction.id for instruction in read_instructions(case["out"])}


def test_outcomes_that_could_not_be_written_end_the_run_and_come_again(
    case: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as broken:

        def full(*_: object) -> None:
            raise RunFolderError("the disk is full")

        broken.setattr(Progress, "add", full)
        with pytest.raises(RunFolderError, match="full"):
            sciinstruct.annotate(**case).summary  # noqa: B018
    summary = sciinstruct.annotate(**case).summary
    assert summary.attrition.open == 0 and summary.manifest["usage"]["paid"]["calls"] == 0


def test_controls_pause_at_a_limit_and_go_on_without_paying_twice(case: dict[str, Any], tmp_path: Path) -> None:
    with (tmp_path / "replies.jsonl").open("a") as file:
        for number in range(12):
            reply = {"question_id": f"q{number}", "stage": "control", "text": f"\\boxed{{{number + 1}}}"}
            file.write(json.dumps(reply) + "\n")
    sciinstruct.annotate(**case).summary  # noqa: B018
    paid = 27
    paused = sciinstruct.annotate(**case, controls=9, max_calls=paid + 5, concurrency=3).summary
    assert paused.state == "paused" and paused.manifest["usage"]["total"]["calls"] == paid + 5
    done = sciinstruct.annotate(**case, controls=4).summary
    assert done.manifest["controls"]["questions"] == 4
    more = sciinstruct.annotate(**case, controls=9).summary
    assert more.manifest["controls"]["questions"] == 9, "a higher number is made up"
    assert more.manifest["usage"]["total"]["calls"] == paid + 18
    assert sciinstruct.annotate(**case).summary.manifest["controls"]["questions"] == 9


def test_a_stop_while_reading_ends_the_reading(case: dict[str, Any]) -> None:
    def endless() -> Iterator[dict[str, str]]:
        number = 0
        while True:
            number += 1
            yield {"id": str(number), "question": f"{number}?", "answer": "1"}

    run = sciinstruct.annotate(endless(), model=case["model"], out=case["out"])
    run.stop()
    with pytest.raises(RunPausedError, match="being read"):
        run.summary  # noqa: B018


def test_the_pilot_counts_its_own_calls_only(case: dict[str, Any], tmp_path: Path) -> None:
    sciinstruct.annotate(**case).summary  # noqa: B018
    other = {**case, "out": tmp_path / "other", "reuse": case["out"], "plan": True, "pilot": 6}
    forecast = sciinstruct.annotate(**other).summary.manifest["forecast"]
    assert forecast["stages"]["solve"]["calls"] == [6, 6, 6], "replies of another run count as what they took"
    again = sciinstruct.annotate(**other, stages=["solve"]).summary.manifest["forecast"]
    assert again["total"]["calls"] == [6, 6, 6], "calls of stages that are left out do not count"


def test_a_loop_over_blanks_is_read_in_linear_time() -> None:
    looping = "## Reflection\n" + " " * 300_000 + "\n**" + " \t" * 100_000 + "x\nVerdict" + " " * 300_000
    assert split_parts(looping) is None
    assert critic_verdict(looping) is None


def test_inputs_are_those_that_were_read(case: dict[str, Any], tmp_path: Path) -> None:
    with sciinstruct.annotate(**case) as run:
        for _ in run:
            case["questions"].unlink(missing_ok=True)
    assert run.summary.manifest["inputs"][0]["bytes"] > 0 and run.summary.state == "finished"
