"""Raw rows out of files of every accepted kind, one at a time.

A row is a dict, or a `RowFault` where the place of a row holds something else. Its number counts lines for JSON and
rows for the other kinds (from 1; the header of a CSV file is row 1).
"""

from __future__ import annotations

import csv
import io
import json
import zlib
from collections.abc import Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import IO, Any

from ..errors import InputError
from .fields import RowFault
from .json_rows import Row, json_line_rows, json_rows, opened
from .run_folder import is_run
from .tables import open_table

__all__ = ["ACCEPTED", "Row", "find_files", "read_rows"]

ACCEPTED = (
    "JSON Lines (.jsonl, .ndjson), JSON (.json), CSV (.csv, .tsv), each also .gz, Parquet, Arrow, a folder of them"
)
_TEXT_KINDS = (".jsonl", ".ndjson", ".json", ".csv", ".tsv")
_KINDS = (*_TEXT_KINDS, ".parquet", ".arrow")
_NOT_ROWS = frozenset({"dataset_info.json", "dataset_infos.json", "dataset_dict.json", "state.json"})
_LONGEST_CELL = 4_000_000
_BATCH = 1_024


def find_files(paths: Sequence[str | Path]) -> list[Path]:
    """The files to read, in order: each path, or the sorted files in it (in a `datasets` folder, its shards in order).

    Raises InputError for a path that does not exist, a file of no accepted kind and a folder without such files.
    """
    files: list[Path] = []
    for path in map(Path, paths):
        try:
            if path.is_dir():
                files += _files_in(path)
            elif not path.exists():
                raise InputError(f"{path}: no such file; give {ACCEPTED}")
            elif _kind(path) is None:
                raise InputError(f"{path}: not a kind of file that is read here; give {ACCEPTED}")
            else:
                files.append(path)
        except OSError as error:
            raise InputError(f"{path}: {error.strerror or error}") from error
    return files


def _kind(path: Path) -> str | None:
    name = path.name.lower().removesuffix(".gz")
    kind = next((kind for kind in _KINDS if name.endswith(kind)), None)
    return kind if kind in _TEXT_KINDS or not path.name.lower().endswith(".gz") else None


def _files_in(folder: Path) -> list[Path]:
    files = _saved_dataset(folder) or _collected(folder) or _loose(folder)
    if not files:
        raise InputError(f"{folder}: the folder holds no file that is read here; give {ACCEPTED}")
    return files


def _loose(folder: Path) -> list[Path]:
    """All files of an accepted kind in the folder and below it, but for hidden ones and those of runs below it."""
    below = sorted(folder.rglob("*"))
    runs = {path for path in below if path.is_dir() and is_run(path)}
    return [
        path
        for path in below
        if path.is_file()
        and _kind(path)
        and path.name not in _NOT_ROWS
        and runs.isdisjoint(path.parents)
        and not any(part.startswith(".") for part in path.relative_to(folder).parts)
    ]


def _collected(folder: Path) -> list[Path]:
    """The questions of a folder that `collect` wrote: its other files are no questions."""
    questions = folder / "questions.jsonl"
    return [questions] if questions.is_file() and (folder / "manifest.json").is_file() else []


def _saved_dataset(folder: Path) -> list[Path]:
    """Arrow files of a folder written by `datasets`' save_to_disk, splits and shards in their own order."""
    try:
        if (folder / "dataset_dict.json").is_file():
            splits = json.loads((folder / "dataset_dict.json").read_text("utf-8"))["splits"]
            return [file for split in splits for file in _saved_dataset(folder / split)]
        if (folder / "state.json").is_file():
            state = json.loads((folder / "state.json").read_text("utf-8"))
            return [folder / entry["filename"] for entry in state["_data_files"]]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(
            f"{folder}: looks like a folder of `datasets`, but its description is broken: {error}"
        ) from error
    return []


def read_rows(path: Path) -> Iterator[Row]:
    """The rows of one file, streaming.

    Raises InputError where the file itself cannot be read (on); the rows before that point have been yielded.
    """
    last = 0
    try:
        for row in _rows(path):
            last = row[0]
            yield row
    except (OSError, EOFError, zlib.error) as error:
        words = error.strerror if isinstance(error, OSError) and error.strerror else error
        raise InputError(f"{path}: unreadable after line {last}: {words}") from error


def _rows(path: Path) -> Iterator[Row]:
    kind = _kind(path)
    if kind == ".parquet":
        yield from _parquet_rows(path)
    elif kind == ".arrow":
        yield from _arrow_rows(path)
    else:
        with opened(path) as stream:
            if kind in (".csv", ".tsv"):
                yield from _csv_rows(path, stream, "\t" if kind == ".tsv" else None)
            elif kind == ".json":
                yield from json_rows(path, stream)
            else:
                yield from json_line_rows(stream)


def _csv_rows(path: Path, stream: IO[bytes], delimiter: str | None) -> Iterator[Row]:
    csv.field_size_limit(_LONGEST_CELL)
    # bytes that are no UTF-8 become lone surrogates, so that only their own row is refused
    text = io.TextIOWrapper(stream, encoding="utf-8-sig", errors="surrogateescape", newline="")
    first = text.readline()
    if delimiter is None:
        delimiter = max(",;\t", key=first.count) if "," not in first else ","
    reader = csv.reader(chain([first], text), delimiter=delimiter)
    number = 0
    try:
        header: list[str] | None = None
        for number, cells in enumerate(reader, start=1):
            if header is None:
                header = cells
                if not _is_unicode("".join(header)):
                    raise InputError(f"{path}: the header is not UTF-8; save the file as UTF-8")
                if len(set(header)) != len(header):
                    raise InputError(f"{path}: two columns have the same name: {', '.join(header)}")
            elif len(cells) == len(header):
                yield number, {name: cell or None for name, cell in zip(header, cells, strict=True)}
            elif cells:
                fault = f"the row has {len(cells)} cells, the header {len(header)}"
                yield number, RowFault(fault, value=delimiter.join(cells))
    except csv.Error as error:
        raise InputError(f"{path}: not readable as CSV after row {number}: {error}") from error


def _is_unicode(text: str) -> bool:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def _parquet_rows(path: Path) -> Iterator[Row]:
    import pyarrow as pa

    number = 0
    try:
        with open_table(path) as file:
            for batch in file.iter_batches(batch_size=_BATCH):
                for row in batch.to_pylist():
                    number += 1
                    yield number, row
    except pa.ArrowException as error:
        raise InputError(f"{path}: not readable as Parquet after row {number}: {error}") from error


def _arrow_rows(path: Path) -> Iterator[Row]:
    import pyarrow as pa

    number = 0
    try:
        with pa.memory_map(str(path)) as source:
            for batch in _arrow_batches(source):
                for start in range(0, batch.num_rows, _BATCH):
                    for row in batch.slice(start, _BATCH).to_pylist():
                        number += 1
                        yield number, row
    except pa.ArrowException as error:
        raise InputError(f"{path}: not readable as Arrow after row {number}: {error}") from error


def _arrow_batches(source: Any) -> Iterator[Any]:
    """Record batches of an Arrow file in stream form (as `datasets` writes it) or in file form."""
    import pyarrow as pa

    is_file_form = source.read(6) == b"ARROW1"
    source.seek(0)
    if is_file_form:
        reader = pa.ipc.open_file(source)
        for index in range(reader.num_record_batches):
            yield reader.get_batch(index)
    else:
        yield from pa.ipc.open_stream(source)
