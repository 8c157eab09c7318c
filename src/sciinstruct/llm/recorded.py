"""A model that reads its replies from a file: for tests, demonstrations and replay, without a server.

One JSON object per line (`.gz` too):

    {"question_id": "q1", "stage": "solve", "sample": 0, "text": "… \\\\boxed{4}", "finish_reason": "stop",
     "prompt_tokens": 12, "completion_tokens": 30, "plain": false}

`question_id` and `text` are needed. A row without `stage` serves every stage. `plain` says that the text is a plain
solution: the stages that ask for labelled parts take it as the corrected solution.
"""

from __future__ import annotations

import gzip
import os
import sqlite3
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import msgspec

from ..errors import InputError, RequestRefusedError
from ..records import Reply, Request

__all__ = ["RecordedModel", "open_recorded"]


class _Row(msgspec.Struct):
    question_id: str
    text: str
    stage: str | None = None
    sample: int = 0
    plain: bool = False
    finish_reason: str = "stop"
    prompt_tokens: int = 0
    completion_tokens: int = 0
    cached_tokens: int = 0
    reasoning_tokens: int = 0
    thinking: str = ""


_decoder = msgspec.json.Decoder(_Row)

_FIND = """
SELECT start, length FROM places
WHERE question_id = ? AND stage IN (?, '') AND sample IN (?, 0)
ORDER BY stage = '', sample = 0 LIMIT 1"""


class RecordedModel:
    """A `Model` whose replies stand in a file; memory stays flat in the number of rows.

    Looked up by (question_id, stage, sample), then sample 0 of that stage, then the same in rows without a stage.

    Args:
        path: JSON Lines, `.gz` if compressed.
        name: The model's name; the file's name without its endings if None.

    Raises:
        InputError: A file or a line that cannot be read, or two lines for the same place.
    """

    def __init__(self, path: str | Path, name: str | None = None) -> None:
        path = Path(path)
        self.name = name or path.name.removesuffix(".gz").removesuffix(".jsonl")
        self._path = path
        self._file = _open_seekable(path)
        self._places = sqlite3.connect("", isolation_level=None)  # a temporary database on disk, gone when closed
        try:
            self._index()
        except BaseException:
            self._close()
            raise

    async def answer(self, request: Request) -> Reply:
        """The recorded reply; `RequestRefusedError` where there is none."""
        wanted = (request.question_id, request.stage, request.sample)
        place = self._places.execute(_FIND, wanted).fetchone()
        if place is None:
            raise RequestRefusedError(
                f"{self._path}: no reply to question {request.question_id!r}, stage {request.stage!r}, "
                f"sample {request.sample}"
            )
        start, length = place
        row = _decoder.decode(os.pread(self._file.fileno(), length, start))
        return Reply(
            text=row.text,
            finish_reason=row.finish_reason,
            prompt_tokens=row.prompt_tokens,
            completion_tokens=row.completion_tokens,
            cached_tokens=row.cached_tokens,
            reasoning_tokens=row.reasoning_tokens,
            thinking=row.thinking,
            plain=row.plain,
        )

    async def aclose(self) -> None:
        """Close the file."""
        self._close()

    def _close(self) -> None:
        self._places.close()
        self._file.close()

    def _index(self) -> None:
        """Note where the reply to each (question, stage, sample) stands."""
        add = "INSERT INTO places VALUES (?, ?, ?, ?, ?)"
        self._places.execute(
            "CREATE TABLE places (question_id TEXT, stage TEXT, sample INTEGER, start INTEGER, length INTEGER, "
            "PRIMARY KEY (question_id, stage, sample)) WITHOUT ROWID"
        )
        self._places.execute("BEGIN")
        for number, start, line in _lines(self._file):
            try:
                row = _decoder.decode(line)
                self._places.execute(add, (row.question_id, row.stage or "", row.sample, start, len(line)))
            except (ValueError, RecursionError, OverflowError) as error:
                raise InputError(f"{self._path}, line {number}: {error}; a row needs question_id and text") from None
            except sqlite3.IntegrityError:
                raise InputError(
                    f"{self._path}, line {number}: a second reply to question_id {row.question_id!r}, "
                    f"stage {row.stage!r}, sample {row.sample}; keep one"
                ) from None
        self._places.execute("COMMIT")


def open_recorded(rest: str) -> RecordedModel:
    """The model of the spec `recorded:FILE` or `recorded:FILE#NAME`, given without its prefix."""
    path, _, name = rest.partition("#")
    return RecordedModel(path, name or None)


def _open_seekable(path: Path) -> BinaryIO:
    """The file's bytes, unpacked into an unnamed temporary file if compressed."""
    try:
        if path.suffix != ".gz":
            return path.open("rb")
        unpacked = tempfile.TemporaryFile()  # noqa: SIM115 - lives as long as the model
        with gzip.open(path) as packed:
            while chunk := packed.read(1 << 20):
                unpacked.write(chunk)
        unpacked.seek(0)
        return unpacked
    except (OSError, EOFError) as error:
        raise InputError(f"{path}: cannot be read ({error})") from None


def _lines(file: BinaryIO) -> Iterator[tuple[int, int, bytes]]:
    """Number, start and content of each line that is not blank."""
    start = 0
    for number, line in enumerate(file, 1):
        if line.strip():
            yield number, start, line
        start += len(line)
