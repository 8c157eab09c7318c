"""Which questions repeat others: exactly, nearly, or as the same template with other numbers.

What is kept of each question is some 100 bytes of hashes; texts are read again only for pairs that share a band.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import msgspec

from ..records import Question
from .contents import Content, alike
from .grams import Grams, bands_of

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["Duplicate", "Fingerprints", "worth"]

_Pairs = dict[int, dict[int, str]]  # position -> position of one that is alike -> why

_NEIGHBOURS = 8  # of a larger group that shares a band, each is compared with so many before it


@dataclass(frozen=True)
class Duplicate:
    """What a question repeats: position of the one that is kept, how, and why that one is kept."""

    of: int
    kind: Literal["exact", "near", "template"]
    reason: str


def worth(question: Question) -> int:
    """How much a copy is worth keeping: a checkable reference, no debris, a known licence; higher is better."""
    tags = question.meta.get("tags", {})
    score = 8 if question.answer is not None or question.reasoning is not None else 0
    score += 4 if tags.get("checkable") or question.reasoning is not None else 0
    score += 2 if not tags.get("debris") else 0
    return score + (1 if question.licence else 0)


class Fingerprints:
    """Hashes of all questions so far, in order; `duplicates` finds what repeats."""

    def __init__(self) -> None:
        self._exact: list[int] = []
        self._worth: list[int] = []
        self._bands: list[NDArray[np.uint64]] = []
        self._taken: list[bool] = []

    def add(self, questions: list[Question], grams: Grams, taken: list[bool]) -> None:
        """Adds a batch with its grams; a question that is not `taken` (it was dropped already) is never compared."""
        self._exact += [_exact_key(question) for question in questions]
        self._worth += [worth(question) for question in questions]
        bands = bands_of(grams)
        bands[[question.type == "proof" for question in questions]] = 0  # one sign may make another theorem
        self._bands.append(bands)
        self._taken += taken

    def duplicates(self, content: Callable[[int], Content]) -> dict[int, Duplicate]:
        """What each repeating question repeats; the copy of greatest worth is kept, of equals the first.

        `content` gives the content of the question at a position. A template's later questions are reported too.
        """
        found = self._exact_copies()
        same: _Pairs = defaultdict(dict)
        templates: _Pairs = defaultdict(dict)
        for one, other in self._close_pairs(found):
            pair = alike(content(one), content(other))
            if pair.tier != "other":
                group = same if pair.tier == "same" else templates
                group[one][other] = group[other][one] = pair.reason
        self._settle(same, "near", found)
        self._settle(templates, "template", found)
        return found

    def _exact_copies(self) -> dict[int, Duplicate]:
        best: dict[int, int] = {}
        for position, key in enumerate(self._exact):
            if self._taken[position]:
                kept = best.setdefault(key, position)
                if self._worth[position] > self._worth[kept]:
                    best[key] = position
        return {
            position: Duplicate(best[key], "exact", self._why(best[key], position))
            for position, key in enumerate(self._exact)
            if self._taken[position] and best[key] != position
        }

    def _close_pairs(self, gone: dict[int, Duplicate]) -> Iterator[tuple[int, int]]:
        """Pairs of positions that share a band, each once, the earlier one first."""
        import numpy as np

        if not self._bands:
            return
        bands = np.concatenate(self._bands)
        open_ = np.array(self._taken, np.bool_)
        open_[list(gone)] = False
        positions = np.flatnonzero(open_)
        seen: set[int] = set()
        for band in range(bands.shape[1]):
            values = bands[positions, band]
            order = np.argsort(values, kind="stable")
            values, members = values[order], positions[order]
            starts = np.flatnonzero(np.diff(values, prepend=values[:1] - np.uint64(1)))
            for start, end in zip(starts, np.append(starts[1:], len(values)), strict=True):
                if end - start < 2 or values[start] == 0:
                    continue
                group = members[start:end].tolist()
                for place, position in enumerate(group):
                    for before in group[max(0, place - _NEIGHBOURS) : place]:
                        pair = before * len(self._exact) + position
                        if pair not in seen:
                            seen.add(pair)
                            yield before, position

    def _settle(self, pairs: _Pairs, kind: Literal["near", "template"], found: dict[int, Duplicate]) -> None:
        """Of every group keep the best: a question repeats another only if that one is kept itself."""
        kept: set[int] = set()
        for position in sorted(pairs, key=lambda position: (-self._worth[position], position)):
            if position in found:
                continue
            originals = sorted(other for other in pairs[position] if other in kept)
            if originals:
                reason = f"{pairs[position][originals[0]]}; {self._why(originals[0], position)}"
                found[position] = Duplicate(originals[0], kind, reason)
            else:
                kept.add(position)

    def _why(self, kept: int, dropped: int) -> str:
        if self._worth[kept] > self._worth[dropped]:
            return "that copy has more: a reference that can be checked, a cleaner text or a stated licence"
        return "that copy came first"


def _exact_key(question: Question) -> int:
    """64 bits of everything the question says, blanks, case and the order of options aside."""
    options = sorted("".join(text.split()) for text in (question.options or {}).values())
    content = ["".join(question.question.split()).lower(), *options, question.reasoning or ""]
    return int.from_bytes(hashlib.blake2b(msgspec.json.encode(content), digest_size=8).digest())
