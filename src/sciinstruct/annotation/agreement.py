"""Agreement among several solutions of a question that has no reference answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..records import Question, Verdict
from ..verification import Verifier, extract

__all__ = ["Votes", "group_by_answer"]

_RULES = Verifier()


@dataclass(frozen=True)
class Votes:
    """Final answers of several solutions, and which of them are the same answer.

    `answers[i]` is the final answer of solution i or None where none is stated; `groups` lists the indexes of solutions
    that agree, largest group first.
    """

    answers: tuple[str | None, ...]
    groups: tuple[tuple[int, ...], ...]

    def verdict(self, index: int, share: float) -> Verdict:
        """Right for a solution of the largest group if that holds at least `share` of all, wrong for the others; else
        unknown."""
        answer = self.answers[index]
        if answer is None:
            return Verdict("wrong", "unstated", "no final answer is stated")
        leaders = self.groups[0]
        count = f"{len(leaders)} of {len(self.answers)}"
        tied = len(self.groups) > 1 and len(self.groups[1]) == len(leaders)
        if len(leaders) < 2 or len(leaders) < share * len(self.answers) or tied:
            return Verdict("unknown", "agreement", f"only {count} samples agree", answer)
        if index in leaders:
            return Verdict("right", "agreement", f"{count} samples agree on {answer}", answer)
        return Verdict("wrong", "agreement", f"{count} samples agree on another answer", answer)

    def summary(self) -> str:
        """The answers with their counts, in words."""
        if not self.groups:
            return "no sample states a final answer"
        return "; ".join(f"{len(group)} × {self.answers[group[0]]}" for group in self.groups)


def group_by_answer(question: Question, solutions: Sequence[str]) -> Votes:
    """Groups `solutions` by their final answers, compared by the rules of `verification`."""
    answers = tuple(_answer(solution) for solution in solutions)
    groups: list[list[int]] = []
    for index, answer in enumerate(answers):
        if answer is None:
            continue
        home = next((group for group in groups if _same(question, answers[group[0]], answer)), None)
        if home is None:
            groups.append([index])
        else:
            home.append(index)
    return Votes(answers, tuple(tuple(group) for group in sorted(groups, key=len, reverse=True)))


def _same(question: Question, first: str | None, second: str) -> bool:
    """By the pure rules alone, each taken as the reference of the other: this runs inside the loop."""
    if first is None:
        return False
    given = {"question": question.question, "options": question.options}
    return any(
        _RULES.check(gold, prediction=other, **given).value == "right"  # type: ignore[arg-type]
        for gold, other in ((first, second), (second, first))
    )


def _answer(solution: str) -> str | None:
    """The final answer that is stated; one that is only guessed from the end of the text has no vote."""
    found = extract(solution)
    return found.answer if found.confident else None
