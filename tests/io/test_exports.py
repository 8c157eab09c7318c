"""Instructions in the forms of trainers, and back from the forms that can be read."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from sciinstruct.errors import ConfigError, InputError, RunFolderError
from sciinstruct.io import (
    FORMATS,
    RunFolder,
    TableWriter,
    export_instructions,
    instruction_row,
    read_instructions,
    read_questions,
)
from sciinstruct.records import Instruction, Message, Question, instruction_schema

INSTRUCTIONS = [
    Instruction(
        id="a",
        messages=(Message(role="user", content="Which?\nA. x\nB. y"), Message(role="assistant", content="So:\nB.")),
        question="Which?",
        options={"A": "x", "B": "y"},
        reasoning="So:\nB.",
        answer="B",
        language="en",
        stage="reflect",
        verdict="right",
        rule="choice",
    ),
    Instruction(
        id="b",
        messages=(
            Message(role="system", content="Be brief."),
            Message(role="user", content="水?"),
            Message(role="assistant", content="H2O"),
        ),
        question="水?",
        reasoning="H2O",
        answer="H2O",
        language="zh",
        stage="solve",
        verdict="right",
        rule="formula",
    ),
]


@pytest.fixture
def run(tmp_path: Path) -> Iterator[RunFolder]:
    with RunFolder.open(tmp_path / "run", create=True) as folder:
        folder.write_manifest({})
        with TableWriter(folder.instructions, instruction_schema()) as table:
            table.write(map(instruction_row, INSTRUCTIONS))
        yield folder


EXPECTED: dict[str, list[dict[str, Any]]] = {
    "chat": [
        {
            "id": "a",
            "messages": [
                {"role": "user", "content": "Which?\nA. x\nB. y"},
                {"role": "assistant", "content": "So:\nB."},
            ],
        },
        {
            "id": "b",
            "messages": [
                {"role": "system", "content": "Be brief."},
                {"role": "user", "content": "水?"},
                {"role": "assistant", "content": "H2O"},
            ],
        },
    ],
    "alpaca": [
        {"instruction": "Which?\nA. x\nB. y", "input": "", "output": "So:\nB."},
        {"instruction": "Be brief.\n\n水?", "input": "", "output": "H2O"},
    ],
    "sharegpt": [
        {"conversations": [{"from": "human", "value": "Which?\nA. x\nB. y"}, {"from": "gpt", "value": "So:\nB."}]},
        {
            "conversations": [
                {"from": "system", "value": "Be brief."},
                {"from": "human", "value": "水?"},
                {"from": "gpt", "value": "H2O"},
            ]
        },
    ],
    "content-summary": [
        {"content": "Which?\nA. x\nB. y", "summary": "So:\nB."},
        {"content": "Be brief.\n\n水?", "summary": "H2O"},
    ],
}


@pytest.mark.parametrize("format", EXPECTED)
def test_lines_of_every_form(run: RunFolder, tmp_path: Path, format: str) -> None:
    out = tmp_path / "new" / "out.jsonl"
    assert export_instructions(run, format, out) == 2
    assert [json.loads(line) for line in out.read_text("utf-8").splitlines()] == EXPECTED[format]
    assert export_instructions(str(run.path), format, out) == 2  # a file that was there is replaced
    assert [path.name for path in out.parent.iterdir()] == ["out.jsonl"]


def test_every_format_is_tested() -> None:
    assert set(FORMATS) == {*EXPECTED, "datasets"}


def test_a_datasets_folder_holds_every_column(run: RunFolder, tmp_path: Path) -> None:
    out = tmp_path / "set"
    out.mkdir()
    assert export_instructions(run, "datasets", out) == 2
    state = json.loads((out / "state.json").read_text("utf-8"))
    (file,) = [out / entry["filename"] for entry in state["_data_files"]]
    with pa.OSFile(str(file)) as source:
        table = pa.ipc.open_stream(source).read_all()
    assert table.schema == instruction_schema()
    assert table.column("id").to_pylist() == ["a", "b"]
    assert list(read_instructions(out)) == INSTRUCTIONS
    questions = [row for row in read_questions(out) if isinstance(row, Question)]
    assert [question.options for question in questions] == [{"A": "x", "B": "y"}, None]
    with pytest.raises(ConfigError, match="there already and not empty"):
        export_instructions(run, "datasets", out)


@pytest.mark.ml
def test_the_folder_opens_in_datasets(run: RunFolder, tmp_path: Path) -> None:
    import datasets

    export_instructions(run, "datasets", tmp_path / "set")
    loaded = datasets.load_from_disk(str(tmp_path / "set"))
    assert loaded["id"][:] == ["a", "b"]
    assert loaded[0]["messages"][1]["content"] == "So:\nB."


def test_chat_and_the_released_form_come_back(run: RunFolder, tmp_path: Path) -> None:
    for format, ids in (("chat", ["a", "b"]), ("content-summary", None)):
        export_instructions(run, format, tmp_path / "x.jsonl")
        back = list(read_instructions(tmp_path / "x.jsonl"))
        assert [instruction.reasoning for instruction in back] == ["So:\nB.", "H2O"]
        assert [instruction.language for instruction in back] == ["en", "zh"]
        assert {(instruction.stage, instruction.verdict, instruction.rule) for instruction in back} == {
            ("given", "unknown", "given")
        }
        assert ids is None or [instruction.id for instruction in back] == ids
    array = tmp_path / "released.json"
    array.write_text(json.dumps([{"content": "水的化学式?", "summary": "H2O"}]), "utf-8")
    (released,) = read_instructions(array)
    assert [message.role for message in released.messages] == ["user", "assistant"]
    assert (released.question, released.reasoning, released.language) == ("水的化学式?", "H2O", "zh")


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ('{"text": "x"}', "field row: the row has neither messages nor content and summary"),
        ('{"content": "x", "summary": 5}', "field assistant: not a text but a number: 5"),
        ('{"messages": "hello"}', "field messages: messages are not a list of objects"),
        ('{"messages": [{"role": "user", "content": "q"}]}', "no user message or no assistant message"),
        ('{"messages": [{"role": "user"}]}', "field messages: not a text but null"),
        ("torn {", "field row: the line is not JSON"),
    ],
)
def test_rows_that_are_no_instruction_are_named(tmp_path: Path, row: str, words: str) -> None:
    path = tmp_path / "x.jsonl"
    path.write_text('{"content": "q", "summary": "a"}\n' + row + "\n", "utf-8")
    with pytest.raises(InputError) as raised:
        list(read_instructions(path))
    assert str(raised.value).startswith(f"{path}:2: ")
    assert words in str(raised.value)


def test_what_is_refused(run: RunFolder, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="'parquet' is none of chat, alpaca, sharegpt, content-summary, datasets"):
        export_instructions(run, "parquet", tmp_path / "x")
    with pytest.raises(ConfigError, match="is the source itself"):
        export_instructions(run.instructions, "chat", run.instructions)
    with pytest.raises(InputError, match="no such file; give a finished run folder"):
        export_instructions(tmp_path / "none", "chat", tmp_path / "x")
    with pytest.raises(ConfigError, match="is the source itself"):
        export_instructions(run, "chat", run.instructions)
    with pytest.raises(RunFolderError, match="cannot write: Is a directory"):
        export_instructions(run, "chat", run.path)
    with pytest.raises(RunFolderError, match="cannot write: File exists"):
        export_instructions(run, "chat", run.instructions / "x.jsonl")
    assert list(read_instructions(run)) == INSTRUCTIONS


def test_a_source_that_breaks_off_leaves_no_export(tmp_path: Path) -> None:
    source = tmp_path / "x.jsonl"
    source.write_text('{"content": "q", "summary": "a"}\ntorn', "utf-8")
    for format in FORMATS:
        with pytest.raises(InputError):
            export_instructions(source, format, tmp_path / "out")
    assert [path.name for path in tmp_path.iterdir()] == ["x.jsonl"]
