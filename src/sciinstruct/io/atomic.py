"""Files that are there whole or not at all: written beside their place, synced, then renamed."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ..errors import RunFolderError

__all__ = ["put_in_place", "remove_leftovers", "temporary_path", "trouble", "write_text"]

_ENDING = ".part"


def temporary_path(path: Path) -> Path:
    """Where a file is written until it is whole."""
    return path.with_name(f".{path.name}{_ENDING}")


def put_in_place(path: Path) -> None:
    """Make the temporary file of `path` durable and give it its name."""
    temporary = temporary_path(path)
    with temporary.open("rb+") as file:
        os.fsync(file.fileno())
    temporary.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def write_text(path: Path, text: str) -> None:
    """Write a small text file, whole or not at all; raises RunFolderError with the system's words."""
    with trouble(path):
        try:
            temporary_path(path).write_text(text, encoding="utf-8", newline="\n")
            put_in_place(path)
        except OSError:
            temporary_path(path).unlink(missing_ok=True)
            raise


def remove_leftovers(folder: Path) -> None:
    """Remove the temporary files that a killed process left in a folder."""
    for path in folder.glob(f".*{_ENDING}"):
        path.unlink(missing_ok=True)


@contextmanager
def trouble(path: Path) -> Iterator[None]:
    """Turn the operating system's refusal to write at `path` into a RunFolderError that says what to do."""
    try:
        yield
    except OSError as error:
        words = os.strerror(error.errno) if error.errno else str(error)  # pyarrow writes a tale into strerror
        raise RunFolderError(
            f"{path}: cannot write: {words}; free the place or choose another folder, then run the same command again"
        ) from error
