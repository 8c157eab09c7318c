"""Attrition: what became of every row of the input, by stage; the counts add up by construction and by test."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from ..records import Rejection
from .loop import Outcome

__all__ = ["STAGES", "Attrition"]

STAGES = ("given", "solve", "reflect", "revise")


@dataclass
class Attrition:
    """Counts of one run.

    rows = duplicates + unusable + questions, and questions = accepted + rejected + open. A question enters a stage
    when it first asks for something there; what entered and was neither accepted nor rejected there has passed on to
    the next.
    """

    rows: int = 0
    duplicates: int = 0
    unusable: Counter[str] = field(default_factory=Counter)
    questions: int = 0
    entered: Counter[str] = field(default_factory=Counter)
    accepted: Counter[str] = field(default_factory=Counter)
    rejected: Counter[tuple[str, str]] = field(default_factory=Counter)

    def add(self, outcome: Outcome) -> None:
        """Counts the outcome of one question."""
        stages = {attempt.stage for attempt in outcome.attempts}
        if outcome.instruction is not None:
            self.accepted[outcome.instruction.stage] += 1
        if outcome.rejection is not None:
            self.rejected[outcome.rejection.stage, outcome.rejection.reason] += 1
            stages.add(outcome.rejection.stage)
        self.entered.update(stages)

    def add_unusable(self, rejection: Rejection) -> None:
        """Counts a row that could not be used."""
        self.unusable[rejection.reason] += 1

    @property
    def open(self) -> int:
        """Questions that have not ended (the run was stopped)."""
        return self.questions - self.accepted.total() - self.rejected.total()

    def rejected_at(self, stage: str) -> int:
        """Questions that ended rejected at `stage`."""
        return sum(count for (at, _), count in self.rejected.items() if at == stage)

    @classmethod
    def from_dict(cls, counts: dict[str, Any]) -> Attrition:
        """The counts again, from the manifest."""
        made = cls(rows=counts["rows"], duplicates=counts["duplicates"], questions=counts["questions"])
        made.unusable.update(counts["unusable"])
        for stage, numbers in counts["stages"].items():
            made.entered[stage] = numbers["entered"]
            made.accepted[stage] = numbers["accepted"]
            made.rejected.update({(stage, reason): count for reason, count in numbers["rejected"].items()})
        return made

    def as_dict(self) -> dict[str, Any]:
        """The counts as they stand in the manifest."""
        return {
            "rows": self.rows,
            "duplicates": self.duplicates,
            "unusable": dict(sorted(self.unusable.items())),
            "questions": self.questions,
            "accepted": self.accepted.total(),
            "rejected": self.rejected.total(),
            "open": self.open,
            "stages": {
                stage: {
                    "entered": self.entered[stage],
                    "accepted": self.accepted[stage],
                    "rejected": {reason: count for (at, reason), count in sorted(self.rejected.items()) if at == stage},
                    "passed_on": self.entered[stage] - self.accepted[stage] - self.rejected_at(stage),
                }
                for stage in STAGES
                if self.entered[stage]
            },
        }
