"""The questions of the first pass in a temporary file, to be read again in order or one by one."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Self

import msgspec

from ..io.atomic import temporary_path, trouble
from ..records import Question

__all__ = ["Spool"]


class Spool:
    """A file of questions beside `path` that goes when the context ends; memory is 8 bytes a question."""

    def __init__(self, path: Path) -> None:
        self._path = temporary_path(path.with_name(f"{path.name}.spool"))
        self._starts = array("Q")
        self._encode = msgspec.json.Encoder().encode
        self._decode = msgspec.json.Decoder(Question).decode
        with trouble(self._path):
            self._file = self._path.open("w+b")

    def add(self, questions: Iterable[Question]) -> None:
        """Adds questions at the end. Raises RunFolderError where the disk is full."""
        with trouble(self._path):
            self._file.seek(0, 2)
            for question in questions:
                self._starts.append(self._file.tell())
                self._file.write(self._encode(question) + b"\n")

    def read(self, position: int) -> Question:
        """The question at a position."""
        self._file.seek(self._starts[position])
        return self._decode(self._file.readline())

    def __len__(self) -> int:
        return len(self._starts)

    def __iter__(self) -> Iterator[Question]:
        self._file.flush()
        with self._path.open("rb") as file:
            for line in file:
                yield self._decode(line)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()
        self._path.unlink(missing_ok=True)
