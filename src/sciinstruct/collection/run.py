"""One run of `collect`: sources in, a folder of questions out, and an account of every row.

Two passes. The first reads, normalises, tags, compares with the benchmarks and keeps the questions in a file of their
own with some 100 bytes of hashes each; then duplicates are settled; the second pass writes what is kept and what not.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any

import msgspec

from .. import __version__
from ..io import RunFolder, TableWriter, question_id, rejection_row
from ..io.atomic import put_in_place, temporary_path, trouble
from ..records import Question, Rejection, rejection_schema
from .config import CollectConfig
from .contamination import Benchmarks, Finding, read_benchmarks
from .contents import Content, content_of, folded
from .duplicates import Duplicate, Fingerprints
from .grams import grams_of, need_numpy
from .helpers import prepared_batches
from .lean_check import LeanChecker
from .planting import Leaks, Sample
from .reading import read_sources
from .spool import Spool

__all__ = ["OUTCOMES", "Collected", "collect_questions"]

_BATCH = 1_000
_NO_SOURCE = "not stated"
QUESTIONS = "questions.jsonl"
# What can become of a row, in the order in which it is decided.
OUTCOMES = ("unusable", "figure", "in a benchmark", "exact duplicate", "near duplicate", "template", "kept")

Progress = Callable[[str, int], None]


@dataclass
class Collected:
    """What a run did: rows by (source, outcome), marks of the kept questions, and the recall on planted leaks."""

    out: Path
    rows: Counter[tuple[str, str]] = field(default_factory=Counter)
    marks: Counter[str] = field(default_factory=Counter)
    benchmarks: int = 0
    planted: dict[str, Any] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """The attrition table as it stands in the manifest: for each source and in all, rows = sum of the outcomes."""
        sources = sorted({source for source, _ in self.rows})
        table = {
            source: {outcome: self.rows[source, outcome] for outcome in OUTCOMES if self.rows[source, outcome]}
            for source in sources
        }
        totals = {outcome: sum(self.rows[source, outcome] for source in sources) for outcome in OUTCOMES}
        return {
            "rows": self.rows.total(),
            "outcomes": totals,
            "sources": {source: {"rows": sum(counts.values()), **counts} for source, counts in table.items()},
            "kept": dict(sorted(self.marks.items())),
        }


@dataclass
class _State:
    """What the first pass leaves for the second."""

    spool: Spool
    dropped: dict[int, Rejection] = field(default_factory=dict)
    flagged: dict[int, Finding] = field(default_factory=dict)
    prints: Fingerprints = field(default_factory=Fingerprints)


def collect_questions(
    sources: Sequence[str | Path], config: CollectConfig, progress: Progress = lambda step, done: None
) -> Collected:
    """Collects the questions of `sources` into the folder `config.out`; `progress` hears the step and its count.

    Raises InputError, ConfigError, RunFolderError, and MissingExtraError without numpy. The folder's files appear when
    they are whole; the same sources give the same files.
    """
    need_numpy()
    collected = Collected(config.out)
    with RunFolder.open(config.out, create=True) as folder:
        folder.write_config({"sources": [str(source) for source in sources], **config.as_dict()})
        checker = LeanChecker.of(config)
        benchmarks = _benchmarks(config, collected, progress)
        with Spool(folder.path / QUESTIONS) as spool, TableWriter(folder.rejected, rejection_schema()) as rejected:
            state = _State(spool)
            rows = _counted(read_sources(sources, config), "rows read", progress)
            batches = _batches(rows, rejected, collected)
            for batch in prepared_batches(batches, config.helpers):
                _take_in(batch, config, benchmarks, state)
            duplicates = _duplicates(state, progress) if config.duplicates == "drop" else {}
            _write(folder.path / QUESTIONS, state, duplicates, config, checker, rejected, collected, progress)
        folder.write_manifest(_manifest(sources, collected))
    return collected


def _benchmarks(config: CollectConfig, collected: Collected, progress: Progress) -> Benchmarks:
    """The index of what is not to be collected, measured on planted leaks."""
    sample = Sample(config.plant, config.seed)
    benchmarks = Benchmarks(_counted(sample.watch(read_benchmarks(config.against)), "benchmark rows", progress))
    collected.benchmarks = len(benchmarks)
    if len(benchmarks) and config.plant:
        progress("planting leaks", 0)
        collected.planted = Leaks(sample.questions, config.seed, config.plant).measure(benchmarks)
    return benchmarks


def _manifest(sources: Sequence[str | Path], collected: Collected) -> dict[str, Any]:
    return {
        "state": "finished",
        "verb": "collect",
        "written": datetime.now(UTC).isoformat(timespec="seconds"),
        "sources": [str(source) for source in sources],
        "benchmark_rows": collected.benchmarks,
        "attrition": collected.as_dict(),
        "planted_leaks": collected.planted,
        "versions": {"sciinstruct": __version__},
    }


def _counted(rows: Iterator[Any], step: str, progress: Progress) -> Iterator[Any]:
    for count, row in enumerate(rows, start=1):
        if count % _BATCH == 0:
            progress(step, count)
        yield row


def _batches(
    rows: Iterator[Question | Rejection], rejected: TableWriter, collected: Collected
) -> Iterator[list[Question]]:
    """The questions in batches; rows that are none are written down on the way."""
    while batch := list(islice(rows, _BATCH)):
        unusable = [row for row in batch if isinstance(row, Rejection)]
        collected.rows.update((row.source or _NO_SOURCE, "unusable") for row in unusable)
        rejected.write(map(rejection_row, unusable))
        yield [row for row in batch if isinstance(row, Question)]


def _take_in(made: list[Question], config: CollectConfig, benchmarks: Benchmarks, state: _State) -> None:
    """One prepared batch of the first pass: compared with the benchmarks, fingerprinted, spooled."""
    start = len(state.spool)
    contents = [content_of(question) for question in made]
    grams = grams_of([content.text for content in contents])
    taken = []
    for offset, finding in enumerate(benchmarks.find(contents, grams)):
        question, position = made[offset], start + offset
        if config.figures == "drop" and question.meta["tags"]["needs_figure"]:
            state.dropped[position] = Rejection.of(
                question, "tags", "figure", "it points at a figure that is not there"
            )
        elif finding is not None and finding.alike.tier == "same":
            detail = f"{finding.match}: {finding.alike.reason}"
            state.dropped[position] = Rejection.of(question, "contamination", "in a benchmark", detail)
        elif finding is not None:
            state.flagged[position] = finding
        taken.append(position not in state.dropped)
    state.spool.add(made)
    state.prints.add(made, grams, taken)


def _duplicates(state: _State, progress: Progress) -> dict[int, Duplicate]:
    progress("looking for duplicates", len(state.spool))
    cache: dict[int, Content] = {}

    def content(position: int) -> Content:
        found = cache.get(position)
        if found is None:
            if len(cache) > 20_000:
                cache.clear()
            found = cache[position] = content_of(state.spool.read(position))
        return found

    return state.prints.duplicates(content)


_KINDS = {"exact": "exact duplicate", "near": "near duplicate", "template": "template"}


def _write(
    path: Path,
    state: _State,
    duplicates: dict[int, Duplicate],
    config: CollectConfig,
    checker: LeanChecker | None,
    rejected: TableWriter,
    collected: Collected,
    progress: Progress,
) -> None:
    """The second pass: every question goes to questions.jsonl or to the rejected."""
    ids = _Ids()
    encode = msgspec.json.Encoder().encode
    with trouble(path), temporary_path(path).open("wb") as file:
        for position, question in enumerate(_counted(iter(state.spool), "questions written", progress)):
            rejection = state.dropped.get(position)
            duplicate = duplicates.get(position)
            if (
                rejection is None
                and duplicate is not None
                and (duplicate.kind != "template" or config.templates == "drop")
            ):
                rejection = _repeats(question, duplicate, state.spool.read(duplicate.of))
            source = question.source or _NO_SOURCE
            if rejection is not None:
                collected.rows[source, rejection.reason] += 1
                rejected.write([rejection_row(rejection)])
                continue
            meta = dict(question.meta)
            if finding := state.flagged.get(position):
                meta["contamination"] = {"tier": "template", "match": finding.match, "reason": finding.alike.reason}
            if duplicate is not None:
                meta["template_of"] = state.spool.read(duplicate.of).id
            if checker is not None and question.type == "proof" and question.reasoning is not None:
                meta["lean"] = checker.check(question).as_dict()
            question = ids.own(msgspec.structs.replace(question, meta=meta))
            collected.rows[source, "kept"] += 1
            collected.marks.update(_marks(question))
            file.write(encode(question) + b"\n")
        file.flush()
    with trouble(path):
        put_in_place(path)


def _marks(question: Question) -> Iterator[str]:
    tags = question.meta["tags"]
    if question.reasoning is not None:
        yield "with reasoning (a proof)" if question.type == "proof" else "with reasoning"
    else:
        yield "checkable by rules" if tags["checkable"] else "not checkable by rules"
    if "contamination" in question.meta:
        yield "template of a benchmark question"
    if "template_of" in question.meta:
        yield "template of another question"
    if tags.get("debris"):
        yield "with debris of a scan"
    if question.meta.get("lean", {}).get("checked"):
        yield "checked by Lean"


class _Ids:
    """Sees to it that no two questions have one id: the second gets its content's hash added."""

    def __init__(self) -> None:
        self._seen: set[int] = set()

    def own(self, question: Question) -> Question:
        key = hash(question.id)
        if key not in self._seen:
            self._seen.add(key)
            return question
        digest = question_id(question.question, question.options, question.answer or question.reasoning)
        meta = {**question.meta, "original_id": question.id}
        question = msgspec.structs.replace(question, id=f"{question.id}~{digest[2:10]}", meta=meta)
        self._seen.add(hash(question.id))
        return question


def _repeats(question: Question, duplicate: Duplicate, kept: Question) -> Rejection:
    detail = f"{kept.id} of {kept.source or 'an unnamed source'} is kept: {duplicate.reason}"
    if duplicate.kind != "template" and question.answer and kept.answer:
        answers = [_answer_text(copy) for copy in (question, kept)]
        if folded(answers[0]) != folded(answers[1]):
            detail += f"; their reference answers differ: {answers[0]!r}, kept {answers[1]!r}"
    return Rejection.of(question, "duplicates", _KINDS[duplicate.kind], detail)


def _answer_text(question: Question) -> str:
    """The reference answer; of a choice question the texts of its right options, since letters may be given anew."""
    answer, texts = question.answer or "", question.options or {}
    if not texts or not set(answer) <= set(texts):
        return answer
    return "; ".join(sorted(texts[letter] for letter in answer))
