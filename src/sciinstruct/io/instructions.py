"""Instructions, attempts and rejections out of a run folder, and instructions out of files that others made."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ..errors import InputError
from ..records import Attempt, Instruction, Message, Rejection
from .cells import kind_of
from .fields import RowFault
from .questions import detected_language, question_id
from .rows import find_files, read_rows
from .run_folder import RunFolder
from .tables import attempt_from_row, instruction_from_row, read_table, rejection_from_row

__all__ = ["Source", "instruction_file", "read_attempts", "read_instructions", "read_rejections"]

Source = RunFolder | str | Path


def read_attempts(source: Source) -> Iterator[Attempt]:
    """The attempts of a run folder or an attempts.parquet, streaming; InputError where there are none."""
    return read_table(_table(source, "attempts.parquet"), attempt_from_row)


def read_rejections(source: Source) -> Iterator[Rejection]:
    """The rejections of a run folder or a rejected.parquet, streaming; InputError where there are none."""
    return read_table(_table(source, "rejected.parquet"), rejection_from_row)


def read_instructions(source: Source) -> Iterator[Instruction]:
    """The instructions of a run folder, an instructions.parquet, or a file in another form, streaming.

    Other forms, as JSON, JSON Lines, CSV or Parquet: `content` and `summary` (the released SciInstruct), and `messages`
    (chat). Their instructions have stage "given" and verdict "unknown".

    Raises:
        InputError: There is no such file, or a row (named by file and line) is no instruction.
    """
    for file in find_files([instruction_file(source)]):
        for line, row in read_rows(file):
            try:
                yield _instruction(row)
            except RowFault as fault:
                value = repr(fault.value)[:200]
                raise InputError(f"{file}:{line}: field {fault.field or 'row'}: {fault.detail}: {value}") from None


def instruction_file(source: Source) -> Path:
    """Where the instructions of a run folder are, or the file or folder itself."""
    return _table(source, "instructions.parquet")


def _table(source: Source, name: str) -> Path:
    """The file of a run folder, or the file itself."""
    path = source.path if isinstance(source, RunFolder) else Path(source)
    if path.is_dir() and ((path / name).exists() or (path / "manifest.json").exists()):
        path = path / name
    if not path.exists():
        raise InputError(f"{path}: no such file; give a finished run folder or a file of instructions")
    return path


def _instruction(row: dict[str, Any] | RowFault) -> Instruction:
    if isinstance(row, RowFault):
        raise row
    if "messages" in row and "stage" in row and "verdict" in row:
        return instruction_from_row(row)
    if "messages" in row:
        return _given(row, _messages(row["messages"]))
    if "content" in row and "summary" in row:
        pair = (("user", row["content"]), ("assistant", row["summary"]))
        return _given(row, tuple(Message(role=role, content=_text(text, role)) for role, text in pair))
    raise RowFault("the row has neither messages nor content and summary", None, list(row))


def _given(row: dict[str, Any], messages: tuple[Message, ...]) -> Instruction:
    question = "\n\n".join(message.content for message in messages if message.role == "user")
    replies = [message.content for message in messages if message.role == "assistant"]
    if not question or not replies:
        raise RowFault("there is no user message or no assistant message", "messages", row.get("messages"))
    given_id = row.get("id")
    return Instruction(
        id=str(given_id) if isinstance(given_id, str | int) else question_id(question, None, replies[-1]),
        messages=messages,
        question=question,
        reasoning=replies[-1],
        language=detected_language(question),
        stage="given",
        verdict="unknown",
        rule="given",
    )


def _messages(value: Any) -> tuple[Message, ...]:
    if not isinstance(value, list) or not all(isinstance(part, dict) for part in value):
        raise RowFault("messages are not a list of objects with role and content", "messages", value)
    return tuple(
        Message(role=_text(part.get("role"), "messages"), content=_text(part.get("content"), "messages"))
        for part in value
    )


def _text(value: Any, field: str) -> str:
    if not isinstance(value, str):
        raise RowFault(f"not a text but {kind_of(value)}", field, value)
    return value
