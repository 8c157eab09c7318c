"""Data sets by name, through the loader of Hugging Face's `datasets` (an extra)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from ..errors import InputError, MissingExtraError
from ..io import questions_from
from ..records import Question, Rejection

__all__ = ["read_hub"]


def read_hub(name: str, mapping: Mapping[str, str], defaults: Mapping[str, str]) -> Iterator[Question | Rejection]:
    """The rows of "ORG/NAME[:CONFIG][@SPLIT]" or of a local folder, streaming; all splits where none is named.

    Nothing that comes with a data set is run: sets that need code of their own are refused by the loader.
    Raises MissingExtraError without `datasets`, InputError where the set cannot be loaded.
    """
    try:
        import datasets
    except ImportError as error:
        raise MissingExtraError(f"hf:{name}", "datasets", "datasets") from error
    rest, _, split = name.partition("@")
    path, _, config = rest.partition(":")
    try:
        loaded = datasets.load_dataset(path, config or None, split=split or None, streaming=True)
    except Exception as error:  # the loader raises errors of a dozen packages
        raise InputError(f"hf:{name}: cannot be loaded: {type(error).__name__}: {error}") from error
    splits: dict[str, Any] = dict(loaded) if isinstance(loaded, dict) else {split: loaded}
    for rows in splits.values():
        for row in questions_from(rows, mapping, defaults):
            if isinstance(row, Rejection):
                row = msgspec.structs.replace(row, file=f"hf:{name}", id=f"hf:{name}:{row.line}")
            yield row
