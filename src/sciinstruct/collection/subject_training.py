"""Trains the subject classifier from labelled questions, and measures it on rows that were held back.

    python -m sciinstruct.collection.subject_training questions/*.jsonl --without cmmlu --out subject_model.npz

The rows are those whose `subject` is one of `tags.SUBJECTS`; a tenth, chosen by the hash of the id, is held back, and
so is every row of the sources named by --without, whose licence may forbid training or which are to be the test. Never
give it benchmark rows. Softmax regression over hashed words, full batch gradient with momentum, fixed number of steps.
"""

from __future__ import annotations

import argparse
import zlib
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ..io import read_questions
from ..records import Question
from .subjects import BUCKETS, features
from .tags import SUBJECTS, subject_named

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["main"]

_STEPS = 300
_RATE = 4.0
_MOMENTUM = 0.9
_DECAY = 2e-5


class Rows:
    """Labelled rows as a sparse matrix: buckets of all rows one after the other, where each row begins, its label."""

    def __init__(self, questions: Sequence[Question]) -> None:
        import numpy as np

        lists = [features(question) or [0] for question in questions]
        self.buckets = np.concatenate([np.array(found) for found in lists]) if lists else np.zeros(0, np.int64)
        self.lengths = np.array([len(found) for found in lists])
        self.starts = np.cumsum(self.lengths) - self.lengths
        self.labels = np.array([SUBJECTS.index(str(subject_named(question.subject))) for question in questions])
        self.values = np.repeat(1 / np.sqrt(self.lengths), self.lengths).astype(np.float32)

    def scores(self, weights: NDArray[np.float32], bias: NDArray[np.float32]) -> NDArray[np.float32]:
        """Row by subject."""
        import numpy as np

        sums: NDArray[np.float32] = np.add.reduceat(weights[self.buckets] * self.values[:, None], self.starts)
        return sums + bias


def train(rows: Rows) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Weights and bias. Rare subjects count more, by the root of their rarity."""
    import numpy as np

    count = len(SUBJECTS)
    weights, bias = np.zeros((BUCKETS, count), np.float32), np.zeros(count, np.float32)
    speed = np.zeros_like(weights)
    share = np.bincount(rows.labels, minlength=count) / len(rows.labels)
    importance = 1 / np.sqrt(np.maximum(share, 1e-3))[rows.labels]
    importance /= importance.sum()
    for _ in range(_STEPS):
        scores = rows.scores(weights, bias)
        chances = np.exp(scores - scores.max(axis=1, keepdims=True))
        chances /= chances.sum(axis=1, keepdims=True)
        chances[np.arange(len(chances)), rows.labels] -= 1
        errors = chances * importance[:, None]
        spread = np.repeat(errors, rows.lengths, axis=0) * rows.values[:, None]
        gradient = np.stack(
            [np.bincount(rows.buckets, weights=spread[:, column], minlength=BUCKETS) for column in range(count)], axis=1
        )
        speed = _MOMENTUM * speed - _RATE * (gradient + _DECAY * weights).astype(np.float32)
        weights += speed
        bias -= 0.5 * errors.sum(axis=0).astype(np.float32)
    return weights, bias


def report(name: str, rows: Rows, weights: NDArray[np.float32], bias: NDArray[np.float32]) -> None:
    """Prints accuracy and confusion matrix (rows: label, columns: found) as Markdown."""
    found = rows.scores(weights, bias).argmax(axis=1)
    pairs = Counter(zip(rows.labels.tolist(), found.tolist(), strict=True))
    right = sum(count for (label, guess), count in pairs.items() if label == guess)
    print(f"\n{name}: accuracy {right / len(found):.3f} of {len(found):,} rows\n")
    print(f"| label | {' | '.join(SUBJECTS)} |\n| --- |{' ---: |' * len(SUBJECTS)}")
    for label, subject in enumerate(SUBJECTS):
        if any(pairs[label, guess] for guess in range(len(SUBJECTS))):
            print(f"| {subject} | {' | '.join(str(pairs[label, guess]) for guess in range(len(SUBJECTS)))} |")


def main() -> None:
    """The command of this module."""
    import numpy as np

    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("questions", nargs="+", type=Path)
    parser.add_argument("--without", action="append", default=[], help="a source that is only tested on")
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    labelled = [
        question
        for question in read_questions(options.questions)
        if isinstance(question, Question) and subject_named(question.subject) in SUBJECTS and question.type != "proof"
    ]
    apart = [question for question in labelled if question.source in options.without]
    held = [
        question
        for question in labelled
        if question.source not in options.without and zlib.crc32(question.id.encode()) % 10 == 0
    ]
    known = {question.id for question in [*apart, *held]}
    training = Rows([question for question in labelled if question.id not in known])
    weights, bias = train(training)
    scale = float(np.abs(weights).max()) / 127
    small = np.round(weights / scale).astype(np.int8)
    np.savez_compressed(options.out, weights=small, scale=scale, bias=bias, subjects=np.array(SUBJECTS))
    print(f"{len(training.labels):,} rows trained on; {options.out.stat().st_size:,} bytes")
    for name, rows in (("held back", held), (f"other sources ({', '.join(options.without)})", apart)):
        if rows:
            report(name, Rows(rows), small * np.float32(scale), bias)


if __name__ == "__main__":
    main()
