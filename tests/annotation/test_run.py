from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

import sciinstruct
from sciinstruct.errors import ConfigError, InputError, RunFolderError
from sciinstruct.io import read_attempts, read_instructions, read_rejections
from sciinstruct.records import Question

from .making import table_bytes, write_case


@pytest.fixture
def case(tmp_path: Path) -> tuple[Path, str]:
    questions, replies = write_case(tmp_path, 40)
    return questions, f"recorded:{replies}"


def test_every_question_leaves_the_run_and_the_counts_add_up(case: tuple[Path, str], tmp_path: Path) -> None:
    questions, model = case
    with questions.open("a") as file:
        file.write(questions.read_text().splitlines()[0] + "\n")  # an identical row
        file.write('{"id": "q1", "question": "Another question?", "answer": "5"}\n')  # an id given twice
        file.write('{"id": "torn", "question": "What is')  # a torn last line
    run = sciinstruct.annotate(questions, model=model, out=tmp_path / "run")
    assert len(list(run)) == 40
    counts = run.summary.attrition
    assert (counts.rows, counts.questions, counts.duplicates, counts.unusable.total()) == (43, 40, 1, 2)
    assert counts.accepted == {"solve": 10, "reflect": 10, "revise": 10}
    assert counts.rejected == {("revise", "wrong"): 10} and counts.open == 0
    assert (counts.entered["solve"], counts.entered["reflect"], counts.entered["revise"]) == (40, 30, 20)
    instructions = list(read_instructions(tmp_path / "run"))
    assert [int(i.id[1:]) for i in instructions] == sorted(int(i.id[1:]) for i in instructions), "input order"
    rejections = list(read_rejections(tmp_path / "run"))
    assert {r.reason for r in rejections} == {"unusable", "duplicate-id", "wrong"}
    torn = next(r for r in rejections if r.line == 43)
    assert torn.file == str(questions) and torn.reason == "unusable"
    assert len(instructions) + len(rejections) == 42
    assert len(list(read_attempts(tmp_path / "run"))) == 10 * (1 + 2 + 3 + 3)


def test_the_manifest_says_what_was_done(case: tuple[Path, str], tmp_path: Path) -> None:
    questions, model = case
    manifest = sciinstruct.annotate(questions, model=model, out=tmp_path / "run").summary.manifest
    assert manifest["state"] == "finished"
    assert manifest["inputs"][0]["path"] == str(questions) and len(manifest["inputs"][0]["sha256"]) == 64
    assert manifest["usage"]["paid"]["calls"] == 90 and manifest["usage"]["paid"]["completion_tokens"] == 1800
    assert set(manifest["usage"]["by_stage"]) == {"solve", "reflect", "revise"}
    assert manifest["prompts"]["en"]["version"] and manifest["models"]["solve"] == "replies"
    assert json.loads((tmp_path / "run" / "manifest.json").read_text()) | manifest == json.loads(
        (tmp_path / "run" / "manifest.json").read_text()
    )
    assert (tmp_path / "run" / "README.md").read_text().startswith("---\n")


def test_a_finished_run_again_makes_no_call_and_writes_nothing(case: tuple[Path, str], tmp_path: Path) -> None:
    questions, model = case
    first = sciinstruct.annotate(questions, model=model, out=tmp_path / "run").summary
    written = {path: path.stat().st_mtime_ns for path in (tmp_path / "run").glob("*.parquet")}
    run = sciinstruct.annotate(questions, model=model, out=tmp_path / "run")
    assert list(run) == []
    assert run.summary.manifest["usage"]["paid"]["calls"] == 0
    assert run.summary.attrition == first.attrition
    assert written == {path: path.stat().st_mtime_ns for path in (tmp_path / "run").glob("*.parquet")}


