"""The subject of a question by a small trained classifier: hashed words into a linear model.

The model is made by `python -m sciinstruct.collection.subject_training`; docs/collect.md has its measured accuracy.
"""

from __future__ import annotations

import math
import zlib
from functools import cache
from importlib.resources import files
from io import BytesIO
from typing import TYPE_CHECKING, NamedTuple

from ..records import Question
from .contents import folded

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["BUCKETS", "features", "subject_of"]

BUCKETS = 1 << 14


class Model(NamedTuple):
    """Weights (one row per bucket, one column per subject), their scale, and the names of the subjects."""

    weights: NDArray[np.int8]
    scale: float
    bias: NDArray[np.float32]
    subjects: list[str]


def features(question: Question) -> list[int]:
    """The buckets of the words, neighbouring Chinese characters and LaTeX operators of stem and options, each once."""
    text = " ".join([question.question, *(question.options or {}).values()])
    found: set[str] = set()
    before = ""
    for token in folded(text):
        if token[-1].isdigit():
            token = "0"
        found.add(token)
        if token > "\u3400" and before > "\u3400":
            found.add(before + token)
        elif token > "a" and before > "a":
            found.add(f"{before} {token}")
        before = token
    return sorted({zlib.crc32(word.encode()) % BUCKETS for word in found})


def subject_of(question: Question) -> tuple[str, float]:
    """The most likely subject and its probability in the eyes of the model, which knows those of `tags.SUBJECTS`."""
    model = _model()
    buckets = features(question)
    scores = model.weights[buckets].sum(axis=0) * model.scale / math.sqrt(len(buckets) or 1) + model.bias
    best = int(scores.argmax())
    return model.subjects[best], 1.0 / sum(math.exp(float(score - scores[best])) for score in scores)


@cache
def _model() -> Model:
    import numpy as np

    data = (files(__package__) / "subject_model.npz").read_bytes()
    with np.load(BytesIO(data), allow_pickle=False) as arrays:
        return Model(
            arrays["weights"], float(arrays["scale"]), arrays["bias"], [str(name) for name in arrays["subjects"]]
        )
