"""Source files: what is known of a public data set, in YAML, so that its rows become questions with licence and origin.

title: GSM8K                      what it is called
names: [gsm8k, grade-school-math] how its files and its rows' `source` begin
origin: https://…                 where it comes from
licence: MIT                      for rows that state none
mapping: {COLUMN: field}          where its columns have other names (used where the columns are there)
defaults: {language: en}          for rows without a value
topic: subfield                   key of the row (or of its `meta`) that names the topic
rows: boxed | leandojo            a step for answers inside worked solutions (MATH), or traced proofs (LeanDojo)
note: …                           what to know about it
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any, Literal

import msgspec
import yaml

from ..errors import ConfigError
from ..records import Question, Rejection

__all__ = ["SourceFile", "SourceFiles", "built_in", "finished", "read_source_files"]


class SourceFile(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One source file; see the top of this module."""

    title: str
    names: list[str]
    origin: str
    licence: str
    mapping: dict[str, str] = {}
    defaults: dict[str, str] = {}
    topic: str | None = None
    rows: Literal["plain", "boxed", "leandojo"] = "plain"
    note: str = ""


def read_source_files(paths: Iterable[Path]) -> list[SourceFile]:
    """The source files of these paths; raises ConfigError for one that cannot be read, naming file and field."""
    return [_read(path.name, _text_of(path)) for path in paths]


@cache
def built_in() -> tuple[SourceFile, ...]:
    """The source files that come with the package."""
    folder = files(__package__) / "sources"
    named = sorted((entry.name, entry) for entry in folder.iterdir() if entry.name.endswith(".yaml"))
    return tuple(_read(name, entry.read_text("utf-8")) for name, entry in named)


def _text_of(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"source_file: {path}: cannot be read: {error}") from error


def _read(name: str, text: str) -> SourceFile:
    try:
        return msgspec.convert(yaml.safe_load(text), SourceFile)
    except (yaml.YAMLError, msgspec.ValidationError) as error:
        raise ConfigError(f"source_file: {name}: {error}; keys are title, names, origin, licence, …") from error


class SourceFiles:
    """The source files of a run, the user's before those that come with the package; finds one by a name."""

    def __init__(self, own: Iterable[SourceFile] = ()) -> None:
        self._all = [*own, *built_in()]
        self._found: dict[str, SourceFile | None] = {}

    def named(self, name: str | None) -> SourceFile | None:
        """The one with a name that `name` (a row's source, a file's or folder's name) begins with, the longest."""
        if not name:
            return None
        if name not in self._found:
            if len(self._found) > 10_000:  # sources that are data must not fill the memory
                self._found.clear()
            self._found[name] = self._look_up(_plain(name))
        return self._found[name]

    def _look_up(self, plain: str) -> SourceFile | None:
        fits = [
            (len(begin), -place)
            for place, source in enumerate(self._all)
            for begin in map(_plain, source.names)
            if plain == begin or plain.startswith(begin + "-")
        ]
        return self._all[-max(fits)[1]] if fits else None


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", name.rsplit("/", 1)[-1].lower()).strip("-")


def finished(question: Question, path_source: SourceFile | None, known: SourceFiles) -> Question | Rejection:
    """The question with what its source file says: licence, origin, topic, and the step for its kind of rows.

    The source that the row itself names beats the one found by the file's name.
    """
    source = known.named(question.source) or path_source
    if source is None:
        return question
    if source.rows == "leandojo" and "traced_tactics" in question.meta:
        return _traced(question, source)
    meta = {**question.meta, "origin_url": source.origin}
    answer = question.answer
    if source.rows == "boxed" and answer is None:
        answer = _boxed(str(meta.get("solution") or ""))
    topic = question.topic
    if topic is None and source.topic:
        value = meta.get(source.topic)
        topic = str(value[0] if isinstance(value, list) and value else value) if value else None
    return msgspec.structs.replace(
        question,
        answer=answer,
        topic=topic,
        source=question.source or source.names[0],
        licence=question.licence or source.licence,
        meta=meta,
    )


def _boxed(solution: str) -> str | None:
    r"""What the last \boxed{…} of a worked solution holds; None without one or with unpaired braces."""
    start = solution.rfind("\\boxed{")
    if start < 0:
        return None
    depth, begin = 1, start + len("\\boxed{")
    for place in range(begin, len(solution)):
        depth += {"{": 1, "}": -1}.get(solution[place], 0)
        if depth == 0:
            return solution[begin:place].strip() or None
    return None


def _traced(question: Question, source: SourceFile) -> Question | Rejection:
    """A LeanDojo row: the goal before the first tactic as the statement, all tactics as the proof."""
    tactics: Any = question.meta.get("traced_tactics")
    steps = [step for step in tactics if isinstance(step, dict)] if isinstance(tactics, list) else []
    proof = "\n".join(str(step.get("tactic", "")) for step in steps).strip()
    state = str(steps[0].get("state_before", "")).strip() if steps else ""
    if not proof or not state:
        return Rejection(
            id=question.id,
            stage="read",
            reason="unusable",
            detail="the theorem has no traced tactics, so there is no proof to learn from",
            question=question.question,
            source=question.source or source.names[0],
            licence=question.licence or source.licence,
            field="traced_tactics",
        )
    meta = {key: value for key, value in question.meta.items() if key not in ("traced_tactics", "start", "end")}
    meta |= {"full_name": question.question, "origin_url": source.origin}
    return msgspec.structs.replace(
        question,
        question=f"Prove {question.question}:\n\n{state}",
        reasoning=proof,
        type="proof",
        language="en",
        source=question.source or source.names[0],
        licence=question.licence or source.licence,
        meta=meta,
    )