def test_without_its_progress_file_a_run_is_rebuilt_from_the_ledger(case: tuple[Path, str], tmp_path: Path) -> None:
    questions, model = case
    sciinstruct.annotate(questions, model=model, out=tmp_path / "run").summary  # noqa: B018
    before = table_bytes(tmp_path / "run")
    for path in (tmp_path / "run").glob("progress.sqlite*"):
        path.unlink()
    summary = sciinstruct.annotate(questions, model=model, out=tmp_path / "run").summary
    assert (summary.manifest["usage"]["paid"]["calls"], summary.manifest["usage"]["reused"]) == (0, 90)
    assert table_bytes(tmp_path / "run") == before


def test_stopped_runs_go_on_and_end_with_the_same_bytes(case: tuple[Path, str], tmp_path: Path) -> None:
    questions, model = case
    options = {"model": model, "concurrency": 2}
    sciinstruct.annotate(questions, out=tmp_path / "whole", **options).summary  # noqa: B018
    paid = 0
    for _ in range(30):
        with sciinstruct.annotate(questions, out=tmp_path / "parts", **options) as run:
            for taken, _outcome in enumerate(run):
                if taken == 3:
                    break
        summary = run.summary
        paid += summary.manifest["usage"]["paid"]["calls"]
        assert summary.attrition.questions == 40
        if summary.state == "finished":
            break
        assert summary.state == "stopped" and summary.attrition.open > 0
    assert summary.state == "finished" and paid == 90, "nothing is paid twice"
    assert table_bytes(tmp_path / "parts") == table_bytes(tmp_path / "whole")


def test_changed_input_pays_only_for_what_is_new(case: tuple[Path, str], tmp_path: Path) -> None:
    questions, model = case
    sciinstruct.annotate(questions, model=model, out=tmp_path / "run").summary  # noqa: B018
    rows = [json.loads(line) for line in questions.read_text().splitlines()]
    questions.write_text("".join(json.dumps(row) + "\n" for row in [*reversed(rows[20:]), *rows[:10]]))
    summary = sciinstruct.annotate(questions, model=model, out=tmp_path / "run").summary
    assert summary.manifest["usage"]["paid"]["calls"] == 0 and summary.attrition.questions == 30
    assert next(read_instructions(tmp_path / "run")).id == "q38", "the new input order"


def test_a_changed_option_is_logged_and_replies_that_still_fit_are_reused(
    case: tuple[Path, str], tmp_path: Path
) -> None:
    questions, model = case
    sciinstruct.annotate(questions, model=model, out=tmp_path / "run", stages=["solve"]).summary  # noqa: B018
    summary = sciinstruct.annotate(questions, model=model, out=tmp_path / "run").summary
    assert summary.manifest["usage"]["reused"] == 40 and summary.manifest["usage"]["paid"]["calls"] == 50
    assert "stages" in summary.manifest["config_changes"][0]["changes"]


def test_replies_of_another_run_are_used(case: tuple[Path, str], tmp_path: Path) -> None:
    questions, model = case
    sciinstruct.annotate(questions, model=model, out=tmp_path / "one").summary  # noqa: B018
    summary = sciinstruct.annotate(questions, model=model, out=tmp_path / "two", reuse=tmp_path / "one").summary
    assert (summary.manifest["usage"]["paid"]["calls"], summary.manifest["usage"]["reused"]) == (0, 90)
    assert table_bytes(tmp_path / "one") == table_bytes(tmp_path / "two")


def test_a_ledger_elsewhere_is_shared(case: tuple[Path, str], tmp_path: Path) -> None:
    questions, model = case
    ledger = tmp_path / "shared.sqlite"
    sciinstruct.annotate(questions, model=model, out=tmp_path / "one", ledger=ledger).summary  # noqa: B018
    summary = sciinstruct.annotate(questions, model=model, out=tmp_path / "two", ledger=ledger).summary
    assert summary.manifest["usage"]["paid"]["calls"] == 0
    assert not (tmp_path / "one" / "ledger.sqlite").exists()


def test_max_calls_pauses_and_a_higher_limit_goes_on(case: tuple[Path, str], tmp_path: Path) -> None:
    questions, model = case
    first = sciinstruct.annotate(questions, model=model, out=tmp_path / "run", max_calls=25, concurrency=4).summary
    assert first.state == "paused" and "max_calls" in first.reason
    assert first.manifest["usage"]["total"]["calls"] == 25
    assert first.attrition.open == 40 - first.attrition.accepted.total() - first.attrition.rejected.total() > 0
    summary = sciinstruct.annotate(questions, model=model, out=tmp_path / "run").summary
    assert summary.state == "finished" and summary.manifest["usage"]["total"]["calls"] == 90


