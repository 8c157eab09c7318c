"""Parquet tables of records: a streaming writer that is deterministic, and readers that stream."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, TypeVar

import msgspec

from ..errors import InputError
from ..records import Attempt, Instruction, Message, Rejection, Verdict
from .atomic import put_in_place, temporary_path, trouble

if TYPE_CHECKING:
    import pyarrow as pa
    import pyarrow.parquet as pq

__all__ = [
    "GROUP",
    "TableWriter",
    "attempt_from_row",
    "attempt_row",
    "columns_of",
    "count_rows",
    "instruction_from_row",
    "instruction_row",
    "open_table",
    "read_table",
    "rejection_from_row",
    "rejection_row",
]

T = TypeVar("T")

# Rows per group: a fixed number, so that the bytes do not depend on how the caller cuts the rows.
GROUP = 1_024
# Columns with few different values: only there a dictionary saves anything.
_REPEATED = {"stage", "model", "error_kind", "verdict", "rule", "finish_reason", "subject", "topic", "type", "file"}
_REPEATED |= {"language", "source", "licence", "field"}


class TableWriter:
    """Writes rows to one Parquet file: the same rows give the same bytes, and the file appears when it is whole.

    Use as a context manager: an exception inside leaves no file, a file that was there before stays.
    Raises RunFolderError where the disk is full or the folder cannot be written.
    """

    def __init__(self, path: Path, schema: pa.Schema) -> None:
        """Args: path: where the file will be; schema: its columns (`records.attempt_schema()` and the like)."""
        import pyarrow.parquet as pq

        self.path = path
        self.rows = 0
        self._schema = schema
        self._pending: list[Mapping[str, Any]] = []
        with trouble(path):
            self._writer = pq.ParquetWriter(
                temporary_path(path),
                schema,
                compression="zstd",
                use_dictionary=[name for name in schema.names if name in _REPEATED],
                write_statistics=False,
            )

    def write(self, rows: Iterable[Mapping[str, Any]]) -> None:
        """Add rows, each a dict with a value (or None) for every column."""
        for row in rows:
            self._pending.append(row)
            if len(self._pending) == GROUP:
                self._flush()

    def close(self) -> None:
        """Write what is left and put the file in its place."""
        try:
            self._flush()
            with trouble(self.path):
                self._writer.close()
                put_in_place(self.path)
        except BaseException:
            self.abort()
            raise

    def abort(self) -> None:
        """Give up: the unfinished file is removed."""
        self._pending.clear()
        try:
            self._writer.close()
        except OSError:
            pass  # the disk may be full: what matters is that the file goes
        finally:
            temporary_path(self.path).unlink(missing_ok=True)

    def _flush(self) -> None:
        if not self._pending:
            return
        table = columns_of(self._pending, self._schema)
        with trouble(self.path):
            self._writer.write_table(table, row_group_size=GROUP)
        self.rows += len(self._pending)
        self._pending.clear()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self.close()
        else:
            self.abort()


def columns_of(rows: Sequence[Mapping[str, Any]], schema: pa.Schema) -> pa.Table:
    """The rows as an Arrow table, built column by column (several times faster than row by row)."""
    import pyarrow as pa

    arrays = []
    for field in schema:
        values = [row[field.name] for row in rows]
        arrays.append(
            _list_of_structs(values, field.type) if pa.types.is_list(field.type) else _array(values, field.type)
        )
    return pa.Table.from_arrays(arrays, schema=schema)


def _array(values: list[Any], kind: pa.DataType) -> pa.Array:
    import pyarrow as pa

    try:
        return pa.array(values, type=kind)
    except UnicodeEncodeError:  # lone surrogates out of a model's reply: the row is worth more than the sign
        return pa.array([value and value.encode("utf-8", "replace").decode() for value in values], type=kind)


def _list_of_structs(values: list[list[dict[str, str]] | None], kind: pa.ListType) -> pa.ListArray:
    """A column of lists of structs from its flat children: pyarrow's own way from dicts is several times slower."""
    import pyarrow as pa

    flat: list[dict[str, str]] = []
    offsets: list[int | None] = []
    for value in values:
        offsets.append(None if value is None else len(flat))
        flat += value or ()
    offsets.append(len(flat))
    fields = list(kind.value_type)
    children = [_array([item[field.name] for item in flat], field.type) for field in fields]
    structs = pa.StructArray.from_arrays(children, fields=fields)
    return pa.ListArray.from_arrays(pa.array(offsets, type=pa.int32()), structs, type=kind)


