"""The text that `sciinstruct show` prints."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from ..errors import InputError
from ..io import RunFolder, read_attempts, read_instructions, read_rejections
from ..records import Attempt, Instruction, Rejection

__all__ = ["list_questions", "show_question"]

_RULE = "─" * 78


def list_questions(run: Path, limit: int) -> Iterator[str]:
    """A line per question: id, how it ended, and the beginning of its text."""
    folder = RunFolder.open(run, lock=False)
    endings = _endings(folder)
    for ending in islice(endings, limit):
        how = f"accepted at {ending.stage}" if isinstance(ending, Instruction) else f"rejected: {ending.reason}"
        yield f"{ending.id:<40} {how:<24} {' '.join(ending.question.split())[:60]}"
    if next(endings, None) is not None:
        yield f"… more with --limit; one question: sciinstruct show {run} ID"


def show_question(run: Path, wanted: str) -> Iterator[str]:
    """One question with its reference, every attempt with its verdict, and how it ended."""
    folder = RunFolder.open(run, lock=False)
    ending = _find(folder, run, wanted)
    attempts = [attempt for attempt in read_attempts(folder.path) if attempt.question_id == ending.id]
    yield from _head(ending)
    for attempt in attempts:
        yield from _attempt(attempt)
    yield _RULE
    if isinstance(ending, Instruction):
        yield f"Accepted at {ending.stage}: verdict {ending.verdict} by {ending.rule}"
    else:
        yield f"Rejected at {ending.stage}: {ending.reason}. {ending.detail}"
        if ending.file is not None:
            yield f"{ending.file}, line {ending.line}, field {ending.field}: {ending.value}"


def _endings(folder: RunFolder) -> Iterator[Instruction | Rejection]:
    yield from read_instructions(folder.path)
    yield from read_rejections(folder.path)


def _find(folder: RunFolder, run: Path, wanted: str) -> Instruction | Rejection:
    parts: dict[str, Instruction | Rejection] = {}
    for ending in _endings(folder):
        if ending.id == wanted:
            return ending
        if wanted in ending.id and len(parts) < 6:
            parts[ending.id] = ending
    if len(parts) == 1:
        return next(iter(parts.values()))
    several = f"; ids that contain it: {', '.join(parts)}" if parts else f"; list them with: sciinstruct show {run}"
    raise InputError(f"{run}: no question has the id {wanted!r}{several}")


def _head(ending: Instruction | Rejection) -> Iterator[str]:
    facts = [ending.subject, ending.language, ending.source]
    yield f"{ending.id}   {' · '.join(fact for fact in facts if fact)}"
    yield _RULE
    yield ending.question
    for label, text in (ending.options or {}).items():
        yield f"  {label}. {text}"
    yield f"Reference answer: {ending.answer if ending.answer is not None else '(none)'}"


def _attempt(attempt: Attempt) -> Iterator[str]:
    yield _RULE
    number = f" round {attempt.round + 1}" if attempt.round else ""
    sample = f" sample {attempt.sample}" if attempt.sample else ""
    tokens = f"   {attempt.completion_tokens:,} tokens" if attempt.completion_tokens else ""
    yield f"[{attempt.stage}{number}{sample}] {attempt.model}{tokens}"
    if attempt.reflection:
        yield "Reflection:"
        yield attempt.reflection
        yield ""
    if attempt.solution:
        yield attempt.solution
    verdict = attempt.verdict
    yield f"→ {verdict.value} by {verdict.rule}: {verdict.reason} (final answer: {verdict.extracted or 'none stated'})"
