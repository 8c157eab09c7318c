"""What the rest of a run will take, as a range, from what a pilot of the same run took."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ..llm import Client, Entry
from ..records import Question, Reply, Request
from ..verification import checkable
from .statistics import bootstrap_sums

__all__ = ["FIGURES", "Forecast", "Noting", "forecast", "uncheckable"]

FIGURES = ("calls", "prompt_tokens", "completion_tokens", "dollars", "seconds")
Range = tuple[float, float, float]


@dataclass(frozen=True)
class Forecast:
    """Ranges (low, middle, high: 5 %, 50 %, 95 %) for `remaining` questions, from `measured` ones.

    `stages` maps a stage to figure to range, `total` the same over all stages; `seconds` in both are those of the
    calls, `hours` is how long that takes at `concurrency`. `uncheckable` counts references that no rule can check, by
    reason.
    """

    measured: int
    remaining: int
    concurrency: int
    stages: Mapping[str, Mapping[str, Range]]
    total: Mapping[str, Range]
    uncheckable: Mapping[str, int] = field(default_factory=dict)

    @property
    def hours(self) -> Range:
        """Low, middle and high of the time that the rest takes."""
        low, middle, high = (seconds / self.concurrency / 3600 for seconds in self.total["seconds"])
        return low, middle, high

    def as_dict(self) -> dict[str, Any]:
        """As it stands in the manifest."""
        return {
            "measured": self.measured,
            "remaining": self.remaining,
            "concurrency": self.concurrency,
            "stages": {
                stage: {name: list(span) for name, span in spans.items()} for stage, spans in self.stages.items()
            },
            "total": {name: list(span) for name, span in self.total.items()},
            "hours": list(self.hours),
            "uncheckable": dict(self.uncheckable),
        }


class Noting:
    """Answers as its client does, and notes the ledger keys of what was asked: the calls of a pilot, new or reused."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self.keys: set[bytes] = set()

    async def answer(self, request: Request) -> Reply:
        self.keys.add(request.key())
        return await self._client.answer(request)


def forecast(
    entries: Iterable[Entry], pilot: set[str], remaining: int, concurrency: int, unable: Mapping[str, int]
) -> Forecast:
    """The forecast for `remaining` questions from the ledger `entries` of the pilot, the questions of these ids.

    The unit that is resampled is the question, with all its calls, because what its stages take hangs together.
    """
    used: dict[str, dict[str, Counter[str]]] = defaultdict(lambda: defaultdict(Counter))
    for entry in entries:
        if entry.question_id in pilot:
            used[entry.stage][entry.question_id].update(_figures(entry))
    stages = {
        stage: {figure: _range(by_question, figure, pilot, remaining) for figure in FIGURES}
        for stage, by_question in used.items()
    }
    whole: dict[str, Counter[str]] = defaultdict(Counter)
    for by_question in used.values():
        for id_, figures in by_question.items():
            whole[id_].update(figures)
    total = {figure: _range(whole, figure, pilot, remaining) for figure in FIGURES}
    return Forecast(len(pilot), remaining, concurrency, stages, total, unable)


def uncheckable(questions: Iterable[Question]) -> Counter[str]:
    """Reasons why references cannot be checked by rules, with how many questions have them."""
    reasons: Counter[str] = Counter()
    for question in questions:
        if question.reasoning is None and question.answer is not None:
            can = checkable(question)
            if not can.value:
                reasons[can.reason] += 1
    return reasons


def _figures(entry: Entry) -> dict[str, float]:
    reply = entry.reply
    return {
        "calls": 1,
        "prompt_tokens": reply.prompt_tokens,
        "completion_tokens": reply.completion_tokens,
        "dollars": entry.cost,
        "seconds": entry.seconds,
    }


def _range(by_question: Mapping[str, Counter[str]], figure: str, pilot: set[str], remaining: int) -> Range:
    values = [float(by_question[id_][figure]) if id_ in by_question else 0.0 for id_ in sorted(pilot)]
    return bootstrap_sums(values, remaining)
