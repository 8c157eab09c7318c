"""All sources as one stream: files that `io` reads, problem sheets, Lean files, data sets of the Hugging Face hub."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from ..errors import InputError
from ..io import read_questions
from ..io.rows import find_files, read_rows
from ..records import Question, Rejection
from .config import CollectConfig
from .hub import read_hub
from .lean import lean_files, read_lean_file
from .sheets import SHEETS, read_sheet
from .source_files import SourceFile, SourceFiles, finished, read_source_files

__all__ = ["local_files", "read_sources"]

HUB = "hf:"
Row = Question | Rejection


def read_sources(sources: Sequence[str | Path], config: CollectConfig) -> Iterator[Row]:
    """Every row of the sources, in order: a question with licence and origin, or a rejection of stage "read".

    A source is a file or folder that `io.read_questions` reads, a Markdown or LaTeX sheet, a Lean file or a folder of
    Lean files (a mathlib checkout), or "hf:NAME", a data set for the loader of `datasets`.
    Raises InputError for a source that does not exist or is of no known kind, ConfigError for a broken source file.
    """
    known = SourceFiles(read_source_files(config.source_file))
    for source in sources:
        if str(source).startswith(HUB):
            name = str(source).removeprefix(HUB)
            found = known.named(name.partition(":")[0])
            mapping, defaults = _options(config, found, None)
            rows: Iterator[Row] = read_hub(name, mapping, defaults)
            yield from _finish(rows, found, known)
        else:
            for file in local_files([source]):
                found = _source_of_path(file, Path(source), known)
                yield from _finish(_rows_of(file, Path(source), config, found), found, known)


def local_files(sources: Sequence[str | Path]) -> list[Path]:
    """The files of all sources that are not on the hub, in the order in which they are read."""
    files: list[Path] = []
    for path in (Path(source) for source in sources if not str(source).startswith(HUB)):
        if path.suffix.lower() in SHEETS or path.suffix == ".lean":
            if not path.is_file():
                raise InputError(f"{path}: no such file")
            files.append(path)
        else:
            files += (lean_files(path) if path.is_dir() else []) or find_files([path])
    return files


def _rows_of(file: Path, root: Path, config: CollectConfig, source: SourceFile | None) -> Iterator[Row]:
    if file.suffix == ".lean":
        return read_lean_file(file, root if root.is_dir() else file.parent)
    mapping, defaults = _options(config, source, file)
    if file.suffix.lower() in SHEETS:
        return read_sheet(file, defaults)
    return read_questions(file, mapping, defaults)


def _options(
    config: CollectConfig, source: SourceFile | None, file: Path | None
) -> tuple[dict[str, str], dict[str, str]]:
    """Mapping (our field -> their column) and defaults for a source; the user's own win."""
    # By our field: one column may serve several, and several may be left unread (none=…).
    mapping = {ours.strip(): theirs.strip() for theirs, _, ours in (entry.partition("=") for entry in config.map)}
    defaults = config.pairs("default")
    if source is not None:
        defaults = {**source.defaults, **defaults}
        if not mapping and (file is None or _fits(source, file)):
            mapping = {ours: theirs for theirs, ours in source.mapping.items()}
    return mapping, defaults


def _fits(source: SourceFile, file: Path) -> bool:
    """Whether the file's rows have the columns that the source file's mapping names (it may be in another form)."""
    if not source.mapping or file.suffix.lower() in SHEETS:
        return False
    first = next((row for _, row in read_rows(file) if isinstance(row, dict)), {})
    return all(theirs in first for theirs in source.mapping if theirs != "none")


def _source_of_path(file: Path, root: Path, known: SourceFiles) -> SourceFile | None:
    """The source file that the file's name fits, else that of a folder around it, up to the path that was given."""
    names = [file.name.split(".")[0]]
    if root.is_dir():
        names += [part.name for part in file.relative_to(root).parents if part.name]
        for parent in (root.resolve(), *file.relative_to(root).parents):
            names.append(parent.name)
    elif file.parent.name:
        names.append(file.parent.name)
    return next((found for name in names if (found := known.named(name))), None)


def _finish(rows: Iterator[Row], source: SourceFile | None, known: SourceFiles) -> Iterator[Row]:
    for row in rows:
        yield finished(row, source, known) if isinstance(row, Question) else row
