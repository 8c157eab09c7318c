"""How well decontamination works, measured on leaks that are planted by a fixed, seeded recipe.

Benchmark rows are changed in five ways and looked for; texts pieced together from thirds of different rows are the
clean set: nothing asks what they ask, though each third stands in a benchmark.

    verbatim   nothing is changed
    notation   spacing, LaTeX markup and Unicode signs in another style
    relettered the options in another order
    reworded   a fifth of the words replaced by words of other questions, the clauses in another order
    numbers    every number changed
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from typing import Any

import msgspec

from ..records import Question
from .contamination import Benchmarks, Finding
from .contents import content_of

__all__ = ["KINDS", "Leaks", "Sample"]

KINDS = ("verbatim", "notation", "relettered", "reworded", "numbers")
_SHARE_REPLACED = 0.2
_LEAST_THIRD = 12
_NUMBER = re.compile(r"(?<![\w.\\])\d+(?:\.\d+)?(?![\w])|(?<=[^\d\\.])\d+(?:\.\d+)?")
_CLAUSE = re.compile(r"(?<=[,;.?])\s+|(?<=[，；。？])\s*")
_PIECE = re.compile(r"[\u4e00-\u9fff]{2}|[\u4e00-\u9fff]|[A-Za-z]{2,}")
_COMMANDS = re.compile(r"\\[A-Za-z]+")
_NOTATION = (
    (r"\dfrac", r"\frac"), (r"\frac", r"\dfrac"), (r"\times", "×"), (r"\cdot", "·"), (r"\leq", "≤"), (r"\geq", "≥"),
    (r"\pi", "π"), (r"\alpha", "α"), (r"\theta", "θ"), ("$", " "), ("，", ", "), ("。", ". "), ("-", "−"), ("  ", " "),
)  # fmt: skip


class Sample:
    """A sample of questions that go by, each equally likely (reservoir sampling), the same for the same seed."""

    def __init__(self, kinds_each: int, seed: int) -> None:
        self.questions: list[Question] = []
        self._size = 2 * kinds_each  # relettered and numbers suit only some of the questions
        self._random = random.Random(seed)

    def watch(self, rows: Iterable[tuple[str, Question]]) -> Iterator[tuple[str, Question]]:
        """Passes the rows on."""
        seen = 0
        for row in rows:
            if row[1].type != "proof":  # what a proof proves is compared in words only
                place = seen if seen < self._size else self._random.randint(0, seen)
                if place < self._size:
                    self.questions[place : place + 1] = [row[1]]
                seen += 1
            yield row


class Leaks:
    """Leaks made of benchmark questions."""

    def __init__(self, questions: Sequence[Question], seed: int = 0, most: int | None = None) -> None:
        """Args: questions: benchmark rows; seed: of the changes; most: how many leaks of a kind, all unless given."""
        self._questions = list(questions)
        self._most = most
        self._random = random.Random(f"leaks {seed}")
        words = [word for question in questions for word in _PIECE.findall(_COMMANDS.sub(" ", question.question))]
        self._latin = [word for word in words if word.isascii()] or ["word"]
        self._han = [word for word in words if not word.isascii()] or ["字"]

    def planted(self, kind: str) -> list[Question]:
        """The questions changed in one way; those that it cannot change (no options, no numbers) are left out."""
        change: Callable[[Question], Question | None] = getattr(self, f"_{kind}")
        leaks = (leak for question in self._questions if (leak := change(question)) is not None)
        return list(islice(leaks, self._most))

    def clean(self) -> list[Question]:
        """The first third of one question, the middle of another and the end of a third, of one length and language."""
        made = []
        by_length = sorted(self._questions, key=lambda question: (question.language or "", len(question.question)))
        for three in zip(by_length, by_length[1:], by_length[2:], strict=False):
            texts = [question.question.strip() for question in three]
            third = min(map(len, texts)) // 3
            # questions from one template would make up a question of that template again
            apart = len({text[:12] for text in texts}) == len({text[-12:] for text in texts}) == 3
            if third >= _LEAST_THIRD and apart:
                first, second, last = texts
                text = f"{first[:third]} {second[third : 2 * third]} {last[-third:]}"
                made.append(msgspec.structs.replace(three[0], question=text, options=None, answer=None))
        return made[: self._most]

    def measure(self, benchmarks: Benchmarks) -> dict[str, Any]:
        """For each kind, how many were planted and which shares were found as `same` and as `template`."""
        figures = {kind: _figures(benchmarks, self.planted(kind)) for kind in KINDS}
        return {**figures, "clean": _figures(benchmarks, self.clean())}

    def _verbatim(self, question: Question) -> Question:
        return question

    def _notation(self, question: Question) -> Question:
        def restyled(text: str) -> str:
            for old, new in _NOTATION:
                text = text.replace(old, new)
            return re.sub(r"\s*([+=<>*/])\s*", r" \1 " if len(text) % 2 else r"\1", text).upper()

        options = {letter: restyled(text) for letter, text in (question.options or {}).items()}
        # Commands would not survive upper case; a question in capitals without LaTeX is a change of style all the same.
        text = restyled(question.question) if "\\" not in question.question else _spaced(question.question)
        if any("\\" in option for option in (question.options or {}).values()):
            options = {letter: _spaced(option) for letter, option in (question.options or {}).items()}
        return msgspec.structs.replace(question, question=text, options=options or None)

    def _relettered(self, question: Question) -> Question | None:
        if not question.options:
            return None
        texts = list(question.options.values())
        self._random.shuffle(texts)
        return msgspec.structs.replace(question, options=dict(zip(question.options, texts, strict=True)), answer=None)

    def _reworded(self, question: Question) -> Question:
        clauses = [clause for clause in _CLAUSE.split(question.question) if clause]
        self._random.shuffle(clauses)
        text = self._words_replaced(" ".join(clauses))
        options = {letter: self._words_replaced(option) for letter, option in (question.options or {}).items()}
        return msgspec.structs.replace(question, question=text, options=options or None)

    def _words_replaced(self, text: str) -> str:
        commands = {place for match in _COMMANDS.finditer(text) for place in range(match.start(), match.end())}
        pieces = [match for match in _PIECE.finditer(text) if match.start() not in commands]
        chosen = self._random.sample(pieces, round(len(pieces) * _SHARE_REPLACED))
        for match in sorted(chosen, key=re.Match.start, reverse=True):
            words = self._latin if match[0].isascii() else self._han
            text = text[: match.start()] + self._random.choice(words) + text[match.end() :]
        return text

    def _numbers(self, question: Question) -> Question | None:
        if not _NUMBER.search(question.question):
            return None

        def changed(text: str) -> str:
            return _NUMBER.sub(lambda match: str(int(float(match[0])) + self._random.randint(1, 40)), text)

        options = {letter: changed(option) for letter, option in (question.options or {}).items()}
        return msgspec.structs.replace(question, question=changed(question.question), options=options or None)


def _spaced(text: str) -> str:
    """LaTeX in another style: blanks where they do not matter, other commands for the same."""
    for old, new in ((r"\dfrac", r"\frac"), (r"\le ", r"\leq "), ("$", " $ "), ("{", "{ "), ("}", " }"), (",", " ,")):
        text = text.replace(old, new)
    return text


def _figures(benchmarks: Benchmarks, questions: Sequence[Question]) -> dict[str, Any]:
    findings: list[Finding | None] = []
    for start in range(0, len(questions), 1_000):
        findings += benchmarks.find([content_of(question) for question in questions[start : start + 1_000]])
    tiers = [finding.alike.tier for finding in findings if finding is not None]
    total = len(questions) or 1
    return {
        "planted": len(questions),
        "same": round(tiers.count("same") / total, 4),
        "template": round(tiers.count("template") / total, 4),
    }