def open_table(path: Path) -> pq.ParquetFile:
    """A Parquet file to read from; without pyarrow's pre-buffering, which keeps all of the file in memory."""
    import pyarrow.parquet as pq

    return pq.ParquetFile(path, pre_buffer=False)


def read_table(path: Path, record: Callable[[dict[str, Any]], T]) -> Iterator[T]:
    """The records of a Parquet file, streaming; `record` makes one out of a row.

    Raises InputError where there is no such file or it cannot be read (on).
    """
    import pyarrow as pa

    try:
        with open_table(path) as file:
            for batch in file.iter_batches(batch_size=GROUP):
                for row in batch.to_pylist():
                    yield record(row)
    except (pa.ArrowException, OSError) as error:
        raise InputError(f"{path}: not readable as Parquet: {error}") from error


def count_rows(path: Path, columns: Sequence[str]) -> Counter[tuple[Any, ...]]:
    """How many rows of a Parquet file have each combination of values in these columns, streaming.

    Raises InputError where there is no such file or it cannot be read.
    """
    import pyarrow as pa

    counts: Counter[tuple[Any, ...]] = Counter()
    try:
        with open_table(path) as file:
            for batch in file.iter_batches(batch_size=GROUP, columns=list(columns)):
                counts.update(zip(*(batch.column(column).to_pylist() for column in columns), strict=True))
    except (pa.ArrowException, OSError) as error:
        raise InputError(f"{path}: not readable as Parquet: {error}") from error
    return counts


def attempt_row(attempt: Attempt) -> dict[str, Any]:
    """The row of an attempt in attempts.parquet; the verdict's fields are columns."""
    verdict = attempt.verdict
    return {
        "question_id": attempt.question_id,
        "stage": attempt.stage,
        "round": attempt.round,
        "sample": attempt.sample,
        "model": attempt.model,
        "solution": attempt.solution,
        "reflection": attempt.reflection,
        "error_kind": attempt.error_kind,
        "final_answer": verdict.extracted,
        "verdict": verdict.value,
        "rule": verdict.rule,
        "reason": verdict.reason,
        "finish_reason": attempt.finish_reason,
        "prompt_tokens": attempt.prompt_tokens,
        "completion_tokens": attempt.completion_tokens,
    }


def attempt_from_row(row: dict[str, Any]) -> Attempt:
    """The attempt of a row of attempts.parquet."""
    verdict = Verdict(
        value=row.pop("verdict"), rule=row.pop("rule"), reason=row.pop("reason"), extracted=row.pop("final_answer")
    )
    return Attempt(verdict=verdict, **row)


def instruction_row(instruction: Instruction) -> dict[str, Any]:
    """The row of an instruction in instructions.parquet; options are a list of label and text."""
    row = msgspec.structs.asdict(instruction)
    row["messages"] = [{"role": message.role, "content": message.content} for message in instruction.messages]
    row["options"] = _option_list(instruction.options)
    return row


def instruction_from_row(row: dict[str, Any]) -> Instruction:
    """The instruction of a row of instructions.parquet."""
    row["messages"] = tuple(Message(**message) for message in row["messages"])
    row["options"] = _option_dict(row["options"])
    return Instruction(**row)


def rejection_row(rejection: Rejection) -> dict[str, Any]:
    """The row of a rejection in rejected.parquet; options are a list of label and text."""
    row = msgspec.structs.asdict(rejection)
    row["options"] = _option_list(rejection.options)
    return row


def rejection_from_row(row: dict[str, Any]) -> Rejection:
    """The rejection of a row of rejected.parquet."""
    row["options"] = _option_dict(row["options"])
    return Rejection(**row)


def _option_list(options: dict[str, str] | None) -> list[dict[str, str]] | None:
    return None if options is None else [{"label": label, "text": text} for label, text in options.items()]


def _option_dict(options: list[dict[str, str]] | None) -> dict[str, str] | None:
    return None if options is None else {option["label"]: option["text"] for option in options}
