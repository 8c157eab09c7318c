"""Instructions in the forms that trainers read.

chat             JSON Lines: {"id", "messages": [{"role", "content"}, …]}
alpaca           JSON Lines: {"instruction", "input", "output"}
sharegpt         JSON Lines: {"conversations": [{"from", "value"}, …]}
content-summary  JSON Lines: {"content", "summary"}, as the reference code of SciInstruct reads it
datasets         a folder that `datasets.load_from_disk` opens, with every column of instructions.parquet
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import msgspec

from ..errors import ConfigError
from ..records import Instruction, instruction_schema
from .atomic import put_in_place, temporary_path, trouble
from .instructions import Source, instruction_file, read_instructions
from .tables import GROUP, columns_of, instruction_row

__all__ = ["FORMATS", "export_instructions"]

_SHAREGPT_NAMES = {"user": "human", "assistant": "gpt"}
_ARROW_FILE = "data-00000-of-00001.arrow"


def export_instructions(source: Source, format: str, out: str | Path) -> int:
    """Write the instructions of a run folder (or of a file that `read_instructions` reads) in another form.

    Args:
        source: The run folder or file.
        format: One of `FORMATS`.
        out: The file, for `datasets` the folder. It is there whole or not at all; a file is replaced.

    Returns:
        How many instructions were written.

    Raises:
        ConfigError: An unknown format; `datasets` into a folder that is not empty; `out` is the source itself.
        InputError: The source cannot be read.
        RunFolderError: `out` cannot be written.
    """
    if format not in FORMATS:
        raise ConfigError(f"format: {format!r} is none of {', '.join(FORMATS)}")
    out = Path(out)
    if out.exists() and out.samefile(instruction_file(source)):
        raise ConfigError(f"out: {out} is the source itself; choose another place")
    instructions = read_instructions(source)
    with trouble(out):
        out.parent.mkdir(parents=True, exist_ok=True)
        if format == "datasets":
            return _write_dataset(instructions, out)
        return _write_lines(map(_LINE_OF[format], instructions), out)


def _chat(instruction: Instruction) -> dict[str, Any]:
    return {"id": instruction.id, "messages": instruction.messages}


def _alpaca(instruction: Instruction) -> dict[str, Any]:
    return {"instruction": _asked(instruction), "input": "", "output": _answered(instruction)}


def _sharegpt(instruction: Instruction) -> dict[str, Any]:
    return {
        "conversations": [
            {"from": _SHAREGPT_NAMES.get(message.role, message.role), "value": message.content}
            for message in instruction.messages
        ]
    }


def _content_summary(instruction: Instruction) -> dict[str, Any]:
    return {"content": _asked(instruction), "summary": _answered(instruction)}


def _asked(instruction: Instruction) -> str:
    return "\n\n".join(message.content for message in instruction.messages if message.role != "assistant")


def _answered(instruction: Instruction) -> str:
    return "\n\n".join(message.content for message in instruction.messages if message.role == "assistant")


_LINE_OF: dict[str, Callable[[Instruction], dict[str, Any]]] = {
    "chat": _chat,
    "alpaca": _alpaca,
    "sharegpt": _sharegpt,
    "content-summary": _content_summary,
}
FORMATS = (*_LINE_OF, "datasets")


def _write_lines(rows: Iterable[dict[str, Any]], out: Path) -> int:
    encode = msgspec.json.Encoder().encode
    temporary = temporary_path(out)
    count = 0
    try:
        with temporary.open("wb") as file:
            for row in rows:
                file.write(encode(row) + b"\n")
                count += 1
        put_in_place(out)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    return count


def _write_dataset(instructions: Iterator[Instruction], out: Path) -> int:
    """A folder in the layout of `datasets`' save_to_disk: one Arrow stream and two small descriptions."""
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise ConfigError(f"out: {out} is there already and not empty; choose another folder")
    temporary = temporary_path(out)
    shutil.rmtree(temporary, ignore_errors=True)
    try:
        temporary.mkdir()
        count = _write_arrow(instructions, temporary / _ARROW_FILE)
        state: dict[str, Any] = {
            "_data_files": [{"filename": _ARROW_FILE}],
            "_fingerprint": _fingerprint(temporary / _ARROW_FILE),
            "_format_columns": None,
            "_format_kwargs": {},
            "_format_type": None,
            "_output_all_columns": False,
            "_split": "train",
        }
        (temporary / "state.json").write_text(json.dumps(state, indent=2) + "\n", "utf-8")
        (temporary / "dataset_info.json").write_text(json.dumps({"splits": None}, indent=2) + "\n", "utf-8")
        if out.exists():
            out.rmdir()
        temporary.rename(out)
    except BaseException:
        shutil.rmtree(temporary, ignore_errors=True)
        raise
    return count


def _fingerprint(path: Path) -> str:
    """What `datasets` names its cached results by: other content has to give another one."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()[:16]


def _write_arrow(instructions: Iterator[Instruction], path: Path) -> int:
    import pyarrow as pa

    schema = instruction_schema()
    count = 0
    with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_stream(sink, schema) as stream:
        while rows := [instruction_row(instruction) for instruction in islice(instructions, GROUP)]:
            stream.write_table(columns_of(rows, schema))
            count += len(rows)
    return count
