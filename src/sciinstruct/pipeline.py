"""The verbs, composed from the rooms: what `import sciinstruct` offers as functions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .annotation.config import AnnotateConfig, columns, pairs
from .annotation.run import Annotation
from .collection.config import CollectConfig
from .errors import ConfigError
from .io import questions_from, read_questions
from .records import Question
from .reporting.card import write_card

if TYPE_CHECKING:
    from .collection.run import Collected, Progress

__all__ = ["annotate", "collect", "run_annotation", "run_collection"]

Questions = str | Path | Iterable[str | Path] | Iterable[Question | Mapping[str, Any]]


def annotate(
    questions: Questions, *, model: str | Iterable[str], out: str | Path = "run", **options: Any
) -> Annotation:
    """Turns questions with reference answers into verified instructions; see `Annotation` for how to take the results.

    `questions` is a path or several (JSON Lines, JSON, CSV, Parquet, a `datasets` folder), or an iterable of records or
    dicts. `model` is a model spec, several make a pool; `out` is the run folder, in which the same call goes on where
    an earlier one stopped. `options` are the fields of `AnnotateConfig`.

    Raises ConfigError for options that make no sense, RunFolderError where the folder cannot be used, and InputError
    for files that cannot be read (while it is iterated, where that shows late). Rows that cannot be used end among
    the rejected.
    """
    try:
        config = AnnotateConfig(model=model, out=out, **options)  # type: ignore[arg-type]  # the config makes tuples
    except TypeError as error:
        raise ConfigError(f"annotate: {error}") from error
    return run_annotation(questions, config)


def run_annotation(questions: Questions, config: AnnotateConfig) -> Annotation:
    """`annotate` with its options already in a config."""
    mapping = columns(config.map)
    defaults = pairs("default", config.default)
    paths = _as_paths(questions)
    if paths is not None:
        return Annotation(read_questions(paths, mapping, defaults), config, paths, after=write_card)
    return Annotation(questions_from(questions, mapping, defaults), config, after=write_card)  # type: ignore[arg-type]


def collect(sources: str | Path | Iterable[str | Path], *, out: str | Path, **options: Any) -> Collected:
    """Collects questions from many sources into the folder `out`: cleaned, tagged, without duplicates and benchmarks.

    `sources` are files and folders of questions, problem sheets, Lean files, or "hf:NAME"; `options` are the fields of
    `CollectConfig`. Returns the counts of what became of every row, as they stand in the manifest too.

    Raises ConfigError for options that make no sense, InputError for sources that cannot be read, RunFolderError where
    the folder cannot be used, MissingExtraError without the extra `collect`.
    """
    try:
        config = CollectConfig(out=out, **options)  # type: ignore[arg-type]  # the config makes a path
    except TypeError as error:
        raise ConfigError(f"collect: {error}") from error
    return run_collection([sources] if isinstance(sources, str | Path) else list(sources), config)


def run_collection(sources: Sequence[str | Path], config: CollectConfig, progress: Progress | None = None) -> Collected:
    """`collect` with its options already in a config; `progress` hears each step with its count."""
    from .collection.run import collect_questions

    return collect_questions(sources, config, progress or (lambda step, done: None))


def _as_paths(questions: Questions) -> list[Path] | None:
    """The paths that `questions` are, None if they are records."""
    if isinstance(questions, str | Path):
        return [Path(questions)]
    if isinstance(questions, list | tuple) and all(isinstance(item, str | Path) for item in questions):
        return [Path(item) for item in questions]
    return None
