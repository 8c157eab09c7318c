"""How good verdicts are: against labels, against each other, and what share of accepted answers may be wrong."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from sciinstruct.records import Verdict

__all__ = ["Score", "agreement_table", "false_accepts", "score", "wilson_interval"]

_Z95 = 1.959963984540054


@dataclass(frozen=True, slots=True)
class Score:
    """Counts of (expected, verdict) with the usual measures; an expected "no" is met by wrong or unknown."""

    counts: Counter[tuple[bool, str]] = field(default_factory=Counter)

    def of(self, expected: bool, value: str) -> int:
        return self.counts[(expected, value)]

    @property
    def total(self) -> int:
        return sum(self.counts.values())

    @property
    def accepted(self) -> int:
        return self.of(True, "right") + self.of(False, "right")

    @property
    def accuracy(self) -> float:
        met = self.of(True, "right") + self.of(False, "wrong") + self.of(False, "unknown")
        return met / self.total if self.total else math.nan

    @property
    def precision(self) -> float:
        return self.of(True, "right") / self.accepted if self.accepted else math.nan

    @property
    def recall(self) -> float:
        positives = sum(n for (expected, _), n in self.counts.items() if expected)
        return self.of(True, "right") / positives if positives else math.nan

    def lines(self) -> list[str]:
        """The measures and the confusion matrix as lines of text."""
        head = f"{'expected':10}{'right':>8}{'wrong':>8}{'unknown':>9}"
        rows = [
            f"{'yes' if expected else 'no':10}"
            f"{self.of(expected, 'right'):8}{self.of(expected, 'wrong'):8}{self.of(expected, 'unknown'):9}"
            for expected in (True, False)
        ]
        measures = f"accuracy {self.accuracy:.3f}  precision {self.precision:.3f}  recall {self.recall:.3f}"
        return [head, *rows, f"{measures}  ({self.total} pairs)"]


def score(pairs: Iterable[tuple[bool, Verdict]]) -> Score:
    """Counts verdicts against the expected outcome (True: the answers are equal)."""
    return Score(Counter((expected, verdict.value) for expected, verdict in pairs))


def agreement_table(pairs: Iterable[tuple[Verdict, Verdict]]) -> tuple[Counter[tuple[str, str]], float]:
    """Of pairs of verdicts on the same answers: the table of values, and the share of equal ones where both decide."""
    table: Counter[tuple[str, str]] = Counter((first.value, second.value) for first, second in pairs)
    both = {pair: n for pair, n in table.items() if "unknown" not in pair}
    equal = sum(n for (first, second), n in both.items() if first == second)
    return table, equal / sum(both.values()) if both else math.nan


def wilson_interval(hits: int, total: int, z: float = _Z95) -> tuple[float, float]:
    """The interval of a share by Wilson's score method (Wilson 1927), 95 % by default; (0, 1) of nothing."""
    if total == 0:
        return 0.0, 1.0
    share = hits / total
    centre = (share + z * z / (2 * total)) / (1 + z * z / total)
    spread = z / (1 + z * z / total) * math.sqrt(share * (1 - share) / total + z * z / (4 * total * total))
    return max(0.0, centre - spread), min(1.0, centre + spread)


def false_accepts(accepted: dict[str, int], errors: dict[str, tuple[int, int]]) -> tuple[float, float, float]:
    """The share of a run's accepted answers that is probably wrong: estimate, lower and upper bound (95 %).

    `accepted` counts what each kind of verdict ("rules", "judge") accepted in the run; `errors` holds for each kind
    (false, all) among accepted answers with labels. A kind without labels counts as anything from 0 to 1. The bounds
    add the kinds' Wilson intervals by weight, which is wider than needed, never narrower.
    """
    total = sum(accepted.values())
    if total == 0:
        return 0.0, 0.0, 1.0
    estimate = low = high = 0.0
    for kind, count in accepted.items():
        false, labelled = errors.get(kind, (0, 0))
        bounds = wilson_interval(false, labelled)
        weight = count / total
        estimate += weight * (false / labelled if labelled else 0.0)
        low += weight * bounds[0]
        high += weight * bounds[1]
    return estimate, low, high
