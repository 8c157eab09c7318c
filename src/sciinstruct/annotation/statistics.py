"""The little statistics that runs report: shares with intervals, bootstrap ranges, a paired test."""

from __future__ import annotations

import random
from collections.abc import Sequence
from math import comb, sqrt
from typing import NamedTuple

__all__ = ["Share", "bootstrap_sums", "paired_p", "share"]


class Share(NamedTuple):
    """`hits` of `total` with the bounds of its 95 % interval."""

    hits: int
    total: int
    low: float
    high: float

    def __str__(self) -> str:
        if not self.total:
            return "no case"
        return f"{self.hits}/{self.total} = {self.hits / self.total:.1%} [{self.low:.1%}, {self.high:.1%}]"


def share(hits: int, total: int, z: float = 1.96) -> Share:
    """Wilson's score interval of a share (Wilson 1927); [0, 1] where there is no case."""
    if total == 0:
        return Share(0, 0, 0.0, 1.0)
    p = hits / total
    middle = p + z * z / (2 * total)
    spread = z * sqrt(p * (1 - p) / total + z * z / (4 * total * total))
    scale = 1 + z * z / total
    return Share(hits, total, max(0.0, (middle - spread) / scale), min(1.0, (middle + spread) / scale))


def bootstrap_sums(
    values: Sequence[float], count: int, seed: int = 0, draws: int = 1_000
) -> tuple[float, float, float]:
    """Low, middle and high (5 %, 50 %, 95 %) of the sum over `count` more cases like the measured `values`.

    Resamples the values (Efron 1979) for the uncertain mean, and adds the spread of a sum of `count` draws.
    """
    if not values or count <= 0:
        return (0.0, 0.0, 0.0)
    chance = random.Random(seed)
    size = len(values)
    sums = []
    for _ in range(draws):
        drawn = chance.choices(values, k=size)
        mean = sum(drawn) / size
        variance = sum((value - mean) ** 2 for value in drawn) / size
        sums.append(max(0.0, count * mean + chance.gauss(0.0, sqrt(count * variance))))
    sums.sort()
    return sums[int(0.05 * draws)], sums[draws // 2], sums[int(0.95 * draws)]


def paired_p(only_first: int, only_second: int) -> float:
    """Two-sided exact p of McNemar's test: `only_first` cases speak for the first way alone, `only_second` for the
    second."""
    total = only_first + only_second
    if total == 0:
        return 1.0
    tail = sum(comb(total, k) for k in range(min(only_first, only_second) + 1))
    return min(1.0, float(2 * tail / 2**total))