def test_records_and_dicts_are_questions_too(case: tuple[Path, str], tmp_path: Path) -> None:
    _, model = case

    def rows() -> Iterator[Question | dict[str, str]]:
        yield Question(id="q0", question="What is 0 plus 1?", answer="1")
        yield {"id": "q5", "question": "What is 5 plus 1?", "answer": "6"}
        yield {"id": "none"}

    run = sciinstruct.annotate(rows(), model=model, out=tmp_path / "run")
    assert [outcome.question.id for outcome in run] == ["q0", "q5"]
    assert run.summary.attrition.unusable == {"unusable": 1}


def test_two_runs_on_one_folder_are_refused(case: tuple[Path, str], tmp_path: Path) -> None:
    questions, model = case
    with (
        sciinstruct.annotate(_slowly(questions), model=model, out=tmp_path / "run"),
        pytest.raises(RunFolderError, match="in use by"),
    ):
        sciinstruct.annotate(questions, model=model, out=tmp_path / "run")


def _slowly(questions: Path) -> Iterator[dict[str, str]]:
    import time

    for line in questions.read_text().splitlines():
        time.sleep(0.02)
        yield json.loads(line)


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({"modl": "x"}, ConfigError, "modl"),
        ({"concurrency": 0}, ConfigError, "concurrency: 0"),
        ({"model": "nonsense"}, ConfigError, "nonsense"),
        ({"budget": 1.0}, ConfigError, "price"),
        ({"price": ["m=abc"]}, ConfigError, "abc"),
        ({"map": ["question"]}, ConfigError, "KEY=VALUE"),
        ({"prompts": ["missing.yaml"]}, ConfigError, "missing.yaml"),
        ({"questions": "missing.jsonl"}, InputError, "missing.jsonl"),
        ({"out": "/proc/none/run"}, RunFolderError, "/proc/none"),
    ],
)
def test_bad_options_are_one_clear_error_before_anything_is_made(
    case: tuple[Path, str], tmp_path: Path, options: dict[str, object], error: type[Exception], words: str
) -> None:
    questions, model = case
    arguments = {"questions": questions, "model": model, "out": tmp_path / "run", **options}
    with pytest.raises(error, match=words):
        sciinstruct.annotate(**arguments)  # type: ignore[arg-type]
    assert not (tmp_path / "run").exists()


def test_a_path_under_a_file_is_named(case: tuple[Path, str], tmp_path: Path) -> None:
    questions, model = case
    (tmp_path / "file").write_text("")
    with pytest.raises(RunFolderError, match="file/run"):
        sciinstruct.annotate(questions, model=model, out=tmp_path / "file" / "run")


def test_the_run_on_the_examples_of_the_project(examples: Path, tmp_path: Path) -> None:
    replies = f"recorded:{examples / 'demo' / 'replies.jsonl'}"
    shutil.copytree(examples / "demo", tmp_path / "demo")
    summary = sciinstruct.annotate(
        tmp_path / "demo" / "questions.jsonl", model=replies, judge=replies, out=tmp_path / "run"
    ).summary
    assert summary.attrition.questions == 48 and summary.attrition.open == 0
    assert all(summary.attrition.accepted[stage] for stage in ("given", "solve", "reflect", "revise"))
    assert ("revise", "leak") in summary.attrition.rejected
    languages = {instruction.language for instruction in read_instructions(tmp_path / "run")}
    assert languages == {"en", "zh"}


def test_without_a_folder_it_is_run_beside_the_program(
    case: tuple[Path, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    questions, model = case
    monkeypatch.chdir(tmp_path)
    assert len(list(sciinstruct.annotate(questions, model=model))) == 40
    assert (tmp_path / "run" / "instructions.parquet").exists()
