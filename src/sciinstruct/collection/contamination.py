"""Which questions stand in a benchmark: an index of the benchmarks' grams, and two tiers of findings.

The index finds candidates by shared rare grams of the masked text, so spacing, notation, the order of clauses and
options, and numbers do not matter there; `contents.alike` then decides: `same` is to be dropped, `template` (the same
wording with other numbers) to be flagged.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..io import read_questions
from ..io.rows import find_files
from ..records import Question
from .contents import Alike, Content, alike, content_of, words_of
from .grams import Grams, grams_of

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["Benchmarks", "Finding", "read_benchmarks"]

_BATCH = 2_000
_FILTER_BITS = 24
_COMMON_SHARE = 0.002  # a gram in more rows than this says nothing about which row it is
_COMMON_LEAST = 40
_LEAST_SHARE = 0.33  # of the weight of the shorter text
_CANDIDATES = 4
_SAME_NUMBERS = 12  # rows with the same numbers that are looked at


@dataclass(frozen=True)
class Finding:
    """What a question was found to be: the tier with its reason, and which benchmark row ("file#row from 0")."""

    alike: Alike
    match: str


def read_benchmarks(paths: Sequence[str | Path]) -> Iterator[tuple[str, Question]]:
    """Every question of the benchmark files with its place, "folder/file#row", rows counted from 0.

    The place is relative to the path that was given. Rows that are no questions are passed over.
    Raises InputError for a path that does not exist.
    """
    for path in map(Path, paths):
        base = path if path.is_dir() else path.parent
        for file in find_files([path]):
            for row, question in enumerate(read_questions(file)):
                if isinstance(question, Question):
                    yield f"{file.relative_to(base)}#{row}", question


class Benchmarks:
    """The benchmarks' questions, indexed; `find` looks up many questions at once."""

    def __init__(self, rows: Iterable[tuple[str, Question]]) -> None:
        """Args: rows: place and question, as `read_benchmarks` gives them."""
        self.places: list[str] = []
        self._contents: list[Content] = []
        self._exact: dict[int, int] = {}
        # Of a family of hundreds of rows from one template only the row with the same numbers is the same question.
        self._by_numbers: dict[int, list[int]] = defaultdict(list)
        for place, question in rows:
            content = content_of(question)
            if content.tokens:
                self._exact.setdefault(hash(content.exact), len(self.places))
                if content.numbers:
                    self._by_numbers[_numbers_key(content)].append(len(self.places))
                self.places.append(place)
                self._contents.append(content)
        self._word_weights = _word_weights(self._contents)
        if self._contents:
            self._index()

    def __len__(self) -> int:
        return len(self.places)

    def _index(self) -> None:
        import numpy as np

        hashes, rows = [], []
        for start in range(0, len(self._contents), _BATCH):
            grams = grams_of([content.text for content in self._contents[start : start + _BATCH]])
            hashes.append(grams.hashes)
            rows.append((grams.owners + start).astype(np.int32))
        all_hashes, all_rows = np.concatenate(hashes), np.concatenate(rows)
        order = np.lexsort((all_rows, all_hashes))
        all_hashes, all_rows = all_hashes[order], all_rows[order]
        once = np.ones(len(order), np.bool_)
        once[1:] = (all_hashes[1:] != all_hashes[:-1]) | (all_rows[1:] != all_rows[:-1])
        self._rows = all_rows[once]
        self._hashes, self._starts, self._counts = np.unique(all_hashes[once], return_index=True, return_counts=True)
        self._weights = np.log(len(self) / self._counts).astype(np.float32) + np.float32(0.1)
        self._common = self._counts > max(_COMMON_LEAST, _COMMON_SHARE * len(self))
        weights = np.repeat(np.where(self._common, 0, self._weights), self._counts)
        self._row_weights = np.bincount(self._rows, weights=weights, minlength=len(self))
        self._filter = np.zeros(1 << _FILTER_BITS, np.bool_)
        self._filter[(self._hashes & np.uint64((1 << _FILTER_BITS) - 1)).astype(np.int64)] = True

    def find(self, contents: Sequence[Content], grams: Grams | None = None) -> list[Finding | None]:
        """For each content the strongest finding, None where there is none; `grams` are theirs, if already made."""
        findings: list[Finding | None] = [None] * len(contents)
        if not len(self) or not contents:
            return findings
        pairs = self._candidates(grams or grams_of([content.text for content in contents]))
        for owner, row in chain(self._with_same_facts(contents), pairs):
            known = findings[owner]
            if known is not None and known.alike.tier == "same":
                continue
            found = alike(contents[owner], self._contents[row], self._word_weights)
            if found.tier == "same" or (found.tier == "template" and known is None):
                findings[owner] = Finding(found, self.places[row])
        return findings

    def _with_same_facts(self, contents: Sequence[Content]) -> Iterator[tuple[int, int]]:
        """Pairs of a text and a benchmark row that says exactly the same, or has exactly the same numbers."""
        for owner, content in enumerate(contents):
            row = self._exact.get(hash(content.exact)) if content.tokens else None
            if row is not None:
                yield owner, row
            elif content.numbers:
                for row in self._by_numbers.get(_numbers_key(content), ())[:_SAME_NUMBERS]:
                    yield owner, row

    def _candidates(self, grams: Grams) -> Iterator[tuple[int, int]]:
        """Pairs of a text and a benchmark row that share enough weight, the best of each text first."""
        import numpy as np

        passed = self._filter[(grams.hashes & np.uint64((1 << _FILTER_BITS) - 1)).astype(np.int64)]
        hashes, owners = grams.hashes[passed], grams.owners[passed]
        places = np.minimum(np.searchsorted(self._hashes, hashes), len(self._hashes) - 1)
        known = self._hashes[places] == hashes
        places, owners = places[known], owners[known]
        unknown_weight = math.log(len(self)) + 0.1
        text_weights = np.bincount(grams.owners, minlength=grams.texts) * unknown_weight
        text_weights += np.bincount(
            owners, weights=np.where(self._common, 0, self._weights)[places] - unknown_weight, minlength=grams.texts
        )
        rare = ~self._common[places]
        shared = self._shared(places[rare], owners[rare])
        if shared is None:
            return
        texts, rows, weights = shared
        smaller = np.minimum(text_weights[texts], self._row_weights[rows])
        enough = weights >= _LEAST_SHARE * smaller
        texts, rows, weights = texts[enough], rows[enough], weights[enough]
        closeness = weights / (text_weights[texts] + self._row_weights[rows])
        order = np.lexsort((rows, -closeness, texts))
        last, taken = -1, 0
        for text, row in zip(texts[order].tolist(), rows[order].tolist(), strict=True):
            last, taken = (text, taken + 1) if text == last else (text, 1)
            if taken <= _CANDIDATES:
                yield text, row

    def _shared(self, places: NDArray[np.int64], owners: NDArray[np.int64]) -> tuple[Any, Any, Any] | None:
        """(texts, rows, weight of the grams they share) for every pair that shares a rare gram."""
        import numpy as np

        if not len(places):
            return None
        counts = self._counts[places]
        first = np.repeat(self._starts[places] - (np.cumsum(counts) - counts), counts)
        rows = self._rows[first + np.arange(counts.sum())]
        pairs = np.repeat(owners, counts) * len(self) + rows
        order = np.argsort(pairs, kind="stable")
        pairs = pairs[order]
        starts = np.flatnonzero(np.diff(pairs, prepend=-1))
        weights = np.add.reduceat(np.repeat(self._weights[places], counts)[order], starts)
        return pairs[starts] // len(self), pairs[starts] % len(self), weights


def _numbers_key(content: Content) -> int:
    return hash(frozenset(content.numbers.items()))


def _word_weights(contents: list[Content]) -> dict[str, float]:
    """How telling each word is: the logarithm of the share of rows that have it, between 0.2 and 1."""
    rows: Counter[str] = Counter()
    for content in contents:
        rows.update(words_of([*content.tokens, *content.option_tokens]).keys())  # not kept: it would fill the memory
    highest = math.log(len(contents) + 1) or 1.0
    return {word: max(0.2, min(1.0, math.log((len(contents) + 1) / count) / highest)) for word, count in rows.items()}
